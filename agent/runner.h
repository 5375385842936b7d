/*
 * runner.h - the life of one app in the agent: passes one after the other, started by the interval,
 * by a commit in a local repository, by a StatefulSet that somebody changed, and on request; and the
 * rollouts followed in between.
 */
#ifndef AGENT_RUNNER_H
#define AGENT_RUNNER_H

#include <stdint.h>

#include "agent/app.h"
#include "apply/discovery.h"

struct uv_loop_s;
struct runner;

/* What an app needs of the agent around it. All is borrowed and outlives the runner. */
struct runner_options {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	struct discovery *discovery;
	struct app *app;
	int64_t interval_ms;
};

/* Nothing is begun yet. ERR_NO_MEMORY, ERR_LIMIT. */
int runner_new(const struct runner_options *options, struct runner **ret_runner, struct err *err);

/*
 * Abandons what is under way: no callback comes any more. The loop has to turn once more before it
 * is closed. NULL is fine.
 */
void runner_free(struct runner *runner);
DEFINE_FREE_P(struct runner, runner_free);

/* Has a pass over everything begin now, or when the one that runs has ended. */
void runner_sync_now(struct runner *runner);

#endif
