/*
 * recreation.h - a StatefulSet that is deleted and created again, because the server refuses to
 * replace it: tranche.dev/recreate: orphan.
 *
 * The fields that cannot change (volumeClaimTemplates, serviceName, selector, podManagementPolicy)
 * change that way. The Pods and volume claims of the old one stay and keep running, and the new one
 * adopts them: by the labels that its selector names, and by the Pods' revision, which is the same
 * as long as the template is. What the wire has to do with it is apply/recreate.h.
 */
#ifndef DIFF_RECREATION_H
#define DIFF_RECREATION_H

#include "diff/object.h"
#include "diff/plan.h"

#define RECREATION_ANNOTATION "tranche.dev/recreate"

/* Whether the manifest is a StatefulSet that asks for it. */
bool recreation_is_wanted(const cJSON *desired);

/*
 * Appends to the server's words about an immutable field what a user can do: "...; set
 * tranche.dev/recreate: orphan on it to ...".
 */
void recreation_advise(const struct ref *ref, struct err *err);

/*
 * Whether the Pods of `live` would be adopted by `wanted`. ERR_INVALID where the selector does not
 * match them: they would be left to nobody, and be in the way of the Pods to come.
 */
int recreation_check(const cJSON *wanted, const cJSON *live, struct err *err);

/*
 * Makes an object of the cluster, or a replacement of it (replacement.h), one that can be created
 * in its place: without what the server owns, its own words about a deletion that is under way, and
 * status. Labels, annotations, the spec, other finalizers and the owners stay.
 */
void recreation_strip(cJSON *object);

/*
 * Notes on an item whose action is PLAN_RECREATE what happens, and what of the Pods is lost on the
 * way: the revision that Pods below a partition would come back on, claims that they do not have.
 */
int recreation_note(struct plan_item *item, const cJSON *live, struct err *err);

#endif
