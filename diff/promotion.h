/*
 * promotion.h - what is sent for a StatefulSet now, on its way to what Git says. The project's
 * heart.
 *
 * Git says where a StatefulSet has to arrive; its policy (policy.h) says how. A sync asks here,
 * each time anew, what of the manifest is to be written at this moment: all of it, or with another
 * partition (a step of a walk, a gate that is closed, a hold), another replica count (somebody
 * scaled, and scaling back would delete Pods) or another template (the last good one, after a
 * rollback). Nothing is remembered but what `record` has, so a restarted agent decides the same.
 *
 *   live template      partition, Git's to live     what happens
 *   is another's       any                          the walk begins at the top: the template with the
 *                                                   first step's partition (no step: Git's)
 *   is Git's           lower, gate open             the next step down, at most to Git's
 *   is Git's           lower, gate closed           the live partition stays: walk, or blocked
 *   is Git's           the same                     arrived
 *   is Git's           higher                       Git's (updated Pods stay updated)
 *   was rolled back    any                          the last good template and the live partition
 *
 * The gate is open when every Pod that the update has reached so far (at or above the live
 * partition) is on the update revision, is available, and has been Ready without a restart for
 * `bake`; the controller has seen the newest spec. Where no Pod is on an older revision there is
 * nothing to promote, and the gate is open.
 */
#ifndef DIFF_PROMOTION_H
#define DIFF_PROMOTION_H

#include "diff/policy.h"
#include "diff/promotion_record.h"
#include "diff/rollout.h"

struct promotion_facts {
	const cJSON *wanted; /* what Git's manifest would leave: the dry run's answer (defaulted) */
	const cJSON *live;   /* NULL: it does not exist */
	/* `wanted` was made without the server: only what it sets is compared with the live one. */
	bool client_side;
	bool pods_known;          /* else they could not be read, and the gate stays closed */
	const cJSON *const *pods; /* of the namespace, at least as new as `live` */
	size_t pod_count;
	const cJSON *const *revisions; /* ControllerRevisions of the namespace, for a rollback */
	size_t revision_count;
	const struct promotion_record *record; /* NULL: it was never applied */
	const char *wanted_digest;             /* of Git's object, as the inventory has it */
	const char *commit;                    /* Git's, for the record of a rollback; "" */
	bool git_unchanged;                    /* Git's object is the one that was applied last */
	bool replicas_from_git;                /* the command line's --replicas=git */
	int64_t now_ms;
};

enum promotion_verdict {
	PROMOTION_AS_GIT,  /* nothing is held back */
	PROMOTION_WALKING, /* on its way; this pass writes the next step, or waits for the gate */
	PROMOTION_BLOCKED, /* the gate keeps a lower partition from being applied */
	PROMOTION_HELD,    /* tranche.dev/hold */
	PROMOTION_REFUSED, /* max-promotion: nothing of the object is written */
	PROMOTION_STUCK,   /* the step did not become available by its deadline, or cannot */
	PROMOTION_ROLLED_BACK, /* the last good template is, or is being, put back */
};

struct promotion {
	enum promotion_verdict verdict;
	bool sets_partition, sets_replicas; /* other values than Git's are sent */
	int64_t partition, replicas;
	cJSON *template; /* sent in place of Git's; NULL: Git's */
	char *reason;    /* one sentence for a person; NULL where Git is followed */
	char *rejection; /* of a rollback that begins: why, for the record; else NULL */
	char *drift;     /* replicas that were kept: says which, and what resolves it; else NULL */
	bool bakes;      /* PROMOTION_WALKING: all that the next step waits for is the bake */
	int64_t recheck_ms; /* from now: when time alone may change this; 0: it does not */
	/* A Pod to be deleted (or evicted) so that the rollout gets on; NULL: none. */
	char *unstick_pod, *unstick_uid;
	char *good_revision; /* of a rollback that begins now or goes on */
};

/*
 * ERR_INVALID for what is no StatefulSet and for annotations that cannot be read, ERR_LIMIT as
 * rollout_observe, ERR_NO_MEMORY.
 */
int promotion_decide(const struct promotion_facts *facts, struct promotion *ret_promotion,
		     struct err *err);
void promotion_release(struct promotion *promotion);

/* Writes what is sent otherwise than Git says into `object`: the manifest's or the dry run's. */
int promotion_apply(const struct promotion *promotion, cJSON *object, struct err *err);

/*
 * Whether the StatefulSet needs no promotion_decide although `live` and the manifest are as they
 * were when they were recorded: it stands at Git's partition, the controller has seen it, and
 * nothing of its rollout is left to be driven.
 */
bool promotion_is_idle(const cJSON *desired, const cJSON *live,
		       const struct promotion_record *record);

/*
 * Whether promotion_decide follows Git whatever the server would make of the manifest, another than the
 * one that was recorded: there is no policy to keep, partition and replicas are those that are there, and
 * all Pods are ready and on one revision, so that there is nothing to gate.
 */
bool promotion_is_plain(const cJSON *desired, const cJSON *live,
			const struct promotion_record *record);

/* A step of a walk that is yet to come. */
struct promotion_step {
	int64_t partition;
	int64_t first, last; /* ordinals that it promotes; first > last: none */
};

/*
 * The steps from where `promotion` stands down to Git's partition, the one being written now first;
 * at most `capacity` of them are filled in, *ret_count is how many there are. *ret_earliest_ms is
 * the least time they take: the bakes and minReadySeconds between them. ERR_NO_MEMORY only.
 */
int promotion_steps(const struct promotion_facts *facts, const struct promotion *promotion,
		    struct promotion_step *ret_steps, size_t capacity, size_t *ret_count,
		    int64_t *ret_earliest_ms, struct err *err);

#endif
