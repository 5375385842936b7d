/*
 * controller_revision.h - the ControllerRevisions of a StatefulSet: its history of Pod templates.
 *
 * Follows pkg/controller/history and the revision half of stateful_set_control.go. A revision
 * records spec.template alone, in the form data.spec.template with "$patch": "replace"; its name is
 * the set's with a hash of that data behind it.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_REVISION_H
#define TESTS_KUBESIM_CONTROLLER_REVISION_H

#include "tests/kubesim/cluster.h"

/* What a sync goes by. The records are held. */
struct revisions {
	struct records all;     /* before this sync, oldest first */
	struct record *current; /* what Pods below the partition run */
	struct record *update;  /* what the set's template asks for */
	int64_t collision_count;
};

void revisions_release(struct revisions *revisions);

/* Makes the set the owner of revisions that its selector matches and nobody owns. */
int revisions_adopt(struct cluster *cluster, const cJSON *set, struct status *status);

/*
 * Finds the current and the update revision; creates the latter where the template is new, moves
 * it to the top of the history where the set went back to an old template.
 */
int revisions_resolve(struct cluster *cluster, const cJSON *set, struct revisions *ret_revisions,
		      struct status *status);

/*
 * Deletes the oldest revisions beyond spec.revisionHistoryLimit. The current one, the update one
 * and those that are in `live` (an object whose keys are names) do not count and stay.
 */
int revisions_truncate(struct cluster *cluster, const cJSON *set, const struct revisions *revisions,
		       const cJSON *live, struct status *status);

/* The Pod template that a revision records, without its "$patch"; the caller frees it. */
cJSON *revision_template(const cJSON *revision);

#endif
