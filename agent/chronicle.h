/*
 * chronicle.h - the lines that `run` logs of its passes: what was fetched and written, and each
 * trouble once when it begins and once when it ends, however many passes find it.
 */
#ifndef AGENT_CHRONICLE_H
#define AGENT_CHRONICLE_H

#include "agent/app.h"
#include "agent/conditions.h"
#include "agent/log.h"
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

/* A rollout that moved, in the words of rollout_print. */
void chronicle_rollout(struct chronicle *chronicle, const struct rollout *rollout,
		       const char *line);

#endif
