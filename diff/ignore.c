#include "diff/ignore.h"

#include <string.h>

#include "diff/compare.h"
#include "diff/path.h"

#define SPACE " \t\r\n"

/* --- reading --------------------------------------------------------------------------------- */

/* What tells an object from others, and what holds it. */
static bool is_identity(const struct pointer *pointer)
{
	const char *first = pointer->steps[0];

	if (!strcmp(first, "apiVersion") || !strcmp(first, "kind"))
		return true;
	if (strcmp(first, "metadata") != 0)
		return false;
	return pointer->count == 1 || !strcmp(pointer->steps[1], "name") ||
	       !strcmp(pointer->steps[1], "namespace");
}

/* A step that the object itself shows to lead nowhere. */
static int check_lists(const struct pointer *pointer, const cJSON *object, struct err *err)
{
	for (size_t i = 0; object && i < pointer->count; i++) {
		const char *step = pointer->steps[i];

		if (cJSON_IsArray(object) && !pointer_names_item(step))
			return err_set(err, ERR_INVALID,
				       "\"%s\" names no item of a list; write its index, or a "
				       "member that tells it apart, as in [name=%s]",
				       step, step);
		object = pointer_step(object, step);
	}
	return 0;
}

static int check_pointer(const struct pointer *pointer, const cJSON *object, struct err *err)
{
	if (pointer->count == 0)
		return err_set(err, ERR_INVALID, "an empty pointer is the whole object");
	if (is_identity(pointer))
		return err_set(err, ERR_INVALID, "this tells the object from all others");
	return check_lists(pointer, object, err);
}

/* Takes apart one pointer of `length` bytes. */
static int add(struct ignore *ignore, const char *text, size_t length, const cJSON *object,
	       struct err *err)
{
	if (ignore->count == IGNORE_MAX_POINTERS)
		return err_set(err, ERR_LIMIT, IGNORE_ANNOTATION ": more than %d pointers",
			       IGNORE_MAX_POINTERS);
	struct ignored *items =
		reallocarray(ignore->items, ignore->count + 1, sizeof(*ignore->items));
	if (!items)
		return err_no_memory(err);
	ignore->items = items;
	struct ignored *own = &ignore->items[ignore->count];
	*own = (struct ignored){.text = strndup(text, length)};
	if (!own->text)
		return err_no_memory(err);
	ignore->count++;
	if (pointer_parse(text, length, &own->pointer, err) < 0 ||
	    check_pointer(&own->pointer, object, err) < 0)
		return err->class == ERR_NO_MEMORY
			       ? -1
			       : err_prefix(err, IGNORE_ANNOTATION " \"%s\"", own->text);
	return 0;
}

int ignore_read(const cJSON *object, struct ignore *ret_ignore, struct err *err)
{
	CLEANUP(ignore_release) struct ignore ignore = {0};
	const cJSON *value = json_get(json_at(object, "metadata.annotations"), IGNORE_ANNOTATION);

	if (value && !cJSON_IsNull(value) && !cJSON_IsString(value))
		return err_set(err, ERR_INVALID, IGNORE_ANNOTATION " must be a string");
	const char *text = cJSON_IsString(value) ? value->valuestring : NULL;
	while (text) {
		const char *comma = strchr(text, ',');
		size_t length = comma ? (size_t)(comma - text) : strlen(text);
		size_t blank = strspn(text, SPACE);

		blank = blank < length ? blank : length;
		text += blank;
		length -= blank;
		while (length && strchr(SPACE, text[length - 1]))
			length--;
		if (add(&ignore, text, length, object, err) < 0)
			return -1;
		text = comma ? comma + 1 : NULL;
	}
	*ret_ignore = ignore;
	ignore = (struct ignore){0};
	return 0;
}

void ignore_release(struct ignore *ignore)
{
	for (size_t i = 0; i < ignore->count; i++) {
		free(ignore->items[i].text);
		pointer_release(&ignore->items[i].pointer);
	}
	free(ignore->items);
	*ignore = (struct ignore){0};
}

/* --- ignoring -------------------------------------------------------------------------------- */

int ignore_carry(const struct ignore *ignore, cJSON *body, const cJSON *live, struct err *err)
{
	for (size_t i = 0; i < ignore->count; i++)
		if (pointer_carry(&ignore->items[i].pointer, body, live, err) < 0)
			return -1;
	return 0;
}

int ignore_blank(const struct ignore *ignore, cJSON *object, struct err *err)
{
	for (size_t i = 0; i < ignore->count; i++)
		if (pointer_blank(&ignore->items[i].pointer, object, err) < 0)
			return -1;
	return 0;
}

/* --- telling --------------------------------------------------------------------------------- */

static bool is_secret(const struct pointer *pointer, const cJSON *object)
{
	struct schema_field type = path_type_of(object);

	for (size_t i = 0; i < pointer->count; i++)
		type = type.shape == SCHEMA_LIST ? path_item_type(&type)
						 : path_member_type(&type, pointer->steps[i]);
	return type.sensitive;
}

bool ignore_print(const struct ignored *ignored, const cJSON *desired, const cJSON *live,
		  struct buf *out)
{
	const cJSON *git = pointer_get(&ignored->pointer, desired);
	const cJSON *own = pointer_get(&ignored->pointer, live);
	const struct change masked = {.op = CHANGE_ADD,
				      .secret = is_secret(&ignored->pointer, desired)};

	if (json_equal(git, own) || (!own && cJSON_IsNull(git)))
		return false;
	buf_printf(out, "ignored: %s (Git ", ignored->text);
	change_print_value(&masked, git, out);
	buf_puts(out, ", live ");
	change_print_value(&masked, own, out);
	buf_putc(out, ')');
	return true;
}
