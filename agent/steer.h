/*
 * steer.h - a StatefulSet on its way to Git: what of its manifest a pass writes.
 *
 * Between the dry run and the decision. promotion.h decides from the dry run's answer, the Pods and
 * what the inventory remembers; the target then says what is sent and what that would leave, and
 * everything that follows treats it like any other object:
 *
 *	steer_target	decide; the target's `desired` and `predicted` follow
 *	decision_make	compare, and what to do with a difference (decision.h)
 *	steer_item	what the verdict makes of that: a walk, blocked, refused; and why, in notes
 *	steer_record	what is to be remembered of it
 *
 * Nothing is remembered in the process. What the inventory has to hold before the write, so that an
 * agent that is killed between the two does not misjudge, is a rejection alone: without it the
 * object that was rejected would be put back.
 */
#ifndef AGENT_STEER_H
#define AGENT_STEER_H

#include "agent/app.h"
#include "apply/rollout.h"
#include "apply/target.h"
#include "apply/unstick.h"
#include "diff/promotion.h"

/* One StatefulSet's. Zero-initialised: it was not steered, and is as Git says. */
struct steer {
	bool decided;
	struct policy policy;
	struct promotion promotion;
	struct promotion_record record; /* as it will be, but for the step's time */
	struct plan_steps steps;        /* of the walk, the one that is written now first */
	size_t walk_length;             /* all steps of the walk, those before included */
	cJSON *wanted;          /* what Git's manifest would leave, where something else is sent */
	bool git_unchanged;     /* Git's object is the one that was applied last */
	bool replicas_from_git; /* Git's number wins over a manual scale */
	bool must_record;       /* the rejection has to be remembered before the write */
	bool is_remembered;     /* there is an inventory that remembers what is decided */

	/* Of the rollout, as the pass saw it before it wrote; NULL and false: it was not seen. */
	bool seen, settled, failed;
	struct rollout_stance stance;
	char *rollout_reason;
	struct rollout_mark mark; /* rollout_has_moved */

	bool written;       /* by this pass */
	int64_t generation; /* metadata.generation, after that */

	/*
	 * Of promotion.unstick_pod: the resourceVersion that was judged, and once a pass has tried
	 * to evict it how that went.
	 */
	char *unstick_version;
	bool unstuck;
	enum unstick_result unstick_result;
	char *unstick_error; /* in the server's words; may be NULL */
};

void steer_release(struct steer *steer);

/*
 * Whether the Pods and ControllerRevisions are wanted for it. The target has been read and
 * previewed.
 */
bool steer_wants_pods(const struct target *target);
bool steer_wants_revisions(const struct app *app, const struct target *target);

/*
 * Decides for a StatefulSet that has been read and, where the server can say, previewed. `rollouts`
 * has the Pods; NULL: they are not known. Of the StatefulSet itself counts the live object, which
 * the write names: where somebody changed it since, that conflicts. `undo`: drift is undone, that
 * of the replicas too. Fills a zeroed *steer. What is no StatefulSet is left alone.
 */
int steer_target(const struct app *app, struct target *target, const struct rollouts *rollouts,
		 bool undo, int64_t now_ms, struct steer *steer, struct err *err);

/*
 * Brings the item that decision_make filled to what the verdict makes of it. *ret_write: whether
 * the target is to be written, also where the item is no more than on its way.
 */
int steer_item(const struct steer *steer, const struct target *target, struct plan_item *item,
	       bool *ret_write, struct err *err);

/* Whether a walk stands still because the object has drifted, which a step would undo. */
bool steer_waits_for_drift(const struct steer *steer, const struct plan_item *item);

/* Whether what is sent is what Git says, and nothing else is to be told of it. */
bool steer_is_as_git(const struct steer *steer);

/* Of a target that was written without a dry run: takes Git's numbers from what that left. */
void steer_take_answer(struct steer *steer, const struct target *target);

/* Whether Git's object counts as applied once the pass is done, so that its digest is kept. */
bool steer_applies(const struct steer *steer);

/* Notes how the target came out of the pass. */
void steer_settle(struct steer *steer, const struct target *target);

/*
 * Brings the entry's record up to date after the write, or where nothing was written. *ret_changed
 * is set where it was another one, else left alone.
 */
int steer_record(const struct steer *steer, const struct target *target, int64_t now_ms,
		 struct inventory *inventory, bool *ret_changed, struct err *err);

#endif
