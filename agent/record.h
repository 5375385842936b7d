/*
 * record.h - the inventory brought up to date with what a pass found and wrote.
 */
#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent/app.h"
#include "agent/orphans.h"
#include "agent/steer.h"
#include "apply/target.h"

struct record {
	struct app *app;
	bool changed; /* the inventory has to be saved */
};

/*
 * Remembers an object that is now as Git has it: written, or found in sync. Drift, failures and
 * what a gate keeps from being applied leave what was remembered. `steer` is how a StatefulSet was
 * steered, else NULL.
 */
int record_target(struct record *record, const struct target *target, const struct plan_item *item,
		  const struct steer *steer, struct err *err);

/*
 * Remembers what left Git as an orphan, but forgets what is gone or no longer the app's. `orphans`
 * may be NULL.
 */
void record_orphans(struct record *record, const struct orphans *orphans);

/* Whether the commit was applied as a whole by an earlier pass, from this ref and path. */
bool record_is_applied(const struct app *app);

/* Remembers the commit, unless something of it failed. */
int record_revision(struct record *record, const struct plan *plan, struct err *err);

#endif
