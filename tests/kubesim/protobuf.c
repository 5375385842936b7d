#include "tests/kubesim/protobuf.h"

#include <string.h>

#include <openssl/evp.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/protobuf_fields.h"
#include "tests/kubesim/timestamp.h"

#define MAGIC     "k8s\0"
#define MAX_DEPTH 32

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* What is left to read of one message. */
struct reader {
	const unsigned char *at, *end;
	bool failed;
};

/* One field: a number, or bytes. */
struct wire_field {
	unsigned number;
	uint64_t value;
	struct reader bytes;
};

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = *reader->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->failed = true;
	return 0;
}

static struct reader read_bytes(struct reader *reader, uint64_t length)
{
	struct reader bytes = {reader->at, reader->at, false};

	if (length > (uint64_t)(reader->end - reader->at)) {
		reader->failed = true;
		return bytes;
	}
	reader->at += length;
	bytes.end = reader->at;
	return bytes;
}

/* False at the end, or where the bytes are wrong (reader->failed). */
static bool next_field(struct reader *reader, struct wire_field *ret_field)
{
	uint64_t tag;

	if (reader->failed || reader->at == reader->end)
		return false;
	tag = read_varint(reader);
	*ret_field = (struct wire_field){.number = (unsigned)(tag >> 3)};
	switch (tag & 7) {
	case WIRE_VARINT: ret_field->value = read_varint(reader); break;
	case WIRE_BYTES: ret_field->bytes = read_bytes(reader, read_varint(reader)); break;
	case WIRE_64: read_bytes(reader, 8); break;
	case WIRE_32: read_bytes(reader, 4); break;
	default: reader->failed = true;
	}
	return !reader->failed;
}

static cJSON *text_of(struct reader bytes)
{
	CLEANUP(free_p)
	char *text = must(strndup((const char *)bytes.at, (size_t)(bytes.end - bytes.at)));

	return obj_new_text(text);
}

static cJSON *base64_of(struct reader bytes)
{
	size_t length = (size_t)(bytes.end - bytes.at);
	CLEANUP(free_p) char *text = alloc_zero(4 * ((length + 2) / 3) + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes.at, (int)length);
	return obj_new_text(text);
}

/* --- the types that are not plain messages --------------------------------------------------- */

/* intstr.IntOrString: 1 says which, 2 is the number, 3 the text. */
static cJSON *int_or_string_of(struct reader bytes)
{
	struct wire_field field;
	bool is_text = false;
	int64_t number = 0;
	CLEANUP(cJSON_Delete_p) cJSON *text = NULL;

	while (next_field(&bytes, &field)) {
		if (field.number == 1)
			is_text = field.value == 1;
		else if (field.number == 2)
			number = (int32_t)field.value;
		else if (field.number == 3 && !text)
			text = text_of(field.bytes);
	}
	return is_text && text ? STEAL(text) : must(json_new_int(number));
}

/* resource.Quantity has its text as field 1. */
static cJSON *quantity_of(struct reader bytes)
{
	struct wire_field field;

	while (next_field(&bytes, &field)) {
		if (field.number == 1)
			return text_of(field.bytes);
	}
	return NULL;
}

static cJSON *time_of(struct reader bytes)
{
	struct wire_field field;
	char text[TIMESTAMP_SIZE];

	while (next_field(&bytes, &field)) {
		if (field.number != 1 || field.value == 0)
			continue;
		timestamp_print((int64_t)field.value * 1000000, text);
		return obj_new_text(text);
	}
	return NULL;
}

/* --- messages -------------------------------------------------------------------------------- */

static cJSON *message_of(struct reader *reader, enum protobuf_message message, int depth);

/* The value of a field, or NULL where it says nothing: Go writes what is empty too. */
static cJSON *value_of(const struct protobuf_field *known, struct wire_field *field, int depth)
{
	bool is_empty = field->bytes.at == field->bytes.end;

	switch (known->type) {
	case PROTOBUF_STRING: return is_empty && !known->keep_zero ? NULL : text_of(field->bytes);
	case PROTOBUF_BYTES: return base64_of(field->bytes);
	case PROTOBUF_INT:
		if (field->value == 0 && !known->keep_zero)
			return NULL;
		return must(json_new_int((int64_t)field->value));
	case PROTOBUF_BOOL:
		if (field->value == 0 && !known->keep_zero)
			return NULL;
		return must(cJSON_CreateBool(field->value != 0));
	case PROTOBUF_INT_OR_STRING: return int_or_string_of(field->bytes);
	case PROTOBUF_QUANTITY: return quantity_of(field->bytes);
	case PROTOBUF_TIME: return time_of(field->bytes);
	case PROTOBUF_MESSAGE: return message_of(&field->bytes, known->message, depth + 1);
	}
	return NULL;
}

/* One entry of a map: 1 is the key, 2 the value. */
static void add_entry(cJSON *map, const struct protobuf_field *known, struct reader bytes,
		      int depth)
{
	CLEANUP(cJSON_Delete_p) cJSON *key = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct protobuf_field part = *known;
	struct wire_field field;

	part.keep_zero = true;
	while (next_field(&bytes, &field)) {
		if (field.number == 1 && !key)
			key = text_of(field.bytes);
		else if (field.number == 2 && !value)
			value = value_of(&part, &field, depth);
	}
	if (key && value)
		obj_set_key(map, key->valuestring, STEAL(value));
}

static void add_field(cJSON *object, const struct protobuf_field *known, struct wire_field *field,
		      int depth)
{
	cJSON *value;

	if (known->shape == PROTOBUF_MAP) {
		add_entry(obj_at(object, known->name), known, field->bytes, depth);
		return;
	}
	value = value_of(known, field, depth);
	if (value && known->shape == PROTOBUF_LIST)
		obj_append(obj_array_at(object, known->name), value);
	else if (value)
		obj_set(object, known->name, value);
}

/* NULL if the message sets nothing, or is broken (reader->failed). */
static cJSON *message_of(struct reader *reader, enum protobuf_message message, int depth)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = obj_new();
	struct wire_field field;

	if (depth > MAX_DEPTH)
		reader->failed = true;
	while (next_field(reader, &field)) {
		const struct protobuf_field *known = protobuf_find_field(message, field.number);

		if (known)
			add_field(object, known, &field, depth);
	}
	return reader->failed || !object->child ? NULL : STEAL(object);
}

/* --- the envelope ---------------------------------------------------------------------------- */

/* runtime.Unknown: 1 is apiVersion and kind, 2 the object. */
static cJSON *envelope_of(struct reader *reader, struct reader *ret_raw)
{
	CLEANUP(cJSON_Delete_p) cJSON *meta = NULL;
	struct wire_field field;

	while (next_field(reader, &field)) {
		if (field.number == 1 && !meta)
			meta = message_of(&field.bytes, PROTOBUF_TYPE_META, 0);
		else if (field.number == 2)
			*ret_raw = field.bytes;
	}
	return reader->failed ? NULL : STEAL(meta);
}

int protobuf_decode(const char *bytes, size_t length, cJSON **ret_object, struct err *err)
{
	size_t magic = sizeof(MAGIC) - 1;
	struct reader reader = {(const unsigned char *)bytes, (const unsigned char *)bytes + length,
				false};
	struct reader raw = {0};
	CLEANUP(cJSON_Delete_p) cJSON *meta = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	enum protobuf_message message;

	if (length < magic || memcmp(bytes, MAGIC, magic) != 0)
		return err_set(err, ERR_INVALID,
			       "provided data does not appear to be a protobuf message");
	reader.at += magic;
	meta = envelope_of(&reader, &raw);
	if (!meta)
		return err_set(err, ERR_INVALID, "the protobuf envelope cannot be read");
	if (!protobuf_find_kind(obj_text(meta, "kind"), &message))
		return err_set(err, ERR_UNSUPPORTED, "%s is not read from protobuf",
			       obj_text(meta, "kind"));
	object = message_of(&raw, message, 0);
	if (raw.failed)
		return err_set(err, ERR_INVALID, "the protobuf message cannot be read");
	if (!object)
		object = obj_new();
	obj_carry(object, meta, "apiVersion");
	obj_carry(object, meta, "kind");
	*ret_object = STEAL(object);
	return 0;
}
