#include <stdlib.h>

#include "diff/plan.h"

int plan_steps_foretell(const struct promotion_facts *facts, const struct promotion *promotion,
			const struct policy *policy, struct plan_steps *ret_steps, struct err *err)
{
	struct plan_steps steps = {.bake_ms = policy->bake_ms};

	*ret_steps = (struct plan_steps){0};
	if (policy->step == 0)
		return 0;
	steps.items = calloc(PLAN_MAX_STEPS, sizeof(*steps.items));
	if (!steps.items)
		return err_no_memory(err);
	if (promotion_steps(facts, promotion, steps.items, PLAN_MAX_STEPS, &steps.total,
			    &steps.earliest_ms, err) < 0) {
		free(steps.items);
		return -1;
	}
	steps.count = steps.total < PLAN_MAX_STEPS ? steps.total : PLAN_MAX_STEPS;
	*ret_steps = steps;
	return 0;
}
