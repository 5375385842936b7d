#include "agent/tally.h"

#include <stdlib.h>

void tally_release(struct tally *tally)
{
	free(tally->actions);
	free(tally->rests);
	*tally = (struct tally){0};
}

/* How the pass left the plan's n-th item. */
static enum plan_action outcome(const struct pass *pass, size_t index)
{
	const struct plan_item *item = &pass_plan(pass)->items[index];
	const struct steer *steer = pass_steer(pass, index);

	if (item->action != PLAN_FAILED && steer && steer->promotion.drift)
		return PLAN_DRIFT; /* replicas that are kept are one, whatever else was written */
	switch (item->action) {
	case PLAN_CREATE:
	case PLAN_REPLACE:
	case PLAN_RECREATE: return pass_is_dry_run(pass) ? item->action : PLAN_IN_SYNC;
	default: return item->action;
	}
}

/* Whether the next pass would find the item as it is, if nobody changes anything. */
static bool rests(const struct pass *pass, size_t index)
{
	const struct plan_item *item = &pass_plan(pass)->items[index];

	return outcome(pass, index) == PLAN_IN_SYNC && !item->autoscaled && !item->fight &&
	       !pass_steer(pass, index);
}

static int resize(struct tally *tally, size_t count, struct err *err)
{
	uint8_t *actions;
	bool *rests;

	if (count == tally->count)
		return 0;
	actions = calloc(count + 1, sizeof(*actions));
	rests = calloc(count + 1, sizeof(*rests));
	if (!actions || !rests) {
		free(actions);
		free(rests);
		return err_no_memory(err);
	}
	tally_release(tally);
	*tally = (struct tally){.actions = actions, .rests = rests, .count = count};
	return 0;
}

int tally_take(struct tally *tally, const struct pass *pass, size_t manifests, struct err *err)
{
	const struct plan *plan = pass_plan(pass);

	if (pass_is_whole(pass)) {
		if (resize(tally, manifests, err) < 0)
			return -1;
		for (int action = 0; action < PLAN_ACTION_COUNT; action++)
			tally->left[action] = 0;
		for (size_t i = 0; i < manifests; i++) {
			tally->actions[i] = PLAN_IN_SYNC;
			tally->rests[i] = true;
		}
	}
	for (size_t i = 0; i < plan->count; i++) {
		size_t place = pass_manifest(pass, i);

		if (place < tally->count) {
			tally->actions[place] = (uint8_t)outcome(pass, i);
			tally->rests[place] = rests(pass, i);
		} else if (plan->items[i].action != PLAN_PRUNE || pass_is_dry_run(pass)) {
			tally->left[plan->items[i].action]++;
		}
	}
	return 0;
}

bool tally_is_complete(const struct tally *tally)
{
	for (int action = 0; action < PLAN_ACTION_COUNT; action++)
		if (tally->left[action])
			return false;
	return true;
}

size_t tally_count(const struct tally *tally, enum plan_action action)
{
	size_t count = tally->left[action];

	for (size_t i = 0; i < tally->count; i++)
		count += tally->actions[i] == action;
	return count;
}
