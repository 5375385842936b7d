/*
 * render_rollout.h - what a write would make a StatefulSet's controller do, in words.
 *
 * The rooms that render plans share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_ROLLOUT_H
#define DIFF_RENDER_ROLLOUT_H

#include "diff/plan.h"

/*
 * Appends the forecast of what is written now, and the steps that follow it:
 *
 *	replaces 4; then 3..0, one at a time, 1m of bake between: at the earliest done in 4m
 *
 * Nothing where no Pod is touched, now or later.
 */
void rollout_print_plan(const struct plan_item *item, struct buf *out);

/* The first of the item's steps that are yet to come when this write is done. */
size_t rollout_first_step_to_come(const struct plan_item *item);

#endif
