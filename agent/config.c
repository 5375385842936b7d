#include "agent/config.h"

#include <ctype.h>
#include <string.h>

#include "agent/config_keys.h"

void config_release(struct config *config)
{
	config_values_release(config_keys, config);
}

void config_app_release(struct config_app *app)
{
	config_values_release(config_app_keys, app);
	app->line = 0;
}

int config_app_copy(const struct config_app *app, struct config_app *ret_copy, struct err *err)
{
	struct config_app copy = {.line = app->line};

	if (config_values_copy(config_app_keys, app, &copy, err) < 0) {
		config_app_release(&copy);
		return -1;
	}
	*ret_copy = copy;
	return 0;
}

void config_cluster_release(struct config_cluster *cluster)
{
	config_values_release(config_cluster_keys, cluster);
}

int config_cluster_copy(const struct config_cluster *cluster, struct config_cluster *ret_copy,
			struct err *err)
{
	struct config_cluster copy = {0};

	if (config_values_copy(config_cluster_keys, cluster, &copy, err) < 0) {
		config_cluster_release(&copy);
		return -1;
	}
	*ret_copy = copy;
	return 0;
}

int config_check_name(const char *what, const char *name, struct err *err)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (!(islower((unsigned char)name[i]) || isdigit((unsigned char)name[i]) ||
		      (name[i] == '-' && i > 0 && i + 1 < length)))
			return err_set(err, ERR_INVALID,
				       "%s \"%s\" has to consist of a-z, 0-9 and inner dashes",
				       what, name);
	if (length == 0 || length > CONFIG_MAX_APP_NAME)
		return err_set(err, ERR_INVALID, "%s has to be of 1 to %d characters", what,
			       CONFIG_MAX_APP_NAME);
	return 0;
}

const struct config_cluster *config_find_cluster(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->cluster_count; i++)
		if (config->clusters[i].name && strcmp(config->clusters[i].name, name) == 0)
			return &config->clusters[i];
	return NULL;
}

const struct config_app *config_find_app(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->app_count; i++)
		if (config->apps[i].name && strcmp(config->apps[i].name, name) == 0)
			return &config->apps[i];
	return NULL;
}

bool config_cluster_equal(const struct config_cluster *a, const struct config_cluster *b)
{
	return config_values_equal(config_cluster_keys, a, b);
}

bool config_app_equal(const struct config_app *a, const struct config_app *b)
{
	return config_values_equal(config_app_keys, a, b);
}

bool config_sink_equal(const struct config_sink *a, const struct config_sink *b)
{
	return config_values_equal(config_sink_keys, a, b);
}

bool config_equal(const struct config *a, const struct config *b)
{
	return config_values_equal(config_keys, a, b);
}
