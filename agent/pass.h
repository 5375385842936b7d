/*
 * pass.h - one sync: the way of a commit from the source to the cluster, as a state machine.
 *
 *	fetch -> inventory -> resolve -> read -> autoscalers -> preview -> pods -> orphans
 *	                         ^                                                    |
 *	                         +--- what was changed meanwhile --- write <- decide <-+
 *	                                                               |
 *	                                                               +-> prune -> record -> done
 *
 * The daemon and every command run these same stages. A dry run ends after `decide`. An object that
 * somebody else changed between `read` and `write` is read, compared and decided again, up to
 * PASS_MAX_ROUNDS times; it is never overwritten unseen. A fault of one object never stops the
 * others.
 */
#ifndef AGENT_PASS_H
#define AGENT_PASS_H

#include "agent/app.h"
#include "apply/discovery.h"
#include "apply/target.h"

struct uv_loop_s;
struct pass;

#define PASS_MAX_ROUNDS 5

/* Why a pass could not do its work as a whole. */
enum pass_fault {
	PASS_FINE,
	PASS_SOURCE,   /* the source cannot be read */
	PASS_MANIFEST, /* the manifests are refused; see app->fetched.findings */
	PASS_CLUSTER,  /* the cluster cannot be reached or refuses the credentials */
};

struct pass_options {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	struct discovery *discovery;
	struct app *app;
	bool dry_run;     /* decide, but write nothing */
	bool client_side; /* ask for no dry run: compare only the fields that the manifests set */
	bool forecast;    /* look at the Pods, so that the plan tells what rollouts would do */

	/* All are called from the loop; the first three may be NULL. */
	void (*on_fetched)(void *context, struct app *app); /* a commit that was not known */
	void (*on_planned)(void *context, const struct pass *pass); /* before anything is written */
	void (*on_written)(void *context, const struct plan_item *item,
			   const struct target *target);
	void (*on_done)(void *context, struct pass *pass); /* which it may free */
	void *context;
};

/* Starts it. The options are copied; the app stays the pass's until it is done or freed. */
int pass_start(const struct pass_options *options, struct pass **ret_pass, struct err *err);

/* Cancels what is under way; on_done is not called any more. NULL is fine. */
void pass_free(struct pass *pass);

/* --- of a pass that is done ------------------------------------------------------------------ */

enum pass_fault pass_fault(const struct pass *pass);
const struct err *pass_error(const struct pass *pass); /* says more where there is a fault */

/* One item a manifest, in their order; what was written is PLAN_CREATE and PLAN_REPLACE. Then one an
 * object that left Git and is, or was, still there: they have no file. */
const struct plan *pass_plan(const struct pass *pass);

/* A trouble that did not stop the pass (the inventory could not be saved), or NULL. */
const struct err *pass_trouble(const struct pass *pass);

#endif
