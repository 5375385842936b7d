/*
 * follow.h - the rollouts that are followed: how each stood when a person was last told of it.
 */
#ifndef AGENT_FOLLOW_H
#define AGENT_FOLLOW_H

#include "agent/pass.h"
#include "diff/manifest.h"
#include "diff/rollout.h"

struct followed {
	char *namespace, *name;
	/* As a person was told last, and as it stood before it was followed. Not seen: nothing yet. */
	struct rollout_mark mark, before;
	int64_t generation; /* of the StatefulSet as last seen; 0: not yet */
	bool has_stance;
	struct rollout_stance stance; /* that this was last asked about */
	char *line;                   /* that was printed last; NULL: none yet */
};

/* A growing list; zero-initialised is empty. */
struct follow {
	struct followed *items;
	size_t count, capacity;
};

void follow_release(struct follow *follow);

/*
 * How a StatefulSet stood when a pass looked at it, or a zeroed mark of one that it created: what
 * has ended by the time it is seen here first, began since then and is news. Nothing where it has
 * been seen already.
 */
void follow_begin(struct follow *follow, const struct ref *ref, const struct rollout_mark *before);

/* follow_begin for the StatefulSets that the pass has created or looked at. */
void follow_pass(struct follow *follow, const struct pass *pass);

/*
 * If the rollout stands differently than when a person was last told, appends the line that tells
 * (rollout_print) and returns true. While the controller has not seen the newest spec nothing is
 * news.
 */
bool follow_tell(struct follow *follow, const struct rollout *rollout, struct buf *out);

/* Whether this is another line than the one that this was last asked about. */
bool follow_line(struct follow *follow, const struct rollout *rollout, const char *line);

/* Whether the StatefulSet has another generation than when this was last asked. */
bool follow_generation(struct follow *follow, const struct rollout *rollout, int64_t generation);

/*
 * Whether it stands otherwise than when this was last asked, which the first time it does: also
 * where there is nothing new to tell a person, a pass may find that what it waited for has come.
 */
bool follow_stance(struct follow *follow, const struct rollout *rollout);

/*
 * The StatefulSet's manifest in the set, or NULL; `default_namespace` for those that name none.
 * Borrowed.
 */
const struct manifest *follow_find(const struct rollout *rollout, const struct manifest_set *set,
				   const char *default_namespace);

#endif
