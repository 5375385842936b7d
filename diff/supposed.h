/*
 * supposed.h - the cluster as commits would have left it, each of them rolled out to its end.
 *
 * What a change between two commits does to Pods depends on what they run, and that is not in the
 * older commit alone: below its partition they are on what an earlier one had. So the state is told
 * from a row of commits, newest first, those that leave the manifests alone left out:
 *
 *	commit      partition   its template is run by
 *	newest      2           2, 3, 4
 *	before      4           -
 *	before      0           0, 1
 *
 * A Pod at or above a commit's partition runs that commit's template, unless a newer one took it;
 * all Pods of a StatefulSet that a commit creates run what it had then.
 */
#ifndef DIFF_SUPPOSED_H
#define DIFF_SUPPOSED_H

#include "diff/manifest.h"

struct supposed_past {
	const struct manifest_set *const *commits; /* newest first, at least one */
	size_t count;
	const char *default_namespace; /* "" where it is not known */
};

/* Whether earlier commits than these would tell more. */
bool supposed_wants_more(const struct supposed_past *past);

/*
 * The objects of the newest commit, in its order, as the server would have them as far as that is
 * known without one; then what StatefulSets have made: Pods and ControllerRevisions. Where no
 * commit tells what the lowest Pods run, status.currentRevision names no ControllerRevision of the
 * set, and the Pods have no spec. ERR_NO_MEMORY, ERR_LIMIT; an object that cannot be completed is
 * left as it is written.
 */
int supposed_live(const struct supposed_past *past, struct manifest_set *ret_live, struct err *err);

#endif
