/*
 * cli_check.h - rules that hold between options.
 */
#ifndef AGENT_CLI_CHECK_H
#define AGENT_CLI_CHECK_H

#include "agent/cli.h"

/* ERR_INVALID with what does not go together, or what is missing, in one line. */
int cli_check(const struct command *command, const struct options *options, struct err *err);

#endif
