/*
 * controller_queue.h - which objects a controller has to look at, and when.
 *
 * Level-triggered: an object is in the queue at most once, however often it was added, and its
 * controller reads the present state when its turn comes. Turns come from the loop, one a time, so
 * that requests are answered between them.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_QUEUE_H
#define TESTS_KUBESIM_CONTROLLER_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/kubesim/loop.h"

/* May add to the queue, also the same object. */
typedef void queue_run_fn(void *context, const char *namespace, const char *name);

struct queue_item {
	char *namespace, *name;
	int64_t due_ms;
};

/* A member of its controller. */
struct queue {
	struct timer timer;
	queue_run_fn *run;
	void *context;
	struct queue_item *items;
	size_t count, capacity;
};

void queue_init(struct queue *queue, struct loop *loop, queue_run_fn *run, void *context);
void queue_release(struct queue *queue);

/* Has the object looked at in `after_ms`, or earlier if it is already due earlier. */
void queue_add(struct queue *queue, const char *namespace, const char *name, int64_t after_ms);

#endif
