/*
 * rollout.h - the rollouts of the StatefulSets in some namespaces, followed as they move.
 *
 * Two watches a namespace, on StatefulSets and on Pods (three with ControllerRevisions); every
 * change is judged by diff/rollout.h and told when the verdict changes. Also for one look only
 * (`once`): two lists, no watch. Whoever has read the StatefulSets already only needs what belongs
 * to them (`pods_only`): one list, and judges them by diff/rollout.h itself.
 */
#ifndef APPLY_ROLLOUT_H
#define APPLY_ROLLOUT_H

#include "apply/cluster.h"
#include "diff/rollout.h"

struct rollouts;

struct rollouts_options {
	bool once;      /* only lists */
	bool pods_only; /* no StatefulSets, so that none is judged or told */
	bool revisions; /* ControllerRevisions too; where they may not be listed there are none */

	/* What is remembered of the StatefulSet, or NULL; borrowed. May be NULL itself. */
	const struct promotion_record *(*record_of)(void *ctx, const char *namespace,
						    const char *name);
	/*
	 * A rollout that is new or judged otherwise than before; borrowed until the next turn. May
	 * be NULL with `pods_only`.
	 */
	void (*on_change)(void *ctx, const struct rollout *rollout);
	/* The StatefulSet was deleted. May be NULL. */
	void (*on_gone)(void *ctx, const char *namespace, const char *name);
	/*
	 * Everything in the namespaces added so far is known and told; again whenever one that was
	 * added later is. May be NULL.
	 */
	void (*on_synced)(void *ctx);
	/*
	 * As watch.h has it: tried again by itself, or -1 with `once`. 0: one StatefulSet could not
	 * be judged, or memory ran out. May be NULL.
	 */
	void (*on_error)(void *ctx, const struct err *err, int64_t retry_in_ms);
	void *ctx;
};

/* Follows nothing yet. NULL when memory runs out. */
struct rollouts *rollouts_new(struct cluster *cluster, const struct rollouts_options *options,
			      struct err *err);

/* Stops following; before cluster_free. May be called in a callback. NULL is fine. */
void rollouts_free(struct rollouts *rollouts);

/* Follows this namespace too ("": all of them); one that is followed already is a no-op. */
int rollouts_add_namespace(struct rollouts *rollouts, const char *namespace, struct err *err);

/* Judges it anew in the next turn, because what record_of says of it has changed. */
void rollouts_touch(struct rollouts *rollouts, const char *namespace, const char *name);

/* The last verdict on a StatefulSet, or NULL. Valid until the loop turns. */
const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *namespace,
				    const char *name);

/* The n-th of all verdicts, by namespace and name; NULL beyond the last. */
const struct rollout *rollouts_at(const struct rollouts *rollouts, size_t index);

/*
 * The StatefulSet as last seen (without managedFields), or NULL; and the Pods that are named after
 * it. With `once` whole, for forecasts, else reduced (rollout_reduce.h). All borrowed until the
 * loop turns.
 */
const cJSON *rollouts_statefulset(const struct rollouts *rollouts, const char *namespace,
				  const char *name);
const cJSON *const *rollouts_pods(const struct rollouts *rollouts, const char *namespace,
				  const char *name, size_t *ret_count);

/* The ControllerRevisions that are named after the StatefulSet. Likewise. */
const cJSON *const *rollouts_revisions(const struct rollouts *rollouts, const char *namespace,
				       const char *name, size_t *ret_count);

#endif
