/*
 * render_value.h - the values of changes as any output may show them: Secrets' are masked.
 *
 * The rooms of render.h share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_VALUE_H
#define DIFF_RENDER_VALUE_H

#include "diff/compare.h"

/* The masks of `kubectl diff`. */
#define MASK        "***"
#define MASK_BEFORE "*** (before)"
#define MASK_AFTER  "*** (after)"

/* The mask for one side of a change; with both sides there, they tell before from after. */
const char *render_mask(const struct change *change, const cJSON *value);

/* change_print_value, or the mask if the change is a Secret's. */
void render_value(const struct change *change, const cJSON *value, struct buf *out);

#endif
