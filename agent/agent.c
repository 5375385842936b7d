#include "agent/agent.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/config_keys.h"
#include "agent/leader.h"
#include "agent/link.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/notices.h"
#include "agent/reload.h"
#include "agent/repository.h"
#include "agent/runner.h"
#include "agent/serve.h"
#include "agent/session.h"
#include "agent/shard.h"
#include "apply/clock.h"

static const int handled_signals[] = {SIGTERM, SIGINT, SIGHUP};
#define SIGNAL_COUNT (sizeof(handled_signals) / sizeof(handled_signals[0]))

enum agent_stage {
	AGENT_RUNS,
	AGENT_ENDS_PASSES,
	AGENT_ENDS_PARTS,
	AGENT_ENDS_LEASE,
	AGENT_ENDED,
};

struct agent {
	struct uv_loop_s *loop;
	enum agent_stage stage;
	struct config config;
	struct repositories *repositories;
	struct link **links;     /* one a cluster of the configuration; NULL: it is not open */
	struct runner **runners; /* one an app; NULL: it could not be started */
	struct leader *leader;   /* NULL: this is the only agent */
	struct serve *serve;     /* NULL: nobody may ask */
	struct notices *notices;
	bool leading;
	int64_t started_ms;
	struct reload *reload; /* NULL: the configuration is a command line */
	char *config_error;

	uv_timer_t reopen; /* what could not be opened or started is tried again */
	uv_timer_t ending;
	uv_signal_t signals[SIGNAL_COUNT];
	size_t handles; /* that are open; the last that closes frees the agent */

	struct agent_part parts[AGENT_MAX_PARTS];
	size_t part_count, ending_parts;
};

/* What a line of the agent as a whole is about: its app, where it has only one. */
static struct log_subject subject_of(const struct agent *agent)
{
	if (agent->config.app_count != 1 || !agent->runners || !agent->runners[0])
		return (struct log_subject){0};
	const struct app *app = runner_app(agent->runners[0]);
	return (struct log_subject){.app = app->name, .revision = app_commit(app)};
}

/* --- apps and their clusters ------------------------------------------------------------------ */

struct runner *agent_find(struct agent *agent, const char *name)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (strcmp(agent->config.apps[i].name, name) == 0)
			return agent->runners[i];
	return NULL;
}

size_t agent_app_count(const struct agent *agent)
{
	return agent->config.app_count;
}

struct runner *agent_at(const struct agent *agent, size_t index)
{
	return agent->runners[index];
}

static bool is_ready(void *context, const char *name)
{
	struct runner *runner = agent_find(context, name);

	return runner && runner_is_ready(runner);
}

static bool is_leading(void *context)
{
	const struct agent *agent = context;

	return !agent->leader || leader_is_leading(agent->leader);
}

static bool all_have_ended(const struct agent *agent)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i] && !runner_end(agent->runners[i]))
			return false;
	return true;
}

static void on_ending(uv_timer_t *timer);

static void on_changed(void *context, struct runner *changed)
{
	struct agent *agent = context;

	if (agent->stage == AGENT_ENDS_PASSES && all_have_ended(agent))
		uv_timer_start(&agent->ending, on_ending, 0, 0); /* not from within the runner */
	if (agent->stage != AGENT_RUNS)
		return;
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i] && agent->runners[i] != changed)
			runner_poke(agent->runners[i]);
}

static struct link **find_link(struct agent *agent, const struct config_app *app)
{
	const struct config_cluster *cluster = config_find_cluster(&agent->config, app->cluster);

	return &agent->links[cluster - agent->config.clusters];
}

/* The app's name for lines about a cluster that only this app uses. */
static const char *only_app_of(const struct agent *agent, const char *cluster)
{
	const char *name = NULL;

	for (size_t i = 0; i < agent->config.app_count; i++) {
		if (strcmp(agent->config.apps[i].cluster, cluster) != 0)
			continue;
		if (name)
			return NULL;
		name = agent->config.apps[i].name;
	}
	return name;
}

/* Opens the app's cluster if need be, and starts the app. ERR_... with *ret_code to end with. */
static int start_app(struct agent *agent, size_t index, int *ret_code, struct err *err)
{
	const struct config_app *config = &agent->config.apps[index];
	struct link **link = find_link(agent, config);

	*ret_code = EXIT_CLUSTER;
	if (!*link) {
		const struct config_cluster *cluster =
			config_find_cluster(&agent->config, config->cluster);
		if (link_new(agent->loop, cluster, link, err) < 0)
			return -1;
		if (agent->leader)
			cluster_set_fence((*link)->cluster, leader_fence, agent->leader);
	}
	const struct runner_options options = {
		.loop = agent->loop,
		.link = *link,
		.repositories = agent->repositories,
		.config = config,
		.leading = agent->leading,
		.notices = agent->notices,
		.is_leading = is_leading,
		.is_ready = is_ready,
		.on_changed = on_changed,
		.context = agent,
	};
	if (runner_new(&options, &agent->runners[index], err) < 0) {
		*ret_code = err->class == ERR_INVALID ? EXIT_USAGE : EXIT_SOURCE;
		return -1;
	}
	runner_start(agent->runners[index]);
	return 0;
}

static void on_reopen(uv_timer_t *timer);

/* Listens, where the configuration has us. */
static int start_serving(struct agent *agent, struct err *err)
{
	if (agent->serve)
		return 0;
	if (serve_start(agent, agent->loop, &agent->config.server, &agent->serve, err) < 0)
		return -1;
	if (agent->serve && agent->leader)
		return leader_set_address(agent->leader, serve_address(agent->serve), err);
	return 0;
}

/* Starts what does not run yet; what cannot be started is told, and tried again. */
static void start_apps(struct agent *agent)
{
	bool is_whole = true;
	struct err err;
	int code;

	if (start_serving(agent, &err) < 0) {
		log_line(LOG_ERROR, NULL, "%s", err.message);
		is_whole = false;
	}

	for (size_t i = 0; i < agent->config.app_count; i++) {
		const struct log_subject subject = {.app = agent->config.apps[i].name};

		if (agent->runners[i] || start_app(agent, i, &code, &err) == 0)
			continue;
		log_line(LOG_ERROR, &subject, "%s", err.message);
		is_whole = false;
	}
	for (size_t i = 0; i < agent->config.cluster_count; i++)
		if (agent->links[i])
			agent->links[i]->app = only_app_of(agent, agent->config.clusters[i].name);
	if (!is_whole)
		uv_timer_start(&agent->reopen, on_reopen, AGENT_REOPEN_MS, 0);
}

static void on_reopen(uv_timer_t *timer)
{
	start_apps(timer->data);
}

static int make_lists(const struct config *config, struct runner ***ret_runners,
		      struct link ***ret_links, struct err *err)
{
	CLEANUP(free_p) void *runners = calloc(config->app_count + 1, sizeof(struct runner *));
	CLEANUP(free_p) void *links = calloc(config->cluster_count + 1, sizeof(struct link *));

	if (!runners || !links)
		return err_no_memory(err);
	*ret_runners = STEAL(runners);
	*ret_links = STEAL(links);
	return 0;
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

static void configure_notices(struct agent *agent, const struct config *config)
{
	struct err err;

	if (notices_configure(agent->notices, config->sinks, config->sink_count,
			      config->reminder_ms, &err) < 0)
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
		.loop = agent->loop, .cluster_of = cluster_of, .context = agent};

	if (notices_new(&options, &agent->notices, err) < 0)
		return -1;
	configure_notices(agent, &agent->config);
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

/* --- another configuration -------------------------------------------------------------------- */

/* The links of clusters that are as they were. */
static void keep_links(struct agent *agent, const struct config *config, struct link **links)
{
	for (size_t i = 0; i < config->cluster_count; i++)
		for (size_t k = 0; k < agent->config.cluster_count; k++)
			if (agent->links[k] &&
			    config_cluster_equal(&config->clusters[i], &agent->links[k]->config))
				links[i] = STEAL(agent->links[k]);
}

static bool has_link(struct link *const *links, const struct config *config,
		     const struct config_app *app)
{
	const struct config_cluster *cluster = config_find_cluster(config, app->cluster);

	return links[cluster - config->clusters] != NULL;
}

/* Has the app go on in another configuration; false: it has to be started anew. */
static bool keep_runner(struct runner *runner, const struct config_app *app)
{
	const struct config_app *was = runner_config(runner);
	const struct log_subject subject = {.app = app->name};
	struct err err;

	if (config_app_equal(was, app))
		return true;
	if (!app_is_same_place(was, app))
		return false;
	log_line(LOG_INFO, &subject, "has another policy now");
	if (runner_set_policy(runner, app, &err) < 0)
		log_line(LOG_ERROR, &subject, "%s", err.message);
	return true;
}

/* What people were told of it is not ours to remind of any more, or is read from its inventory again. */
static void stop_runner(struct agent *agent, size_t index)
{
	runner_free(STEAL(agent->runners[index]));
	notices_forget(agent->notices, agent->config.apps[index].name);
}

static void keep_runners(struct agent *agent, const struct config *config,
			 struct link *const *links, struct runner **runners)
{
	for (size_t i = 0; i < agent->config.app_count; i++) {
		const char *name = agent->config.apps[i].name;
		const struct config_app *app = config_find_app(config, name);
		const struct log_subject subject = {.app = name};

		if (!app) {
			log_line(LOG_INFO, &subject,
				 "left the configuration; its objects and its inventory stay");
			metrics_forget_app(name);
		}
		if (!agent->runners[i])
			continue;
		if (app && has_link(links, config, app) && keep_runner(agent->runners[i], app))
			runners[app - config->apps] = STEAL(agent->runners[i]);
		else
			stop_runner(agent, i);
	}
}

/* Which agent this is among others is settled when it starts. */
static void keep_place(const struct agent *agent, struct config *next)
{
	if (config_values_equal(config_leader_keys, next, &agent->config) &&
	    config_values_equal(config_shard_keys, next, &agent->config))
		return;
	log_line(LOG_WARNING, NULL,
		 "another leaderElection or shard counts when the agent is started again");
	next->shard = agent->config.shard;
}

void agent_reload(struct agent *agent, struct config *config)
{
	CLEANUP(config_release) struct config next = *config;
	struct runner **runners;
	struct link **links;
	struct err err;

	*config = (struct config){0};
	if (agent->stage != AGENT_RUNS)
		return;
	keep_place(agent, &next);
	if (shard_take(&next, &err) < 0 || make_lists(&next, &runners, &links, &err) < 0) {
		log_line(LOG_ERROR, NULL, "%s", err.message);
		return;
	}
	configure_notices(agent, &next);
	keep_links(agent, &next, links);
	keep_runners(agent, &next, links, runners);
	for (size_t i = 0; i < agent->config.cluster_count; i++) {
		if (agent->links[i])
			notices_leave_cluster(agent->notices, agent->links[i]->cluster);
		link_free(agent->links[i]);
	}
	free(agent->links);
	free(agent->runners);
	agent->links = links;
	agent->runners = runners;
	struct config was = agent->config;
	agent->config = next;
	next = was;
	if (!config_values_equal(config_server_keys, &next, &agent->config))
		serve_free(STEAL(agent->serve));
	start_apps(agent);
}

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

	log_line(LOG_INFO, NULL, "the configuration is read again: %zu app%s", config->app_count,
		 config->app_count == 1 ? "" : "s");
	agent_set_config_error(agent, NULL);
	agent_reload(agent, config);
}

static void on_config_refused(void *context, const char *why)
{
	agent_set_config_error(context, why);
}

/* --- all apps --------------------------------------------------------------------------------- */

void agent_sync_all(struct agent *agent)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i])
			runner_sync_now(agent->runners[i], false);
}

void agent_set_leading(struct agent *agent, bool leading)
{
	agent->leading = leading;
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i])
			runner_set_leading(agent->runners[i], leading);
}

bool agent_is_leading(const struct agent *agent)
{
	return agent->leading;
}

const struct leader *agent_leader(const struct agent *agent)
{
	return agent->leader;
}

static struct overview_app overview_of_failed(const struct config_app *config)
{
	return (struct overview_app){
		.name = config->name,
		.cluster = config->cluster,
		.namespace = config->namespace ? config->namespace : "",
		.source = "",
		.ref = config->ref ? config->ref : "",
		.path = config->path ? config->path : "",
		.suspended_by = "",
		.waits_for = "",
		.revision = "",
		.commit = "",
		.author = "",
		.subject = "",
		.applied = "",
		.last = {.result = OVERVIEW_CLUSTER, .message = "it cannot be started"},
		.tried = true,
		.passes = {[OVERVIEW_CLUSTER] = 1},
	};
}

int agent_overview(const struct agent *agent, struct overview *ret_overview, struct err *err)
{
	CLEANUP(overview_release)
	struct overview view = {
		.now_ms = clock_unix_ms(),
		.started_ms = agent->started_ms,
		.leading = agent->leading,
		.config_error = agent->config_error ? agent->config_error : "",
	};

	view.apps = calloc(agent->config.app_count + 1, sizeof(*view.apps));
	if (!view.apps)
		return err_no_memory(err);
	for (size_t i = 0; i < agent->config.app_count; i++, view.count++)
		if (!agent->runners[i])
			view.apps[i] = overview_of_failed(&agent->config.apps[i]);
		else if (runner_overview(agent->runners[i], &view.apps[i], err) < 0)
			return -1;
	*ret_overview = view;
	view = (struct overview){0};
	return 0;
}

/* --- the end ---------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct agent *agent = handle->data;

	if (--agent->handles > 0)
		return;
	config_release(&agent->config);
	repositories_free(agent->repositories);
	free(agent->links);
	free(agent->runners);
	free(agent->config_error);
	free(agent);
}

static void free_runners(struct agent *agent)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		runner_free(STEAL(agent->runners[i]));
}

static void close_agent(struct agent *agent)
{
	agent->stage = AGENT_ENDED;
	reload_free(STEAL(agent->reload));
	free_runners(agent);
	notices_free(STEAL(agent->notices));
	for (size_t i = 0; i < agent->config.cluster_count; i++)
		link_free(STEAL(agent->links[i]));
	leader_free(STEAL(agent->leader)); /* after all that asks its fence */
	serve_free(STEAL(agent->serve));
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		uv_close((uv_handle_t *)&agent->signals[i], on_closed);
	uv_close((uv_handle_t *)&agent->reopen, on_closed);
	uv_close((uv_handle_t *)&agent->ending, on_closed);
	uv_stop(agent->loop);
}

static void end_parts(struct agent *agent)
{
	agent->stage = AGENT_ENDS_PARTS;
	free_runners(agent);
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

static void begin_end(struct agent *agent)
{
	bool ended;

	agent->stage = AGENT_ENDS_PASSES;
	uv_timer_stop(&agent->reopen);
	reload_free(STEAL(agent->reload));
	ended = all_have_ended(agent);
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
	for (size_t i = 0; i < SIGNAL_COUNT; i++) {
		uv_signal_init(agent->loop, &agent->signals[i]);
		agent->signals[i].data = agent;
		uv_signal_start(&agent->signals[i], on_signal, handled_signals[i]);
	}
	agent->handles = SIGNAL_COUNT + 2;
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

	if (start_app(agent, 0, &code, &err) == 0) {
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

	if (agent)
		agent->repositories = repositories_new(loop, &err);
	if (!agent || !agent->repositories ||
	    make_lists(config, &agent->runners, &agent->links, &err) < 0) {
		err_no_memory(&err);
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	agent->loop = loop;
	agent->config = *config;
	*config = (struct config){0};
	agent->started_ms = clock_unix_ms();
	open_handles(agent);
	if (open_notices(agent, &err) < 0 || watch_config(agent, options, &err) < 0 ||
	    take_place(agent, &err) < 0) {
		tell_error(&err);
		code = err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_CLUSTER;
	} else if (start_serving(agent, &err) < 0) {
		tell_error(&err);
		code = err.class == ERR_NO_MEMORY ? EXIT_INTERNAL : EXIT_USAGE;
	} else if (options->config) {
		start_apps(agent);
	} else {
		code = start_only_app(agent);
	}
	if (code != EXIT_OK)
		close_agent(agent);
	else
		uv_run(loop, UV_RUN_DEFAULT);
	return code;
}
