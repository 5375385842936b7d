/*
 * store.h - the objects, their versions, and the feed of what changes.
 *
 * What etcd and the generic registry store are to a real server: objects by group, resource,
 * namespace and name, one counter of resourceVersions for all of them, uids, timestamps,
 * finalizers, graceful deletion, and a bounded history from which watches resume. It knows nothing
 * of HTTP, of defaults or of what a kind means (registry.h does, and is what controllers write
 * through); but it knows that a Pod is deleted gracefully and that a Namespace has finalizers in its
 * spec too.
 */
#ifndef TESTS_KUBESIM_STORE_H
#define TESTS_KUBESIM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"
#include "tests/kubesim/feed.h"
#include "tests/kubesim/loop.h"
#include "tests/kubesim/record.h"
#include "tests/kubesim/status.h"

struct store;

#define STORE_DEFAULT_HISTORY 4096

/* Keeps the last `history` changes for watches. Timestamps come from the loop's clock. */
struct store *store_new(struct loop *loop, size_t history);
void store_free(struct store *store);

/* The version of the latest write: what a list is "as of". */
uint64_t store_version(const struct store *store);

/* A held record, or NULL. */
struct record *store_get(const struct store *store, const struct key *key);

/* All objects of a resource, in one namespace or (NULL) in all. */
void store_list(const struct store *store, const char *group, const char *resource,
		const char *namespace, struct records *ret_records);

/* How many objects a resource has, in one namespace or (NULL) in all. */
size_t store_count(const struct store *store, const char *group, const char *resource,
		   const char *namespace);

/* Everything in one namespace, whatever its kind. */
void store_list_namespace(const struct store *store, const char *namespace,
			  struct records *ret_records);

/* All objects that have an ownerReference with this uid, by resource, namespace and name. */
void store_list_dependents(const struct store *store, const char *uid, struct records *ret_records);

/* The object with this uid, held, or NULL. */
struct record *store_find_uid(const struct store *store, const char *uid);

enum store_flags {
	STORE_DRY_RUN = 1, /* do everything but keep it; the record has the version 0 */
};

/* Gives the object a new metadata.uid. */
void store_set_uid(cJSON *object);

/*
 * The writers below take the object in every case, and give in *ret_record (may be NULL) a held
 * record of what was stored.
 *
 * store_create fills uid (where it is missing), creationTimestamp and resourceVersion, sets name and
 * namespace to the key's. 409 AlreadyExists.
 */
int store_create(struct store *store, const struct key *key, cJSON *take_object, unsigned flags,
		 struct record **ret_record, struct status *status);

/*
 * Replaces the object. A metadata.resourceVersion (or uid) that is not the stored one is a 409
 * Conflict; none means whatever is stored. uid, creationTimestamp, deletionTimestamp and
 * deletionGracePeriodSeconds are carried over. An object equal to the stored one is not written:
 * same version, no change in the feed. An object that is being deleted goes with its last
 * finalizer. 404 NotFound.
 */
int store_update(struct store *store, const struct key *key, cJSON *take_object, unsigned flags,
		 struct record **ret_record, struct status *status);

enum propagation {
	PROPAGATE_DEFAULT, /* background, or what finalizers on the object already ask for */
	PROPAGATE_BACKGROUND,
	PROPAGATE_FOREGROUND,
	PROPAGATE_ORPHAN,
};

struct delete_options {
	bool has_grace;
	int64_t grace_seconds; /* of Pods; the default is the Pod's own */
	enum propagation propagation;
	const char *uid, *version; /* preconditions; NULL: none */
};

/*
 * Deletes, or marks as deleting (deletionTimestamp) an object with finalizers and a scheduled,
 * running Pod with grace. Foreground and orphan put their finalizer on the object, which the
 * garbage collector (gc.h) takes off when it has done its part. `options` may be NULL.
 * *ret_gone (may be NULL) tells whether the object is gone. 404; 409 where a precondition fails.
 */
int store_delete(struct store *store, const struct key *key, const struct delete_options *options,
		 unsigned flags, struct record **ret_record, bool *ret_gone, struct status *status);

/* --- the feed: see feed.h ---------------------------------------------------------------------- */

/*
 * Of one resource, or of all where `resource` is NULL. Subscriptions end with the store. What is
 * called must not write to the store itself: start a timer (timer_start with 0) and act from there.
 */
void store_subscribe(struct store *store, const char *group, const char *resource,
		     feed_change_fn *changed, void *context);

void store_unsubscribe(struct store *store, feed_change_fn *changed, const void *context);

const struct change *store_change_after(const struct store *store, uint64_t version);
bool store_remembers(const struct store *store, uint64_t version);

#endif
