/*
 * history.h - what an app's syncs did to the cluster, newest first: the value behind `tranche
 * history`.
 *
 * An entry is one doing with one cause: a commit that was applied, drift that was undone, a
 * rollback, a suspension. What a commit needs many writes for (objects that fail at first, the
 * steps of a walk) is one entry, and so is drift that is undone again and again. Of a StatefulSet
 * an entry has what people ask about (partition, replicas, images: from what to what) and how its
 * rollout ended.
 *
 * It is kept as JSON, in the inventory; what is empty is left out, and what this version does not
 * know is kept. `partition`, `replicas` and `images` are [from, to], null for a StatefulSet that
 * was created:
 *
 *	{"version":1,"entries":[
 *	  {"at":"2026-01-02T03:04:05.678Z","cause":"sync","by":"ada@laptop","ref":"main",
 *	   "commit":"3f2c1ab...","author":"Ann Example","subject":"Canary of web","times":2,
 *	   "created":1,"replaced":2,"recreated":1,"pruned":1,"failed":1,
 *	   "statefulSets":[
 *	     {"namespace":"shop","name":"web","partition":[5,4],"replicas":[null,5],
 *	      "images":["nginx:1.25.4","nginx:1.26.1"],"template":true,
 *	      "generation":7,"phase":"Canary","reason":"...","since":"2026-01-02T03:05:05.678Z"}],
 *	   "more":3}]}
 *
 * `cause` is commit (one that the agent found), sync (somebody asked for it), drift (that was
 * undone), rollback (a rollout that got stuck was taken back), suspend or resume. `by` is who asked
 * for it; of a suspension `subject` is the reason. `phase` is Progressing, one of rollout.h that a
 * rollout comes to rest in, or Superseded: the next change of the StatefulSet came before its end.
 *
 * Bounded: HISTORY_MAX_ENTRIES, HISTORY_MAX_BYTES, HISTORY_MAX_SETS an entry, and texts are cut;
 * the oldest entries go first.
 */
#ifndef DIFF_HISTORY_H
#define DIFF_HISTORY_H

#include "diff/buf.h"
#include "diff/plan.h"
#include "diff/rollout.h"

#define HISTORY_MAX_ENTRIES 50
#define HISTORY_MAX_BYTES   (64u * 1024)
#define HISTORY_MAX_SETS    20  /* StatefulSets of one entry; others are counted in `more` */
#define HISTORY_MAX_TEXT    200 /* bytes of one text */

enum history_cause {
	HISTORY_COMMIT,
	HISTORY_SYNC,
	HISTORY_DRIFT,
	HISTORY_ROLLBACK,
	HISTORY_SUSPEND,
	HISTORY_RESUME,
};

struct history {
	cJSON *entries; /* an array, newest first; NULL: empty */
};

/* Zero-initialised is empty. */
void history_release(struct history *history);

/* What is about to be noted, and why. Borrowed; NULL is "". */
struct history_note {
	int64_t at_ms; /* Unix time */
	enum history_cause cause;
	const char *by, *ref, *commit, *author, *subject;
};

/*
 * The entry to note something under: the commit's own where it is still the last one that was
 * applied, the newest where drift is undone again (which it counts), else a new one. Borrowed until
 * the next call. NULL when memory runs out.
 */
cJSON *history_open(struct history *history, const struct history_note *note, struct err *err);

/*
 * Notes in the entry an object that was written: counts it, but for the later steps of a walk, and
 * of a StatefulSet what changed between item->from (NULL: it was created) and item->to;
 * `generation` is the written one's, 0: not known. What earlier entries say of the same
 * StatefulSet's rollout, as long as that had no end, ends with it: rolled back if the entry is a
 * rollback, else superseded. ERR_NO_MEMORY.
 */
int history_note_object(cJSON *entry, const struct plan_item *item, int64_t generation,
			int64_t now_ms, struct err *err);

/*
 * Notes how many objects could not be written when the commit was last tried, if it has an entry.
 * *ret_changed is set where that is news, else left alone.
 */
int history_note_failed(struct history *history, const char *commit, size_t count,
			bool *ret_changed, struct err *err);

/* How a StatefulSet stands, as somebody saw it. */
struct history_sight {
	const char *namespace, *name;
	int64_t generation; /* of what was seen */
	enum rollout_phase phase;
	const char *reason;
	bool walks; /* the partition is on its way to Git's: no rest is an end */
};

/*
 * What the StatefulSet's own status tells, where nobody has seen the Pods; false where that is not
 * enough to call the rollout over. Borrows from it.
 */
bool history_see(const cJSON *statefulset, struct history_sight *ret_sight);

/*
 * Notes it in the newest entry that has the StatefulSet, unless it was written since. *ret_changed
 * as above. ERR_NO_MEMORY.
 */
int history_note_rollout(struct history *history, const struct history_sight *sight, int64_t now_ms,
			 bool *ret_changed, struct err *err);

/* Whether a rollout of the StatefulSet is noted that has no end yet. */
bool history_is_waiting(const struct history *history, const char *namespace, const char *name);

/*
 * Takes over what the other one has besides, or has newer: two of one app that were written apart
 * from each other. ERR_NO_MEMORY.
 */
int history_merge(struct history *history, const struct history *other, struct err *err);

/* The text under `history.json`; entries that do not fit HISTORY_MAX_BYTES are left out. */
int history_print(const struct history *history, struct buf *out, struct err *err);

/* ERR_INVALID for what is no history; ERR_UNSUPPORTED for a newer version's. */
int history_parse(const char *text, size_t length, struct history *ret_history, struct err *err);

/* --- reading --------------------------------------------------------------------------------- */

/*
 * How an entry ended as a whole: the phase of the StatefulSet that went worst, and when the last of
 * them came to rest in *ret_since_ms. "" and 0 for one that began no rollout.
 */
const char *history_outcome(const cJSON *entry, int64_t *ret_since_ms);

/* "partition 5 -> 4, nginx:1.25.4 -> nginx:1.26.1"; "" where nothing of it changed. */
void history_print_set(const cJSON *set, struct buf *out);

/* "1 created, 2 replaced" */
void history_print_counts(const cJSON *entry, struct buf *out);

#endif
