#include "agent/server.h"

#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>
#include <uv.h>

#include "agent/server_private.h"
#include "diff/cleanup.h"

/* Of libmicrohttpd's own, behind ours: connections that were shut down count until it has looked. */
#define SPARE_CONNECTIONS 64
/* Header lines, the names it makes of them, and the answer's headers. */
#define CONNECTION_MEMORY (SERVER_MAX_HEADER_BYTES + 8u * 1024)
#define SWEEP_MS          500

struct server_headers {
	struct MHD_Connection *connection;
};

/* --- requests -------------------------------------------------------------------------------- */

static struct connection *connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void *on_request_line(void *context, const char *uri, struct MHD_Connection *handle)
{
	struct connection *connection = connection_of(handle);

	(void)context;
	(void)uri;
	if (connection && connection->phase != PHASE_SHUT)
		connection_enter(connection, PHASE_REQUEST);
	return NULL;
}

static void on_completed(void *context, struct MHD_Connection *handle, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct connection *connection = *state;

	(void)context;
	(void)handle;
	(void)code;
	if (!connection)
		return;
	*state = NULL;
	connection_request_end(connection);
	if (connection->phase != PHASE_SHUT)
		connection_enter(connection, PHASE_IDLE);
}

static struct server_request request_of(const struct connection *connection,
					const struct server_headers *headers, const char *method,
					const char *path)
{
	struct server_request request = {
		.id = connection->id,
		.listener = connection->listener,
		.method = method,
		.path = path,
		.headers = headers,
		.body = buf_str(&connection->body),
		.body_length = connection->body.length,
	};

	memcpy(request.peer, connection->peer, sizeof(request.peer));
	return request;
}

/* The server's own answer, in the handler's words. */
static void refuse(struct connection *connection, int status)
{
	struct server *server = connection->server;
	struct server_response response = {.status = status};

	server->options.on_refused(server->options.context, status, &response);
	server_reply(server, connection->id, &response);
}

static enum MHD_Result queue(struct connection *connection)
{
	struct MHD_Response *response = STEAL(connection->response);
	enum MHD_Result queued =
		MHD_queue_response(connection->handle, (unsigned)connection->status, response);

	MHD_destroy_response(response);
	return queued;
}

static bool announces_more_than(const struct server_request *request, size_t max)
{
	const char *length = server_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return strtoull(length, NULL, 10) > max;
}

static bool announces_body(const struct server_request *request)
{
	return announces_more_than(request, 0) ||
	       *server_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
}

static enum MHD_Result begin(struct connection *connection, const char *method, const char *path)
{
	struct server *server = connection->server;
	const struct server_headers headers = {connection->handle};
	struct err ignored;

	connection->id = ids_add(&server->requests, connection, &ignored);
	if (!connection->id)
		return MHD_NO;
	const struct server_request request = request_of(connection, &headers, method, path);
	size_t max_body = server->options.on_head(server->options.context, &request);
	buf_release(&connection->body);
	buf_init(&connection->body, max_body);
	if (!connection->response && announces_more_than(&request, max_body))
		refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
	/* An answer to half a request ends the connection, which a whole one does not have to. */
	return connection->response && announces_body(&request) ? queue(connection) : MHD_YES;
}

static void take_body(struct connection *connection, const char *bytes, size_t length)
{
	struct server *server = connection->server;
	size_t before = connection->body.length;

	if (connection->refused)
		return;
	buf_append(&connection->body, bytes, length);
	server->body_bytes += connection->body.length - before;
	if (connection->body.broken_cap || connection->body.broken_memory) {
		connection->refused = true;
		connection_drop_body(connection);
	} else {
		connection_make_room_for_body(server, connection);
	}
}

static enum MHD_Result respond(struct connection *connection, const char *method, const char *path)
{
	struct server *server = connection->server;
	const struct server_headers headers = {connection->handle};
	const struct server_request request = request_of(connection, &headers, method, path);

	if (connection->response)
		return queue(connection);
	if (!connection->asked && connection->refused)
		refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE);
	else if (!connection->asked)
		server->options.on_request(server->options.context, &request);
	connection->asked = true;
	if (connection->response)
		return queue(connection);
	if (!connection->id)
		return MHD_NO; /* there was no memory for the answer */
	connection->suspended = true;
	MHD_suspend_connection(connection->handle);
	return MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *handle, const char *path,
				 const char *method, const char *version, const char *upload,
				 size_t *upload_length, void **state)
{
	const struct listener *listener = context;
	struct connection *connection = connection_of(handle);
	bool is_new = !*state;

	(void)version;
	if (!connection || connection->phase == PHASE_SHUT || listener->server->ending)
		return MHD_NO;
	*state = connection;
	if (is_new)
		return begin(connection, method, path);
	if (*upload_length > 0) {
		take_body(connection, upload, *upload_length);
		*upload_length = 0;
		return MHD_YES;
	}
	return respond(connection, method, path);
}

const char *server_header(const struct server_request *request, const char *name)
{
	const char *value =
		MHD_lookup_connection_value(request->headers->connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static struct MHD_Response *response_new(struct server_response *response)
{
	const size_t header_max = sizeof(response->headers) / sizeof(response->headers[0]);
	struct MHD_Response *made = MHD_create_response_from_buffer(
		response->body_length, response->take_body,
		response->take_body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);

	if (!made) {
		free(STEAL(response->take_body));
		return NULL;
	}
	if (response->content_type)
		MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response->content_type);
	MHD_add_response_header(made, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
	for (size_t i = 0; i < header_max && response->headers[i].name; i++)
		MHD_add_response_header(made, response->headers[i].name,
					response->headers[i].value);
	response->take_body = NULL;
	return made;
}

void server_reply(struct server *server, uint64_t id, struct server_response *response)
{
	struct connection *connection = ids_find(&server->requests, id);

	if (!connection) {
		free(STEAL(response->take_body));
		return;
	}
	ids_remove(&server->requests, id);
	connection->id = 0;
	connection->status = response->status;
	connection->response = response_new(response);
	if (connection->response)
		connection_resume(connection);
	else
		connection_shut(connection);
}

/* --- connections, and deadlines -------------------------------------------------------------- */

static uint64_t allowed_ms(enum phase phase)
{
	switch (phase) {
	case PHASE_FIRST: return SERVER_FIRST_MS;
	case PHASE_REQUEST: return SERVER_REQUEST_MS;
	case PHASE_IDLE: return SERVER_IDLE_MS;
	default: return UINT64_MAX;
	}
}

/* A request that waits for its answer gets one that says so; everybody else has had his time. */
static void on_sweep(uv_timer_t *timer)
{
	struct server *server = timer->data;

	for (struct connection *c = server->connections; c; c = c->next) {
		if (server_now_ms(server) - c->since_ms <= allowed_ms(c->phase))
			continue;
		if (c->suspended && c->id)
			refuse(c, MHD_HTTP_GATEWAY_TIMEOUT);
		else
			connection_shut(c);
	}
	if (!server->connections)
		uv_timer_stop(&server->sweep);
}

static void on_connection(void *context, struct MHD_Connection *handle, void **state,
			  enum MHD_ConnectionNotificationCode code)
{
	struct listener *listener = context;
	struct server *server = listener->server;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct connection *connection = connection_new(listener, handle);

		*state = connection;
		if (!connection)
			return;
		connection_make_room(server, connection);
		if (!uv_is_active((uv_handle_t *)&server->sweep))
			uv_timer_start(&server->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	} else if (*state) {
		connection_free(STEAL(*state));
	}
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;
	struct server *server = handle->type == UV_POLL ? listener->server : handle->data;

	if (--server->open_handles > 0)
		return;
	ids_release(&server->requests);
	free(server);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	const struct listener *listener = poll->data;

	(void)status;
	(void)events;
	server_turn(listener->server);
}

static int listener_start(struct listener *listener, const char *text, struct err *err)
{
	struct server *server = listener->server;
	struct listen_address address;
	int fd;

	if (listen_parse(text, &address, err) < 0 ||
	    listen_open(&address, &fd, listener->address, err) < 0)
		return -1;
	listener->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_access, listener,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_CONNECTION, on_connection, listener,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_URI_LOG_CALLBACK,
		on_request_line, NULL, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)(SERVER_MAX_CONNECTIONS + SPARE_CONNECTIONS),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (!listener->daemon)
		return err_set(err, ERR_INTERNAL, "cannot serve HTTP on %s", listener->address);
	uv_poll_init(server->options.loop, &listener->poll,
		     MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
	listener->poll.data = listener;
	server->open_handles++;
	uv_poll_start(&listener->poll, UV_READABLE, on_readable);
	return 0;
}

struct server *server_new(const struct server_options *options, struct err *err)
{
	struct server *server = calloc(1, sizeof(*server));

	if (!server) {
		err_no_memory(err);
		return NULL;
	}
	server->options = *options;
	uv_timer_init(options->loop, &server->turn);
	uv_timer_init(options->loop, &server->sweep);
	server->turn.data = server->sweep.data = server;
	server->open_handles = 2;
	for (int i = 0; i < SERVER_LISTENER_COUNT; i++) {
		server->listeners[i].server = server;
		server->listeners[i].which = (enum server_listener)i;
		if (options->listen[i] &&
		    listener_start(&server->listeners[i], options->listen[i], err) < 0) {
			server_free(server);
			return NULL;
		}
	}
	return server;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	/* A daemon must not be stopped while connections are suspended. */
	server->ending = true;
	for (struct connection *c = server->connections; c; c = c->next)
		connection_resume(c);
	server_turn(server);
	for (int i = 0; i < SERVER_LISTENER_COUNT; i++) {
		struct listener *listener = &server->listeners[i];

		if (!listener->daemon)
			continue;
		uv_poll_stop(&listener->poll);
		MHD_stop_daemon(STEAL(listener->daemon));
		uv_close((uv_handle_t *)&listener->poll, on_closed);
	}
	uv_close((uv_handle_t *)&server->turn, on_closed);
	uv_close((uv_handle_t *)&server->sweep, on_closed);
}

const char *server_address(const struct server *server, enum server_listener listener)
{
	return server->listeners[listener].daemon ? server->listeners[listener].address : NULL;
}

size_t server_connections(const struct server *server)
{
	return server->connection_count;
}
