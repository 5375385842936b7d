/*
 * pass_private.h - what the files of a pass share: its state, and how a stage ends.
 *
 *	pass.c         the machine; resolve, read, autoscalers, preview, pods, decide
 *	pass_fetch.c   fetch, inventory
 *	pass_write.c   write, record
 *	pass_prune.c   orphans, prune
 */
#ifndef AGENT_PASS_PRIVATE_H
#define AGENT_PASS_PRIVATE_H

#include "agent/pass.h"
#include "agent/record.h"

enum stage {
	STAGE_FETCH,
	STAGE_INVENTORY,
	STAGE_RESOLVE,
	STAGE_READ,
	STAGE_AUTOSCALERS,
	STAGE_PREVIEW,
	STAGE_PODS,
	STAGE_ORPHANS,
	STAGE_DECIDE,
	STAGE_WRITE,
	STAGE_PRUNE,
	STAGE_RECORD,
	STAGE_DONE,
};

struct pass {
	struct pass_options options;
	enum stage stage;
	int round; /* how often what was changed meanwhile has been read again */

	struct fetch *fetch;       /* while STAGE_FETCH */
	uint64_t id;               /* of the cluster's work under way, else 0 */
	struct rollouts *rollouts; /* from STAGE_PODS on, where forecasts are wanted */

	struct targets targets;  /* of this round */
	struct targets front;    /* the first of them, which may differ; the rest are in sync */
	struct plan plan;        /* one item a manifest, then those of the orphans */
	struct orphans *orphans; /* from STAGE_ORPHANS on, where there is an inventory */
	struct record record;

	enum pass_fault fault;
	struct err err;
	struct err trouble;
};

/* The only place where the stage changes. The pass may be gone when these return. */
void pass_enter(struct pass *pass, enum stage stage);
void pass_fail(struct pass *pass, enum pass_fault fault, const struct err *err);

/* What a stage of the cluster ends with (a stage_done): on to the next, or out. */
void pass_on_stage_done(void *context, const struct err *err);

/* After starting one: ends the pass with *err if it could not even start. */
void pass_check_started(struct pass *pass, const struct err *err);

/* The item of the target's manifest. */
struct plan_item *pass_item_of(struct pass *pass, const struct target *target);

/* Ends the pass because of the errors among the findings. */
void pass_refuse_manifests(struct pass *pass);

void pass_item_fail(struct plan_item *item, const struct err *err);

void pass_start_fetch(struct pass *pass);
void pass_start_inventory(struct pass *pass);
void pass_start_orphans(struct pass *pass);
int pass_decide_orphans(struct pass *pass, struct err *err);
void pass_start_write(struct pass *pass);
void pass_start_prune(struct pass *pass);
void pass_start_record(struct pass *pass);

#endif
