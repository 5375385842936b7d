/*
 * server_private.h - what the server's own files share: its turns (server_turn.c), its connections
 * with the room that each may take (server_connection.c), and the requests that are over them
 * (server.c).
 */
#ifndef AGENT_SERVER_PRIVATE_H
#define AGENT_SERVER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <microhttpd.h>
#include <uv.h>

#include "agent/listen.h"
#include "agent/server.h"
#include "apply/ids.h"
#include "diff/buf.h"

#define PEER_KEY_SIZE 16

/* What a connection is at; each has its deadline. */
enum phase {
	PHASE_FIRST,   /* connected, and has not asked yet */
	PHASE_REQUEST, /* a request is read, handled or answered */
	PHASE_IDLE,    /* answered */
	PHASE_SHUT     /* given up on; libmicrohttpd has not noticed yet */
};

struct listener {
	struct server *server;
	enum server_listener which;
	struct MHD_Daemon *daemon; /* NULL: there is none */
	uv_poll_t poll;            /* on the daemon's epoll */
	char address[LISTEN_ADDRESS_SIZE];
};

struct connection {
	struct server *server;
	enum server_listener listener;
	int fd;
	unsigned char key[PEER_KEY_SIZE]; /* whom it counts against */
	char peer[SERVER_PEER_SIZE];
	enum phase phase;
	uint64_t since_ms; /* of the phase, on the loop's clock */

	/* The request that it is at. */
	uint64_t id; /* 0: none yet, or answered */
	struct MHD_Connection *handle;
	bool suspended;
	bool refused; /* the body is too large; what comes of it yet is dropped */
	bool asked;   /* the handler was, and may answer later */
	struct buf body;
	struct MHD_Response *response; /* to be queued at the next call */
	int status;                    /* of the answer; 0: none */

	struct connection *previous, *next;
};

struct server {
	struct server_options options;
	struct listener listeners[SERVER_LISTENER_COUNT];
	uv_timer_t turn;  /* when libmicrohttpd wants to run without a descriptor being ready */
	uv_timer_t sweep; /* deadlines; runs while there are connections */
	unsigned open_handles;
	struct connection *connections; /* the newest first */
	size_t connection_count;
	size_t body_bytes; /* of all of them */
	struct ids requests;
	bool ending;
};

/* --- turns ------------------------------------------------------------------------------------ */

/* Lets libmicrohttpd do what it has to, and plans the next time that it wants to. */
void server_turn(struct server *server);

/* The same, from the loop. */
void server_turn_soon(struct server *server);

/* --- connections ------------------------------------------------------------------------------ */

/* The loop's clock. */
uint64_t server_now_ms(const struct server *server);

/* Among the server's, in PHASE_FIRST; NULL when memory runs out. */
struct connection *connection_new(struct listener *listener, struct MHD_Connection *handle);
void connection_free(struct connection *connection);

/* Its phase begins now. */
void connection_enter(struct connection *connection, enum phase phase);

/* libmicrohttpd goes on with it, if it was suspended. */
void connection_resume(struct connection *connection);

/* Gives up on it: libmicrohttpd finds it closed the next time that it looks. */
void connection_shut(struct connection *connection);

/* The connection is ready for another request. */
void connection_request_end(struct connection *connection);

/* Shuts another one where the newest is too many, in all or from its address. */
void connection_make_room(struct server *server, const struct connection *newest);

/* Of the others' bodies the oldest go until this one's has room. */
void connection_make_room_for_body(struct server *server, const struct connection *newest);

void connection_drop_body(struct connection *connection);

#endif
