#include "agent/runner.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/memory.h"
#include "agent/metrics.h"
#include "agent/record_history.h"
#include "agent/runner_private.h"
#include "apply/clock.h"
#include "apply/suspend.h"
#include "diff/duration.h"

#define RETRY_FIRST_MS      1000 /* after a pass that failed; doubles up to the interval */
#define LIVE_CHANGE_WAIT_MS 100  /* a StatefulSet changed: let its writer finish first */

static struct log_subject subject_of(const struct runner *runner)
{
	return chronicle_subject(&runner->chronicle, NULL);
}

static void changed(struct runner *runner)
{
	runner->options.on_changed(runner->options.context, runner);
}

static void keep_commit(char *kept, const char *commit)
{
	strncpy(kept, commit ? commit : "", COMMIT_BYTES - 1);
}

/* --- when the next pass begins --------------------------------------------------------------- */

/* The interval; after failures sooner than that, backing off up to it. */
static int64_t next_delay_ms(const struct runner *runner)
{
	int64_t delay = RETRY_FIRST_MS, interval_ms = runner->app.config.interval_ms;

	if (runner->failures == 0)
		return interval_ms;
	for (unsigned i = 1; i < runner->failures && delay < interval_ms; i++)
		delay *= 2;
	return delay < interval_ms ? delay : interval_ms;
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
	const struct log_subject subject = subject_of(context);

	log_line(LOG_WARNING, &subject, "%s; commits are seen at the interval only", err->message);
}

/* --- rollouts -------------------------------------------------------------------------------- */

/* Whether somebody has written the StatefulSet since this was last asked. */
static bool was_written(struct runner *runner, const struct rollout *rollout)
{
	const cJSON *statefulset = rollouts_statefulset(runner->options.link->rollouts,
							rollout->namespace, rollout->name);

	return follow_generation(&runner->follow, rollout,
				 json_int_or(statefulset, "metadata.generation", 0));
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct runner *runner = context;
	const struct app *app = &runner->app;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (!runner->leading || !follow_find(rollout, &app->fetched.manifests, app->namespace))
		return;
	const struct driven *driven = drive_find(&runner->drive, rollout);
	bool has_moved = follow_tell(&runner->follow, rollout, &line);
	bool has_ended =
		record_history_rollout(&runner->app, rollout,
				       rollouts_statefulset(runner->options.link->rollouts,
							    rollout->namespace, rollout->name));
	if (has_moved)
		chronicle_rollout(&runner->chronicle, rollout, buf_str(&line));
	chronicle_watch(&runner->chronicle, rollout, has_moved);
	/* The next pass drives it on, or tells whether what somebody wrote is drift, if the lookout
	 * does not. While a pass runs nobody knows yet what it leaves to be driven. */
	if ((!runner->lookout && was_written(runner, rollout)) || has_ended ||
	    (has_moved && (runner->pass || (driven && driven->pending))))
		runner_want(runner, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
	if (has_moved)
		changed(runner);
}

static bool owns_statefulset(const struct runner *runner, const char *namespace, const char *name)
{
	for (size_t i = 0; i < runner->drive.count; i++)
		if (strcmp(runner->drive.items[i].name, name) == 0 &&
		    strcmp(runner->drive.items[i].namespace, namespace) == 0)
			return true;
	return false;
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	struct runner *runner = context;

	if (!runner->lookout && owns_statefulset(runner, namespace, name))
		runner_want(runner, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_error(void *context, const struct err *err)
{
	const struct log_subject subject = subject_of(context);

	log_line(LOG_DEBUG, &subject, "rollouts: %s", err->message);
}

static int follow_namespace(struct runner *runner, const char *namespace, struct err *err)
{
	for (size_t i = 0; i < runner->namespace_count; i++)
		if (strcmp(runner->namespaces[i], namespace) == 0)
			return 0;
	char **namespaces =
		reallocarray(runner->namespaces, runner->namespace_count + 1, sizeof(*namespaces));
	if (!namespaces)
		return err_no_memory(err);
	runner->namespaces = namespaces;
	namespaces[runner->namespace_count] = strdup(namespace);
	if (!namespaces[runner->namespace_count])
		return err_no_memory(err);
	runner->namespace_count++;
	return link_follow(runner->options.link, namespace, &runner->listener, err);
}

/* Follows the namespaces of the commit's StatefulSets. */
static void follow_rollouts(struct runner *runner, const struct plan *plan)
{
	const struct log_subject subject = subject_of(runner);
	struct err err;

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") && *ref->namespace &&
		    follow_namespace(runner, ref->namespace, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
	}
}

/* --- what a pass may do ---------------------------------------------------------------------- */

/* Whether the commit may be written although nobody asks for it now. */
static bool is_approved(const struct runner *runner)
{
	const struct app *app = &runner->app;
	const char *commit = app->fetched.snapshot.commit;

	if (app->config.sync == SYNC_AUTO)
		return true;
	if (!commit || !*commit)
		return false;
	return strcmp(commit, runner->approved) == 0 ||
	       (app->inventory_known && app->inventory.revision &&
		strcmp(commit, app->inventory.revision) == 0);
}

static const char *find_unready(const struct runner *runner)
{
	const struct config_strings *names = &runner->app.config.depends_on;

	for (size_t i = 0; i < names->count; i++)
		if (!runner->options.is_ready(runner->options.context, names->items[i]))
			return names->items[i];
	return NULL;
}

static void set_waits_for(struct runner *runner, const char *name)
{
	const struct log_subject subject = subject_of(runner);

	if (name && (!runner->waits_for || strcmp(name, runner->waits_for) != 0))
		log_line(LOG_INFO, &subject, "waits for app %s (dependsOn)", name);
	runner->waits_for = name;
}

/* After the fetch: the first pass of a commit waits for the apps that this one depends on. */
static bool may_go_on(void *context)
{
	struct runner *runner = context;
	const char *commit = runner->app.fetched.snapshot.commit;

	if (!runner->leading)
		return false;
	set_waits_for(runner,
		      commit && strcmp(commit, runner->begun) == 0 ? NULL : find_unready(runner));
	if (!runner->waits_for)
		keep_commit(runner->begun, commit);
	return !runner->waits_for;
}

/* Whether a whole pass may write, once the commit and what was applied are known. */
static bool may_write(void *context)
{
	struct runner *runner = context;

	if (runner->is_asked)
		keep_commit(runner->approved, runner->app.fetched.snapshot.commit);
	runner->is_asked = false;
	return is_approved(runner);
}

/* --- passes ---------------------------------------------------------------------------------- */

static void on_fetched(void *context, struct app *app)
{
	struct runner *runner = context;

	(void)app;
	if (runner->lookout)
		lookout_doubt(runner->lookout);
	if (runner->leading)
		chronicle_fetched(&runner->chronicle);
}

static void on_written(void *context, const struct plan_item *item, const struct target *target,
		       const struct steer *steer)
{
	struct runner *runner = context;

	chronicle_written(&runner->chronicle, item, target, steer);
}

/* Has the next pass come when it is due: for the whole at the interval, for rollouts by their time. */
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
	keep_commit(runner->synced,
		    result == OVERVIEW_SYNCED ? runner->app.fetched.snapshot.commit : "");
	if (result == OVERVIEW_SYNCED)
		runner->synced_ms = runner->last.at_ms;
	if (pass_fault(pass) != PASS_FINE)
		return;
	for (int action = 0; action < PLAN_ACTION_COUNT; action++)
		runner->objects[action] = plan_count(pass_plan(pass), (enum plan_action)action);
}

/* By the configuration, which is not to be found in the cluster. */
static void suspend_here(struct runner *runner, bool suspend)
{
	const struct log_subject subject = subject_of(runner);

	if (runner->suspended == suspend)
		return;
	runner->suspended = suspend;
	log_line(LOG_INFO, &subject, "%s (config)", suspend ? "suspended" : "resumed");
	if (suspend) {
		runner->next_ms = 0;
		set_waits_for(runner, NULL);
	} else {
		runner_want(runner, SCHEDULE_WHOLE, 0);
	}
	changed(runner);
}

static int set_policy(struct runner *runner, const struct config_app *config, struct err *err)
{
	bool suspend = config->suspend, was = runner->app.config.suspend;

	runner->waits_for = NULL; /* which points into the old one */
	if (app_set_policy(&runner->app, config, err) < 0)
		return -1;
	if (suspend != was)
		suspend_here(runner, suspend);
	runner_sync_now(runner, false);
	return 0;
}

static void drop_next_config(struct runner *runner)
{
	if (runner->next_config)
		config_app_release(runner->next_config);
	free(STEAL(runner->next_config));
}

static void take_next_config(struct runner *runner)
{
	const struct log_subject subject = subject_of(runner);
	struct err err;

	if (runner->next_config && set_policy(runner, runner->next_config, &err) < 0)
		log_line(LOG_ERROR, &subject, "%s", err.message);
	drop_next_config(runner);
}

/* After a pass that went to the cluster. */
static void take_pass(struct runner *runner, const struct pass *pass)
{
	const struct plan *plan = pass_plan(pass);
	bool fine = pass_fault(pass) == PASS_FINE;
	struct err err;

	chronicle_pass(&runner->chronicle, pass);
	if (fine) {
		const struct log_subject subject = subject_of(runner);

		if (drive_take(&runner->drive, pass, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
		follow_rollouts(runner, plan);
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
	take_next_config(runner);
	plan_next(runner);
	schedule_ended(runner->schedule);
	changed(runner);
}

static void on_alerts_saved(void *context, const struct err *err, const char *resource_version)
{
	struct runner *runner = context;
	struct inventory *inventory = &runner->app.inventory;
	const struct log_subject subject = subject_of(runner);
	char *version = err ? NULL : strdup(resource_version);

	runner->save_id = 0;
	if (err)
		log_line(LOG_DEBUG, &subject, "what was told is not kept: %s", err->message);
	free(inventory->resource_version);
	inventory->resource_version = version;
	runner->app.inventory_known = version; /* else it is read again, and saved another time */
	after_pass(runner);
}

/* Keeps what was told in the inventory, where that is another. True: on_alerts_saved will be called. */
static bool save_alerts(struct runner *runner)
{
	struct app *app = &runner->app;
	struct err err;

	if (!runner->leading || !app->inventory_known || !app->inventory.resource_version ||
	    !chronicle_remember(&runner->chronicle, &app->inventory))
		return false;
	runner->save_id = inventory_save(runner->options.link->cluster, app->namespace,
					 &app->inventory, on_alerts_saved, runner, &err);
	return runner->save_id;
}

static void on_pass_done(void *context, struct pass *pass)
{
	struct runner *runner = context;

	runner->tried = true;
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
	memory_settle();
	if (!save_alerts(runner))
		after_pass(runner);
}

/* Whether a pass of the kind is to be begun at all; what is wanted of one is settled with it. */
static bool may_begin(struct runner *runner, enum schedule_kind kind)
{
	if (runner->suspended || runner->ending)
		return false;
	/* What was fetched last is not to be written yet. */
	return kind == SCHEDULE_WHOLE ||
	       (runner->leading && !runner->waits_for && is_approved(runner));
}

static void start_pass(void *context, enum schedule_kind kind)
{
	struct runner *runner = context;
	struct err err;

	if (!may_begin(runner, kind)) {
		schedule_ended(runner->schedule);
		return;
	}
	bool is_pushed = false;
	if (kind == SCHEDULE_WHOLE) {
		runner->next_ms = 0;
		is_pushed = runner->is_pushed;
		runner->is_pushed = false;
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
		.may_go_on = kind == SCHEDULE_WHOLE ? may_go_on : NULL,
		.may_write = kind == SCHEDULE_WHOLE ? may_write : NULL,
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
		const struct log_subject subject = subject_of(runner);
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
	runner->listener = (struct link_listener){
		.on_rollout = on_rollout,
		.on_rollout_gone = on_rollout_gone,
		.on_rollout_error = on_rollout_error,
		.context = runner,
	};
	link_listen(options->link, &runner->listener);
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
	drop_next_config(runner);
	for (size_t i = 0; i < runner->namespace_count; i++)
		free(runner->namespaces[i]);
	free(runner->namespaces);
	follow_release(&runner->follow);
	drive_release(&runner->drive);
	chronicle_release(&runner->chronicle);
	app_release(&runner->app);
	free(runner->last.message);
	free(runner->told_manual);
	free(runner);
}

void runner_start(struct runner *runner)
{
	const struct log_subject subject = {.app = runner->app.name};

	log_line(LOG_INFO, &subject, "following %s, syncing to %s as %s",
		 source_name(runner->app.source), cluster_server(runner->options.link->cluster),
		 runner->options.link->kubeconfig.origin);
	if (runner->app.config.suspend)
		suspend_here(runner, true);
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

int runner_set_policy(struct runner *runner, const struct config_app *config, struct err *err)
{
	drop_next_config(runner);
	if (!runner->pass && !runner->save_id)
		return set_policy(runner, config, err);
	runner->next_config = calloc(1, sizeof(*runner->next_config));
	if (!runner->next_config)
		return err_no_memory(err);
	return config_app_copy(config, runner->next_config, err);
}

void runner_sync_now(struct runner *runner, bool asked)
{
	runner->is_asked |= asked && !runner->suspended;
	runner->is_pushed = true;
	runner_want(runner, SCHEDULE_WHOLE, 0);
}

void runner_fetch_soon(struct runner *runner, int64_t delay_ms)
{
	runner->is_pushed = true;
	runner_want(runner, SCHEDULE_WHOLE, delay_ms);
}

bool runner_is_suspended(const struct runner *runner)
{
	return runner->suspended;
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

static void on_suspended(void *context, const struct err *err, bool is_news,
			 const struct inventory *inventory)
{
	struct runner *runner = context;
	const struct log_subject subject = subject_of(runner);
	const char *by = inventory->suspended.by;

	runner->order = 0;
	if (err)
		log_line(LOG_ERROR, &subject, "cannot be suspended or resumed: %s", err->message);
	else if (is_news && !by)
		log_line(LOG_INFO, &subject, "resumed");
	runner_want(runner, SCHEDULE_WHOLE, 0); /* which reads the inventory, and tells the rest */
}

void runner_suspend(struct runner *runner, bool suspend, const char *by)
{
	const struct suspend_order order = {
		.namespace = runner->app.namespace,
		.app = runner->app.name,
		.suspends = suspend,
		.by = by,
		.anew = suspend,
	};
	const struct log_subject subject = subject_of(runner);
	struct cluster *cluster = runner->options.link->cluster;
	struct err err;

	if (!suspend)
		suspend_here(runner, false);
	cluster_cancel(cluster, runner->order);
	runner->order = suspend_app(cluster, &order, on_suspended, runner, &err);
	if (!runner->order)
		log_line(LOG_ERROR, &subject, "%s", err.message);
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
	keep_commit(runner->synced, "");
	keep_commit(runner->begun, "");
	set_waits_for(runner, NULL);
	drive_release(&runner->drive);
	chronicle_release(chronicle);
	*chronicle = (struct chronicle){.app = &runner->app};
	chronicle->board.notices = runner->options.notices;
	notices_forget(runner->options.notices, runner->app.name); /* another process tells now */
	take_next_config(runner);
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

/* --- dependencies ---------------------------------------------------------------------------- */

static void tell_nobody(void *context, const char *name, const char *how)
{
	(void)context;
	(void)name;
	(void)how;
}

bool runner_is_ready(const struct runner *runner)
{
	const char *commit = runner->app.fetched.snapshot.commit;

	return commit && strcmp(commit, runner->synced) == 0 &&
	       drive_judge(&runner->drive, runner->options.link->rollouts, false, tell_nobody,
			   NULL) == DRIVE_ARRIVED;
}

const char *runner_waits_for(const struct runner *runner)
{
	return runner->waits_for;
}

void runner_poke(struct runner *runner)
{
	if (runner->waits_for && !find_unready(runner))
		runner_want(runner, SCHEDULE_WHOLE, 0);
}
