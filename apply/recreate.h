/*
 * recreate.h - a target deleted and created again, because the server refuses to replace it
 * (diff/recreation.h says what for).
 *
 *	KEEP      a copy goes into a ConfigMap (kept.h)
 *	DELETE    with propagationPolicy Orphan, and what was read as preconditions
 *	WAIT      until it is gone: the garbage collector takes the owner off the Pods first
 *	CREATE    what the manifest says, on top of what was there
 *	PUT_BACK  the old one, where that fails
 *	FORGET    the copy
 *
 * All of it can end at any point. The object is then missing until the next pass, which finds the
 * copy and goes on at CREATE. What is there bears the target's name and another uid than before was
 * made by somebody else meanwhile, and is left alone.
 */
#ifndef APPLY_RECREATE_H
#define APPLY_RECREATE_H

#include "apply/fanout.h"
#include "apply/target.h"

#define RECREATE_WAIT_MS 30000 /* for the old one to be gone, and for putting it back */

struct recreate;

/*
 * Begins with a target whose `recreate` is set, with `live` or, going on where it ended before,
 * with `kept`. The target must outlive it. -1 with *err when nothing could be sent.
 */
int recreate_begin(struct target *target, struct fanout_slot *slot, struct recreate **ret_recreate,
		   struct err *err);

/*
 * Goes on as a fanout's item does; false when it is over. The target then has `written` and
 * TARGET_RECREATED (or TARGET_CREATED where it went on), or its `error`:
 *   ERR_CONFLICT, ERR_EXISTS  as of replace.h: somebody else was faster
 *   ERR_TRANSIENT             it is still on its way out, or nobody answered: the next pass goes on
 *   others                    why it could not be created, and whether the old one is back
 */
bool recreate_proceed(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
		      struct cluster_answer *answer);

/* NULL is fine. */
void recreate_free(struct recreate *recreate);

#endif
