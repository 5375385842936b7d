#include "tests/kubesim/patch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The name Go's JSON decoder has for the type of a value that it cannot store. */
static const char *go_type(const cJSON *value)
{
	switch (value ? value->type & 0xff : cJSON_NULL) {
	case cJSON_False:
	case cJSON_True: return "bool";
	case cJSON_Number: return "number";
	case cJSON_String: return "string";
	case cJSON_Array: return "array";
	case cJSON_Object: return "object";
	default: return "null";
	}
}

static int refuse_type(const cJSON *value, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INVALID,
		       "error decoding patch: json: cannot unmarshal %s into Go value of type %s",
		       go_type(value), wanted);
}

/* --- JSON patch ------------------------------------------------------------------------------ */

/* A place in the document: a member of an object or an item of an array. */
struct place {
	cJSON *container; /* NULL: the path leads nowhere */
	char *key;        /* unescaped */
};

static void place_release(struct place *place)
{
	free(place->key);
}

/* RFC 6901: "~1" is "/" and "~0" is "~". */
static char *unescape(const char *token, size_t length)
{
	char *out = malloc(length + 1), *to = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (token[i] == '~' && i + 1 < length &&
		    (token[i + 1] == '0' || token[i + 1] == '1'))
			*to++ = token[++i] == '1' ? '/' : '~';
		else
			*to++ = token[i];
	}
	*to = '\0';
	return out;
}

static bool parse_index(const char *key, long *ret_index)
{
	char *end;

	/* strtol would skip white space. */
	if (*key != '+' && *key != '-' && (*key < '0' || *key > '9'))
		return false;
	errno = 0;
	*ret_index = strtol(key, &end, 10);
	return errno == 0 && end != key && *end == '\0';
}

/* An index into `limit` places, negative ones counted from the end. */
static int resolve_index(const char *key, long limit, long *ret_index, struct err *err)
{
	long index;

	if (!parse_index(key, &index))
		return err_set(err, ERR_UNSUPPORTED, "strconv.Atoi: parsing \"%s\": invalid syntax",
			       key);
	if (index >= limit || index < -limit)
		return err_set(err, ERR_UNSUPPORTED,
			       "Unable to access invalid index: %ld: invalid index referenced",
			       index);
	*ret_index = index < 0 ? index + limit : index;
	return 0;
}

/*
 * What is at the place: *ret_value stays NULL where an object lacks the member. An array index out
 * of range is an error.
 */
static int place_get(const struct place *place, cJSON **ret_value, struct err *err)
{
	long index;

	if (cJSON_IsObject(place->container)) {
		*ret_value = json_get(place->container, place->key);
		return 0;
	}
	if (resolve_index(place->key, cJSON_GetArraySize(place->container), &index, err) < 0)
		return -1;
	*ret_value = cJSON_GetArrayItem(place->container, (int)index);
	return 0;
}

static int place_add(const struct place *place, cJSON *take_value, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	long index, size;

	if (!value)
		return err_no_memory(err);
	if (cJSON_IsObject(place->container))
		return json_set_key(place->container, place->key, STEAL(value), err);
	size = cJSON_GetArraySize(place->container);
	if (strcmp(place->key, "-") == 0)
		return json_append(place->container, STEAL(value), err);
	if (!parse_index(place->key, &index))
		return err_set(err, ERR_UNSUPPORTED,
			       "value was not a proper array index: '%s': strconv.Atoi: parsing "
			       "\"%s\": invalid syntax",
			       place->key, place->key);
	if (resolve_index(place->key, size + 1, &index, err) < 0)
		return -1;
	if (json_append(place->container, STEAL(value), err) < 0)
		return -1;
	/*
	 * What follows moves behind it. cJSON_InsertItemInArray is not used: that of Debian 12 fails
	 * for every place but the first.
	 */
	for (; index < size; size--)
		cJSON_AddItemToArray(place->container,
				     cJSON_DetachItemFromArray(place->container, (int)index));
	return 0;
}

/* Takes the value out of the document; the caller owns it. */
static int place_detach(const struct place *place, cJSON **ret_value, struct err *err)
{
	cJSON *value = NULL;

	if (place_get(place, &value, err) < 0)
		return -1;
	if (!value)
		return err_set(err, ERR_UNSUPPORTED,
			       "Unable to remove nonexistent key: %s: missing value", place->key);
	*ret_value = cJSON_DetachItemViaPointer(place->container, value);
	return 0;
}

/*
 * Finds the container that the path's last token names a place in. A path without a slash, or one
 * that runs through a missing value, a null or a scalar, leads nowhere: container NULL.
 */
static int find_place(cJSON *document, const char *path, struct place *ret_place, struct err *err)
{
	const char *token = strchr(path, '/'), *end;
	cJSON *container = document;

	*ret_place = (struct place){0};
	if (!token)
		return 0;
	for (token++; (end = strchr(token, '/')); token = end + 1) {
		CLEANUP(place_release)
		struct place step = {
			.container = container,
			.key = unescape(token, (size_t)(end - token)),
		};
		struct err nowhere;
		cJSON *next = NULL;

		if (!step.key)
			return err_no_memory(err);
		if (place_get(&step, &next, &nowhere) < 0 ||
		    !(cJSON_IsObject(next) || cJSON_IsArray(next)))
			return 0;
		container = next;
	}
	ret_place->key = unescape(token, strlen(token));
	if (!ret_place->key)
		return err_no_memory(err);
	if (cJSON_IsObject(container) || cJSON_IsArray(container))
		ret_place->container = container;
	return 0;
}

static int missing_path(struct err *err, const char *what, const char *path)
{
	return err_set(err, ERR_UNSUPPORTED, "%s: %s: missing value", what, path);
}

static int missing_field(struct err *err, const char *operation, const char *field)
{
	return err_set(
		err, ERR_UNSUPPORTED,
		"%s operation failed to decode %s: operation missing %s field: missing value",
		operation, field, field);
}

static int op_add(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place place = {0};
	const cJSON *value = json_get(op, "value");
	const char *path = json_str(op, "path");

	if (find_place(*document, path, &place, err) < 0)
		return -1;
	if (!place.container)
		return err_set(
			err, ERR_UNSUPPORTED,
			"add operation does not apply: doc is missing path: \"%s\": missing value",
			path);
	if (place_add(&place, value ? json_copy(value) : cJSON_CreateNull(), err) < 0)
		return err_prefix(err, "error in add for path: '%s'", path);
	return 0;
}

static int op_remove(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place place = {0};
	CLEANUP(cJSON_Delete_p) cJSON *removed = NULL;
	const char *path = json_str(op, "path");

	if (find_place(*document, path, &place, err) < 0)
		return -1;
	if (!place.container)
		return err_set(err, ERR_UNSUPPORTED,
			       "remove operation does not apply: doc is missing path: \"%s\": "
			       "missing value",
			       path);
	if (place_detach(&place, &removed, err) < 0)
		return err_prefix(err, "error in remove for path: '%s'", path);
	return 0;
}

static int op_replace(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place place = {0};
	const cJSON *given = json_get(op, "value");
	CLEANUP(cJSON_Delete_p) cJSON *value = given ? json_copy(given) : cJSON_CreateNull();
	const char *path = json_str(op, "path");
	cJSON *old = NULL;
	struct err ignored;

	if (!value)
		return err_no_memory(err);
	if (*path == '\0') {
		if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
			return err_set(err, ERR_UNSUPPORTED,
				       "replace operation value must be object or array");
		cJSON_Delete(*document);
		*document = STEAL(value);
		return 0;
	}
	if (find_place(*document, path, &place, err) < 0)
		return -1;
	if (!place.container)
		return missing_path(err, "replace operation does not apply: doc is missing path",
				    path);
	if (place_get(&place, &old, &ignored) < 0)
		return missing_path(err, "replace operation does not apply: doc is missing key",
				    path);
	if (cJSON_IsObject(place.container))
		return json_set_key(place.container, place.key, STEAL(value), err);
	cJSON_ReplaceItemViaPointer(place.container, old, STEAL(value));
	return 0;
}

static int op_move(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place source = {0};
	CLEANUP(place_release) struct place target = {0};
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	const char *from = json_str(op, "from"), *path = json_str(op, "path");

	if (!from)
		return missing_field(err, "move", "from");
	if (find_place(*document, from, &source, err) < 0)
		return -1;
	if (!source.container)
		return missing_path(err, "move operation does not apply: doc is missing from path",
				    from);
	if (place_detach(&source, &value, err) < 0)
		return err_prefix(err, "error in move for path: '%s'", source.key);
	if (find_place(*document, path, &target, err) < 0)
		return -1;
	if (!target.container)
		return missing_path(
			err, "move operation does not apply: doc is missing destination path",
			path);
	if (place_add(&target, STEAL(value), err) < 0)
		return err_prefix(err, "error in move for path: '%s'", path);
	return 0;
}

static int op_copy(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place source = {0};
	CLEANUP(place_release) struct place target = {0};
	const char *from = json_str(op, "from"), *path = json_str(op, "path");
	cJSON *value = NULL;

	if (!from)
		return missing_field(err, "copy", "from");
	if (find_place(*document, from, &source, err) < 0)
		return -1;
	if (!source.container)
		return missing_path(err, "copy operation does not apply: doc is missing from path",
				    from);
	if (place_get(&source, &value, err) < 0)
		return err_prefix(err, "error in copy for from: '%s'", from);
	if (find_place(*document, path, &target, err) < 0)
		return -1;
	if (!target.container)
		return missing_path(
			err, "copy operation does not apply: doc is missing destination path",
			path);
	if (place_add(&target, value ? json_copy(value) : cJSON_CreateNull(), err) < 0)
		return err_prefix(err, "error while adding value during copy");
	return 0;
}

static int op_test(cJSON **document, const cJSON *op, struct err *err)
{
	CLEANUP(place_release) struct place place = {0};
	const cJSON *wanted = json_get(op, "value");
	const char *path = json_str(op, "path");
	cJSON *value = *document;

	if (*path != '\0') {
		if (find_place(*document, path, &place, err) < 0)
			return -1;
		if (!place.container)
			return missing_path(err, "test operation does not apply: is missing path",
					    path);
		if (place_get(&place, &value, err) < 0)
			return err_prefix(err, "error in test for path: '%s'", path);
	}
	/* A missing member is equal to null. */
	if (!value || cJSON_IsNull(value)) {
		if (!wanted || cJSON_IsNull(wanted))
			return 0;
	} else if (wanted && json_equal(value, wanted)) {
		return 0;
	}
	return err_set(err, ERR_UNSUPPORTED, "testing value %s failed: test failed", path);
}

static const struct {
	const char *name;
	int (*apply)(cJSON **document, const cJSON *op, struct err *err);
} operation_table[] = {
	{"add", op_add},   {"remove", op_remove}, {"replace", op_replace},
	{"move", op_move}, {"copy", op_copy},     {"test", op_test},
};

static int apply_operation(cJSON **document, const cJSON *op, struct err *err)
{
	const char *kind = json_str(op, "op");

	for (size_t i = 0; kind && i < sizeof operation_table / sizeof *operation_table; i++) {
		if (strcmp(operation_table[i].name, kind) != 0)
			continue;
		if (!json_str(op, "path"))
			return missing_field(err, kind, "path");
		return operation_table[i].apply(document, op, err);
	}
	return err_set(err, ERR_UNSUPPORTED, "Unexpected kind: %s", kind ? kind : "unknown");
}

int patch_json(const cJSON *target, const cJSON *operations, cJSON **ret_result, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *document = NULL;
	const cJSON *op;
	int count = 0;

	if (!cJSON_IsArray(operations))
		return refuse_type(operations, "[]handlers.jsonPatchOp", err);
	json_each (op, operations) {
		if (!cJSON_IsObject(op))
			return refuse_type(op, "handlers.jsonPatchOp", err);
		count++;
	}
	if (count > PATCH_MAX_OPERATIONS)
		return err_set(
			err, ERR_LIMIT,
			"Request entity too large: The allowed maximum operations in a JSON patch "
			"is %d, got %d",
			PATCH_MAX_OPERATIONS, count);
	document = json_copy(target);
	if (!document)
		return err_no_memory(err);
	json_each (op, operations) {
		if (apply_operation(&document, op, err) < 0)
			return -1;
	}
	*ret_result = STEAL(document);
	return 0;
}

/* --- JSON merge patch ------------------------------------------------------------------------ */

/* Drops null members, also of objects inside lists; null items of lists stay. */
static void prune_nulls(cJSON *value)
{
	cJSON *item, *next;

	for (item = value->child; item; item = next) {
		next = item->next;
		if (cJSON_IsObject(value) && cJSON_IsNull(item))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		else if (cJSON_IsObject(item) || cJSON_IsArray(item))
			prune_nulls(item);
	}
}

static int merge(cJSON *target, const cJSON *patch, struct err *err)
{
	const cJSON *member;

	json_each (member, patch) {
		cJSON *old = json_get(target, member->string), *value;

		if (cJSON_IsNull(member)) {
			json_remove_key(target, member->string);
			continue;
		}
		if (cJSON_IsObject(old) && cJSON_IsObject(member)) {
			if (merge(old, member, err) < 0)
				return -1;
			continue;
		}
		value = json_copy(member);
		if (!value)
			return err_no_memory(err);
		/* A list in an object's place is stored as it stands. */
		if (!cJSON_IsObject(old))
			prune_nulls(value);
		if (json_set_key(target, member->string, value, err) < 0)
			return -1;
	}
	return 0;
}

int patch_merge(const cJSON *target, const cJSON *patch, cJSON **ret_result, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *result = NULL;

	if (cJSON_IsNull(patch))
		return err_set(err, ERR_INVALID, "Invalid JSON Patch");
	if (!cJSON_IsObject(patch))
		return refuse_type(patch, "map[string]interface {}", err);
	result = json_copy(target);
	if (!result)
		return err_no_memory(err);
	if (merge(result, patch, err) < 0)
		return -1;
	*ret_result = STEAL(result);
	return 0;
}
