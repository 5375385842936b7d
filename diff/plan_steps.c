#include <stdlib.h>

#include "diff/plan.h"

int plan_item_foretell(struct plan_item *item, const struct promotion_facts *facts,
		       const struct promotion *promotion, struct err *err)
{
	CLEANUP(free_p) struct promotion_step *found = NULL;
	struct plan_steps *steps = &item->steps;
	struct policy policy;

	if (policy_read(facts->wanted, &policy, NULL, err) < 0)
		return -1;
	if (policy.step == 0)
		return 0;
	found = calloc(PLAN_MAX_STEPS, sizeof(*found));
	if (!found)
		return err_no_memory(err);
	steps->total =
		promotion_steps(facts, promotion, found, PLAN_MAX_STEPS, &steps->earliest_ms);
	steps->count = steps->total < PLAN_MAX_STEPS ? steps->total : PLAN_MAX_STEPS;
	steps->bake_ms = policy.bake_ms;
	free(steps->items);
	steps->items = reallocarray(NULL, steps->count + 1, sizeof(*found));
	if (!steps->items)
		return err_no_memory(err);
	for (size_t i = 0; i < steps->count; i++)
		steps->items[i] = found[i];
	return 0;
}
