/*
 * alert_queue.h - the notices that wait for one sink, in order and bounded. A pure value.
 *
 * What was told twice is told once: a condition that ends while its beginning waits is not told at
 * all, and of several reminders one waits. When there is no room, the oldest of the least severe
 * goes.
 *
 * A message is made of the first notice and those after it that the sink puts into one (`joins`).
 * They stay in the queue, in flight, until it is known what became of them. Of one key nothing
 * overtakes anything.
 */
#ifndef AGENT_ALERT_QUEUE_H
#define AGENT_ALERT_QUEUE_H

#include "agent/notice.h"

#define ALERT_QUEUE_MAX   256 /* notices */
#define ALERT_MESSAGE_MAX 64  /* notices that one message can hold */

struct alert_entry {
	struct notice *notice;
	bool in_flight;
	bool tried; /* it may have arrived */
};

/* Zero-initialised is empty. */
struct alert_queue {
	struct alert_entry entries[ALERT_QUEUE_MAX];
	size_t count;
};

enum alert_added {
	ALERT_ADDED,
	ALERT_COLLAPSED, /* nobody needs to be told any more */
	ALERT_REPLACED,  /* there was no room: *ret_dropped went */
};

void alert_queue_release(struct alert_queue *queue);

/*
 * Adds the notice and takes a reference. *ret_dropped is the one that had to go, which may be
 * `notice` itself; the caller drops the reference.
 */
enum alert_added alert_queue_add(struct alert_queue *queue, struct notice *notice,
				 struct notice **ret_dropped);

/* Whether something waits that is not in flight. */
bool alert_queue_waits(const struct alert_queue *queue);

/*
 * Marks those that go into one message as in flight, at most `max`, and puts them into
 * `ret_notices` (borrowed until alert_queue_settle). How many; 0: none, or some are in flight
 * already.
 */
size_t alert_queue_take(struct alert_queue *queue, size_t max,
			bool (*joins)(const struct notice *first, const struct notice *other),
			struct notice *ret_notices[ALERT_MESSAGE_MAX]);

/* Those in flight are done with, or wait for another try; `may_have_arrived` counts for these. */
void alert_queue_settle(struct alert_queue *queue, bool done, bool may_have_arrived);

/* The first with that key and state; NULL: none. Borrowed. */
struct alert_entry *alert_queue_find(struct alert_queue *queue, const char *key,
				     enum notice_state state);

/* Takes out what waits and is about the app. */
void alert_queue_forget(struct alert_queue *queue, const char *app);

#endif
