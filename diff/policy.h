/*
 * policy.h - what a StatefulSet's annotations ask of its rollout.
 *
 * They stand on the object itself, under tranche.dev/, so that they are reviewed in Git with the
 * change they govern. The live object has them too, as it was applied: a judgement of live state
 * alone (`status`) reads them there. What each means for users is the table in docs/rollouts.md.
 *
 * The one table of all annotations under that prefix is here too, those of other rooms included, so
 * that a misspelt one is found.
 */
#ifndef DIFF_POLICY_H
#define DIFF_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

#define POLICY_PREFIX          "tranche.dev/"
#define POLICY_STEP            "tranche.dev/step"
#define POLICY_BAKE            "tranche.dev/bake"
#define POLICY_DEADLINE        "tranche.dev/deadline"
#define POLICY_ON_STUCK        "tranche.dev/on-stuck"
#define POLICY_UNSTICK         "tranche.dev/unstick"
#define POLICY_HOLD            "tranche.dev/hold"
#define POLICY_MAX_PROMOTION   "tranche.dev/max-promotion"
#define POLICY_FORCE_PARTITION "tranche.dev/force-partition"
#define POLICY_REPLICAS        "tranche.dev/replicas"

#define POLICY_DEFAULT_DEADLINE_MS (10 * 60 * 1000)

struct policy {
	int64_t step;          /* ordinals a promotion step takes; 0: straight to Git's partition */
	bool step_is_percent;  /* `step` is a percentage of the replicas, from 1 to 100 */
	int64_t bake_ms;       /* how long the updated Pods stay Ready before the next step */
	int64_t deadline_ms;   /* a step that is not available by then is stuck */
	bool rolls_back;       /* on-stuck: rollback; else hold */
	bool unsticks;         /* deletes a Pod that blocks the rollout once that helps */
	bool holds;            /* the live partition is frozen where it is */
	int64_t max_promotion; /* ordinals a commit may promote at once; -1: no limit */
	int64_t force_partition; /* Git's partition is applied past the gate if it is this; -1 */
	bool replicas_from_git;  /* replicas: git - Git's number wins over a manual scale */
};

/* Without any annotation. */
struct policy policy_default(void);

/*
 * Reads the annotations of `object`; those that are absent have their defaults. ERR_INVALID names
 * the annotation, its value and what it may be; *ret_key (may be NULL) is then its annotation's
 * key.
 */
int policy_read(const cJSON *object, struct policy *ret_policy, const char **ret_key,
		struct err *err);

/*
 * Of a live object: an annotation that cannot be read counts as absent, for somebody wrote it there
 * past all checks.
 */
struct policy policy_of_live(const cJSON *object);

/*
 * Ordinals one step takes of so many replicas: at least 1, a percentage is rounded up. Without
 * `step`: all of them.
 */
int64_t policy_step_size(const struct policy *policy, int64_t replicas);

/*
 * The partition of the next step down from `partition` to Git's `target`; never below it, and of
 * partitions above the replicas the first that any Pod sees.
 */
int64_t policy_next_partition(const struct policy *policy, int64_t replicas, int64_t partition,
			      int64_t target);

/* --- the offline check ------------------------------------------------------------------------ */

enum policy_fault {
	POLICY_FINE,
	POLICY_UNKNOWN,   /* no such annotation */
	POLICY_BAD_VALUE, /* it cannot have that value */
	POLICY_MISPLACED, /* it means nothing on an object of this kind */
};

/*
 * Checks one annotation by its key and value on an object of this kind; a key without the prefix is
 * fine. Prints the fault's sentence, which quotes key and value.
 */
enum policy_fault policy_check(const char *kind, const char *key, const char *value,
			       struct buf *out);

#endif
