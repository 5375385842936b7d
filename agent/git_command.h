/*
 * git_command.h - the user's own git, for what only it does: hooks, signatures, credentials.
 */
#ifndef AGENT_GIT_COMMAND_H
#define AGENT_GIT_COMMAND_H

#include "diff/err.h"

/*
 * Runs `git -C FOLDER ARGS...` (NULL ends them) and waits. It has our standard input, for it may
 * ask for a password; all that it prints goes to our standard error. Variables that would have it
 * work on another repository (GIT_DIR and the like) are not passed on. Errors: ERR_UNSUPPORTED
 * where there is no git; ERR_DENIED "git commit ended with 1".
 */
int git_command(const char *folder, const char *const *args, struct err *err);

#endif
