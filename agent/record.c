#include "agent/record.h"

#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"

static int note_digests(struct record *record, const struct target *target, const cJSON *live,
			struct err *err)
{
	struct inventory *inventory = &record->app->inventory;
	const struct inventory_entry *entry = inventory_find(inventory, &target->ref);
	CLEANUP(free_p) char *desired = entry ? strdup(entry->desired) : NULL;
	CLEANUP(free_p) char *known = entry ? strdup(entry->live) : NULL;

	if (inventory_put(inventory, &target->ref, target->manifest->desired,
			  target_desired(target), live, err) < 0)
		return -1;
	entry = inventory_find(inventory, &target->ref);
	record->changed |= !desired || !known || strcmp(desired, entry->desired) != 0 ||
			   strcmp(known, entry->live) != 0;
	return 0;
}

int record_target(struct record *record, const struct target *target, const struct plan_item *item,
		  const struct steer *steer, struct err *err)
{
	const cJSON *live = target->written ? target->written : target->live;

	if (item->action == PLAN_FAILED || !live)
		return 0;
	if (item->action != PLAN_DRIFT && (!steer || steer_applies(steer)) &&
	    note_digests(record, target, live, err) < 0)
		return -1;
	return steer ? steer_record(steer, target, clock_unix_ms(), &record->app->inventory,
				    &record->changed, err)
		     : 0;
}

void record_orphans(struct record *record, const struct orphans *orphans)
{
	struct inventory *inventory = &record->app->inventory;
	struct inventory_cursor cursor = {0};
	const struct inventory_entry *entry;

	while ((entry = inventory_next(inventory, &cursor))) {
		enum orphan_fate fate = orphans_fate(orphans, &entry->ref);
		bool orphan = fate != ORPHAN_IN_GIT;

		if (fate != ORPHAN_FORGET && entry->orphan == orphan)
			continue;
		record->changed = true;
		if (fate == ORPHAN_FORGET)
			inventory_remove_at(inventory, &cursor);
		else
			inventory_edit(inventory, &entry->ref)->orphan = orphan;
	}
}

static bool same(const char *recorded, const char *text)
{
	return recorded && strcmp(recorded, text) == 0;
}

static const char *git_ref(const struct app *app)
{
	return app->source_options.ref ? app->source_options.ref : "";
}

static const char *git_path(const struct app *app)
{
	return app->source_options.path ? app->source_options.path : "";
}

bool record_is_applied(const struct app *app)
{
	const struct inventory *inventory = &app->inventory;

	return same(inventory->revision, app->fetched.snapshot.commit) &&
	       same(inventory->ref, git_ref(app)) && same(inventory->path, git_path(app));
}

int record_revision(struct record *record, const struct plan *plan, struct err *err)
{
	struct app *app = record->app;
	struct inventory *inventory = &app->inventory;

	if (plan_count(plan, PLAN_FAILED) || record_is_applied(app))
		return 0;
	record->changed = true;
	if (inventory_set_revision(inventory, app->fetched.snapshot.commit,
				   source_name(app->source), err) < 0)
		return -1;
	return inventory_set_place(inventory, git_ref(app), git_path(app), err);
}
