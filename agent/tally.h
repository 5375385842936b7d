/*
 * tally.h - how the objects of an app stand, each by the last pass that looked at it.
 */
#ifndef AGENT_TALLY_H
#define AGENT_TALLY_H

#include <stdint.h>

#include "agent/pass.h"

/* Zero-initialised: nothing is known. */
struct tally {
	uint8_t *actions; /* of each manifest of the commit, as enum plan_action */
	bool *rests;      /* ... is in sync, and nothing about it is to be judged anew */
	size_t count;
	size_t left[PLAN_ACTION_COUNT]; /* objects that left Git */
};

void tally_release(struct tally *tally);

/*
 * Takes over how a pass that is fine left the objects that it looked at, of a commit with so many
 * manifests: what it wrote is in sync now, and what it deleted is gone. ERR_NO_MEMORY only.
 */
int tally_take(struct tally *tally, const struct pass *pass, size_t manifests, struct err *err);

/* Whether nothing is left to be told or done about what left Git. */
bool tally_is_complete(const struct tally *tally);

/* How many objects stand so. */
size_t tally_count(const struct tally *tally, enum plan_action action);

#endif
