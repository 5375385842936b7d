/*
 * render_hunks.h - the YAML of an object before and after, as the hunks of `diff -u`.
 *
 * The rooms that render plans share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_HUNKS_H
#define DIFF_RENDER_HUNKS_H

#include "diff/plan.h"

#define HUNKS_MAX_BYTES (256u * 1024 * 1024)

/* Appends them, without headers, a Secret's values masked; nothing where nothing differs. */
int hunks_print(const struct plan_item *item, bool colour, struct buf *out, struct err *err);

#endif
