#include "agent/steer_words.h"

#include <inttypes.h>
#include <string.h>

#define PARTITION "spec.updateStrategy.rollingUpdate.partition"

enum steer_state steer_state(const struct steer *steer)
{
	if (!steer || !steer->decided)
		return STEER_FREE;
	const struct promotion *promotion = &steer->promotion;
	switch (promotion->verdict) {
	case PROMOTION_WALKING: return promotion->bakes ? STEER_BAKING : STEER_FREE;
	/* One whose Pod is being evicted goes on. */
	case PROMOTION_STUCK:
		return promotion->sets_partition && !promotion->unstick_pod ? STEER_STUCK
									    : STEER_FREE;
	case PROMOTION_BLOCKED: return promotion->unstick_pod ? STEER_FREE : STEER_BLOCKED;
	case PROMOTION_HELD: return STEER_HELD;
	case PROMOTION_ROLLED_BACK: return STEER_ROLLED_BACK;
	case PROMOTION_AS_GIT:
	case PROMOTION_REFUSED: break;
	}
	return STEER_FREE;
}

static const struct {
	const char *name, *end;
	bool is_trouble;
} states[STEER_STATE_COUNT] = {
	[STEER_FREE] = {"free", NULL, false},
	[STEER_BAKING] = {"baking", NULL, false},
	[STEER_STUCK] = {"stuck", "no longer stuck", true},
	[STEER_BLOCKED] = {"blocked", "no longer blocked", true},
	[STEER_HELD] = {"held", "no longer held", false},
	[STEER_ROLLED_BACK] = {"rolled back", "no longer rolled back: Git has changed", true},
};

const char *steer_state_name(enum steer_state state)
{
	return states[state].name;
}

const char *steer_state_end(enum steer_state state)
{
	return states[state].end;
}

bool steer_state_is_trouble(enum steer_state state)
{
	return states[state].is_trouble;
}

static void print_rollback(const struct steer *steer, struct buf *out)
{
	const struct promotion_record *record = &steer->record;

	buf_puts(out, "rolled back to ");
	object_print_images(json_get(steer->promotion.template, "spec"), out);
	buf_printf(out, " (revision %s): %s; ", record->good_revision, record->rejected_reason);
	if (*record->rejected_commit)
		buf_printf(out, "commit %.7s is rejected until Git changes",
			   record->rejected_commit);
	else
		buf_puts(out, "the manifest is rejected until it changes");
}

void steer_print_state(const struct steer *steer, struct buf *out)
{
	enum steer_state state = steer_state(steer);

	if (state == STEER_ROLLED_BACK)
		print_rollback(steer, out);
	else if (state != STEER_FREE)
		buf_printf(out, "%s: %s", states[state].name, steer->promotion.reason);
}

static bool is_partition(const struct change *change)
{
	return strcmp(change->path, PARTITION) == 0;
}

void steer_print_step(const struct steer *steer, const struct plan_item *item, struct buf *out,
		      bool *ret_only)
{
	const struct plan_steps *steps = &item->steps;
	bool moves = false;

	if (!steer || steps->count == 0 || steer->promotion.template)
		return;
	for (size_t i = 0; i < item->changes.count; i++)
		moves |= is_partition(&item->changes.items[i]) ||
			 strncmp(item->changes.items[i].path, "spec.template.", 14) == 0;
	if (!moves)
		return;
	const struct promotion_step *step = &steps->items[0];
	buf_printf(out, "promoted to partition %" PRId64 ": %s-%" PRId64, step->partition,
		   item->ref.name, step->last);
	if (step->first < step->last)
		buf_printf(out, " to %s-%" PRId64 " take ", item->ref.name, step->first);
	else
		buf_puts(out, " takes ");
	object_print_images(json_at(item->to, "spec.template.spec"), out);
	buf_printf(out, " (step %zu of %zu)", steer->walk_length - steps->total + 1,
		   steer->walk_length);
	if (ret_only)
		*ret_only = item->changes.count == 1 && is_partition(&item->changes.items[0]);
}

void steer_print_unstick(const struct steer *steer, struct buf *out)
{
	const char *why = steer && steer->unstick_error ? steer->unstick_error : "";

	if (!steer || !steer->unstuck)
		return;
	switch (steer->unstick_result) {
	case UNSTICK_EVICTED:
		buf_printf(out, "%s was evicted, so that it comes back on the new template",
			   steer->promotion.unstick_pod);
		break;
	case UNSTICK_GUARDED:
		buf_printf(out, "%s blocks the rollout, and may not be evicted yet: %s",
			   steer->promotion.unstick_pod, why);
		break;
	case UNSTICK_FAILED:
		buf_printf(out, "%s blocks the rollout, and cannot be evicted: %s",
			   steer->promotion.unstick_pod, why);
		break;
	case UNSTICK_CHANGED: break; /* it is judged anew at once */
	}
}
