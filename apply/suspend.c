#include "apply/suspend.h"

#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"
#include "diff/cleanup.h"

#define MAX_ATTEMPTS 5

struct suspend {
	struct cluster *cluster;
	uint64_t task, transfer;
	char *namespace, *app, *by, *reason;
	bool suspends, anew;
	struct inventory inventory;
	int attempts;
	void (*on_done)(void *ctx, const struct err *err, bool changed,
			const struct inventory *inventory);
	void *ctx;
};

static void suspend_free(void *task)
{
	struct suspend *suspend = task;

	cluster_cancel(suspend->cluster, suspend->transfer);
	cluster_task_end(suspend->cluster, suspend->task);
	inventory_release(&suspend->inventory);
	free(suspend->namespace);
	free(suspend->app);
	free(suspend->by);
	free(suspend->reason);
	free(suspend);
}

static void end(struct suspend *suspend, const struct err *err, bool changed)
{
	struct inventory inventory = suspend->inventory;
	void (*on_done)(void *, const struct err *, bool, const struct inventory *) =
		suspend->on_done;
	void *ctx = suspend->ctx;

	suspend->inventory = (struct inventory){0};
	suspend->transfer = 0;
	suspend_free(suspend);
	on_done(ctx, err, changed, &inventory);
	inventory_release(&inventory);
}

static void load(struct suspend *suspend);

static void on_saved(void *ctx, const struct err *err)
{
	struct suspend *suspend = ctx;

	if (err && (err->class == ERR_CONFLICT || err->class == ERR_EXISTS) &&
	    ++suspend->attempts < MAX_ATTEMPTS)
		load(suspend);
	else
		end(suspend, err, !err);
}

static int note(struct suspend *suspend, struct err *err)
{
	const struct history_note what = {
		.at_ms = clock_unix_ms(),
		.cause = suspend->suspends ? HISTORY_SUSPEND : HISTORY_RESUME,
		.by = suspend->by,
		.subject = suspend->reason,
	};

	if (!history_open(&suspend->inventory.history, &what, err))
		return -1;
	return inventory_set_suspended(&suspend->inventory, suspend->suspends ? suspend->by : NULL,
				       suspend->reason, what.at_ms, err);
}

static void on_loaded(void *ctx, const struct err *load_err, struct inventory *inventory)
{
	struct suspend *suspend = ctx;
	struct err err;

	if (load_err) {
		end(suspend, load_err, false);
		return;
	}
	inventory_release(&suspend->inventory);
	suspend->inventory = *inventory;
	*inventory = (struct inventory){0};
	if (!suspend->inventory.resource_version && !suspend->anew) {
		err_set(&err, ERR_NOT_FOUND,
			"there is no app \"%s\" in the namespace \"%s\": no configmap/%s%s",
			suspend->app, suspend->namespace, INVENTORY_PREFIX, suspend->app);
		end(suspend, &err, false);
	} else if ((suspend->inventory.suspended.by != NULL) == suspend->suspends) {
		end(suspend, NULL, false);
	} else if (note(suspend, &err) < 0 ||
		   !(suspend->transfer =
			     inventory_save(suspend->cluster, suspend->namespace,
					    &suspend->inventory, on_saved, suspend, &err))) {
		end(suspend, &err, false);
	}
}

static void load(struct suspend *suspend)
{
	struct err err;

	suspend->transfer = inventory_load(suspend->cluster, suspend->namespace, suspend->app,
					   on_loaded, suspend, &err);
	if (!suspend->transfer)
		end(suspend, &err, false);
}

uint64_t suspend_app(struct cluster *cluster, const struct suspend_order *order,
		     void (*on_done)(void *ctx, const struct err *err, bool changed,
				     const struct inventory *inventory),
		     void *ctx, struct err *err)
{
	struct suspend *suspend = calloc(1, sizeof(*suspend));

	if (!suspend) {
		err_no_memory(err);
		return 0;
	}
	*suspend = (struct suspend){
		.cluster = cluster,
		.namespace = strdup(order->namespace),
		.app = strdup(order->app),
		.by = strdup(order->by),
		.reason = strdup(order->reason ? order->reason : ""),
		.suspends = order->suspends,
		.anew = order->anew,
		.on_done = on_done,
		.ctx = ctx,
	};
	if (!suspend->namespace || !suspend->app || !suspend->by || !suspend->reason)
		err_no_memory(err);
	else if ((suspend->task = cluster_task_begin(cluster, suspend_free, suspend, err)) &&
		 (suspend->transfer = inventory_load(cluster, order->namespace, order->app,
						     on_loaded, suspend, err)))
		return suspend->task;
	suspend_free(suspend);
	return 0;
}
