/*
 * inventory.h - what an app owns, remembered in a ConfigMap.
 *
 * One ConfigMap an app, `tranche-APP`, with the labels app.kubernetes.io/managed-by: tranche,
 * app.kubernetes.io/name: tranche and app.kubernetes.io/instance: APP. Its data key
 * `inventory.json` holds
 *
 *	{"version":1,"app":"shop","revision":"3f2c1ab...","source":"https://...",
 *	 "ref":"main","path":"deploy",
 *	 "objects":[{"apiVersion":"apps/v1","kind":"StatefulSet","namespace":"shop","name":"web",
 *	             "uid":"...","desired":"<digest>","live":"<digest>",
 *	             "marks":{"app.kubernetes.io/managed-by":"Helm"},"orphan":true,
 *	             "rollout":{"replicas":5, ...}}, ...]}
 *
 * `desired` is the digest of the object as Git had it when it was last written, `live` that of
 * the object as the cluster returned it then (both digest.h of the normalised object): equal
 * digests mean that nobody changed either since. Members that this version does not know, at
 * either level, are kept as they are.
 *
 * `marks` (marks.h) are the manifest's, where it has any. `orphan` says that the object has left Git:
 * it stays an entry until it is pruned, comes back, is gone from the cluster, or is somebody else's.
 * `rollout` is what a StatefulSet's promotion has to remember (diff/promotion_record.h), left out where
 * that is nothing.
 *
 * `alerts`, where there are any, is what people were told of and holds still, so that the next process
 * tells neither of it again nor forgets to tell its end.
 *
 * Nothing of a Secret's content is kept: its `desired` is the digest with every value of data
 * and stringData masked, its `live` is the resourceVersion.
 */
#ifndef APPLY_INVENTORY_H
#define APPLY_INVENTORY_H

#include "apply/cluster.h"
#include "diff/history.h"
#include "diff/object.h"
#include "diff/promotion_record.h"

#define INVENTORY_MAX_BYTES (900u * 1024) /* the server's limit for a ConfigMap is 1 MiB */
#define INVENTORY_PREFIX    "tranche-"
#define INVENTORY_SELECTOR  "app.kubernetes.io/managed-by=tranche,app.kubernetes.io/name=tranche"

struct inventory_entry {
	struct ref ref;
	char *uid;     /* "" where it is not known */
	char *desired; /* digests; "" where not known */
	char *live;
	cJSON *marks;                    /* of the manifest; NULL: none */
	bool orphan;                     /* left Git */
	struct promotion_record rollout; /* the caller's to change; inventory_put keeps it */
	cJSON *extra;                    /* members that this version does not know, or NULL */
};

/* That an app is not synced, until somebody resumes it. */
struct inventory_suspension {
	char *by;      /* who suspended it; NULL: it is not */
	char *reason;  /* "" where none was given */
	int64_t at_ms; /* Unix time */
};

struct inventory {
	char *app;
	char *revision; /* what was applied last: a full commit id, "" for plain files */
	char *source;
	char *ref, *path; /* of the source, as the user gave them, else ""; NULL: not recorded */
	struct inventory_entry *entries; /* sorted by ref_compare */
	size_t count, capacity;
	struct inventory_suspension suspended;
	cJSON *alerts; /* what people were told of and holds (agent/notice_board.h); NULL: nothing */
	struct history history; /* of one that was loaded; else empty */
	cJSON *extra;
	char *namespace;        /* of the ConfigMap; this and the next are NULL: it is not */
	char *resource_version; /* in the cluster yet */
};

/* An empty one. */
int inventory_init(struct inventory *inventory, const char *app, struct err *err);
void inventory_release(struct inventory *inventory);

int inventory_set_revision(struct inventory *inventory, const char *revision, const char *source,
			   struct err *err);

/* Which part of the source it is about. */
int inventory_set_place(struct inventory *inventory, const char *ref, const char *path,
			struct err *err);

/* Notes who suspended it, when and why; `by` NULL: that it goes on. The texts are copied. */
int inventory_set_suspended(struct inventory *inventory, const char *by, const char *reason,
			    int64_t at_ms, struct err *err);

/* Appends "suspended by ada since 2026-01-02T03:04:05.678Z: a migration"; nothing where it is not. */
void inventory_print_suspended(const struct inventory *inventory, struct buf *out);

/* The object's entry, in any version of its group; NULL if the app does not own it. */
struct inventory_entry *inventory_find(const struct inventory *inventory, const struct ref *ref);

/*
 * Remembers that the manifest `desired` (normalised or not) was written, as `wanted` (target.h), and
 * the cluster returned `written`. An entry that is there is updated; it is no orphan any more.
 */
int inventory_put(struct inventory *inventory, const struct ref *ref, const cJSON *desired,
		  const cJSON *wanted, const cJSON *written, struct err *err);
void inventory_remove(struct inventory *inventory, const struct ref *ref);

/*
 * The digests as an entry holds them, for comparing with one. The caller frees *ret_digest. Neither
 * covers the fields that the manifest's tranche.dev/ignore names; that of the live object leaves out
 * spec.replicas where `wanted` says the same number or leaves the number to others, so that it stays
 * as it is while an autoscaler does its work.
 */
int inventory_digest_desired(const struct ref *ref, const cJSON *desired, char **ret_digest,
			     struct err *err);
int inventory_digest_live(const struct ref *ref, const cJSON *wanted, const cJSON *live,
			  char **ret_digest, struct err *err);

/* The text under `inventory.json`. ERR_LIMIT above INVENTORY_MAX_BYTES, ERR_INVALID. */
int inventory_print(const struct inventory *inventory, struct buf *out, struct err *err);
int inventory_parse(const char *text, size_t length, struct inventory *ret_inventory,
		    struct err *err);

/*
 * The inventory in a ConfigMap, its resourceVersion too, without the history. ERR_EXISTS for one that
 * is no inventory, else as inventory_parse.
 */
int inventory_read(const cJSON *config_map, struct inventory *ret_inventory, struct err *err);

/*
 * Reads it from the cluster. Where there is none, an empty one comes back. The callback takes what
 * is in *inventory by copying the struct and zeroing it; what it leaves is released. A ConfigMap of
 * that name that is not an inventory of this app is ERR_EXISTS. Its id, or 0 with *err.
 */
uint64_t inventory_load(struct cluster *cluster, const char *namespace, const char *app,
			void (*on_loaded)(void *ctx, const struct err *err,
					  struct inventory *inventory),
			void *ctx, struct err *err);

/*
 * The same for one who knows it: where its resourceVersion is still `known` (NULL: there was none) an
 * inventory whose `app` is NULL comes back.
 */
uint64_t inventory_refresh(struct cluster *cluster, const char *namespace, const char *app,
			   const char *known,
			   void (*on_loaded)(void *ctx, const struct err *err,
					     struct inventory *inventory),
			   void *ctx, struct err *err);

/*
 * Writes it: creates the ConfigMap, or replaces it with its resourceVersion. On success the
 * callback has the new resourceVersion, which belongs into inventory->resource_version.
 * ERR_CONFLICT or ERR_EXISTS: another agent wrote it meanwhile. Its id, or 0 with *err (ERR_LIMIT,
 * ERR_NO_MEMORY).
 */
uint64_t
inventory_save(struct cluster *cluster, const char *namespace, const struct inventory *inventory,
	       void (*on_saved)(void *ctx, const struct err *err, const char *resource_version),
	       void *ctx, struct err *err);

#endif
