/*
 * path.h - where a value stands within an object, written and read as text.
 *
 *	spec.template.spec.containers[nginx].image	a list item by what tells it apart
 *	spec.template.spec.containers[0].image		by its index, as the server writes it
 *	metadata.annotations["tranche.dev/step"]	a key that is no plain word
 *	spec.ports["80"]				an item told apart by a number
 *
 * Keys are joined by dots. In brackets stand an index (digits only), or what tells the item apart,
 * or a key; quoted as a JSON string where the characters or digits could be mistaken. So what is
 * written here can be read back.
 *
 * A walk through an object knows the type of the value it stands at: a struct schema_field whose
 * name does not matter, `shape` included (the items of a list have the list's type with
 * SCHEMA_ONE). SCHEMA_ANY is what nobody knows.
 */
#ifndef DIFF_PATH_H
#define DIFF_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/schema.h"

#define PATH_MAX_BYTES 65536

/* The type of a whole object, by its apiVersion and kind. Metadata is known of every kind. */
struct schema_field path_type_of(const cJSON *object);

/* The type of a member; what is below something `sensitive` is sensitive too. */
struct schema_field path_member_type(const struct schema_field *type, const char *key);

/* The type of a list's items. */
struct schema_field path_item_type(const struct schema_field *type);

/*
 * Appends what tells a list's item apart (schema_item_label; `name` where the list is not known).
 * False, and nothing appended, where nothing does.
 */
bool path_label(const struct schema_field *list_type, const cJSON *item, struct buf *out);

/* Append one step to a path, which may be empty. */
void path_add_key(struct buf *path, const char *key);
void path_add_label(struct buf *path, const char *label);
void path_add_index(struct buf *path, size_t index);

/* Whether a path is `parent` or leads to something below it. */
bool path_is_within(const char *path, const char *parent);

/*
 * A walk along a path, step by step:
 *
 *	struct path_walk walk = path_walk(object, path);
 *	while (path_next(&walk))
 *		look at walk.parent and walk.value
 *
 * It has arrived where nothing of the path is left in `rest`. Everything is borrowed.
 */
struct path_walk {
	const cJSON *parent;
	const cJSON *value;       /* its key is value->string where the parent is an object */
	struct schema_field type; /* of the value */
	const char *rest;
};
struct path_walk path_walk(const cJSON *object, const char *path);

/* False where the next step leads nowhere; the walk then stays where it was. */
bool path_next(struct path_walk *walk);

/*
 * Follows the path from `object` as far as there are values, and returns the last one; `object`
 * itself where not even the first step leads anywhere. Stops early where memory runs out.
 */
const cJSON *path_follow(const cJSON *object, const char *path);

#endif
