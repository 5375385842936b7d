/*
 * notice.h - what people are told of: one table of kinds, and one notice as a value.
 *
 * A notice says that a condition begins, holds on or ends, or that something has happened once. It
 * is made by the notice board of an app (notice_board.h), passes the hub (notices.h), and goes as
 * one value to every sink that wants it. It never changes once it is made; who keeps it takes a
 * reference.
 *
 * `tranche help alerts`, docs/alerts.md and the configuration's list of kinds come from the table
 * or are checked against it.
 */
#ifndef AGENT_NOTICE_H
#define AGENT_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/object.h"

#define NOTICE_MAX_TEXT_BYTES 4096
#define NOTICE_MAX_FIELDS     32 /* more are dropped */

enum notice_severity { NOTICE_INFO, NOTICE_WARNING, NOTICE_CRITICAL };
#define NOTICE_SEVERITY_COUNT (NOTICE_CRITICAL + 1)

enum notice_kind {
	NOTICE_DRIFT,
	NOTICE_DRIFT_FIGHT,
	NOTICE_SYNC_FAILED,
	NOTICE_SOURCE_FAILED,
	NOTICE_SIGNATURE_REFUSED,
	NOTICE_COMMIT_REFUSED,
	NOTICE_CLUSTER_LOST,
	NOTICE_PRUNE_REFUSED,
	NOTICE_ROLLOUT_STUCK,
	NOTICE_ROLLOUT_BLOCKED,
	NOTICE_ROLLOUT_ROLLED_BACK,
	NOTICE_CANARY_READY,
	NOTICE_ROLLOUT_COMPLETE,
	NOTICE_SYNCED,
	NOTICE_CONFIG_REFUSED,
	NOTICE_TEST,
};
#define NOTICE_KIND_COUNT (NOTICE_TEST + 1)

struct notice_kind_row {
	const char *name;       /* in the configuration, in keys: "rollout-stuck" */
	const char *camel_name; /* an Event's reason, and behind "Tranche" an alert's name */
	enum notice_severity severity;
	bool lasts;        /* it begins and ends; else it happens */
	const char *title; /* "Rollout stuck" */
	const char *help;  /* a sentence for people */
};
extern const struct notice_kind_row notice_kinds[NOTICE_KIND_COUNT];

/* Whether there is a kind, a severity of that name, and which. */
bool notice_kind_find(const char *name, enum notice_kind *ret_kind);
bool notice_severity_find(const char *name, enum notice_severity *ret_severity);

/* "info", "warning", "critical" */
const char *notice_severity_name(enum notice_severity severity);

/* The table for people, a kind a paragraph: what `tranche help alerts` prints. */
void notice_print_kinds(struct buf *out);

enum notice_state {
	NOTICE_BEGINS,
	NOTICE_HOLDS, /* it was told before, by this process or the one before, and holds on */
	NOTICE_ENDS,
	NOTICE_ONCE,
};

/* "begins", "holds", "ends", "once" */
const char *notice_state_name(enum notice_state state);

struct notice_field {
	char *name, *value;
};

struct notice {
	unsigned references;
	enum notice_kind kind;
	enum notice_state state;

	/*
	 * What tells this condition from all others, the same each time it comes: "drift shop
	 * shop/statefulset.apps/web". No revision, number or time is in it.
	 */
	char *key;
	char *app;  /* "" where it is about the agent itself */
	char *text; /* a sentence for a person, without app and object; of an end: what ended */

	bool has_object;
	struct ref ref;
	char *uid; /* of the object; "" where it is not known */

	/* Of the commit; "" where there is none. */
	char *revision; /* "main@3f2c1ab" */
	char *commit;   /* in full */
	char *author, *subject;

	struct notice_field *fields; /* more for people: what changed, by whom */
	size_t field_count;

	int64_t since_ms; /* Unix time when it began, or happened */
	int64_t time_ms;  /* Unix time of this notice */
};

/*
 * `ref` and `app` may be NULL. The text is cut at NOTICE_MAX_TEXT_BYTES, at a character's end. Time
 * and begin are now. NULL when memory runs out.
 */
struct notice *notice_new(enum notice_kind kind, enum notice_state state, const char *app,
			  const struct ref *ref, const char *text, int64_t now_ms);

/* Before it is handed on only. */
int notice_set_commit(struct notice *notice, const char *revision, const char *commit,
		      const char *author, const char *subject, struct err *err);
int notice_set_text(struct notice *notice, const char *text, struct err *err);
int notice_set_uid(struct notice *notice, const char *uid, struct err *err);
int notice_add_field(struct notice *notice, const char *name, const char *value, struct err *err);

/* A copy, with all fields, in another state and of another time. NULL when memory runs out. */
struct notice *notice_again(const struct notice *notice, enum notice_state state, int64_t now_ms);

/* A copy of at most that many bytes, cut at a character's end. NULL when memory runs out. */
char *notice_cut(const char *text, size_t max_bytes);

struct notice *notice_hold(struct notice *notice);
void notice_drop(struct notice *notice); /* NULL is fine */
DEFINE_FREE_P(struct notice, notice_drop);

/* Appends the key that such a notice has. */
void notice_print_key(enum notice_kind kind, const char *app, const struct ref *ref,
		      struct buf *out);

/* "shop/statefulset.apps/web", or "" where it is about no object. */
void notice_print_object(const struct notice *notice, struct buf *out);

/* The same, borrowed. */
const char *notice_object(const struct notice *notice);

/* The notice as an object for programs (docs/alerts.md). ERR_NO_MEMORY only. */
int notice_to_json(const struct notice *notice, cJSON **ret_json, struct err *err);

#endif
