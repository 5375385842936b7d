#include "apply/fanout.h"

static void pump(struct fanout *fanout);

static void on_cancel(void *task)
{
	struct fanout *fanout = task;

	fanout->task = 0; /* has ended already */
	fanout->ops->cancel(fanout->stage);
}

/* Counts the item off if it waits for nothing more; after fanout_fail there is nothing to count. */
static void item_ended(struct fanout_slot *slot)
{
	if (slot->work == 0 && slot->fanout->active > 0)
		slot->fanout->active--;
}

static void item_moved(struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct fanout *fanout = slot->fanout;
	bool released = false;

	slot->work = 0;
	fanout->released = &released;
	fanout->ops->proceed(fanout->stage, slot->index, slot, err, answer);
	if (released)
		return;
	fanout->released = NULL;
	item_ended(slot);
	pump(fanout);
}

static void on_done(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	item_moved(ctx, err, answer);
}

static void on_pause_over(void *ctx)
{
	item_moved(ctx, NULL, NULL);
}

static struct fanout_slot *free_slot(struct fanout *fanout)
{
	for (size_t i = 0; i < FANOUT_WIDTH; i++) {
		if (fanout->slots[i].work == 0)
			return &fanout->slots[i];
	}
	return NULL;
}

static size_t width_of(const struct fanout *fanout)
{
	return fanout->width && fanout->width < FANOUT_WIDTH ? fanout->width : FANOUT_WIDTH;
}

/* Starts items while there is room; finishes when the last is over. */
static void pump(struct fanout *fanout)
{
	bool released = false;

	while (fanout->next < fanout->count && fanout->active < width_of(fanout)) {
		struct fanout_slot *slot = free_slot(fanout);

		slot->index = fanout->next++;
		fanout->active++;
		fanout->released = &released;
		fanout->ops->start(fanout->stage, slot->index, slot);
		if (released)
			return;
		fanout->released = NULL;
		item_ended(slot);
	}
	if (fanout->active == 0 && fanout->next == fanout->count)
		fanout->ops->finish(fanout->stage, fanout->failure);
}

static void on_kick(void *ctx)
{
	struct fanout *fanout = ctx;

	fanout->kick = 0;
	pump(fanout);
}

uint64_t fanout_init(struct fanout *fanout, struct cluster *cluster, const struct fanout_ops *ops,
		     void *stage, struct err *err)
{
	fanout->cluster = cluster;
	fanout->ops = ops;
	fanout->stage = stage;
	for (size_t i = 0; i < FANOUT_WIDTH; i++)
		fanout->slots[i].fanout = fanout;
	fanout->task = cluster_task_begin(cluster, on_cancel, fanout, err);
	return fanout->task;
}

static void drop_items(struct fanout *fanout)
{
	for (size_t i = 0; i < FANOUT_WIDTH; i++) {
		cluster_cancel(fanout->cluster, fanout->slots[i].work);
		fanout->slots[i].work = 0;
	}
}

void fanout_release(struct fanout *fanout)
{
	if (!fanout->cluster)
		return;
	drop_items(fanout);
	cluster_cancel(fanout->cluster, fanout->kick);
	cluster_task_end(fanout->cluster, fanout->task);
	if (fanout->released)
		*fanout->released = true;
}

int fanout_run(struct fanout *fanout, size_t count, struct err *err)
{
	fanout->count = count;
	fanout->next = fanout->active = 0;
	fanout->kick = cluster_after(fanout->cluster, 0, on_kick, fanout, err);
	return fanout->kick ? 0 : -1;
}

int fanout_send(struct fanout_slot *slot, struct cluster_request request, struct err *err)
{
	request.on_done = on_done;
	request.ctx = slot;
	slot->work = cluster_send(slot->fanout->cluster, &request, err);
	return slot->work ? 0 : -1;
}

int fanout_pause(struct fanout_slot *slot, int64_t pause_ms, struct err *err)
{
	slot->work = cluster_after(slot->fanout->cluster, pause_ms, on_pause_over, slot, err);
	return slot->work ? 0 : -1;
}

void fanout_fail(struct fanout *fanout, const struct err *err)
{
	if (!fanout->failure) {
		fanout->failure_storage = *err;
		fanout->failure = &fanout->failure_storage;
	}
	drop_items(fanout);
	fanout->next = fanout->count;
	fanout->active = 0;
}
