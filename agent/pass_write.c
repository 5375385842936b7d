#include "agent/pass_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decision.h"
#include "agent/record_history.h"
#include "apply/refusal.h"
#include "apply/replace.h"

/* --- write ----------------------------------------------------------------------------------- */

/* Whether what was planned is no longer about what is there. */
static bool was_overtaken(struct pass *pass, const struct target *target)
{
	if (!target->error)
		return false;
	if (target->resource && refusal_is_of_kind(target->error)) {
		discovery_doubt(pass->options.discovery, target->resource);
		return true;
	}
	if (target->direct)
		return true;
	switch (target->error->class) {
	case ERR_CONFLICT:
	case ERR_EXISTS: return true;
	case ERR_TRANSIENT: return target->write; /* the write may have happened */
	default: return false;
	}
}

/* Takes over how the targets of this round ended, and collects those to be done again. */
static int settle_round(struct pass *pass, struct targets *again, struct err *err)
{
	bool records = pass->options.app->owns && !pass->options.dry_run;

	for (size_t i = 0; i < pass->targets.count; i++) {
		struct target *target = &pass->targets.items[i];
		struct plan_item *item = pass_item_of(pass, target);
		struct steer *steer = pass_steer_of(pass, target);

		if (steer)
			steer_settle(steer, target);
		if (was_overtaken(pass, target) && pass->round + 1 < PASS_MAX_ROUNDS) {
			if (targets_add(again, target->manifest, err) < 0)
				return -1;
			continue;
		}
		if (target->error)
			pass_item_fail(item, target->error);
		else if (records && i < pass->front.count &&
			 record_target(&pass->record, target, item, steer, err) < 0)
			return -1;
		pass_settle_drift(pass, target, item);
		if (pass->options.on_settled)
			pass->options.on_settled(pass->options.context, target,
						 i >= pass->front.count && !target->error);
	}
	return 0;
}

static void on_round_done(struct pass *pass)
{
	struct targets again = {0};
	struct err err;

	if (settle_round(pass, &again, &err) < 0) {
		targets_release(&again);
		pass_fail(pass, PASS_CLUSTER, &err);
		return;
	}
	if (again.count == 0) {
		pass_enter(pass, STAGE_UNSTICK);
		return;
	}
	targets_release(&pass->targets);
	pass->targets = again;
	pass->front = (struct targets){0};
	pass->round++;
	pass_enter(pass, STAGE_RESOLVE);
}

/* What was written without a dry run tells what it changed. */
static void take_answer(struct pass *pass, struct target *target)
{
	struct steer *steer = pass_steer_of(pass, target);
	struct err ignored;

	if (steer)
		steer_take_answer(steer, target);
	decision_take_answer(target, pass_item_of(pass, target), &ignored);
}

static void on_target(void *context, struct target *target)
{
	struct pass *pass = context;

	if (target->direct && !target->error)
		take_answer(pass, target);
	if (target->direct && target->result == TARGET_UNCHANGED)
		return; /* as where a dry run finds no difference */
	if (pass->options.on_written)
		pass->options.on_written(pass->options.context, pass_item_of(pass, target), target,
					 pass_steer_of(pass, target));
}

static void on_replaced(void *context, const struct err *err)
{
	struct pass *pass = context;

	pass->id = 0;
	if (err)
		pass_fail(pass, PASS_CLUSTER, err);
	else
		on_round_done(pass);
}

static void start_replacing(struct pass *pass)
{
	struct err err;

	pass->id = replace(pass->options.cluster, pass->options.discovery, &pass->front, on_target,
			   on_replaced, pass, &err);
	pass_check_started(pass, &err);
}

/* Notes how the inventory was saved. */
static void note_saved(struct pass *pass, const struct err *err)
{
	pass->id = 0;
	/* Where it was not it is read again before the next pass trusts it. */
	pass->options.app->inventory_known = !err;
}

static void on_rejections_saved(void *context, const struct err *err)
{
	struct pass *pass = context;

	note_saved(pass, err);
	if (err)
		pass_fail(pass, PASS_CLUSTER, err);
	else
		start_replacing(pass);
}

void pass_start_write(struct pass *pass)
{
	struct app *app = pass->options.app;
	bool any = false, rejections = false;
	struct err err;

	for (size_t i = 0; i < pass->front.count; i++)
		any |= pass->front.items[i].write;
	if (pass->options.dry_run || !any) {
		on_round_done(pass);
		return;
	}
	if (app->owns && pass_note_rejections(pass, &rejections, &err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &err);
	} else if (rejections) {
		pass->id = inventory_save(pass->options.cluster, app->namespace, &app->inventory,
					  on_rejections_saved, pass, &err);
		pass_check_started(pass, &err);
	} else {
		start_replacing(pass);
	}
}

/* --- record ---------------------------------------------------------------------------------- */

static void on_history_saved(void *context, const struct err *err)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;

	pass->id = 0;
	if (!err) {
		app->history_unsaved = false;
		if (app->inventory.suspended.by)
			pass->trouble = (struct err){0};
	}
	pass_enter(pass, STAGE_DONE);
}

static void on_reread(void *context, const struct err *err, struct inventory *inventory)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;
	struct err own;

	pass->id = 0;
	if (err || history_merge(&inventory->history, &app->inventory.history, &own) < 0) {
		pass_enter(pass, STAGE_DONE);
		return;
	}
	inventory_release(&app->inventory);
	app->inventory = *inventory;
	*inventory = (struct inventory){0};
	pass->id = inventory_save(pass->options.cluster, app->namespace, &app->inventory,
				  on_history_saved, pass, &own);
	if (!pass->id)
		on_history_saved(pass, &own);
}

/*
 * Somebody saved the inventory since the pass read it, as who suspends the app does. What the pass did goes
 * into theirs; what its objects are now the next pass finds out.
 */
static bool reread(struct pass *pass, const struct err *conflict)
{
	struct app *app = pass->options.app;
	struct err err;

	if (conflict->class != ERR_CONFLICT || !app->history_unsaved)
		return false;
	pass->id = inventory_load(pass->options.cluster, app->namespace, app->name, on_reread, pass,
				  &err);
	return pass->id;
}

static void on_recorded(void *context, const struct err *err)
{
	struct pass *pass = context;

	note_saved(pass, err);
	if (err) {
		pass->trouble = *err;
		pass->troubled = "inventory";
		if (reread(pass, err))
			return;
	} else {
		pass->options.app->history_unsaved = false;
	}
	pass_enter(pass, STAGE_DONE);
}

/* Whether no gate keeps a part of the commit from being applied. */
static bool is_applied(const struct pass *pass)
{
	for (size_t i = 0; i < pass->steer_count; i++)
		if (pass->steers[i] && !steer_applies(pass->steers[i]))
			return false;
	return true;
}

void pass_start_record(struct pass *pass)
{
	struct app *app = pass->options.app;
	struct err err;

	if (pass->options.dry_run || !app->owns) {
		pass_enter(pass, STAGE_DONE);
		return;
	}
	if (pass_looks_at_all(pass))
		record_orphans(&pass->record, pass->orphans);
	if (record_history(pass, &err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &err);
		return;
	}
	pass->record.changed |= app->history_unsaved;
	if (pass_is_whole(pass) && is_applied(pass) &&
	    record_revision(&pass->record, &pass->plan, &err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &err);
		return;
	}
	if (!pass->record.changed) {
		pass_enter(pass, STAGE_DONE);
		return;
	}
	pass->id = inventory_save(pass->options.cluster, app->namespace, &app->inventory,
				  on_recorded, pass, &err);
	pass_check_started(pass, &err);
}
