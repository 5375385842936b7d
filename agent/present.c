#include "agent/present.h"

#include "apply/live.h"

static void give_up(struct present *present)
{
	if (present->id)
		cluster_cancel(present->cluster, present->id);
	present->id = 0;
	targets_release(&present->reading);
}

static void end(struct present *present, const struct err *err)
{
	if (!err) {
		targets_release(&present->targets);
		present->targets = present->reading;
		present->reading = (struct targets){0};
	}
	present->on_done(present->ctx, err);
}

static void on_read(void *ctx, const struct err *err)
{
	struct present *present = ctx;

	present->id = 0;
	end(present, err);
}

static void on_resolved(void *ctx, const struct err *stage_err)
{
	struct present *present = ctx;
	struct err err;

	present->id = 0;
	if (stage_err) {
		end(present, stage_err);
		return;
	}
	present->id = live_read(present->cluster, &present->reading, on_read, present, &err);
	if (!present->id)
		end(present, &err);
}

int present_look(struct present *present, struct cluster *cluster, struct discovery *discovery,
		 const struct app *app, void (*on_done)(void *ctx, const struct err *err),
		 void *ctx, struct err *err)
{
	give_up(present);
	present->cluster = cluster;
	present->discovery = discovery;
	present->app = app;
	present->on_done = on_done;
	present->ctx = ctx;
	for (size_t i = 0; i < app->fetched.manifests.count; i++)
		if (targets_add(&present->reading, &app->fetched.manifests.items[i], err) < 0)
			return -1;
	present->id = discovery_resolve(discovery, &present->reading, app->namespace, on_resolved,
					present, err);
	return present->id ? 0 : -1;
}

void present_release(struct present *present)
{
	give_up(present);
	targets_release(&present->targets);
	*present = (struct present){0};
}
