/*
 * known.h - which objects a watch has told of, by name, and in which state.
 */
#ifndef APPLY_KNOWN_H
#define APPLY_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/err.h"

struct known_object {
	char *namespace, *name;
	char *resource_version; /* opaque */
	bool listed;            /* by the listing that is under way */
	bool doubted;           /* the version may be another state's by now */
};

/* Sorted by namespace and name. Zero-initialised is empty. */
struct known {
	struct known_object *items;
	size_t count, capacity;
};

enum known_change {
	KNOWN_NEW,
	KNOWN_CHANGED,
	KNOWN_SAME, /* with the same resourceVersion */
};

void known_release(struct known *known);

/* Notes the object's state, and that it was listed. */
int known_put(struct known *known, const char *namespace, const char *name,
	      const char *resource_version, enum known_change *ret_change, struct err *err);

/* What is known may not be true: the next known_put of each object is KNOWN_CHANGED. */
void known_doubt(struct known *known);

/* Whether it was known. */
bool known_remove(struct known *known, const char *namespace, const char *name);

/* A listing begins: nothing has been listed. */
void known_begin_listing(struct known *known);

/*
 * The next object that was not listed, in their order; NULL: there is no other one. The cursor
 * starts at 0 and is good until something is put or removed.
 */
const struct known_object *known_next_unlisted(const struct known *known, size_t *cursor);

/* Removes those that were not listed and that the cursor has passed, all in one go. */
void known_drop_unlisted(struct known *known, size_t cursor);

#endif
