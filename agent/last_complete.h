/*
 * last_complete.h - the last complete state of a StatefulSet, from the history of its clone.
 *
 * Git knows templates and partitions, not Pods. Going back from the last commit along first
 * parents, a state is complete, which is to say that all Pods came to run its template, where
 *
 *   - its partition is 0; or
 *   - it is the first one: the commit that brought the StatefulSet in. All Pods were created from it,
 *     whatever its partition.
 *
 * The last complete state is the newest complete one with another template than the last commit's.
 * What the branch was merged from is not looked at: only what it was itself at some time was
 * synced.
 */
#ifndef AGENT_LAST_COMPLETE_H
#define AGENT_LAST_COMPLETE_H

#include <stdint.h>

#include "agent/locate.h"
#include "diff/intent.h"

#define LAST_COMPLETE_MAX_COMMITS 100000

struct last_complete {
	char id[CLONE_ID_SIZE]; /* of the newest commit that has the state */
	struct located located;
	struct intent intent;
	/*
	 * The least partition that the present template had since: Pods below it have never been
	 * given that template.
	 */
	int64_t lowest_partition;
	char since[CLONE_ID_SIZE]; /* the commit that brought in the template after the state's */
};

/*
 * Finds it; *ret_found false: there is none. Commits in which the files cannot be read are passed
 * over. Errors: ERR_NOT_FOUND where the history of a shallow clone ends too early; ERR_LIMIT past
 * LAST_COMPLETE_MAX_COMMITS; those of the clone.
 */
int last_complete_find(const struct clone *clone, const struct clone_commit *head,
		       const struct located *located, const struct intent *present,
		       struct last_complete *ret_state, bool *ret_found, struct err *err);
void last_complete_release(struct last_complete *state);

#endif
