#include "agent/agent_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config_keys.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/session.h"
#include "agent/shard.h"
#include "apply/clock.h"

/* --- lists, one of each for an app or a cluster ------------------------------------------------- */

int agent_make_lists(struct agent *agent, struct err *err)
{
	size_t apps = agent->config.app_count + 1, clusters = agent->config.cluster_count + 1;

	agent->runners = calloc(apps, sizeof(struct runner *));
	agent->troubles = calloc(apps, sizeof(char *));
	agent->links = calloc(clusters, sizeof(struct link *));
	return agent->runners && agent->troubles && agent->links ? 0 : err_no_memory(err);
}

void agent_free_lists(struct agent *agent)
{
	for (size_t i = 0; agent->troubles && i < agent->config.app_count; i++)
		free(agent->troubles[i]);
	free(STEAL(agent->troubles));
	free(STEAL(agent->runners));
	free(STEAL(agent->links));
}

void agent_free_runners(struct agent *agent)
{
	for (size_t i = 0; agent->runners && i < agent->config.app_count; i++)
		runner_free(STEAL(agent->runners[i]));
}

void agent_free_links(struct agent *agent)
{
	for (size_t i = 0; agent->links && i < agent->config.cluster_count; i++) {
		if (!agent->links[i])
			continue;
		if (agent->notices)
			notices_leave_cluster(agent->notices, agent->links[i]->cluster);
		link_free(STEAL(agent->links[i]));
	}
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

bool agent_has_ended(const struct agent *agent)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i] && !runner_end(agent->runners[i]))
			return false;
	return true;
}

static void on_changed(void *context, struct runner *changed)
{
	struct agent *agent = context;

	if (agent->stage == AGENT_ENDS_PASSES && agent_has_ended(agent))
		agent_go_on_ending(agent);
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

int agent_start_app(struct agent *agent, size_t index, int *ret_code, struct err *err)
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

void agent_start_apps(struct agent *agent)
{
	bool is_whole = true;
	struct err err;
	int code;

	if (agent_start_serving(agent, &err) < 0) {
		log_line(LOG_ERROR, NULL, "%s", err.message);
		is_whole = false;
	}

	for (size_t i = 0; i < agent->config.app_count; i++) {
		const struct log_subject subject = {.app = agent->config.apps[i].name};

		if (agent->runners[i] || agent_start_app(agent, i, &code, &err) == 0) {
			free(STEAL(agent->troubles[i]));
			continue;
		}
		is_whole = false;
		if (agent->troubles[i] && strcmp(agent->troubles[i], err.message) == 0)
			continue;
		log_line(LOG_ERROR, &subject, "%s", err.message);
		free(agent->troubles[i]);
		agent->troubles[i] = strdup(err.message);
	}
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i])
			runner_poke(agent->runners[i]);
	for (size_t i = 0; i < agent->config.cluster_count; i++)
		if (agent->links[i])
			agent->links[i]->app = only_app_of(agent, agent->config.clusters[i].name);
	if (!is_whole)
		uv_timer_start(&agent->reopen, on_reopen, AGENT_REOPEN_MS, 0);
}

static void on_reopen(uv_timer_t *timer)
{
	agent_start_apps(timer->data);
}

/* --- another configuration -------------------------------------------------------------------- */

/* The links of clusters that are as they were. */
static void keep_links(struct agent *before, struct agent *agent)
{
	for (size_t i = 0; i < agent->config.cluster_count; i++)
		for (size_t k = 0; k < before->config.cluster_count; k++)
			if (before->links[k] && config_cluster_equal(&agent->config.clusters[i],
								     &before->links[k]->config))
				agent->links[i] = STEAL(before->links[k]);
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
/* The runners of apps that are still there, at the same place. */
static void keep_runners(struct agent *before, struct agent *agent)
{
	for (size_t i = 0; i < before->config.app_count; i++) {
		const char *name = before->config.apps[i].name;
		const struct config_app *app = config_find_app(&agent->config, name);
		const struct log_subject subject = {.app = name};
		struct runner *runner = STEAL(before->runners[i]);

		if (!app) {
			log_line(LOG_INFO, &subject,
				 "left the configuration; its objects and its inventory stay");
			metrics_forget_app(name);
		}
		if (runner && app && *find_link(agent, app) && keep_runner(runner, app)) {
			agent->runners[app - agent->config.apps] = runner;
		} else if (runner) {
			runner_free(runner);
			notices_forget(agent->notices, name);
		}
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
	struct agent before = *agent; /* its lists, to be emptied and freed */
	struct config next = *config;
	struct err err;

	*config = (struct config){0};
	if (agent->stage == AGENT_RUNS)
		keep_place(agent, &next);
	if (agent->stage != AGENT_RUNS || shard_take(&next, &err) < 0) {
		if (agent->stage == AGENT_RUNS)
			log_line(LOG_ERROR, NULL, "%s", err.message);
		config_release(&next);
		return;
	}
	if (config_equal(&next, &agent->config)) {
		config_release(&next);
		return;
	}
	agent->config = next;
	if (agent_make_lists(agent, &err) < 0) {
		log_line(LOG_ERROR, NULL, "%s", err.message);
		agent_free_lists(agent);
		config_release(&agent->config);
		agent->config = before.config;
		agent->links = before.links;
		agent->runners = before.runners;
		agent->troubles = before.troubles;
		return;
	}
	log_line(LOG_INFO, NULL, "another configuration: %zu app%s", next.app_count,
		 next.app_count == 1 ? "" : "s");
	agent_configure_notices(agent, &agent->config);
	keep_links(&before, agent);
	keep_runners(&before, agent);
	agent_free_links(&before);
	if (!config_values_equal(config_server_keys, &before.config, &agent->config))
		serve_free(STEAL(agent->serve));
	agent_free_lists(&before);
	config_release(&before.config);
	agent_start_apps(agent);
}

/* --- all apps --------------------------------------------------------------------------------- */

void agent_sync_all(struct agent *agent)
{
	for (size_t i = 0; i < agent->config.app_count; i++)
		if (agent->runners[i])
			runner_sync_now(agent->runners[i], NULL);
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

static struct overview_app overview_of_failed(const struct config_app *config, const char *why)
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
		.last = {.result = OVERVIEW_CLUSTER, .message = why ? why : ""},
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
			view.apps[i] =
				overview_of_failed(&agent->config.apps[i], agent->troubles[i]);
		else if (runner_overview(agent->runners[i], &view.apps[i], err) < 0)
			return -1;
	*ret_overview = view;
	view = (struct overview){0};
	return 0;
}
