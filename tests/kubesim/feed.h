/*
 * feed.h - what changed, in order: for those who subscribe to it at once, and from a bounded history
 * for watches that resume.
 */
#ifndef TESTS_KUBESIM_FEED_H
#define TESTS_KUBESIM_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/kubesim/record.h"

enum change_type { CHANGE_ADDED, CHANGE_MODIFIED, CHANGE_DELETED };

struct change {
	enum change_type type;
	uint64_t version;
	struct record *old; /* NULL for CHANGE_ADDED */
	struct record *new; /* for CHANGE_DELETED the last state, with the deletion's version */
};

/* Called within the write, after it took effect. Records are borrowed: hold what is kept. */
typedef void feed_change_fn(void *context, const struct change *change);

struct subscription;

struct feed {
	struct subscription *subscriptions;
	size_t subscription_count;

	/* A ring; `history_count` changes that end before `history_end`. */
	struct change *history;
	size_t history_size, history_end, history_count;
	uint64_t forgotten; /* the version of the last change that the ring lost */
};

/* Keeps the last `history` changes. */
void feed_init(struct feed *feed, size_t history);
void feed_release(struct feed *feed);

/* Of one resource, or of all where `resource` is NULL. */
void feed_subscribe(struct feed *feed, const char *group, const char *resource,
		    feed_change_fn *changed, void *context);

/* Ends the subscription made with the same function and context; not from within a call of it. */
void feed_unsubscribe(struct feed *feed, feed_change_fn *changed, const void *context);

/* Remembers a change and tells it. `old` is NULL for CHANGE_ADDED. */
void feed_announce(struct feed *feed, enum change_type type, struct record *old,
		   struct record *new);

/*
 * The first change after `version` in the history, or NULL if there is none; valid until the next
 * one. To go on, ask again with that change's version. Before that ask feed_remembers: whether
 * nothing that followed `version` has been forgotten (otherwise a watch answers 410).
 */
const struct change *feed_change_after(const struct feed *feed, uint64_t version);
bool feed_remembers(const struct feed *feed, uint64_t version);

#endif
