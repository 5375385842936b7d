#include "tests/kubesim/controller_queue.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "tests/kubesim/alloc.h"

/* The item that is due first, of several the one that was added first; the queue is not empty. */
static size_t first_due(const struct queue *queue)
{
	size_t first = 0;

	for (size_t i = 1; i < queue->count; i++) {
		if (queue->items[i].due_ms < queue->items[first].due_ms)
			first = i;
	}
	return first;
}

static void schedule(struct queue *queue)
{
	int64_t after_ms;

	if (queue->count == 0)
		return;
	after_ms = queue->items[first_due(queue)].due_ms - loop_now_ms(queue->timer.loop);
	timer_start(&queue->timer, after_ms > 0 ? after_ms : 0);
}

static void item_release(struct queue_item *item)
{
	free(item->namespace);
	free(item->name);
}

static void run_next(void *context)
{
	struct queue *queue = context;
	size_t first = first_due(queue);
	CLEANUP(item_release) struct queue_item item = queue->items[first];

	queue->count--;
	memmove(&queue->items[first], &queue->items[first + 1],
		(queue->count - first) * sizeof *queue->items);
	queue->run(queue->context, item.namespace, item.name);
	schedule(queue);
}

void queue_init(struct queue *queue, struct loop *loop, queue_run_fn *run, void *context)
{
	*queue = (struct queue){.run = run, .context = context};
	timer_init(&queue->timer, loop, run_next, queue);
}

void queue_release(struct queue *queue)
{
	timer_stop(&queue->timer);
	for (size_t i = 0; i < queue->count; i++)
		item_release(&queue->items[i]);
	free(queue->items);
}

static struct queue_item *find(const struct queue *queue, const char *namespace, const char *name)
{
	for (size_t i = 0; i < queue->count; i++) {
		struct queue_item *item = &queue->items[i];

		if (strcmp(item->name, name) == 0 && strcmp(item->namespace, namespace) == 0)
			return item;
	}
	return NULL;
}

void queue_add(struct queue *queue, const char *namespace, const char *name, int64_t after_ms)
{
	int64_t due_ms = loop_now_ms(queue->timer.loop) + after_ms;
	struct queue_item *item = find(queue, namespace, name);

	if (item) {
		if (item->due_ms <= due_ms)
			return;
		item->due_ms = due_ms;
	} else {
		if (queue->count == queue->capacity) {
			queue->capacity = queue->capacity ? 2 * queue->capacity : 16;
			queue->items =
				alloc_grow(queue->items, queue->capacity, sizeof *queue->items);
		}
		queue->items[queue->count++] = (struct queue_item){
			.namespace = alloc_copy(namespace),
			.name = alloc_copy(name),
			.due_ms = due_ms,
		};
	}
	schedule(queue);
}
