/*
 * drive.h - the rollouts that passes drive, between two of them: what the next one is for, and
 * whether it has to come at all. What `run` and `sync --wait` share.
 *
 * The watch (apply/rollout.h) wakes, the pass judges. A pass decides everything about a StatefulSet
 * from what it reads itself; what is kept here is only which ones it left on their way, so that a
 * rollout that moves, or time that passes, brings the next.
 */
#ifndef AGENT_DRIVE_H
#define AGENT_DRIVE_H

#include "agent/pass.h"
#include "apply/rollout.h"

enum drive_state {
	DRIVE_GOES_ON,
	DRIVE_ARRIVED, /* where Git has it, or where Git holds it */
	DRIVE_ENDED,   /* it goes no further by itself */
};

/* How a StatefulSet stood when a pass looked at it last. */
struct driven {
	char *namespace, *name;
	int64_t generation; /* as last read or written; 0: not known */
	bool steered;       /* the pass judged it; else it is at rest, and the watch tells how */
	bool pending;       /* a pass may find something to do as soon as the rollout moves */
	bool seen;          /* the pass has seen its Pods, and that it stands so: */
	struct rollout_stance stance;
	enum drive_state state; /* of one that was steered */
	const char *ending;     /* of one that has ended: "is stuck"; static */
	char *reason;           /* why it is not there (yet) */
};

/* Zero-initialised is empty. */
struct drive {
	struct driven *items;
	size_t count, capacity;
	bool waits;      /* somebody waits for the end, also of what needs no driving */
	int64_t next_ms; /* from the last pass on, when time alone calls for the next; 0: it does not */
	int64_t differ_ms; /* the wait after a pass that saw one otherwise than the watch; 0: none did */
};

void drive_release(struct drive *drive);

/*
 * Takes over how a pass that is fine left the StatefulSets of its plan; those that failed stay as
 * they were. ERR_NO_MEMORY only.
 *
 * The watch tells when a rollout moves, but by what it saw itself: a Pod that stops being ready and
 * is ready again may be one event more for it, and nothing that has moved, while the pass has read
 * what was in between and waits. So where a pending rollout (where somebody waits, any that goes
 * on) does not stand in `rollouts` (NULL: nobody watches) as the pass saw it the next one comes
 * soon, and less and less soon as long as that lasts.
 */
int drive_take(struct drive *drive, const struct pass *pass, const struct rollouts *rollouts,
	       struct err *err);

/* What is known of the rollout's StatefulSet; NULL: it is none of the drive's. */
const struct driven *drive_find(const struct drive *drive, const struct rollout *rollout);

/*
 * Where the whole stands, by the passes and, for what was at rest in the last one, by what the
 * watch has seen. `tell` is called for each that has ended as "is stuck: REASON"; with `timed_out`
 * for each that has not arrived.
 */
enum drive_state drive_judge(const struct drive *drive, const struct rollouts *rollouts,
			     bool timed_out,
			     void (*tell)(void *context, const char *name, const char *how),
			     void *context);

#endif
