/*
 * leader.h - which of several agents works: the election (apply/election.h) as the agent has it.
 *
 * It makes the name of the Lease and our own, logs who leads, once each time that it changes, and
 * what keeps the election from going on, once when that begins and once when it ends.
 */
#ifndef AGENT_LEADER_H
#define AGENT_LEADER_H

#include "agent/config.h"

struct uv_loop_s;
struct leader;

struct leader_options {
	struct uv_loop_s *loop;
	const struct config *config; /* not kept */

	/* From the loop: we lead, or do not any more. May not free it. */
	void (*on_change)(void *context, bool leading);
	void *context;
};

/*
 * The Lease is in the first cluster, to which this makes a connection of its own, in the namespace
 * leader.namespace, else in that of our Pod (POD_NAMESPACE, then the service account's), else in
 * the cluster's. We are leader.identity, POD_NAME or the host's name, with something random behind
 * it: no two processes may ever have the same. The first request leaves from the loop. Errors as
 * kubeconfig_load.
 */
int leader_start(const struct leader_options *options, struct leader **ret_leader, struct err *err);

/* As election_free: whoever waits has to wait the lease out. NULL is fine. */
void leader_free(struct leader *leader);

/* As election_release, with the leader to be freed after it. */
void leader_release(struct leader *leader, void (*on_released)(void *context), void *context);

/* The fence of every cluster that is written to (cluster_set_fence), with the leader as ctx. */
int leader_fence(void *leader, struct err *err);

/* Whether we lead at this moment, by the clock. */
bool leader_is_leading(const struct leader *leader);

/*
 * Where we are to be reached while we lead, for the other agents: POD_IP, or `address`'s own host,
 * and its port ("0.0.0.0:8080" makes "10.1.2.3:8080"). Nothing where no other host could reach
 * that.
 */
int leader_set_address(struct leader *leader, const char *address, struct err *err);

/* Where the leader is to be reached; NULL: there is none, it does not tell, or it is us. */
const char *leader_address(const struct leader *leader);

/* Who leads, "": nobody; how often that has changed since the Lease was made. */
const char *leader_holder(const struct leader *leader);
int64_t leader_transitions(const struct leader *leader);

#endif
