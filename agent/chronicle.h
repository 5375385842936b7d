/*
 * chronicle.h - what `run` tells of its passes, in lines of its log and in notices: what was
 * fetched and written, and each trouble once when it begins and once when it ends, however many
 * passes find it.
 *
 * Log lines and notices (notice.h) are kept apart: a process that starts logs all that it finds,
 * but tells people only what the one before it has not told.
 */
#ifndef AGENT_CHRONICLE_H
#define AGENT_CHRONICLE_H

#include "agent/app.h"
#include "agent/conditions.h"
#include "agent/log.h"
#include "agent/notice_board.h"
#include "agent/pass.h"
#include "diff/rollout.h"

/* Zero-initialised but for the app, which it borrows. */
struct chronicle {
	const struct app *app;
	struct conditions drift;
	struct conditions fights;     /* objects that somebody changes again and again */
	struct conditions failed;     /* objects that cannot be compared or written */
	struct conditions left;       /* objects that left Git and stay */
	struct conditions autoscaled; /* objects whose replicas in Git do not count */
	struct conditions promotions; /* StatefulSets that are kept from where Git has them */
	struct conditions faults;     /* of whole passes */
	struct conditions findings;
	struct conditions arrivals; /* where each rollout came to rest last */
	struct notice_board board;
	bool remembers;                /* what the process before told has been taken over */
	size_t written_count;          /* objects, in the pass that runs */
	struct notice *others_written; /* ... those that are not told one by one; NULL: none */
};

void chronicle_release(struct chronicle *chronicle);

/* Whom a line is about; `object` may be NULL. */
struct log_subject chronicle_subject(const struct chronicle *chronicle, const char *object);

/* A commit that was not known. */
void chronicle_fetched(struct chronicle *chronicle);

/* An object that was written, created or deleted. */
void chronicle_written(struct chronicle *chronicle, const struct plan_item *item,
		       const struct target *target, const struct steer *steer);

/* All that a pass found and that is not told yet, or holds no more. */
void chronicle_pass(struct chronicle *chronicle, const struct pass *pass);

/*
 * A rollout as it stands, told at each change of it: notices of what is stuck, of a canary that is
 * ready, of the end. `has_moved` is what follow_tell says.
 */
void chronicle_watch(struct chronicle *chronicle, const struct rollout *rollout, bool has_moved);

/*
 * Brings what was told and holds into the app's inventory, for the next process. Whether it is to
 * be saved: the cluster has another one, and somebody is told at all.
 */
bool chronicle_remember(struct chronicle *chronicle, struct inventory *inventory);

/* A rollout that moved, in the words of rollout_print. */
void chronicle_rollout(struct chronicle *chronicle, const struct rollout *rollout,
		       const char *line);

#endif
