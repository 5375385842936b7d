/*
 * decision.h - what a sync does with one object, from what Git says, what the cluster has, what the
 * server would make of it, and what was applied last.
 */
#ifndef AGENT_DECISION_H
#define AGENT_DECISION_H

#include "agent/app.h"
#include "apply/rollout.h"
#include "apply/target.h"

/*
 * Whether neither Git nor the cluster changed since the two were equal, and no rollout is left to
 * be driven: then the server need not be asked. The target has been read.
 */
bool decision_is_in_sync(const struct app *app, const struct target *target);

/*
 * Whether a pass that writes needs no dry run of the target, for it is written whatever one says:
 *   - it is not there, and what Git says of it was never applied: it is created; or
 *   - Git says something else than was applied last, of a field that it names and that is otherwise
 *     in the cluster, and nobody changed the object since: it is replaced;
 *   - and nothing else is to be decided: it is no Secret (whose values the digests leave out), no
 *     autoscaler has its replicas, it is not to be recreated, nothing waits for it (order.h), and
 *     of a StatefulSet promotion_is_plain.
 *
 * The target has been read. What the write changes its answer tells, and what is against it its
 * refusal.
 */
bool decision_is_certain(const struct app *app, const struct target *target);

/* Notes what of the manifest is left to the cluster, whatever is done. The target has been read. */
int decision_note(const struct target *target, struct plan_item *item, struct err *err);

/*
 * Fills a fresh item (ref, file and mark are the caller's) for a target that has been read and,
 * where the server can say, previewed: the changes and the action (plan_decide). `undo`: drift is
 * undone.
 */
int decision_make(const struct app *app, const struct target *target, bool undo,
		  struct plan_item *item, struct err *err);

/*
 * Of a target that was written without a dry run: has the item tell what that changed, as a dry run
 * would have foretold it; with nothing it is in sync, and the target unchanged. Without memory all
 * stays as it was foretold.
 */
int decision_take_answer(struct target *target, struct plan_item *item, struct err *err);

/*
 * Notes whether the item is about drift, left alone or undone, and then who made its changes. After
 * everything else has been decided.
 */
int decision_accuse(const struct target *target, int64_t now_ms, struct plan_item *item,
		    struct err *err);

/* Fills in what the write of a StatefulSet would do to its Pods, which `rollouts` has. */
int decision_forecast(const struct target *target, const struct rollouts *rollouts,
		      struct plan_item *item, struct err *err);

#endif
