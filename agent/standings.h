/*
 * standings.h - the view that `status` draws (diff/status.h), put together from those who know.
 */
#ifndef AGENT_STANDINGS_H
#define AGENT_STANDINGS_H

#include "agent/app.h"
#include "agent/inventories.h"
#include "apply/rollout.h"
#include "apply/target.h"
#include "diff/status.h"

struct standings_sources {
	const struct rollouts *rollouts;
	const struct inventory_watch *inventories;
	const struct app *app;         /* whose objects are shown; NULL: whatever there is */
	const struct targets *targets; /* the app's objects as they were read; NULL: not known */
	const char *trouble;           /* NULL: none */
};

/* What the view points into, besides the sources. Zero-initialised is empty. */
struct standings {
	struct standing *items;
	struct missing *missing;
	struct status view;
};

/*
 * Puts it together, at this moment. What is borrowed from the sources is valid until the loop
 * turns; released by the caller. ERR_NO_MEMORY only.
 */
int standings_collect(const struct standings_sources *sources, struct standings *ret_standings,
		      struct err *err);
void standings_release(struct standings *standings);

/* One StatefulSet's; borrowed likewise. */
struct standing standing_of(const struct standings_sources *sources, const struct rollout *rollout);

/* The partition that the manifest says; 0 where it says none; -1: it means nothing. */
int64_t standings_git_partition(const struct manifest *manifest, const struct rollout *rollout);

/* What is remembered of a StatefulSet by the app that owns it; NULL: nothing. Borrowed. */
const struct promotion_record *standings_record(const struct inventory_watch *inventories,
						const char *namespace, const char *name);

#endif
