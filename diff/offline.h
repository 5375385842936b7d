/*
 * offline.h - a plan made without a server: manifests against live objects that somebody has saved.
 */
#ifndef DIFF_OFFLINE_H
#define DIFF_OFFLINE_H

#include "diff/manifest.h"
#include "diff/plan.h"

struct offline_options {
	const char *default_namespace; /* for what names none, on both sides; "": not known */
	int64_t now_ms;                /* Unix time, for what has to have lasted */
	/*
	 * The live set is an earlier revision's (supposed.h), whose own objects are so many of its
	 * first. Then both sides are told in the same way, so they are compared whole, and what the
	 * manifests lack has left Git. 0: it was saved from a cluster.
	 */
	size_t base_count;
	bool has_base;
};

/*
 * Fills the plan with an item a manifest, in their order: what the live set lacks is created, of
 * the others only the fields that the manifest sets are compared, after the defaults that hold
 * without a server, and the items are marked client_side. An object that `live` has in another API
 * version fails, for only a server converts.
 *
 * Rollouts are foretold from the StatefulSets with a status, their Pods and their
 * ControllerRevisions; where `live` has no Pod of the StatefulSet's name, from its status, and a
 * warning of the forecast says so. What its policy would have an agent write first, and the steps
 * that follow, are told by the forecast and the steps; the changes are those that Git asks for.
 *
 * The plan is released by the caller also after an error (ERR_NO_MEMORY); its revisions are the
 * caller's to set.
 */
int offline_plan(const struct manifest_set *manifests, const struct manifest_set *live,
		 const struct offline_options *options, struct plan *plan, struct err *err);

#endif
