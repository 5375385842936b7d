/*
 * alert_held.h - the conditions that hold, as notices, and when each was told last.
 */
#ifndef AGENT_ALERT_HELD_H
#define AGENT_ALERT_HELD_H

#include "agent/notice.h"

#define ALERT_HELD_MAX 10000 /* more are not remembered: they end untold */

struct alert_held_item {
	struct notice *notice;
	int64_t told_ms; /* the caller's clock */
};

/* Zero-initialised is empty. */
struct alert_held {
	struct alert_held_item *items;
	size_t count, capacity;
};

void alert_held_release(struct alert_held *held);

/* Takes a reference, in place of the one with the same key. False when memory runs out. */
bool alert_held_put(struct alert_held *held, struct notice *notice, int64_t now_ms);

/* Whether the key was there; it is not any more. */
bool alert_held_remove(struct alert_held *held, const char *key);

void alert_held_forget(struct alert_held *held, const char *app);

#endif
