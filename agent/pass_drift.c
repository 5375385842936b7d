#include "agent/pass_private.h"

#include <stdlib.h>

#include "agent/decision.h"
#include "apply/clock.h"

/* --- what the pass is about ------------------------------------------------------------------- */

int pass_choose(struct pass *pass, struct err *err)
{
	const struct pass_options *options = &pass->options;
	const struct manifest_set *manifests = &options->app->fetched.manifests;

	if (pass_is_whole(pass))
		return 0;
	pass->covered = calloc(manifests->count + 1, sizeof(*pass->covered));
	if (!pass->covered)
		return err_no_memory(err);
	for (size_t i = 0; i < options->only_count; i++)
		if (options->only[i] < manifests->count)
			pass->covered[options->only[i]] = true;
	for (size_t i = 0; options->rollouts_only && i < manifests->count; i++)
		pass->covered[i] |= ref_is(&manifests->items[i].ref, "apps", "StatefulSet");
	return 0;
}

bool pass_is_whole(const struct pass *pass)
{
	return !pass->options.rollouts_only && !pass->options.only_count;
}

bool pass_covers(const struct pass *pass, size_t index)
{
	if (pass_is_whole(pass))
		return true;
	return pass->covered && index < pass->options.app->fetched.manifests.count &&
	       pass->covered[index];
}

/* --- drift that is undone --------------------------------------------------------------------- */

bool pass_undoes(const struct pass *pass, const struct target *target, struct plan_item *item)
{
	const struct fights *fights = pass->options.fights;

	if (!pass->options.app->self_heal)
		return false;
	item->undo_in_ms = fights ? fights_wait_ms(fights, &target->ref, clock_boot_ms()) : 0;
	return item->undo_in_ms == 0;
}

/* Who made the first change of which that is known. */
static const struct culprit *opponent_of(const struct plan_item *item)
{
	static const struct culprit nobody;

	for (size_t i = 0; i < item->changes.count; i++)
		if (plan_item_culprit(item, i))
			return plan_item_culprit(item, i);
	return &nobody;
}

int pass_note_drift(struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err)
{
	struct fights *fights = pass->options.fights;

	if (decision_accuse(target, pass->now_ms, item, err) < 0)
		return -1;
	if (item->action != PLAN_DRIFT)
		item->undo_in_ms = 0;
	if (!item->drifted || !fights || !pass->options.app->self_heal)
		return 0;
	return fights_note_drift(fights, &target->ref, opponent_of(item), item->undo_in_ms > 0,
				 clock_boot_ms(), err);
}

int pass_note_fight(struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(1024);
	struct fights *fights = pass->options.fights;

	if (!fights)
		return 0;
	if (!item->drifted && item->action != PLAN_FAILED)
		fights_note_over(fights, &target->ref);
	const struct fight *fight = fights_find(fights, &target->ref, clock_boot_ms());
	if (!fight)
		return 0;
	fight_print(fight, &text);
	item->fight = buf_steal(&text);
	return item->fight ? 0 : err_no_memory(err);
}

void pass_settle_drift(struct pass *pass, const struct target *target, const struct plan_item *item)
{
	if (pass->options.fights && item->drifted && target->result != TARGET_NONE)
		fights_note_undone(pass->options.fights, &target->ref, clock_boot_ms());
}
