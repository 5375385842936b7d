#include "diff/schema.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "diff/quantity.h"
#include "diff/rfc3339.h"

#define PATH_MAX_BYTES (1024 * 1024)

struct walk {
	const char *kind;
	struct buf path;
	int (*visit)(const struct schema_finding *finding, void *data);
	void *data;
	bool stopped;
};

/* Where a walk stands: the object around a field, and how much of the path names what. */
struct place {
	const struct schema_object *object;
	const struct schema_field *field;
	size_t parent_length, field_length;
};

static void report(struct walk *walk, enum schema_fault fault, const struct place *place,
		   const cJSON *node)
{
	struct schema_finding finding = {
		.fault = fault,
		.kind = walk->kind,
		.path = buf_str(&walk->path),
		.parent_length = place->parent_length,
		.field_length = place->field_length,
		.node = node,
		.object = place->object,
		.field = place->field,
	};

	if (walk->stopped)
		return;
	if (walk->path.broken_memory || walk->path.broken_cap) {
		walk->stopped = true;
		return;
	}
	if (fault == SCHEMA_UNKNOWN_FIELD)
		finding.suggestion = schema_suggest(place->object, node->string);
	walk->stopped = walk->visit(&finding, walk->data) != 0;
}

/* --- values ---------------------------------------------------------------------------------- */

/*
 * What Go's time.Parse takes where rfc3339_read is more generous: capitals, a day that the month
 * has, no leap second; and a MicroTime has exactly six decimals.
 */
static bool is_time(const char *text, bool micro)
{
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day;
	bool leap;
	int64_t ms;

	if (!rfc3339_read(text, &ms))
		return false;
	year = atoi(text);
	month = atoi(text + strlen("2006-"));
	day = atoi(text + strlen("2006-01-"));
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return day <= days[month - 1] + (month == 2 && leap) && text[strlen("2006-01-02")] == 'T' &&
	       !strchr(text, 'z') && atoi(text + strlen("2006-01-02T15:04:")) < 60 &&
	       (!micro || (text[strlen("2006-01-02T15:04:05")] == '.' &&
			   strspn(text + strlen("2006-01-02T15:04:05."), "0123456789") == 6));
}

/* RFC 4648, padded, line ends allowed anywhere. Returns the place of the first wrong byte, -1 if none. */
static ptrdiff_t base64_fault(const char *text)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t count = 0, padding = 0;
	const char *c = text;

	for (; *c; c++) {
		if (*c == '\r' || *c == '\n')
			continue;
		if (*c == '=' && count % 4 >= 2 && padding < 2)
			padding++;
		else if (padding > 0 || !strchr(alphabet, *c))
			return c - text;
		count++;
		if (padding > 0 && count % 4 == 0) {
			c += 1 + strspn(c + 1, "\r\n");
			return *c ? c - text : -1;
		}
	}
	return count % 4 ? c - text : -1;
}

static bool is_int32(const cJSON *value)
{
	int64_t integer;

	return json_int_value(value, &integer) && integer >= INT32_MIN && integer <= INT32_MAX;
}

/* Whether a scalar has the type and a value of it; says which of the two fails. */
static bool scalar_holds(enum schema_type type, const cJSON *value, enum schema_fault *ret_fault)
{
	bool right_type = true, right_value = true;
	struct quantity quantity;
	struct err err;
	int64_t integer;

	switch (type) {
	case SCHEMA_STRING: right_type = cJSON_IsString(value); break;
	case SCHEMA_BOOL: right_type = cJSON_IsBool(value); break;
	case SCHEMA_INT32:
		right_type = json_int_value(value, &integer);
		right_value = is_int32(value);
		break;
	case SCHEMA_INT64: right_type = json_int_value(value, &integer); break;
	case SCHEMA_QUANTITY:
		right_type = cJSON_IsString(value) || cJSON_IsNumber(value);
		right_value = right_type && (quantity_from_json(value, &quantity, &err) == 0 ||
					     err.class != ERR_INVALID);
		break;
	case SCHEMA_INT_OR_STRING:
		right_type = cJSON_IsString(value) || json_int_value(value, &integer);
		right_value = cJSON_IsString(value) || is_int32(value);
		break;
	case SCHEMA_TIME:
	case SCHEMA_MICRO_TIME:
		right_type = cJSON_IsString(value);
		right_value = right_type && is_time(value->valuestring, type == SCHEMA_MICRO_TIME);
		break;
	case SCHEMA_BYTES:
		right_type = cJSON_IsString(value);
		right_value = right_type && base64_fault(value->valuestring) < 0;
		break;
	case SCHEMA_OBJECT:
	case SCHEMA_ANY: break;
	}
	*ret_fault = right_type ? SCHEMA_BAD_VALUE : SCHEMA_WRONG_TYPE;
	return right_type && right_value;
}

/* --- the walk -------------------------------------------------------------------------------- */

static void walk_object(struct walk *walk, const struct schema_object *object, const cJSON *value);

static void walk_value(struct walk *walk, const struct place *place, const cJSON *value)
{
	enum schema_fault fault;

	if (cJSON_IsNull(value))
		return;
	if (place->field->type != SCHEMA_OBJECT) {
		if (!scalar_holds(place->field->type, value, &fault))
			report(walk, fault, place, value);
	} else if (cJSON_IsObject(value)) {
		walk_object(walk, place->field->object, value);
	} else {
		report(walk, SCHEMA_WRONG_TYPE, place, value);
	}
}

static void walk_field(struct walk *walk, const struct place *place, const cJSON *value)
{
	enum schema_shape shape = place->field->shape;
	const cJSON *item;
	size_t index = 0;

	if (shape == SCHEMA_ONE || cJSON_IsNull(value)) {
		walk_value(walk, place, value);
		return;
	}
	if (shape == SCHEMA_LIST ? !cJSON_IsArray(value) : !cJSON_IsObject(value)) {
		report(walk, SCHEMA_WRONG_TYPE, place, value);
		return;
	}
	json_each (item, value) {
		if (shape == SCHEMA_LIST)
			buf_printf(&walk->path, "[%zu]", index++);
		else
			buf_printf(&walk->path, ".%s", item->string);
		walk_value(walk, place, item);
		buf_truncate(&walk->path, place->field_length);
		if (walk->stopped)
			return;
	}
}

/* Appends a field's name to the path of the object around it. */
static void enter(struct walk *walk, struct place *place, const char *name)
{
	buf_truncate(&walk->path, place->parent_length);
	if (place->parent_length > 0)
		buf_putc(&walk->path, '.');
	buf_puts(&walk->path, name);
	place->field_length = walk->path.length;
}

static void walk_object(struct walk *walk, const struct schema_object *object, const cJSON *value)
{
	bool seen[SCHEMA_MAX_FIELDS] = {false}, filled[SCHEMA_MAX_FIELDS] = {false};
	struct place place = {.object = object, .parent_length = walk->path.length};
	struct schema_field field;
	const cJSON *member;

	json_each (member, value) {
		bool known = schema_field(object, member->string, &field);

		place.field = known ? &field : NULL;
		enter(walk, &place, member->string);
		if (!known) {
			report(walk, SCHEMA_UNKNOWN_FIELD, &place, member);
		} else {
			if (seen[field.index])
				report(walk, SCHEMA_DUPLICATE_FIELD, &place, member);
			seen[field.index] = true;
			filled[field.index] |= !cJSON_IsNull(member);
			walk_field(walk, &place, member);
		}
		if (walk->stopped)
			return;
	}
	place.field = &field;
	for (size_t i = 0; schema_field_index(object, i, &field) && !walk->stopped; i++)
		if (field.required && !filled[i]) {
			enter(walk, &place, field.name);
			report(walk, SCHEMA_MISSING, &place, value);
		}
	buf_truncate(&walk->path, place.parent_length);
}

int schema_check(const struct schema_object *schema, const char *kind, const cJSON *object,
		 int (*visit)(const struct schema_finding *finding, void *data), void *data,
		 struct err *err)
{
	struct walk walk = {
		.kind = kind,
		.path = BUF_INIT(PATH_MAX_BYTES),
		.visit = visit,
		.data = data,
	};
	int result;

	if (schema)
		walk_object(&walk, schema, object);
	result = buf_check(&walk.path, "path of a field", err);
	buf_release(&walk.path);
	return result;
}

/* --- in words -------------------------------------------------------------------------------- */

static const char *what_it_is(const cJSON *value)
{
	return cJSON_IsString(value)   ? "a string"
	       : cJSON_IsNumber(value) ? "a number"
	       : cJSON_IsBool(value)   ? "a boolean"
	       : cJSON_IsArray(value)  ? "a list"
				       : "an object";
}

/* Whether the finding is about a list or map as a whole rather than about a value of its type. */
static bool is_whole(const struct schema_finding *finding)
{
	return finding->field->shape != SCHEMA_ONE && !finding->path[finding->field_length];
}

/* What the value at the finding's path should be. */
static const char *what_it_should_be(const struct schema_finding *finding)
{
	if (is_whole(finding))
		return finding->field->shape == SCHEMA_LIST ? "a list" : "an object";
	switch (finding->field->type) {
	case SCHEMA_STRING: return "a string";
	case SCHEMA_BOOL: return "true or false";
	case SCHEMA_INT32:
		return finding->fault == SCHEMA_BAD_VALUE ? "an integer of 32 bits" : "an integer";
	case SCHEMA_INT64: return "an integer";
	case SCHEMA_QUANTITY: return "a quantity such as 500m or 2Gi";
	case SCHEMA_INT_OR_STRING:
		return finding->fault == SCHEMA_BAD_VALUE ? "an integer of 32 bits or a string"
							  : "an integer or a string";
	case SCHEMA_TIME: return "a time such as 2006-01-02T15:04:05Z";
	case SCHEMA_MICRO_TIME: return "a time such as 2006-01-02T15:04:05.000000Z";
	case SCHEMA_BYTES: return "base64";
	default: return "an object";
	}
}

/* YAML reads unquoted 1.0, yes and on as something else than text. */
static bool wants_quotes(const struct schema_finding *finding)
{
	return finding->field->type == SCHEMA_STRING && !is_whole(finding) &&
	       (cJSON_IsNumber(finding->node) || cJSON_IsBool(finding->node));
}

/* "StatefulSet.spec.replicas", of the path's first bytes; a map's key can hold anything. */
static void print_place(const struct schema_finding *finding, size_t length, struct buf *out)
{
	buf_puts(out, finding->kind);
	if (length > 0)
		buf_putc(out, '.');
	for (size_t i = 0; i < length; i++)
		buf_putc(out, (unsigned char)finding->path[i] < ' ' ? '?' : finding->path[i]);
}

void schema_explain(const struct schema_finding *finding, struct buf *out)
{
	const char *name = finding->path + finding->parent_length + (finding->parent_length > 0);

	switch (finding->fault) {
	case SCHEMA_UNKNOWN_FIELD:
	case SCHEMA_DUPLICATE_FIELD:
		buf_puts(out, finding->fault == SCHEMA_UNKNOWN_FIELD ? "unknown field "
								     : "duplicate field ");
		json_print_string(name, out);
		buf_puts(out, " in ");
		print_place(finding, finding->parent_length, out);
		if (finding->suggestion)
			buf_printf(out, "; did you mean \"%s\"?", finding->suggestion);
		return;
	case SCHEMA_MISSING:
		print_place(finding, strlen(finding->path), out);
		buf_puts(out, " is required");
		return;
	case SCHEMA_WRONG_TYPE:
		print_place(finding, strlen(finding->path), out);
		buf_printf(out, " must be %s, not %s", what_it_should_be(finding),
			   what_it_is(finding->node));
		if (wants_quotes(finding))
			buf_puts(out, ": quote it");
		return;
	case SCHEMA_BAD_VALUE:
		print_place(finding, strlen(finding->path), out);
		buf_printf(out, " must be %s", what_it_should_be(finding));
		return;
	}
}

/* --- in the server's words ------------------------------------------------------------------- */

/* The Go type of a field, or of one item of it, as a decoder's error names it. */
static void print_go_type(const struct schema_finding *finding, struct buf *out)
{
	static const char *const names[] = {
		[SCHEMA_STRING] = "string",        [SCHEMA_BOOL] = "bool",
		[SCHEMA_INT32] = "int32",          [SCHEMA_INT64] = "int64",
		[SCHEMA_QUANTITY] = "v1.Quantity", [SCHEMA_INT_OR_STRING] = "int32",
		[SCHEMA_TIME] = "string",          [SCHEMA_MICRO_TIME] = "string",
		[SCHEMA_BYTES] = "[]uint8",
	};
	const struct schema_field *field = finding->field;

	if (is_whole(finding) && field->shape == SCHEMA_MAP && field->type == SCHEMA_QUANTITY) {
		buf_puts(out, "v1.ResourceList");
		return;
	}
	if (is_whole(finding))
		buf_puts(out, field->shape == SCHEMA_LIST ? "[]" : "map[string]");
	if (field->type == SCHEMA_OBJECT)
		buf_printf(out, "v1.%s", schema_object_name(field->object));
	else
		buf_puts(out, names[field->type]);
}

/* The decoder's name for a field leaves out the places in lists. */
static void print_go_path(const struct schema_finding *finding, struct buf *out)
{
	bool in_brackets = false;

	for (size_t i = 0; i < finding->field_length; i++) {
		char c = finding->path[i];

		if (c == '[')
			in_brackets = true;
		if (!in_brackets)
			buf_putc(out, c);
		if (c == ']')
			in_brackets = false;
	}
}

static void print_type_error(const struct schema_finding *finding, struct buf *out)
{
	const cJSON *value = finding->node;
	const char *type = cJSON_IsString(value)   ? "string"
			   : cJSON_IsNumber(value) ? "number"
			   : cJSON_IsBool(value)   ? "bool"
			   : cJSON_IsArray(value)  ? "array"
						   : "object";

	buf_printf(out, "json: cannot unmarshal %s", type);
	/* A number that the integer cannot hold is shown, one in the wrong place is not. */
	if (cJSON_IsNumber(value) && !is_whole(finding) &&
	    (finding->field->type == SCHEMA_INT32 || finding->field->type == SCHEMA_INT64 ||
	     finding->field->type == SCHEMA_INT_OR_STRING)) {
		buf_putc(out, ' ');
		json_print(value, out);
	}
	buf_printf(out, " into Go struct field %s.", schema_object_name(finding->object));
	print_go_path(finding, out);
	buf_puts(out, " of type ");
	print_go_type(finding, out);
}

static void print_value_error(const struct schema_finding *finding, struct buf *out)
{
	const char *text = cJSON_IsString(finding->node) ? finding->node->valuestring : "";
	struct quantity quantity;
	struct err err = {.message = ""};

	switch (finding->field->type) {
	case SCHEMA_TIME:
	case SCHEMA_MICRO_TIME:
		buf_printf(out, "parsing time \"%s\" as \"2006-01-02T15:04:05%sZ07:00\": ", text,
			   finding->field->type == SCHEMA_TIME ? "" : ".000000");
		buf_printf(out, "cannot parse \"%s\" as \"2006\"", text);
		return;
	case SCHEMA_BYTES:
		buf_printf(out, "illegal base64 data at input byte %td", base64_fault(text));
		return;
	case SCHEMA_QUANTITY:
		(void)quantity_from_json(finding->node, &quantity, &err);
		buf_puts(out, err.message);
		return;
	default: print_type_error(finding, out);
	}
}

void schema_explain_as_server(const struct schema_finding *finding, struct buf *out)
{
	switch (finding->fault) {
	case SCHEMA_UNKNOWN_FIELD:
	case SCHEMA_DUPLICATE_FIELD:
		buf_puts(out, finding->fault == SCHEMA_UNKNOWN_FIELD ? "unknown field "
								     : "duplicate field ");
		json_print_string(finding->path, out);
		return;
	case SCHEMA_MISSING: buf_printf(out, "%s: Required value", finding->path); return;
	case SCHEMA_WRONG_TYPE:
		if (finding->field->type == SCHEMA_QUANTITY && !is_whole(finding))
			print_value_error(finding, out);
		else
			print_type_error(finding, out);
		return;
	case SCHEMA_BAD_VALUE: print_value_error(finding, out); return;
	}
}
