/*
 * lease.h - leader election by a Lease (coordination.k8s.io/v1): what one of several replicas knows
 * of it, and what it does next. Pure: the times are told, apply/election sends the requests.
 *
 * Only who holds the Lease may write anything else. Who holds it renews it every `retry_ms`, and
 * may believe to hold it until `deadline_ms` after the *start* of its last successful renewal: not
 * after the answer, which may have been on its way for long. Others take the Lease when
 * `duration_ms` have passed since they *saw* its record change, which was not before that start. So
 * as long as deadline_ms is less than duration_ms, and clocks run alike within that ratio, no two
 * believe to hold it at once, whatever requests and answers are lost or late, whatever replicas are
 * stopped for a while, and whatever the clocks say: times are compared with those of the same
 * replica only, those in the record are for people.
 *
 * All times but `unix_ms` are of a monotonic clock that counts while the machine sleeps
 * (CLOCK_BOOTTIME), in milliseconds.
 */
#ifndef DIFF_LEASE_H
#define DIFF_LEASE_H

#include "diff/json.h"

/* The annotation that tells where the holder listens: "10.1.2.3:8080". */
#define LEASE_ADDRESS "tranche.dev/address"

struct lease_timing {
	int64_t duration_ms; /* what the record says: others wait that long; whole seconds */
	int64_t deadline_ms; /* without a renewal for that long the holder is none any more */
	int64_t retry_ms;    /* between two renewals, and two looks of those who wait */
};

/* In the usual proportion: of 15 s the deadline has 10 s, the retry 2 s. */
struct lease_timing lease_timing_of(int64_t duration_ms);

/* What to do now. */
enum lease_step {
	LEASE_WAIT,   /* nothing, for a while */
	LEASE_READ,   /* GET it, then lease_saw or lease_failed */
	LEASE_CREATE, /* POST what lease_next makes, then lease_wrote or lease_failed */
	LEASE_UPDATE, /* PUT it, likewise: this takes or renews it */
};

/* One replica's knowledge. Zeroed but for `identity` and `timing` it knows nothing yet. */
struct lease {
	const char *identity; /* of this replica and no other, ever; borrowed */
	struct lease_timing timing;

	cJSON *object;      /* as it was seen last; NULL: it did not exist, or was never seen */
	bool current;       /* nobody is known to have changed it since */
	int64_t changed_ms; /* when its spec was seen to be another */
	bool held;          /* the last that is known of it is that we hold it, */
	int64_t renewed_ms; /* and began then to write that */
	int64_t next_ms;    /* nothing is done before */
	bool contested;     /* the last write met another one */
	uint64_t random;    /* for jitter: any seed */
};

void lease_release(struct lease *lease);

/* What to do now; *ret_wait_ms is set for LEASE_WAIT. */
enum lease_step lease_decide(const struct lease *lease, int64_t now_ms, int64_t *ret_wait_ms);

/* Whether this replica may write at that moment. */
bool lease_holds(const struct lease *lease, int64_t now_ms);

/* A GET was answered: with the object, which is taken, or with NULL where there is none. */
void lease_saw(struct lease *lease, cJSON *take_object, int64_t now_ms);

/*
 * A POST or PUT of lease_next that began at `started_ms` was answered with the object, which is
 * taken.
 */
void lease_wrote(struct lease *lease, cJSON *take_object, int64_t started_ms, int64_t now_ms);

/* A request that began at `started_ms` has failed: a write may have happened or not. */
void lease_failed(struct lease *lease, enum err_class class, int64_t started_ms, int64_t now_ms);

/*
 * The object to write, for LEASE_CREATE and LEASE_UPDATE: the one that was seen with us as the
 * holder. `address` goes into its annotation, NULL: none. The caller frees *ret_object.
 */
int lease_next(const struct lease *lease, const char *namespace, const char *name,
	       const char *address, int64_t unix_ms, cJSON **ret_object, struct err *err);

/* The object that lets go of it, so that others need not wait: no holder, for one second. */
int lease_give_up(const struct lease *lease, int64_t unix_ms, cJSON **ret_object, struct err *err);

/* As last seen: who holds it ("": nobody), where that one listens (NULL: not told). Borrowed. */
const char *lease_holder(const struct lease *lease);
const char *lease_address(const struct lease *lease);

/* How often it went from one holder to another. */
int64_t lease_transitions(const struct lease *lease);

#endif
