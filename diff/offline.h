/*
 * offline.h - a plan made without a server: manifests against live objects that somebody has saved.
 */
#ifndef DIFF_OFFLINE_H
#define DIFF_OFFLINE_H

#include "diff/manifest.h"
#include "diff/plan.h"

/*
 * Fills the plan with an item a manifest, in their order, each marked client_side: what the live set
 * lacks is created, of the others only the fields that the manifest sets are compared, after the
 * defaults that hold without a server. An object that `live` has in another API version fails, for
 * only a server converts.
 *
 * Rollouts are foretold from the StatefulSets with a status, their Pods and their
 * ControllerRevisions; where `live` has no Pod of the StatefulSet's name, from its status, and a
 * warning of the forecast says so.
 *
 * `default_namespace` stands in for a namespace that is not written, on both sides. The plan is
 * released by the caller also after an error (ERR_NO_MEMORY); its revision is the caller's to set.
 */
int offline_plan(const struct manifest_set *manifests, const struct manifest_set *live,
		 const char *default_namespace, struct plan *plan, struct err *err);

#endif
