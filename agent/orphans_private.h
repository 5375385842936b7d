/*
 * orphans_private.h - what the files of the orphans share.
 *
 *	orphans.c         finding, looking, pruning
 *	orphans_decide.c  what becomes of each, and of all of them
 */
#ifndef AGENT_ORPHANS_PRIVATE_H
#define AGENT_ORPHANS_PRIVATE_H

#include "agent/neighbours.h"
#include "agent/orphans.h"

struct orphan {
	struct manifest shell; /* first; has a ref only: a target wants one */
	enum prune_verdict verdict;
	bool has_item;
	size_t item; /* of the plan */
	bool in_git; /* under another group, with the same uid */
	bool gone;   /* deleted, and not only on its way */
};

enum orphans_step {
	STEP_RESOLVE,
	STEP_READ,
	STEP_PRUNE,
};

struct orphans {
	struct orphans_options options;
	struct orphan *items; /* sorted by ref_compare, as the inventory */
	size_t count;
	struct targets targets; /* of this round */
	enum orphans_step step;
	bool pruning; /* orphans_prune, not orphans_look */
	int round;
	uint64_t id;                   /* of the work under way */
	const struct ref **refs;       /* of the items */
	struct neighbours *neighbours; /* NULL: not looked at */
};

/* --- orphans_decide.c ------------------------------------------------------------------------- */

struct orphan *orphans_of_target(struct orphans *orphans, const struct target *target);

/* Only of one that has an item. */
struct plan_item *orphans_item_of(struct orphans *orphans, const struct target *target);

/* Decides on one that was read, and makes its item or empties the one it has for that. */
int orphans_decide_one(struct orphans *orphans, const struct target *target, struct err *err);

#endif
