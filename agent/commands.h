/*
 * commands.h - the commands, as main's table names them. Each returns an exit code.
 */
#ifndef AGENT_COMMANDS_H
#define AGENT_COMMANDS_H

#include "agent/options.h"

int command_diff(const struct options *options);
int command_sync(const struct options *options);
int command_run(const struct options *options);
int command_status(const struct options *options);
int command_history(const struct options *options);
int command_suspend(const struct options *options);
int command_resume(const struct options *options);
int command_alerts(const struct options *options);
int command_validate(const struct options *options);
int command_promote(const struct options *options);
int command_hold(const struct options *options);
int command_rollback(const struct options *options);
int command_completion(const struct options *options);
int command_version(const struct options *options);

#endif
