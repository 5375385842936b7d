/*
 * pass.h - one sync: the way of a commit from the source to the cluster, as a state machine.
 *
 *	fetch -> inventory -> resolve -> read -> autoscalers -> preview -> claims -> pods -> orphans
 *	                         ^                                                              |
 *	                         +--- what was changed meanwhile --------- write <--- decide <--+
 *	                                                                     |
 *	                       done <- record <- prune <- unstick <----------+
 *
 * What `inventory`, `resolve` and `read` begin with an eager pass asks for while `fetch` is under
 * way (early.h).
 *
 * What is written whatever a dry run says (decision_is_certain) is not previewed in the first round
 * of a pass that writes: the answer to the write tells what it changed. Until then its item says
 * what can be told without the server. If that write comes to anything but success, the object goes
 * round again like any other.
 *
 * The daemon and every command run these same stages. A dry run ends after `decide`. An object that
 * somebody else changed between `read` and `write` is read, compared and decided again, up to
 * PASS_MAX_ROUNDS times; it is never overwritten unseen. A fault of one object never stops the
 * others.
 *
 * A pass is about all objects, about some (those that somebody changed, or the StatefulSets), or
 * *narrow*: another commit was fetched, and whoever started the pass vouches that all but some
 * objects are as they were judged. A narrow pass tells of the whole what a pass over everything
 * would, for these reasons:
 *
 *   - What is not looked at says in Git what it said before: the blob of its file is the same, or
 *     the object in it is. So what was compared, allowed and applied for it then holds now.
 *   - It was in sync, and none of the watches has told of another change since; each of them runs.
 *     One that comes at this very moment is told a moment later, and brings a look at that object:
 *     as it would if it came right after a list.
 *   - It is not written. Whatever is written has been read by this pass, and is written with the
 *     resourceVersion that was read.
 *   - Whatever depends on more than one object has it all: findings, duplicates and namespaces are
 *     checked over all manifests; and an object that left Git (limits of a prune, other apps), an
 *     autoscaler, a CustomResourceDefinition or a Namespace among what the commit touches, another
 *     inventory, or anything that is not in sync and cannot be looked at by itself makes it a pass
 *     over everything.
 */
#ifndef AGENT_PASS_H
#define AGENT_PASS_H

#include "agent/app.h"
#include "agent/fight.h"
#include "agent/steer.h"
#include "apply/discovery.h"
#include "apply/target.h"

struct uv_loop_s;
struct repository_user;
struct turns;
struct pass;

#define PASS_MAX_ROUNDS 5

/* Why a pass could not do its work as a whole. */
enum pass_fault {
	PASS_FINE,
	PASS_SOURCE,    /* the source cannot be read */
	PASS_MANIFEST,  /* the manifests are refused; see app->fetched.findings */
	PASS_CLUSTER,   /* the cluster cannot be reached or refuses the credentials */
	PASS_SUSPENDED, /* the app is suspended: nothing was read or written but its inventory */
};

struct pass_options {
	struct uv_loop_s *loop;
	struct cluster *cluster;
	struct discovery *discovery;
	struct app *app;
	bool dry_run;     /* decide, but write nothing */
	bool client_side; /* ask for no dry run: compare only the fields that the manifests set */
	bool forecast;    /* the plan tells what rollouts would do */
	/*
	 * Somebody waits: what can be told of an app that is not known yet is asked for before the
	 * source has been read (early.h); not by a pass that takes turns.
	 */
	bool eager;
	/* Only the StatefulSets, of the commit that was read last: to drive their rollouts. */
	bool rollouts_only;
	/*
	 * Only these objects, of the commit that was read last: a look at what somebody changed. By
	 * the place of their manifests in app->fetched; borrowed while pass_start runs. 0: all.
	 * Both: these too.
	 */
	const size_t *only;
	size_t only_count;
	struct fights *fights; /* over what drift that is undone; NULL: it is undone at once */
	const char *by;        /* who asked for it, for the history; NULL: nobody, it was due */

	/* The repository that the app shares with others; NULL: none. As fetch_options has it. */
	struct repository_user *shared;
	int64_t max_age_ms;

	struct turns
		*turns; /* where it waits for its turn before it asks the cluster; NULL: at once */

	/*
	 * Of a pass over everything that has fetched another commit, and knows how that differs
	 * from the one before (app->fetched.change): whether all objects but some are as they were
	 * judged. Then it looks at those alone, by the places of their manifests, and takes the
	 * others for in sync. Borrowed until this returns. NULL: it looks at all.
	 */
	bool (*may_narrow)(void *context, const size_t **ret_places, size_t *ret_count);

	/* All are called from the loop; all but on_done may be NULL. */
	/* After the fetch: whether to go on. If not, the pass is done, and without a fault. */
	bool (*may_go_on)(void *context);
	/* Then, with the inventory known: whether to write. If not, it is a dry run. */
	bool (*may_write)(void *context);
	void (*on_fetched)(void *context, struct app *app); /* a commit that was not known */
	/* Which objects it is about and where they are, before any of them is read. */
	void (*on_resolved)(void *context, const struct targets *targets);
	void (*on_written)(void *context, const struct plan_item *item, const struct target *target,
			   const struct steer *steer); /* NULL: it is no StatefulSet */
	/* What it has seen or written of an object last; `as_recorded`: as the inventory has it. */
	void (*on_settled)(void *context, const struct target *target, bool as_recorded);
	void (*on_done)(void *context, struct pass *pass); /* which it may free */
	void *context;
};

/* Starts it. The options are copied; the app stays the pass's until it is done or freed. */
int pass_start(const struct pass_options *options, struct pass **ret_pass, struct err *err);

/* Whether it waits for its turn, and whether it is about to write or has begun to. */
bool pass_is_queued(const struct pass *pass);
bool pass_is_writing(const struct pass *pass);

/* What it is at, and for how long. */
const char *pass_stage_name(const struct pass *pass);
int64_t pass_stage_age_ms(const struct pass *pass);

/* Whether it is done: on_done is being called, or has been. */
bool pass_is_over(const struct pass *pass);

/* Cancels what is under way; on_done is not called any more. NULL is fine. */
void pass_free(struct pass *pass);

/* --- of a pass that is done ------------------------------------------------------------------ */

enum pass_fault pass_fault(const struct pass *pass);
const struct err *pass_error(const struct pass *pass); /* says more where there is a fault */

/*
 * One item a manifest that it has looked at, in their order; what was written is PLAN_CREATE,
 * PLAN_REPLACE and, with changes, PLAN_WALK. Then one an object that left Git and is, or was, still
 * there: they have no file.
 */
const struct plan *pass_plan(const struct pass *pass);

#define PASS_NO_MANIFEST SIZE_MAX

/* The place of the manifest of the plan's n-th item; PASS_NO_MANIFEST: it left Git. */
size_t pass_manifest(const struct pass *pass, size_t index);

/* Whether it ended after the fetch, because may_go_on said so. It has no plan then. */
bool pass_is_cut(const struct pass *pass);

/* Whether it wrote nothing on purpose. */
bool pass_is_dry_run(const struct pass *pass);

/* Whether it tells how all objects stand: of those without an item that they are in sync. */
bool pass_is_whole(const struct pass *pass);

/* Whether it has looked at all of them. */
bool pass_looks_at_all(const struct pass *pass);

/* How the StatefulSet of the plan's n-th item was steered; NULL where it was not. */
const struct steer *pass_steer(const struct pass *pass, size_t index);

/* A trouble that did not stop the pass (the inventory could not be saved), or NULL. */
const struct err *pass_trouble(const struct pass *pass);

/* What that trouble is with: "inventory", "list of Pods". */
const char *pass_troubled(const struct pass *pass);

#endif
