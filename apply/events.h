/*
 * events.h - Kubernetes Events about objects (events.k8s.io/v1), so that `kubectl describe` shows
 * what the agent has to say.
 *
 * An Event is in the namespace of the object, in "default" where the object has none. One that
 * repeats what one before it said of the same object counts up in its series instead of adding
 * another; that is remembered of the last EVENTS_KEPT.
 */
#ifndef APPLY_EVENTS_H
#define APPLY_EVENTS_H

#include "apply/cluster.h"
#include "diff/digest.h"
#include "diff/object.h"

#define EVENTS_KEPT           256
#define EVENTS_MAX_NOTE_BYTES 1024 /* the server's limit */

struct events_kept {
	char digest[DIGEST_HEX_SIZE]; /* of what it says, of whom, in which cluster */
	cJSON *event;                 /* as the server has it; NULL: the place is free */
};

/* Zero-initialised is empty. */
struct events {
	struct events_kept kept[EVENTS_KEPT];
	size_t next; /* the place that is taken next */
};

struct event {
	const struct ref *ref;
	const char *uid;             /* of the object; "" where it is not known */
	bool warning;                /* its type: Warning, else Normal */
	const char *reason, *action; /* in CamelCase, 128 bytes at most */
	const char *note;            /* cut at EVENTS_MAX_NOTE_BYTES, at a character's end */
	const char *instance;        /* which agent says so: the host's name */
	int64_t now_ms;
};

void events_release(struct events *events);

/*
 * Sends it; its id, or 0 with *err. on_done's `err` is NULL where it was taken. `events` has to
 * live until then, or until the id is cancelled. Tried once: the caller tries again.
 */
uint64_t events_send(struct events *events, struct cluster *cluster, const struct event *event,
		     void (*on_done)(void *ctx, const struct err *err), void *ctx, struct err *err);

/* The Event as the server is sent it, without a series. For tests, too. */
int event_to_json(const struct event *event, cJSON **ret_json, struct err *err);

#endif
