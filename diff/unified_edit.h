/*
 * unified_edit.h - which lines to delete from one text and insert from another.
 *
 * Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), the linear space refinement.
 * Around it, what makes the result read as people expect and equal GNU diff's: lines without a
 * counterpart (or with far too many) are set aside first, and each run of changes is moved to
 * where it ends as late as possible.
 */
#ifndef DIFF_UNIFIED_EDIT_H
#define DIFF_UNIFIED_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

/*
 * One of the two texts. Lines are numbers from 0 up to the class count: equal lines, in either
 * text, have the same one.
 */
struct edit_text {
	const uint32_t *lines;
	size_t count;
	bool *changed; /* result, a flag each; the ones at -1 and at `count` exist and stay false */
};

/*
 * Sets the flags in `from` (deleted) and `to` (inserted), which are all false before. Shortest for
 * texts that differ in some thousand lines at most; beyond, merely short.
 */
int edit_find(struct edit_text *from, struct edit_text *to, uint32_t class_count, struct err *err);

#endif
