#include "diff/plan.h"

#include <stdlib.h>
#include <string.h>

static bool same_digest(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

enum plan_action plan_decide(bool exists, bool differs, const struct plan_record *record,
			     const char *desired_digest, const char *live_digest, bool self_heal)
{
	bool recorded = record && record->desired_digest;
	bool git_unchanged = recorded && same_digest(record->desired_digest, desired_digest);
	bool live_unchanged = recorded && exists && same_digest(record->live_digest, live_digest);

	if (exists && !differs)
		return PLAN_IN_SYNC;
	/* Somebody else's change is respected only while Git has nothing new to say. */
	if (git_unchanged && !live_unchanged && !self_heal)
		return PLAN_DRIFT;
	return exists ? PLAN_REPLACE : PLAN_CREATE;
}

struct plan_item *plan_add(struct plan *plan)
{
	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? plan->capacity * 2 : 16;
		struct plan_item *items = reallocarray(plan->items, capacity, sizeof(*items));
		if (!items)
			return NULL;
		plan->items = items;
		plan->capacity = capacity;
	}
	struct plan_item *item = &plan->items[plan->count++];
	*item = (struct plan_item){0};
	return item;
}

size_t plan_count(const struct plan *plan, enum plan_action action)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->items[i].action == action;
	return count;
}

bool plan_has_differences(const struct plan *plan)
{
	return plan_count(plan, PLAN_IN_SYNC) < plan->count;
}

void plan_item_release(struct plan_item *item)
{
	ref_release(&item->ref);
	free(item->file);
	changes_release(&item->changes);
	cJSON_Delete(item->from);
	cJSON_Delete(item->to);
	rollout_forecast_release(&item->forecast);
	*item = (struct plan_item){0};
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		plan_item_release(&plan->items[i]);
	free(plan->items);
	free(plan->revision);
	*plan = (struct plan){0};
}

const char *plan_action_name(enum plan_action action)
{
	static const char *const names[] = {
		[PLAN_IN_SYNC] = "in sync", [PLAN_CREATE] = "create", [PLAN_REPLACE] = "replace",
		[PLAN_DRIFT] = "drift",     [PLAN_FAILED] = "failed",
	};

	return names[action];
}
