#include "diff/path.h"

#include <stdlib.h>
#include <string.h>

/* --- types ----------------------------------------------------------------------------------- */

static const struct schema_field unknown = {.name = "", .type = SCHEMA_ANY};

struct schema_field path_type_of(const cJSON *object)
{
	return (struct schema_field){
		.name = "",
		.type = SCHEMA_OBJECT,
		.object = schema_find_for(object), /* NULL: only metadata is known */
	};
}

/* Every object has the same metadata, known kind or not. */
static bool metadata_field(const char *key, struct schema_field *ret_field)
{
	return !strcmp(key, "metadata") &&
	       schema_field(schema_find("", "v1", "ConfigMap"), key, ret_field);
}

struct schema_field path_member_type(const struct schema_field *type, const char *key)
{
	struct schema_field member = unknown;

	if (type->shape == SCHEMA_MAP) {
		member = *type;
		member.shape = SCHEMA_ONE;
	} else if (type->shape == SCHEMA_ONE && type->type == SCHEMA_OBJECT) {
		bool known = type->object ? schema_field(type->object, key, &member)
					  : metadata_field(key, &member);

		if (!known)
			member = unknown;
	}
	member.sensitive |= type->sensitive;
	return member;
}

struct schema_field path_item_type(const struct schema_field *type)
{
	struct schema_field item = type->shape == SCHEMA_LIST ? *type : unknown;

	item.shape = SCHEMA_ONE;
	item.sensitive = type->sensitive;
	return item;
}

bool path_label(const struct schema_field *list_type, const cJSON *item, struct buf *out)
{
	if (list_type->shape == SCHEMA_LIST)
		return schema_item_label(list_type, item, out);

	const char *name = json_str(item, "name");
	if (name)
		buf_puts(out, name);
	return name;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
	       c == '-';
}

static bool is_word(const char *key)
{
	const char *c = key;

	while (is_word_character(*c))
		c++;
	return c != key && !*c;
}

/* Whether a label stands in brackets as it is: not to be taken for an index, nor for its end. */
static bool is_plain_label(const char *label)
{
	bool all_digits = true;

	for (const char *c = label; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("[]\"\\", *c))
			return false;
		all_digits &= is_digit(*c);
	}
	return !all_digits;
}

void path_add_key(struct buf *path, const char *key)
{
	if (is_word(key)) {
		if (path->length)
			buf_putc(path, '.');
		buf_puts(path, key);
		return;
	}
	buf_putc(path, '[');
	json_print_string(key, path);
	buf_putc(path, ']');
}

void path_add_label(struct buf *path, const char *label)
{
	buf_putc(path, '[');
	if (is_plain_label(label))
		buf_puts(path, label);
	else
		json_print_string(label, path);
	buf_putc(path, ']');
}

void path_add_index(struct buf *path, size_t index)
{
	buf_printf(path, "[%zu]", index);
}

/* --- reading --------------------------------------------------------------------------------- */

bool path_is_within(const char *path, const char *parent)
{
	size_t length = strlen(parent);

	if (!length)
		return true;
	if (strncmp(path, parent, length) != 0)
		return false;
	return !path[length] || path[length] == '.' || path[length] == '[';
}

struct step {
	char *text; /* a key or a label */
	bool bracket, quoted;
};

static void step_release(struct step *step)
{
	free(step->text);
}

/* Reads ["..."]; `c` stands behind the bracket. Returns what is behind it all, NULL if it is bad. */
static const char *read_quoted(const char *c, struct step *step)
{
	CLEANUP(cJSON_Delete_p) cJSON *text = NULL;
	size_t used;
	struct err err;

	if (json_parse_prefix(c, strlen(c), &text, &used, &err) < 0 || !cJSON_IsString(text) ||
	    c[used] != ']')
		return NULL;
	step->quoted = true;
	step->text = STEAL(text->valuestring);
	return c + used + 1;
}

/* Reads one step off the front of a path; NULL at the end and where the path makes no sense. */
static const char *read_step(const char *path, struct step *step)
{
	*step = (struct step){.bracket = *path == '['};
	if (step->bracket && path[1] == '"')
		return read_quoted(path + 1, step);
	if (*path == '[' || *path == '.')
		path++;

	size_t length = strcspn(path, step->bracket ? "]" : ".[");
	if (!length || (step->bracket && !path[length]))
		return NULL;
	step->text = strndup(path, length);
	return step->text ? path + length + step->bracket : NULL;
}

static const cJSON *item_at(const cJSON *list, const char *digits)
{
	size_t index = 0;

	for (const char *c = digits; *c; c++) {
		if (!is_digit(*c) || index > SIZE_MAX / 10 - 9)
			return NULL;
		index = index * 10 + (size_t)(*c - '0');
	}
	const cJSON *item = list->child;
	while (item && index--)
		item = item->next;
	return item;
}

static const cJSON *item_labelled(const cJSON *list, const struct schema_field *type,
				  const char *label)
{
	CLEANUP(buf_release) struct buf own = BUF_INIT(PATH_MAX_BYTES);
	const cJSON *item;

	json_each (item, list) {
		buf_clear(&own);
		if (path_label(type, item, &own) && !strcmp(buf_str(&own), label))
			return item;
	}
	return NULL;
}

static const cJSON *take_step(const cJSON *value, struct schema_field *type,
			      const struct step *step)
{
	const cJSON *next = NULL;

	if (cJSON_IsObject(value)) {
		next = json_get(value, step->text);
		*type = path_member_type(type, step->text);
	} else if (cJSON_IsArray(value) && step->bracket) {
		if (!step->quoted)
			next = item_at(value, step->text);
		if (!next)
			next = item_labelled(value, type, step->text);
		*type = path_item_type(type);
	}
	return next;
}

struct path_walk path_walk(const cJSON *object, const char *path)
{
	return (struct path_walk){.value = object, .type = path_type_of(object), .rest = path};
}

bool path_next(struct path_walk *walk)
{
	struct schema_field type = walk->type;
	CLEANUP(step_release) struct step step = {0};
	const char *rest = read_step(walk->rest, &step);
	const cJSON *next = rest ? take_step(walk->value, &type, &step) : NULL;

	if (!next)
		return false;
	*walk = (struct path_walk){
		.parent = walk->value, .value = next, .type = type, .rest = rest};
	return true;
}

const cJSON *path_follow(const cJSON *object, const char *path)
{
	struct path_walk walk = path_walk(object, path);

	while (path_next(&walk))
		;
	return walk.value;
}
