/*
 * rollout_private.h - what the files of the rollouts that are followed share.
 *
 *	rollout.c       finding them, judging them, telling of them
 *	rollout_watch.c one namespace: the watches on its StatefulSets, Pods and ControllerRevisions
 */
#ifndef APPLY_ROLLOUT_PRIVATE_H
#define APPLY_ROLLOUT_PRIVATE_H

#include "apply/pods.h"
#include "apply/rollout.h"

/* One StatefulSet that is followed. */
struct followed {
	char *namespace, *name;
	cJSON *statefulset;
	struct rollout verdict;
	bool judged;           /* there is a verdict */
	bool dirty;            /* it or its Pods changed since */
	uint64_t fingerprint;  /* of the verdict */
	int64_t recheck_at_ms; /* Unix time; 0: never */
};

/* One namespace, with its watches. */
struct place {
	struct rollouts *rollouts;
	char *namespace;
	uint64_t statefulsets, pods, revisions;
	bool statefulsets_synced, pods_synced, revisions_synced;
};

struct rollouts {
	struct cluster *cluster;
	struct rollouts_options options;
	struct place **places;
	size_t place_count;
	struct followed **items; /* by namespace and name */
	size_t count;
	struct pods pods;
	struct pods revisions; /* they are named as Pods are: after the StatefulSet */
	uint64_t flush;        /* the timer that judges what is dirty */
	uint64_t recheck;      /* the timer for what time alone changes */
	bool synced_told;      /* since a namespace was added last */
	unsigned callbacks;    /* that run, one within the other */
	bool freed;            /* by one of them: nothing more is told, and the last releases it */
};

/* The StatefulSet of that name; NULL: none is followed. */
struct followed *rollouts_followed(const struct rollouts *rollouts, const char *namespace,
				   const char *name);

/* The one that a Pod or ControllerRevision is named after; NULL: none that is followed. */
struct followed *rollouts_owner(const struct rollouts *rollouts, const char *namespace,
				const char *pod_name);

/* As rollouts_followed; added where there is none. NULL when memory runs out. */
struct followed *rollouts_follow(struct rollouts *rollouts, const char *namespace, const char *name,
				 struct err *err);

/* It is gone from the cluster: forgets it, and tells, after which the rollouts may be gone. */
void rollouts_forget(struct rollouts *rollouts, const char *namespace, const char *name);

/*
 * Has what is dirty judged, once for all events of a turn of the loop. Where memory runs out it
 * tells so: false if the rollouts are gone after it.
 */
bool rollouts_plan_flush(struct rollouts *rollouts);

/* False if the rollouts are gone after it. */
bool rollouts_tell_error(struct rollouts *rollouts, const struct err *err, int64_t retry_in_ms);

/* Starts the watches of a place whose `rollouts` and `namespace` are set. */
int place_start(struct place *place, struct err *err);

/* Ends its watches, also those of one that could not start. */
void place_stop(struct place *place);

/* Of one that was stopped. */
void place_free(struct place *place);

#endif
