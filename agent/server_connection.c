#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>
#include <uv.h>

#include "agent/server_private.h"
#include "diff/cleanup.h"

uint64_t server_now_ms(const struct server *server)
{
	return uv_now(server->options.loop);
}

void connection_enter(struct connection *connection, enum phase phase)
{
	connection->phase = phase;
	connection->since_ms = server_now_ms(connection->server);
}

void connection_resume(struct connection *connection)
{
	if (!connection->suspended)
		return;
	connection->suspended = false;
	MHD_resume_connection(connection->handle);
	server_turn_soon(connection->server);
}

void connection_shut(struct connection *connection)
{
	connection_enter(connection, PHASE_SHUT);
	shutdown(connection->fd, SHUT_RDWR);
	connection_resume(connection);
}

/* --- making room ------------------------------------------------------------------------------ */

static bool is_of(const struct connection *connection, const struct connection *other)
{
	return memcmp(connection->key, other->key, PEER_KEY_SIZE) == 0;
}

/* Shuts the one that has been at its phase for longest, but not the newest. */
static void evict(struct server *server, const struct connection *newest, bool same_address)
{
	struct connection *oldest = NULL;

	for (struct connection *c = server->connections; c; c = c->next)
		if (c != newest && c->phase != PHASE_SHUT && (!same_address || is_of(c, newest)) &&
		    (!oldest || c->since_ms <= oldest->since_ms))
			oldest = c;
	if (oldest)
		connection_shut(oldest);
}

void connection_make_room(struct server *server, const struct connection *newest)
{
	size_t in_all = 0, same_address = 0;

	for (const struct connection *c = server->connections; c; c = c->next) {
		in_all += c->phase != PHASE_SHUT;
		same_address += c->phase != PHASE_SHUT && is_of(c, newest);
	}
	if (same_address > SERVER_MAX_CONNECTIONS_PER_ADDRESS)
		evict(server, newest, true);
	else if (in_all > SERVER_MAX_CONNECTIONS)
		evict(server, newest, false);
}

void connection_drop_body(struct connection *connection)
{
	connection->server->body_bytes -= connection->body.length;
	buf_release(&connection->body);
	buf_init(&connection->body, 0);
}

void connection_make_room_for_body(struct server *server, const struct connection *newest)
{
	while (server->body_bytes > SERVER_MAX_BODIES_BYTES) {
		struct connection *oldest = NULL;

		for (struct connection *c = server->connections; c; c = c->next)
			if (c != newest && c->body.length > 0 &&
			    (!oldest || c->since_ms <= oldest->since_ms))
				oldest = c;
		if (!oldest)
			return;
		connection_drop_body(oldest);
		connection_shut(oldest);
	}
}

/* --- their life -------------------------------------------------------------------------------- */

/* Who it is; of an IPv6 address the half counts that one network has. */
static void read_peer(struct connection *connection, const struct sockaddr *address)
{
	const struct sockaddr_in6 *v6 = (const void *)address;
	const struct sockaddr_in *v4 = (const void *)address;

	if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
		memcpy(connection->key, &v6->sin6_addr.s6_addr[12], 4);
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], connection->peer,
			  sizeof(connection->peer));
	} else if (address->sa_family == AF_INET6) {
		memcpy(connection->key, &v6->sin6_addr, 8);
		connection->key[PEER_KEY_SIZE - 1] = 1; /* no IPv4 address */
		inet_ntop(AF_INET6, &v6->sin6_addr, connection->peer, sizeof(connection->peer));
	} else {
		memcpy(connection->key, &v4->sin_addr, 4);
		inet_ntop(AF_INET, &v4->sin_addr, connection->peer, sizeof(connection->peer));
	}
}

struct connection *connection_new(struct listener *listener, struct MHD_Connection *handle)
{
	struct server *server = listener->server;
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return NULL;
	connection->server = server;
	connection->listener = listener->which;
	connection->handle = handle;
	connection->fd =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	read_peer(connection,
		  MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
	connection_enter(connection, PHASE_FIRST);
	connection->next = server->connections;
	if (connection->next)
		connection->next->previous = connection;
	server->connections = connection;
	server->connection_count++;
	return connection;
}

void connection_request_end(struct connection *connection)
{
	connection_drop_body(connection);
	ids_remove(&connection->server->requests, connection->id);
	connection->id = 0;
	connection->refused = connection->asked = false;
	if (connection->response)
		MHD_destroy_response(STEAL(connection->response));
}

void connection_free(struct connection *connection)
{
	struct server *server = connection->server;

	connection_request_end(connection);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		server->connections = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	server->connection_count--;
	free(connection);
}
