/*
 * compare.h - the differences between two objects, as a list of changes.
 *
 * Each change has a path (path.h): keys joined by dots; list items by what tells them apart
 * (`spec.template.spec.containers[nginx].image`, `ports[80/TCP]`) where the schema knows a key for
 * the list, or nobody knows the list and all its items have a `name` of their own; by index
 * elsewhere (`args[1]`: where the item will stand; of one that goes or moves, where it stood). A
 * whole subtree that appears or goes is one change at its root.
 *
 * Not a difference:
 *   - the order of keys;
 *   - a missing field against null, [], or an empty map (labels, data, limits): the server drops
 *     them. An empty *object* is something else than none: `namespaceSelector: {}` selects every
 *     namespace, `emptyDir: {}` is a volume, and the server keeps both;
 *   - two spellings of one quantity where the schema says quantity (`1000m` and `1`), base64 with
 *     and without line breaks; an IntOrString never equals across types;
 *   - the order of a set (finalizers).
 * The order of any other list is one: items that only moved give CHANGE_MOVE, as few as explain it.
 */
#ifndef DIFF_COMPARE_H
#define DIFF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/object.h"

#define CHANGE_VALUE_MAX_BYTES 256 /* of a value that change_print_value shows */

enum change_op {
	CHANGE_ADD,
	CHANGE_REMOVE,
	CHANGE_REPLACE,
	CHANGE_MOVE, /* a list item: from and to are its old and new index */
};

struct change {
	enum change_op op;
	char *path;
	cJSON *from, *to; /* owned copies; NULL where there was or will be none */
	bool secret;      /* the values are a Secret's: they may be compared, never shown */
};

struct changes {
	struct change *items; /* in the order of `to`; what goes, where it stood */
	size_t count, capacity;
};

/*
 * Compares two normalised objects (object_normalise) of the same kind as the server answers them,
 * defaults and all. *ret_changes is released with changes_release. ERR_NO_MEMORY; ERR_LIMIT where
 * a path is longer than PATH_MAX_BYTES.
 */
int compare_objects(const cJSON *from, const cJSON *to, struct changes *ret_changes,
		    struct err *err);

/*
 * Compares only what the manifest sets with the live object: for use without a server (`diff
 * --live`, no right to dry-run). Fields that the manifest leaves out, or sets to null, are not
 * looked at. Lists and maps (labels, data) that it sets are compared whole, as a replace would set
 * them. The objects need not be normalised. What the server would fill in (diff/defaults.h) is the
 * caller's to fill in first, and a Secret's stringData the caller's to fold: a default that nobody
 * filled in is a field left out. A default that the live object lacks, because its server is too
 * old to know the field, is no difference, nor is "" or false where the server stores none for it.
 */
int compare_set_fields(const cJSON *desired, const cJSON *live, struct changes *ret_changes,
		       struct err *err);

void changes_release(struct changes *changes);

/* Whether the change is at this path or below it. */
bool change_touches(const struct change *change, const char *path);

/*
 * Appends `value`, the change's `from` or `to`, as a line of text shows it: strings plain where
 * they cannot be taken for anything else, all others as compact JSON; "(none)" for NULL; what is
 * longer than CHANGE_VALUE_MAX_BYTES cut, with its size. Of a secret only "***", and for a replaced
 * one "*** (before)" and "*** (after)", as kubectl has it.
 */
void change_print_value(const struct change *change, const cJSON *value, struct buf *out);

#endif
