/*
 * plan.h - what a sync would do: per object an action, its changes, and its rollout.
 *
 * The plan is the value that `diff` renders, `sync --dry-run` shows and `sync` carries out. It
 * borrows nothing: it may outlive the manifests it was made from.
 */
#ifndef DIFF_PLAN_H
#define DIFF_PLAN_H

#include "diff/compare.h"
#include "diff/culprit.h"
#include "diff/finding.h"
#include "diff/promotion.h"

enum plan_action {
	PLAN_IN_SYNC,
	PLAN_CREATE,
	PLAN_REPLACE,
	PLAN_RECREATE, /* deleted and created again, because the server refuses the replace */
	PLAN_PRUNE,    /* left Git: deleted */
	PLAN_ORPHAN,   /* left Git, but is kept; a note says why */
	PLAN_WALK,     /* as Git says but for a partition that is on its way to Git's */
	PLAN_BLOCKED,  /* nothing is written but what a policy holds back; a note says why */
	PLAN_DRIFT, /* live was changed by somebody else since it was applied; left alone by policy */
	PLAN_FAILED, /* the server or a check refused it; `error` says why */
};
#define PLAN_ACTION_COUNT (PLAN_FAILED + 1)

/* How an action is called. */
struct plan_action_words {
	const char *name; /* "in sync", "create" */
	const char *key;  /* as one word, for programs: "inSync" */
	const char *todo; /* of a plan: "3 to create" */
	const char *done; /* of a sync: "3 created" */
};
extern const struct plan_action_words plan_action_words[PLAN_ACTION_COUNT];

/* The actions in the order in which summaries count them, the most important first. */
extern const enum plan_action plan_action_order[PLAN_ACTION_COUNT];

/* Whether the action is to write to the cluster. */
bool plan_action_writes(enum plan_action action);

/* What the inventory knows of the last write of an object. */
struct plan_record {
	const char *desired_digest; /* of what Git said; NULL: the object was never applied */
	const char *live_digest;    /* of what the server returned for it */
};

/*
 * Decides, from what is and what was, what a sync does with one object:
 *
 *   live      differs  recorded  Git since    live since   self-heal   action
 *   missing   -        no        -            -            -           create
 *   missing   -        yes       changed      -            -           create
 *   missing   -        yes       unchanged    deleted      no          drift
 *   missing   -        yes       unchanged    deleted      yes         create
 *   exists    no       -         -            -            -           in sync
 *   exists    yes      no        -            -            -           replace
 *   exists    yes      yes       -            unchanged    -           replace
 *   exists    yes      yes       changed      changed      -           replace
 *   exists    yes      yes       unchanged    changed      no          drift
 *   exists    yes      yes       unchanged    changed      yes         replace
 *
 * `differs` is whether the write would change anything. "Changed since" compares the digests with
 * the record's; a NULL record, or a live_digest that is not known on either side, counts as never
 * applied and as changed respectively. A missing object ignores `differs` and `live_digest`.
 */
enum plan_action plan_decide(bool exists, bool differs, const struct plan_record *record,
			     const char *desired_digest, const char *live_digest, bool self_heal);

#define PLAN_MAX_STEPS 1000 /* of one walk that are kept */

/* The steps in which a partition walks down to Git's, as promotion_steps has them. */
struct plan_steps {
	struct promotion_step *items; /* the one that is written now first */
	size_t count;                 /* of `items` */
	size_t total;                 /* of the walk: more than `count` if there are too many */
	int64_t bake_ms;              /* between two of them */
	int64_t earliest_ms;          /* the least time that all of them take */
};

struct plan_item {
	struct ref ref; /* namespace filled in */
	char *file;
	struct yaml_mark mark;
	enum plan_action action;
	struct changes changes;   /* from live to what the write would leave */
	bool drifted;             /* live is not as it was applied, but Git is; undone or not */
	struct culprit *culprits; /* of drift: who made each of the changes; else NULL */
	int64_t undo_in_ms; /* of PLAN_DRIFT that is to be undone: how long that waits yet; else 0 */
	char *fight;        /* who changes it again and again, though it is undone; or NULL */
	cJSON *from, *to;   /* normalised; NULL: does not exist (yet) */
	struct rollout_forecast forecast; /* StatefulSets only; else empty */
	bool has_forecast;
	/*
	 * Of a StatefulSet whose partition walks; else none. The forecast is then that of what is
	 * written now, which is the first step.
	 */
	struct plan_steps steps;
	bool client_side; /* compared without the server: only fields that the manifest sets */
	char **notes;     /* sentences for people: what of Git is not done, and why */
	size_t note_count;
	char *autoscaled; /* that replicas are an autoscaler's and not Git's, in words; or NULL */
	struct err error; /* of PLAN_FAILED */
};

struct plan {
	struct plan_item *items;
	size_t count, capacity;
	char *revision; /* "main@3f2c1ab", or "" for plain files */
	char *base; /* the revision that is compared with, in place of a cluster; NULL: a cluster */
};

/* Appends a zeroed item and returns it; NULL when memory runs out. */
struct plan_item *plan_add(struct plan *plan);

/* Adds a note, made as printf does. ERR_NO_MEMORY only. */
int plan_item_note(struct plan_item *item, struct err *err, const char *format, ...) PRINTF(3, 4);

/*
 * Finds out who made the changes of an item that has drifted, from the live object (culprit.h);
 * `ourselves` is a manager that is none. ERR_NO_MEMORY only.
 */
int plan_item_accuse(struct plan_item *item, const cJSON *live, const char *ourselves,
		     int64_t now_ms, struct err *err);

/* Who made the item's n-th change, as far as anybody knows; NULL: nobody does. */
const struct culprit *plan_item_culprit(const struct plan_item *item, size_t index);

/*
 * The steps that the policy of a StatefulSet makes of a promotion; none where it does not walk.
 * Their `items` are the caller's to free. ERR_NO_MEMORY only.
 */
int plan_steps_foretell(const struct promotion_facts *facts, const struct promotion *promotion,
			const struct policy *policy, struct plan_steps *ret_steps, struct err *err);

size_t plan_count(const struct plan *plan, enum plan_action action);

/* Appends "2 to replace, 1 in sync", by plan_action_order; "no objects". */
void plan_print_counts(const struct plan *plan, struct buf *out);

/*
 * Whether the cluster is not, or not yet known to be, as Git says; a walk on its way is as it
 * should be, and what left Git is only told while it is kept.
 */
bool plan_has_differences(const struct plan *plan);
void plan_item_release(struct plan_item *item);
void plan_release(struct plan *plan);

#endif
