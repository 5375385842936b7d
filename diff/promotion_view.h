/*
 * promotion_view.h - what promotion_decide sees: the facts, read once.
 *
 * The rooms of promotion.h share this; nobody else includes it.
 */
#ifndef DIFF_PROMOTION_VIEW_H
#define DIFF_PROMOTION_VIEW_H

#include <string.h>

#include "diff/promotion.h"
#include "diff/rollout_template.h"

#define PROMOTION_MAX_TEXT (4u * 1024 * 1024)

struct promotion_view {
	const struct promotion_facts *facts;
	struct rollout_revisions revisions;
	struct policy policy; /* Git's */
	struct rollout_facts wanted, live;
	struct rollout rollout; /* of `live`; empty where its Pods are not known */
	bool observed;          /* the controller has seen the live spec */
	bool same_template;     /* the live template is Git's */
	const char *revision;   /* of Git's template; "" if no Pod can be on it yet */
	int64_t replicas;       /* that are sent: Git's, or those that somebody scaled to */
	int64_t target;         /* Git's partition */
	/*
	 * The live partition, and as the Pods see it: not above the replicas. Under OnDelete, where
	 * none is replaced by itself, all are held.
	 */
	int64_t live_partition, partition;
};

int promotion_view_read(const struct promotion_facts *facts, struct promotion_view *ret_view,
			struct err *err);
void promotion_view_release(struct promotion_view *view);

/* Takes so many replicas for those that are sent. */
void promotion_view_set_replicas(struct promotion_view *view, int64_t replicas);

/* The place that partitions count from 0: the ordinal less ordinals.start. */
static inline int64_t promotion_index(const struct promotion_view *view,
				      const struct rollout_pod *pod)
{
	return pod->ordinal - view->live.start;
}

/* Whether the ordinal stays when what is sent is written. */
static inline bool promotion_wants(const struct promotion_view *view, const struct rollout_pod *pod)
{
	return !pod->condemned && promotion_index(view, pod) < view->replicas;
}

/* Whether Git's template is the one that the Pods run which the update has not reached. */
static inline bool promotion_goes_back(const struct promotion_view *view)
{
	return !view->same_template && *view->revision &&
	       strcmp(view->revision, view->live.current_revision) == 0;
}

/* --- the gate -------------------------------------------------------------------------------- */

enum gate_wait {
	GATE_OPEN,
	GATE_NO_PODS,       /* they could not be read */
	GATE_UNSEEN,        /* the controller has not seen the newest spec */
	GATE_NOT_UPDATED,   /* `pod` is not on the update revision yet */
	GATE_NOT_AVAILABLE, /* `pod` is on it, and not available */
	GATE_BAKING,        /* `pod` has not been Ready for long enough */
};

struct gate {
	enum gate_wait wait;
	const struct rollout_pod *pod; /* that keeps it closed longest; NULL: none */
	int64_t opens_in_ms;           /* GATE_BAKING: exactly; else 0 */
};

struct gate promotion_gate(const struct promotion_view *view);

/* Whether some wanted Pod would be taken by a lower partition, or is about to be. */
bool promotion_has_work(const struct promotion_view *view);

/* --- what is sent otherwise than Git says ---------------------------------------------------- */

/* Each writes its part of the promotion. */
int promotion_keep_replicas(struct promotion_view *view, struct promotion *promotion,
			    struct err *err);
int promotion_begin_rollback(const struct promotion_view *view, struct promotion *promotion,
			     struct err *err);
int promotion_go_on_with_rollback(const struct promotion_view *view, struct promotion *promotion,
				  struct err *err);
int promotion_find_unstick(const struct promotion_view *view, struct promotion *promotion,
			   struct err *err);

/* Whether Git's object is the one that the record says was rejected. */
bool promotion_is_rejected(const struct promotion_facts *facts);

/* Whether the live update is lost, by its own fault, and there is a revision to go back to. */
bool promotion_wants_rollback(const struct promotion_view *view);

#endif
