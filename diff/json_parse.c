#include "diff/json_reader.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/json_names.h"
#include "diff/text.h"

#define NUMBER_MAX 512 /* bytes of a number that is not an int64 */

static int read_value(struct json_reader *reader, unsigned depth, size_t mark, cJSON **ret_value,
		      struct err *err);

/* The text is not JSON. */
static int fail(struct json_reader *reader, size_t offset, struct err *err, const char *message)
{
	reader->malformed = true;
	return json_reader_error(reader, offset, ERR_INVALID, err, "%s", message);
}

/* Says what stands at the current place where `expected` should. */
static int fail_unexpected(struct json_reader *reader, const char *expected, struct err *err)
{
	char piece[5] = "", quoted[TEXT_QUOTE_MAX];
	uint32_t character;
	size_t size =
		text_decode(reader->text + reader->at, reader->length - reader->at, &character);

	reader->malformed = true;
	if (reader->at == reader->length)
		return json_reader_error(reader, reader->at, ERR_INVALID, err,
					 "the text ends where %s should be", expected);
	if (size == 0)
		return fail(reader, reader->at, err, "bytes that are not UTF-8");
	if (character == 0)
		return json_reader_error(reader, reader->at, ERR_INVALID, err,
					 "a NUL where %s should be", expected);
	memcpy(piece, reader->text + reader->at, size);
	return json_reader_error(reader, reader->at, ERR_INVALID, err, "%s where %s should be",
				 text_quote(piece, quoted), expected);
}

void json_reader_skip_space(struct json_reader *reader)
{
	while (reader->at < reader->length) {
		char c = reader->text[reader->at];

		if (c != ' ' && c != '\n' && c != '\t' && c != '\r')
			return;
		reader->at++;
	}
}

/* The next byte, or -1 at the end. */
static int peek(const struct json_reader *reader)
{
	if (reader->at == reader->length)
		return -1;
	return (unsigned char)reader->text[reader->at];
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(struct json_reader *reader)
{
	size_t start = reader->at;

	while (is_digit(peek(reader)))
		reader->at++;
	return reader->at - start;
}

static int hex_value(int c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The four hexadecimal digits at `offset`, or -1. */
static int32_t read_hex4(const struct json_reader *reader, size_t offset)
{
	int32_t value = 0;

	if (reader->length - offset < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = hex_value((unsigned char)reader->text[offset + i]);

		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/*
 * Reads what follows "\u". A surrogate without its other half becomes U+FFFD, as in Go's decoder.
 * `out` has room: the escape is longer than what it stands for.
 */
static int read_unicode_escape(struct json_reader *reader, char **out, struct err *err)
{
	size_t start = reader->at - 2;
	int32_t value = read_hex4(reader, reader->at), low;
	uint32_t character = (uint32_t)value;

	if (value < 0)
		return fail(reader, start, err,
			    "\"\\u\" is not followed by four hexadecimal digits");
	if (value == 0)
		return json_reader_error(reader, start, ERR_INVALID, err,
					 "a NUL character in a string");
	reader->at += 4;
	if (value >= 0xD800 && value <= 0xDFFF) {
		character = TEXT_REPLACEMENT;
		if (value < 0xDC00 && reader->length - reader->at >= 6 &&
		    reader->text[reader->at] == '\\' && reader->text[reader->at + 1] == 'u') {
			low = read_hex4(reader, reader->at + 2);
			if (low >= 0xDC00 && low <= 0xDFFF) {
				character = 0x10000u + ((uint32_t)(value - 0xD800) << 10) +
					    (uint32_t)(low - 0xDC00);
				reader->at += 6;
			}
		}
	}
	*out += text_encode(character, *out);
	return 0;
}

static int read_escape(struct json_reader *reader, char **out, struct err *err)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t start = reader->at++;
	int c = peek(reader);
	const char *known = c > 0 ? strchr(from, c) : NULL;

	if (c == 'u') {
		reader->at++;
		return read_unicode_escape(reader, out, err);
	}
	if (!known)
		return fail(reader, start, err, "an unknown escape in a string");
	reader->at++;
	*(*out)++ = to[known - from];
	return 0;
}

/* The offset of the quote that closes the string at `start`, or the text's end. *ret_plain: all before
 * it stands for itself, which most strings do. */
static size_t string_end(const struct json_reader *reader, size_t start, bool *ret_plain)
{
	size_t at = start;
	bool plain = true;

	while (at < reader->length && reader->text[at] != '"') {
		unsigned char c = (unsigned char)reader->text[at];

		plain &= c >= 0x20 && c < 0x80 && c != '\\';
		at += c == '\\' ? 2 : 1;
	}
	*ret_plain = plain;
	return at < reader->length ? at : reader->length;
}

/* Reads a string whose opening quote is next. */
static int read_string(struct json_reader *reader, char **ret_text, struct err *err)
{
	size_t opened = reader->at++;
	bool plain;
	size_t end = string_end(reader, reader->at, &plain);

	if (end == reader->length)
		return fail(reader, opened, err, "a string that does not end");
	CLEANUP(free_p) char *text = malloc(end - reader->at + 1);
	if (!text)
		return err_no_memory(err);

	char *out = text;
	if (plain) {
		memcpy(out, reader->text + reader->at, end - reader->at);
		out += end - reader->at;
		reader->at = end;
	}
	while (reader->at < end) {
		unsigned char c = (unsigned char)reader->text[reader->at];
		uint32_t character;

		if (c == '\\') {
			if (read_escape(reader, &out, err) < 0)
				return -1;
		} else if (c < 0x20) {
			return fail(reader, reader->at, err,
				    c ? "a control character in a string"
				      : "a NUL character in a string");
		} else if (c < 0x80) {
			*out++ = (char)c;
			reader->at++;
		} else {
			size_t size = text_decode(reader->text + reader->at, end - reader->at,
						  &character);

			if (size == 0)
				return fail(reader, reader->at, err, "bytes that are not UTF-8");
			memcpy(out, reader->text + reader->at, size);
			out += size;
			reader->at += size;
		}
	}
	*out = '\0';
	reader->at++;
	*ret_text = STEAL(text);
	return 0;
}

static int read_string_value(struct json_reader *reader, cJSON *node, struct err *err)
{
	node->type = cJSON_String;
	return read_string(reader, &node->valuestring, err);
}

/* Reads the digits as an int64; false where they do not fit. */
static bool integer_of(const char *digits, size_t length, int64_t *ret_value)
{
	bool negative = digits[0] == '-';
	uint64_t value = 0, limit = (uint64_t)INT64_MAX + negative;

	for (size_t i = negative; i < length; i++) {
		uint64_t digit = (uint64_t)(digits[i] - '0');

		if (value > (limit - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

static int read_number(struct json_reader *reader, cJSON *node, struct err *err)
{
	size_t start = reader->at;
	bool integral = true;
	char digits[NUMBER_MAX];
	int64_t integer;

	if (peek(reader) == '-')
		reader->at++;
	bool leading_zero = peek(reader) == '0';
	size_t count = skip_digits(reader);
	if (count == 0)
		return fail_unexpected(reader, "a digit", err);
	if (leading_zero && count > 1)
		return fail(reader, start, err, "a number with a leading zero");
	if (peek(reader) == '.') {
		integral = false;
		reader->at++;
		if (skip_digits(reader) == 0)
			return fail_unexpected(reader, "a digit", err);
	}
	if (peek(reader) == 'e' || peek(reader) == 'E') {
		integral = false;
		reader->at++;
		if (peek(reader) == '+' || peek(reader) == '-')
			reader->at++;
		if (skip_digits(reader) == 0)
			return fail_unexpected(reader, "a digit", err);
	}

	size_t length = reader->at - start;
	if (integral && integer_of(reader->text + start, length, &integer))
		return json_make_int(node, integer, err);
	if (length >= sizeof(digits))
		return json_reader_error(reader, start, ERR_LIMIT, err,
					 "a number of more than %d bytes", NUMBER_MAX - 1);
	memcpy(digits, reader->text + start, length);
	digits[length] = '\0';
	double value = strtod(digits, NULL);
	if (!isfinite(value))
		return json_reader_error(reader, start, ERR_INVALID, err,
					 "a number too large for a double");
	return json_make_double(node, value, err);
}

static int read_word(struct json_reader *reader, const char *word, int type, cJSON *node,
		     struct err *err)
{
	size_t length = strlen(word);

	if (reader->length - reader->at < length ||
	    memcmp(reader->text + reader->at, word, length) != 0)
		return fail_unexpected(reader, "a value", err);
	reader->at += length;
	node->type = type;
	return 0;
}

static int read_array(struct json_reader *reader, unsigned depth, cJSON *array, struct err *err)
{
	array->type = cJSON_Array;
	reader->at++;
	json_reader_skip_space(reader);
	if (peek(reader) == ']') {
		reader->at++;
		return 0;
	}
	for (;;) {
		cJSON *item;

		json_reader_skip_space(reader);
		if (read_value(reader, depth, reader->at, &item, err) < 0)
			return -1;
		json_link(array, item);
		json_reader_skip_space(reader);
		if (peek(reader) == ']') {
			reader->at++;
			return 0;
		}
		if (peek(reader) != ',')
			return fail_unexpected(reader, "\",\" or \"]\"", err);
		reader->at++;
	}
}

/* A member's name: one of the table, or read into *ret_name. No name of the table needs escapes. */
static int read_name(struct json_reader *reader, const char **ret_known, char **ret_name,
		     struct err *err)
{
	const char *text = reader->text + reader->at + 1;
	const char *end = memchr(text, '"', reader->length - reader->at - 1);

	*ret_known = end ? json_known_name(text, (size_t)(end - text)) : NULL;
	if (!*ret_known)
		return read_string(reader, ret_name, err);
	reader->at += (size_t)(end - text) + 2;
	return 0;
}

/*
 * Where the list that begins at the next byte ends, or the text's end. Its grammar is looked at by
 * who reads it.
 */
static size_t list_end(const struct json_reader *reader)
{
	size_t at = reader->at, open = 0;
	bool plain;

	while (at < reader->length) {
		char c = reader->text[at++];

		if (c == '"')
			at = string_end(reader, at, &plain) + 1;
		else if (c == '[' || c == '{')
			open++;
		else if ((c == ']' || c == '}') && --open == 0)
			return at;
	}
	return reader->length + 1;
}

/* Keeps a list as the text that it is. */
static int read_raw_list(struct json_reader *reader, cJSON **ret_value, struct err *err)
{
	size_t end = list_end(reader), length = end - reader->at;

	if (end > reader->length)
		return fail(reader, reader->at, err, "a list that does not end");
	if (memchr(reader->text + reader->at, '\0', length))
		return fail(reader, reader->at, err, "a NUL in a list");
	CLEANUP(cJSON_Delete_p) cJSON *node = cJSON_CreateNull();
	if (!node || !(node->valuestring = strndup(reader->text + reader->at, length)))
		return err_no_memory(err);
	node->type = cJSON_Raw;
	reader->at = end;
	*ret_value = STEAL(node);
	return 0;
}

/*
 * Whether the member is the managedFields of an object that a server answers with: alone, as an item of
 * a list, or as the object of a watch's event. Notes on the way there where it is.
 */
static bool is_managed_fields(struct json_reader *reader, unsigned depth, const char *name)
{
	if (!reader->answer)
		return false;
	if (depth == 1)
		reader->object_depth = strcmp(name, "items") == 0    ? 3
				       : strcmp(name, "object") == 0 ? 2
								     : 1;
	if (depth == reader->object_depth)
		reader->in_metadata = strcmp(name, "metadata") == 0;
	return reader->in_metadata && depth == reader->object_depth + 1 && peek(reader) == '[' &&
	       strcmp(name, "managedFields") == 0;
}

static int read_member(struct json_reader *reader, unsigned depth, cJSON *object, struct err *err)
{
	CLEANUP(free_p) char *key = NULL;
	const char *known;
	size_t key_offset = reader->at;
	cJSON *value;

	if (peek(reader) != '"')
		return fail_unexpected(reader, "a quoted key", err);
	if (read_name(reader, &known, &key, err) < 0)
		return -1;
	json_reader_skip_space(reader);
	if (peek(reader) != ':')
		return fail_unexpected(reader, "\":\"", err);
	reader->at++;
	json_reader_skip_space(reader);
	if (keys_push(&reader->keys, known ? known : key, key_offset, err) < 0)
		return -1;
	if (is_managed_fields(reader, depth, known ? known : key)
		    ? read_raw_list(reader, &value, err) < 0
		    : read_value(reader, depth, key_offset, &value, err) < 0)
		return -1;
	if (known)
		json_name_known(value, known);
	else
		value->string = STEAL(key);
	json_link(object, value);
	return 0;
}

static int check_keys(struct json_reader *reader, size_t base, struct err *err)
{
	struct key first, second;
	char quoted[TEXT_QUOTE_MAX];
	uint32_t line, column;

	if (!keys_pop(&reader->keys, base, &first, &second))
		return 0;
	text_position(reader->text, first.place, &line, &column);
	return json_reader_error(reader, second.place, ERR_INVALID, err,
				 "duplicate key %s, first at %u:%u",
				 text_quote(second.name, quoted), line, column);
}

static int read_object(struct json_reader *reader, unsigned depth, cJSON *object, struct err *err)
{
	size_t base = reader->keys.count;

	object->type = cJSON_Object;
	reader->at++;
	json_reader_skip_space(reader);
	if (peek(reader) == '}') {
		reader->at++;
		return 0;
	}
	for (;;) {
		json_reader_skip_space(reader);
		if (read_member(reader, depth, object, err) < 0)
			return -1;
		json_reader_skip_space(reader);
		if (peek(reader) == '}') {
			reader->at++;
			return check_keys(reader, base, err);
		}
		if (peek(reader) != ',')
			return fail_unexpected(reader, "\",\" or \"}\"", err);
		reader->at++;
	}
}

static int fill_value(struct json_reader *reader, unsigned depth, cJSON *node, struct err *err)
{
	int c = peek(reader);

	if ((c == '{' || c == '[') && depth == JSON_MAX_DEPTH)
		return json_reader_error(reader, reader->at, ERR_LIMIT, err,
					 "nested deeper than %d levels", JSON_MAX_DEPTH);
	switch (c) {
	case '{': return read_object(reader, depth + 1, node, err);
	case '[': return read_array(reader, depth + 1, node, err);
	case '"': return read_string_value(reader, node, err);
	case 't': return read_word(reader, "true", cJSON_True, node, err);
	case 'f': return read_word(reader, "false", cJSON_False, node, err);
	case 'n': return read_word(reader, "null", cJSON_NULL, node, err);
	default:
		if (c == '-' || is_digit(c))
			return read_number(reader, node, err);
		return fail_unexpected(reader, "a value", err);
	}
}

/* Reads the value that begins at the next byte. `mark` is the offset it is known by. */
static int read_value(struct json_reader *reader, unsigned depth, size_t mark, cJSON **ret_value,
		      struct err *err)
{
	if (reader->node_count++ == reader->max_nodes)
		return json_reader_error(reader, mark, ERR_LIMIT, err, "more than %zu values",
					 reader->max_nodes);
	if (reader->on_value && reader->on_value(reader->context, mark, err) < 0)
		return -1;
	CLEANUP(cJSON_Delete_p) cJSON *node = cJSON_CreateNull();
	if (!node)
		return err_no_memory(err);
	if (fill_value(reader, depth, node, err) < 0)
		return -1;
	*ret_value = STEAL(node);
	return 0;
}

void json_reader_init(struct json_reader *reader, const char *text, size_t length)
{
	*reader = (struct json_reader){
		.text = text,
		.length = length,
		.max_nodes = JSON_MAX_NODES,
	};
}

void json_reader_release(struct json_reader *reader)
{
	keys_release(&reader->keys);
}

int json_reader_value(struct json_reader *reader, cJSON **ret_value, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	json_reader_skip_space(reader);
	if (read_value(reader, 0, reader->at, &value, err) < 0)
		return -1;
	*ret_value = STEAL(value);
	return 0;
}

int json_reader_error(const struct json_reader *reader, size_t offset, enum err_class class,
		      struct err *err, const char *format, ...)
{
	uint32_t line, column;
	va_list args;

	va_start(args, format);
	err_vset(err, class, format, args);
	va_end(args);
	text_position(reader->text, offset, &line, &column);
	return err_prefix(err, "%u:%u", line, column);
}

int json_parse_prefix(const char *text, size_t length, cJSON **ret_value, size_t *ret_used,
		      struct err *err)
{
	CLEANUP(json_reader_release) struct json_reader reader;

	json_reader_init(&reader, text, length);
	if (json_reader_value(&reader, ret_value, err) < 0)
		return -1;
	json_reader_skip_space(&reader);
	*ret_used = reader.at;
	return 0;
}

static int parse(const char *text, size_t length, bool answer, cJSON **ret_value, struct err *err)
{
	CLEANUP(json_reader_release) struct json_reader reader;
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	json_reader_init(&reader, text, length);
	reader.answer = answer;
	if (json_reader_value(&reader, &value, err) < 0)
		return -1;
	json_reader_skip_space(&reader);
	if (reader.at != length)
		return fail_unexpected(&reader, "the end of the text", err);
	*ret_value = STEAL(value);
	return 0;
}

int json_parse(const char *text, size_t length, cJSON **ret_value, struct err *err)
{
	return parse(text, length, false, ret_value, err);
}

int json_parse_answer(const char *text, size_t length, cJSON **ret_value, struct err *err)
{
	return parse(text, length, true, ret_value, err);
}
