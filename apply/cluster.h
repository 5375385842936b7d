/*
 * cluster.h - the connection to a Kubernetes API server, as the other rooms use it.
 *
 * JSON in, JSON out, with the server's refusals as errors (refusal.h) and retries where they are
 * safe. Everything that is under way (requests, timers, and the stages and watches that other
 * rooms build of them) has an id in one number space; cluster_cancel gives up on any of them and
 * cluster_free on all. Ids are never used twice; 0 names nothing.
 *
 * Single-threaded, on the loop handed in. Callbacks come from the loop, never from within the
 * function that starts something, and may call anything here, cluster_free included. While
 * nothing is under way the loop is free to end.
 */
#ifndef APPLY_CLUSTER_H
#define APPLY_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/kubeconfig.h"
#include "diff/json.h"

struct uv_loop_s;
struct cluster;

#define CLUSTER_TIMEOUT_MS     60000 /* one attempt at a request */
#define CLUSTER_RETRY_MS       30000 /* how long a request is tried again after its first failure */
#define CLUSTER_BACKOFF_MS     250 /* the first pause between two attempts; doubles, with jitter */
#define CLUSTER_BACKOFF_MAX_MS 8000

/* Of an answer's body. A page of a list (page.h) may have as much as http.h permits. */
#define CLUSTER_MAX_ANSWER_BYTES (16u * 1024 * 1024)

/* Copies what it needs of the config. NULL with *err on failure; nothing is sent yet. */
struct cluster *cluster_new(struct uv_loop_s *loop, const struct kubeconfig *config,
			    struct err *err);

/*
 * Cancels whatever is under way, without callbacks, and frees. The loop must turn once more
 * (uv_run) before it can be closed. NULL is fine.
 */
void cluster_free(struct cluster *cluster);

/* "https://10.0.0.1:6443", for messages. */
const char *cluster_server(const struct cluster *cluster);

/*
 * Called with each warning that the server sends (Warning: 299, see RFC 7234, 5.5): deprecated API
 * versions, fields that will not work. The same text is passed on once only; the callback must not
 * free the cluster. Those that belong to a write are also in target.h's `warnings`.
 */
void cluster_on_warning(struct cluster *cluster, void (*on_warning)(void *ctx, const char *text),
			void *ctx);

/* Passes on what the answer to a quiet request had in `warnings`. */
void cluster_warn(struct cluster *cluster, const char *warnings);

/* As http_observe: each try at a request counts. */
void cluster_observe(struct cluster *cluster,
		     void (*observe)(void *ctx, const char *method, int status, double seconds),
		     void *ctx);

/* How long requests that start from now on are tried again; CLUSTER_RETRY_MS at first, 0: never. */
void cluster_set_retry(struct cluster *cluster, int64_t retry_ms);

/*
 * Asks `may_write` about each request that may change something (neither a GET nor `repeatable`),
 * when there is a connection and it is about to be sent, also when it had to wait or is tried
 * again. Where that returns -1 the request fails with its *err, and is not sent (again). It may not
 * call anything here. NULL: all may.
 */
void cluster_set_fence(struct cluster *cluster, int (*may_write)(void *ctx, struct err *err),
		       void *ctx);

/* --- one request ------------------------------------------------------------------------------ */

struct cluster_answer {
	cJSON *body; /* what the server sent, an object; STEAL it to keep it. NULL on failure */
	int status;  /* of HTTP; 0 where there was none */
	int64_t retry_after_ms; /* as http.h has it; -1: the server did not say */
	const char *warnings;   /* one a line; "" if none */
};

struct cluster_request {
	const char *method; /* "GET", "POST", "PUT", "DELETE": a string literal */
	const char *path;   /* with the query, percent-encoded (resource.h makes it) */
	const char *accept; /* NULL: application/json */
	/* More of them, "Name: value" a line; NULL: none. Borrowed until the request is over. */
	const char *headers;
	/*
	 * NULL: none; it is written out at once. What the server says of a Secret has its values
	 * masked (diff/secret.h).
	 */
	const cJSON *body;
	bool once;          /* not tried again, whatever comes (but see below) */
	bool repeatable;    /* stores nothing (a dry run): tried again like a read */
	bool quiet;         /* what the server warns of is in the answer only, for cluster_warn */
	bool unfenced;      /* the fence is not asked */
	bool urgent;        /* overtakes all others that wait */
	bool afresh;        /* over a connection of its own */
	int64_t timeout_ms; /* 0: CLUSTER_TIMEOUT_MS */

	/*
	 * Called once. `err` is NULL for a 2xx answer that could be read; else see refusal.h for
	 * the classes, and http.h where the server could not be reached; then `body` is the
	 * server's Status if it sent one.
	 */
	void (*on_done)(void *ctx, const struct err *err, struct cluster_answer *answer);
	void *ctx;
};

/*
 * Sends it; returns its id, or 0 with *err (ERR_NO_MEMORY, ERR_LIMIT for a body above 3 MiB, which
 * is the server's own limit).
 *
 * Tried again, with exponential backoff and jitter until CLUSTER_RETRY_MS have passed: whatever the
 * server throttles with 429, after the pause it asks for; requests that surely never left (nobody
 * listens, no such host); reads (GET) also after a cut connection (twice at least, however late it
 * is), a timeout and 500, 502, 503, 504. A 401 is tried again once where the credentials could be
 * renewed (http.h).
 *
 * A write that may have arrived is not tried again, with one exception: libcurl itself sends anew,
 * a `once` too, what got not a byte of an answer over a connection that had been used before,
 * because the server mostly had closed it by then, or refused the stream (RFC 9110, 9.2.2; RFC
 * 9113, 8.7). The fence is asked that time too. So a write has to be one that does nothing when it
 * comes twice: a POST names its object, PUT and DELETE the version that they are about.
 */
uint64_t cluster_send(struct cluster *cluster, const struct cluster_request *request,
		      struct err *err);

/*
 * Of a request that failed: whether no other one would fare better now, because nobody answers or
 * nobody knows us. A stage then fails as a whole, so that this is said once.
 */
bool cluster_is_lost(const struct err *err, const struct cluster_answer *answer);

/* Gives up on a request, timer, stage or watch: no callback of it comes any more. */
void cluster_cancel(struct cluster *cluster, uint64_t id);

/* --- for the rooms that are built on it ------------------------------------------------------- */

/* Calls back once after that time; its id, or 0 with *err when memory runs out. */
uint64_t cluster_after(struct cluster *cluster, int64_t delay_ms, void (*callback)(void *ctx),
		       void *ctx, struct err *err);

/*
 * Registers something that consists of many requests, so that it has an id and ends with the
 * cluster. `cancel` must cancel its parts and free it; it is not called after cluster_task_end.
 */
uint64_t cluster_task_begin(struct cluster *cluster, void (*cancel)(void *task), void *task,
			    struct err *err);
void cluster_task_end(struct cluster *cluster, uint64_t id);

/*
 * A stream of the response's body (a watch). Not tried again. on_done's err is NULL when the stream
 * ended cleanly; a refusal is an error as for cluster_send, with what the server asks for in
 * retry_after_ms, or -1.
 */
struct cluster_stream {
	const char *path;
	int64_t timeout_ms; /* for the whole stream */
	void (*on_data)(void *ctx, const char *bytes, size_t length);
	void (*on_done)(void *ctx, const struct err *err, int64_t retry_after_ms);
	void *ctx;
};
uint64_t cluster_open_stream(struct cluster *cluster, const struct cluster_stream *stream,
			     struct err *err);

/* The pause before try number `attempt` (from 0): exponential, capped, with jitter of a quarter. */
int64_t cluster_backoff_ms(struct cluster *cluster, unsigned attempt);

#endif
