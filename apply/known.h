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
void known_object_release(struct known_object *object);

/* Notes the object's state, and that it was listed. */
int known_put(struct known *known, const char *namespace, const char *name,
	      const char *resource_version, enum known_change *ret_change, struct err *err);

/* What is known may not be so: the next known_put of each is KNOWN_CHANGED, whatever its version. */
void known_doubt(struct known *known);

/* Whether it was known. */
bool known_remove(struct known *known, const char *namespace, const char *name);

/* A listing begins: nothing has been listed. */
void known_begin_listing(struct known *known);

/* Takes out one object that was not listed; false if all were. The caller releases it. */
bool known_take_unlisted(struct known *known, struct known_object *ret_object);

#endif
