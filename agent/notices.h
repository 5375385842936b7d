/*
 * notices.h - the hub: takes what the notice boards of all apps have to tell, and hands it to every
 * sink that wants it.
 *
 * Nothing here waits for anybody: each sink has a bounded queue of its own (alert.h), and what does
 * not fit is dropped and counted.
 */
#ifndef AGENT_NOTICES_H
#define AGENT_NOTICES_H

#include "agent/notice.h"
#include "diff/json.h"

struct uv_loop_s;
struct cluster;
struct config_sink;
struct notices;

#define NOTICES_FLUSH_MS 1400 /* at the end of the agent, for what is still queued */

struct notices_options {
	struct uv_loop_s *loop;

	/* The app's cluster, for Events on its objects; NULL: there is no such app (any more). */
	struct cluster *(*cluster_of)(void *context, const char *app);

	/*
	 * A sink has told the last begin or end of the app that it had still to tell. May be NULL.
	 */
	void (*on_told)(void *context, const char *app);
	void *context;
};

/* Without sinks. ERR_NO_MEMORY only. */
int notices_new(const struct notices_options *options, struct notices **ret_notices,
		struct err *err);

/*
 * From now on these are the sinks; nothing is borrowed. One that is configured as before keeps its
 * queue and what it was told; what others have queued is given up. On failure (ERR_NO_MEMORY)
 * they are as they were.
 */
int notices_configure(struct notices *notices, const struct config_sink *sinks, size_t count,
		      struct err *err);

/*
 * Gives up on what is queued and under way. The loop must turn once more before it can be closed.
 * NULL is fine.
 */
void notices_free(struct notices *notices);
DEFINE_FREE_P(struct notices, notices_free);

/* Tells one sync's, which belong together. References are taken. `notices` may be NULL. */
void notices_tell(struct notices *notices, struct notice *const *items, size_t count);

/*
 * Tells a begin or an end once more, to those sinks alone whose names are in the list: the process
 * before this one had still to tell them. A reference is taken. `notices` may be NULL.
 */
void notices_tell_again(struct notices *notices, struct notice *notice, const cJSON *sinks);

/* Appends the names of the sinks that have still to tell of it to the list. ERR_NO_MEMORY only. */
int notices_print_owing(const struct notices *notices, const char *key, enum notice_state state,
			cJSON *list, struct err *err);

/* The n-th end, of the app's, that a sink has still to tell; NULL beyond the last. Borrowed. */
const struct notice *notices_owed_end(const struct notices *notices, const char *app, size_t n);

/* Sends a test to the sink with this name, or to all (NULL). How many there were. */
size_t notices_test(struct notices *notices, const char *name);

/* The app is no longer ours: no reminders of its conditions any more. */
void notices_forget(struct notices *notices, const char *app);

/* The cluster is about to be freed. */
void notices_leave_cluster(struct notices *notices, struct cluster *cluster);

/* Has all that is queued leave now; calls back once, when that is done or the time is over. */
void notices_flush(struct notices *notices, int64_t deadline_ms, void (*on_flushed)(void *context),
		   void *context);

/* --- for metrics and status ------------------------------------------------------------------ */

struct notices_count {
	const char *sink; /* its name; borrowed */
	const char *type; /* "slack" */
	uint64_t sent;    /* notices that were taken; those that one message held count each */
	uint64_t failed;  /* ... that were refused for good */
	uint64_t dropped; /* ... for which the queue had no room */
	size_t queued;
	bool failing;      /* the last try went wrong ... */
	const char *error; /* ... for this reason; "" */
};

size_t notices_sink_count(const struct notices *notices);
struct notices_count notices_count(const struct notices *notices, size_t index);

#endif
