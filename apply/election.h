/*
 * election.h - takes part in the election of a leader by a Lease, and holds it for as long as
 * possible.
 *
 * diff/lease.h decides; this sends its requests, keeps its times and tells when we become the
 * leader and when we are none any more. The requests of the election wait for no others, and those
 * that follow one that was not answered in time go over a connection of their own.
 *
 * election_fence is the fence for everything else that is written (cluster_set_fence), in whatever
 * cluster. It judges by the clock, so that a process that was stopped or a machine that slept
 * notices before it writes. What it cannot prevent: a request that has been handed to the kernel
 * and arrives late, or is being handed to it when the process is stopped. Such a write still names
 * the resourceVersion that it replaces, so it is refused where the next leader has written since.
 */
#ifndef APPLY_ELECTION_H
#define APPLY_ELECTION_H

#include "apply/cluster.h"
#include "diff/lease.h"

struct election;

#define ELECTION_RELEASE_MS 1000 /* letting go may take that long, then others wait the lease out */

struct election_options {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	const char *namespace, *name; /* of the Lease */
	const char *identity;         /* of this replica and no other, ever */
	struct lease_timing timing;

	/* All are called from the loop, and may not free the election. */
	void (*on_change)(void *ctx, bool leading); /* we became the leader, or ceased to be */
	/* Each answer (`err` is NULL) and each failure; it goes on in any case. May be NULL. */
	void (*on_round)(void *ctx, const struct err *err);
	void *ctx;
};

/* Strings are copied. The first request leaves from the loop. */
int election_start(const struct election_options *options, struct election **ret_election,
		   struct err *err);

/*
 * Gives up without a callback; whoever waits has to wait the lease out. To be called before the
 * cluster is freed; the loop must turn once more before it can be closed. NULL is fine.
 */
void election_free(struct election *election);

/*
 * Ceases to lead, without on_change, and lets go of the Lease, so that others need not wait. From
 * now on the fence lets nothing pass: what is to be written has been before. on_released is called
 * from the loop, within ELECTION_RELEASE_MS, and may free it.
 */
void election_release(struct election *election, void (*on_released)(void *ctx), void *ctx);

/* Whether we are the leader at this moment, by the clock. */
bool election_is_leading(const struct election *election);

/* For cluster_set_fence, with the election as ctx: ERR_DENIED unless election_is_leading. */
int election_fence(void *election, struct err *err);

/* Where the leader listens, for those who are none: told with each renewal. NULL: nowhere. */
int election_set_address(struct election *election, const char *address, struct err *err);

/*
 * What was seen last of the Lease: who holds it ("": nobody), where that one listens (NULL: not
 * told), how often it changed hands. Borrowed until the loop turns.
 */
const char *election_holder(const struct election *election);
const char *election_address(const struct election *election);
int64_t election_transitions(const struct election *election);

#endif
