/*
 * exec_config.h - the exec credential plugin of a kubeconfig's user, as a value.
 *
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
#ifndef APPLY_EXEC_CONFIG_H
#define APPLY_EXEC_CONFIG_H

#include <stdbool.h>

#include "diff/err.h"

#define EXEC_API_GROUP "client.authentication.k8s.io"

/* Strings and vectors are owned. */
struct exec_config {
	char *origin;            /* for messages: `the exec plugin "aws" of the user "u" in FILE` */
	const char *api_version; /* a literal: EXEC_API_GROUP "/v1" or "/v1beta1" */
	char *command;           /* a path, or a name without a slash that PATH is searched for */
	char **args;             /* without the command; ends in NULL */
	char **env;              /* "NAME=VALUE", on top of our own; ends in NULL */
	char *install_hint;      /* or NULL */
	bool has_terminal;       /* it may use our standard input, which is a terminal */

	/* provideClusterInfo: it is told of the cluster, of which the endpoint has the rest. */
	bool wants_cluster;
	bool disable_compression; /* the cluster's, which is nothing to us */
	char *cluster_config;     /* JSON: the cluster's extension for plugins; NULL: none */
};

/* NULL when memory runs out. */
struct exec_config *exec_config_copy(const struct exec_config *config);
void exec_config_free(struct exec_config *config);

#define EXEC_MAX_STRINGS 5000 /* of a vector */

/*
 * Appends a copy to a vector that ends in NULL (or is NULL itself); its length is counted.
 * ERR_LIMIT, ERR_NO_MEMORY.
 */
int exec_vector_add(char ***vector, const char *text, struct err *err);

#endif
