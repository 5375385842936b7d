#include "agent/pass.h"

#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/decision.h"
#include "agent/log.h"
#include "agent/record.h"
#include "apply/live.h"
#include "apply/preview.h"
#include "apply/replace.h"
#include "apply/rollout.h"

enum stage {
	STAGE_FETCH,
	STAGE_INVENTORY,
	STAGE_RESOLVE,
	STAGE_READ,
	STAGE_PREVIEW,
	STAGE_PODS,
	STAGE_DECIDE,
	STAGE_WRITE,
	STAGE_RECORD,
	STAGE_DONE,
};

struct pass {
	struct pass_options options;
	enum stage stage;
	int round; /* how often what was changed meanwhile has been read again */

	struct fetch *fetch;       /* while STAGE_FETCH */
	uint64_t id;               /* of the cluster's work under way, else 0 */
	struct rollouts *rollouts; /* from STAGE_PODS on, where forecasts are wanted */

	struct targets targets; /* of this round */
	struct targets front;   /* the first of them, which may differ; the rest are in sync */
	struct plan plan;       /* one item a manifest */
	struct record record;

	enum pass_fault fault;
	struct err err;
	struct err trouble;
};

static void enter(struct pass *pass, enum stage stage);

/* --- ends of stages -------------------------------------------------------------------------- */

static void fail(struct pass *pass, enum pass_fault fault, const struct err *err)
{
	pass->fault = fault;
	pass->err = *err;
	enter(pass, STAGE_DONE);
}

/* What every stage of the cluster ends with: on to the next, or out. */
static void on_stage_done(void *context, const struct err *err)
{
	struct pass *pass = context;

	pass->id = 0;
	if (err)
		fail(pass, PASS_CLUSTER, err);
	else
		enter(pass, pass->stage + 1);
}

/* A stage that could not even start. */
static void check_started(struct pass *pass, const struct err *err)
{
	if (pass->id == 0)
		fail(pass, PASS_CLUSTER, err);
}

static struct plan_item *item_of(struct pass *pass, const struct target *target)
{
	return &pass->plan.items[target->manifest - pass->options.app->fetched.manifests.items];
}

/* --- fetch ----------------------------------------------------------------------------------- */

static int make_targets(struct pass *pass, struct err *err)
{
	const struct app *app = pass->options.app;

	pass->plan.revision = strdup(app_revision(app));
	if (!pass->plan.revision)
		return err_no_memory(err);
	for (size_t i = 0; i < app->fetched.manifests.count; i++) {
		const struct manifest *manifest = &app->fetched.manifests.items[i];
		struct plan_item *item = plan_add(&pass->plan);

		if (!item || !(item->file = strdup(manifest->file)))
			return err_no_memory(err);
		item->mark = manifest->mark;
		if (ref_copy(&manifest->ref, &item->ref, err) < 0 ||
		    targets_add(&pass->targets, manifest, err) < 0)
			return -1;
	}
	return 0;
}

static void refuse_manifests(struct pass *pass)
{
	const struct findings *findings = &pass->options.app->fetched.findings;
	struct err err;

	err_set(&err, ERR_INVALID, "%zu error%s in the manifests; nothing was sent",
		findings->error_count, findings->error_count == 1 ? "" : "s");
	fail(pass, PASS_MANIFEST, &err);
}

static void on_fetched(void *context, struct fetched *fetched, const struct err *fetch_err)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;
	struct err err;

	pass->fetch = NULL;
	if (fetch_err->class != ERR_NONE) {
		fail(pass, PASS_SOURCE, fetch_err);
		return;
	}
	if (fetched->changed) {
		fetched_release(&app->fetched);
		app->fetched = *fetched;
		*fetched = (struct fetched){0};
		app->loaded = true;
		if (pass->options.on_fetched)
			pass->options.on_fetched(pass->options.context, app);
	}
	if (app->fetched.findings.error_count)
		refuse_manifests(pass);
	else if (make_targets(pass, &err) < 0)
		fail(pass, PASS_SOURCE, &err);
	else
		enter(pass, STAGE_INVENTORY);
}

static void start_fetch(struct pass *pass)
{
	struct app *app = pass->options.app;
	const char *known = app->loaded ? app->fetched.snapshot.commit : NULL;
	struct err err;

	if (fetch_start(pass->options.loop, app->source, known, app->namespace, on_fetched, pass,
			&pass->fetch, &err) < 0)
		fail(pass, PASS_SOURCE, &err);
}

/* --- inventory ------------------------------------------------------------------------------- */

static void on_inventory(void *context, const struct err *err, struct inventory *inventory)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;

	pass->id = 0;
	if (!err) {
		inventory_release(&app->inventory);
		app->inventory = *inventory;
		*inventory = (struct inventory){0};
		app->inventory_known = true;
	} else if (!(pass->options.dry_run && err->class == ERR_DENIED)) {
		/* Without it drift cannot be told from a change in Git. A dry run writes nothing, so
		 * it may go on and call both a change. */
		fail(pass, PASS_CLUSTER, err);
		return;
	}
	enter(pass, STAGE_RESOLVE);
}

static void start_inventory(struct pass *pass)
{
	struct app *app = pass->options.app;
	struct err err;

	if (!app->owns || app->inventory_known) {
		enter(pass, STAGE_RESOLVE);
		return;
	}
	pass->id = inventory_load(pass->options.cluster, app->namespace, app->name, on_inventory,
				  pass, &err);
	check_started(pass, &err);
}

/* --- resolve, read, preview ------------------------------------------------------------------ */

static void start_resolve(struct pass *pass)
{
	struct err err;

	pass->id = discovery_resolve(pass->options.discovery, &pass->targets,
				     pass->options.app->namespace, on_stage_done, pass, &err);
	check_started(pass, &err);
}

static void start_read(struct pass *pass)
{
	struct err err;

	pass->id = live_read(pass->options.cluster, &pass->targets, on_stage_done, pass, &err);
	check_started(pass, &err);
}

/* Moves the targets that may differ to the front, and has only those previewed. */
static void start_preview(struct pass *pass)
{
	struct targets *targets = &pass->targets;
	size_t front = 0;
	struct err err;

	for (size_t i = 0; i < targets->count; i++) {
		if (decision_is_in_sync(pass->options.app, &targets->items[i]))
			continue;
		struct target moved = targets->items[i];
		moved.client_side = pass->options.client_side;
		targets->items[i] = targets->items[front];
		targets->items[front++] = moved;
	}
	pass->front = (struct targets){.items = targets->items, .count = front};
	pass->id = preview(pass->options.cluster, &pass->front, pass->options.dry_run,
			   on_stage_done, pass, &err);
	check_started(pass, &err);
}

/* --- pods ------------------------------------------------------------------------------------ */

static void on_pods(void *context)
{
	enter(context, STAGE_DECIDE);
}

/* The verdicts are not wanted here, only the Pods. */
static void on_verdict(void *context, const struct rollout *rollout)
{
	(void)context;
	(void)rollout;
}

/* Pods that may not be listed cost the forecasts, nothing else. */
static void on_pods_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct pass *pass = context;

	if (retry_in_ms >= 0 || pass->stage != STAGE_PODS)
		return;
	pass->trouble = *err;
	rollouts_free(STEAL(pass->rollouts));
	enter(pass, STAGE_DECIDE);
}

static bool is_statefulset(const struct target *target)
{
	return ref_is(&target->ref, "apps", "StatefulSet");
}

static int follow_namespaces(struct pass *pass, struct err *err)
{
	for (size_t i = 0; i < pass->front.count; i++) {
		const struct target *target = &pass->front.items[i];

		if (is_statefulset(target) && !target->error &&
		    rollouts_add_namespace(pass->rollouts, target->ref.namespace, err) < 0)
			return -1;
	}
	return 0;
}

static bool wants_pods(const struct pass *pass)
{
	for (size_t i = 0; i < pass->front.count; i++)
		if (is_statefulset(&pass->front.items[i]) && !pass->front.items[i].error)
			return pass->options.forecast;
	return false;
}

static void start_pods(struct pass *pass)
{
	const struct rollouts_options options = {.once = true,
						 .on_change = on_verdict,
						 .on_synced = on_pods,
						 .on_error = on_pods_error,
						 .ctx = pass};
	struct err err;

	rollouts_free(STEAL(pass->rollouts));
	if (!wants_pods(pass)) {
		enter(pass, STAGE_DECIDE);
		return;
	}
	pass->rollouts = rollouts_new(pass->options.cluster, &options, &err);
	if (!pass->rollouts || follow_namespaces(pass, &err) < 0)
		fail(pass, PASS_CLUSTER, &err);
}

/* --- decide ---------------------------------------------------------------------------------- */

/* Empties an item for another round; the file and its place stay. */
static int renew_item(struct plan_item *item, const struct target *target, struct err *err)
{
	struct plan_item fresh = {.file = STEAL(item->file), .mark = item->mark};

	plan_item_release(item);
	*item = fresh;
	return ref_copy(&target->ref, &item->ref, err);
}

static void item_fail(struct plan_item *item, const struct err *err)
{
	item->action = PLAN_FAILED;
	item->error = *err;
}

static void start_decide(struct pass *pass)
{
	for (size_t i = 0; i < pass->targets.count; i++) {
		struct target *target = &pass->targets.items[i];
		struct plan_item *item = item_of(pass, target);
		struct err err;

		if (renew_item(item, target, &err) < 0)
			item_fail(item, &err);
		else if (target->error)
			item_fail(item, target->error);
		else if (i >= pass->front.count)
			item->action = PLAN_IN_SYNC;
		else if (decision_make(pass->options.app, target, pass->rollouts, item, &err) < 0)
			item_fail(item, &err);
		target->write = item->action == PLAN_CREATE || item->action == PLAN_REPLACE;
	}
	if (pass->round == 0 && pass->options.on_planned)
		pass->options.on_planned(pass->options.context, pass);
	enter(pass, STAGE_WRITE);
}

/* --- write ----------------------------------------------------------------------------------- */

/* Whether what was planned is no longer about what is there. */
static bool was_overtaken(const struct target *target)
{
	if (!target->error)
		return false;
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
		struct plan_item *item = item_of(pass, target);

		if (was_overtaken(target) && pass->round + 1 < PASS_MAX_ROUNDS) {
			if (targets_add(again, target->manifest, err) < 0)
				return -1;
		} else if (target->error) {
			item_fail(item, target->error);
		} else if (records && i < pass->front.count &&
			   record_target(&pass->record, target, item, err) < 0) {
			return -1;
		}
	}
	return 0;
}

static void on_round_done(struct pass *pass)
{
	struct targets again = {0};
	struct err err;

	if (settle_round(pass, &again, &err) < 0) {
		targets_release(&again);
		fail(pass, PASS_CLUSTER, &err);
		return;
	}
	if (again.count == 0) {
		enter(pass, STAGE_RECORD);
		return;
	}
	targets_release(&pass->targets);
	pass->targets = again;
	pass->front = (struct targets){0};
	pass->round++;
	enter(pass, STAGE_RESOLVE);
}

static void on_target(void *context, struct target *target)
{
	struct pass *pass = context;

	if (pass->options.on_written)
		pass->options.on_written(pass->options.context, item_of(pass, target), target);
}

static void on_replaced(void *context, const struct err *err)
{
	struct pass *pass = context;

	pass->id = 0;
	if (err)
		fail(pass, PASS_CLUSTER, err);
	else
		on_round_done(pass);
}

static void start_write(struct pass *pass)
{
	bool any = false;
	struct err err;

	for (size_t i = 0; i < pass->front.count; i++)
		any |= pass->front.items[i].write;
	if (pass->options.dry_run || !any) {
		on_round_done(pass);
		return;
	}
	pass->id = replace(pass->options.cluster, pass->options.discovery, &pass->front, on_target,
			   on_replaced, pass, &err);
	check_started(pass, &err);
}

/* --- record ---------------------------------------------------------------------------------- */

static void on_recorded(void *context, const struct err *err, const char *resource_version)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;
	char *copy = err ? NULL : strdup(resource_version);

	pass->id = 0;
	if (copy) {
		free(app->inventory.resource_version);
		app->inventory.resource_version = copy;
	} else {
		/* Read it again before the next pass trusts it. */
		app->inventory_known = false;
		if (err)
			pass->trouble = *err;
	}
	enter(pass, STAGE_DONE);
}

static void start_record(struct pass *pass)
{
	struct app *app = pass->options.app;
	struct err err;

	if (pass->options.dry_run || !app->owns) {
		enter(pass, STAGE_DONE);
		return;
	}
	if (record_forget(&pass->record, &pass->plan, &err) < 0 ||
	    record_revision(&pass->record, &pass->plan, &err) < 0) {
		fail(pass, PASS_CLUSTER, &err);
		return;
	}
	if (!pass->record.changed) {
		enter(pass, STAGE_DONE);
		return;
	}
	pass->id = inventory_save(pass->options.cluster, app->namespace, &app->inventory,
				  on_recorded, pass, &err);
	check_started(pass, &err);
}

/* --- the machine ----------------------------------------------------------------------------- */

static void start_done(struct pass *pass)
{
	pass->options.on_done(pass->options.context, pass);
}

static const struct {
	const char *name;
	void (*start)(struct pass *pass);
} stages[] = {
	[STAGE_FETCH] = {"fetch", start_fetch},
	[STAGE_INVENTORY] = {"inventory", start_inventory},
	[STAGE_RESOLVE] = {"resolve", start_resolve},
	[STAGE_READ] = {"read", start_read},
	[STAGE_PREVIEW] = {"preview", start_preview},
	[STAGE_PODS] = {"pods", start_pods},
	[STAGE_DECIDE] = {"decide", start_decide},
	[STAGE_WRITE] = {"write", start_write},
	[STAGE_RECORD] = {"record", start_record},
	[STAGE_DONE] = {"done", start_done},
};

/* The only place where the stage changes. The pass may be gone when this returns. */
static void enter(struct pass *pass, enum stage stage)
{
	const struct log_subject subject = {.app = pass->options.app->name};

	log_line(LOG_DEBUG, &subject, "%s -> %s, round %d, %zu objects", stages[pass->stage].name,
		 stages[stage].name, pass->round, pass->targets.count);
	pass->stage = stage;
	stages[stage].start(pass);
}

int pass_start(const struct pass_options *options, struct pass **ret_pass, struct err *err)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	if (!pass)
		return err_no_memory(err);
	pass->options = *options;
	pass->record.app = options->app;
	*ret_pass = pass;
	enter(pass, STAGE_FETCH);
	return 0;
}

void pass_free(struct pass *pass)
{
	if (!pass)
		return;
	if (pass->fetch)
		fetch_cancel(pass->fetch);
	if (pass->id)
		cluster_cancel(pass->options.cluster, pass->id);
	rollouts_free(pass->rollouts);
	targets_release(&pass->targets);
	plan_release(&pass->plan);
	free(pass);
}

enum pass_fault pass_fault(const struct pass *pass)
{
	return pass->fault;
}

const struct err *pass_error(const struct pass *pass)
{
	return &pass->err;
}

const struct plan *pass_plan(const struct pass *pass)
{
	return &pass->plan;
}

const struct err *pass_trouble(const struct pass *pass)
{
	return pass->trouble.class == ERR_NONE ? NULL : &pass->trouble;
}
