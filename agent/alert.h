/*
 * alert.h - one sink's own life: what it is told, when, and how often it is tried.
 *
 * A message waits ALERT_GATHER_MS for what belongs to it, then leaves; the sink's pause is kept
 * between two. One that is not taken is tried again, after a pause that doubles from
 * ALERT_BACKOFF_MS to ALERT_BACKOFF_MAX_MS, with jitter, or the one that the receiver asks for;
 * what is refused for good is counted and logged. A sink that fails is one line in the log when
 * that begins, and one when it is over.
 */
#ifndef AGENT_ALERT_H
#define AGENT_ALERT_H

#include "agent/alert_held.h"
#include "agent/notices.h"
#include "agent/sink.h"

#define ALERT_GATHER_MS      200
#define ALERT_BACKOFF_MS     1000
#define ALERT_BACKOFF_MAX_MS (5 * 60 * 1000)
#define ALERT_MAX_PAUSE_MS   (60 * 60 * 1000) /* that a receiver can ask for */

struct alert;

struct alert_options {
	const struct notices_options *hub; /* copied */
	const struct config_sink *config;  /* copied */
	void (*on_idle)(void *context);    /* while it is flushed: nothing is left */
	/* It has nothing more to tell of the app, as it had a moment ago. */
	void (*on_settled)(void *context, const char *app);
	void *context;
};

/* ERR_NO_MEMORY only. */
int alert_new(const struct alert_options *options, struct alert **ret_alert, struct err *err);

/* Gives up on everything; the loop frees it on a later turn. NULL is fine. */
void alert_free(struct alert *alert);

const struct config_sink *alert_config(const struct alert *alert);

/* Tells those that pass its filters. */
void alert_tell(struct alert *alert, struct notice *const *items, size_t count);

/* Tells a new sink what holds already, if its type is told that again and again (resend_ms). */
void alert_catch_up(struct alert *alert, const struct alert_held *held);

/*
 * Tells a begin or an end that the process before this one could not, or did not see taken: it may
 * have arrived.
 */
void alert_tell_again(struct alert *alert, struct notice *notice);

/* Whether it has still to tell of that begin or end. */
bool alert_owes(struct alert *alert, const char *key, enum notice_state state);

/* What it has still to tell of the app, from *index on, which moves on; NULL: no more. Borrowed. */
const struct notice *alert_next_owed(const struct alert *alert, const char *app, size_t *index);

/* As notices_forget and notices_leave_cluster. */
void alert_forget(struct alert *alert, const char *app);
void alert_leave_cluster(struct alert *alert, struct cluster *cluster);

/*
 * From now on nothing waits, and nothing is tried twice. Whether something is left, of which
 * on_idle will tell.
 */
bool alert_flush(struct alert *alert);

struct notices_count alert_count(const struct alert *alert);

#endif
