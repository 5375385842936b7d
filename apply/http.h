/*
 * http.h - HTTP requests on a libuv loop: the only room that knows libcurl.
 *
 * Any number of requests may be submitted; a bounded number is in flight, the others wait in order.
 * Over TLS, HTTP/2 is taken where the server offers it, with all requests as streams of one
 * connection; otherwise a pool of HTTP/1.1 connections is kept alive. Nothing is throttled on the
 * client's side: the server's 429 is heeded, and how many are in flight follows how busy the server
 * is (http_window.h). Dead peers are noticed by TCP keep-alive probes after 30 s without traffic
 * and by unacknowledged data, on streams too.
 *
 * Credentials are looked at before each request (credentials.h): a request waits for an exec
 * plugin, and one that is answered with 401 is sent once more where they could be renewed. What got
 * not a byte of an answer over a connection that had been used before libcurl itself sends anew, up
 * to five times.
 *
 * Every function is called on the loop's thread. Callbacks come from the loop, never from within
 * http_submit, and may submit, cancel and free as they like. An idle struct http does not keep
 * the loop alive.
 */
#ifndef APPLY_HTTP_H
#define APPLY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/endpoint.h"
#include "diff/err.h"

struct uv_loop_s;

#define HTTP_MAX_RESPONSE_BYTES (64u * 1024 * 1024)  /* where the request names no cap of its own */
#define HTTP_MAX_BUFFERED_BYTES (128u * 1024 * 1024) /* of all responses that are on their way */
#define HTTP_CONNECT_TIMEOUT_MS 10000
#define HTTP_MAX_RETRY_AFTER_MS 600000 /* nobody is made to wait for longer */
#define HTTP_MAX_IN_FLIGHT_1    16  /* requests at once over HTTP/1.1, each on its own connection */
#define HTTP_MAX_IN_FLIGHT_2    100 /* over HTTP/2; the server's own limit of streams counts too */

struct http;

/* What came back. All of it is borrowed during the callback, but `body` can be taken. */
struct http_response {
	int status;    /* 200 and so on */
	char *body;    /* NUL-terminated; STEAL it to keep it, free() it then */
	size_t length; /* of the body */
	const char *content_type, *audit_id; /* "" where there was no such header */
	int64_t retry_after_ms; /* of Retry-After, seconds or a date (RFC 9110, 10.2.3), from 0 to
				   HTTP_MAX_RETRY_AFTER_MS; -1 where there is none */
	const char *warnings;   /* the texts of Warning: 299 headers, one a line; "" if none */
};

struct http_request {
	const char *method;       /* "GET", ...; a string literal */
	const char *target;       /* path and query after the endpoint's server, or a whole URL */
	const char *accept;       /* NULL: application/json */
	const char *content_type; /* of the body; NULL: application/json */
	const char *headers;      /* more, "Name: value" a line; NULL: none; borrowed as body is */
	const char *body;         /* NULL: none; borrowed until the request is over */
	size_t body_length;
	int64_t timeout_ms; /* for all of it; 0: none */
	bool urgent;        /* waits for no place among those in flight, and takes none */
	bool afresh;        /* over a connection of its own: those that are there may be dead */
	size_t max_response_bytes; /* 0: HTTP_MAX_RESPONSE_BYTES; a 2xx stream has no cap */

	/*
	 * Called once, when the request is over. Either `err` is NULL and `response` is what the
	 * server said, whatever its status, or there is no (whole) response:
	 *   ERR_TRANSIENT  "cannot reach https://h:6443: connection refused", timeouts, cut off
	 *   ERR_DENIED     the server's certificate is not trusted, ours is missing or refused;
	 *                  there are no credentials (credentials.h)
	 *   ERR_LIMIT      the response is larger than the cap, or all of them together are than
	 *                  HTTP_MAX_BUFFERED_BYTES
	 * or what may_leave says.
	 * `sent` says whether any of the request may have reached the server.
	 */
	void (*on_done)(void *ctx, const struct err *err, struct http_response *response,
			bool sent);

	/*
	 * Makes it a stream: the body of a 2xx response is handed over in pieces as it comes, cut
	 * anywhere, instead of being gathered; on_done comes at its end with an empty body. A
	 * stream does not count against the bound of what is in flight.
	 */
	void (*on_data)(void *ctx, const char *bytes, size_t length);

	/*
	 * Asked each time that the request is about to be sent over a connection that is there, and
	 * again before the last of its body is, which over HTTP/2 follows the headers: this process
	 * may have been stopped between them. 0: it may leave; -1 with *err: it is over without
	 * having been sent as a whole. Must neither submit nor cancel anything. NULL: it always may
	 * leave.
	 */
	int (*may_leave)(void *ctx, struct err *err);
	void *ctx;
};

/* Copies what it needs of the endpoint. ERR_INVALID for a server that is no http(s) URL. */
struct http *http_new(struct uv_loop_s *loop, const struct endpoint *endpoint, struct err *err);

/*
 * Gives up on everything without a callback. The loop must turn once more (uv_run) before it can
 * be closed; NULL is fine.
 */
void http_free(struct http *http);

/* The request's id, or 0 with *err filled when memory runs out. Strings but the body are copied. */
uint64_t http_submit(struct http *http, const struct http_request *request, struct err *err);

/* Gives up on a request; its callbacks are not called any more. One that is over is fine. */
void http_cancel(struct http *http, uint64_t id);

/*
 * Called with each request that has left and is over: `status` 0 without an answer; `seconds` that
 * it took, negative for a stream. It must not call anything here.
 */
void http_observe(struct http *http,
		  void (*observe)(void *ctx, const char *method, int status, double seconds),
		  void *ctx);

/* How many requests may be in flight at once now. */
size_t http_max_in_flight(const struct http *http);

#endif
