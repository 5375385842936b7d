#include "agent/pass_private.h"

#include <stdlib.h>

#include "agent/decision.h"
#include "apply/clock.h"

/* --- what the pass is about ------------------------------------------------------------------- */

static int take_places(struct pass *pass, const size_t *places, size_t count, struct err *err)
{
	const struct manifest_set *manifests = &pass->options.app->fetched.manifests;
	CLEANUP(free_p) bool *covered = calloc(manifests->count + 1, sizeof(*covered));

	pass->places = calloc(manifests->count + 1, sizeof(*pass->places));
	if (!covered || !pass->places)
		return err_no_memory(err);
	for (size_t i = 0; i < count; i++)
		if (places[i] < manifests->count)
			covered[places[i]] = true;
	for (size_t i = 0; i < manifests->count; i++)
		if (covered[i] || (pass->options.rollouts_only &&
				   ref_is(&manifests->items[i].ref, "apps", "StatefulSet")))
			pass->places[pass->place_count++] = i;
	return 0;
}

int pass_choose(struct pass *pass, struct err *err)
{
	const struct pass_options *options = &pass->options;
	const size_t *places = options->only;
	size_t count = options->only_count;

	if (pass->scope == PASS_ALL && options->may_narrow && options->app->fetched.change.since &&
	    !pass->inventory_is_news && options->may_narrow(options->context, &places, &count))
		pass->scope = PASS_NARROW;
	return pass->scope == PASS_ALL ? 0 : take_places(pass, places, count, err);
}

bool pass_is_whole(const struct pass *pass)
{
	return pass->scope != PASS_SOME;
}

bool pass_looks_at_all(const struct pass *pass)
{
	return pass->scope == PASS_ALL;
}

size_t pass_count(const struct pass *pass)
{
	return pass->places ? pass->place_count : pass->options.app->fetched.manifests.count;
}

size_t pass_place(const struct pass *pass, size_t index)
{
	return pass->places ? pass->places[index] : index;
}

size_t pass_manifest(const struct pass *pass, size_t index)
{
	return index < pass_count(pass) ? pass_place(pass, index) : PASS_NO_MANIFEST;
}

size_t pass_index_of(const struct pass *pass, const struct target *target)
{
	size_t place = (size_t)(target->manifest - pass->options.app->fetched.manifests.items);
	size_t low = 0, high = pass->place_count;

	if (!pass->places)
		return place;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pass->places[middle] < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
