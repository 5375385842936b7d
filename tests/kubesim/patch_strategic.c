#include "tests/kubesim/patch_strategic.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/patch_print.h"

#define DIRECTIVE     "$patch"
#define RETAIN_KEYS   "$retainKeys"
#define DELETE_PREFIX "$deleteFromPrimitiveList"
#define ORDER_PREFIX  "$setElementOrder"

#define PRINT_MAX_BYTES 512 /* of a value inside an error message */

/* What the schema says of the value being merged. */
struct meta {
	const struct schema_object *object; /* its members', or its items' members'; may be NULL */
	const char *merge_key;              /* of a list of objects, NULL for none */
	bool merge;                         /* patchStrategy merge */
};

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* The field's name behind "PREFIX/", NULL where the slash is missing. */
static const char *behind(const char *key, const char *prefix)
{
	key += strlen(prefix);
	return *key == '/' ? key + 1 : NULL;
}

static struct meta meta_of(const struct schema_object *object, const char *name)
{
	struct schema_field field;
	struct meta meta = {0};

	if (schema_field(object, name, &field)) {
		/* A map's members have free names, which the schema does not list. */
		if (field.shape != SCHEMA_MAP)
			meta.object = field.object;
		meta.merge = field.patch_merge;
		meta.merge_key = field.patch_merge ? field.keys[0] : NULL;
	}
	return meta;
}

/* --- errors, in the server's words ----------------------------------------------------------- */

static int bad_order_list(struct err *err)
{
	return err_set(err, ERR_INVALID, "invalid patch format of setElementOrder list");
}

static int bad_retain_keys(struct err *err)
{
	return err_set(err, ERR_INVALID, "invalid patch format of retainKeys");
}

static int no_merge_key(const cJSON *item, const char *key, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(PRINT_MAX_BYTES);

	patch_print_go(item, &text);
	return err_set(err, ERR_INTERNAL, "map: %s does not contain declared merge key: %s",
		       buf_str(&text), key);
}

static int bad_directive(const cJSON *directive, const cJSON *object, struct err *err)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(PRINT_MAX_BYTES);
	CLEANUP(buf_release) struct buf text = BUF_INIT(PRINT_MAX_BYTES);

	patch_print_go(directive, &name);
	patch_print_go(object, &text);
	return err_set(err, ERR_INTERNAL, "unknown patch type: %s in map: %s", buf_str(&name),
		       buf_str(&text));
}

/* --- values ---------------------------------------------------------------------------------- */

enum kind { KIND_NONE, KIND_NULL, KIND_BOOL, KIND_NUMBER, KIND_STRING, KIND_LIST, KIND_MAP };

static enum kind kind_of(const cJSON *value)
{
	if (cJSON_IsBool(value))
		return KIND_BOOL;
	if (cJSON_IsNumber(value))
		return KIND_NUMBER;
	if (cJSON_IsString(value))
		return KIND_STRING;
	if (cJSON_IsArray(value))
		return KIND_LIST;
	return cJSON_IsObject(value) ? KIND_MAP : KIND_NULL;
}

/* The one kind that all items of both lists have; KIND_NONE where both are empty. */
static int items_kind(const cJSON *a, const cJSON *b, enum kind *ret_kind, struct err *err)
{
	const cJSON *lists[] = {a, b}, *item;
	enum kind kind = KIND_NONE;

	for (size_t i = 0; i < 2; i++) {
		json_each (item, lists[i]) {
			if (kind != KIND_NONE && kind_of(item) != kind)
				return err_set(err, ERR_INTERNAL,
					       "list element types are not identical");
			kind = kind_of(item);
			if (kind == KIND_LIST)
				return err_set(err, ERR_UNSUPPORTED,
					       "lists of lists are not supported");
		}
	}
	*ret_kind = kind;
	return 0;
}

/* Drops null members at any depth. */
static void drop_nulls(cJSON *value)
{
	cJSON *item, *next;

	for (item = value->child; item; item = next) {
		next = item->next;
		if (cJSON_IsObject(value) && cJSON_IsNull(item))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
		else if (cJSON_IsObject(item) || cJSON_IsArray(item))
			drop_nulls(item);
	}
}

/* Drops what has a $patch of its own, at any depth; false where that is the value itself. */
static bool drop_directives(cJSON *value)
{
	cJSON *item, *next;

	if (json_get(value, DIRECTIVE))
		return false;
	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return true;
	for (item = value->child; item; item = next) {
		next = item->next;
		if (!drop_directives(item))
			cJSON_Delete(cJSON_DetachItemViaPointer(value, item));
	}
	return true;
}

/* Whether two items of a list are the same one: by merge key, or by value where there is none. */
static bool same_item(const cJSON *a, const cJSON *b, const char *merge_key)
{
	if (!merge_key)
		return json_equal(a, b);
	a = json_get(a, merge_key);
	return a && json_equal(a, json_get(b, merge_key));
}

static cJSON *find_item(const cJSON *list, const cJSON *like, const char *merge_key)
{
	cJSON *item;

	json_each (item, list) {
		if (same_item(item, like, merge_key))
			return item;
	}
	return NULL;
}

static int index_of(const cJSON *list, const cJSON *like, const char *merge_key)
{
	const cJSON *item;
	int index = 0;

	json_each (item, list) {
		if (same_item(item, like, merge_key))
			return index;
		index++;
	}
	return -1;
}

static int need_merge_keys(const cJSON *list, const char *merge_key, struct err *err)
{
	const cJSON *item;

	json_each (item, list) {
		if (merge_key && !json_get(item, merge_key))
			return no_merge_key(item, merge_key, err);
	}
	return 0;
}

/* --- the order of a merged list -------------------------------------------------------------- */

/* Moves the items of `list` that are in `order` to the end of `to`, sorted as `order` has them. */
static void take_ordered(cJSON *list, const cJSON *order, const char *merge_key, cJSON *to)
{
	const cJSON *wanted;
	cJSON *item;

	json_each (wanted, order) {
		while ((item = find_item(list, wanted, merge_key)))
			cJSON_AddItemToArray(to, cJSON_DetachItemViaPointer(list, item));
	}
}

/*
 * Puts `list` in order: the items that the client named as `order` has them, the others between
 * them where `live` had them.
 */
static int sort_list(cJSON *list, const cJSON *order, const cJSON *live, const char *merge_key,
		     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *named = cJSON_CreateArray();
	CLEANUP(cJSON_Delete_p) cJSON *others = cJSON_CreateArray();

	if (!named || !others)
		return err_no_memory(err);
	if (need_merge_keys(list, merge_key, err) < 0 || need_merge_keys(order, merge_key, err) < 0)
		return -1;
	take_ordered(list, order, merge_key, named);
	take_ordered(list, live, merge_key, others);
	while (list->child)
		cJSON_AddItemToArray(others, cJSON_DetachItemViaPointer(list, list->child));
	while (named->child || others->child) {
		int other = index_of(live, others->child, merge_key);
		int name = index_of(live, named->child, merge_key);
		bool other_first =
			!named->child || (others->child && other >= 0 && name >= 0 && other < name);
		cJSON *from = other_first ? others : named;

		cJSON_AddItemToArray(list, cJSON_DetachItemViaPointer(from, from->child));
	}
	return 0;
}

/* --- merging --------------------------------------------------------------------------------- */

static int merge_object(cJSON *object, cJSON *patch, const struct schema_object *schema,
			struct err *err);

/* Takes the items with a $patch out of the patch and does what they say. */
static int apply_item_directives(cJSON *list, cJSON *patch, const char *merge_key, struct err *err)
{
	bool replace = false;
	cJSON *item, *next, *match;

	for (item = patch->child; item; item = next) {
		const cJSON *directive = json_get(item, DIRECTIVE);
		const char *name = json_str(item, DIRECTIVE);

		next = item->next;
		if (!directive)
			continue;
		if (name && strcmp(name, "delete") == 0) {
			if (!json_get(item, merge_key))
				return no_merge_key(item, merge_key, err);
			while ((match = find_item(list, item, merge_key)))
				cJSON_Delete(cJSON_DetachItemViaPointer(list, match));
		} else if (name && strcmp(name, "replace") == 0) {
			replace = true;
		} else if (name && strcmp(name, "merge") == 0) {
			return err_set(err, ERR_INTERNAL,
				       "merging lists cannot yet be specified in the patch");
		} else {
			return bad_directive(directive, item, err);
		}
		cJSON_Delete(cJSON_DetachItemViaPointer(patch, item));
	}
	while (replace && list->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(list, list->child));
	return 0;
}

static int merge_items(cJSON *list, const cJSON *patch, const struct meta *meta, struct err *err)
{
	const cJSON *item;

	json_each (item, patch) {
		CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(item);
		cJSON *match = find_item(list, item, meta->merge_key);

		if (!copy)
			return err_no_memory(err);
		if (meta->merge_key && !json_get(item, meta->merge_key))
			return no_merge_key(item, meta->merge_key, err);
		if (!match) {
			if (json_append(list, STEAL(copy), err) < 0)
				return -1;
		} else if (meta->merge_key && merge_object(match, copy, meta->object, err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* Merges a list of objects or of scalars, in place; `patch` loses its directives. */
static int merge_list(cJSON *list, cJSON *patch, const struct meta *meta, bool delete_list,
		      struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *live = NULL;
	enum kind kind;
	cJSON *item, *match;

	if (items_kind(list, patch, &kind, err) < 0)
		return -1;
	if (kind == KIND_NONE)
		return 0;
	if (kind != KIND_MAP && delete_list) {
		json_each (item, patch) {
			while ((match = find_item(list, item, NULL)))
				cJSON_Delete(cJSON_DetachItemViaPointer(list, match));
		}
		return 0;
	}
	if (kind == KIND_MAP) {
		if (!meta->merge_key)
			return err_set(err, ERR_INTERNAL,
				       "cannot merge lists without merge key for struct");
		if (apply_item_directives(list, patch, meta->merge_key, err) < 0)
			return -1;
	}
	live = json_copy(list);
	if (!live)
		return err_no_memory(err);
	if (merge_items(list, patch, meta, err) < 0)
		return -1;
	return sort_list(list, patch, live, meta->merge_key, err);
}

/* The patch's items must stand in the order list, in the same order; deletions apart. */
static int check_order(const cJSON *patch, const cJSON *order, const char *merge_key,
		       struct err *err)
{
	const cJSON *item, *place = order->child;

	if (!order->child)
		return 0;
	json_each (item, patch) {
		CLEANUP(buf_release) struct buf items = BUF_INIT(PRINT_MAX_BYTES);
		CLEANUP(buf_release) struct buf wanted = BUF_INIT(PRINT_MAX_BYTES);

		if (json_get(item, DIRECTIVE))
			continue;
		if (merge_key && !json_get(item, merge_key))
			return no_merge_key(item, merge_key, err);
		while (place && !same_item(place, item, merge_key))
			place = place->next;
		if (place)
			continue;
		patch_print_go(patch, &items);
		patch_print_go(order, &wanted);
		return err_set(err, ERR_INTERNAL,
			       "The order in patch list:\n%s\n doesn't match " ORDER_PREFIX
			       " list:\n%s\n",
			       buf_str(&items), buf_str(&wanted));
	}
	return 0;
}

/* Merges the list that a $setElementOrder member orders, and takes both out of the patch. */
static int merge_ordered(cJSON *object, cJSON *patch, cJSON *take_order, const char *name,
			 const struct schema_object *schema, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *order = take_order;
	CLEANUP(cJSON_Delete_p) cJSON *live = NULL;
	struct meta meta = meta_of(schema, name);
	cJSON *list = json_get(object, name), *changes = json_get(patch, name);
	enum kind kind;

	if (!cJSON_IsArray(order) || (list && !cJSON_IsArray(list)) ||
	    (changes && !cJSON_IsArray(changes)))
		return bad_order_list(err);
	if (changes && check_order(changes, order, meta.merge_key, err) < 0)
		return -1;
	if (!list && !changes)
		return 0;
	if (items_kind(list, changes, &kind, err) < 0)
		return -1;
	if (kind == KIND_NONE)
		return err_set(err, ERR_INTERNAL, "no elements in any of the given slices");
	live = list ? json_copy(list) : cJSON_CreateArray();
	if (!live)
		return err_no_memory(err);
	if (changes && list && meta.merge) {
		if (merge_list(list, changes, &meta, false, err) < 0)
			return -1;
	} else if (changes) {
		cJSON *copy = json_copy(changes);

		if (copy)
			drop_directives(copy);
		if (json_set_key(object, name, copy, err) < 0)
			return -1;
		list = json_get(object, name);
	}
	json_remove_key(patch, name);
	return sort_list(list, order, live, meta.merge_key, err);
}

static int apply_orders(cJSON *object, cJSON *patch, const struct schema_object *schema,
			struct err *err)
{
	cJSON *member = patch->child;

	while (member) {
		CLEANUP(free_p) char *name = NULL;

		if (!starts_with(member->string, ORDER_PREFIX)) {
			member = member->next;
			continue;
		}
		if (!behind(member->string, ORDER_PREFIX))
			return bad_order_list(err);
		name = strdup(behind(member->string, ORDER_PREFIX));
		if (!name)
			return err_no_memory(err);
		if (merge_ordered(object, patch, cJSON_DetachItemViaPointer(patch, member), name,
				  schema, err) < 0)
			return -1;
		/* Both members are gone from the patch: start over. */
		member = patch->child;
	}
	return 0;
}

static bool has_string(const cJSON *list, const char *text)
{
	const cJSON *item;

	json_each (item, list) {
		if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0)
			return true;
	}
	return false;
}

static int apply_retain_keys(cJSON *object, cJSON *patch, struct err *err)
{
	const cJSON *keys = json_get(patch, RETAIN_KEYS);
	cJSON *member, *next;

	if (!keys)
		return 0;
	if (!cJSON_IsArray(keys))
		return bad_retain_keys(err);
	json_each (member, patch) {
		if (cJSON_IsNull(member) || strcmp(member->string, RETAIN_KEYS) == 0 ||
		    starts_with(member->string, DELETE_PREFIX) ||
		    starts_with(member->string, ORDER_PREFIX))
			continue;
		if (!has_string(keys, member->string))
			return bad_retain_keys(err);
	}
	for (member = object->child; member; member = next) {
		next = member->next;
		if (!has_string(keys, member->string))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
	}
	json_remove_key(patch, RETAIN_KEYS);
	return 0;
}

/* Merges one member of the patch that is no directive of its own. */
static int merge_member(cJSON *object, const cJSON *member, const char *name, bool delete_list,
			const struct schema_object *schema, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = json_copy(member);
	struct meta meta = meta_of(schema, name);
	cJSON *old = json_get(object, name);

	if (!value)
		return err_no_memory(err);
	if (cJSON_IsNull(value)) {
		json_remove_key(object, name);
		return 0;
	}
	if (old && kind_of(old) == kind_of(value)) {
		if (cJSON_IsObject(value))
			return merge_object(old, value, meta.object, err);
		if (cJSON_IsArray(value) && (meta.merge || delete_list))
			return merge_list(old, value, &meta, delete_list, err);
		/* A list that replaces keeps even its nulls. */
		return json_set_key(object, name, STEAL(value), err);
	}
	if (delete_list)
		return 0;
	drop_nulls(value);
	if (!drop_directives(value)) {
		json_remove_key(object, name);
		return 0;
	}
	return json_set_key(object, name, STEAL(value), err);
}

/* Empties `object` and moves what `content` has into it. */
static void become(cJSON *object, cJSON *content)
{
	while (object->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, object->child));
	object->child = content ? content->child : NULL;
	if (content)
		content->child = NULL;
}

/* Merges `patch`, which is used up, into `object`, in place. */
static int merge_object(cJSON *object, cJSON *patch, const struct schema_object *schema,
			struct err *err)
{
	const cJSON *directive = json_get(patch, DIRECTIVE);
	const cJSON *member;

	if (directive) {
		const char *name = json_str(patch, DIRECTIVE);
		bool replace;

		if (!name || (strcmp(name, "replace") != 0 && strcmp(name, "delete") != 0))
			return bad_directive(directive, patch, err);
		replace = strcmp(name, "replace") == 0;
		json_remove_key(patch, DIRECTIVE);
		become(object, replace ? patch : NULL);
		return 0;
	}
	if (apply_retain_keys(object, patch, err) < 0 ||
	    apply_orders(object, patch, schema, err) < 0)
		return -1;
	json_each (member, patch) {
		const char *name = member->string;
		bool delete_list = starts_with(name, DELETE_PREFIX);

		if (delete_list && !(name = behind(name, DELETE_PREFIX)))
			return err_set(err, ERR_INVALID, "invalid patch format of primitive list");
		if (merge_member(object, member, name, delete_list, schema, err) < 0)
			return -1;
	}
	return 0;
}

int patch_strategic(const cJSON *target, const cJSON *patch, const struct schema_object *schema,
		    cJSON **ret_result, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *result = json_copy(target);
	CLEANUP(cJSON_Delete_p) cJSON *changes = json_copy(patch);

	if (!result || !changes)
		return err_no_memory(err);
	if (!cJSON_IsObject(changes))
		return err_set(err, ERR_INVALID,
			       "json: cannot unmarshal %s into Go value of type "
			       "map[string]interface {}",
			       cJSON_IsArray(changes) ? "array" : "value");
	if (merge_object(result, changes, schema, err) < 0)
		return -1;
	*ret_result = STEAL(result);
	return 0;
}
