#include "diff/schema.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "diff/suggest.h"

/* A field is called so; gcc has it stand for 1. */
#undef linux

/*
 * How the tables are held. There is no pointer in them, so that they cost neither relocations at
 * the start of the program nor memory of its own: names stand in one block of text, a type's name
 * and then those of its fields, each ended by a NUL; rows refer to types by number. A look-up goes
 * along a type's rows and compares the names of the right length.
 */

/* The fields of one type, with what they are, in 6 bytes each. */
struct row {
	uint8_t name_length;
	uint8_t keys; /* enum key_set */
	uint16_t type;
	uint16_t bits;
};

struct schema_object {
	uint16_t names;  /* offset of the type's name */
	uint16_t fields; /* offset of the first field's name */
	uint16_t first_row;
	uint8_t row_count;
	bool atomic;
};

enum row_bits {
	SHAPE_MASK = 3, /* enum schema_shape */
	LIST_SHIFT = 2, /* enum schema_list */
	LIST_MASK = 3,
	REQUIRED = 1 << 4,
	MERGE = 1 << 5,
	RETAIN_KEYS = 1 << 6,
	WHOLE = 1 << 7,
	SERVER = 1 << 8,
	SECRET = 1 << 9,
};

enum kind_bits { NAMESPACED = 1, IN_ALL = 2, STATUS = 4, SCALE = 8 };

/* Every list key there is. */
#define KEY_SETS(SET)                                            \
	SET(none, "")                                            \
	SET(name, "name")                                        \
	SET(type, "type")                                        \
	SET(ip, "ip")                                            \
	SET(uid, "uid")                                          \
	SET(mountPath, "mountPath")                              \
	SET(devicePath, "devicePath")                            \
	SET(resourceID, "resourceID")                            \
	SET(port_protocol, "port", "protocol")                   \
	SET(containerPort_protocol, "containerPort", "protocol") \
	SET(topologyKey_whenUnsatisfiable, "topologyKey", "whenUnsatisfiable")

#define SET(id, ...) KEYS_##id,
enum key_set { KEY_SETS(SET) };
#undef SET

#define SET(id, ...) {__VA_ARGS__},
static const char key_sets[][SCHEMA_MAX_KEYS][20] = {KEY_SETS(SET)};
#undef SET

/* --- the words of schema_tables.def, in terms of ROW, TABLE and RESOURCE --------------------- */

#define ONE_BITS   SCHEMA_ONE
#define MAP_BITS   SCHEMA_MAP
#define LIST_BITS  SCHEMA_LIST
#define SET_BITS   (SCHEMA_LIST | SCHEMA_SET << LIST_SHIFT)
#define KEYED_BITS (SCHEMA_LIST | SCHEMA_KEYED << LIST_SHIFT)

/* `+ 0` stands for the flags where none are given. */
#define F(name, type, ...)        ROW(name, type, none, ONE_BITS + (__VA_ARGS__ + 0))
#define M(name, type, ...)        ROW(name, type, none, MAP_BITS + (__VA_ARGS__ + 0))
#define L(name, type, ...)        ROW(name, type, none, LIST_BITS + (__VA_ARGS__ + 0))
#define LK(name, type, keys, ...) ROW(name, type, keys, LIST_BITS + (__VA_ARGS__ + 0))
#define S(name, type, ...)        ROW(name, type, none, SET_BITS + (__VA_ARGS__ + 0))
#define K(name, type, keys, ...)  ROW(name, type, keys, KEYED_BITS + (__VA_ARGS__ + 0))

#define OBJECT(id, ...)        TABLE(id, false, __VA_ARGS__)
#define ATOMIC_OBJECT(id, ...) TABLE(id, true, __VA_ARGS__)

#define KIND(id, ...) KIND_AS(id, #id, __VA_ARGS__)
/* `title`, for a parameter `kind` would replace the field's name. */
#define KIND_AS(id, title, group, version, plural, short_names, bits, ...) \
	RESOURCE(id, title, group, version, plural, short_names, bits)     \
	TABLE(id, false, F(apiVersion, STRING) F(kind, STRING) F(metadata, ObjectMeta) __VA_ARGS__)
#define NO_RESOURCE(id, group, version, ...)             \
	RESOURCE(id, #id, group, version, "", "", false) \
	TABLE(id, false, F(apiVersion, STRING) F(kind, STRING) __VA_ARGS__)

/* --- the tables ------------------------------------------------------------------------------ */

/* Types by number: the scalars as enum schema_type has them, then each table. */
#define ROW(name, type, keys, bits)
#define RESOURCE(...)
#define TABLE(id, atomic, ...) T_##id,
enum type_id {
	T_STRING = SCHEMA_STRING,
	T_BOOL = SCHEMA_BOOL,
	T_INT32 = SCHEMA_INT32,
	T_INT64 = SCHEMA_INT64,
	T_QUANTITY = SCHEMA_QUANTITY,
	T_INT_OR_STRING = SCHEMA_INT_OR_STRING,
	T_TIME = SCHEMA_TIME,
	T_MICRO_TIME = SCHEMA_MICRO_TIME,
	T_BYTES = SCHEMA_BYTES,
	T_ANY = SCHEMA_ANY,
#include "diff/schema_tables.def"
	T_END,
};
#undef TABLE
#undef ROW

#define FIRST_TABLE (SCHEMA_ANY + 1)

/* The names: a member for each type, so that offsetof tells where its text begins. */
#define ROW(name, type, keys, bits) #name "\0"
#define TABLE(id, atomic, ...)      char id[sizeof(#id "\0" __VA_ARGS__)];
struct names {
#include "diff/schema_tables.def"
};
#undef TABLE
_Static_assert(sizeof(struct names) <= UINT16_MAX, "offsets of names are 16 bits");

#define TABLE(id, atomic, ...) #id "\0" __VA_ARGS__,
static const union {
	struct names by_type;
	char text[sizeof(struct names)];
} names = {.by_type = {
#include "diff/schema_tables.def"
	   }};
#undef TABLE
#undef ROW

/* The rows, laid out in the same way. */
#define ROW(name, type, keys, bits) "."
#define ROW_COUNT(...)              (sizeof("" __VA_ARGS__) - 1)
#define TABLE(id, atomic, ...)                 \
	struct row id[ROW_COUNT(__VA_ARGS__)]; \
	_Static_assert(ROW_COUNT(__VA_ARGS__) <= SCHEMA_MAX_FIELDS, #id);
struct rows {
#include "diff/schema_tables.def"
};
#undef TABLE

#define TABLE(id, atomic, ...)                                                 \
	{offsetof(struct names, id), offsetof(struct names, id) + sizeof(#id), \
	 offsetof(struct rows, id) / sizeof(struct row), ROW_COUNT(__VA_ARGS__), atomic},
static const struct schema_object objects[] = {
#include "diff/schema_tables.def"
};
#undef TABLE
#undef ROW

#define ROW(name, type, keys, bits) {sizeof(#name) - 1, KEYS_##keys, T_##type, bits},
#define TABLE(id, atomic, ...)      {__VA_ARGS__},
static const union {
	struct rows by_type;
	struct row row[sizeof(struct rows) / sizeof(struct row)];
} rows = {.by_type = {
#include "diff/schema_tables.def"
	  }};
#undef TABLE
#undef ROW

#define ROW(name, type, keys, bits)
#define TABLE(...)
#undef RESOURCE
#define RESOURCE(id, kind, group, version, plural, short_names, bits) \
	{group,                                                       \
	 version,                                                     \
	 kind,                                                        \
	 plural,                                                      \
	 short_names,                                                 \
	 ((bits)&NAMESPACED) != 0,                                    \
	 ((bits)&IN_ALL) != 0,                                        \
	 ((bits)&STATUS) != 0,                                        \
	 ((bits)&SCALE) != 0},
static const struct schema_kind kinds[] = {
#include "diff/schema_tables.def"
};
#undef RESOURCE

#define RESOURCE(id, ...) T_##id,
static const uint16_t kind_types[] = {
#include "diff/schema_tables.def"
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

/* --- kinds ----------------------------------------------------------------------------------- */

const struct schema_kind *schema_kinds(size_t *ret_count)
{
	*ret_count = KIND_COUNT;
	return kinds;
}

const struct schema_kind *schema_kind(const char *group, const char *version, const char *kind)
{
	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].kind, kind) == 0 && strcmp(kinds[i].version, version) == 0 &&
		    strcmp(kinds[i].group, group) == 0)
			return &kinds[i];
	return NULL;
}

/* --- objects and their fields ---------------------------------------------------------------- */

static const struct schema_object *object_of(uint16_t type)
{
	return type < FIRST_TABLE ? NULL : &objects[type - FIRST_TABLE];
}

/* Versions that only older servers have, with the same fields as one in the table. */
static const struct {
	const char *group, *version, *kind, *like;
} older[] = {
	{"autoscaling", "v2beta2", "HorizontalPodAutoscaler", "v2"},
	{"batch", "v1beta1", "CronJob", "v1"},
	{"policy", "v1beta1", "PodDisruptionBudget", "v1"},
};

const struct schema_object *schema_find(const char *group, const char *version, const char *kind)
{
	const struct schema_kind *row = schema_kind(group, version, kind);

	for (size_t i = 0; !row && i < sizeof(older) / sizeof(older[0]); i++)
		if (strcmp(older[i].kind, kind) == 0 && strcmp(older[i].version, version) == 0 &&
		    strcmp(older[i].group, group) == 0)
			row = schema_kind(group, older[i].like, kind);
	return row ? object_of(kind_types[row - kinds]) : NULL;
}

const struct schema_object *schema_find_for(const cJSON *object)
{
	const char *api_version = json_str(object, "apiVersion");
	const char *kind = json_str(object, "kind");
	char group[sizeof(kinds[0].group)] = "";
	const char *slash;

	if (!api_version || !kind)
		return NULL;
	slash = strchr(api_version, '/');
	if (!slash)
		return schema_find("", api_version, kind);
	if ((size_t)(slash - api_version) >= sizeof(group))
		return NULL;
	memcpy(group, api_version, slash - api_version);
	return schema_find(group, slash + 1, kind);
}

const char *schema_object_name(const struct schema_object *object)
{
	const char *name = names.text + object->names;
	const char *underscore = strchr(name, '_');

	return underscore ? underscore + 1 : name;
}

static void unpack(const struct schema_object *object, size_t index, const char *name,
		   struct schema_field *ret_field)
{
	const struct row *row = &rows.row[object->first_row + index];
	const struct schema_object *type = object_of(row->type);

	*ret_field = (struct schema_field){
		.name = name,
		.index = index,
		.type = type ? SCHEMA_OBJECT : (enum schema_type)row->type,
		.shape = row->bits & SHAPE_MASK,
		.object = type,
		.list = row->bits >> LIST_SHIFT & LIST_MASK,
		.patch_merge = row->bits & MERGE,
		.retain_keys = row->bits & RETAIN_KEYS,
		.server_owned = row->bits & SERVER,
		.sensitive = row->bits & SECRET,
		.required = row->bits & REQUIRED,
	};
	ret_field->atomic = ret_field->shape == SCHEMA_LIST
				    ? ret_field->list == SCHEMA_ATOMIC
				    : row->bits & WHOLE || (type && type->atomic);
	for (size_t i = 0; i < SCHEMA_MAX_KEYS && key_sets[row->keys][i][0]; i++)
		ret_field->keys[i] = key_sets[row->keys][i];
}

bool schema_field(const struct schema_object *object, const char *name,
		  struct schema_field *ret_field)
{
	size_t length = strlen(name);
	const char *candidate;

	if (!object)
		return false;
	candidate = names.text + object->fields;
	for (size_t i = 0; i < object->row_count; i++) {
		size_t candidate_length = rows.row[object->first_row + i].name_length;

		if (candidate_length == length && memcmp(candidate, name, length) == 0) {
			unpack(object, i, candidate, ret_field);
			return true;
		}
		candidate += candidate_length + 1;
	}
	return false;
}

bool schema_field_at(const struct schema_object *object, const char *path,
		     struct schema_field *ret_field)
{
	char step[SCHEMA_MAX_NAME + 1];
	struct schema_field field;

	for (;;) {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(step))
			return false;
		memcpy(step, path, length);
		step[length] = '\0';
		if (!schema_field(object, step, &field))
			return false;
		if (!path[length])
			break;
		path += length + 1;
		object = field.object;
	}
	*ret_field = field;
	return true;
}

bool schema_field_index(const struct schema_object *object, size_t index,
			struct schema_field *ret_field)
{
	const char *name;

	if (!object || index >= object->row_count)
		return false;
	name = names.text + object->fields;
	for (size_t i = 0; i < index; i++)
		name += rows.row[object->first_row + i].name_length + 1;
	unpack(object, index, name, ret_field);
	return true;
}

const char *schema_suggest(const struct schema_object *object, const char *misspelt)
{
	struct suggestion meant = suggestion_for(misspelt);
	struct schema_field field;

	for (size_t i = 0; schema_field_index(object, i, &field); i++)
		suggestion_offer(&meant, field.name);
	return meant.word;
}

/* --- items of lists -------------------------------------------------------------------------- */

/* The value of an item's key as text; a port's protocol defaults to TCP. NULL where there is none. */
static const char *key_text(const cJSON *item, const char *key, char number[static 24])
{
	const cJSON *value = key ? json_get(item, key) : item;
	int64_t integer;

	if (cJSON_IsString(value))
		return value->valuestring;
	if (json_int_value(value, &integer)) {
		snprintf(number, 24, "%lld", (long long)integer);
		return number;
	}
	return key && strcmp(key, "protocol") == 0 && cJSON_IsObject(item) ? "TCP" : NULL;
}

bool schema_item_label(const struct schema_field *field, const cJSON *item, struct buf *out)
{
	char number[24];
	const char *text;

	if (field->shape != SCHEMA_LIST || (!field->keys[0] && field->list != SCHEMA_SET))
		return false;
	for (size_t i = 0; i == 0 || field->keys[i]; i++)
		if (!key_text(item, field->keys[i], number))
			return false;
	for (size_t i = 0; i == 0 || field->keys[i]; i++) {
		text = key_text(item, field->keys[i], number);
		if (i > 0)
			buf_putc(out, '/');
		buf_puts(out, text);
	}
	return true;
}
