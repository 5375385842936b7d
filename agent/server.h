/*
 * server.h - HTTP/1.1 on the loop: the only room that knows libmicrohttpd.
 *
 * It listens, reads requests and sends answers; what they mean is for whoever handles them (api.h).
 * No threads: everything happens in the loop's, callbacks too.
 *
 * Whoever connects is a stranger, so nothing that he sends or leaves unsent costs more than a
 * bounded amount. Where there are too many connections, in all or from one address, the one that
 * has waited longest makes room for the newest: idle and slow clients cannot keep a probe from
 * being answered, and those behind one address (a proxy, a node) cannot be locked out by one of
 * them. The same with the bytes of all bodies together. What is wrong with a request on the level
 * of HTTP is answered by libmicrohttpd (400, 431, 505), not with JSON.
 */
#ifndef AGENT_SERVER_H
#define AGENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

struct uv_loop_s;
struct server;
struct server_headers; /* of one request */

#define SERVER_MAX_CONNECTIONS             128
#define SERVER_MAX_CONNECTIONS_PER_ADDRESS 64 /* IPv6: per /64 */
#define SERVER_MAX_HEADER_BYTES            (16u * 1024)
#define SERVER_MAX_BODIES_BYTES            (8u * 1024 * 1024) /* of all requests together */

#define SERVER_FIRST_MS   10000 /* from the connection to its first request line */
#define SERVER_IDLE_MS    75000 /* from an answer to the next request line */
#define SERVER_REQUEST_MS 30000 /* from a request line to the answer's last byte */

#define SERVER_PEER_SIZE 46

/* Which of the listeners a request came to. */
enum server_listener { SERVER_OPEN, SERVER_API };
#define SERVER_LISTENER_COUNT (SERVER_API + 1)

/* Borrowed during the callback. */
struct server_request {
	uint64_t id;
	enum server_listener listener;
	const char *method;          /* "GET" */
	const char *path;            /* percent-decoded, without the query */
	char peer[SERVER_PEER_SIZE]; /* "10.1.2.3" */
	const struct server_headers *headers;
	const char *body; /* NUL-terminated */
	size_t body_length;
};

/* The value of a header (in any case), "" where there is none. */
const char *server_header(const struct server_request *request, const char *name);

struct server_header {
	const char *name, *value;
};

struct server_response {
	int status;
	const char *content_type;
	char *take_body; /* freed with free(); NULL: none */
	size_t body_length;
	struct server_header headers[2]; /* more of them; NULL names end them */
};

struct server_options {
	struct uv_loop_s *loop;
	const char *listen[SERVER_LISTENER_COUNT]; /* addresses (listen.h); NULL: none */

	/*
	 * The headers are here, the body is not. Either answers at once (server_reply), then the
	 * body is not read; or tells how many bytes of it may come.
	 */
	size_t (*on_head)(void *context, const struct server_request *request);

	/* The request is whole: server_reply, now or later. */
	void (*on_request)(void *context, const struct server_request *request);

	/*
	 * Fills in what is said of a request that the server itself refuses: 413 (its body is too
	 * large), 504 (nobody replied in time).
	 */
	void (*on_refused)(void *context, int status, struct server_response *response);

	void *context;
};

/*
 * Listens. The strings are not kept. NULL with *err: as listen_parse and listen_open have it;
 * ERR_NO_MEMORY, ERR_INTERNAL.
 */
struct server *server_new(const struct server_options *options, struct err *err);

/*
 * Closes everything at once, without callbacks; not to be called from one. The loop has to turn
 * once more before it is closed. NULL is fine.
 */
void server_free(struct server *server);

/* Where the listener listens in fact, "127.0.0.1:41235"; NULL where there is none. */
const char *server_address(const struct server *server, enum server_listener listener);

/* Answers a request; one that is over by now is fine. Takes the body in every case. */
void server_reply(struct server *server, uint64_t id, struct server_response *response);

/* How many connections there are. */
size_t server_connections(const struct server *server);

#endif
