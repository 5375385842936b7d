/*
 * orphans.h - what left Git, on its way through a pass: found, looked at, decided on, pruned.
 *
 * The inventory has what the app applied. An entry that no manifest is about any more is an orphan;
 * it stays an entry, and is looked at in each pass, until it is pruned, comes back, is gone from
 * the cluster or turns out to be somebody else's. diff/prune.h has the rules.
 *
 *	orphans_new		find them
 *	orphans_look		read them, and what other apps have (neighbours.h)
 *	orphans_decide		a plan item for each that is there
 *	orphans_prune		delete what the plan says
 *	orphans_fate		(record.h asks) what is to be remembered
 */
#ifndef AGENT_ORPHANS_H
#define AGENT_ORPHANS_H

#include "agent/app.h"
#include "apply/discovery.h"
#include "apply/target.h"

struct uv_loop_s;
struct orphans;

struct orphans_options {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	struct discovery *discovery;
	struct app *app;
	struct plan *plan; /* gets items at its end */

	/* An object was deleted, or could not be. May be NULL. */
	void (*on_pruned)(void *context, const struct plan_item *item, const struct target *target);
	stage_done *done; /* of each stage; may free the orphans */
	void *context;
};

/* Those of the app's inventory that none of the targets, which have been resolved, is about. */
int orphans_new(const struct orphans_options *options, const struct targets *targets,
		struct orphans **ret_orphans, struct err *err);

/* Cancels what is under way. NULL is fine. */
void orphans_free(struct orphans *orphans);

size_t orphans_count(const struct orphans *orphans);

/* Looks at them. `done` may be called at once where that cannot even start. */
void orphans_look(struct orphans *orphans);

/*
 * Adds the items: PLAN_PRUNE, PLAN_ORPHAN with why it is kept, PLAN_BLOCKED where the prune as a
 * whole is refused, PLAN_FAILED. The plan has the items of the manifests, as they are decided; the
 * targets are theirs, as they were read.
 */
int orphans_decide(struct orphans *orphans, const struct targets *targets, struct err *err);

/*
 * Whether there is anything to delete after the manifests were written: nothing where one of them
 * failed, which the items then say.
 */
int orphans_check_prune(struct orphans *orphans, bool *ret_any, struct err *err);

/* Deletes. What changed meanwhile is read and decided again, PASS_MAX_ROUNDS times at most. */
void orphans_prune(struct orphans *orphans);

enum orphan_fate {
	ORPHAN_IN_GIT, /* it is none */
	ORPHAN_REMEMBER,
	ORPHAN_FORGET, /* gone, or somebody else's */
};

/* `orphans` may be NULL: none were looked for. */
enum orphan_fate orphans_fate(const struct orphans *orphans, const struct ref *ref);

#endif
