#include "agent/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/memory.h"
#include "agent/metrics.h"

#define REQUEST_RETRY_MS 5000 /* then the pass fails, is told, and is started again */

int link_kubeconfig(const struct config_cluster *config, bool attended,
		    struct kubeconfig *ret_kubeconfig, struct err *err)
{
	const struct kubeconfig_options where = {
		.file = config->kubeconfig,
		.context = config->context,
		.server = config->server,
		.namespace = config->namespace,
		.impersonate = config->impersonate,
		.impersonate_groups = (const char *const *)config->impersonate_groups.items,
		.impersonate_group_count = config->impersonate_groups.count,
		.terminal = attended,
	};

	if (kubeconfig_load(&where, ret_kubeconfig, err) < 0)
		return -1;
	if (ret_kubeconfig->warning)
		log_line(LOG_WARNING, NULL, "%s", ret_kubeconfig->warning);
	return 0;
}

/* --- counting --------------------------------------------------------------------------------- */

static void count_request(void *context, const char *method, int status, double seconds)
{
	char code[16];

	(void)context;
	snprintf(code, sizeof(code), "%d", status);
	metrics_add(METRIC_REQUESTS, 1, LABELS(method, code));
	if (seconds >= 0)
		metrics_observe(METRIC_REQUEST_DURATION, seconds, LABELS(method));
}

/* --- telling the listeners -------------------------------------------------------------------- */

static void on_warning(void *context, const char *text)
{
	const struct link *link = context;
	const struct log_subject subject = {.app = link->app};

	log_line(LOG_WARNING, &subject, "the server warns: %s", text);
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	const struct link *link = context;

	for (struct link_listener *to = link->listeners; to; to = to->next)
		to->on_rollout(to->context, rollout);
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	const struct link *link = context;

	for (struct link_listener *to = link->listeners; to; to = to->next)
		to->on_rollout_gone(to->context, namespace, name);
}

static void on_rollout_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	const struct link *link = context;

	(void)retry_in_ms;
	for (struct link_listener *to = link->listeners; to; to = to->next)
		to->on_rollout_error(to->context, err);
}

void link_listen(struct link *link, struct link_listener *listener)
{
	listener->next = link->listeners;
	link->listeners = listener;
}

void link_unlisten(struct link *link, struct link_listener *listener)
{
	for (struct link_listener **at = &link->listeners; *at; at = &(*at)->next) {
		if (*at == listener) {
			*at = listener->next;
			return;
		}
	}
}

int link_follow(struct link *link, const char *namespace, const struct link_listener *listener,
		struct err *err)
{
	const struct rollout *rollout;

	if (rollouts_add_namespace(link->rollouts, namespace, err) < 0)
		return -1;
	for (size_t i = 0; (rollout = rollouts_at(link->rollouts, i)); i++)
		if (!*namespace || strcmp(rollout->namespace, namespace) == 0)
			listener->on_rollout(listener->context, rollout);
	return 0;
}

static void on_settle(void *context)
{
	struct link *link = context;

	link->settling = 0;
	memory_settle();
}

void link_settle(struct link *link)
{
	struct err ignored; /* without memory for the timer it is left to the next pass */

	if (!link->settling)
		link->settling =
			cluster_after(link->cluster, LINK_SETTLE_MS, on_settle, link, &ignored);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int open_link(struct link *link, struct uv_loop_s *loop, const struct config_cluster *config,
		     struct err *err)
{
	const struct rollouts_options options = {
		.on_change = on_rollout,
		.on_gone = on_rollout_gone,
		.on_error = on_rollout_error,
		.ctx = link,
	};

	if (config_cluster_copy(config, &link->config, err) < 0 ||
	    link_kubeconfig(config, false, &link->kubeconfig, err) < 0)
		return -1;
	link->cluster = cluster_new(loop, &link->kubeconfig, err);
	if (!link->cluster)
		return -1;
	cluster_set_retry(link->cluster, REQUEST_RETRY_MS);
	cluster_observe(link->cluster, count_request, NULL);
	cluster_on_warning(link->cluster, on_warning, link);
	link->discovery = discovery_new(link->cluster);
	if (!link->discovery)
		return err_no_memory(err);
	link->rollouts = rollouts_new(link->cluster, &options, err);
	link->owned = owned_new(link->cluster, err);
	return link->rollouts && link->owned ? 0 : -1;
}

int link_new(struct uv_loop_s *loop, const struct config_cluster *config, struct link **ret_link,
	     struct err *err)
{
	CLEANUP(link_free_p) struct link *link = calloc(1, sizeof(*link));

	if (!link)
		return err_no_memory(err);
	link->passes.limit = LINK_MAX_PASSES;
	if (open_link(link, loop, config, err) < 0)
		return -1;
	*ret_link = STEAL(link);
	return 0;
}

void link_free(struct link *link)
{
	if (!link)
		return;
	rollouts_free(link->rollouts);
	owned_free(link->owned);
	discovery_free(link->discovery);
	cluster_free(link->cluster);
	kubeconfig_release(&link->kubeconfig);
	config_cluster_release(&link->config);
	free(link);
}
