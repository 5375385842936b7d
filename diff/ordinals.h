/*
 * ordinals.h - lists of StatefulSet ordinals in an order that matters, and how people read them.
 */
#ifndef DIFF_ORDINALS_H
#define DIFF_ORDINALS_H

#include <stddef.h>
#include <stdint.h>

#include "diff/buf.h"

/* Zero-initialised is empty. */
struct ordinals {
	int64_t *items;
	size_t count, capacity;
};

int ordinals_add(struct ordinals *ordinals, int64_t ordinal, struct err *err);
void ordinals_release(struct ordinals *ordinals);

/*
 * Appends "0, 1, 4"; runs of three or more as "1..4" or, going down, "4..1". Nothing for an empty
 * list.
 */
void ordinals_print(const struct ordinals *ordinals, struct buf *out);

/* The same for `count` items of a longer list. */
void ordinals_print_items(const int64_t *items, size_t count, struct buf *out);

#endif
