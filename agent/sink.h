/*
 * sink.h - how one message leaves: each kind of receiver is a type, which sends one at a time.
 *
 * The queue, the pauses and the tries are alert.h's; a type only says how it is put into words, and
 * whether it was taken. What is in files (address, token, key) is read at each message, so that it
 * can be rotated, and is in no error.
 */
#ifndef AGENT_SINK_H
#define AGENT_SINK_H

#include "agent/config.h"
#include "agent/notice.h"

struct uv_loop_s;
struct cluster;
struct sink;

#define SINK_TIMEOUT_MS        15000 /* of one message */
#define SINK_MAX_MESSAGE_BYTES (512u * 1024)

struct sink_result {
	bool taken;
	bool again;             /* not taken, but may be at another try */
	bool may_have_arrived;  /* ... although nobody said so */
	int64_t retry_after_ms; /* that the receiver asks for; -1: it says nothing */
	/* What went wrong, if anything did: also where it was taken, but not by all receivers. */
	struct err err;
};

struct sink_type {
	const char *name;
	size_t max_notices; /* of one message */
	int64_t pause_ms;   /* between two messages */
	/*
	 * What holds is told again that often, whatever the reminders: the receiver forgets it
	 * otherwise. 0: it does not.
	 */
	int64_t resend_ms;

	bool (*wants)(const struct notice *notice); /* NULL: all */
	bool (*joins)(const struct notice *first, const struct notice *other);

	/* Sends one message, of notices that are borrowed until sink_done is called, once. */
	void (*send)(struct sink *sink, struct notice *const *notices, size_t count);

	/* Gives up on what is under way; no sink_done comes any more. Nothing under way is fine. */
	void (*stop)(struct sink *sink);

	/* The cluster is about to be freed; NULL: the type knows none. */
	void (*leave_cluster)(struct sink *sink, struct cluster *cluster);

	/* Frees what the type keeps in `work` between messages; NULL: nothing. */
	void (*release)(struct sink *sink);
};

struct sink {
	const struct sink_type *type;
	const struct config_sink *config;
	struct uv_loop_s *loop;
	struct cluster *(*cluster_of)(void *context, const char *app); /* notices.h */
	void *cluster_context;

	/* May be called from within send. */
	void (*on_done)(void *context, const struct sink_result *result);
	void *context;
	void *work; /* the type's own */
};

extern const struct sink_type sink_slack, sink_cloudevents, sink_alertmanager, sink_events,
	sink_command;

/* The table of types. */
const struct sink_type *sink_type_of(enum config_sink_type type);

/* What every type calls at the end of a message. */
void sink_done(struct sink *sink, const struct sink_result *result);

/* The same for a message that could not even be made: trying again would not help. */
void sink_failed(struct sink *sink, const struct err *err);

/* --- how messages read ----------------------------------------------------------------------- */

/* One message for each app, of one kind and state: what several types join. */
bool sink_joins_same_kind(const struct notice *first, const struct notice *other);
bool sink_joins_same_app(const struct notice *first, const struct notice *other);
bool sink_joins_all(const struct notice *first, const struct notice *other);
bool sink_joins_none(const struct notice *first, const struct notice *other);

/*
 * Slack's incoming webhook, and what takes the same: {text, attachments}. Of texts &, < and > are
 * escaped, as Slack asks for.
 */
int sink_slack_print(struct notice *const *notices, size_t count, struct buf *out, struct err *err);

/*
 * A CloudEvent 1.0 in structured mode (cloudevents.io). Its id is the same whenever the same is
 * told again, so that receivers can tell.
 */
int sink_cloudevents_print(struct notice *const *notices, size_t count, struct buf *out,
			   struct err *err);

/* The body of POST /api/v2/alerts. */
int sink_alertmanager_print(struct notice *const *notices, size_t count, struct buf *out,
			    struct err *err);

#endif
