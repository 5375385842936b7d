/*
 * registry.h - writing objects as the API server does: what a kind means, on top of the store.
 *
 * Every write comes through here, those of HTTP and those of the controllers, who are clients like
 * any other: names and namespaces are checked, defaults filled in, what a writer may not change is
 * carried over, the rest validated (strategy.h), the generation raised, owners of fields noted
 * (managed_fields.h), and the result stored.
 *
 *	CLEANUP(status_release) struct status status = {0};
 *	const struct write by = {.manager = "kube-controller-manager", .subresource = "status"};
 *
 *	if (registry_update(cluster, object, &by, NULL, &status) < 0 && status.code != 409)
 *		...
 *
 * Objects bear apiVersion, kind, metadata.name and (namespaced kinds) metadata.namespace; they
 * are taken in every case.
 */
#ifndef TESTS_KUBESIM_REGISTRY_H
#define TESTS_KUBESIM_REGISTRY_H

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/store.h"

/* Who writes, and how. */
struct write {
	const char *manager; /* whom managedFields names: "kubectl-replace", "kubelet" */
	/*
	 * NULL or "": the object. "status", "finalize": only that part of it counts. "binding": a Pod
	 * gets its node, which otherwise nobody may set later. "scale": the object, by its Scale.
	 */
	const char *subresource;
	bool dry_run;
	bool apply; /* server-side apply: managedFields are already set */
};

/*
 * Creates the object; metadata.generateName makes a name where there is none. Besides the store's
 * 409: 404 where the namespace does not exist, 403 where it is terminating, 422 where the object
 * is invalid. *ret_record (may be NULL) is held for the caller.
 */
int registry_create(struct cluster *cluster, cJSON *take_object, const struct write *write,
		    struct record **ret_record, struct status *status);

/*
 * Replaces the object, or with the subresource "status" its status alone. 404 where it does not
 * exist, 409 as store_update, 422 where the object is invalid or an immutable field changes.
 */
int registry_update(struct cluster *cluster, cJSON *take_object, const struct write *write,
		    struct record **ret_record, struct status *status);

/* registry_update, or where the object does not exist and its kind allows it, registry_create. */
int registry_put(struct cluster *cluster, cJSON *take_object, const struct write *write,
		 struct record **ret_record, bool *ret_created, struct status *status);

/*
 * Where an object stands in the store, by its own kind and metadata; borrowed from both. False if
 * its kind is not served.
 */
bool registry_key(const struct cluster *cluster, const cJSON *object, struct key *ret_key);

/* As store_delete, with what deleting means for the kind (a Namespace's contents go first). */
int registry_delete(struct cluster *cluster, const struct key *key,
		    const struct delete_options *options, const struct write *write,
		    struct record **ret_record, bool *ret_gone, struct status *status);

#endif
