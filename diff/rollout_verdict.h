/*
 * rollout_verdict.h - what the StatefulSet controller does next, and whether it gets any further.
 *
 * The rooms of rollout.h and promotion.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_VERDICT_H
#define DIFF_ROLLOUT_VERDICT_H

#include "diff/rollout.h"

enum rollout_step_kind {
	STEP_NONE,
	STEP_CREATE,
	STEP_DELETE,  /* a condemned Pod */
	STEP_REPLACE, /* delete, to be created again on the update revision */
	STEP_WAIT,    /* for the Pod to go, become ready or available */
};

struct rollout_step {
	enum rollout_step_kind kind;
	const struct rollout_pod *pod; /* NULL for STEP_NONE */
};

/* What the controller's next sync does, or what it waits for. */
struct rollout_step rollout_next_step(const struct rollout *rollout);

/* Whether the Pod has to be available for the update to be where the partition wants it. */
bool rollout_has_to_be_available(const struct rollout_pod *pod);

/* The highest Pod about which something has to happen yet; NULL: the rollout is settled. */
const struct rollout_pod *rollout_highest_work(const struct rollout *rollout);

/*
 * The Pod that cannot start by itself and therefore ends the update here: the one that the
 * controller waits for, wherever it stands, or one that is already as it is to stay. (Parallel
 * replaces a broken Pod that is on an older revision; OrderedReady waits for it.) NULL: none.
 */
const struct rollout_pod *rollout_stuck_pod(const struct rollout *rollout,
					    struct rollout_step step);

#endif
