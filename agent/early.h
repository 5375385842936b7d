/*
 * early.h - what a pass asks the cluster while its source is still being read.
 *
 * To begin with an app knows nothing of the cluster. What it applied the last time stands in its
 * inventory, and that is mostly what it is about to read: so the inventory, the kinds in it and the
 * objects themselves are asked for one after the other, without waiting for the manifests. The
 * stages of the pass then find done, or under way, what they would begin with.
 *
 * Only reading is done early, and nothing of it is told before the stage that it belongs to: of a
 * source that cannot be read, nobody hears what is wrong with the cluster. What is written is
 * compared with the version that was read, however early that was.
 */
#ifndef AGENT_EARLY_H
#define AGENT_EARLY_H

#include "agent/app.h"
#include "apply/discovery.h"
#include "apply/target.h"

struct early;

#define EARLY_INVENTORY_MAX_AGE_MS 1000 /* somebody may have suspended the app since */
#define EARLY_OBJECTS_MAX_AGE_MS   10000

enum early_step {
	EARLY_INVENTORY,
	EARLY_KINDS,
	EARLY_OBJECTS,
	EARLY_OVER,
};

/*
 * Starts it; all are borrowed until early_free. Without `dry_run` a suspended app's objects are
 * left alone. NULL when memory runs out: then it is all still to be asked for.
 */
struct early *early_start(struct cluster *cluster, struct discovery *discovery,
			  const struct app *app, bool dry_run);

/* Cancels what is under way. NULL is fine. */
void early_free(struct early *early);

/*
 * Whether the step is still to come to its end: then calls back from the loop when it has. That may
 * free it.
 */
bool early_awaits(struct early *early, enum early_step step, void (*on_over)(void *context),
		  void *context);

/* Of a step that is over: the error of inventory_load, discovery_resolve or live_read; or NULL. */
const struct err *early_error(const struct early *early, enum early_step step);

/* The inventory, to be moved away; *ret_fresh: it need not be looked whether it still holds. */
struct inventory *early_inventory(struct early *early, bool *ret_fresh);

/* Once all is over: spares the targets that were read the stage of that name (live.h). */
void early_take_over(struct early *early, struct targets *targets);

#endif
