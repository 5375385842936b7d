#include "diff/pointer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- reading --------------------------------------------------------------------------------- */

/* Copies a step without its escapes; NULL when memory runs out, *ret_bad where one is none. */
static char *unescape(const char *text, size_t length, bool *ret_bad)
{
	char *step = malloc(length + 1), *out = step;

	*ret_bad = false;
	if (!step)
		return NULL;
	for (size_t i = 0; i < length; i++) {
		if (text[i] != '~') {
			*out++ = text[i];
			continue;
		}
		if (++i == length || (text[i] != '0' && text[i] != '1')) {
			*ret_bad = true;
			break;
		}
		*out++ = text[i] == '0' ? '~' : '/';
	}
	*out = '\0';
	return step;
}

int pointer_parse(const char *text, size_t length, struct pointer *ret_pointer, struct err *err)
{
	CLEANUP(pointer_release) struct pointer pointer = {0};
	const char *end = text + length;

	if (length && *text != '/')
		return err_set(err, ERR_INVALID, "a JSON pointer begins with '/'");
	while (text < end) {
		const char *step = text + 1;
		const char *slash = memchr(step, '/', (size_t)(end - step));
		bool bad;

		text = slash ? slash : end;
		if (pointer.count == POINTER_MAX_STEPS)
			return err_set(err, ERR_LIMIT, "it has more than %d steps",
				       POINTER_MAX_STEPS);
		char *own = unescape(step, (size_t)(text - step), &bad);
		if (!own)
			return err_no_memory(err);
		pointer.steps[pointer.count++] = own;
		if (bad)
			return err_set(err, ERR_INVALID,
				       "in a JSON pointer '~' is written ~0, and '/' within a key "
				       "~1");
	}
	*ret_pointer = pointer;
	pointer = (struct pointer){0};
	return 0;
}

void pointer_release(struct pointer *pointer)
{
	for (size_t i = 0; i < pointer->count; i++)
		free(pointer->steps[i]);
	*pointer = (struct pointer){0};
}

/* --- following ------------------------------------------------------------------------------- */

static bool is_index(const char *step)
{
	size_t digits = strspn(step, "0123456789");

	return digits > 0 && digits <= 9 && !step[digits] && (digits == 1 || step[0] != '0');
}

/* The '=' of "[KEY=VALUE]"; NULL if it is something else. */
static const char *equals_of(const char *step)
{
	size_t length = strlen(step);
	const char *equals = strchr(step, '=');

	return step[0] == '[' && step[length - 1] == ']' && equals > step + 1 ? equals : NULL;
}

bool pointer_names_item(const char *step)
{
	return is_index(step) || equals_of(step);
}

/* Whether a value, written plainly, is this text. */
static bool is_written(const cJSON *value, const char *text, size_t length)
{
	char digits[24];
	const char *own = cJSON_IsString(value) ? value->valuestring : NULL;
	int64_t number;

	if (json_int_value(value, &number)) {
		snprintf(digits, sizeof(digits), "%" PRId64, number);
		own = digits;
	}
	return own && strlen(own) == length && strncmp(own, text, length) == 0;
}

static cJSON *find_item(const cJSON *list, const char *step)
{
	const char *equals = equals_of(step);
	cJSON *item;

	if (!equals) {
		item = is_index(step) ? list->child : NULL;
		for (long left = item ? atol(step) : 0; item && left; left--)
			item = item->next;
		return item;
	}
	CLEANUP(free_p) char *key = strndup(step + 1, (size_t)(equals - step - 1));
	json_each (item, list)
		if (key && is_written(json_get(item, key), equals + 1, strlen(equals) - 2))
			return item;
	return NULL;
}

cJSON *pointer_step(const cJSON *value, const char *step)
{
	return cJSON_IsArray(value) ? find_item(value, step) : json_get(value, step);
}

cJSON *pointer_get(const struct pointer *pointer, const cJSON *root)
{
	cJSON *value = (cJSON *)(uintptr_t)root;

	for (size_t i = 0; value && i < pointer->count; i++)
		value = pointer_step(value, pointer->steps[i]);
	return value;
}

/* --- changing -------------------------------------------------------------------------------- */

static bool is_none(const cJSON *value)
{
	return !value || cJSON_IsNull(value);
}

/* In place of `item`, NULL: at the end of the list. Takes the value (NULL: no memory). */
static int put_item(cJSON *list, cJSON *item, cJSON *take_value, struct err *err)
{
	if (!item)
		return json_append(list, take_value, err);
	if (!take_value)
		return err_no_memory(err);
	cJSON_ReplaceItemViaPointer(list, item, take_value);
	return 0;
}

/* An index that is not the next one would make another item than the one it names. */
static bool would_append(const cJSON *list, const char *step)
{
	return equals_of(step) || (is_index(step) && atol(step) == cJSON_GetArraySize(list));
}

static int set_last(cJSON *parent, const char *step, const cJSON *value, struct err *err)
{
	if (cJSON_IsObject(parent))
		return json_set_key(parent, step, json_copy(value), err);
	if (!cJSON_IsArray(parent))
		return 0;
	cJSON *item = find_item(parent, step);
	if (item || would_append(parent, step))
		return put_item(parent, item, json_copy(value), err);
	return 0;
}

/* The value above the last one. */
static cJSON *parent_of(const struct pointer *pointer, const cJSON *root)
{
	struct pointer above = *pointer; /* borrows the steps */

	above.count--;
	return pointer_get(&above, root);
}

static void remove_value(const struct pointer *pointer, cJSON *root)
{
	cJSON *parent = parent_of(pointer, root);
	cJSON *value = pointer_get(pointer, root);

	if (value)
		cJSON_Delete(cJSON_DetachItemViaPointer(parent, value));
}

int pointer_carry(const struct pointer *pointer, cJSON *root, const cJSON *from, struct err *err)
{
	const cJSON *value = pointer_get(pointer, from);
	size_t last = pointer->count - 1;

	if (!value) {
		remove_value(pointer, root);
		return 0;
	}
	for (size_t i = 0; i < last; i++) {
		const char *step = pointer->steps[i];
		cJSON *next = pointer_step(root, step);

		from = pointer_step(from, step);
		if (is_none(next)) {
			if (!cJSON_IsObject(from) || !cJSON_IsObject(root))
				return 0;
			if (json_set_key(root, step, cJSON_CreateObject(), err) < 0)
				return -1;
			next = json_get(root, step);
		}
		root = next;
	}
	return set_last(root, pointer->steps[last], value, err);
}

int pointer_blank(const struct pointer *pointer, cJSON *root, struct err *err)
{
	cJSON *parent = parent_of(pointer, root);
	cJSON *value = pointer_get(pointer, root);

	if (value && cJSON_IsArray(parent))
		return put_item(parent, value, cJSON_CreateNull(), err);
	if (value)
		json_remove_key(parent, pointer->steps[pointer->count - 1]);
	return 0;
}
