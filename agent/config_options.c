/* The configuration that the command line is. */
#include "agent/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "agent/shard.h"
#include "diff/buf.h"
#include "diff/cleanup.h"

/* Appends what a DNS label may hold; every other run of characters becomes one dash. */
static void print_label(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)tolower((unsigned char)text[i]);
		bool dash_before = out->length == 0 || out->data[out->length - 1] == '-';

		if (isalnum(c) && c < 0x80)
			buf_putc(out, (char)c);
		else if (!dash_before)
			buf_putc(out, '-');
	}
}

/* ".../shop.git" and "deploy/prod" as "shop-deploy-prod". */
static int make_name(const struct options *options, char **ret_name, struct err *err)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(4096);
	const char *repo = options->repo ? options->repo : "";
	size_t end = strlen(repo);

	while (end && repo[end - 1] == '/')
		end--;
	if (end >= 5 && strncmp(repo + end - 5, "/.git", 5) == 0)
		end -= 5;
	else if (end >= 4 && strncmp(repo + end - 4, ".git", 4) == 0)
		end -= 4;
	size_t start = end;
	while (start && repo[start - 1] != '/' && repo[start - 1] != ':')
		start--;
	print_label(repo + start, end - start, &name);
	if (options->path) {
		print_label("-", 1, &name);
		print_label(options->path, strlen(options->path), &name);
	}
	buf_truncate(&name, CONFIG_MAX_APP_NAME);
	while (name.length && name.data[name.length - 1] == '-')
		buf_truncate(&name, name.length - 1);
	if (name.length == 0)
		buf_puts(&name, "default");
	*ret_name = buf_steal(&name);
	return *ret_name ? 0 : err_no_memory(err);
}

static int copy_string(const char *text, char **ret_copy, struct err *err)
{
	if (!text)
		return 0;
	*ret_copy = strdup(text);
	return *ret_copy ? 0 : err_no_memory(err);
}

static int copy_list(const struct option_list *list, struct config_strings *ret_strings,
		     struct err *err)
{
	if (list->count == 0)
		return 0;
	ret_strings->items = calloc(list->count, sizeof(*ret_strings->items));
	if (!ret_strings->items)
		return err_no_memory(err);
	for (size_t i = 0; i < list->count; i++) {
		if (copy_string(list->items[i], &ret_strings->items[i], err) < 0)
			return -1;
		ret_strings->count++;
	}
	return 0;
}

/* Each string of the options, and where it goes. */
struct copy {
	const char *from;
	char **to;
};

static int copy_strings(const struct copy *copies, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (copy_string(copies[i].from, copies[i].to, err) < 0)
			return -1;
	return 0;
}

#define COPY_STRINGS(copies, err) copy_strings(copies, sizeof(copies) / sizeof((copies)[0]), err)

static int make_cluster(const struct options *options, struct config_cluster *cluster,
			struct err *err)
{
	const struct copy copies[] = {
		{CONFIG_CLUSTER, &cluster->name},
		{options->kubeconfig, &cluster->kubeconfig},
		{options->context, &cluster->context},
		{options->server, &cluster->server},
		{options->namespace, &cluster->namespace},
		{options->impersonate, &cluster->impersonate},
	};

	if (COPY_STRINGS(copies, err) < 0)
		return -1;
	return copy_list(&options->impersonate_groups, &cluster->impersonate_groups, err);
}

static int name_app(const struct options *options, struct config_app *app, struct err *err)
{
	if (!options->app)
		return make_name(options, &app->name, err);
	if (config_check_name("--app", options->app, err) < 0)
		return -1;
	return copy_string(options->app, &app->name, err);
}

static int make_app(const struct options *options, struct config_app *app, struct err *err)
{
	const struct copy copies[] = {
		{CONFIG_CLUSTER, &app->cluster},
		{options->repo, &app->repo},
		{options->ref, &app->ref},
		{options->path, &app->path},
		{options->git_dir, &app->git_dir},
		{options->git_credentials, &app->credentials},
		{options->verify, &app->verify},
		{options->namespace, &app->namespace},
		{options->prune_kinds, &app->prune.kinds},
	};

	app->fetch_ms = options->fetch_ms;
	app->recursive = options->recursive;
	app->namespace_only = options->namespace_only;
	app->drift = options->self_heal ? DRIFT_REVERT : DRIFT_ALERT;
	if (options->replicas && strcmp(options->replicas, "git") == 0)
		app->replicas = REPLICAS_GIT;
	app->prune.enabled = options->prune;
	app->prune.limit_percent = options->prune_limit;
	app->prune.allow_empty = options->allow_empty;
	app->interval_ms = options->interval_ms;
	if (COPY_STRINGS(copies, err) < 0 || copy_list(&options->files, &app->files, err) < 0)
		return -1;
	return name_app(options, app, err);
}

static int make_leader(const struct options *options, struct config_leader *leader, struct err *err)
{
	const struct copy copies[] = {
		{options->lease, &leader->lease},
		{options->lease_namespace, &leader->namespace},
	};

	leader->enabled = options->leader_elect;
	leader->duration_ms = options->lease_ms;
	return COPY_STRINGS(copies, err);
}

static int make_server(const struct options *options, struct config_server *server, struct err *err)
{
	const struct copy copies[] = {
		{options->listen, &server->listen},
		{options->api_listen, &server->api_listen},
		{options->api_token_file, &server->token_file},
		{options->webhook_secret_file, &server->hook_secret_file},
	};

	return COPY_STRINGS(copies, err);
}

int config_take_shard(const struct options *options, struct config *config, struct err *err)
{
	const char *pod = getenv("POD_NAME");
	char host[UV_MAXHOSTNAMESIZE] = "";
	size_t size = sizeof(host);

	if (!options->shard)
		return 0;
	if (!pod || !*pod)
		(void)uv_os_gethostname(host, &size);
	if (shard_parse(options->shard, pod && *pod ? pod : host, &config->shard, err) < 0)
		return err_prefix(err, "--shard");
	return 0;
}

int config_of_options(const struct options *options, struct config *ret_config, struct err *err)
{
	CLEANUP(config_release) struct config config = {0};

	config.clusters = calloc(1, sizeof(*config.clusters));
	if (!config.clusters)
		return err_no_memory(err);
	config.cluster_count = 1;
	if (make_cluster(options, config.clusters, err) < 0 ||
	    make_leader(options, &config.leader, err) < 0 ||
	    make_server(options, &config.server, err) < 0 ||
	    config_take_shard(options, &config, err) < 0)
		return -1;
	if (options->repo || options->files.count) {
		config.apps = calloc(1, sizeof(*config.apps));
		if (!config.apps)
			return err_no_memory(err);
		config.app_count = 1;
		if (make_app(options, config.apps, err) < 0)
			return -1;
	}
	*ret_config = config;
	config = (struct config){0};
	return 0;
}
