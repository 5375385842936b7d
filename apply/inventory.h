/*
 * inventory.h - what an app owns, remembered in a ConfigMap, or in several where one is too small.
 *
 * The head is `tranche-APP`, with the labels app.kubernetes.io/managed-by: tranche,
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
 * `marks` (marks.h) are the manifest's, where it has any. `orphan` says that the object has left
 * Git: it stays an entry until it is pruned, comes back, is gone from the cluster, or is somebody
 * else's. `rollout` is what a StatefulSet's promotion has to remember (diff/promotion_record.h),
 * left out where that is nothing.
 *
 * `alerts`, where there are any, is what people were told of and holds still, so that the next
 * process tells neither of it again nor forgets to tell its end.
 *
 * Nothing of a Secret's content is kept: its `desired` is the digest with every value of data
 * and stringData masked, its `live` is the resourceVersion.
 *
 * An inventory that does not fit INVENTORY_MAX_BYTES has its entries in parts. The head then is
 *
 *	{"version":2, ..., "split":{"set":"0019ab3f2c1d","versions":["5123","5124", ...]}}
 *
 * without `objects`, so that an earlier tranche refuses it instead of finding that the app owns
 * nothing. Part I of N is the ConfigMap `tranche-APP.SET-I`, labelled as the head is and with
 * app.kubernetes.io/component: inventory-part; its key `objects.json` holds
 *
 *	{"version":1,"app":"shop","set":"0019ab3f2c1d","part":3,"objects":[...]}
 *
 * An entry's part is given by a hash of its group, kind, namespace and name; N is a power of two.
 * `versions` are the parts' resourceVersions as the head was written, by which a reader who knows
 * some of them reads the others only. Everything else is the head's.
 *
 * How it is written, so that a process may be killed at any moment, and two may write at once:
 *
 *	1. the parts that changed, each with the resourceVersion that is known of it
 *	2. the head
 *	3. parts of sets before the head's are deleted
 *
 * Killed within 1, a reader finds the old head and some parts that are newer. An entry says of one
 * object what was done to it, and nothing of others, so such a mixture is what it would be had the
 * process been killed before it noted the rest: objects that were written and are not noted are
 * found to be as Git has them. What the head says of the commit as a whole is still the old.
 * Another N needs another set, under names that nobody used: until the head names it, it is not
 * there for a reader, and until then the set before it is whole. Killed before 3, parts stay that
 * no head names; each process looks for them once, at its first save of an inventory that has or
 * had parts. It deletes only those of sets before the head's, whose names count up (milliseconds of
 * the clock in hexadecimal, or one more than the last), so never a set that somebody is about to
 * name. Where it may not delete, they stay and do no harm. So do the parts of a first set whose
 * head was never written, until there is another set: at the next save, unless the app has become
 * so small again that it needs none. To look for them, each process would have to ask for a list
 * for each app that fits into its head, as nearly all do.
 *
 * Whoever writes a part that somebody else has written, or a head, meets ERR_CONFLICT, and reads
 * all again. A head whose part is missing is an error, and never an app that owns less.
 */
#ifndef APPLY_INVENTORY_H
#define APPLY_INVENTORY_H

#include "apply/cluster.h"
#include "diff/history.h"
#include "diff/object.h"
#include "diff/promotion_record.h"

#define INVENTORY_MAX_BYTES (900u * 1024) /* the server's limit for a ConfigMap is 1 MiB */
#define INVENTORY_PREFIX    "tranche-"
#define INVENTORY_PART      "inventory-part" /* app.kubernetes.io/component of parts */

/* Selects the heads. */
#define INVENTORY_SELECTOR                                                    \
	"app.kubernetes.io/managed-by=tranche,app.kubernetes.io/name=tranche" \
	",app.kubernetes.io/component!=" INVENTORY_PART

struct inventory_entry {
	struct ref ref; /* its texts and the three that follow are in one allocation, `texts` */
	char *uid;      /* "" where it is not known */
	char *desired;  /* digests; "" where not known */
	char *live;
	cJSON *marks;                    /* of the manifest; NULL: none */
	bool orphan;                     /* left Git */
	struct promotion_record rollout; /* inventory_put keeps it */
	cJSON *extra;                    /* members that this version does not know, or NULL */
	char *texts;
};

/* The entries whose hash leads here. */
struct inventory_part {
	struct inventory_entry *entries; /* sorted by ref_compare */
	size_t count, capacity;
	size_t bytes;           /* of its entries as they were saved or read; 0: not known */
	char *resource_version; /* of its ConfigMap; NULL: it has none yet */
	bool changed;           /* since it was saved or read */
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
	struct inventory_part *parts; /* `part_count` of them: 0, or a power of two */
	size_t part_count;
	size_t count; /* of entries */
	char *set; /* as whose parts they are in the cluster; of one part: were before. NULL: none */
	bool regrouped; /* the parts are others than those of `set` */
	bool swept;     /* no parts of older sets are left */
	size_t unread;  /* of a head alone: how many parts belong to it, and are not here */
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

/* Appends "suspended by ada since 2026-01-02T03:04:05.678Z: a migration"; or nothing. */
void inventory_print_suspended(const struct inventory *inventory, struct buf *out);

/* The object's entry, in any version of its group; NULL if the app does not own it. Borrowed. */
const struct inventory_entry *inventory_find(const struct inventory *inventory,
					     const struct ref *ref);

/* The same, to change `orphan` and `rollout` in it: it will be saved. */
struct inventory_entry *inventory_edit(struct inventory *inventory, const struct ref *ref);

/*
 * Goes through the entries, in no order that means anything. A zeroed cursor begins; NULL after the
 * last.
 */
struct inventory_cursor {
	size_t part, next;
};
const struct inventory_entry *inventory_next(const struct inventory *inventory,
					     struct inventory_cursor *cursor);

/*
 * Remembers that the manifest `desired` (normalised or not) was written, as `wanted` (target.h),
 * and the cluster returned `written`. An entry that is there is updated; it is no orphan any more.
 */
int inventory_put(struct inventory *inventory, const struct ref *ref, const cJSON *desired,
		  const cJSON *wanted, const cJSON *written, struct err *err);
void inventory_remove(struct inventory *inventory, const struct ref *ref);

/* Removes the entry that inventory_next has come to; it goes on with the one after it. */
void inventory_remove_at(struct inventory *inventory, struct inventory_cursor *cursor);

/*
 * The digests as an entry holds them, for comparing with one. The caller frees *ret_digest. Neither
 * covers the fields that the manifest's tranche.dev/ignore names; that of the live object leaves
 * out spec.replicas where `wanted` says the same number or leaves the number to others, so that it
 * stays as it is while an autoscaler does its work.
 */
int inventory_digest_desired(const struct ref *ref, const cJSON *desired, char **ret_digest,
			     struct err *err);
int inventory_digest_live(const struct ref *ref, const cJSON *wanted, const cJSON *live,
			  char **ret_digest, struct err *err);

/* The text under `inventory.json` with all entries in it. ERR_LIMIT above INVENTORY_MAX_BYTES. */
int inventory_print(const struct inventory *inventory, struct buf *out, struct err *err);

/* Reads it. Of one that is split only the head: `unread` tells. ERR_INVALID, ERR_UNSUPPORTED. */
int inventory_parse(const char *text, size_t length, struct inventory *ret_inventory,
		    struct err *err);

/*
 * The inventory in a ConfigMap, its resourceVersion too, without the history; of one that is split
 * the head alone. ERR_EXISTS for one that is no inventory, else as inventory_parse.
 */
int inventory_read(const cJSON *config_map, struct inventory *ret_inventory, struct err *err);

/*
 * Reads it from the cluster, with its parts. Where there is none, an empty one comes back. The
 * callback takes what is in *inventory by copying the struct and zeroing it; what it leaves is
 * released. A ConfigMap of that name that is not an inventory of this app is ERR_EXISTS. Its id, or
 * 0 with *err.
 */
uint64_t inventory_load(struct cluster *cluster, const char *namespace, const char *app,
			void (*on_loaded)(void *ctx, const struct err *err,
					  struct inventory *inventory),
			void *ctx, struct err *err);

/*
 * The same for one who knows it: where its resourceVersion is still that of `known`, an inventory
 * whose `app` is NULL comes back. Else parts that are still the same are not read, but moved out of
 * `known`, which must stay where it is until then, and is of no more use but to be released.
 */
uint64_t inventory_refresh(struct cluster *cluster, const char *namespace, const char *app,
			   struct inventory *known,
			   void (*on_loaded)(void *ctx, const struct err *err,
					     struct inventory *inventory),
			   void *ctx, struct err *err);

/*
 * Writes what changed of it: creates what is not there, or replaces it with its resourceVersion.
 * Until the callback the inventory stays where it is, and no entry of it is changed; its
 * resourceVersions, parts and set are then those of the cluster. Where no answer comes it is looked
 * whether it is there by now, and written once more where it is not. After an error, or where this
 * was given up, it has to be loaded again. ERR_CONFLICT or ERR_EXISTS: another agent wrote it
 * meanwhile. Its id, or 0 with *err (ERR_LIMIT, ERR_NO_MEMORY).
 */
uint64_t inventory_save(struct cluster *cluster, const char *namespace, struct inventory *inventory,
			void (*on_saved)(void *ctx, const struct err *err), void *ctx,
			struct err *err);

#endif
