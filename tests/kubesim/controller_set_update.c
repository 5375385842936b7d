#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_set.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

/* The set's Pods, told apart as the algorithm needs them. */
struct round {
	struct set_sync *sync;
	struct set_pod *replicas; /* by index: the ordinal less start */
	size_t replica_count;
	struct set_pod *condemned; /* out of range, highest ordinal first */
	size_t condemned_count;
	const struct set_pod *first_unavailable;
	int64_t replaced; /* Pods that this round began to replace */
};

enum outcome { GO_ON, WAIT /* end the round here */, FAILED };

static void round_release(struct round *round)
{
	free(round->replicas);
	free(round->condemned);
}

static bool is_unavailable(const struct set_pod *pod)
{
	return !pod->available || pod->terminating;
}

static int highest_first(const void *a, const void *b)
{
	const struct set_pod *left = a, *right = b;

	return (left->ordinal < right->ordinal) - (left->ordinal > right->ordinal);
}

static void round_init(struct round *round, struct set_sync *sync)
{
	*round = (struct round){.sync = sync};
	round->replica_count = (size_t)sync->replicas;
	round->replicas = alloc_zero((round->replica_count + 1) * sizeof *round->replicas);
	round->condemned = alloc_zero((sync->pods.count + 1) * sizeof *round->condemned);
	for (size_t i = 0; i < round->replica_count; i++) {
		round->replicas[i].ordinal = sync->start + (int64_t)i;
		round->replicas[i].revision = "";
	}
	for (size_t i = 0; i < sync->pods.count; i++) {
		struct set_pod pod = set_pod_read(sync, sync->pods.items[i]);
		int64_t index = pod.ordinal - sync->start;

		if (pod.ordinal < 0)
			continue;
		if (index >= 0 && index < sync->replicas)
			round->replicas[index] = pod;
		else
			round->condemned[round->condemned_count++] = pod;
	}
	qsort(round->condemned, round->condemned_count, sizeof *round->condemned, highest_first);
	for (size_t i = 0; i < round->replica_count && !round->first_unavailable; i++) {
		if (is_unavailable(&round->replicas[i]))
			round->first_unavailable = &round->replicas[i];
	}
	for (size_t i = round->condemned_count; i-- > 0 && !round->first_unavailable;) {
		if (is_unavailable(&round->condemned[i]))
			round->first_unavailable = &round->condemned[i];
	}
}

/* --- the Pods in range ----------------------------------------------------------------------- */

#define STALE_CLAIM_WAIT_MS 1000

static enum outcome create_replica(struct set_sync *sync, struct set_pod *pod,
				   struct status *status)
{
	if (set_claims_are_stale(sync, pod->ordinal)) {
		sync->wake_ms = STALE_CLAIM_WAIT_MS;
		return WAIT;
	}
	if (set_pod_create(sync, pod->ordinal, status) < 0)
		return FAILED;
	pod->revision = obj_name(set_pod_revision(sync, pod->ordinal)->object);
	return sync->ordered ? WAIT : GO_ON;
}

static enum outcome process_replica(struct round *round, struct set_pod *pod, struct status *status)
{
	struct set_sync *sync = round->sync;

	if (pod->finished) {
		if (!pod->terminating && set_pod_delete(sync, pod, status) < 0)
			return FAILED;
		return WAIT; /* the new one is made when this one is gone */
	}
	if (!pod->created)
		return create_replica(sync, pod, status);
	if (pod->pending && set_claims_create(sync, pod->ordinal, status) < 0)
		return FAILED;
	if (sync->ordered && is_unavailable(pod))
		return WAIT;
	return set_pod_mend(sync, pod, status) < 0 ? FAILED : GO_ON;
}

/* Under Parallel one Pod that waits does not keep the others waiting. */
static enum outcome process_replicas(struct round *round, struct status *status)
{
	for (size_t i = 0; i < round->replica_count; i++) {
		enum outcome outcome = process_replica(round, &round->replicas[i], status);

		if (outcome == FAILED || (outcome == WAIT && round->sync->ordered))
			return outcome;
	}
	return GO_ON;
}

/* --- the Pods out of range ------------------------------------------------------------------- */

static enum outcome process_condemned(struct round *round, struct status *status)
{
	struct set_sync *sync = round->sync;

	for (size_t i = 0; i < round->condemned_count; i++) {
		if (set_claims_own(sync, round->condemned[i].ordinal, status) < 0)
			return FAILED;
	}
	for (size_t i = 0; i < round->condemned_count; i++) {
		const struct set_pod *pod = &round->condemned[i];

		if (pod->terminating && sync->ordered)
			return WAIT;
		if (pod->terminating)
			continue;
		/* An unhealthy Pod below it must heal first, lest two be missing at once. */
		if (sync->ordered && !pod->available && pod != round->first_unavailable)
			return WAIT;
		if (set_pod_delete(sync, pod, status) < 0)
			return FAILED;
		if (sync->ordered)
			return WAIT;
	}
	return GO_ON;
}

/* --- the update ------------------------------------------------------------------------------ */

/* Deletes the highest Pod of another revision, down to the partition, one at a time. */
static enum outcome process_update(struct round *round, struct status *status)
{
	struct set_sync *sync = round->sync;
	const char *update = obj_name(sync->revisions.update->object);
	int64_t lowest = sync->partition > 0 ? sync->partition : 0;

	if (strcmp(obj_text(sync->set, "spec.updateStrategy.type"), "OnDelete") == 0)
		return GO_ON;
	for (int64_t i = (int64_t)round->replica_count - 1; i >= lowest; i--) {
		const struct set_pod *pod = &round->replicas[i];

		if (strcmp(pod->revision, update) != 0 && pod->record && !pod->terminating) {
			if (set_pod_delete(sync, pod, status) < 0 && status->code != 404)
				return FAILED;
			round->replaced++;
			return WAIT;
		}
		if (is_unavailable(pod))
			return WAIT;
	}
	return GO_ON;
}

/* --- the status ------------------------------------------------------------------------------ */

struct counts {
	int64_t replicas, ready, available, current, updated;
};

static void count_pods(const struct set_sync *sync, const struct set_pod *pods, size_t pod_count,
		       struct counts *counts)
{
	const char *current = obj_name(sync->revisions.current->object);
	const char *update = obj_name(sync->revisions.update->object);

	for (size_t i = 0; i < pod_count; i++) {
		const struct set_pod *pod = &pods[i];

		if (!pod->created)
			continue;
		counts->replicas++;
		counts->ready += pod->ready;
		counts->available += pod->available;
		counts->current += !pod->terminating && strcmp(pod->revision, current) == 0;
		counts->updated += !pod->terminating && strcmp(pod->revision, update) == 0;
	}
}

/* Zeros are left out, as the API does it. */
static void set_count(cJSON *status, const char *name, int64_t count)
{
	if (count)
		obj_set_int(status, name, count);
}

static cJSON *new_status(const struct round *round)
{
	const struct set_sync *sync = round->sync;
	const char *current = obj_name(sync->revisions.current->object);
	const char *update = obj_name(sync->revisions.update->object);
	int64_t wanted = json_int_or(sync->set, "spec.replicas", 1);
	struct counts counts = {0};
	cJSON *status = obj_new();

	count_pods(sync, round->replicas, round->replica_count, &counts);
	count_pods(sync, round->condemned, round->condemned_count, &counts);
	counts.current -= round->replaced;
	/* The update is complete: what was new is the current one from now on. */
	if (strcmp(obj_text(sync->set, "spec.updateStrategy.type"), "RollingUpdate") == 0 &&
	    counts.updated == wanted && counts.ready == wanted && counts.replicas == wanted) {
		counts.current = counts.updated;
		current = update;
	}
	obj_set_int(status, "observedGeneration", json_int_or(sync->set, "metadata.generation", 1));
	obj_set_int(status, "replicas", counts.replicas);
	set_count(status, "readyReplicas", counts.ready);
	set_count(status, "currentReplicas", counts.current);
	set_count(status, "updatedReplicas", counts.updated);
	obj_set_text(status, "currentRevision", current);
	obj_set_text(status, "updateRevision", update);
	obj_set_int(status, "collisionCount", sync->revisions.collision_count);
	obj_set_int(status, "availableReplicas", counts.available);
	return status;
}

/* The set as it is now with the new status, unless it has that already. */
static int write_status(const struct round *round, struct status *status)
{
	static const struct write by_controller = {
		.manager = "kube-controller-manager",
		.subresource = "status",
	};
	CLEANUP(cJSON_Delete_p) cJSON *fresh = new_status(round);
	cJSON *copy;

	obj_carry(fresh, json_get(round->sync->set, "status"), "conditions");
	if (json_equal(fresh, json_get(round->sync->set, "status")))
		return 0;
	copy = obj_copy(round->sync->set);
	obj_set(copy, "status", STEAL(fresh));
	return registry_update(round->sync->cluster, copy, &by_controller, NULL, status);
}

int set_update(struct set_sync *sync, struct status *status)
{
	CLEANUP(round_release) struct round round;
	CLEANUP(status_release) struct status write_error = {0};
	enum outcome outcome = GO_ON;

	round_init(&round, sync);
	if (!obj_is_deleting(sync->set)) {
		outcome = process_replicas(&round, status);
		if (outcome == GO_ON)
			outcome = process_condemned(&round, status);
		if (outcome == GO_ON)
			outcome = process_update(&round, status);
	}
	/* The status is written also when something failed; the first failure is the one told. */
	if (outcome == FAILED) {
		write_status(&round, &write_error);
		return -1;
	}
	return write_status(&round, status);
}
