/*
 * sim.h - an embedded cluster as a process of its own, for tests of what speaks to one.
 *
 * With TEST_KUBECONFIG in the environment that cluster is used instead and no process started.
 */
#ifndef TESTS_SUPPORT_SIM_H
#define TESTS_SUPPORT_SIM_H

#include <stdbool.h>
#include <sys/types.h>

struct sim {
	pid_t pid; /* 0: not ours */
	char dir[64];
	char kubeconfig[128];
};

/* Starts build/kubesim on a free port; `arguments` (NULL-terminated, may be NULL) are added. */
void sim_start(struct sim *sim, const char *const *arguments);

/* Ends it and removes its files. */
void sim_stop(struct sim *sim);

/* Whether it is our own kubesim. */
bool sim_is_own(const struct sim *sim);

/* Runs a shell command with KUBECONFIG set; the test fails if it does. */
void sim_shell(const struct sim *sim, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
