/*
 * rollout.h - one StatefulSet's update, judged Pod by Pod: where it stands, what a change would do.
 *
 * Pure functions of the StatefulSet, its Pods and the time. They follow the StatefulSet controller
 * (pkg/controller/statefulset/stateful_set_control.go): replicas are the ordinals [start,
 * start+replicas); Pods at or above the partition belong on the update revision, and are replaced
 * one at a time from the highest ordinal down. Counters in status are never trusted alone, because
 * they count Pods at any ordinal.
 */
#ifndef DIFF_ROLLOUT_H
#define DIFF_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"

enum rollout_phase {
	ROLLOUT_SETTLING,    /* the controller has not seen this generation yet */
	ROLLOUT_PROGRESSING, /* Pods are being created, replaced or waited for */
	ROLLOUT_CANARY, /* all at or above the partition are updated and available; the rest hold */
	ROLLOUT_COMPLETE, /* every Pod is on the update revision and available */
	ROLLOUT_NO_EFFECT, /* a new template behind a partition at or above replicas: no Pod takes it */
	ROLLOUT_STUCK,     /* a Pod cannot start by itself: reason says which and why */
	ROLLOUT_ON_DELETE, /* the strategy is OnDelete: Pods are replaced when somebody deletes them */
};

struct rollout_pod {
	int64_t ordinal;
	char *name;
	char *revision; /* the label controller-revision-hash; "" where there is no Pod */
	char *images;   /* comma-separated; "" where there is no Pod */
	bool exists;
	bool terminating;
	bool ready;
	bool available; /* ready for minReadySeconds */
	bool updated;   /* on the update revision */
	bool held;      /* below the partition */
	bool condemned; /* outside the wanted ordinals: goes */
	char *trouble; /* why it will not become ready by itself ("ImagePullBackOff: ..."), or NULL */
};

struct rollout {
	char *namespace, *name;
	int64_t replicas, start,
		partition; /* as wanted by spec; partition as an ordinal count from start */
	char *current_revision, *update_revision;
	char *current_images,
		*update_images;   /* of the Pods on each revision; template's for update */
	struct rollout_pod *pods; /* by ordinal, wanted ones that do not exist included */
	size_t pod_count;
	size_t updated_count, available_count, held_count; /* of the wanted ones */
	enum rollout_phase phase;
	char *reason;       /* one sentence for a person; never NULL */
	int64_t recheck_ms; /* when time alone may change the verdict (minReadySeconds), 0: never */
};

/*
 * Judges a StatefulSet. `pods` are Pods of its namespace; those it does not control
 * (ownerReferences, else name pattern and selector) are passed over. `now_ms` is Unix time.
 */
int rollout_observe(const cJSON *statefulset, const cJSON *const *pods, size_t pod_count,
		    int64_t now_ms, struct rollout *ret_rollout, struct err *err);
void rollout_release(struct rollout *rollout);
const char *rollout_phase_name(enum rollout_phase phase);

/* Whether waiting for this rollout is over: canary, complete, no effect, on delete. */
bool rollout_is_settled(const struct rollout *rollout);

/*
 * "3 of 5 Pods on nginx:1.26.1, partition 2 holds 0, 1" and the like: the line `run` prints when
 * the rollout moves.
 */
void rollout_print(const struct rollout *rollout, struct buf *out);

struct ordinals {
	int64_t *items;
	size_t count, capacity;
};

/* Appends "0, 1, 4"; runs of three or more as "1..4" or, going down, "4..1". */
void ordinals_print(const struct ordinals *ordinals, struct buf *out);

/* What the controller would do to the Pods if the StatefulSet became `to`. */
struct rollout_forecast {
	struct ordinals creates, replaces, deletes, keeps; /* each in the controller's own order */
	char *keep_images;                                 /* what the kept ones run */
	bool keeps_old;  /* kept Pods stay on another template than `to`'s */
	char **warnings; /* sentences: "partition omitted: ...", "scaling down deletes ..." */
	size_t warning_count;
};

/*
 * `from` is the live StatefulSet (NULL: it would be created), `to` what it would become, both as
 * the server returns them (defaulted). Pods as for rollout_observe.
 */
int rollout_forecast(const cJSON *from, const cJSON *to, const cJSON *const *pods, size_t pod_count,
		     struct rollout_forecast *ret_forecast, struct err *err);
void rollout_forecast_release(struct rollout_forecast *forecast);

/* "creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4"; "" if no Pod is touched. */
void rollout_forecast_print(const struct rollout_forecast *forecast, struct buf *out);

#endif
