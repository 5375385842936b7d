/*
 * controller_set.h - what the files of the StatefulSet controller share: one sync of one set.
 *
 * A sync reads the set and its Pods once, decides from what it read, and writes. What it wrote
 * brings the next sync. The rules are those of pkg/controller/statefulset in Kubernetes.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_SET_H
#define TESTS_KUBESIM_CONTROLLER_SET_H

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/controller_revision.h"
#include "tests/kubesim/events.h"

/* Ordinals beyond so many are not looked at. */
#define SET_MAX_REPLICAS 100000

/* One Pod of the set; zeros and NULL where there is none (yet). */
struct set_pod {
	struct record *record; /* borrowed from the sync */
	int64_t ordinal;
	const char *revision; /* the name in its label; "" for none */
	bool created;         /* the API server has it */
	bool pending, finished;
	bool terminating;
	bool ready;     /* running and ready */
	bool available; /* ready for minReadySeconds */
};

struct set_sync {
	struct cluster *cluster;
	struct events *events;
	const cJSON *set;
	struct records pods; /* the set's own, whatever their ordinals */
	struct revisions revisions;
	int64_t start, replicas; /* ordinals start .. start + replicas - 1 */
	int64_t partition;       /* counted from start; -1 where rollingUpdate is missing */
	int64_t min_ready_seconds;
	bool ordered;    /* OrderedReady */
	int64_t wake_ms; /* look again after so long; -1: only when something changes */
};

/* --- controller_set_pod.c -------------------------------------------------------------------- */

/* The ordinal in a Pod's name, -1 if it has none or the Pod is not called after the set. */
int64_t set_pod_ordinal(const cJSON *set, const cJSON *pod);

/* Reads the Pod's state; a Pod that will become available by itself sets the sync's wake_ms. */
struct set_pod set_pod_read(struct set_sync *sync, struct record *record);

/* The revision that a Pod made now would run. */
const struct record *set_pod_revision(const struct set_sync *sync, int64_t ordinal);

/* Creates the claims and the Pod, deletes it, mends its labels. All record an Event. */
int set_pod_create(struct set_sync *sync, int64_t ordinal, struct status *status);
int set_pod_delete(struct set_sync *sync, const struct set_pod *pod, struct status *status);
int set_pod_mend(struct set_sync *sync, const struct set_pod *pod, struct status *status);

/* Records "Successful..." or, with a message, "Failed..." of what was done to a Pod. */
void set_pod_event(struct set_sync *sync, const char *verb, const char *pod, const char *failure);

/* --- controller_set_claim.c ------------------------------------------------------------------ */

/* Adds the volumes of the set's volumeClaimTemplates to a Pod that is being made. */
void set_claims_mount(const cJSON *set, cJSON *pod, int64_t ordinal);

/* Creates the ordinal's claims where they are missing. */
int set_claims_create(struct set_sync *sync, int64_t ordinal, struct status *status);

/* Whether a claim still belongs to an earlier Pod of this name and is about to go with it. */
bool set_claims_are_stale(const struct set_sync *sync, int64_t ordinal);

/* Gives the ordinal's claims the owners that persistentVolumeClaimRetentionPolicy asks for. */
int set_claims_own(struct set_sync *sync, int64_t ordinal, struct status *status);

/* --- controller_set_update.c ----------------------------------------------------------------- */

/* Does one round of work on the Pods and writes the set's status. */
int set_update(struct set_sync *sync, struct status *status);

#endif
