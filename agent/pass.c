#include "agent/pass_private.h"

#include <stdlib.h>

#include "agent/decision.h"
#include "agent/log.h"
#include "agent/neighbours.h"
#include "apply/clock.h"
#include "apply/live.h"
#include "apply/preview.h"
#include "diff/confine.h"

/* --- ends of stages -------------------------------------------------------------------------- */

void pass_fail(struct pass *pass, enum pass_fault fault, const struct err *err)
{
	pass->fault = fault;
	pass->err = *err;
	pass_enter(pass, STAGE_DONE);
}

/* What every stage of the cluster ends with: on to the next, or out. */
void pass_on_stage_done(void *context, const struct err *err)
{
	struct pass *pass = context;

	pass->id = 0;
	if (err)
		pass_fail(pass, PASS_CLUSTER, err);
	else
		pass_enter(pass, pass->stage + 1);
}

/* A stage that could not even start. */
void pass_check_started(struct pass *pass, const struct err *err)
{
	if (pass->id == 0)
		pass_fail(pass, PASS_CLUSTER, err);
}

struct plan_item *pass_item_of(struct pass *pass, const struct target *target)
{
	return &pass->plan.items[pass_index_of(pass, target)];
}

void pass_item_fail(struct plan_item *item, const struct err *err)
{
	item->action = PLAN_FAILED;
	item->error = *err;
}

/* --- resolve, read, autoscalers, preview ----------------------------------------------------- */

/* What only the cluster knows: kinds that belong to no namespace. */
static int confine(struct pass *pass, struct err *err)
{
	const struct app *app = pass->options.app;
	struct findings *findings = &pass->options.app->fetched.findings;

	for (size_t i = 0; i < pass->targets.count; i++) {
		const struct target *target = &pass->targets.items[i];

		if (target->resource && !target->resource->namespaced &&
		    confine_refuse_cluster_scoped(target->manifest, app->namespace, findings, err) <
			    0)
			return -1;
	}
	findings_sort(findings);
	return 0;
}

static void on_resolved(void *context, const struct err *resolve_err)
{
	struct pass *pass = context;
	struct app *app = pass->options.app;
	struct err err;

	pass->id = 0;
	if (resolve_err)
		pass_fail(pass, PASS_CLUSTER, resolve_err);
	else if (app->namespace_only && confine(pass, &err) < 0)
		pass_fail(pass, PASS_CLUSTER, &err);
	else if (app->fetched.findings.error_count)
		pass_refuse_manifests(pass);
	else {
		if (pass->options.on_resolved && pass->round == 0)
			pass->options.on_resolved(pass->options.context, &pass->targets);
		pass_enter(pass, STAGE_READ);
	}
}

static void start_resolve(struct pass *pass)
{
	const struct pass_options *options = &pass->options;
	const struct err *early_err;
	struct err err;

	if (pass_awaits_early(pass, EARLY_KINDS))
		return;
	if (pass->round == 0 && options->may_write && !options->may_write(options->context))
		pass->options.dry_run = true;
	if (pass->early && (early_err = early_error(pass->early, EARLY_KINDS))) {
		on_resolved(pass, early_err);
		return;
	}
	pass->id = discovery_resolve(pass->options.discovery, &pass->targets,
				     pass->options.app->namespace, on_resolved, pass, &err);
	pass_check_started(pass, &err);
}

static void start_read(struct pass *pass)
{
	const struct err *early_err;
	struct err err;

	if (pass_awaits_early(pass, EARLY_OBJECTS))
		return;
	if (pass->early) {
		if ((early_err = early_error(pass->early, EARLY_OBJECTS))) {
			pass_on_stage_done(pass, early_err);
			return;
		}
		early_take_over(pass->early, &pass->targets);
		early_free(STEAL(pass->early));
	}
	pass->id = live_read(pass->options.cluster, &pass->targets, pass_on_stage_done, pass, &err);
	pass_check_started(pass, &err);
}

static void start_autoscalers(struct pass *pass)
{
	struct app *app = pass->options.app;
	struct err err;

	pass->id =
		autoscalers_find(pass->options.cluster, &app->autoscalers, &app->fetched.manifests,
				 app->namespace, &pass->targets, pass_on_stage_done, pass, &err);
	pass_check_started(pass, &err);
}

/*
 * Whether the write itself is asked. What comes of that otherwise than well goes round again, and is then
 * asked for as anything else.
 */
static bool is_direct(const struct pass *pass, const struct target *target)
{
	const struct pass_options *options = &pass->options;

	return pass->round == 0 && !options->dry_run && !options->client_side &&
	       !options->forecast && decision_is_certain(options->app, target);
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
		moved.direct = is_direct(pass, &moved);
		targets->items[i] = targets->items[front];
		targets->items[front++] = moved;
	}
	pass->front = (struct targets){.items = targets->items, .count = front};
	if (pass_foresee_pods(pass, &err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &err);
		return;
	}
	pass->id = preview(pass->options.cluster, &pass->front, pass->options.dry_run,
			   pass_on_stage_done, pass, &err);
	pass_check_started(pass, &err);
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

static void start_decide(struct pass *pass)
{
	struct err orphans_err;

	pass->now_ms = clock_unix_ms();
	for (size_t i = 0; i < pass->targets.count; i++) {
		struct target *target = &pass->targets.items[i];
		struct plan_item *item = pass_item_of(pass, target);
		struct err err;

		if (renew_item(item, target, &err) < 0)
			pass_item_fail(item, &err);
		else if (target->error)
			pass_item_fail(item, target->error);
		else if (decision_note(target, item, &err) < 0 ||
			 pass_note_claim(pass, target, item, &err) < 0)
			pass_item_fail(item, &err);
		else if (i >= pass->front.count)
			item->action = PLAN_IN_SYNC;
		else if (pass_decide_target(pass, target, item, &err) < 0)
			pass_item_fail(item, &err);
		if (pass_note_fight(pass, target, item, &err) < 0)
			pass_item_fail(item, &err);
	}
	if (pass_decide_orphans(pass, &orphans_err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &orphans_err);
		return;
	}
	pass_enter(pass, STAGE_WRITE);
}

/* --- the machine ----------------------------------------------------------------------------- */

static void start_done(struct pass *pass)
{
	early_free(STEAL(pass->early));
	turn_give_back(&pass->turn);
	pass->options.on_done(pass->options.context, pass);
}

static const struct {
	const char *name;
	void (*start)(struct pass *pass);
} stages[] = {
	[STAGE_FETCH] = {"fetch", pass_start_fetch},
	[STAGE_INVENTORY] = {"inventory", pass_start_inventory},
	[STAGE_RESOLVE] = {"resolve", start_resolve},
	[STAGE_READ] = {"read", start_read},
	[STAGE_AUTOSCALERS] = {"autoscalers", start_autoscalers},
	[STAGE_PREVIEW] = {"preview", start_preview},
	[STAGE_CLAIMS] = {"claims", pass_start_claims},
	[STAGE_PODS] = {"pods", pass_start_pods},
	[STAGE_ORPHANS] = {"orphans", pass_start_orphans},
	[STAGE_DECIDE] = {"decide", start_decide},
	[STAGE_WRITE] = {"write", pass_start_write},
	[STAGE_UNSTICK] = {"unstick", pass_start_unstick},
	[STAGE_PRUNE] = {"prune", pass_start_prune},
	[STAGE_RECORD] = {"record", pass_start_record},
	[STAGE_DONE] = {"done", start_done},
};

void pass_enter(struct pass *pass, enum stage stage)
{
	const struct log_subject subject = {.app = pass->options.app->name};

	log_line(LOG_DEBUG, &subject, "%s -> %s, round %d, %zu objects", stages[pass->stage].name,
		 stages[stage].name, pass->round, pass->targets.count);
	pass->stage = stage;
	pass->stage_began_ms = clock_boot_ms();
	stages[stage].start(pass);
}

static void on_early_over(void *context)
{
	struct pass *pass = context;

	stages[pass->stage].start(pass);
}

bool pass_awaits_early(struct pass *pass, enum early_step step)
{
	return pass->early && early_awaits(pass->early, step, on_early_over, pass);
}

int pass_start(const struct pass_options *options, struct pass **ret_pass, struct err *err)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	if (!pass)
		return err_no_memory(err);
	pass->options = *options;
	if (!options->app->loaded) {
		pass->options.rollouts_only = false;
		pass->options.only_count = 0;
	}
	if (pass->options.rollouts_only || pass->options.only_count)
		pass->scope = PASS_SOME;
	pass->record.app = options->app;
	*ret_pass = pass;
	const struct log_subject subject = {.app = options->app->name};
	if (pass_is_whole(pass))
		log_line(LOG_DEBUG, &subject, "pass over everything");
	else if (pass->options.only_count)
		log_line(LOG_DEBUG, &subject, "pass over %zu that somebody changed",
			 pass->options.only_count);
	else
		log_line(LOG_DEBUG, &subject, "pass over rollouts");
	pass_enter(pass, STAGE_FETCH);
	return 0;
}

void pass_free(struct pass *pass)
{
	if (!pass)
		return;
	if (pass->fetch)
		fetch_cancel(pass->fetch);
	early_free(pass->early);
	if (pass->id)
		cluster_cancel(pass->options.cluster, pass->id);
	turn_give_back(&pass->turn);
	pass_release_rollouts(pass);
	neighbours_free(pass->neighbours);
	orphans_free(pass->orphans);
	targets_release(&pass->targets);
	plan_release(&pass->plan);
	free(pass->places);
	fetched_change_release(&pass->options.app->fetched.change);
	free(pass);
}

const char *pass_stage_name(const struct pass *pass)
{
	return stages[pass->stage].name;
}

int64_t pass_stage_age_ms(const struct pass *pass)
{
	return clock_boot_ms() - pass->stage_began_ms;
}

bool pass_is_queued(const struct pass *pass)
{
	return turn_is_awaited(&pass->turn);
}

bool pass_is_writing(const struct pass *pass)
{
	return !pass->options.dry_run && pass->stage >= STAGE_WRITE && pass->stage < STAGE_DONE;
}

bool pass_is_over(const struct pass *pass)
{
	return pass->stage == STAGE_DONE;
}

bool pass_is_cut(const struct pass *pass)
{
	return pass->is_cut;
}

bool pass_is_dry_run(const struct pass *pass)
{
	return pass->options.dry_run;
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

const char *pass_troubled(const struct pass *pass)
{
	return pass->troubled;
}
