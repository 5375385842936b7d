#include "agent/standings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/follow.h"

static int64_t unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct promotion_record *standings_record(const struct inventory_watch *inventories,
						const char *namespace, const char *name)
{
	const struct ref ref = ref_view("apps", "v1", "StatefulSet", namespace, name);
	const struct inventory_entry *entry;

	return inventory_watch_owner(inventories, &ref, &entry) ? &entry->rollout : NULL;
}

int64_t standings_git_partition(const struct manifest *manifest, const struct rollout *rollout)
{
	if (rollout->on_delete)
		return -1;
	return manifest->partition;
}

/* The partition that the source says; -1: not known, or it means nothing. */
static int64_t git_partition(const struct app *app, const struct rollout *rollout)
{
	const struct manifest *manifest =
		app ? follow_find(rollout, &app->fetched.manifests, app->namespace) : NULL;

	return manifest ? standings_git_partition(manifest, rollout) : -1;
}

struct standing standing_of(const struct standings_sources *sources, const struct rollout *rollout)
{
	const struct ref ref =
		ref_view("apps", "v1", "StatefulSet", rollout->namespace, rollout->name);
	const struct inventory_entry *entry = NULL;
	const struct inventory *owner = inventory_watch_owner(sources->inventories, &ref, &entry);

	return (struct standing){
		.rollout = rollout,
		.record = entry ? &entry->rollout : NULL,
		.app = owner ? owner->app : NULL,
		.applied = owner ? owner->revision : NULL,
		.suspended_by = owner ? owner->suspended.by : NULL,
		.suspended_reason = owner ? owner->suspended.reason : NULL,
		.suspended_ms = owner ? owner->suspended.at_ms : 0,
		.git_partition = git_partition(sources->app, rollout),
	};
}

static size_t collect_items(const struct standings_sources *sources, struct standing *items)
{
	const struct app *app = sources->app;
	const struct rollout *rollout;
	size_t count = 0;

	for (size_t i = 0; (rollout = rollouts_at(sources->rollouts, i)); i++)
		if (!app || follow_find(rollout, &app->fetched.manifests, app->namespace))
			items[count++] = standing_of(sources, rollout);
	return count;
}

/* A kind that the server does not know has no objects in it. */
static bool is_missing(const struct standings_sources *sources, const struct target *target)
{
	if (ref_is(&target->ref, "apps", "StatefulSet"))
		return !rollouts_find(sources->rollouts, target->ref.namespace, target->ref.name);
	if (target->error)
		return target->error->class == ERR_NOT_FOUND;
	return target->awaits_crd || (target->live_known && !target->live);
}

static size_t collect_missing(const struct standings_sources *sources, struct missing *missing)
{
	size_t count = 0;

	for (size_t i = 0; sources->targets && i < sources->targets->count; i++) {
		const struct target *target = &sources->targets->items[i];

		if (is_missing(sources, target))
			missing[count++] = (struct missing){&target->ref, target->manifest->file,
							    target->manifest->mark.line};
	}
	return count;
}

/* What the app applied last; "" where it has no inventory; NULL where that is not known. */
static const char *applied_by(const struct standings_sources *sources)
{
	const struct inventory *inventory =
		inventory_watch_app(sources->inventories, sources->app->name);

	if (inventory)
		return inventory->revision;
	return sources->inventories->readable ? "" : NULL;
}

int standings_collect(const struct standings_sources *sources, struct standings *ret_standings,
		      struct err *err)
{
	CLEANUP(standings_release) struct standings standings = {0};
	size_t count = 0, wanted = sources->targets ? sources->targets->count : 0;

	while (rollouts_at(sources->rollouts, count))
		count++;
	standings.items = calloc(count + 1, sizeof(*standings.items));
	standings.missing = calloc(wanted + 1, sizeof(*standings.missing));
	if (!standings.items || !standings.missing)
		return err_no_memory(err);
	standings.view = (struct status){
		.items = standings.items,
		.missing = standings.missing,
		.trouble = sources->trouble,
		.now_ms = unix_ms(),
	};
	standings.view.count = collect_items(sources, standings.items);
	standings.view.missing_count = collect_missing(sources, standings.missing);
	if (sources->app) {
		standings.view.revision = app_revision(sources->app);
		standings.view.commit = sources->app->fetched.snapshot.commit;
		standings.view.applied = applied_by(sources);
	}
	*ret_standings = standings;
	standings = (struct standings){0};
	return 0;
}

void standings_release(struct standings *standings)
{
	free(standings->items);
	free(standings->missing);
	*standings = (struct standings){0};
}
