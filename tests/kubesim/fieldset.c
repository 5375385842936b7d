#include "tests/kubesim/fieldset.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define SELF           "."
#define MAX_NAME_BYTES (64u * 1024)

/* --- the shape of values --------------------------------------------------------------------- */

/* What the schema says of a value: a field as a whole, one value of it, or nothing. */
struct type {
	const struct schema_object *object; /* the members it has */
	struct schema_field field;
	bool is_known, is_field;
};

enum form { FORM_ATOMIC, FORM_MEMBERS, FORM_KEYED, FORM_SET };

static struct type type_of_object(const struct schema_object *object)
{
	return (struct type){.object = object, .is_known = object != NULL};
}

/* A key's value; `protocol` is the only key that the API lets out, for its default. Owned, or NULL. */
static cJSON *key_value(const cJSON *item, const char *key)
{
	const cJSON *value = json_get(item, key);

	if (!value && cJSON_IsObject(item) && strcmp(key, "protocol") == 0)
		return obj_new_text("TCP");
	return value ? obj_copy(value) : NULL;
}

static bool has_keys(const struct schema_field *field, const cJSON *list)
{
	const cJSON *item;

	json_each (item, list) {
		for (const char *const *key = field->keys; *key; key++) {
			CLEANUP(cJSON_Delete_p) cJSON *value = key_value(item, *key);

			if (!value)
				return false;
		}
	}
	return true;
}

static enum form form_of(const struct type *type, const cJSON *value)
{
	if (type->is_field && type->field.shape == SCHEMA_LIST) {
		if (!cJSON_IsArray(value) || type->field.list == SCHEMA_ATOMIC)
			return FORM_ATOMIC;
		if (type->field.list == SCHEMA_SET)
			return FORM_SET;
		return has_keys(&type->field, value) ? FORM_KEYED : FORM_ATOMIC;
	}
	if (!cJSON_IsObject(value) || (type->is_field && type->field.atomic))
		return FORM_ATOMIC;
	return FORM_MEMBERS;
}

/* The type of a part: of a member by its name, of an item. */
static struct type type_of_part(const struct type *type, enum form form, const char *member)
{
	struct type part = {0};

	if (!type->is_known)
		return part;
	if (type->object && form == FORM_MEMBERS) {
		part.is_field = schema_field(type->object, member, &part.field);
		part.is_known = part.is_field && part.field.type != SCHEMA_ANY;
		if (part.is_field && part.field.shape == SCHEMA_ONE)
			part.object = part.field.object;
		return part;
	}
	if (type->is_field)
		part = type_of_object(type->field.object);
	return part;
}

/* --- the parts of a value -------------------------------------------------------------------- */

/* Appends a member that was detached from some object, under the name it had. */
static void append_member(cJSON *object, cJSON *take_member)
{
	CLEANUP(free_p) char *name = alloc_copy(take_member->string);

	obj_set_key(object, name, take_member);
}

static void print_item_key(const struct schema_field *field, const cJSON *item, struct buf *out)
{
	CLEANUP(cJSON_Delete_p) cJSON *keys = obj_new();

	for (const char *const *key = field->keys; *key; key++)
		obj_set_key(keys, *key, key_value(item, *key));
	/* Sorted, as the real server prints them; there are two at most. */
	if (keys->child->next && strcmp(keys->child->string, keys->child->next->string) > 0)
		append_member(keys, cJSON_DetachItemViaPointer(keys, keys->child));
	json_print(keys, out);
}

/* The part's name in a set: f:name, k:{...}, v:value. The caller frees it. */
static char *part_name(const struct type *type, enum form form, const cJSON *part)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_NAME_BYTES);

	if (form == FORM_MEMBERS) {
		buf_printf(&name, "f:%s", part->string);
	} else if (form == FORM_KEYED) {
		buf_puts(&name, "k:");
		print_item_key(&type->field, part, &name);
	} else {
		buf_puts(&name, "v:");
		json_print(part, &name);
	}
	return must(buf_steal(&name));
}

static cJSON *find_part(const struct type *type, enum form form, const cJSON *value,
			const char *wanted)
{
	cJSON *part;

	if (form == FORM_MEMBERS) {
		part = strncmp(wanted, "f:", 2) == 0 ? json_get(value, wanted + 2) : NULL;
		return cJSON_IsNull(part) ? NULL : part;
	}
	json_each (part, value) {
		CLEANUP(free_p) char *name = part_name(type, form, part);

		if (strcmp(name, wanted) == 0)
			return part;
	}
	return NULL;
}

/* --- building sets --------------------------------------------------------------------------- */

static void add_self(cJSON *set)
{
	if (!json_get(set, SELF))
		obj_set_key(set, SELF, obj_new());
}

static cJSON *need_part(cJSON *set, const char *name)
{
	cJSON *part = json_get(set, name);

	if (!part) {
		part = obj_new();
		obj_set_key(set, name, part);
	}
	return part;
}

static void drop_if_empty(cJSON *set, const char *name)
{
	const cJSON *part = json_get(set, name);

	if (part && !part->child)
		json_remove_key(set, name);
}

/*
 * Whether Go's type for the member is a struct, or a list without omitempty: it is there even in an
 * object that sets nothing, and so is never added.
 */
static bool is_always_there(const struct type *parent, const cJSON *member)
{
	static const char *const names[] = {
		"metadata", "spec",           "status",       "template",   "jobTemplate",
		"strategy", "updateStrategy", "loadBalancer", "containers",
	};

	if (!parent->object || !member->string)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], member->string) == 0)
			return true;
	}
	return false;
}

/*
 * Whether what has parts is itself a member beside them. In what an update added, objects and lists
 * are; in what a manager applies only list items are.
 */
enum containers { WITH_CONTAINERS, ITEMS_ONLY };

static void add_parts(const struct type *type, enum form form, const cJSON *value,
		      enum containers containers, cJSON *set);

/* The part with everything in it. */
static void add_part(const struct type *parent, enum form form, const cJSON *part,
		     enum containers containers, cJSON *set)
{
	CLEANUP(free_p) char *name = part_name(parent, form, part);
	struct type type = type_of_part(parent, form, part->string);
	enum form part_form = form_of(&type, part);
	bool is_leaf = part_form == FORM_ATOMIC || !part->child;
	cJSON *node;

	if (cJSON_IsNull(part))
		return;
	node = need_part(set, name);
	if (form != FORM_MEMBERS || (containers == ITEMS_ONLY && is_leaf) ||
	    (containers == WITH_CONTAINERS &&
	     (part_form == FORM_ATOMIC || !is_always_there(parent, part))))
		add_self(node);
	if (part_form != FORM_ATOMIC)
		add_parts(&type, part_form, part, containers, node);
	drop_if_empty(set, name);
}

static void add_parts(const struct type *type, enum form form, const cJSON *value,
		      enum containers containers, cJSON *set)
{
	const cJSON *part;

	json_each (part, value) {
		add_part(type, form, part, containers, set);
	}
}

static void compare(const struct type *type, const cJSON *old, const cJSON *new,
		    struct fieldset_changes *changes)
{
	enum form form = form_of(type, new);
	const cJSON *part;

	if (form == FORM_ATOMIC || form != form_of(type, old)) {
		if (!json_equal(old, new))
			add_self(changes->changed);
		return;
	}
	json_each (part, new) {
		CLEANUP(free_p) char *name = part_name(type, form, part);
		struct type part_type = type_of_part(type, form, part->string);
		const cJSON *before = find_part(type, form, old, name);
		struct fieldset_changes within;

		if (!before) {
			add_part(type, form, part, WITH_CONTAINERS, changes->changed);
			continue;
		}
		if (cJSON_IsNull(part))
			continue;
		within = (struct fieldset_changes){need_part(changes->changed, name),
						   need_part(changes->removed, name)};
		compare(&part_type, before, part, &within);
		drop_if_empty(changes->changed, name);
		drop_if_empty(changes->removed, name);
	}
	json_each (part, old) {
		CLEANUP(free_p) char *name = part_name(type, form, part);

		if (!find_part(type, form, new, name))
			add_part(type, form, part, WITH_CONTAINERS, changes->removed);
	}
}

/* What nobody owns: the server decides it, or it names the object. */
static void strip(cJSON *set)
{
	static const char *const names[] = {
		"f:name",
		"f:namespace",
		"f:uid",
		"f:creationTimestamp",
		"f:selfLink",
		"f:generation",
		"f:managedFields",
		"f:resourceVersion",
		"f:deletionTimestamp",
		"f:deletionGracePeriodSeconds",
	};
	cJSON *metadata = json_get(set, "f:metadata");

	json_remove_key(set, "f:apiVersion");
	json_remove_key(set, "f:kind");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_remove_key(metadata, names[i]);
	json_remove_key(metadata, SELF);
	drop_if_empty(set, "f:metadata");
}

void fieldset_compare(const struct schema_object *schema, const cJSON *old, const cJSON *new,
		      struct fieldset_changes *ret_changes)
{
	struct type type = type_of_object(schema);

	*ret_changes = (struct fieldset_changes){obj_new(), obj_new()};
	compare(&type, old, new, ret_changes);
	strip(ret_changes->changed);
	strip(ret_changes->removed);
}

void fieldset_changes_release(struct fieldset_changes *changes)
{
	cJSON_Delete(changes->changed);
	cJSON_Delete(changes->removed);
	*changes = (struct fieldset_changes){0};
}

cJSON *fieldset_of(const struct schema_object *schema, const cJSON *object)
{
	struct type type = type_of_object(schema);
	cJSON *set = obj_new();

	add_parts(&type, FORM_MEMBERS, object, ITEMS_ONLY, set);
	strip(set);
	return set;
}

/* --- applying sets to values ----------------------------------------------------------------- */

static void merge(const struct type *type, const cJSON *from, cJSON *to)
{
	enum form form = form_of(type, from);
	const cJSON *part;

	json_each (part, from) {
		CLEANUP(free_p) char *name = part_name(type, form, part);
		struct type part_type = type_of_part(type, form, part->string);
		enum form part_form = form_of(&part_type, part);
		cJSON *present = find_part(type, form, to, name);

		if (present && part_form != FORM_ATOMIC &&
		    part_form == form_of(&part_type, present))
			merge(&part_type, part, present);
		else if (form == FORM_MEMBERS && cJSON_IsNull(part))
			json_remove_key(to, part->string);
		else if (form == FORM_MEMBERS)
			obj_set_key(to, part->string, obj_copy(part));
		else if (!present)
			obj_append(to, obj_copy(part));
	}
}

void fieldset_merge(const struct schema_object *schema, const cJSON *from, cJSON *to)
{
	struct type type = type_of_object(schema);

	merge(&type, from, to);
}

static void remove_values(const struct type *type, const cJSON *set, cJSON *from)
{
	enum form form = form_of(type, from);
	const cJSON *node;

	if (form == FORM_ATOMIC)
		return;
	json_each (node, set) {
		cJSON *part = find_part(type, form, from, node->string);
		struct type part_type;

		if (!part)
			continue;
		part_type = type_of_part(type, form, part->string);
		remove_values(&part_type, node, part);
		if (json_get(node, SELF) && (form_of(&part_type, part) == FORM_ATOMIC ||
					     form == FORM_KEYED || !part->child))
			cJSON_Delete(cJSON_DetachItemViaPointer(from, part));
	}
}

void fieldset_remove_values(const struct schema_object *schema, const cJSON *set, cJSON *from)
{
	struct type type = type_of_object(schema);

	remove_values(&type, set, from);
}

/* --- arithmetic ------------------------------------------------------------------------------ */

void fieldset_add(cJSON *set, const cJSON *other)
{
	const cJSON *node;

	json_each (node, other) {
		fieldset_add(need_part(set, node->string), node);
	}
}

void fieldset_subtract(cJSON *set, const cJSON *other)
{
	const cJSON *node;

	json_each (node, other) {
		cJSON *part = json_get(set, node->string);

		if (!part)
			continue;
		if (strcmp(node->string, SELF) == 0) {
			json_remove_key(set, SELF);
			continue;
		}
		fieldset_subtract(part, node);
		drop_if_empty(set, node->string);
	}
}

cJSON *fieldset_intersection(const cJSON *a, const cJSON *b)
{
	cJSON *both = obj_new();
	const cJSON *node;

	json_each (node, a) {
		const cJSON *other = json_get(b, node->string);

		if (!other)
			continue;
		obj_set_key(both, node->string, fieldset_intersection(node, other));
		if (strcmp(node->string, SELF) != 0)
			drop_if_empty(both, node->string);
	}
	return both;
}

bool fieldset_is_empty(const cJSON *set)
{
	return !set->child;
}

/* --- fieldsV1 -------------------------------------------------------------------------------- */

static int compare_names(const void *left, const void *right)
{
	const cJSON *const *a = left, *const *b = right;

	return strcmp((*a)->string, (*b)->string);
}

/* As the real server orders them. */
static void sort_members(cJSON *object)
{
	size_t count = (size_t)cJSON_GetArraySize(object);
	CLEANUP(free_p) cJSON **members = alloc_zero((count + 1) * sizeof(*members));

	for (size_t i = 0; i < count; i++)
		members[i] = cJSON_DetachItemViaPointer(object, object->child);
	qsort(members, count, sizeof(*members), compare_names);
	for (size_t i = 0; i < count; i++)
		append_member(object, members[i]);
}

cJSON *fieldset_to_fields(const cJSON *set)
{
	cJSON *fields = obj_new();
	const cJSON *node;

	json_each (node, set) {
		/* A leaf is just an empty object. */
		if (strcmp(node->string, SELF) != 0 || node->next || node->prev != node)
			obj_set_key(fields, node->string, fieldset_to_fields(node));
	}
	sort_members(fields);
	return fields;
}

cJSON *fieldset_from_fields(const cJSON *fields)
{
	cJSON *set = obj_new();
	const cJSON *node;

	json_each (node, fields) {
		cJSON *part =
			strcmp(node->string, SELF) == 0 ? obj_new() : fieldset_from_fields(node);

		if (!node->child && strcmp(node->string, SELF) != 0)
			add_self(part);
		obj_set_key(set, node->string, part);
	}
	return set;
}

/* Appends one step of a path: .name, [name="c"], [="value"]. */
static void print_step(const char *name, struct buf *path)
{
	CLEANUP(cJSON_Delete_p) cJSON *keys = NULL;
	const cJSON *key;

	if (name[0] == 'f') {
		buf_printf(path, ".%s", name + 2);
		return;
	}
	buf_putc(path, '[');
	if (name[0] == 'v') {
		buf_printf(path, "=%s", name + 2);
	} else {
		keys = obj_parse(name + 2);
		json_each (key, keys) {
			buf_printf(path, "%s%s=", key == keys->child ? "" : ",", key->string);
			json_print(key, path);
		}
	}
	buf_putc(path, ']');
}

static void each(const cJSON *set, struct buf *path, void (*visit)(const char *path, void *context),
		 void *context)
{
	const cJSON *node;

	json_each (node, set) {
		size_t length = path->length;

		if (strcmp(node->string, SELF) == 0) {
			visit(buf_str(path), context);
			continue;
		}
		print_step(node->string, path);
		each(node, path, visit, context);
		buf_truncate(path, length);
	}
}

void fieldset_each(const cJSON *set, void (*visit)(const char *path, void *context), void *context)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_NAME_BYTES);

	each(set, &path, visit, context);
}
