#include "agent/agent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent_private.h"
#include "agent/log.h"
#include "agent/session.h"
#include "agent/shard.h"
#include "apply/clock.h"

static const int handled_signals[AGENT_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

/* What a line of the agent as a whole is about: its app, where it has only one. */
static struct log_subject subject_of(const struct agent *agent)
{
	if (agent->config.app_count != 1 || !agent->runners || !agent->runners[0])
		return (struct log_subject){0};
	const struct app *app = runner_app(agent->runners[0]);
	return (struct log_subject){.app = app->name, .revision = app_commit(app)};
}

/* --- whom to tell ----------------------------------------------------------------------------- */

/* The app's cluster, or the first one for what is about the agent itself. */
static struct cluster *cluster_of(void *context, const char *app)
{
	const struct agent *agent = context;
	const struct config_app *config = config_find_app(&agent->config, app);
	const struct config_cluster *cluster =
		config ? config_find_cluster(&agent->config, config->cluster) : NULL;
	size_t index = cluster ? (size_t)(cluster - agent->config.clusters) : 0;

	if ((*app && !config) || agent->config.cluster_count == 0 || !agent->links[index])
		return NULL;
	return agent->links[index]->cluster;
}

static void on_told(void *context, const char *app)
{
	struct runner *runner = agent_find(context, app);

	if (runner)
		runner_keep_alerts(runner);
}

void agent_configure_notices(struct agent *agent, const struct config *config)
{
	struct err err;

	if (notices_configure(agent->notices, config->sinks, config->sink_count, &err) < 0)
		log_line(LOG_ERROR, NULL, "alerts: %s", err.message);
}

static void on_flushed(void *context)
{
	agent_part_ended(context);
}

static bool flush_notices(void *context)
{
	struct agent *agent = context;

	notices_flush(agent->notices, NOTICES_FLUSH_MS, on_flushed, agent);
	return true;
}

static int open_notices(struct agent *agent, struct err *err)
{
	const struct notices_options options = {
		.loop = agent->loop,
		.cluster_of = cluster_of,
		.on_told = on_told,
		.context = agent,
	};

	if (notices_new(&options, &agent->notices, err) < 0)
		return -1;
	agent_configure_notices(agent, &agent->config);
	agent_add_part(agent, (struct agent_part){.end = flush_notices, .context = agent});
	return 0;
}

/* The newest configuration is not in force: told when that begins, and when it ends. */
static void tell_config_error(struct agent *agent, const char *message)
{
	CLEANUP(notice_drop_p)
	struct notice *notice =
		notice_new(NOTICE_CONFIG_REFUSED, message ? NOTICE_BEGINS : NOTICE_ENDS, NULL, NULL,
			   message ? message : agent->config_error, clock_unix_ms());

	if (notice)
		notices_tell(agent->notices, &notice, 1);
}

/* --- what it serves --------------------------------------------------------------------------- */

int agent_start_serving(struct agent *agent, struct err *err)
{
	if (agent->serve)
		return 0;
	if (serve_start(agent, agent->loop, &agent->config.server, &agent->serve, err) < 0)
		return -1;
	if (agent->serve && agent->leader)
		return leader_set_address(agent->leader, serve_address(agent->serve), err);
	return 0;
}

/* --- the configuration file ------------------------------------------------------------------- */

void agent_set_config_error(struct agent *agent, const char *message)
{
	if (!message != !agent->config_error)
		tell_config_error(agent, message);
	free(agent->config_error);
	agent->config_error = message ? strdup(message) : NULL;
}

static void on_config(void *context, struct config *config)
{
	struct agent *agent = context;

	agent_set_config_error(agent, NULL);
	agent_reload(agent, config);
}

static void on_config_refused(void *context, const char *why)
{
	agent_set_config_error(context, why);
}

static void on_ending(uv_timer_t *timer);

/* --- the end ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct agent *agent = handle->data;

	if (--agent->handles > 0)
		return;
	agent_free_lists(agent);
	config_release(&agent->config);
	repositories_free(agent->repositories);
	free(agent->config_error);
	free(agent);
}

static void close_agent(struct agent *agent)
{
	agent->stage = AGENT_ENDED;
	reload_free(STEAL(agent->reload));
	agent_free_runners(agent);
	notices_free(STEAL(agent->notices));
	agent_free_links(agent);
	leader_free(STEAL(agent->leader)); /* after all that asks its fence */
	serve_free(STEAL(agent->serve));
	for (size_t i = 0; i < AGENT_SIGNALS; i++)
		uv_close((uv_handle_t *)&agent->signals[i], on_closed);
	uv_close((uv_handle_t *)&agent->reopen, on_closed);
	uv_close((uv_handle_t *)&agent->ending, on_closed);
	uv_stop(agent->loop);
}

static void end_parts(struct agent *agent)
{
	agent->stage = AGENT_ENDS_PARTS;
	agent_free_runners(agent);
	agent->ending_parts = 1; /* this loop itself */
	for (size_t i = agent->part_count; i-- > 0;)
		if (agent->parts[i].end(agent->parts[i].context))
			agent->ending_parts++;
	uv_timer_start(&agent->ending, on_ending, AGENT_END_PARTS_MS, 0);
	agent_part_ended(agent);
}

static void on_released(void *context)
{
	struct agent *agent = context;

	uv_timer_start(&agent->ending, on_ending, 0, 0);
}

static void release_lease(struct agent *agent)
{
	agent->stage = AGENT_ENDS_LEASE;
	if (agent->leader)
		leader_release(agent->leader, on_released, agent);
	else
		on_released(agent);
}

/* What was waited for has ended, or has taken too long. */
static void on_ending(uv_timer_t *timer)
{
	struct agent *agent = timer->data;

	if (agent->stage == AGENT_ENDS_PASSES)
		end_parts(agent);
	else if (agent->stage == AGENT_ENDS_PARTS)
		release_lease(agent);
	else
		close_agent(agent);
}

void agent_add_part(struct agent *agent, struct agent_part part)
{
	if (agent->part_count < AGENT_MAX_PARTS)
		agent->parts[agent->part_count++] = part;
}

void agent_part_ended(struct agent *agent)
{
	if (--agent->ending_parts == 0)
		uv_timer_start(&agent->ending, on_ending, 0, 0);
}

void agent_go_on_ending(struct agent *agent)
{
	/* Whoever tells this is not to be freed within it. */
	uv_timer_start(&agent->ending, on_ending, 0, 0);
}

static void begin_end(struct agent *agent)
{
	bool ended;

	agent->stage = AGENT_ENDS_PASSES;
	uv_timer_stop(&agent->reopen);
	reload_free(STEAL(agent->reload));
	ended = agent_has_ended(agent);
	uv_timer_start(&agent->ending, on_ending, ended ? 0 : AGENT_END_PASSES_MS, 0);
}

/* --- the beginning ---------------------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int number)
{
	struct agent *agent = handle->data;
	const struct log_subject subject = subject_of(agent);

	if (agent->stage != AGENT_RUNS)
		return;
	if (number == SIGHUP) {
		log_line(LOG_INFO, &subject, "SIGHUP: syncing now");
		if (agent->reload)
			reload_now(agent->reload);
		agent_sync_all(agent);
	} else {
		log_line(LOG_INFO, &subject, "%s: ending",
			 number == SIGTERM ? "SIGTERM" : "SIGINT");
		begin_end(agent);
	}
}

static void open_handles(struct agent *agent)
{
	uv_timer_init(agent->loop, &agent->reopen);
	uv_timer_init(agent->loop, &agent->ending);
	agent->reopen.data = agent->ending.data = agent;
	for (size_t i = 0; i < AGENT_SIGNALS; i++) {
		uv_signal_init(agent->loop, &agent->signals[i]);
		agent->signals[i].data = agent;
		uv_signal_start(&agent->signals[i], on_signal, handled_signals[i]);
	}
	agent->handles = AGENT_SIGNALS + 2;
}

const struct leader *agent_leader(const struct agent *agent)
{
	return agent->leader;
}

static void on_leading(void *context, bool leading)
{
	struct agent *agent = context;

	if (agent->stage == AGENT_RUNS)
		agent_set_leading(agent, leading);
}

/* Takes part in the election, and takes this agent's share of the apps. */
static int take_place(struct agent *agent, struct err *err)
{
	const struct leader_options options = {
		.loop = agent->loop,
		.config = &agent->config,
		.on_change = on_leading,
		.context = agent,
	};

	if (shard_take(&agent->config, err) < 0)
		return -1;
	agent->leading = !agent->config.leader.enabled;
	return agent->leading ? 0 : leader_start(&options, &agent->leader, err);
}

/* Watches the configuration file before what it said is acted on. */
static int watch_config(struct agent *agent, const struct options *options, struct err *err)
{
	const struct reload_options reload_options = {
		.loop = agent->loop,
		.options = options,
		.on_config = on_config,
		.on_refused = on_config_refused,
		.context = agent,
	};

	return options->config ? reload_new(&reload_options, &agent->reload, err) : 0;
}

/* The app of a command line starts, or the command ends. */
static int start_only_app(struct agent *agent)
{
	struct err err;
	int code;

	if (agent_start_app(agent, 0, &code, &err) == 0) {
		agent->links[0]->app = agent->config.apps[0].name;
		return EXIT_OK;
	}
	tell_error(&err);
	return err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : code;
}

int agent_run(struct uv_loop_s *loop, const struct options *options, struct config *config)
{
	struct agent *agent = calloc(1, sizeof(*agent));
	struct err err;
	int code = EXIT_OK;

	if (!agent) {
		err_no_memory(&err);
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	agent->loop = loop;
	agent->config = *config;
	*config = (struct config){0};
	agent->started_ms = clock_unix_ms();
	open_handles(agent);
	agent->repositories = repositories_new(loop, &err);
	if (!agent->repositories || agent_make_lists(agent, &err) < 0 ||
	    open_notices(agent, &err) < 0 || watch_config(agent, options, &err) < 0 ||
	    take_place(agent, &err) < 0) {
		tell_error(&err);
		code = err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_CLUSTER;
	} else if (agent_start_serving(agent, &err) < 0) {
		tell_error(&err);
		code = err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_USAGE;
	} else if (options->config) {
		agent_start_apps(agent);
		reload_check(agent->reload);
	} else {
		code = start_only_app(agent);
	}
	if (code != EXIT_OK)
		close_agent(agent);
	else
		uv_run(loop, UV_RUN_DEFAULT);
	return code;
}
