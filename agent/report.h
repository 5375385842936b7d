/*
 * report.h - what a pass did, in the words that `sync` prints and `run` logs.
 */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/steer.h"
#include "apply/target.h"
#include "diff/plan.h"

/*
 * "created", "replaced: spec.replicas 3 -> 5, ...", "recreated: ...", "unchanged", "pruned" (and
 * what it waits for).
 */
void report_written(const struct plan_item *item, const struct target *target, struct buf *out);

/*
 * "spec.replicas 5 -> 3 by kubectl (scale) at 12:03:11, ..." from the applied value to the live
 * one, and who made it so where that is known (culprit.h); "deleted" where it is gone.
 */
void report_drift(const struct plan_item *item, struct buf *out);

/* What becomes of it: "left alone (--self-heal undoes it)", "put back", "put back in 4s". */
void report_drift_fate(const struct plan_item *item, struct buf *out);

/*
 * The drift of an item and what becomes of it: "spec.replicas 3 -> 5; left alone (...)"; nothing
 * where there is none. `steer` (may be NULL) knows of replicas that were kept.
 */
void report_item_drift(const struct plan_item *item, const struct steer *steer, struct buf *out);

/* "web.yaml:16: "; nothing for what left Git. */
void report_place(const struct plan_item *item, struct buf *out);

/*
 * What left Git and stays, told once for all objects that stay for the same reason:
 * "configmap/a, configmap/b left Git, not pruned (--prune deletes it)".
 */
void report_left(const struct plan *plan,
		 void (*tell)(void *context, const char *reason, const char *line), void *context);

/* "statefulset.apps/web", with "NAMESPACE/" in front: what tells an object from all others. */
void report_key(const struct ref *ref, struct buf *out);

#endif
