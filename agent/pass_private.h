/*
 * pass_private.h - what the files of a pass share: its state, and how a stage ends.
 *
 *	pass.c         the machine; resolve, read, autoscalers, preview, decide
 *	pass_fetch.c   fetch, inventory
 *	pass_claims.c  what other apps have of it
 *	pass_rollout.c pods, and what of a StatefulSet is decided with them; unstick
 *	pass_write.c   write, record
 *	pass_prune.c   orphans, prune
 *	pass_drift.c   which objects it is about; drift that is undone, and comes back
 */
#ifndef AGENT_PASS_PRIVATE_H
#define AGENT_PASS_PRIVATE_H

#include "agent/early.h"
#include "agent/pass.h"
#include "agent/record.h"
#include "agent/steer.h"
#include "agent/turns.h"

enum stage {
	STAGE_FETCH,
	STAGE_INVENTORY,
	STAGE_RESOLVE,
	STAGE_READ,
	STAGE_AUTOSCALERS,
	STAGE_PREVIEW,
	STAGE_CLAIMS,
	STAGE_PODS,
	STAGE_ORPHANS,
	STAGE_DECIDE,
	STAGE_WRITE,
	STAGE_UNSTICK,
	STAGE_PRUNE,
	STAGE_RECORD,
	STAGE_DONE,
};

/* See pass.h. */
enum pass_scope {
	PASS_ALL,
	PASS_NARROW,
	PASS_SOME,
};

enum pass_pods {
	PODS_UNKNOWN,
	PODS_ASKED_FOR,
	PODS_THERE, /* or not wanted, or they may not be listed */
};

struct pass {
	struct pass_options options;
	enum stage stage;
	int64_t stage_began_ms; /* clock_boot_ms */
	int round;              /* how often what was changed meanwhile has been read again */

	struct fetch *fetch;           /* while STAGE_FETCH */
	struct early *early;           /* until STAGE_READ, where the pass is eager */
	struct turn turn;              /* from the end of STAGE_FETCH on */
	bool is_cut;                   /* it ended after the fetch */
	uint64_t id;                   /* of the cluster's work under way, else 0 */
	struct neighbours *neighbours; /* from STAGE_CLAIMS on, where the app takes objects on */
	struct rollouts *rollouts;     /* from `pods` on, where they are wanted and can be had */
	enum pass_pods pods;           /* of this round */

	enum pass_scope scope;
	size_t *places; /* of the manifests it is about, ascending; NULL: all */
	size_t place_count;
	bool inventory_is_news;  /* it is another than the one that was known */
	struct targets targets;  /* of this round */
	struct targets front;    /* the first of them, which may differ; the rest are in sync */
	struct plan plan;        /* one item a place, then those of the orphans */
	struct orphans *orphans; /* from STAGE_ORPHANS on, where there is an inventory */
	struct record record;

	/* From STAGE_DECIDE on, by item: of the StatefulSets that were decided on; the others have
	 * NULL. */
	struct steer **steers;
	size_t steer_count;
	int64_t now_ms;               /* Unix time of the decision */
	struct unstick_order *orders; /* in STAGE_UNSTICK */
	size_t order_count;

	enum pass_fault fault;
	struct err err;
	struct err trouble;
	const char *troubled; /* what it is with: "inventory" */
};

/* The only place where the stage changes. The pass may be gone when these return. */
void pass_enter(struct pass *pass, enum stage stage);
void pass_fail(struct pass *pass, enum pass_fault fault, const struct err *err);

/* What a stage of the cluster ends with (a stage_done): on to the next, or out. */
void pass_on_stage_done(void *context, const struct err *err);

/* Whether the stage has to wait for what was asked early; it is started again then. */
bool pass_awaits_early(struct pass *pass, enum early_step step);

/* After starting one: ends the pass with *err if it could not even start. */
void pass_check_started(struct pass *pass, const struct err *err);

/* The item of the target's manifest. */
struct plan_item *pass_item_of(struct pass *pass, const struct target *target);

/* Ends the pass because of the errors among the findings. */
void pass_refuse_manifests(struct pass *pass);

void pass_item_fail(struct plan_item *item, const struct err *err);

void pass_start_fetch(struct pass *pass);
void pass_start_inventory(struct pass *pass);
void pass_start_claims(struct pass *pass);
void pass_start_pods(struct pass *pass);

/*
 * The front is known: where Pods are wanted whatever the dry runs say, which is for forecasts, they
 * are asked for while those are under way. -1 with *err where that cannot be sent.
 */
int pass_foresee_pods(struct pass *pass, struct err *err);
void pass_start_orphans(struct pass *pass);
int pass_decide_orphans(struct pass *pass, struct err *err);
void pass_start_write(struct pass *pass);
void pass_start_unstick(struct pass *pass);
void pass_start_prune(struct pass *pass);
void pass_start_record(struct pass *pass);

/* Decides on a target of the front: fills its item, and says whether it is written. */
int pass_decide_target(struct pass *pass, struct target *target, struct plan_item *item,
		       struct err *err);

/* Makes out which objects it is about, as soon as the inventory is known. ERR_NO_MEMORY only. */
int pass_choose(struct pass *pass, struct err *err);

/* How many manifests it is about; the place of the n-th, and which of them is at a place. */
size_t pass_count(const struct pass *pass);
size_t pass_place(const struct pass *pass, size_t index);
size_t pass_index_of(const struct pass *pass, const struct target *target);

/* Whether drift of the target is undone, and now; the item says for how long it is not. */
bool pass_undoes(const struct pass *pass, const struct target *target, struct plan_item *item);

/* Notes the drift of an item that has been decided on: who made it, and that somebody did. */
int pass_note_drift(struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err);

/* Notes which other app has the object that this one takes on. */
int pass_note_claim(const struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err);

/* Notes for any item whether somebody fights over the object. */
int pass_note_fight(struct pass *pass, const struct target *target, struct plan_item *item,
		    struct err *err);

/* The target came out of the last round; where it had drifted that may be undone. */
void pass_settle_drift(struct pass *pass, const struct target *target,
		       const struct plan_item *item);

/* How the target was steered, NULL if it was not. */
struct steer *pass_steer_of(const struct pass *pass, const struct target *target);

/*
 * Notes in the inventory what it has to hold before anything is written. *ret_any: there is
 * something, so that it has to be saved first.
 */
int pass_note_rejections(struct pass *pass, bool *ret_any, struct err *err);

void pass_release_rollouts(struct pass *pass);

#endif
