#include "tests/support/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/check.h"

#define START_TIMEOUT_MS 30000
#define MAX_ARGUMENTS    16

static void nap(long ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&time, NULL);
}

static void wait_for_file(const struct sim *sim, const char *path)
{
	struct stat info;
	int status;

	for (int waited = 0; waited < START_TIMEOUT_MS; waited += 5) {
		if (stat(path, &info) == 0 && info.st_size > 0)
			return;
		if (waitpid(sim->pid, &status, WNOHANG) == sim->pid)
			fail_msg("kubesim ended with status %d", status);
		nap(5);
	}
	fail_msg("kubesim did not write %s within %d ms", path, START_TIMEOUT_MS);
}

void sim_start(struct sim *sim, const char *const *arguments)
{
	const char *given = getenv("TEST_KUBECONFIG");
	const char *build = getenv("BUILD");
	char program[256];
	const char *argv[MAX_ARGUMENTS + 4] = {program, "--kubeconfig", sim->kubeconfig};

	*sim = (struct sim){0};
	if (given) {
		snprintf(sim->kubeconfig, sizeof(sim->kubeconfig), "%s", given);
		return;
	}
	snprintf(program, sizeof(program), "%s/kubesim", build ? build : BUILD_DIR);
	strcpy(sim->dir, "/tmp/tranche-test-XXXXXX");
	assert_non_null(mkdtemp(sim->dir));
	snprintf(sim->kubeconfig, sizeof(sim->kubeconfig), "%s/kubeconfig", sim->dir);
	for (int i = 0; arguments && arguments[i]; i++)
		argv[3 + i] = arguments[i];

	sim->pid = fork();
	assert_true(sim->pid >= 0);
	if (sim->pid == 0) {
		execv(program, (char *const *)(uintptr_t)argv);
		fprintf(stderr, "cannot run %s\n", program);
		_exit(127);
	}
	wait_for_file(sim, sim->kubeconfig);
}

void sim_stop(struct sim *sim)
{
	int status;

	if (!sim->pid)
		return;
	kill(sim->pid, SIGTERM);
	waitpid(sim->pid, &status, 0);
	unlink(sim->kubeconfig);
	rmdir(sim->dir);
	sim->pid = 0;
}

bool sim_is_own(const struct sim *sim)
{
	return sim->dir[0] != '\0';
}

void sim_shell(const struct sim *sim, const char *format, ...)
{
	char command[4096];
	va_list args;

	va_start(args, format);
	assert_true(vsnprintf(command, sizeof(command), format, args) < (int)sizeof(command));
	va_end(args);
	setenv("KUBECONFIG", sim->kubeconfig, 1);
	int status = system(command);
	unsetenv("KUBECONFIG");
	if (status != 0)
		fail_msg("`%s` ended with %d", command, status);
}
