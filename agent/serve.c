#include "agent/serve.h"

#include <stdlib.h>
#include <string.h>

#include "agent/api.h"
#include "agent/leader.h"
#include "agent/log.h"
#include "agent/metrics.h"
#include "agent/metrics_overview.h"
#include "agent/overview_json.h"
#include "diff/render.h"
#include "agent/runner.h"
#include "diff/text.h"
#include "diff/webhook.h"

struct serve {
	struct agent *agent;
	struct api *api;
	bool was_ready; /* once it is ready, it stays so: what happens later is for alerts to tell */
};

/* --- probes ---------------------------------------------------------------------------------- */

/*
 * A loop that stands still answers no probe. One that turns can still wait for something that never
 * comes: that is what is looked for here. A cluster or a repository that does not answer is not: being
 * started anew would not help.
 */
static bool is_healthy(void *context, struct buf *why)
{
	const struct serve *serve = context;
	bool healthy = true;

	for (size_t i = 0; i < agent_app_count(serve->agent); i++) {
		const struct runner *runner = agent_at(serve->agent, i);

		if (runner && runner_is_stuck(runner, why))
			healthy = false;
	}
	return healthy;
}

/* Whether a pass has got as far as the app's cluster; nothing else is to be expected of some. */
static bool has_been_answered(const struct overview_app *app)
{
	return app->passes[OVERVIEW_SYNCED] || app->passes[OVERVIEW_DIFFERS] ||
	       app->passes[OVERVIEW_FAILED];
}

static bool is_at_rest(const struct overview_app *app)
{
	return app->state == OVERVIEW_SUSPENDED || app->state == OVERVIEW_STANDBY ||
	       app->state == OVERVIEW_WAITING;
}

/* One cluster of several that does not answer keeps nobody from asking about the others. */
static bool judge_ready(const struct overview *overview, struct buf *missing)
{
	const char *unreachable = NULL;
	bool answered = false, ready = true;

	for (size_t i = 0; i < overview->count; i++) {
		const struct overview_app *app = &overview->apps[i];

		if (!app->tried && app->state != OVERVIEW_SUSPENDED) {
			buf_printf(missing, "%s: not looked at yet\n", app->name);
			ready = false;
		}
		answered |= has_been_answered(app);
		if (app->passes[OVERVIEW_CLUSTER] && !is_at_rest(app))
			unreachable = app->last.message;
	}
	if (ready && unreachable && !answered) {
		buf_printf(missing, "no cluster has answered: %s\n", unreachable);
		ready = false;
	}
	return ready;
}

static bool is_ready(void *context, struct buf *missing)
{
	CLEANUP(overview_release) struct overview overview = {0};
	struct serve *serve = context;
	struct err err;

	if (serve->was_ready)
		return true;
	if (agent_overview(serve->agent, &overview, &err) < 0) {
		buf_printf(missing, "%s\n", err.message);
		return false;
	}
	serve->was_ready = judge_ready(&overview, missing);
	return serve->was_ready;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void collect(void *context)
{
	CLEANUP(overview_release) struct overview overview = {0};
	const struct serve *serve = context;
	struct err err;

	if (agent_overview(serve->agent, &overview, &err) == 0)
		metrics_overview_collect(&overview);
}

static int tell_status(void *context, cJSON **ret_status, struct err *err)
{
	CLEANUP(overview_release) struct overview overview = {0};
	const struct serve *serve = context;

	if (agent_overview(serve->agent, &overview, err) < 0)
		return -1;
	return overview_json(&overview, ret_status, err);
}

static int tell_apps(void *context, cJSON **ret_apps, struct err *err)
{
	CLEANUP(overview_release) struct overview overview = {0};
	const struct serve *serve = context;

	if (agent_overview(serve->agent, &overview, err) < 0)
		return -1;
	return overview_json_apps(&overview, ret_apps, err);
}

static int tell_app(void *context, const char *name, cJSON **ret_app, struct err *err)
{
	CLEANUP(overview_release) struct overview overview = {0};
	const struct serve *serve = context;

	if (agent_overview(serve->agent, &overview, err) < 0)
		return -1;
	return overview_json_app(&overview, name, ret_app, err);
}

static int find(const struct serve *serve, const char *name, struct runner **ret_runner,
		struct err *err)
{
	char quoted[TEXT_QUOTE_MAX];

	*ret_runner = agent_find(serve->agent, name);
	if (*ret_runner)
		return 0;
	return err_set(err, ERR_NOT_FOUND, "there is no app %s", text_quote(name, quoted));
}

static int tell_history(void *context, const char *name, cJSON **ret_history, struct err *err)
{
	const struct serve *serve = context;
	struct runner *runner;

	if (find(serve, name, &runner, err) < 0)
		return -1;
	const struct app *app = runner_app(runner);
	return render_history_value(&app->inventory.history, app->name, ret_history, err);
}

/* --- what is done ---------------------------------------------------------------------------- */

static int order_sync(struct runner *runner, const char *by, struct err *err)
{
	const struct log_subject subject = {.app = runner_app(runner)->name};

	const char *suspended_by = runner_suspended_by(runner);

	/* Somebody may have resumed it in the cluster since: a pass looks. */
	if (suspended_by) {
		runner_sync_now(runner, NULL);
		return err_set(err, ERR_CONFLICT, "app \"%s\" was suspended by %s; resume it first",
			       subject.app, suspended_by);
	}
	log_line(LOG_INFO, &subject, "syncing now, as %s asks", by);
	runner_sync_now(runner, by);
	return 0;
}

static int order(void *context, const char *name, enum api_order order, const char *by,
		 const char *reason, struct err *err)
{
	struct serve *serve = context;
	struct runner *runner;

	if (find(serve, name, &runner, err) < 0)
		return -1;
	if (!agent_is_leading(serve->agent))
		return err_set(err, ERR_CONFLICT, "this agent stands by; ask the one that leads");
	if (order == API_SYNC)
		return order_sync(runner, by, err);
	runner_suspend(runner, order == API_SUSPEND, by, reason);
	return 0;
}

/* One that leads by now is told so by the loop a moment later. */
static int find_leader(void *context, const char **ret_address, struct err *err)
{
	const struct serve *serve = context;
	const struct leader *leader = agent_leader(serve->agent);
	const char *holder;

	*ret_address = NULL;
	if (!leader || agent_is_leading(serve->agent) || leader_is_leading(leader))
		return 0;
	*ret_address = leader_address(leader);
	if (*ret_address)
		return 0;
	holder = leader_holder(leader);
	if (!*holder)
		return err_set(err, ERR_TRANSIENT, "nobody leads at the moment");
	return err_set(err, ERR_TRANSIENT, "%s leads, which cannot be reached from here", holder);
}

static size_t pushed(void *context, const struct webhook_push *push, int64_t delay_ms)
{
	const struct serve *serve = context;
	size_t count = 0;

	for (size_t i = 0; i < agent_app_count(serve->agent); i++) {
		struct runner *runner = agent_at(serve->agent, i);
		const struct config_app *config = runner ? runner_config(runner) : NULL;

		if (!config || !config->repo || !webhook_follows(push, config->repo, config->ref))
			continue;
		runner_fetch_soon(runner, delay_ms);
		count++;
	}
	return count;
}

/* --- beginning and end ----------------------------------------------------------------------- */

int serve_start(struct agent *agent, struct uv_loop_s *loop, const struct config_server *config,
		struct serve **ret_serve, struct err *err)
{
	struct serve *serve = NULL;

	if (config->listen || config->api_listen) {
		serve = calloc(1, sizeof(*serve));
		if (!serve)
			return err_no_memory(err);
		const struct api_options options = {
			.loop = loop,
			.listen = config->listen,
			.api_listen = config->api_listen,
			.token_file = config->token_file,
			.hook_secret_file = config->hook_secret_file,
			.is_healthy = is_healthy,
			.is_ready = is_ready,
			.status = tell_status,
			.apps = tell_apps,
			.app = tell_app,
			.history = tell_history,
			.order = order,
			.pushed = pushed,
			.find_leader = find_leader,
			.context = serve,
		};
		serve->agent = agent;
		serve->api = api_new(&options, err);
		if (!serve->api) {
			free(serve);
			return -1;
		}
		metrics_collector(collect, serve);
	}
	*ret_serve = serve;
	return 0;
}

void serve_free(struct serve *serve)
{
	if (!serve)
		return;
	metrics_collector_remove(serve);
	api_free(serve->api);
	free(serve);
}

const char *serve_address(const struct serve *serve)
{
	return api_address(serve->api);
}
