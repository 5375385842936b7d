/*
 * kubernetes#67250: under OrderedReady the controller waits for a Pod that never becomes Ready before
 * it does anything else, so a mended template does not replace it. Deleting it does, once the Pod
 * would come back on another template than the one it fails on.
 */
#include <stdlib.h>
#include <string.h>

#include "diff/promotion_view.h"
#include "diff/rollout_verdict.h"

static bool any_terminating(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		if (rollout->pods[i].terminating)
			return true;
	}
	return false;
}

/* Whether what is sent is what the controller has already seen. */
static bool is_sent(const struct promotion_view *view, const struct promotion *promotion,
		    bool *ret_sent, struct err *err)
{
	int64_t partition = promotion->sets_partition ? promotion->partition : view->target;
	bool same = view->same_template;

	if (promotion->template &&
	    rollout_templates_equal(promotion->template, view->live.template, &same, err) < 0)
		return false;
	*ret_sent = same && view->observed && partition == view->live.partition;
	return true;
}

/*
 * Whether the Pod would come back on another revision (newVersionedStatefulSetPod of
 * stateful_set_control.go). Without `rollingUpdate` that depends on a count of Pods: then both
 * have to be others.
 */
static bool comes_back_otherwise(const struct promotion_view *view, const struct rollout_pod *pod)
{
	bool on_current = strcmp(pod->revision, view->live.current_revision) == 0;
	bool on_update = strcmp(pod->revision, view->live.update_revision) == 0;

	if (!view->live.has_rolling_update)
		return !on_current && !on_update;
	return rollout_facts_holds(&view->live, pod->ordinal) ? !on_current : !on_update;
}

static bool is_lost(const struct promotion_view *view, const struct promotion *promotion,
		    const struct rollout_pod *pod)
{
	int64_t waiting_ms = view->facts->now_ms - pod->waiting_since_ms;

	/* The revision that was rejected is lost as a whole. */
	if (promotion->verdict == PROMOTION_ROLLED_BACK)
		return strcmp(pod->revision, promotion->good_revision) != 0;
	return view->policy.unsticks &&
	       (pod->trouble || (pod->waiting_since_ms && waiting_ms >= view->policy.deadline_ms));
}

int promotion_find_unstick(const struct promotion_view *view, struct promotion *promotion,
			   struct err *err)
{
	bool sent = false;

	if (!view->facts->pods_known || !view->live.ordered || view->live.on_delete ||
	    any_terminating(&view->rollout))
		return 0;
	struct rollout_step step = rollout_next_step(&view->rollout);
	const struct rollout_pod *pod = step.pod;
	if (step.kind != STEP_WAIT || !pod->exists || pod->ready || pod->condemned ||
	    !comes_back_otherwise(view, pod) || !is_lost(view, promotion, pod))
		return 0;
	if (!is_sent(view, promotion, &sent, err))
		return -1;
	if (!sent)
		return 0;
	promotion->unstick_pod = strdup(pod->name);
	promotion->unstick_uid = strdup(pod->uid);
	return promotion->unstick_pod && promotion->unstick_uid ? 0 : err_no_memory(err);
}
