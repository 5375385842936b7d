#include "agent/runner_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

const char *runner_suspended_by(const struct runner *runner)
{
	if (runner->suspended)
		return "config";
	return runner->app.inventory_known ? runner->app.inventory.suspended.by : NULL;
}

static enum overview_state state_of(const struct runner *runner)
{
	if (runner_suspended_by(runner))
		return OVERVIEW_SUSPENDED;
	if (!runner->leading)
		return OVERVIEW_STANDBY;
	if (runner->waits_for)
		return OVERVIEW_WAITING;
	if (runner->pass)
		return pass_is_queued(runner->pass) ? OVERVIEW_QUEUED : OVERVIEW_SYNCING;
	return runner->last.result == OVERVIEW_NONE ? OVERVIEW_STARTING : OVERVIEW_IDLE;
}

/* One StatefulSet as `status` draws it; false: it is not the app's. */
static bool make_standing(const struct runner *runner, const struct rollout *rollout,
			  struct standing *ret_standing)
{
	const struct app *app = &runner->app;
	const struct manifest *manifest =
		follow_find(rollout, &app->fetched.manifests, app->namespace);

	if (!manifest)
		return false;
	struct ref ref = manifest->ref; /* whose namespace may be left to the app */
	ref.namespace = rollout->namespace;
	const struct inventory_entry *entry =
		app->inventory_known ? inventory_find(&app->inventory, &ref) : NULL;
	*ret_standing = (struct standing){
		.rollout = rollout,
		.record = entry ? &entry->rollout : NULL,
		.app = entry ? app->name : NULL,
		.applied = entry ? or_empty(app->inventory.revision) : NULL,
		.suspended_by = entry ? app->inventory.suspended.by : NULL,
		.suspended_reason = entry ? app->inventory.suspended.reason : NULL,
		.suspended_ms = entry ? app->inventory.suspended.at_ms : 0,
		.git_partition = standings_git_partition(manifest, rollout),
	};
	return true;
}

static int add_rollouts(const struct runner *runner, struct status *ret_status, struct err *err)
{
	const struct app *app = &runner->app;
	const struct rollouts *rollouts = runner->options.link->rollouts;
	const struct rollout *rollout;
	struct standing standing, *items = NULL;
	size_t count = 0;

	for (size_t i = 0; (rollout = rollouts_at(rollouts, i)); i++) {
		if (!make_standing(runner, rollout, &standing))
			continue;
		struct standing *grown = reallocarray(items, count + 1, sizeof(*items));
		if (!grown) {
			free(items);
			return err_no_memory(err);
		}
		items = grown;
		items[count++] = standing;
	}
	*ret_status = (struct status){
		.items = items,
		.count = count,
		.revision = app->loaded ? app_revision(app) : NULL,
		.commit = or_empty(app->fetched.snapshot.commit),
		.applied = app->inventory_known ? or_empty(app->inventory.revision) : NULL,
		.now_ms = clock_unix_ms(),
	};
	return 0;
}

/* What people were told of and holds. */
static int add_conditions(const struct runner *runner, struct overview_app *view, struct err *err)
{
	const struct notice_board *board = &runner->chronicle.board;
	struct overview_condition *conditions = calloc(board->count + 1, sizeof(*conditions));

	if (!conditions)
		return err_no_memory(err);
	for (size_t i = 0; i < board->count; i++) {
		const struct notice *notice = board->items[i].notice;

		if (board->items[i].told)
			conditions[view->condition_count++] = (struct overview_condition){
				.kind = notice_kinds[notice->kind].name,
				.key = notice_object(notice),
				.text = notice->text,
				.since_ms = notice->since_ms,
			};
	}
	view->conditions = conditions;
	return 0;
}

int runner_overview(const struct runner *runner, struct overview_app *ret_app, struct err *err)
{
	const struct app *app = &runner->app;
	const struct snapshot *snapshot = &app->fetched.snapshot;
	struct overview_app view = {
		.name = app->name,
		.cluster = or_empty(app->config.cluster),
		.namespace = app->namespace,
		.source = source_name(app->source),
		.ref = or_empty(app->config.ref),
		.path = or_empty(app->config.path),
		.state = state_of(runner),
		.suspended_by = or_empty(runner_suspended_by(runner)),
		.waits_for = or_empty(runner->waits_for),
		.manual = app->config.sync == SYNC_MANUAL,
		.revision = app_revision(app),
		.commit = or_empty(snapshot->commit),
		.author = or_empty(snapshot->author),
		.subject = or_empty(snapshot->subject),
		.applied = app->inventory_known ? or_empty(app->inventory.revision) : "",
		.last =
			{
				.result = runner->last.result,
				.at_ms = runner->last.at_ms,
				.duration_ms = runner->last.duration_ms,
				.message = or_empty(runner->last.message),
			},
		.tried = runner->tried,
		.synced_ms = runner->synced_ms,
		.next_ms = runner->next_ms,
		.object_count = app->fetched.manifests.count,
		.rollout_passes = runner->rollout_passes,
		.pass_ms = runner->pass_ms,
	};

	repository_count(&runner->repository, &view.fetches, &view.fetch_failures);
	for (int action = 0; action < PLAN_ACTION_COUNT; action++)
		view.objects[action] = tally_count(&runner->tally, (enum plan_action)action);
	memcpy(view.passes, runner->passes, sizeof(view.passes));
	if (add_conditions(runner, &view, err) < 0)
		return -1;
	if (add_rollouts(runner, &view.rollouts, err) < 0) {
		free((void *)(uintptr_t)view.conditions);
		return -1;
	}
	*ret_app = view;
	return 0;
}
