/*
 * ids.h - numbers that stand for things under way.
 *
 * A number is given once and never again, so one that was kept too long finds nothing instead of
 * a stranger. Adding, finding and removing take constant time.
 */
#ifndef APPLY_IDS_H
#define APPLY_IDS_H

#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

#define IDS_MAX_LIVE (1u << 20) /* at the same time */

struct ids_slot {
	uint64_t id;      /* 0: free */
	void *value;      /* while it is in use */
	size_t next_free; /* while it is free: the index after the next free slot, 0: none */
};

/* Zero-initialised is empty. */
struct ids {
	struct ids_slot *slots;
	size_t count; /* slots ever used */
	size_t capacity;
	size_t first_free; /* index + 1 */
	uint64_t serial;
};

void ids_release(struct ids *ids);

/* The number for `value`, which is not NULL; 0 with *err: ERR_NO_MEMORY, ERR_LIMIT. */
uint64_t ids_add(struct ids *ids, void *value, struct err *err);

/* What the number stands for; NULL if it is not in use. */
void *ids_find(const struct ids *ids, uint64_t id);

/* Ends the number; one that is not in use is fine. */
void ids_remove(struct ids *ids, uint64_t id);

/*
 * Goes through the values in use, in no order, also while they are removed: *cursor is 0 at first.
 * NULL after the last.
 */
void *ids_next(const struct ids *ids, size_t *cursor);

#endif
