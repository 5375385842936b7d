#include "tests/kubesim/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/watch.h"

#define MAX_CONNECTIONS   2000u
#define CONNECTION_MEMORY (64u * 1024)
#define STREAM_BLOCK      (16u * 1024)

/* A suspended connection does not see its client leave; it looks this often. */
#define LOOK_FOR_CLIENT_MS 5000
#define LOOK_FOR_RULES_MS  20 /* a request that is held */

struct http {
	struct MHD_Daemon *daemon;
	struct api *api;
	const struct credentials *credentials;
	struct http_options options;
	int epoll;
	struct timer turn; /* when libmicrohttpd wants to run without a descriptor being ready */
	struct exchange *exchanges; /* all that are under way */
	bool stopping;
};

/* One request on its way, and its response as long as that is a stream. */
struct exchange {
	struct http *http;
	struct MHD_Connection *connection;
	struct buf body;
	struct param *params, *headers;
	size_t param_count, header_count;
	struct fault fault;
	bool has_begun; /* the fault, if there is one, is chosen */
	char *body_out; /* a response that is to be cut short */
	size_t body_out_length;
	struct watch *watch;
	struct timer wake; /* ends a suspension */
	bool suspended;
	struct exchange *next, *previous;
};

static void run(void *context)
{
	struct http *http = context;
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(http->daemon);
	if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES)
		timer_start_by(&http->turn, (int64_t)wait_ms);
}

/* --- suspending ------------------------------------------------------------------------------ */

static void resume(void *context)
{
	struct exchange *exchange = context;

	if (!exchange->suspended)
		return;
	exchange->suspended = false;
	timer_stop(&exchange->wake);
	MHD_resume_connection(exchange->connection);
	timer_start_by(&exchange->http->turn, 0);
}

static void suspend(struct exchange *exchange, int64_t wake_after_ms)
{
	exchange->suspended = true;
	MHD_suspend_connection(exchange->connection);
	timer_start(&exchange->wake, wake_after_ms);
}

/* --- exchanges ------------------------------------------------------------------------------- */

static struct exchange *exchange_new(struct http *http, struct MHD_Connection *connection)
{
	struct exchange *exchange = alloc_zero(sizeof(*exchange));

	exchange->http = http;
	exchange->connection = connection;
	buf_init(&exchange->body, API_MAX_BODY);
	timer_init(&exchange->wake, http->api->cluster->loop, resume, exchange);
	exchange->next = http->exchanges;
	if (http->exchanges)
		http->exchanges->previous = exchange;
	http->exchanges = exchange;
	return exchange;
}

static void exchange_free(struct exchange *exchange)
{
	if (exchange->previous)
		exchange->previous->next = exchange->next;
	else
		exchange->http->exchanges = exchange->next;
	if (exchange->next)
		exchange->next->previous = exchange->previous;
	timer_stop(&exchange->wake);
	watch_free(exchange->watch);
	buf_release(&exchange->body);
	free(exchange->body_out);
	free(exchange->params);
	free(exchange->headers);
	free(exchange);
}

/* --- streams --------------------------------------------------------------------------------- */

/* How much of `size` may still be sent before a fault cuts the response; 0: nothing more. */
static size_t cut(const struct exchange *exchange, uint64_t position, size_t size)
{
	uint64_t end = (uint64_t)exchange->fault.amount;

	if (exchange->fault.action != FAULT_CUT)
		return size;
	return position >= end ? 0 : size < end - position ? size : (size_t)(end - position);
}

static ssize_t stream_read(void *context, uint64_t position, char *out, size_t size)
{
	struct exchange *exchange = context;
	ssize_t length;

	size = cut(exchange, position, size);
	if (size == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	length = watch_read(exchange->watch, out, size);
	if (length > 0)
		return length;
	if (length < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	suspend(exchange, LOOK_FOR_CLIENT_MS);
	return 0;
}

static ssize_t body_read(void *context, uint64_t position, char *out, size_t size)
{
	const struct exchange *exchange = context;
	size_t left = exchange->body_out_length - (size_t)position;

	size = cut(exchange, position, size < left ? size : left);
	if (size == 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	memcpy(out, exchange->body_out + position, size);
	return (ssize_t)size;
}

static struct MHD_Response *stream_begin(struct exchange *exchange, struct watch *take_watch)
{
	exchange->watch = take_watch;
	watch_notify(take_watch, resume, exchange);
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_read,
						 exchange, NULL);
}

/* --- requests -------------------------------------------------------------------------------- */

static const char *header(struct MHD_Connection *connection, const char *name)
{
	const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static enum MHD_Result add_param(void *context, enum MHD_ValueKind kind, const char *name,
				 const char *value)
{
	struct exchange *exchange = context;

	(void)kind;
	exchange->params =
		alloc_grow(exchange->params, exchange->param_count + 1, sizeof(*exchange->params));
	exchange->params[exchange->param_count++] = (struct param){name, value ? value : ""};
	return MHD_YES;
}

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct exchange *exchange = context;

	(void)kind;
	exchange->headers = alloc_grow(exchange->headers, exchange->header_count + 1,
				       sizeof(*exchange->headers));
	exchange->headers[exchange->header_count++] = (struct param){name, value ? value : ""};
	return MHD_YES;
}

/* What probes and `kubectl version` may ask without a token. */
static bool is_public(const char *path)
{
	return strcmp(path, "/healthz") == 0 || strcmp(path, "/livez") == 0 ||
	       strcmp(path, "/readyz") == 0 || strcmp(path, "/version") == 0;
}

static bool is_allowed(const struct http *http, struct MHD_Connection *connection, const char *path)
{
	const char *authorization = header(connection, "Authorization");

	return http->options.plain || is_public(path) ||
	       (strncmp(authorization, "Bearer ", 7) == 0 &&
		strcmp(authorization + 7, http->credentials->token) == 0);
}

static struct request read_request(struct exchange *exchange, const char *method, const char *path)
{
	struct MHD_Connection *connection = exchange->connection;

	exchange->param_count = exchange->header_count = 0;
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, exchange);
	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_param, exchange);
	return (struct request){
		.method = method,
		.path = path,
		.params = exchange->params,
		.param_count = exchange->param_count,
		.headers = exchange->headers,
		.header_count = exchange->header_count,
		.accept = header(connection, "Accept"),
		.content_type = header(connection, "Content-Type"),
		.user_agent = header(connection, "User-Agent"),
		.body = buf_str(&exchange->body),
		.body_length = exchange->body.length,
	};
}

static void handle(struct exchange *exchange, struct request *request, struct response *response)
{
	CLEANUP(status_release) struct status status = {0};

	if (!is_allowed(exchange->http, exchange->connection, request->path)) {
		status_set(&status, 401, "Unauthorized", "Unauthorized");
		response_status(response, &status);
	} else if (exchange->body.broken_cap) {
		status_set(&status, 413, "RequestEntityTooLarge",
			   "Request entity too large: limit is %u", API_MAX_BODY);
		response_status(response, &status);
	} else if (exchange->fault.action == FAULT_CODE) {
		api_fail((int)exchange->fault.amount, response);
	} else {
		api_handle(exchange->http->api, request, response);
	}
}

/* What became of it: the answer's status, or that it waits. And whom it claims to be from, if it does. */
static void log_request(const struct exchange *exchange, const char *method, const char *path,
			const char *outcome)
{
	const char *user = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
						       "Impersonate-User");

	fprintf(stderr, "%s %s", method, path);
	for (size_t i = 0; i < exchange->param_count; i++)
		fprintf(stderr, "%c%s=%s", i == 0 ? '?' : '&', exchange->params[i].name,
			exchange->params[i].value);
	fprintf(stderr, " %s%s%s\n", outcome, user ? " as " : "", user ? user : "");
}

static void log_answer(const struct exchange *exchange, const char *method, const char *path,
		       int code)
{
	char outcome[16];

	snprintf(outcome, sizeof(outcome), "%d", code);
	log_request(exchange, method, path, outcome);
}

static void add_warning(struct MHD_Response *to, const char *warning)
{
	CLEANUP(buf_release) struct buf value = BUF_INIT(API_MAX_BODY);

	buf_puts(&value, "299 - ");
	json_print_string(warning, &value); /* a quoted-string, with the same escapes for " and \ */
	MHD_add_response_header(to, "Warning", buf_str(&value));
}

static struct MHD_Response *body_begin(struct exchange *exchange, struct response *response)
{
	size_t length = response->body_length;

	if (exchange->fault.action != FAULT_CUT)
		return MHD_create_response_from_buffer(length, STEAL(response->body),
						       MHD_RESPMEM_MUST_FREE);
	exchange->body_out = STEAL(response->body);
	exchange->body_out_length = length;
	return MHD_create_response_from_callback(length, STREAM_BLOCK, body_read, exchange, NULL);
}

static enum MHD_Result answer(struct exchange *exchange, struct response *response)
{
	struct MHD_Response *out = response->watch ? stream_begin(exchange, STEAL(response->watch))
						   : body_begin(exchange, response);
	enum MHD_Result queued;

	must(out);
	MHD_add_response_header(out, "Content-Type", response->content_type);
	MHD_add_response_header(out, "Cache-Control", "no-cache, private");
	if (response->retry_after_s > 0)
		MHD_add_response_header(out, "Retry-After", "1");
	for (size_t i = 0; i < response->warning_count; i++)
		add_warning(out, response->warnings[i]);
	queued = MHD_queue_response(exchange->connection, (unsigned)response->code, out);
	MHD_destroy_response(out);
	return queued;
}

/* Chooses the fault of a request that has just come in; true if that makes it wait. */
static bool begin(struct exchange *exchange, const struct request *request)
{
	struct fault *fault = &exchange->fault;

	if (exchange->http->stopping)
		return false;
	if (!exchange->has_begun)
		*fault = api_take_fault(exchange->http->api, request);
	else if (fault->action != FAULT_HANG && fault->action != FAULT_HOLD)
		return false;
	exchange->has_begun = true;
	if (fault->action == FAULT_DELAY)
		suspend(exchange, fault->amount);
	else if (fault->action == FAULT_HANG)
		suspend(exchange, LOOK_FOR_CLIENT_MS);
	else if (faults_hold(exchange->http->api->faults, fault))
		suspend(exchange, LOOK_FOR_RULES_MS);
	return exchange->suspended;
}

static enum MHD_Result respond(struct exchange *exchange, const char *method, const char *path)
{
	CLEANUP(response_release) struct response response = {0};
	struct request request = read_request(exchange, method, path);
	bool is_new = !exchange->has_begun;

	if (begin(exchange, &request)) {
		if (is_new && exchange->http->options.verbose)
			log_request(exchange, method, path, "waits");
		return MHD_YES;
	}
	if (exchange->fault.action == FAULT_REFUSE || exchange->fault.action == FAULT_HANG)
		return MHD_NO;
	handle(exchange, &request, &response);
	if (exchange->http->options.verbose)
		log_answer(exchange, method, path, response.code);
	if (exchange->fault.action == FAULT_LOSE)
		return MHD_NO;
	return answer(exchange, &response);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
				  const char *path, const char *method, const char *version,
				  const char *upload, size_t *upload_length, void **state)
{
	struct exchange *exchange = *state;

	(void)version;
	if (!exchange) {
		*state = exchange_new(context, connection);
		return MHD_YES;
	}
	if (*upload_length > 0) {
		buf_append(&exchange->body, upload, *upload_length);
		*upload_length = 0;
		return MHD_YES;
	}
	return respond(exchange, method, path);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
			 enum MHD_RequestTerminationCode code)
{
	struct exchange *exchange = *state;

	(void)context;
	(void)connection;
	(void)code;
	if (exchange)
		exchange_free(exchange);
	*state = NULL;
}

/* --- the server ------------------------------------------------------------------------------ */

static struct MHD_Daemon *start_daemon(struct http *http)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(http->options.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_KEY, 0, http->credentials->private_key},
		{MHD_OPTION_HTTPS_MEM_CERT, 0, http->credentials->certificate},
		{MHD_OPTION_END, 0, NULL},
	};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;

	if (http->options.plain)
		tls[0].option = MHD_OPTION_END;
	else
		flags |= MHD_USE_TLS;
	return MHD_start_daemon(flags, http->options.port, NULL, NULL, on_request, http,
				MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED,
				on_completed, NULL, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls,
				MHD_OPTION_END);
}

int http_start(struct api *api, const struct credentials *credentials,
	       const struct http_options *options, struct http **ret_http, struct err *err)
{
	struct http *http = alloc_zero(sizeof(*http));
	struct loop *loop = api->cluster->loop;

	http->api = api;
	http->credentials = credentials;
	http->options = *options;
	timer_init(&http->turn, loop, run, http);
	http->daemon = start_daemon(http);
	if (!http->daemon) {
		free(http);
		return err_set(err, ERR_INVALID, "127.0.0.1:%u: cannot listen: %s", options->port,
			       strerror(errno));
	}
	http->epoll = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	if (loop_add_fd(loop, http->epoll, run, http) < 0) {
		err_set(err, ERR_INTERNAL, "the loop: %s", strerror(errno));
		http_stop(http);
		return -1;
	}
	*ret_http = http;
	return 0;
}

uint16_t http_port(const struct http *http)
{
	return MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	/* The daemon must not be stopped while connections are suspended. */
	http->stopping = true;
	for (struct exchange *exchange = http->exchanges; exchange; exchange = exchange->next) {
		if (exchange->watch)
			watch_end(exchange->watch);
		resume(exchange);
	}
	MHD_run(http->daemon);
	loop_remove_fd(http->api->cluster->loop, http->epoll);
	MHD_stop_daemon(http->daemon);
	timer_stop(&http->turn);
	free(http);
}
