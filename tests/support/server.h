/*
 * server.h - a server that says what a test tells it to, byte by byte, and notes what it is asked.
 *
 * It speaks HTTP/1.1 just far enough to take requests apart; answers are raw bytes, so that a test
 * can have any fault it likes. It runs in threads of its own.
 */
#ifndef TESTS_SUPPORT_SERVER_H
#define TESTS_SUPPORT_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct server;

/* Which requests, and what they get. The first rule that matches and is not used up counts. */
struct server_rule {
	const char *match; /* how the request begins: "GET /api/v1/pods"; "" matches all */
	const char *holds; /* what it has somewhere: "Bearer a\r\n"; NULL: whatever */
	const char *raw;   /* the answer; NULL: the connection is closed without one */
	size_t piece;      /* bytes sent at a time; 0: all at once */
	int times;         /* how often; 0: for ever */
	bool hang;         /* after the answer the connection stays open and silent */
	bool close;        /* after the answer it is closed */
	bool reset; /* the answer comes 5 ms later, when it is waited for, and RST after it */
};

/* Listens on a free port of 127.0.0.1. */
struct server *server_start(void);

/* Closes everything and forgets. */
void server_stop(struct server *server);

/* "http://127.0.0.1:PORT" */
const char *server_url(const struct server *server);

/* Strings are copied. */
void server_add(struct server *server, struct server_rule rule);

/* Adds a rule that answers with a status, header lines ("" or each ended by \r\n) and a body. */
void server_answer(struct server *server, const char *match, int times, int status,
		   const char *headers, const char *body);

/* How many requests came; those that begin with `match`. */
size_t server_count(struct server *server, const char *match);

/*
 * The n-th request (from 0) that begins with `match`, whole, with headers and body. Fails if there
 * is none. Valid until server_stop.
 */
const char *server_request(struct server *server, const char *match, size_t index);

#endif
