#include <string.h>

#include "diff/promotion_view.h"

static bool is_on_update(const struct promotion_view *view, const struct rollout_pod *pod)
{
	return pod->exists && strcmp(pod->revision, view->live.update_revision) == 0;
}

/* Reached by the update: at or above the live partition, or updated although it is below. */
static bool is_reached(const struct promotion_view *view, const struct rollout_pod *pod)
{
	return promotion_wants(view, pod) &&
	       (promotion_index(view, pod) >= view->partition || is_on_update(view, pod));
}

/* How long until the Pod has baked; a clock ahead of ours makes that hardly longer. */
static int64_t bake_left_ms(const struct promotion_view *view, const struct rollout_pod *pod)
{
	int64_t left_ms = rollout_bake_until_ms(pod, &view->policy) - view->facts->now_ms;

	return left_ms < view->policy.bake_ms + 1000 ? left_ms : view->policy.bake_ms + 1000;
}

static enum gate_wait wait_for(const struct promotion_view *view, const struct rollout_pod *pod,
			       int64_t *ret_left_ms)
{
	*ret_left_ms = 0;
	if (!is_on_update(view, pod))
		return GATE_NOT_UPDATED;
	if (!pod->available)
		return GATE_NOT_AVAILABLE;
	*ret_left_ms = bake_left_ms(view, pod);
	return *ret_left_ms > 0 ? GATE_BAKING : GATE_OPEN;
}

/* Of two Pods the one to be told of: broken ones first, then those further from being done. */
static bool outweighs(enum gate_wait wait, const struct rollout_pod *pod, int64_t left_ms,
		      const struct gate *gate)
{
	if (wait == GATE_OPEN)
		return false;
	if (!gate->pod)
		return true;
	if (!pod->trouble != !gate->pod->trouble)
		return pod->trouble != NULL;
	if (wait == GATE_BAKING)
		return gate->wait == GATE_BAKING && left_ms > gate->opens_in_ms;
	/* Highest first: what is not available is waited for before the next is replaced. */
	return gate->wait == GATE_BAKING ||
	       (wait == GATE_NOT_AVAILABLE && gate->wait == GATE_NOT_UPDATED);
}

struct gate promotion_gate(const struct promotion_view *view)
{
	struct gate gate = {GATE_OPEN};

	if (!view->facts->pods_known)
		return (struct gate){GATE_NO_PODS};
	if (!view->observed)
		return (struct gate){GATE_UNSEEN};
	for (size_t i = view->rollout.pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &view->rollout.pods[i];
		int64_t left_ms;

		if (!is_reached(view, pod))
			continue;
		enum gate_wait wait = wait_for(view, pod, &left_ms);
		if (outweighs(wait, pod, left_ms, &gate))
			gate = (struct gate){wait, pod, left_ms};
	}
	return gate;
}

bool promotion_has_work(const struct promotion_view *view)
{
	bool two_revisions = strcmp(view->live.current_revision, view->live.update_revision) != 0;

	if (!view->facts->pods_known || !view->observed)
		return true;
	for (size_t i = 0; i < view->rollout.pod_count; i++) {
		const struct rollout_pod *pod = &view->rollout.pods[i];

		/* One that is missing below the partition comes back on the current revision. */
		if (promotion_wants(view, pod) &&
		    (pod->exists ? !is_on_update(view, pod) : two_revisions))
			return true;
	}
	return false;
}
