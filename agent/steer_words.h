/*
 * steer_words.h - how a StatefulSet stands on its way to Git, in words for people.
 */
#ifndef AGENT_STEER_WORDS_H
#define AGENT_STEER_WORDS_H

#include "agent/steer.h"

enum steer_state {
	STEER_FREE, /* nothing is held back, or it walks on */
	STEER_BAKING,
	STEER_STUCK,
	STEER_BLOCKED,
	STEER_HELD,
	STEER_ROLLED_BACK,
};
#define STEER_STATE_COUNT (STEER_ROLLED_BACK + 1)

/* `steer` may be NULL. Stuck is what keeps the partition from Git's and is not being unstuck. */
enum steer_state steer_state(const struct steer *steer);

/* "blocked", and how its end is told: "no longer blocked"; NULL where that is no news. */
const char *steer_state_name(enum steer_state state);
const char *steer_state_end(enum steer_state state);

/* Whether Git is not followed any further although nobody asked for that. */
bool steer_state_is_trouble(enum steer_state state);

/*
 * "blocked: web-4 is in CrashLoopBackOff on ...", "rolled back to nginx:1.25.4 (web-6f7...): ...;
 * commit 3f2c1ab is rejected until Git changes"; nothing for STEER_FREE.
 */
void steer_print_state(const struct steer *steer, struct buf *out);

/*
 * "promoted to partition 3: web-3 takes nginx:1.26.1 (step 2 of 5)", if the item that was written
 * is a step of a walk; else nothing. *ret_only (may be NULL): the write changed nothing else.
 */
void steer_print_step(const struct steer *steer, const struct plan_item *item, struct buf *out,
		      bool *ret_only);

/* What became of the Pod that was to be evicted; nothing where none was. */
void steer_print_unstick(const struct steer *steer, struct buf *out);

#endif
