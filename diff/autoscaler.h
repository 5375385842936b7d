/*
 * autoscaler.h - replicas that a HorizontalPodAutoscaler decides, whatever Git says.
 *
 * An autoscaler scales the object that its scaleTargetRef names, in its own namespace, whichever
 * kind that is: StatefulSets, Deployments, ReplicaSets, custom resources with spec.replicas. As
 * long as there is one, what is sent leaves the number to the cluster (replacement.h carries it
 * over).
 */
#ifndef DIFF_AUTOSCALER_H
#define DIFF_AUTOSCALER_H

#include "diff/manifest.h"
#include "diff/plan.h"

#define AUTOSCALER_GROUP "autoscaling"
#define AUTOSCALER_KIND  "HorizontalPodAutoscaler"

/*
 * Whether an autoscaler (of any version) scales the object: kind, name and group of its
 * spec.scaleTargetRef. That both are in one namespace is for the caller to see.
 */
bool autoscaler_scales(const cJSON *autoscaler, const struct ref *ref);

/* The autoscalers that a commit brings itself. */
struct autoscaler_set {
	const struct manifest **items;
	size_t count;
	const char *default_namespace;
};

/* Borrows all of it. ERR_NO_MEMORY only; *ret_set is released with autoscaler_set_release. */
int autoscaler_set_of(const struct manifest_set *manifests, const char *default_namespace,
		      struct autoscaler_set *ret_set, struct err *err);
void autoscaler_set_release(struct autoscaler_set *set);

/* The name of the one that scales the object, or NULL. */
const char *autoscaler_set_find(const struct autoscaler_set *set, const struct ref *ref);

/* Whether it has an autoscaler of that name: what that was before does not count then. */
bool autoscaler_set_has(const struct autoscaler_set *set, const char *namespace, const char *name);

/* Whether it matters who decides: manifest and live object both have a number, not the same one. */
bool autoscaler_matters(const cJSON *desired, const cJSON *live);

/* A copy of what is wanted that leaves spec.replicas to the cluster. */
int autoscaler_yield(const cJSON *wanted, cJSON **ret_wanted, struct err *err);

/*
 * Tells on the item that the autoscaler of this name decides: `autoscaled`, and a note where the
 * numbers differ. Nothing where the manifest says no number or there is no live object.
 */
int autoscaler_note(struct plan_item *item, const char *autoscaler, const cJSON *desired,
		    const cJSON *live, struct err *err);

#endif
