#include "agent/git_command.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_ARGS      32
#define NOT_FOUND     127 /* as a shell has it */
#define NOT_REACHABLE 126

static _Noreturn void become_git(const char *folder, const char *const *args)
{
	static const char *const elsewhere[] = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
						"GIT_PREFIX", "GIT_OBJECT_DIRECTORY"};
	const char *argv[MAX_ARGS + 4] = {"git", "-C", folder};
	size_t count = 3;

	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
		unsetenv(elsewhere[i]);
	while (*args && count < MAX_ARGS + 3)
		argv[count++] = *args++;
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp("git", (char *const *)(uintptr_t)argv);
	_exit(errno == ENOENT ? NOT_FOUND : NOT_REACHABLE);
}

int git_command(const char *folder, const char *const *args, struct err *err)
{
	int status;
	pid_t child;

	fflush(NULL); /* what we have printed comes first */
	child = fork();
	if (child < 0)
		return err_set(err, ERR_TRANSIENT, "git cannot be started: %s", strerror(errno));
	if (child == 0)
		become_git(folder, args);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return err_set(err, ERR_INTERNAL, "git is lost: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_FOUND)
		return err_set(err, ERR_UNSUPPORTED, "there is no git on PATH");
	if (WIFSIGNALED(status))
		return err_set(err, ERR_DENIED, "git %s was ended by signal %d", args[0],
			       WTERMSIG(status));
	return err_set(err, ERR_DENIED, "git %s ended with %d", args[0], WEXITSTATUS(status));
}
