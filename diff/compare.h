/*
 * compare.h - the differences between two objects, as a list of changes.
 *
 * Paths are those that kubectl's users know: keys joined by dots, list items by their merge key
 * where the list has one (`spec.template.spec.containers[nginx].image`, `ports[80]`), by index
 * elsewhere (`args[1]`), keys that are not plain words in brackets and quotes
 * (`metadata.annotations["tranche.dev/step"]`). A path that is printed can be pasted back.
 *
 * Not a difference: the order of keys; a missing field against null, {} or [] (the server drops
 * them); two spellings of one quantity where the schema says quantity (`1000m`, `1`); an
 * IntOrString never equals across types. The order of a list is one: a merge-keyed list whose
 * items only moved gives CHANGE_MOVE.
 */
#ifndef DIFF_COMPARE_H
#define DIFF_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/object.h"

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
	struct change *items; /* in the order of the path's first appearance, `to` leading */
	size_t count, capacity;
};

/*
 * Compares two normalised objects (object_normalise) of the same kind; the kind's merge keys and
 * quantities come from schema.h, unknown kinds are compared by plain JSON rules, with lists of
 * objects that all have a unique `name` keyed by it for display.
 * A whole subtree that appears or goes is one change at its root.
 */
int compare_objects(const cJSON *from, const cJSON *to, struct changes *ret_changes,
		    struct err *err);

/*
 * Compares only what the manifest sets with the live object: for use without a server (`diff
 * --live`, no right to dry-run). Fields the manifest leaves out are not looked at.
 */
int compare_set_fields(const cJSON *desired, const cJSON *live, struct changes *ret_changes,
		       struct err *err);

void changes_release(struct changes *changes);

/* Whether the change is at this path or below it. */
bool change_touches(const struct change *change, const char *path);

/* One value as a line of text shows it: strings plain where unambiguous, objects as compact JSON. */
void change_print_value(const struct change *change, const cJSON *value, struct buf *out);

#endif
