#include "agent/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/record_history.h"
#include "agent/runner_private.h"
#include "apply/clock.h"
#include "apply/suspend.h"
#include "diff/backoff.h"
#include "diff/duration.h"

#define RETRY_FIRST_MS 1000 /* after a pass that failed; doubles up to the interval */
/* How long a pass waits for what is being saved, and how often it looks. */
#define SAVE_PATIENCE_MS 2000
#define SAVE_LOOK_MS     50

struct log_subject runner_subject(const struct runner *runner)
{
	return chronicle_subject(&runner->chronicle, NULL);
}

void runner_changed(struct runner *runner)
{
	runner->options.on_changed(runner->options.context, runner);
}

void runner_keep_commit(char *kept, const char *commit)
{
	strncpy(kept, commit ? commit : "", COMMIT_BYTES - 1);
}

/* --- when the next pass begins --------------------------------------------------------------- */

/* The interval; after failures sooner than that, backing off up to it. */
static int64_t next_delay_ms(struct runner *runner)
{
	int64_t interval_ms = runner->app.config.interval_ms;
	int64_t left_ms = runner->all_due_ms - clock_boot_ms();

	if (runner->failures)
		return backoff_ms(RETRY_FIRST_MS, interval_ms, runner->failures, &runner->random);
	if (runner->all_due_ms)
		return left_ms > 0 ? left_ms : 0;
	return interval_ms;
}

void runner_want(struct runner *runner, enum schedule_kind kind, int64_t delay_ms)
{
	if (runner->suspended || runner->ending)
		return;
	if (kind == SCHEDULE_WHOLE) {
		int64_t at_ms = clock_unix_ms() + delay_ms;

		if (runner->next_ms == 0 || at_ms < runner->next_ms)
			runner->next_ms = at_ms;
	}
	schedule_request(runner->schedule, kind, delay_ms);
}

static void on_moved(void *context)
{
	runner_want(context, SCHEDULE_WHOLE, 0);
}

static void on_unwatched(void *context, const struct err *err)
{
	const struct log_subject subject = runner_subject(context);

	log_line(LOG_WARNING, &subject, "%s; commits are seen at the interval only", err->message);
}

/* --- passes ---------------------------------------------------------------------------------- */

static void on_fetched(void *context, struct app *app)
{
	struct runner *runner = context;

	(void)app;
	if (runner->leading)
		chronicle_fetched(&runner->chronicle);
}

static void on_written(void *context, const struct plan_item *item, const struct target *target,
		       const struct steer *steer)
{
	struct runner *runner = context;

	chronicle_written(&runner->chronicle, item, target, steer);
}

/*
 * Has the next pass come when it is due: for the whole at the interval, for rollouts by their time.
 */
static void plan_next(struct runner *runner)
{
	runner->max_age_ms = next_delay_ms(runner);
	runner_want(runner, SCHEDULE_WHOLE, runner->max_age_ms);
	if (runner->drive.next_ms)
		runner_want(runner, SCHEDULE_ROLLOUTS, runner->drive.next_ms);
}

static enum overview_result judge(const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);

	switch (pass_fault(pass)) {
	case PASS_SOURCE: return OVERVIEW_SOURCE;
	case PASS_MANIFEST: return OVERVIEW_MANIFEST;
	case PASS_CLUSTER: return OVERVIEW_CLUSTER;
	case PASS_SUSPENDED: /* it tells nothing of the app; not asked for */
	case PASS_FINE: break;
	}
	if (plan_count(plan, PLAN_FAILED))
		return OVERVIEW_FAILED;
	if (plan_count(plan, PLAN_DRIFT) || (pass_is_dry_run(pass) && plan_has_differences(plan)))
		return OVERVIEW_DIFFERS;
	return OVERVIEW_SYNCED;
}

/* Remembers how a whole pass ended. */
static void keep_result(struct runner *runner, const struct pass *pass)
{
	enum overview_result result = judge(pass);

	runner->last.result = result;
	runner->last.at_ms = clock_unix_ms();
	runner->last.duration_ms = clock_boot_ms() - runner->pass_began_ms;
	runner->passes[result]++;
	runner->pass_ms += (uint64_t)runner->last.duration_ms;
	metrics_observe(METRIC_SYNC_DURATION, (double)runner->last.duration_ms / 1000,
			LABELS(runner->app.name));
	free(STEAL(runner->last.message));
	if (pass_fault(pass) != PASS_FINE)
		runner->last.message = strdup(pass_error(pass)->message);
	runner_keep_commit(runner->synced,
			   result == OVERVIEW_SYNCED ? runner->app.fetched.snapshot.commit : "");
	if (result == OVERVIEW_SYNCED)
		runner->synced_ms = runner->last.at_ms;
}

/* Remembers whether each object is known to stand as the pass tells. */
static void keep_judged(struct runner *runner, const struct pass *pass)
{
	bool fine = pass_fault(pass) == PASS_FINE && !pass_trouble(pass) &&
		    !pass_is_dry_run(pass) && !pass_is_cut(pass);

	if (pass_is_whole(pass) || !fine)
		runner_keep_commit(runner->judged, fine ? runner->app.fetched.snapshot.commit : "");
}

/* After a pass that went to the cluster. */
static void take_pass(struct runner *runner, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);
	bool fine = pass_fault(pass) == PASS_FINE;
	struct err err;

	chronicle_pass(&runner->chronicle, pass);
	keep_judged(runner, pass);
	if (fine) {
		const struct log_subject subject = runner_subject(runner);

		if (drive_take(&runner->drive, pass, runner->options.link->rollouts, &err) < 0 ||
		    tally_take(&runner->tally, pass, runner->app.fetched.manifests.count, &err) <
			    0) {
			runner_keep_commit(runner->judged, "");
			log_line(LOG_ERROR, &subject, "%s", err.message);
		}
		runner_follow_rollouts(runner, pass);
	}
	/* What is refused or suspended is not tried again sooner: it stays so. */
	if ((!fine || plan_count(plan, PLAN_FAILED)) && pass_fault(pass) != PASS_MANIFEST &&
	    pass_fault(pass) != PASS_SUSPENDED)
		runner->failures++;
	else if (pass_is_whole(pass))
		runner->failures = 0;
	if (pass_fault(pass) == PASS_SUSPENDED) {
		drive_release(&runner->drive);
		runner->is_asked = false;
	} else if (pass_is_whole(pass)) {
		keep_result(runner, pass);
		runner_tell_manual(runner, pass);
	} else {
		runner->rollout_passes++;
	}
}

static void after_pass(struct runner *runner)
{
	runner_take_next_config(runner);
	plan_next(runner);
	schedule_ended(runner->schedule);
	runner_changed(runner);
}

static void take_saved_alerts(struct runner *runner, const struct err *err)
{
	const struct log_subject subject = runner_subject(runner);

	runner->save_id = 0;
	runner->app.inventory_known = !err;
	runner->save_failures = err ? runner->save_failures + 1 : 0;
	if (!err)
		return;
	/*
	 * Until then the process after this one would tell it again. The next pass reads what the
	 * cluster has.
	 */
	log_line(LOG_DEBUG, &subject, "what was told is not kept: %s", err->message);
	runner_want(runner, SCHEDULE_WHOLE,
		    backoff_ms(RETRY_FIRST_MS, runner->app.config.interval_ms,
			       runner->save_failures, &runner->random));
}

/* Keeps what was told in the inventory, where that is another. True: on_saved will be called. */
static bool save_alerts(struct runner *runner,
			void (*on_saved)(void *context, const struct err *err))
{
	struct app *app = &runner->app;
	struct err err;

	if (!runner->leading || !app->inventory_known || !app->inventory.resource_version ||
	    !chronicle_remember(&runner->chronicle, &app->inventory))
		return false;
	runner->save_began_ms = clock_boot_ms();
	runner->save_id = inventory_save(runner->options.link->cluster, app->namespace,
					 &app->inventory, on_saved, runner, &err);
	if (!runner->save_id)
		app->inventory_known = false; /* it is not what the cluster has */
	return runner->save_id;
}

static void after_saving(struct runner *runner, const struct err *err)
{
	take_saved_alerts(runner, err);
	runner_take_next_config(runner);
	if (!err)
		runner_keep_alerts(runner); /* of what reached a sink meanwhile */
}

static void on_alerts_saved(void *context, const struct err *err)
{
	after_saving(context, err);
	after_pass(context);
}

static void on_alerts_kept(void *context, const struct err *err)
{
	after_saving(context, err);
	runner_changed(context);
}

void runner_keep_alerts(struct runner *runner)
{
	/* The end of the pass, or of that saving, does it. */
	if (!runner->pass && !runner->save_id && !runner->ending)
		save_alerts(runner, on_alerts_kept);
}

static void on_pass_done(void *context, struct pass *pass)
{
	struct runner *runner = context;

	runner->tried = true;
	if (pass_looks_at_all(pass))
		runner->all_due_ms = clock_boot_ms() + runner->app.config.interval_ms;
	if (runner->leading && !pass_is_cut(pass) &&
	    runner->options.is_leading(runner->options.context))
		take_pass(runner, pass);
	else if (pass_fault(pass) != PASS_FINE)
		runner->failures++;
	else
		runner->failures = 0;
	if (!pass_is_cut(pass))
		runner_plan_looks(runner, pass);
	pass_free(STEAL(runner->pass));
	free(STEAL(runner->places));
	manifest_set_pack(&runner->app.fetched.manifests);
	link_settle(runner->options.link);
	if (!save_alerts(runner, on_alerts_saved))
		after_pass(runner);
}

/* Whether a pass of the kind is to be begun at all; what is wanted of one is settled with it. */
static bool may_begin(struct runner *runner, enum schedule_kind kind)
{
	if (runner->suspended || runner->ending)
		return false;
	/* What was fetched last is not to be written yet. */
	return kind == SCHEDULE_WHOLE ||
	       (runner->leading && !runner->waits_for && runner_is_approved(runner));
}

static void start_pass(void *context, enum schedule_kind kind)
{
	struct runner *runner = context;
	struct err err;

	if (!may_begin(runner, kind)) {
		schedule_ended(runner->schedule);
		return;
	}
	if (runner->save_id && clock_boot_ms() - runner->save_began_ms < SAVE_PATIENCE_MS) {
		/* Given up now it may still arrive, after the pass has read what it changes. */
		schedule_defer(runner->schedule, SAVE_LOOK_MS);
		return;
	}
	if (runner->save_id) {
		/* It may have been written all the same, which the pass finds out. */
		cluster_cancel(runner->options.link->cluster, runner->save_id);
		runner->save_id = 0;
		runner->app.inventory_known = false;
	}
	bool is_pushed = false;
	if (kind == SCHEDULE_WHOLE) {
		runner->next_ms = 0;
		is_pushed = runner->is_pushed;
		runner->is_pushed = false;
		runner->all_now = runner->wants_all;
		runner->wants_all = false;
	}
	struct pass_options options = {
		.loop = runner->options.loop,
		.cluster = runner->options.link->cluster,
		.discovery = runner->options.link->discovery,
		.app = &runner->app,
		.shared = &runner->repository,
		.max_age_ms = is_pushed ? 0 : runner->max_age_ms,
		.turns = &runner->options.link->passes,
		.rollouts_only = kind == SCHEDULE_ROLLOUTS,
		.by = runner->is_asked ? runner->asked_by : NULL,
		.may_go_on = kind == SCHEDULE_WHOLE ? runner_may_go_on : NULL,
		.may_write = kind == SCHEDULE_WHOLE ? runner_may_write : NULL,
		.may_narrow = kind == SCHEDULE_WHOLE ? runner_may_narrow : NULL,
		.fights = &runner->fights,
		.on_fetched = on_fetched,
		.on_resolved = kind == SCHEDULE_WHOLE ? runner_on_resolved : NULL,
		.on_written = on_written,
		.on_settled = runner_on_settled,
		.on_done = on_pass_done,
		.context = runner,
	};

	runner->looks = kind == SCHEDULE_OBJECTS;
	if (runner->looks && !runner_take_suspects(runner, &options)) {
		schedule_ended(runner->schedule);
		return;
	}

	runner->pass_began_ms = clock_boot_ms();
	if (pass_start(&options, &runner->pass, &err) < 0) {
		const struct log_subject subject = runner_subject(runner);
		log_line(LOG_ERROR, &subject, "%s", err.message);
		plan_next(runner);
		schedule_ended(runner->schedule);
	}
}

/* --- beginning and end ----------------------------------------------------------------------- */

int runner_new(const struct runner_options *options, struct runner **ret_runner, struct err *err)
{
	CLEANUP(runner_free_p) struct runner *runner = calloc(1, sizeof(*runner));

	if (!runner)
		return err_no_memory(err);
	runner->options = *options;
	runner->leading = options->leading;
	runner->random = uv_hrtime();
	runner_listen(runner);
	if (app_init(&runner->app, options->config, options->link->kubeconfig.namespace, err) < 0)
		return -1;
	runner->options.config = &runner->app.config;
	runner->chronicle.app = &runner->app;
	runner->chronicle.board.notices = options->notices;
	runner->repository = (struct repository_user){
		.on_moved = on_moved, .on_unwatched = on_unwatched, .context = runner};
	if (repository_join(options->repositories, &runner->app.source_options, &runner->repository,
			    err) < 0)
		return -1;
	runner->schedule = schedule_new(options->loop, start_pass, runner, err);
	if (!runner->schedule || runner_look_out(runner, err) < 0)
		return -1;
	*ret_runner = STEAL(runner);
	return 0;
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	link_unlisten(runner->options.link, &runner->listener);
	cluster_cancel(runner->options.link->cluster, runner->order);
	pass_free(runner->pass);
	lookout_free(runner->lookout);
	fights_release(&runner->fights);
	cluster_cancel(runner->options.link->cluster, runner->save_id);
	repository_leave(&runner->repository);
	schedule_free(runner->schedule);
	runner_drop_next_config(runner);
	for (size_t i = 0; i < runner->namespace_count; i++)
		free(runner->namespaces[i]);
	free(runner->namespaces);
	follow_release(&runner->follow);
	drive_release(&runner->drive);
	tally_release(&runner->tally);
	chronicle_release(&runner->chronicle);
	app_release(&runner->app);
	free(runner->last.message);
	free(runner->told_manual);
	free(runner->places);
	free(runner);
}

void runner_start(struct runner *runner)
{
	const struct log_subject subject = {.app = runner->app.name};

	log_line(LOG_INFO, &subject, "following %s, syncing to %s as %s",
		 source_name(runner->app.source), cluster_server(runner->options.link->cluster),
		 runner->options.link->kubeconfig.origin);
	if (runner->app.config.suspend)
		runner_suspend_here(runner, true);
	else
		runner_want(runner, SCHEDULE_WHOLE, 0);
}

bool runner_end(struct runner *runner)
{
	runner->ending = true;
	if (runner->pass && !pass_is_writing(runner->pass))
		pass_free(STEAL(runner->pass));
	return !runner->pass && !runner->save_id;
}

const struct app *runner_app(const struct runner *runner)
{
	return &runner->app;
}

const struct config_app *runner_config(const struct runner *runner)
{
	return runner->next_config ? runner->next_config : &runner->app.config;
}

void runner_sync_now(struct runner *runner, const char *by)
{
	if (by && !runner->suspended) {
		runner->is_asked = true;
		snprintf(runner->asked_by, sizeof(runner->asked_by), "%s", by);
	}
	runner->is_pushed = runner->wants_all = true;
	runner_want(runner, SCHEDULE_WHOLE, 0);
}

void runner_fetch_soon(struct runner *runner, int64_t delay_ms)
{
	runner->is_pushed = true;
	runner_want(runner, SCHEDULE_WHOLE, delay_ms);
}

static bool print_stuck(const char *name, const char *what, const char *how, int64_t ms,
			struct buf *why)
{
	buf_printf(why, "%s: %s%s for ", name, what, how);
	duration_print_age(ms, why);
	buf_putc(why, '\n');
	return true;
}

bool runner_is_stuck(const struct runner *runner, struct buf *why)
{
	int64_t overdue_ms = schedule_overdue_ms(runner->schedule);

	if (runner->pass && !pass_is_queued(runner->pass) &&
	    pass_stage_age_ms(runner->pass) > RUNNER_STUCK_MS)
		return print_stuck(runner->app.name, "its pass has been at ",
				   pass_stage_name(runner->pass), pass_stage_age_ms(runner->pass),
				   why);
	if (!runner->pass && overdue_ms > RUNNER_STUCK_MS)
		return print_stuck(runner->app.name, "its next pass is overdue", "", overdue_ms,
				   why);
	return false;
}

/* What this process knows of the cluster is not true any more once another has written. */
static void forget_cluster(struct runner *runner)
{
	struct chronicle *chronicle = &runner->chronicle;

	pass_free(STEAL(runner->pass));
	cluster_cancel(runner->options.link->cluster, runner->save_id);
	runner->save_id = 0;
	schedule_ended(runner->schedule);
	runner->app.inventory_known = false;
	runner->all_due_ms = 0;
	runner_keep_commit(runner->judged, "");
	runner_keep_commit(runner->synced, "");
	runner_keep_commit(runner->begun, "");
	runner_set_waits_for(runner, NULL);
	drive_release(&runner->drive);
	tally_release(&runner->tally);
	chronicle_release(chronicle);
	*chronicle = (struct chronicle){.app = &runner->app};
	chronicle->board.notices = runner->options.notices;
	notices_forget(runner->options.notices, runner->app.name); /* another process tells now */
	runner_take_next_config(runner);
}

void runner_set_leading(struct runner *runner, bool leading)
{
	if (runner->leading == leading)
		return;
	runner->leading = leading;
	forget_cluster(runner);
	if (leading && runner->app.loaded)
		chronicle_fetched(&runner->chronicle);
	runner_want(runner, SCHEDULE_WHOLE, leading ? 0 : next_delay_ms(runner));
}
