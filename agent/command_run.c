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

#include "agent/conditions.h"
#include "agent/follow.h"
#include "agent/log.h"
#include "agent/repo_watch.h"
#include "agent/report.h"
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
	uv_timer_t timer; /* when the next pass begins */
	uv_signal_t signals[SIGNAL_COUNT];
	bool ending;

	struct pass *pass; /* NULL between two */
	bool again;        /* something happened while it ran */
	unsigned failures; /* passes in a row that could not do their work */

	struct repo_watch *repo_watch; /* NULL until the repository is known to be a local one */
	struct rollouts *rollouts;
	struct follow follow;
	struct conditions drift;
	struct conditions failed;     /* objects that cannot be compared or written */
	struct conditions autoscaled; /* objects whose replicas in Git do not count */
	struct conditions left;       /* objects that left Git and stay */
	struct conditions faults;     /* of whole passes */
	struct conditions findings;
};

static struct log_subject subject_of(const struct agent *agent, const char *object)
{
	return (struct log_subject){.app = agent->session.app.name,
				    .revision = app_commit(&agent->session.app),
				    .object = object};
}

/* --- when the next pass begins --------------------------------------------------------------- */

static void start_pass(struct agent *agent);

static void on_timer(uv_timer_t *timer)
{
	start_pass(timer->data);
}

/* A pass within `delay_ms`, or as soon as the one that runs is done. */
static void request_pass(struct agent *agent, int64_t delay_ms)
{
	if (agent->ending)
		return;
	if (agent->pass) {
		agent->again = true;
		return;
	}
	if (uv_is_active((uv_handle_t *)&agent->timer) &&
	    uv_timer_get_due_in(&agent->timer) <= (uint64_t)delay_ms)
		return;
	uv_timer_start(&agent->timer, on_timer, (uint64_t)delay_ms, 0);
}

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
	request_pass(context, 0);
}

/* --- conditions told once -------------------------------------------------------------------- */

/* Tells that something holds, if that is news. */
static void hold(struct agent *agent, struct conditions *conditions, const char *key,
		 const char *text, enum log_level level, const char *object, const char *message)
{
	const struct log_subject subject = subject_of(agent, object);
	struct err err;
	bool is_new = true;

	if (conditions_hold(conditions, key, text, &is_new, &err) < 0)
		log_line(LOG_ERROR, &subject, "%s", err.message);
	if (is_new)
		log_line(level, &subject, "%s", message);
}

/* "shop/statefulset.apps/web" as "statefulset.apps/web". */
static const char *object_of_key(const char *key)
{
	const char *first = strchr(key, '/');

	return first && strchr(first + 1, '/') ? first + 1 : key;
}

static void on_drift_ended(void *context, const char *key)
{
	const struct log_subject subject = subject_of(context, object_of_key(key));

	log_line(LOG_INFO, &subject, "drift ended");
}

static void on_failure_ended(void *context, const char *key)
{
	const struct log_subject subject = subject_of(context, object_of_key(key));

	log_line(LOG_INFO, &subject, "works again");
}

static void on_autoscaling_ended(void *context, const char *key)
{
	const struct log_subject subject = subject_of(context, object_of_key(key));

	log_line(LOG_INFO, &subject, "replicas of Git count again");
}

static void on_fault_ended(void *context, const char *key)
{
	const struct log_subject subject = subject_of(context, NULL);

	log_line(LOG_INFO, &subject, "the %s works again", key);
}

static void forget(void *context, const char *key)
{
	(void)context;
	(void)key;
}

/* --- rollouts -------------------------------------------------------------------------------- */

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct agent *agent = context;
	const struct app *app = &agent->session.app;
	CLEANUP(buf_release) struct buf object = BUF_INIT(1024), line = BUF_INIT(8192);
	const cJSON *statefulset;

	if (agent->ending || !follow_find(rollout, &app->fetched.manifests, app->namespace))
		return;
	buf_printf(&object, "statefulset.apps/%s", rollout->name);
	if (follow_tell(&agent->follow, rollout, &line)) {
		const struct log_subject subject = subject_of(agent, buf_str(&object));

		log_line(rollout->phase == ROLLOUT_STUCK ? LOG_WARNING : LOG_INFO, &subject, "%s",
			 buf_str(&line));
	}
	/* Somebody wrote the StatefulSet: the next pass tells whether that is drift. */
	statefulset = rollouts_statefulset(agent->rollouts, rollout->namespace, rollout->name);
	if (follow_generation(&agent->follow, rollout,
			      json_int_or(statefulset, "metadata.generation", 0)))
		request_pass(agent, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	(void)namespace;
	(void)name;
	request_pass(context, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct agent *agent = context;
	const struct log_subject subject = subject_of(agent, NULL);

	(void)retry_in_ms;
	log_line(LOG_DEBUG, &subject, "rollouts: %s", err->message);
}

/* Follows the namespaces of the commit's StatefulSets. */
static void follow_rollouts(struct agent *agent, const struct plan *plan)
{
	const struct log_subject subject = subject_of(agent, NULL);
	struct err err;

	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") && *ref->namespace &&
		    rollouts_add_namespace(agent->rollouts, ref->namespace, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
	}
}

/* --- what a pass found ----------------------------------------------------------------------- */

static void tell_findings(struct agent *agent)
{
	const struct findings *findings = &agent->session.app.fetched.findings;

	conditions_begin_round(&agent->findings);
	for (size_t i = 0; i < findings->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);

		finding_print(&findings->items[i], &line);
		hold(agent, &agent->findings, buf_str(&line), "",
		     findings->items[i].level == FINDING_ERROR ? LOG_ERROR : LOG_WARNING, NULL,
		     buf_str(&line));
	}
	conditions_end_round(&agent->findings, forget, agent);
}

static void on_fetched(void *context, struct app *app)
{
	struct agent *agent = context;
	const struct log_subject subject = {.app = app->name};
	const struct snapshot *snapshot = &app->fetched.snapshot;

	log_line(LOG_INFO, &subject, "fetched %s by %s: %s", snapshot->revision, snapshot->author,
		 snapshot->subject);
	tell_findings(agent);
}

static void on_written(void *context, const struct plan_item *item, const struct target *target)
{
	struct agent *agent = context;
	CLEANUP(buf_release) struct buf object = BUF_INIT(1024), line = BUF_INIT(8192);

	if (target->error)
		return; /* told when the pass is done, if it is still so then */
	ref_print(&item->ref, &object);
	report_written(item, target, &line);
	const struct log_subject subject = subject_of(agent, buf_str(&object));
	log_line(LOG_INFO, &subject, "%s", buf_str(&line));
}

static void tell_item(struct agent *agent, const struct plan_item *item)
{
	CLEANUP(buf_release)
	struct buf key = BUF_INIT(1024), details = BUF_INIT(8192), line = BUF_INIT(16384);

	report_key(&item->ref, &key);
	const char *object = *item->ref.namespace ? buf_str(&key) + strlen(item->ref.namespace) + 1
						  : buf_str(&key);
	if (item->autoscaled)
		hold(agent, &agent->autoscaled, buf_str(&key), "", LOG_INFO, object,
		     item->autoscaled);
	if (item->action == PLAN_DRIFT) {
		report_drift(item, &details);
		buf_printf(&line, "drift: %s; left alone (--self-heal undoes it)",
			   buf_str(&details));
		hold(agent, &agent->drift, buf_str(&key), "", LOG_WARNING, object, buf_str(&line));
	} else if (item->action == PLAN_FAILED) {
		report_place(item, &line);
		buf_puts(&line, item->error.message);
		hold(agent, &agent->failed, buf_str(&key), buf_str(&line), LOG_ERROR, object,
		     buf_str(&line));
	}
}

/* Told once for each reason, and again when other objects stay for it. */
static void tell_left(void *context, const char *reason, const char *line)
{
	struct agent *agent = context;

	hold(agent, &agent->left, reason, line, LOG_WARNING, NULL, line);
}

static void tell_plan(struct agent *agent, const struct plan *plan)
{
	conditions_begin_round(&agent->drift);
	conditions_begin_round(&agent->failed);
	conditions_begin_round(&agent->autoscaled);
	for (size_t i = 0; i < plan->count; i++)
		tell_item(agent, &plan->items[i]);
	conditions_begin_round(&agent->left);
	report_left(plan, tell_left, agent);
	conditions_end_round(&agent->left, forget, agent);
	conditions_end_round(&agent->drift, on_drift_ended, agent);
	conditions_end_round(&agent->failed, on_failure_ended, agent);
	conditions_end_round(&agent->autoscaled, on_autoscaling_ended, agent);
}

static void tell_faults(struct agent *agent, const struct pass *pass)
{
	static const char *const names[] = {
		[PASS_SOURCE] = "source", [PASS_MANIFEST] = "commit", [PASS_CLUSTER] = "cluster"};
	const struct err *denied = &agent->session.app.autoscalers.denied;
	enum pass_fault fault = pass_fault(pass);

	conditions_begin_round(&agent->faults);
	if (fault != PASS_FINE)
		hold(agent, &agent->faults, names[fault], pass_error(pass)->message, LOG_ERROR,
		     NULL, pass_error(pass)->message);
	else if (pass_trouble(pass))
		hold(agent, &agent->faults, "inventory", pass_trouble(pass)->message, LOG_WARNING,
		     NULL, pass_trouble(pass)->message);
	if (denied->class != ERR_NONE)
		hold(agent, &agent->faults, "list of autoscalers", denied->message, LOG_WARNING,
		     NULL, denied->message);
	conditions_end_round(&agent->faults, on_fault_ended, agent);
}

static void watch_repo(struct agent *agent)
{
	const char *git_dir = source_local_git_dir(agent->session.app.source);
	const struct log_subject subject = subject_of(agent, NULL);
	struct err err;

	if (agent->repo_watch || !git_dir)
		return;
	if (repo_watch_new(agent->session.loop, git_dir, on_repo_changed, agent, &agent->repo_watch,
			   &err) < 0)
		log_line(LOG_WARNING, &subject, "%s; commits are seen at the interval only",
			 err.message);
	else
		agent->again = true; /* what came before the watch stood */
}

static void on_pass_done(void *context, struct pass *pass)
{
	struct agent *agent = context;
	const struct plan *plan = pass_plan(pass);
	bool fine = pass_fault(pass) == PASS_FINE;

	tell_faults(agent, pass);
	if (pass_fault(pass) == PASS_MANIFEST)
		tell_findings(agent); /* some are found with the cluster's help only */
	if (fine) {
		tell_plan(agent, plan);
		follow_rollouts(agent, plan);
	}
	if (pass_fault(pass) != PASS_SOURCE)
		watch_repo(agent);
	/* A refused commit is not tried again sooner: it stays refused. */
	if ((fine && !plan_count(plan, PLAN_FAILED)) || pass_fault(pass) == PASS_MANIFEST)
		agent->failures = 0;
	else
		agent->failures++;
	pass_free(STEAL(agent->pass));
	request_pass(agent, agent->again ? 0 : next_delay_ms(agent));
	agent->again = false;
}

static void start_pass(struct agent *agent)
{
	const struct pass_options options = {
		.loop = agent->session.loop,
		.cluster = agent->session.cluster,
		.discovery = agent->session.discovery,
		.app = &agent->session.app,
		.on_fetched = on_fetched,
		.on_written = on_written,
		.on_done = on_pass_done,
		.context = agent,
	};
	struct err err;

	if (pass_start(&options, &agent->pass, &err) < 0) {
		const struct log_subject subject = subject_of(agent, NULL);
		log_line(LOG_ERROR, &subject, "%s", err.message);
		request_pass(agent, agent->options->interval_ms);
	}
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void end(struct agent *agent)
{
	agent->ending = true;
	pass_free(STEAL(agent->pass));
	rollouts_free(STEAL(agent->rollouts));
	repo_watch_free(STEAL(agent->repo_watch));
	uv_close((uv_handle_t *)&agent->timer, NULL);
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&agent->signals[i], NULL);
	session_stop(&agent->session);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct agent *agent = handle->data;
	const struct log_subject subject = subject_of(agent, NULL);

	if (agent->ending)
		return;
	if (number == SIGHUP) {
		log_line(LOG_INFO, &subject, "SIGHUP: syncing now");
		request_pass(agent, 0);
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
	uv_timer_init(agent->session.loop, &agent->timer);
	agent->timer.data = agent;
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
	conditions_release(&agent->drift);
	conditions_release(&agent->failed);
	conditions_release(&agent->left);
	conditions_release(&agent->autoscaled);
	conditions_release(&agent->faults);
	conditions_release(&agent->findings);
	session_close(&agent->session);
}

int command_run(const struct options *options)
{
	CLEANUP(agent_release) struct agent agent = {.options = options};
	struct err err;
	int code = session_open(&agent.session, options);

	if (code != EXIT_OK)
		return code;
	if (begin(&agent, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	const struct log_subject subject = {.app = agent.session.app.name};
	log_line(LOG_INFO, &subject, "following %s, syncing to %s as %s",
		 source_name(agent.session.app.source), cluster_server(agent.session.cluster),
		 agent.session.kubeconfig.origin);
	request_pass(&agent, 0);
	session_run(&agent.session);
	return EXIT_OK;
}
