#include "agent/config_load.h"

#include <string.h>

#include "apply/file.h"
#include "diff/cleanup.h"

/* Whether the cluster is the one that a file without `clusters` has. */
static bool is_implied(const struct config *config)
{
	const struct config_cluster *cluster = &config->clusters[0];

	return config->cluster_count == 1 && strcmp(cluster->name, CONFIG_CLUSTER) == 0 &&
	       !cluster->kubeconfig && !cluster->context && !cluster->server;
}

static int set_string(char **string, const char *text, struct err *err)
{
	char *copy;

	if (!text || *string)
		return 0;
	copy = strdup(text);
	if (!copy)
		return err_no_memory(err);
	*string = copy;
	return 0;
}

/* What is said on the command line of the one cluster of a file that lists none. */
static int set_cluster(const struct config *said, struct config_cluster *cluster, struct err *err)
{
	struct config_cluster copy = {0};

	if (config_cluster_copy(&said->clusters[0], &copy, err) < 0)
		return -1;
	config_cluster_release(cluster);
	*cluster = copy;
	return 0;
}

static int refuse_cluster(const struct options *options, struct err *err)
{
	const struct {
		const char *name;
		bool given;
	} refused[] = {
		{"context", options->context},
		{"server", options->server},
		{"namespace", options->namespace},
		{"impersonate", options->impersonate},
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (refused[i].given)
			return err_set(err, ERR_INVALID,
				       "--%s does not go with %s, which lists its clusters",
				       refused[i].name, options->config);
	return 0;
}

static int set_server(const struct options *options, struct config_server *server, struct err *err)
{
	if (set_string(&server->listen, options->listen, err) < 0 ||
	    set_string(&server->api_listen, options->api_listen, err) < 0 ||
	    set_string(&server->token_file, options->api_token_file, err) < 0)
		return -1;
	return set_string(&server->hook_secret_file, options->webhook_secret_file, err);
}

/* The command line has the word where the file says nothing. */
static int add_options(const struct options *options, struct config *config, struct err *err)
{
	CLEANUP(config_release) struct config said = {0};

	if (set_server(options, &config->server, err) < 0)
		return -1;
	if (is_implied(config))
		return config_of_options(options, &said, err) < 0
			       ? -1
			       : set_cluster(&said, &config->clusters[0], err);
	if (refuse_cluster(options, err) < 0)
		return -1;
	for (size_t i = 0; i < config->cluster_count; i++)
		if (set_string(&config->clusters[i].kubeconfig, options->kubeconfig, err) < 0)
			return -1;
	return 0;
}

int config_load(const struct options *options, struct config *ret_config, struct findings *findings,
		struct err *err)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(free_p) char *text = NULL;
	size_t length;

	if (!options->config)
		return config_of_options(options, ret_config, err);
	if (file_read(options->config, CONFIG_MAX_BYTES, &text, &length, err) < 0 ||
	    config_read(text, length, options->config, &config, findings, err) < 0 ||
	    add_options(options, &config, err) < 0 || config_take_shard(options, &config, err) < 0)
		return -1;
	*ret_config = config;
	config = (struct config){0};
	return 0;
}
