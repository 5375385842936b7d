#include "agent/agent.h"

#include <signal.h>
#include <stdlib.h>

#include <uv.h>

#include "agent/log.h"
#include "agent/runner.h"

#define REQUEST_RETRY_MS 5000 /* then the pass fails, is told, and is started again */

static const int handled_signals[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNAL_COUNT (sizeof(handled_signals) / sizeof(handled_signals[0]))

struct agent {
	struct session *session;
	struct runner *runner;
	uv_signal_t signals[SIGNAL_COUNT];
	size_t open_signals; /* the last that closes frees the agent */
};

static void on_closed(uv_handle_t *handle)
{
	struct agent *agent = handle->data;

	if (--agent->open_signals == 0)
		free(agent);
}

static void end(struct agent *agent)
{
	runner_free(STEAL(agent->runner));
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&agent->signals[i], on_closed);
	session_stop(agent->session);
}

static void on_signal(uv_signal_t *handle, int number)
{
	struct agent *agent = handle->data;
	const struct app *app = &agent->session->app;
	const struct log_subject subject = {.app = app->name, .revision = app_commit(app)};

	if (!agent->runner)
		return;
	if (number == SIGHUP) {
		log_line(LOG_INFO, &subject, "SIGHUP: syncing now");
		runner_sync_now(agent->runner);
	} else {
		log_line(LOG_INFO, &subject, "%s: ending",
			 number == SIGTERM ? "SIGTERM" : "SIGINT");
		end(agent);
	}
}

static void handle_signals(struct agent *agent)
{
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(agent->session->loop, &agent->signals[i]);
		agent->signals[i].data = agent;
		uv_signal_start(&agent->signals[i], on_signal, handled_signals[i]);
		agent->open_signals++;
	}
}

int agent_run(struct session *session, const struct options *options, struct err *err)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	const struct runner_options runner_options = {
		.loop = session->loop,
		.cluster = session->cluster,
		.discovery = session->discovery,
		.app = &session->app,
		.interval_ms = options->interval_ms,
	};
	const struct log_subject subject = {.app = session->app.name};

	if (!agent)
		return err_no_memory(err);
	cluster_set_retry(session->cluster, REQUEST_RETRY_MS);
	if (runner_new(&runner_options, &agent->runner, err) < 0) {
		free(agent);
		return -1;
	}
	agent->session = session;
	handle_signals(agent);
	log_line(LOG_INFO, &subject, "following %s, syncing to %s as %s",
		 source_name(session->app.source), cluster_server(session->cluster),
		 session->kubeconfig.origin);
	runner_sync_now(agent->runner);
	session_run(session);
	return 0;
}
