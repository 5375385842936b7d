#include "diff/promotion_view.h"

/*
 * The least time from a step's write to the next one: its Pods are replaced one after the other, each
 * available before the next, and the last of them bakes. Nothing comes after the last step.
 */
static int64_t step_ms(const struct promotion_view *view, const struct promotion_step *step,
		       bool is_last)
{
	int64_t available_ms = view->wanted.min_ready_ms;
	int64_t bake_ms = is_last ? 0 : view->policy.bake_ms;
	int64_t pods = step->last - step->first + 1;

	return (pods - 1) * available_ms + (bake_ms > available_ms ? bake_ms : available_ms);
}

/* Whether Pods are promoted, and it is not a policy that ends it here. */
static bool has_steps(const struct promotion_view *view, const struct promotion *promotion)
{
	if (promotion->verdict != PROMOTION_AS_GIT && promotion->verdict != PROMOTION_WALKING &&
	    promotion->verdict != PROMOTION_BLOCKED)
		return false;
	if (view->wanted.on_delete || promotion_goes_back(view))
		return false;
	return !view->same_template || promotion_has_work(view);
}

int promotion_steps(const struct promotion_facts *facts, const struct promotion *promotion,
		    struct promotion_step *ret_steps, size_t capacity, size_t *ret_count,
		    int64_t *ret_earliest_ms, struct err *err)
{
	CLEANUP(promotion_view_release) struct promotion_view view = {0};
	int64_t earliest_ms = 0;
	size_t count = 0;

	*ret_count = 0;
	*ret_earliest_ms = 0;
	if (!facts->live)
		return 0;
	if (promotion_view_read(facts, &view, err) < 0)
		return -1;
	if (!has_steps(&view, promotion))
		return 0;
	if (promotion->sets_replicas)
		promotion_view_set_replicas(&view, promotion->replicas);
	int64_t partition = view.same_template ? view.partition : view.replicas;
	/* What is written now need not be what the policy would have next: it may be forced. */
	int64_t next = promotion->partition;
	if (next >= partition) {
		next = policy_next_partition(&view.policy, view.replicas, partition, view.target);
		earliest_ms = promotion_gate(&view).opens_in_ms;
	}
	while (partition > view.target) {
		const struct promotion_step step = {next, view.wanted.start + next,
						    view.wanted.start + partition - 1};

		if (count < capacity)
			ret_steps[count] = step;
		count++;
		earliest_ms += step_ms(&view, &step, next == view.target);
		partition = next;
		next = policy_next_partition(&view.policy, view.replicas, partition, view.target);
	}
	*ret_count = count;
	*ret_earliest_ms = count > 0 ? earliest_ms : 0;
	return 0;
}
