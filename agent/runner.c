#include "agent/runner.h"

#include <stdlib.h>
#include <string.h>

#include "agent/chronicle.h"
#include "agent/drive.h"
#include "agent/follow.h"
#include "agent/log.h"
#include "agent/pass.h"
#include "agent/repo_watch.h"
#include "agent/schedule.h"
#include "apply/rollout.h"

#define RETRY_FIRST_MS      1000 /* after a pass that failed; doubles up to the interval */
#define LIVE_CHANGE_WAIT_MS 100  /* a StatefulSet changed: let its writer finish first */

struct runner {
	struct runner_options options;
	struct app *app;
	struct schedule *schedule;

	struct pass *pass; /* NULL between two */
	unsigned failures; /* passes in a row that could not do their work */

	struct repo_watch *repo_watch; /* NULL until the repository is known to be a local one */
	struct rollouts *rollouts;
	struct follow follow;
	struct drive drive;
	struct chronicle chronicle;
};

static struct log_subject subject_of(const struct runner *runner)
{
	return chronicle_subject(&runner->chronicle, NULL);
}

/* --- when the next pass begins --------------------------------------------------------------- */

/* The interval; after failures sooner than that, backing off up to it. */
static int64_t next_delay_ms(const struct runner *runner)
{
	int64_t delay = RETRY_FIRST_MS;

	if (runner->failures == 0)
		return runner->options.interval_ms;
	for (unsigned i = 1; i < runner->failures && delay < runner->options.interval_ms; i++)
		delay *= 2;
	return delay < runner->options.interval_ms ? delay : runner->options.interval_ms;
}

static void on_repo_changed(void *context)
{
	struct runner *runner = context;

	schedule_request(runner->schedule, SCHEDULE_WHOLE, 0);
}

/* --- rollouts -------------------------------------------------------------------------------- */

/* Whether somebody has written the StatefulSet since this was last asked. */
static bool was_written(struct runner *runner, const struct rollout *rollout)
{
	const cJSON *statefulset =
		rollouts_statefulset(runner->rollouts, rollout->namespace, rollout->name);

	return follow_generation(&runner->follow, rollout,
				 json_int_or(statefulset, "metadata.generation", 0));
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct runner *runner = context;
	const struct app *app = runner->app;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (!follow_find(rollout, &app->fetched.manifests, app->namespace))
		return;
	const struct driven *driven = drive_find(&runner->drive, rollout);
	bool has_moved = follow_tell(&runner->follow, rollout, &line);
	if (has_moved)
		chronicle_rollout(&runner->chronicle, rollout, buf_str(&line));
	/* The next pass drives it on, or tells whether what somebody wrote is drift. While a pass
	 * runs nobody knows yet what it leaves to be driven. */
	if (was_written(runner, rollout) ||
	    (has_moved && (runner->pass || (driven && driven->pending))))
		schedule_request(runner->schedule, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	struct runner *runner = context;

	(void)namespace;
	(void)name;
	schedule_request(runner->schedule, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	const struct log_subject subject = subject_of(context);

	(void)retry_in_ms;
	log_line(LOG_DEBUG, &subject, "rollouts: %s", err->message);
}

/* Follows the namespaces of the commit's StatefulSets. */
static void follow_rollouts(struct runner *runner, const struct plan *plan)
{
	const struct log_subject subject = subject_of(runner);
	struct err err;

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") && *ref->namespace &&
		    rollouts_add_namespace(runner->rollouts, ref->namespace, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
	}
}

/* --- passes ---------------------------------------------------------------------------------- */

static void on_fetched(void *context, struct app *app)
{
	struct runner *runner = context;

	(void)app;
	chronicle_fetched(&runner->chronicle);
}

static void on_written(void *context, const struct plan_item *item, const struct target *target,
		       const struct steer *steer)
{
	struct runner *runner = context;

	chronicle_written(&runner->chronicle, item, target, steer);
}

static void watch_repo(struct runner *runner)
{
	const char *git_dir = source_local_git_dir(runner->app->source);
	const struct log_subject subject = subject_of(runner);
	struct err err;

	if (runner->repo_watch || !git_dir)
		return;
	if (repo_watch_new(runner->options.loop, git_dir, on_repo_changed, runner,
			   &runner->repo_watch, &err) < 0)
		log_line(LOG_WARNING, &subject, "%s; commits are seen at the interval only",
			 err.message);
	else
		on_repo_changed(runner); /* what came before the watch stood */
}

/* Has the next pass come when it is due: for the whole at the interval, for rollouts by their time. */
static void plan_next(struct runner *runner)
{
	schedule_request(runner->schedule, SCHEDULE_WHOLE, next_delay_ms(runner));
	if (runner->drive.next_ms)
		schedule_request(runner->schedule, SCHEDULE_ROLLOUTS, runner->drive.next_ms);
}

static void on_pass_done(void *context, struct pass *pass)
{
	struct runner *runner = context;
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
	if (pass_fault(pass) != PASS_SOURCE)
		watch_repo(runner);
	/* A refused commit is not tried again sooner: it stays refused. */
	if ((!fine || plan_count(plan, PLAN_FAILED)) && pass_fault(pass) != PASS_MANIFEST)
		runner->failures++;
	else if (pass_is_whole(pass))
		runner->failures = 0;
	pass_free(STEAL(runner->pass));
	plan_next(runner);
	schedule_ended(runner->schedule);
}

static void start_pass(void *context, enum schedule_kind kind)
{
	struct runner *runner = context;
	const struct pass_options options = {
		.loop = runner->options.loop,
		.cluster = runner->options.cluster,
		.discovery = runner->options.discovery,
		.app = runner->app,
		.rollouts_only = kind == SCHEDULE_ROLLOUTS,
		.on_fetched = on_fetched,
		.on_written = on_written,
		.on_done = on_pass_done,
		.context = runner,
	};
	struct err err;

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
	runner->app = options->app;
	runner->chronicle.app = options->app;
	const struct rollouts_options rollouts_options = {
		.on_change = on_rollout,
		.on_gone = on_rollout_gone,
		.on_error = on_rollout_error,
		.ctx = runner,
	};
	runner->rollouts = rollouts_new(options->cluster, &rollouts_options, err);
	if (!runner->rollouts)
		return -1;
	runner->schedule = schedule_new(options->loop, start_pass, runner, err);
	if (!runner->schedule)
		return -1;
	*ret_runner = STEAL(runner);
	return 0;
}

void runner_free(struct runner *runner)
{
	if (!runner)
		return;
	pass_free(runner->pass);
	rollouts_free(runner->rollouts);
	repo_watch_free(runner->repo_watch);
	schedule_free(runner->schedule);
	follow_release(&runner->follow);
	drive_release(&runner->drive);
	chronicle_release(&runner->chronicle);
	free(runner);
}

void runner_sync_now(struct runner *runner)
{
	schedule_request(runner->schedule, SCHEDULE_WHOLE, 0);
}
