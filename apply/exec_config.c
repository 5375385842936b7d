#include "apply/exec_config.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"

DEFINE_FREE_P(struct exec_config, exec_config_free);

static void vector_free(char **vector)
{
	for (size_t i = 0; vector && vector[i]; i++) {
		explicit_bzero(vector[i], strlen(vector[i])); /* an environment may hold secrets */
		free(vector[i]);
	}
	free(vector);
}

void exec_config_free(struct exec_config *config)
{
	if (!config)
		return;
	free(config->origin);
	free(config->command);
	vector_free(config->args);
	vector_free(config->env);
	free(config->install_hint);
	free(config->cluster_config);
	free(config);
}

int exec_vector_add(char ***vector, const char *text, struct err *err)
{
	size_t count = 0;

	while (*vector && (*vector)[count])
		count++;
	if (count == EXEC_MAX_STRINGS)
		return err_set(err, ERR_LIMIT,
			       "an exec plugin has more than %d arguments or variables",
			       EXEC_MAX_STRINGS);
	char **longer = reallocarray(*vector, count + 2, sizeof(*longer));
	if (!longer)
		return err_no_memory(err);
	*vector = longer;
	longer[count + 1] = NULL;
	longer[count] = strdup(text);
	return longer[count] ? 0 : err_no_memory(err);
}

static bool copy_text(const char *text, char **ret_copy)
{
	*ret_copy = text ? strdup(text) : NULL;
	return !text || *ret_copy;
}

static bool copy_vector(char *const *vector, char ***ret_copy)
{
	struct err err;

	for (size_t i = 0; vector && vector[i]; i++)
		if (exec_vector_add(ret_copy, vector[i], &err) < 0)
			return false;
	return true;
}

struct exec_config *exec_config_copy(const struct exec_config *config)
{
	CLEANUP(exec_config_free_p) struct exec_config *copy = calloc(1, sizeof(*copy));

	if (!copy)
		return NULL;
	copy->api_version = config->api_version;
	copy->has_terminal = config->has_terminal;
	copy->wants_cluster = config->wants_cluster;
	copy->disable_compression = config->disable_compression;
	if (!copy_text(config->origin, &copy->origin) ||
	    !copy_text(config->command, &copy->command) ||
	    !copy_vector(config->args, &copy->args) || !copy_vector(config->env, &copy->env) ||
	    !copy_text(config->install_hint, &copy->install_hint) ||
	    !copy_text(config->cluster_config, &copy->cluster_config))
		return NULL;
	return STEAL(copy);
}
