/*
 * keys.h - finds a key that an object has twice.
 *
 * A reader keeps one `struct keys` for a whole document. It is a stack: each object that is open
 * owns the entries from the `count` it began at, and gives them back when it ends. So objects cost
 * no allocation of their own, and n keys cost n log n whatever the keys are.
 */
#ifndef DIFF_KEYS_H
#define DIFF_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

struct key {
	const char *name; /* borrowed; valid while the entry is on the stack */
	uint64_t place;   /* where it was read, growing; what it means is the reader's */
	uint32_t hash;
};

struct keys {
	struct key *items;
	size_t count, capacity;
};

void keys_release(struct keys *keys);

/* Errors: ERR_NO_MEMORY. */
int keys_push(struct keys *keys, const char *name, uint64_t place, struct err *err);

/*
 * Ends the object that began at `base`. Returns whether two of its keys are equal, and which: of
 * several the pair whose second key was read first.
 */
bool keys_pop(struct keys *keys, size_t base, struct key *ret_first, struct key *ret_second);

#endif
