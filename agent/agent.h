/*
 * agent.h - what `tranche run` is: the runners of many apps on one loop, and the connections that
 * they share; signals, and the end.
 *
 * It ends in order: no pass begins any more and those that are writing are waited for
 * (AGENT_END_PASSES_MS); then the agent's other parts end (AGENT_END_PARTS_MS): alerts are sent;
 * then, as nothing more is to be written, the Lease is released (ELECTION_RELEASE_MS). What is not
 * done by then is abandoned.
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "agent/config.h"
#include "agent/overview.h"

struct uv_loop_s;
struct agent;
struct leader;

#define AGENT_END_PASSES_MS 2000
#define AGENT_END_PARTS_MS  1500
#define AGENT_MAX_PARTS     8
#define AGENT_REOPEN_MS     10000 /* until a kubeconfig that could not be read is read again */

/* Something besides the apps that has to end well. */
struct agent_part {
	/* Begins to end it. False: that is done; else agent_part_ended is called once it is. */
	bool (*end)(void *context);
	void *context;
};

/*
 * Runs until SIGTERM or SIGINT; SIGHUP has the configuration read again and everything synced now.
 * Takes what is in *config, which config_load has made of the options; these are borrowed. The exit
 * code, after printing why it could not begin. The loop has to turn once more before it is closed.
 */
int agent_run(struct uv_loop_s *loop, const struct options *options, struct config *config);

/* Adds a part; those that were added last end first. */
void agent_add_part(struct agent *agent, struct agent_part part);
void agent_part_ended(struct agent *agent);

/*
 * Another configuration: what it does not change goes on undisturbed, apps with another policy get
 * that, and the others are stopped and started. An app that is in it no more leaves its objects and
 * its inventory in the cluster. Takes what is in *config.
 */
void agent_reload(struct agent *agent, struct config *config);

/* Why the newest configuration is not in force; NULL: it is. Copied. */
void agent_set_config_error(struct agent *agent, const char *message);

/* By name; NULL where there is none. Not to be freed. */
struct runner *agent_find(struct agent *agent, const char *name);

/* All of them, by index; NULL for one that could not be started. */
size_t agent_app_count(const struct agent *agent);
struct runner *agent_at(const struct agent *agent, size_t index);

/* Has all apps synced now; those with `sync: manual` are compared only. */
void agent_sync_all(struct agent *agent);

/* Whether this process may write; the apps of one that may not only fetch. */
void agent_set_leading(struct agent *agent, bool leading);
bool agent_is_leading(const struct agent *agent);

/* The election that it takes part in; NULL: in none. */
const struct leader *agent_leader(const struct agent *agent);

/* How everything stands at this moment; released by the caller. ERR_NO_MEMORY. */
int agent_overview(const struct agent *agent, struct overview *ret_overview, struct err *err);

#endif
