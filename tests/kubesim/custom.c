#include "tests/kubesim/custom.h"

#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define MAX_PATH_BYTES  (16u * 1024)
#define MAX_VALUE_BYTES (64u * 1024)

static const cJSON *schema_of(const struct kind *kind)
{
	return json_at(kind->definition, "schema.openAPIV3Schema");
}

/* apiVersion, kind and metadata have a schema that is not the definition's. */
static bool is_every_kinds(const cJSON *member)
{
	return strcmp(member->string, "apiVersion") == 0 || strcmp(member->string, "kind") == 0 ||
	       strcmp(member->string, "metadata") == 0;
}

/* The schema of a member, NULL where it has none of its own. */
static const cJSON *member_schema(const cJSON *schema, const cJSON *member)
{
	const cJSON *own = json_get(json_get(schema, "properties"), member->string);
	const cJSON *others = json_get(schema, "additionalProperties");

	return own ? own : cJSON_IsObject(others) ? others : NULL;
}

/* Appends ".name" or "[0]" and returns the length before. */
static size_t path_push(struct buf *path, const cJSON *part, int index)
{
	size_t length = path->length;

	if (part->string)
		buf_printf(path, "%s%s", length > 0 ? "." : "", part->string);
	else
		buf_printf(path, "[%d]", index);
	return length;
}

/* --- pruning --------------------------------------------------------------------------------- */

struct pruning {
	struct buf path;
	void (*visit)(const char *path, void *context);
	void *context;
};

static void prune_value(const cJSON *schema, cJSON *value, bool is_root, struct pruning *pruning)
{
	bool keeps = json_true(schema, "x-kubernetes-preserve-unknown-fields") ||
		     json_get(schema, "additionalProperties");
	cJSON *part = value->child, *next;
	int index = 0;

	for (; part; part = next) {
		bool is_member = part->string != NULL;
		const cJSON *own =
			is_member ? member_schema(schema, part) : json_get(schema, "items");
		size_t length = path_push(&pruning->path, part, index++);

		next = part->next;
		if (is_root && is_every_kinds(part)) {
			/* as every kind has it */
		} else if (own) {
			prune_value(own, part, false, pruning);
		} else if (is_member && !keeps) {
			pruning->visit(buf_str(&pruning->path), pruning->context);
			cJSON_Delete(cJSON_DetachItemViaPointer(value, part));
		}
		buf_truncate(&pruning->path, length);
	}
}

void custom_prune(const struct kind *kind, cJSON *object,
		  void (*visit)(const char *path, void *context), void *context)
{
	struct pruning pruning = {BUF_INIT(MAX_PATH_BYTES), visit, context};

	if (schema_of(kind))
		prune_value(schema_of(kind), object, true, &pruning);
	buf_release(&pruning.path);
}

/* --- defaults -------------------------------------------------------------------------------- */

static void default_value(const cJSON *schema, cJSON *value)
{
	const cJSON *property;
	cJSON *part;

	if (cJSON_IsObject(value)) {
		json_each (property, json_get(schema, "properties")) {
			const cJSON *set = json_get(property, "default");
			const cJSON *present = json_get(value, property->string);

			if (set && (!present ||
				    (cJSON_IsNull(present) && !json_true(property, "nullable"))))
				obj_set_key(value, property->string, obj_copy(set));
		}
	}
	json_each (part, value) {
		const cJSON *own =
			part->string ? member_schema(schema, part) : json_get(schema, "items");

		if (own)
			default_value(own, part);
	}
}

void custom_set_defaults(const struct kind *kind, cJSON *object)
{
	if (schema_of(kind))
		default_value(schema_of(kind), object);
}

/* --- validation ------------------------------------------------------------------------------ */

struct checking {
	struct buf path;
	struct causes *causes;
};

static const char *type_of(const cJSON *value)
{
	int64_t integer;

	if (cJSON_IsObject(value))
		return "object";
	if (cJSON_IsArray(value))
		return "array";
	if (cJSON_IsString(value))
		return "string";
	if (cJSON_IsBool(value))
		return "boolean";
	if (cJSON_IsNull(value))
		return "null";
	return json_int_value(value, &integer) ? "integer" : "number";
}

static bool has_type(const cJSON *schema, const cJSON *value)
{
	const char *wanted = obj_text(schema, "type"), *type = type_of(value);

	if (!wanted[0] || strcmp(wanted, type) == 0)
		return true;
	if (cJSON_IsNull(value))
		return json_true(schema, "nullable");
	return strcmp(wanted, "number") == 0 && strcmp(type, "integer") == 0;
}

static void check_enum(const cJSON *schema, const cJSON *value, struct checking *checking)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_VALUE_BYTES);
	const cJSON *list = json_get(schema, "enum"), *allowed;

	if (!list)
		return;
	json_each (allowed, list) {
		if (json_equal(allowed, value))
			return;
	}
	json_print(value, &text);
	buf_puts(&text, ": supported values: ");
	json_each (allowed, list) {
		buf_puts(&text, allowed == list->child ? "" : ", ");
		json_print(allowed, &text);
	}
	causes_add(checking->causes, "FieldValueNotSupported", buf_str(&checking->path),
		   "Unsupported value: %s", buf_str(&text));
}

static void check_bound(const cJSON *schema, const cJSON *value, const char *bound,
			const char *words, struct checking *checking)
{
	const cJSON *limit = json_get(schema, bound);
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_VALUE_BYTES);
	bool is_minimum = strcmp(bound, "minimum") == 0;

	if (!cJSON_IsNumber(limit) || !cJSON_IsNumber(value) ||
	    (is_minimum ? value->valuedouble >= limit->valuedouble
			: value->valuedouble <= limit->valuedouble))
		return;
	json_print(value, &text);
	buf_printf(&text, ": %s in body should be %s ", buf_str(&checking->path), words);
	json_print(limit, &text);
	causes_add(checking->causes, "FieldValueInvalid", buf_str(&checking->path),
		   "Invalid value: %s", buf_str(&text));
}

static void check_required(const cJSON *schema, const cJSON *value, struct checking *checking)
{
	const cJSON *name;

	json_each (name, json_get(schema, "required")) {
		size_t length = checking->path.length;

		if (!cJSON_IsString(name) || json_get(value, name->valuestring))
			continue;
		buf_printf(&checking->path, "%s%s", length > 0 ? "." : "", name->valuestring);
		causes_add(checking->causes, "FieldValueRequired", buf_str(&checking->path),
			   "Required value");
		buf_truncate(&checking->path, length);
	}
}

static void check_value(const cJSON *schema, const cJSON *value, bool is_root,
			struct checking *checking)
{
	const char *path = buf_str(&checking->path);
	const cJSON *part;
	int index = 0;

	if (!json_true(schema, "x-kubernetes-int-or-string") && !has_type(schema, value)) {
		causes_add(checking->causes, "FieldValueTypeInvalid", path,
			   "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"",
			   type_of(value), path, obj_text(schema, "type"), type_of(value));
		return;
	}
	check_enum(schema, value, checking);
	check_bound(schema, value, "minimum", "greater than or equal to", checking);
	check_bound(schema, value, "maximum", "less than or equal to", checking);
	check_required(schema, value, checking);
	json_each (part, value) {
		const cJSON *own =
			part->string ? member_schema(schema, part) : json_get(schema, "items");
		size_t length = path_push(&checking->path, part, index++);

		if (own && !(is_root && is_every_kinds(part)))
			check_value(own, part, false, checking);
		buf_truncate(&checking->path, length);
	}
}

void custom_validate(const struct kind *kind, const cJSON *object, struct causes *causes)
{
	struct checking checking = {BUF_INIT(MAX_PATH_BYTES), causes};

	if (schema_of(kind))
		check_value(schema_of(kind), object, true, &checking);
	buf_release(&checking.path);
}
