/*
 * follow.h - the rollouts that are followed: how each stood when a person was last told of it.
 */
#ifndef AGENT_FOLLOW_H
#define AGENT_FOLLOW_H

#include "diff/manifest.h"
#include "diff/rollout.h"

struct followed {
	char *namespace, *name;
	struct rollout_mark mark;
	int64_t generation; /* of the StatefulSet as last seen; 0: not yet */
};

/* A growing list; zero-initialised is empty. */
struct follow {
	struct followed *items;
	size_t count, capacity;
};

void follow_release(struct follow *follow);

/*
 * If the rollout stands differently than when a person was last told, appends the line that tells
 * (rollout_print) and returns true. While the controller has not seen the newest spec nothing is news.
 */
bool follow_tell(struct follow *follow, const struct rollout *rollout, struct buf *out);

/* Whether the StatefulSet has another generation than when this was last asked. */
bool follow_generation(struct follow *follow, const struct rollout *rollout, int64_t generation);

/* Whether the set of manifests has this StatefulSet; `default_namespace` for those that name none. */
bool follow_is_in(const struct rollout *rollout, const struct manifest_set *set,
		  const char *default_namespace);

#endif
