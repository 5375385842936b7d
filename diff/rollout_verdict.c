#include "diff/rollout_verdict.h"

#include <stddef.h>

/* The condemned Pod that the controller calls the first unhealthy one. */
static const struct rollout_pod *first_unavailable_condemned(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		if (pod->condemned && !pod->available)
			return pod;
	}
	return NULL;
}

/* Sync's step 1, ascending. */
static struct rollout_step next_creation(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned)
			continue;
		if (!pod->exists)
			return (struct rollout_step){STEP_CREATE, pod};
		if (rollout->ordered && !pod->available)
			return (struct rollout_step){STEP_WAIT, pod};
	}
	return (struct rollout_step){0};
}

/* Sync's step 2, descending; reached only with every wanted Pod available if it is ordered. */
static struct rollout_step next_deletion(const struct rollout *rollout)
{
	const struct rollout_pod *unhealthy = first_unavailable_condemned(rollout);
	struct rollout_step wait = {0};

	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (!pod->condemned)
			continue;
		if (pod->terminating && rollout->ordered)
			return (struct rollout_step){STEP_WAIT, pod};
		if (!pod->terminating && rollout->ordered && !pod->available && pod != unhealthy)
			return (struct rollout_step){STEP_WAIT, unhealthy};
		if (!pod->terminating)
			return (struct rollout_step){STEP_DELETE, pod};
		wait = (struct rollout_step){STEP_WAIT, pod};
	}
	return wait;
}

/* Sync's step 3, from the highest ordinal down to the partition. */
static struct rollout_step next_replacement(const struct rollout *rollout)
{
	if (rollout->on_delete)
		return (struct rollout_step){0};
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned || pod->held)
			continue;
		if (!pod->updated && !pod->terminating)
			return (struct rollout_step){STEP_REPLACE, pod};
		if (!pod->available)
			return (struct rollout_step){STEP_WAIT, pod};
	}
	return (struct rollout_step){0};
}

struct rollout_step rollout_next_step(const struct rollout *rollout)
{
	struct rollout_step step = next_creation(rollout);

	if (step.kind == STEP_NONE)
		step = next_deletion(rollout);
	if (step.kind == STEP_NONE)
		step = next_replacement(rollout);
	return step;
}

bool rollout_has_to_be_available(const struct rollout_pod *pod)
{
	return !pod->condemned && (!pod->held || pod->updated);
}

/*
 * Whether something about this Pod has to happen yet. A held Pod that is not ready is no work of
 * the update's: a good canary is one whatever the Pods below it do.
 */
static bool is_work(const struct rollout *rollout, const struct rollout_pod *pod)
{
	if (pod->condemned || !pod->exists || pod->terminating)
		return true;
	if (!pod->held && !pod->updated && !rollout->on_delete)
		return true;
	return rollout_has_to_be_available(pod) && !pod->available;
}

const struct rollout_pod *rollout_highest_work(const struct rollout *rollout)
{
	for (size_t i = rollout->pod_count; i-- > 0;) {
		if (is_work(rollout, &rollout->pods[i]))
			return &rollout->pods[i];
	}
	return NULL;
}

const struct rollout_pod *rollout_stuck_pod(const struct rollout *rollout, struct rollout_step step)
{
	if (step.kind == STEP_WAIT && step.pod->trouble)
		return step.pod;
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];
		if (rollout_has_to_be_available(pod) && pod->trouble &&
		    (pod->updated || rollout->on_delete))
			return pod;
	}
	return NULL;
}
