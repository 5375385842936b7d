/*
 * agent_private.h - what the files of the agent share: its state.
 *
 *	agent.c      signals, whom to tell, what it serves, its place among others, the end
 *	agent_apps.c the apps of the configuration, their clusters, and another configuration
 */
#ifndef AGENT_AGENT_PRIVATE_H
#define AGENT_AGENT_PRIVATE_H

#include <uv.h>

#include "agent/agent.h"
#include "agent/leader.h"
#include "agent/link.h"
#include "agent/notices.h"
#include "agent/reload.h"
#include "agent/repository.h"
#include "agent/runner.h"
#include "agent/serve.h"

#define AGENT_SIGNALS 3

enum agent_stage {
	AGENT_RUNS,
	AGENT_ENDS_PASSES,
	AGENT_ENDS_PARTS,
	AGENT_ENDS_LEASE,
	AGENT_ENDED,
};

struct agent {
	struct uv_loop_s *loop;
	enum agent_stage stage;
	struct config config;
	struct repositories *repositories;
	struct link **links;     /* one a cluster of the configuration; NULL: it is not open */
	struct runner **runners; /* one an app; NULL: it could not be started */
	char **troubles;       /* one an app: why not, as it was told last; NULL: it is not wrong */
	struct leader *leader; /* NULL: this is the only agent */
	struct serve *serve;   /* NULL: nobody may ask */
	struct notices *notices;
	bool leading;
	int64_t started_ms;
	struct reload *reload; /* NULL: the configuration is a command line */
	char *config_error;

	uv_timer_t reopen; /* what could not be opened or started is tried again */
	uv_timer_t ending;
	uv_signal_t signals[AGENT_SIGNALS];
	size_t handles; /* that are open; the last that closes frees the agent */

	struct agent_part parts[AGENT_MAX_PARTS];
	size_t part_count, ending_parts;
};

/* Room for the configuration's apps and clusters. ERR_NO_MEMORY. */
int agent_make_lists(struct agent *agent, struct err *err);
void agent_free_lists(struct agent *agent);

/* Starts the app; on an error *ret_code is what the command ends with where it is the only one. */
int agent_start_app(struct agent *agent, size_t index, int *ret_code, struct err *err);

/* Starts what does not run yet; what cannot be started is told, and tried again. */
void agent_start_apps(struct agent *agent);

/* Whether nothing runs, now that the agent ends: no pass begins any more. */
bool agent_has_ended(const struct agent *agent);

void agent_free_runners(struct agent *agent);
void agent_free_links(struct agent *agent);

/* Listens, where the configuration has us. */
int agent_start_serving(struct agent *agent, struct err *err);

/* Tells the sinks of a configuration from now on. */
void agent_configure_notices(struct agent *agent, const struct config *config);

/* The passes that were waited for have ended. */
void agent_go_on_ending(struct agent *agent);

#endif
