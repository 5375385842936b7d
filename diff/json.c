#include "diff/json.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/json_names.h"
#include "diff/json_number.h"

#define EXACT_MAX ((int64_t)1 << 53) /* up to here every integer is a double of its own */
#define FEW_KEYS  16                 /* up to here looking keys up one by one beats sorting */

static bool is_object(const cJSON *value)
{
	return value && (value->type & 0xFF) == cJSON_Object;
}

static cJSON *get_sized(const cJSON *object, const char *key, size_t length)
{
	cJSON *member;

	if (!is_object(object))
		return NULL;
	json_each (member, object) {
		if (strncmp(member->string, key, length) == 0 && member->string[length] == '\0')
			return member;
	}
	return NULL;
}

cJSON *json_get(const cJSON *object, const char *key)
{
	cJSON *member;

	if (!is_object(object))
		return NULL;
	json_each (member, object) {
		if (strcmp(member->string, key) == 0)
			return member;
	}
	return NULL;
}

/*
 * Follows the path up to its last step. Returns the object that holds that step, NULL where there
 * is none, and the step's name.
 */
static const cJSON *holder_at(const cJSON *object, const char *path, const char **ret_last)
{
	const char *dot;

	while (object && (dot = strchr(path, '.'))) {
		object = get_sized(object, path, (size_t)(dot - path));
		path = dot + 1;
	}
	*ret_last = path;
	return object;
}

cJSON *json_at(const cJSON *object, const char *path)
{
	const char *last;

	object = holder_at(object, path, &last);
	return json_get(object, last);
}

const char *json_str(const cJSON *object, const char *path)
{
	const cJSON *value = json_at(object, path);

	return cJSON_IsString(value) ? value->valuestring : NULL;
}

bool json_int(const cJSON *object, const char *path, int64_t *ret_value)
{
	return json_int_value(json_at(object, path), ret_value);
}

int64_t json_int_or(const cJSON *object, const char *path, int64_t fallback)
{
	int64_t value;

	return json_int(object, path, &value) ? value : fallback;
}

bool json_true(const cJSON *object, const char *path)
{
	return cJSON_IsTrue(json_at(object, path));
}

bool json_int_value(const cJSON *value, int64_t *ret_value)
{
	if (!cJSON_IsNumber(value))
		return false;
	if (value->valuestring) {
		*ret_value = strtoll(value->valuestring, NULL, 10);
		return true;
	}
	/* -2^63 is a double, 2^63 is the first one past the range; NaN fails both. */
	if (!(value->valuedouble >= -0x1p63 && value->valuedouble < 0x1p63) ||
	    value->valuedouble != trunc(value->valuedouble))
		return false;
	*ret_value = (int64_t)value->valuedouble;
	return true;
}

int json_make_int(cJSON *node, int64_t value, struct err *err)
{
	char digits[24];

	node->type = cJSON_Number;
	node->valuedouble = (double)value;
	if (value >= -EXACT_MAX && value <= EXACT_MAX)
		return 0;
	snprintf(digits, sizeof(digits), "%" PRId64, value);
	node->valuestring = strdup(digits);
	return node->valuestring ? 0 : err_no_memory(err);
}

int json_make_double(cJSON *node, double value, struct err *err)
{
	char digits[JSON_NUMBER_MAX];

	if (value == trunc(value) && fabs(value) < 0x1p63) {
		errno = 0;
		int64_t integer = strtoll(json_format_double(value, -6, 21, 1, digits), NULL, 10);
		if (errno == 0)
			return json_make_int(node, integer, err);
	}
	node->type = cJSON_Number;
	node->valuedouble = value;
	return 0;
}

cJSON *json_new_int(int64_t value)
{
	CLEANUP(cJSON_Delete_p) cJSON *node = cJSON_CreateNull();
	struct err err;

	if (!node || json_make_int(node, value, &err) < 0)
		return NULL;
	return STEAL(node);
}

cJSON *json_copy(const cJSON *value)
{
	cJSON *copy = value ? cJSON_Duplicate(value, true) : NULL;

	if (copy)
		json_unname(copy);
	return copy;
}

cJSON *json_view(const cJSON *value)
{
	cJSON *view = cJSON_CreateNull();

	if (!view)
		return NULL;
	*view = *value;
	view->next = view->prev = NULL;
	view->type |= cJSON_IsReference | cJSON_StringIsConst;
	return view;
}

cJSON *json_open(const cJSON *value, cJSON *(*show)(const cJSON *member))
{
	CLEANUP(cJSON_Delete_p) cJSON *open = json_view(value);
	const cJSON *member;

	if (!open)
		return NULL;
	open->child = NULL;
	open->type &= ~cJSON_IsReference;
	json_each (member, value) {
		cJSON *own = show(member);

		if (!own)
			return NULL;
		json_link(open, own);
	}
	return STEAL(open);
}

void json_link(cJSON *container, cJSON *take_item)
{
	cJSON *first = container->child;

	take_item->next = NULL;
	if (!first) {
		container->child = take_item->prev = take_item;
		return;
	}
	take_item->prev = first->prev; /* the first item's prev is the last item */
	first->prev->next = take_item;
	first->prev = take_item;
}

/* json_set_key for a key of `length` bytes. */
static int set_sized(cJSON *object, const char *key, size_t length, cJSON *take_value,
		     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	CLEANUP(free_p) char *name = strndup(key, length);

	if (!value || !name)
		return err_no_memory(err);
	if (!is_object(object))
		return err_set(err, ERR_INVALID, "cannot set \"%s\" in what is not an object",
			       name);
	json_name(value, STEAL(name));
	cJSON *old = get_sized(object, key, length);
	if (old)
		cJSON_ReplaceItemViaPointer(object, old, STEAL(value));
	else
		json_link(object, STEAL(value));
	return 0;
}

int json_set(cJSON *object, const char *path, cJSON *take_value, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	const char *step = path, *dot;

	while (value && (dot = strchr(step, '.'))) {
		size_t length = (size_t)(dot - step);
		cJSON *inner = get_sized(object, step, length);

		if (!inner) {
			if (set_sized(object, step, length, cJSON_CreateObject(), err) < 0)
				return -1;
			inner = get_sized(object, step, length);
		}
		if (!is_object(inner))
			return err_set(err, ERR_INVALID,
				       "cannot set \"%s\": \"%.*s\" is not an object", path,
				       (int)(dot - path), path);
		object = inner;
		step = dot + 1;
	}
	return json_set_key(object, step, STEAL(value), err);
}

int json_set_key(cJSON *object, const char *key, cJSON *take_value, struct err *err)
{
	return set_sized(object, key, strlen(key), take_value, err);
}

int json_set_str(cJSON *object, const char *path, const char *value, struct err *err)
{
	return json_set(object, path, cJSON_CreateString(value), err);
}

int json_set_int(cJSON *object, const char *path, int64_t value, struct err *err)
{
	return json_set(object, path, json_new_int(value), err);
}

void json_remove(cJSON *object, const char *path)
{
	const char *last;
	const cJSON *holder = holder_at(object, path, &last);
	cJSON *member = json_get(holder, last);

	/* cJSON's detach wants a mutable parent; `object` is one. */
	if (member)
		cJSON_Delete(cJSON_DetachItemViaPointer((cJSON *)(uintptr_t)holder, member));
}

void json_remove_key(cJSON *object, const char *key)
{
	cJSON *member = json_get(object, key);

	if (member)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
}

int json_append(cJSON *array, cJSON *take_item, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *item = take_item;

	if (!item)
		return err_no_memory(err);
	if (!cJSON_IsArray(array))
		return err_set(err, ERR_INVALID, "cannot append to what is not a list");
	json_unname(item);
	json_link(array, STEAL(item));
	return 0;
}

static bool numbers_equal(const cJSON *a, const cJSON *b)
{
	int64_t left = 0, right = 0;

	if (json_int_value(a, &left) != json_int_value(b, &right))
		return false; /* a fraction or a value out of range on one side only */
	return left == right && a->valuedouble == b->valuedouble;
}

static size_t count_items(const cJSON *container)
{
	const cJSON *item;
	size_t count = 0;

	json_each (item, container)
		count++;
	return count;
}

static int compare_members(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return strcmp((*left)->string, (*right)->string);
}

static const cJSON **sorted_members(const cJSON *first, size_t count)
{
	const cJSON **members = calloc(count, sizeof(*members));

	if (!members)
		return NULL;
	for (size_t i = 0; i < count; i++, first = first->next)
		members[i] = first;
	qsort(members, count, sizeof(*members), compare_members);
	return members;
}

/* Pairs up the `count` members from `a` and `b` on, whose keys come in different orders. */
static bool members_equal(const cJSON *a, const cJSON *b, const cJSON *b_object, size_t count)
{
	CLEANUP(free_p) const cJSON **left = NULL;
	CLEANUP(free_p) const cJSON **right = NULL;

	if (count > FEW_KEYS) {
		left = sorted_members(a, count);
		right = sorted_members(b, count);
	}
	if (left && right) {
		for (size_t i = 0; i < count; i++) {
			if (strcmp(left[i]->string, right[i]->string) != 0 ||
			    !json_equal(left[i], right[i]))
				return false;
		}
		return true;
	}
	/* Few members, or no memory to sort them, which makes it slow but not wrong. */
	for (; a; a = a->next) {
		const cJSON *other = json_get(b_object, a->string);

		if (!other || !json_equal(a, other))
			return false;
	}
	return true;
}

static bool objects_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *left = a->child, *right = b->child;
	size_t left_count = count_items(a);

	if (left_count != count_items(b))
		return false;
	while (left && strcmp(left->string, right->string) == 0) {
		if (!json_equal(left, right))
			return false;
		left = left->next;
		right = right->next;
		left_count--;
	}
	return !left || members_equal(left, right, b, left_count);
}

static bool arrays_equal(const cJSON *a, const cJSON *b)
{
	const cJSON *left = a->child, *right = b->child;

	while (left && right && json_equal(left, right)) {
		left = left->next;
		right = right->next;
	}
	return !left && !right;
}

bool json_equal(const cJSON *a, const cJSON *b)
{
	if (!a || !b)
		return a == b;
	if ((a->type & 0xFF) != (b->type & 0xFF))
		return false;
	switch (a->type & 0xFF) {
	case cJSON_Number: return numbers_equal(a, b);
	case cJSON_Raw:
	case cJSON_String: return strcmp(a->valuestring, b->valuestring) == 0;
	case cJSON_Array: return arrays_equal(a, b);
	case cJSON_Object: return objects_equal(a, b);
	default: return true;
	}
}

size_t json_count_nodes(const cJSON *value)
{
	const cJSON *item;
	size_t count = value ? 1 : 0;

	json_each (item, value)
		count += json_count_nodes(item);
	return count;
}

int json_unpack_managed_fields(cJSON *object, struct err *err)
{
	cJSON *packed = json_at(object, "metadata.managedFields");
	CLEANUP(cJSON_Delete_p) cJSON *list = NULL;

	if (!cJSON_IsRaw(packed))
		return 0;
	if (json_parse(packed->valuestring, strlen(packed->valuestring), &list, err) < 0)
		return err_prefix(err, "metadata.managedFields");
	return json_set(object, "metadata.managedFields", STEAL(list), err);
}
