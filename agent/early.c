#include "agent/early.h"

#include <stdlib.h>

#include "apply/clock.h"
#include "apply/live.h"

struct early {
	struct cluster *cluster;
	struct discovery *discovery;
	const struct app *app;
	bool dry_run;

	enum early_step step; /* that is under way */
	uint64_t id;          /* of its work; 0: none */
	struct err err;       /* why that step is the last; ERR_NONE: it is not */
	struct inventory inventory;
	int64_t inventory_ms;   /* when that was read: clock_boot_ms */
	int64_t objects_ms;     /* when they were asked for */
	struct manifest shell;  /* of all targets: no manifest is known */
	struct targets targets; /* what the inventory has */

	enum early_step awaited;
	void (*on_over)(void *context); /* NULL: nobody waits */
	void *context;
};

static void enter(struct early *early, enum early_step step);

/* --- from step to step ------------------------------------------------------------------------ */

static bool is_over(const struct early *early, enum early_step step)
{
	return early->step > step || early->err.class != ERR_NONE;
}

/* Tells who waits. It may be gone after that. */
static void tell(struct early *early)
{
	if (early->on_over && is_over(early, early->awaited))
		STEAL(early->on_over)(early->context);
}

static void fail(struct early *early, const struct err *err)
{
	early->err = *err;
	tell(early);
}

/* A stage_done. */
static void on_step_done(void *context, const struct err *err)
{
	struct early *early = context;

	early->id = 0;
	if (err)
		fail(early, err);
	else
		enter(early, early->step + 1);
}

/* What the app owns, and may look at. */
static int make_targets(struct early *early, struct err *err)
{
	struct inventory_cursor cursor = {0};

	for (const struct inventory_entry *entry;
	     (entry = inventory_next(&early->inventory, &cursor));) {
		if (entry->orphan || app_is_outside(early->app, &entry->ref))
			continue;
		early->shell.ref = entry->ref;
		if (targets_add(&early->targets, &early->shell, err) < 0)
			return -1;
	}
	early->shell.ref = (struct ref){0};
	return 0;
}

static void on_inventory(void *context, const struct err *load_err, struct inventory *inventory)
{
	struct early *early = context;
	struct err err;

	early->id = 0;
	if (load_err) {
		fail(early, load_err);
		return;
	}
	early->inventory = *inventory;
	*inventory = (struct inventory){0};
	early->inventory_ms = clock_boot_ms();
	if (early->inventory.suspended.by && !early->dry_run)
		enter(early, EARLY_OVER);
	else if (make_targets(early, &err) < 0)
		fail(early, &err);
	else
		enter(early, EARLY_KINDS);
}

static void enter(struct early *early, enum early_step step)
{
	const struct app *app = early->app;
	struct err err;

	early->step = step;
	switch (step) {
	case EARLY_INVENTORY:
		early->id = inventory_load(early->cluster, app->namespace, app->name, on_inventory,
					   early, &err);
		break;
	case EARLY_KINDS:
		early->id = discovery_resolve(early->discovery, &early->targets, app->namespace,
					      on_step_done, early, &err);
		break;
	case EARLY_OBJECTS:
		early->objects_ms = clock_boot_ms();
		early->id =
			live_read_ahead(early->cluster, &early->targets, on_step_done, early, &err);
		break;
	case EARLY_OVER: tell(early); return;
	}
	if (early->id == 0)
		fail(early, &err);
	else
		tell(early);
}

/* --- for the pass ----------------------------------------------------------------------------- */

struct early *early_start(struct cluster *cluster, struct discovery *discovery,
			  const struct app *app, bool dry_run)
{
	struct early *early = calloc(1, sizeof(*early));

	if (!early)
		return NULL;
	early->cluster = cluster;
	early->discovery = discovery;
	early->app = app;
	early->dry_run = dry_run;
	enter(early, EARLY_INVENTORY);
	return early;
}

void early_free(struct early *early)
{
	if (!early)
		return;
	cluster_cancel(early->cluster, early->id);
	inventory_release(&early->inventory);
	targets_release(&early->targets);
	free(early);
}

bool early_awaits(struct early *early, enum early_step step, void (*on_over)(void *context),
		  void *context)
{
	if (is_over(early, step))
		return false;
	early->awaited = step;
	early->on_over = on_over;
	early->context = context;
	return true;
}

const struct err *early_error(const struct early *early, enum early_step step)
{
	return early->step == step && early->err.class != ERR_NONE ? &early->err : NULL;
}

struct inventory *early_inventory(struct early *early, bool *ret_fresh)
{
	*ret_fresh = clock_boot_ms() - early->inventory_ms <= EARLY_INVENTORY_MAX_AGE_MS;
	return &early->inventory;
}

void early_take_over(struct early *early, struct targets *targets)
{
	if (early->step == EARLY_OVER &&
	    clock_boot_ms() - early->objects_ms <= EARLY_OBJECTS_MAX_AGE_MS)
		live_take_over(early->cluster, targets, &early->targets);
}
