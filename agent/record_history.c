#include "agent/record_history.h"

#include <string.h>

#include "agent/pass_private.h"
#include "agent/record.h"
#include "apply/clock.h"

/* Whether the pass wrote the object of the item. */
static bool was_written(const struct pass *pass, size_t index)
{
	const struct plan_item *item = &pass->plan.items[index];
	const struct steer *steer = pass_steer(pass, index);

	if (item->action == PLAN_FAILED)
		return false;
	if (steer && steer->decided)
		return steer->written;
	return plan_action_writes(item->action);
}

/*
 * Why. What a commit that was applied before changes is drift, but for what it is still on its way
 * with, and for what left Git, which may be pruned later than that.
 */
static enum history_cause cause_of(const struct pass *pass, size_t index, bool applied)
{
	const struct steer *steer = pass_steer(pass, index);
	bool steered = steer && steer->decided;
	enum plan_action action = pass->plan.items[index].action;

	if (steered && steer->promotion.verdict == PROMOTION_ROLLED_BACK)
		return HISTORY_ROLLBACK;
	if ((steered ? steer->git_unchanged : applied) && action != PLAN_WALK &&
	    action != PLAN_PRUNE)
		return HISTORY_DRIFT;
	return pass->options.by ? HISTORY_SYNC : HISTORY_COMMIT;
}

static struct history_note note_of(const struct pass *pass, size_t index, enum history_cause cause,
				   const char *ref)
{
	const struct snapshot *snapshot = &pass->options.app->fetched.snapshot;
	const struct steer *steer = pass_steer(pass, index);

	return (struct history_note){
		.at_ms = pass->now_ms,
		.cause = cause,
		.by = pass->options.by,
		.ref = ref,
		.commit = snapshot->commit,
		.author = snapshot->author,
		.subject = cause == HISTORY_ROLLBACK ? steer->record.rejected_reason
						     : snapshot->subject,
	};
}

/* All that was written for one cause goes into one entry. */
static int note_cause(struct pass *pass, enum history_cause cause, bool applied, struct err *err)
{
	struct app *app = pass->options.app;
	CLEANUP(buf_release) struct buf ref = BUF_INIT(HISTORY_MAX_TEXT);
	const char *revision = app_revision(app), *at = strrchr(revision, '@');
	cJSON *entry = NULL;

	buf_append(&ref, revision, at ? (size_t)(at - revision) : 0);
	for (size_t i = 0; i < pass->plan.count; i++) {
		const struct steer *steer = pass_steer(pass, i);

		if (!was_written(pass, i) || cause_of(pass, i, applied) != cause)
			continue;
		const struct history_note note = note_of(pass, i, cause, buf_str(&ref));
		if (!entry && !(entry = history_open(&app->inventory.history, &note, err)))
			return -1;
		if (history_note_object(entry, &pass->plan.items[i], steer ? steer->generation : 0,
					pass->now_ms, err) < 0)
			return -1;
		app->history_unsaved = true;
	}
	return 0;
}

/* --- how rollouts ended ----------------------------------------------------------------------- */

/* Whether Git wants a lower partition than the live one, as it was last applied. */
static bool walks(const struct app *app, const struct history_sight *sight, int64_t partition)
{
	const struct ref ref = ref_view("apps", "v1", "StatefulSet", sight->namespace, sight->name);
	const struct inventory_entry *entry = inventory_find(&app->inventory, &ref);

	return entry && entry->rollout.has_partition && entry->rollout.partition < partition;
}

static bool note_sight(struct app *app, const struct history_sight *sight)
{
	bool changed = false;
	struct err ignored;

	history_note_rollout(&app->inventory.history, sight, clock_unix_ms(), &changed, &ignored);
	app->history_unsaved |= changed;
	return changed;
}

bool record_history_rollout(struct app *app, const struct rollout *rollout,
			    const cJSON *statefulset)
{
	struct history_sight sight = {
		.namespace = rollout->namespace,
		.name = rollout->name,
		.generation = json_int_or(statefulset, "metadata.generation", 0),
		.phase = rollout->phase,
		.reason = rollout->reason,
	};

	if (!app->inventory_known)
		return false;
	sight.walks = walks(app, &sight, rollout->partition);
	return note_sight(app, &sight);
}

/* Rollouts that nobody followed to their end: a sync without --wait, an agent that was not there. */
static void note_ends(struct pass *pass)
{
	struct app *app = pass->options.app;

	for (size_t i = pass->front.count; i < pass->targets.count; i++) {
		const struct target *target = &pass->targets.items[i];
		struct history_sight sight;

		if (!target->live || !ref_is(&target->ref, "apps", "StatefulSet") ||
		    !history_is_waiting(&app->inventory.history, target->ref.namespace,
					target->ref.name) ||
		    !history_see(target->live, &sight))
			continue;
		note_sight(app, &sight);
	}
}

int record_history(struct pass *pass, struct err *err)
{
	struct app *app = pass->options.app;
	bool applied = record_is_applied(app);
	const enum history_cause causes[] = {pass->options.by ? HISTORY_SYNC : HISTORY_COMMIT,
					     HISTORY_DRIFT, HISTORY_ROLLBACK};

	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (note_cause(pass, causes[i], applied, err) < 0)
			return -1;
	if (pass_is_whole(pass) &&
	    history_note_failed(&app->inventory.history, app->fetched.snapshot.commit,
				plan_count(&pass->plan, PLAN_FAILED), &app->history_unsaved,
				err) < 0)
		return -1;
	note_ends(pass);
	return 0;
}
