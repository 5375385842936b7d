/*
 * record.h - the inventory brought up to date with what a pass found and wrote.
 */
#ifndef AGENT_RECORD_H
#define AGENT_RECORD_H

#include "agent/app.h"
#include "agent/orphans.h"
#include "apply/target.h"

struct record {
	struct app *app;
	bool changed; /* the inventory has to be saved */
};

/* Remembers an object that is now as Git has it: written, or found in sync. Drift and failures leave
 * what was remembered. */
int record_target(struct record *record, const struct target *target, const struct plan_item *item,
		  struct err *err);

/* Remembers what left Git as an orphan, but forgets what is gone or no longer the app's. `orphans` may
 * be NULL. */
void record_orphans(struct record *record, const struct orphans *orphans);

/* Remembers the commit, unless something of it failed. */
int record_revision(struct record *record, const struct plan *plan, struct err *err);

#endif
