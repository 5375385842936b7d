#include "agent/record.h"

#include <stdlib.h>
#include <string.h>

int record_target(struct record *record, const struct target *target, const struct plan_item *item,
		  struct err *err)
{
	struct app *app = record->app;
	const cJSON *live = target->written ? target->written : target->live;

	if (item->action == PLAN_DRIFT || item->action == PLAN_FAILED || !live)
		return 0;
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);
	CLEANUP(free_p) char *desired = entry ? strdup(entry->desired) : NULL;
	CLEANUP(free_p) char *known = entry ? strdup(entry->live) : NULL;
	if (inventory_put(&app->inventory, &target->ref, target->manifest->desired,
			  target_desired(target), live, err) < 0)
		return -1;
	entry = inventory_find(&app->inventory, &target->ref);
	record->changed |= !desired || !known || strcmp(desired, entry->desired) != 0 ||
			   strcmp(known, entry->live) != 0;
	return 0;
}

static int by_ref(const void *a, const void *b)
{
	return ref_compare(*(const struct ref *const *)a, *(const struct ref *const *)b);
}

int record_forget(struct record *record, const struct plan *plan, struct err *err)
{
	struct inventory *inventory = &record->app->inventory;
	CLEANUP(free_p) const struct ref **in_git = calloc(plan->count + 1, sizeof(*in_git));

	if (!in_git)
		return err_no_memory(err);
	for (size_t i = 0; i < plan->count; i++)
		in_git[i] = &plan->items[i].ref;
	qsort(in_git, plan->count, sizeof(*in_git), by_ref);
	for (size_t i = inventory->count; i-- > 0;) {
		const struct ref *ref = &inventory->entries[i].ref;

		if (bsearch(&ref, in_git, plan->count, sizeof(*in_git), by_ref))
			continue;
		inventory_remove(inventory, ref);
		record->changed = true;
	}
	return 0;
}

int record_revision(struct record *record, const struct plan *plan, struct err *err)
{
	struct app *app = record->app;
	const char *commit = app->fetched.snapshot.commit;
	const char *recorded = app->inventory.revision;

	if (plan_count(plan, PLAN_FAILED) || (recorded && strcmp(recorded, commit) == 0))
		return 0;
	record->changed = true;
	return inventory_set_revision(&app->inventory, commit, source_name(app->source), err);
}
