/*
 * rollout.h - one StatefulSet's update, judged Pod by Pod: where it stands, what a change would do.
 *
 * Pure functions of the StatefulSet, its Pods and the time. They follow the StatefulSet controller
 * (pkg/controller/statefulset/stateful_set_control.go), whose sync does, in this order:
 *
 *   1. the wanted ordinals [start, start+replicas), ascending: creates what is missing;
 *      OrderedReady stops at the first Pod that is terminating, not Ready or not yet available;
 *   2. the condemned ones (outside that range), descending: deletes them;
 *   3. under RollingUpdate, from the highest ordinal down to start+partition: deletes the first Pod
 *      that is on another revision than the update's, or waits for the first that is unavailable.
 *
 * A Pod that is created starts on the update revision at or above the partition, on the current
 * one below. Counters in status are never trusted alone, because they count Pods at any ordinal.
 */
#ifndef DIFF_ROLLOUT_H
#define DIFF_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"
#include "diff/ordinals.h"
#include "diff/policy.h"

struct promotion_record;

/* Ordinals of one StatefulSet that are looked at; more replicas than this are ERR_LIMIT. */
#define ROLLOUT_MAX_PODS 100000

enum rollout_phase {
	ROLLOUT_SETTLING,    /* the controller has not seen this generation yet */
	ROLLOUT_PROGRESSING, /* Pods are being created, replaced, deleted or waited for */
	ROLLOUT_CANARY, /* all at or above the partition are updated and available; the rest hold */
	ROLLOUT_COMPLETE, /* every Pod is on the update revision and available */
	ROLLOUT_NO_EFFECT, /* a new template behind a partition at or above replicas: no Pod takes it */
	ROLLOUT_STUCK,     /* a Pod that the update needs cannot start by itself */
	ROLLOUT_ON_DELETE, /* the strategy is OnDelete: Pods are replaced when somebody deletes them */
	ROLLOUT_HELD,      /* as Canary or NoEffect, and tranche.dev/hold keeps it there */
	ROLLOUT_ROLLED_BACK, /* the update was rejected, and the last good template is back */
};
#define ROLLOUT_PHASE_COUNT (ROLLOUT_ROLLED_BACK + 1)

struct rollout_pod {
	int64_t ordinal;
	char *name;
	char *revision; /* the label controller-revision-hash; "" where there is no Pod */
	char *images;   /* comma-separated; "" where there is no Pod */
	bool exists;
	bool terminating;
	bool ready;     /* Running with condition Ready */
	bool available; /* ready for minReadySeconds, and not terminating */
	bool updated;   /* on the update revision */
	bool held;      /* below the partition */
	bool condemned; /* outside the wanted ordinals: goes */
	char *uid;      /* "" where there is no Pod */
	char *node;     /* where it runs; "" where there is no Pod, or none was found for it yet */
	int64_t created_ms; /* Unix time; 0: not known. So are the moments below */
	/* Since when it is Ready, and none of its containers began again; 0: it is not Ready. */
	int64_t ready_since_ms;
	int64_t restarts; /* of its containers, added up */
	/*
	 * Why it will not become ready by itself ("ImagePullBackOff: ...", "CrashLoopBackOff:
	 * ..."), from its containers' waiting reasons and its conditions; NULL: no such reason.
	 */
	char *trouble;
	/*
	 * What it waits for that is not ready without such a reason, to be read on as "since ...":
	 * "running, but its readiness probe fails"; NULL where nothing tells.
	 */
	char *wait;
	bool trouble_may_pass; /* after all: an image at the next try, a node that is added */
	/* Since when it is not Ready, or terminating for longer than its grace; 0: it is well. */
	int64_t waiting_since_ms;
};

struct rollout {
	char *namespace, *name;
	int64_t replicas, start; /* as wanted by spec */
	int64_t partition;       /* counts from start: ordinals below start+partition are held */
	bool ordered;            /* podManagementPolicy OrderedReady, else Parallel */
	bool on_delete;          /* updateStrategy OnDelete; the partition is 0 then */
	struct policy policy;    /* the object's own */
	char *current_revision, *update_revision;
	char *current_images;     /* of a Pod on the current revision; "" where there is none */
	char *update_images;      /* the template's */
	struct rollout_pod *pods; /* by ordinal; wanted ones that do not exist included */
	size_t pod_count;
	/* Of the wanted ordinals: Pods that run the update revision, ready, available, held. */
	size_t updated_count, ready_count, available_count, held_count;
	size_t promoted_count; /* both updated and available */
	enum rollout_phase phase;
	char *reason;    /* one sentence for a person; never NULL */
	char *rejection; /* "commit 3f2c1ab was rejected (WHY)", as the record has it; else NULL */
	const char *stuck_pod; /* phase Stuck: the Pod's name, borrowed from `pods`; else NULL */
	/*
	 * Phase Stuck: it does not end by itself, or not before the deadline. Without it there is
	 * hope: an image may be pulled at the next try, a node may be added.
	 */
	bool stuck_for_good;
	int64_t since_ms; /* Unix time since which `reason` holds; 0: not known */
	/* Unix time when the Pod that is waited for is over its deadline, and Stuck; 0: none. */
	int64_t deadline_at_ms;
	/* Of a walk: Git's partition when it was last applied, by the record; else `partition`. */
	int64_t target;
	int64_t next_partition; /* of the walk's next step; `partition` if there is none to come */
	/* Unix time when all updated Pods have been Ready for `bake`; 0: no step waits for that. */
	int64_t bake_until_ms;
	int64_t recheck_ms; /* from now: when time alone may change the verdict; 0: it does not */
};

/*
 * Judges a StatefulSet, by its own annotations (policy.h). `pods` are any Pods of its namespace:
 * those that it would not claim (another controller's, or not matching its selector, or not named
 * NAME-ORDINAL) are passed over. `record` is what the inventory remembers; without it (NULL) a walk
 * on its way looks like a canary, and nothing is known of a rollback. `now_ms` is Unix time.
 * Errors: ERR_INVALID for what is no StatefulSet, ERR_LIMIT past ROLLOUT_MAX_PODS, ERR_NO_MEMORY.
 */
int rollout_observe(const cJSON *statefulset, const cJSON *const *pods, size_t pod_count,
		    const struct promotion_record *record, int64_t now_ms,
		    struct rollout *ret_rollout, struct err *err);
void rollout_release(struct rollout *rollout);

/*
 * "Settling", "Progressing", "Canary", "Complete", "NoEffect", "Stuck", "OnDelete", "Held",
 * "RolledBack"
 */
const char *rollout_phase_name(enum rollout_phase phase);

/*
 * Unix time when the Pod, which is Ready, has been so for as long as the policy asks; 0 where it
 * asks nothing. The API's times are whole seconds, cut down: what happened may be a second younger,
 * and no bake is to be shorter than its word.
 */
int64_t rollout_bake_until_ms(const struct rollout_pod *pod, const struct policy *policy);

/*
 * How a rollout stands, as far as that decides what may be done: two that are the same leave a gate
 * as it was. The ordinals that are promoted, and what time alone brings, are not in it.
 */
struct rollout_stance {
	enum rollout_phase phase;
	bool stuck_for_good;
};

struct rollout_stance rollout_stance(const struct rollout *rollout);
bool rollout_stance_equal(struct rollout_stance a, struct rollout_stance b);

/* Whether waiting for this rollout is over: canary, complete, no effect, on delete, held. */
bool rollout_is_settled(const struct rollout *rollout);

/* Whether it is over and went wrong: stuck, rolled back. */
bool rollout_has_failed(const struct rollout *rollout);

/*
 * The line `run` prints when the rollout moves, without the name in front:
 *	3 of 5 Pods on nginx:1.26.1, partition 2 holds 0, 1
 * Pods count that are on the update revision and available. A stuck one has the reason behind it.
 */
void rollout_print(const struct rollout *rollout, struct buf *out);

#define ROLLOUT_NAME_SIZE 256 /* object names have 253 bytes at most */

/* What was last told of a rollout; zero-initialised: nothing yet. */
struct rollout_mark {
	bool seen, rejected;
	enum rollout_phase rest; /* where it came to rest otherwise than usual */
	int64_t replicas, partition;
	size_t promoted_count;
	char update_revision[ROLLOUT_NAME_SIZE], stuck_pod[ROLLOUT_NAME_SIZE];
};

/*
 * Whether rollout_print says something new: a Pod has become available on the update revision or
 * stopped being so, the partition, the replicas or the template changed, a Pod got stuck. Not each
 * step of a single Pod, nor each retry of a stuck one; nor a rollout that is over when it is first
 * seen. Notes in `mark` what it answers for.
 */
bool rollout_has_moved(const struct rollout *rollout, struct rollout_mark *mark);

/* What the controller would do to the Pods if the StatefulSet became `to`. */
struct rollout_forecast {
	struct ordinals creates;  /* ascending, as it would create them */
	struct ordinals deletes;  /* descending: outside the wanted ordinals */
	struct ordinals replaces; /* descending: deleted and created again on the new template */
	struct ordinals keeps;    /* ascending: left on another template than `to`'s */
	size_t creates_old; /* so many of the first of `creates` start on the current revision */
	/* What the kept ones run: "nginx:1.25.4 and nginx:1.26.1"; "" if not known of all. */
	char *keep_images;
	char *current_images; /* what `creates_old` would run; "" where that is not known */
	char *update_images;  /* what the template of `to` has */
	char **warnings; /* sentences: "scaling down deletes ...", "raising the partition ..." */
	size_t warning_count;
};

/*
 * `from` is the live StatefulSet with its status (NULL: it would be created), `to` what it would
 * become, both as the server returns them (defaulted). Pods as for rollout_observe. `revisions` are
 * ControllerRevisions of the namespace: with them a template that goes back to an earlier one is
 * known to leave Pods alone that still run it; without them (NULL, 0) every change of the template
 * counts as new to all Pods. Errors as for rollout_observe.
 */
int rollout_forecast(const cJSON *from, const cJSON *to, const cJSON *const *pods, size_t pod_count,
		     const cJSON *const *revisions, size_t revision_count,
		     struct rollout_forecast *ret_forecast, struct err *err);
void rollout_forecast_release(struct rollout_forecast *forecast);

/* Appends a warning of the caller's own. ERR_NO_MEMORY only. */
int rollout_forecast_warn(struct rollout_forecast *forecast, const char *sentence, struct err *err);

/*
 * Warns if `manifest`, as it is written, leaves the partition out, and that takes the one of `from`
 * down to 0 and so releases the update. `to` as for rollout_forecast, which knows no manifest.
 */
int rollout_forecast_warn_omitted(const cJSON *manifest, const cJSON *from, const cJSON *to,
				  struct rollout_forecast *forecast, struct err *err);

/*
 * The Pods that a StatefulSet's status tells of, as an array, for a forecast where nobody has seen
 * the Pods themselves: status.replicas of them from the first ordinal on, all well, the highest
 * status.updatedReplicas on the update revision and the others on the current one. Only what
 * rollout_forecast reads of a Pod is filled in; of those on the current revision nothing says which
 * images they run. Errors as for rollout_observe.
 */
int rollout_assume_pods(const cJSON *statefulset, cJSON **ret_pods, struct err *err);

/*
 * "creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4"; "" if no Pod is touched or
 * kept back.
 */
void rollout_forecast_print(const struct rollout_forecast *forecast, struct buf *out);

#endif
