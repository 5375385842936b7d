/*
 * config_load.h - the configuration that a command line asks for: the file that --config names, or
 * itself.
 */
#ifndef AGENT_CONFIG_LOAD_H
#define AGENT_CONFIG_LOAD_H

#include "agent/config_read.h"

/*
 * Reads the file of options->config, else makes the configuration of the options. Of those that go
 * with --config, --kubeconfig is for clusters that name none, and --context, --server, --namespace
 * and --impersonate for a file that lists no clusters.
 *
 * Findings (warnings, too) are for the caller to show. Errors: those of file_read for the file;
 * ERR_INVALID as config_read, or for options that the file leaves no room for; ERR_NO_MEMORY.
 */
int config_load(const struct options *options, struct config *ret_config, struct findings *findings,
		struct err *err);

#endif
