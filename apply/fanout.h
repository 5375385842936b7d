/*
 * fanout.h - a stage's many requests: a bounded number under way, one end.
 *
 * A stage embeds a struct fanout and runs it over numbered items. Each item takes any number of
 * requests and pauses, one after another; items run side by side.
 */
#ifndef APPLY_FANOUT_H
#define APPLY_FANOUT_H

#include "apply/cluster.h"

#define FANOUT_WIDTH 128 /* items under way; http.h bounds the requests in flight below that */

struct fanout;

/* An item that is under way. */
struct fanout_slot {
	struct fanout *fanout;
	size_t index;
	uint64_t work; /* the request or timer it waits for; 0: the slot is free */
};

struct fanout_ops {
	/* Begins the item with fanout_send or fanout_pause; with neither it needs nothing. */
	void (*start)(void *stage, size_t index, struct fanout_slot *slot);

	/*
	 * What was waited for is there: the request's end, or after a pause NULL and NULL. Goes on
	 * with fanout_send or fanout_pause, or the item is over. The stage may be cancelled in a
	 * callback that this makes, if it touches nothing after it.
	 */
	void (*proceed)(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
			struct cluster_answer *answer);

	/*
	 * All items are over, or fanout_fail was called (`err` says why, else NULL). Calls
	 * fanout_run for more, or fanout_release and frees the stage.
	 */
	void (*finish)(void *stage, const struct err *err);

	/* The stage was cancelled: releases the fanout and frees the stage. */
	void (*cancel)(void *stage);
};

struct fanout {
	struct cluster *cluster;
	const struct fanout_ops *ops;
	size_t width; /* the stage's own limit of items under way, below FANOUT_WIDTH; 0: that */
	void *stage;
	uint64_t task, kick;
	size_t count, next, active;
	struct fanout_slot slots[FANOUT_WIDTH];
	struct err *failure; /* NULL: none; points to `failure_storage` */
	struct err failure_storage;
	bool *released; /* set when it is released while a callback runs */
};

/* The stage's id, for cluster_cancel; 0 with *err when memory runs out. */
uint64_t fanout_init(struct fanout *fanout, struct cluster *cluster, const struct fanout_ops *ops,
		     void *stage, struct err *err);

/* Cancels what is under way and ends the stage's id. */
void fanout_release(struct fanout *fanout);

/* Runs the items 0 to count-1, from the loop. -1 with *err when memory runs out. */
int fanout_run(struct fanout *fanout, size_t count, struct err *err);

/*
 * Sends a request for the item (on_done and ctx are filled in), or lets it pause. -1 with *err
 * where even that fails; the item then waits for nothing.
 */
int fanout_send(struct fanout_slot *slot, struct cluster_request request, struct err *err);
int fanout_pause(struct fanout_slot *slot, int64_t pause_ms, struct err *err);

/* Starts no more items, drops those under way, and finishes with this error. */
void fanout_fail(struct fanout *fanout, const struct err *err);

#endif
