/*
 * The agent: passes one after the other, started by the interval, by a commit in a local
 * repository, by a StatefulSet that somebody changed, and by SIGHUP; and the rollouts followed in
 * between.
 */
#include "agent/commands.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/chronicle.h"
#include "agent/drive.h"
#include "agent/follow.h"
#include "agent/log.h"
#include "agent/repo_watch.h"
#include "agent/schedule.h"
#include "agent/session.h"
#include "apply/rollout.h"

#define RETRY_FIRST_MS      1000 /* after a pass that failed; doubles up to the interval */
#define REQUEST_RETRY_MS    5000 /* then the pass fails, is told, and is started again */
#define LIVE_CHANGE_WAIT_MS 100  /* a StatefulSet changed: let its writer finish first */

static const int handled_signals[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNAL_COUNT (sizeof(handled_signals) / sizeof(handled_signals[0]))

struct agent {
	struct session session;
	const struct options *options;
	struct schedule *schedule;
	uv_signal_t signals[SIGNAL_COUNT];
	bool ending;

	struct pass *pass; /* NULL between two */
	unsigned failures; /* passes in a row that could not do their work */

	struct repo_watch *repo_watch; /* NULL until the repository is known to be a local one */
	struct rollouts *rollouts;
	struct follow follow;
	struct drive drive;
	struct chronicle chronicle;
};

static struct log_subject subject_of(const struct agent *agent)
{
	return chronicle_subject(&agent->chronicle, NULL);
}

/* --- when the next pass begins --------------------------------------------------------------- */

/* The interval; after failures sooner than that, backing off up to it. */
static int64_t next_delay_ms(const struct agent *agent)
{
	int64_t delay = RETRY_FIRST_MS;

	if (agent->failures == 0)
		return agent->options->interval_ms;
	for (unsigned i = 1; i < agent->failures && delay < agent->options->interval_ms; i++)
		delay *= 2;
	return delay < agent->options->interval_ms ? delay : agent->options->interval_ms;
}

static void on_repo_changed(void *context)
{
	struct agent *agent = context;

	schedule_request(agent->schedule, SCHEDULE_WHOLE, 0);
}

/* --- rollouts -------------------------------------------------------------------------------- */

/* Whether somebody has written the StatefulSet since this was last asked. */
static bool was_written(struct agent *agent, const struct rollout *rollout)
{
	const cJSON *statefulset =
		rollouts_statefulset(agent->rollouts, rollout->namespace, rollout->name);

	return follow_generation(&agent->follow, rollout,
				 json_int_or(statefulset, "metadata.generation", 0));
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct agent *agent = context;
	const struct app *app = &agent->session.app;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (agent->ending || !follow_find(rollout, &app->fetched.manifests, app->namespace))
		return;
	const struct driven *driven = drive_find(&agent->drive, rollout);
	bool has_moved = follow_tell(&agent->follow, rollout, &line);
	if (has_moved)
		chronicle_rollout(&agent->chronicle, rollout, buf_str(&line));
	/* The next pass drives it on, or tells whether what somebody wrote is drift. While a pass
	 * runs nobody knows yet what it leaves to be driven. */
	if (was_written(agent, rollout) ||
	    (has_moved && (agent->pass || (driven && driven->pending))))
		schedule_request(agent->schedule, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	struct agent *agent = context;

	(void)namespace;
	(void)name;
	schedule_request(agent->schedule, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	const struct log_subject subject = subject_of(context);

	(void)retry_in_ms;
	log_line(LOG_DEBUG, &subject, "rollouts: %s", err->message);
}

/* Follows the namespaces of the commit's StatefulSets. */
static void follow_rollouts(struct agent *agent, const struct plan *plan)
{
	const struct log_subject subject = subject_of(agent);
	struct err err;

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") && *ref->namespace &&
		    rollouts_add_namespace(agent->rollouts, ref->namespace, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
	}
}

/* --- passes ---------------------------------------------------------------------------------- */

static void on_fetched(void *context, struct app *app)
{
	struct agent *agent = context;

	(void)app;
	chronicle_fetched(&agent->chronicle);
}

static void on_written(void *context, const struct plan_item *item, const struct target *target,
		       const struct steer *steer)
{
	struct agent *agent = context;

	chronicle_written(&agent->chronicle, item, target, steer);
}

static void watch_repo(struct agent *agent)
{
	const char *git_dir = source_local_git_dir(agent->session.app.source);
	const struct log_subject subject = subject_of(agent);
	struct err err;

	if (agent->repo_watch || !git_dir)
		return;
	if (repo_watch_new(agent->session.loop, git_dir, on_repo_changed, agent, &agent->repo_watch,
			   &err) < 0)
		log_line(LOG_WARNING, &subject, "%s; commits are seen at the interval only",
			 err.message);
	else
		on_repo_changed(agent); /* what came before the watch stood */
}

/* Has the next pass come when it is due: for the whole at the interval, for rollouts by their time. */
static void plan_next(struct agent *agent)
{
	schedule_request(agent->schedule, SCHEDULE_WHOLE, next_delay_ms(agent));
	if (agent->drive.next_ms)
		schedule_request(agent->schedule, SCHEDULE_ROLLOUTS, agent->drive.next_ms);
}

static void on_pass_done(void *context, struct pass *pass)
{
	struct agent *agent = context;
	const struct plan *plan = pass_plan(pass);
	bool fine = pass_fault(pass) == PASS_FINE;
	struct err err;

	chronicle_pass(&agent->chronicle, pass);
	if (fine) {
		const struct log_subject subject = subject_of(agent);

		if (drive_take(&agent->drive, pass, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
		follow_rollouts(agent, plan);
	}
	if (pass_fault(pass) != PASS_SOURCE)
		watch_repo(agent);
	/* A refused commit is not tried again sooner: it stays refused. */
	if ((!fine || plan_count(plan, PLAN_FAILED)) && pass_fault(pass) != PASS_MANIFEST)
		agent->failures++;
	else if (pass_is_whole(pass))
		agent->failures = 0;
	pass_free(STEAL(agent->pass));
	plan_next(agent);
	schedule_ended(agent->schedule);
}

static void start_pass(void *context, enum schedule_kind kind)
{
	struct agent *agent = context;
	const struct pass_options options = {
		.loop = agent->session.loop,
		.cluster = agent->session.cluster,
		.discovery = agent->session.discovery,
		.app = &agent->session.app,
		.rollouts_only = kind == SCHEDULE_ROLLOUTS,
		.on_fetched = on_fetched,
		.on_written = on_written,
		.on_done = on_pass_done,
		.context = agent,
	};
	struct err err;

	if (pass_start(&options, &agent->pass, &err) < 0) {
		const struct log_subject subject = subject_of(agent);
		log_line(LOG_ERROR, &subject, "%s", err.message);
		plan_next(agent);
		schedule_ended(agent->schedule);
	}
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void end(struct agent *agent)
{
	agent->ending = true;
	pass_free(STEAL(agent->pass));
	rollouts_free(STEAL(agent->rollouts));
	repo_watch_free(STEAL(agent->repo_watch));
	schedule_free(STEAL(agent->schedule));
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&agent->signals[i], NULL);
	session_stop(&agent->session);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct agent *agent = handle->data;
	const struct log_subject subject = subject_of(agent);

	if (agent->ending)
		return;
	if (number == SIGHUP) {
		log_line(LOG_INFO, &subject, "SIGHUP: syncing now");
		schedule_request(agent->schedule, SCHEDULE_WHOLE, 0);
	} else {
		log_line(LOG_INFO, &subject, "%s: ending",
			 number == SIGTERM ? "SIGTERM" : "SIGINT");
		end(agent);
	}
}

static int begin(struct agent *agent, struct err *err)
{
	const struct rollouts_options rollouts_options = {
		.on_change = on_rollout,
		.on_gone = on_rollout_gone,
		.on_error = on_rollout_error,
		.ctx = agent,
	};

	cluster_set_retry(agent->session.cluster, REQUEST_RETRY_MS);
	agent->rollouts = rollouts_new(agent->session.cluster, &rollouts_options, err);
	if (!agent->rollouts)
		return -1;
	agent->schedule = schedule_new(agent->session.loop, start_pass, agent, err);
	if (!agent->schedule)
		return -1;
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(agent->session.loop, &agent->signals[i]);
		agent->signals[i].data = agent;
		uv_signal_start(&agent->signals[i], on_signal, handled_signals[i]);
	}
	return 0;
}

static void agent_release(struct agent *agent)
{
	follow_release(&agent->follow);
	drive_release(&agent->drive);
	chronicle_release(&agent->chronicle);
	session_close(&agent->session);
}

int command_run(const struct options *options)
{
	CLEANUP(agent_release) struct agent agent = {.options = options};
	struct err err;
	int code = session_open(&agent.session, options);

	if (code != EXIT_OK)
		return code;
	agent.chronicle.app = &agent.session.app;
	if (begin(&agent, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	const struct log_subject subject = {.app = agent.session.app.name};
	log_line(LOG_INFO, &subject, "following %s, syncing to %s as %s",
		 source_name(agent.session.app.source), cluster_server(agent.session.cluster),
		 agent.session.kubeconfig.origin);
	schedule_request(agent.schedule, SCHEDULE_WHOLE, 0);
	session_run(&agent.session);
	return EXIT_OK;
}
