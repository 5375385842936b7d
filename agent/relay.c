#include "agent/relay.h"

#include <stdlib.h>
#include <string.h>

#include "agent/listen.h"
#include "apply/resource.h"
#include "diff/cleanup.h"

#define MAX_TARGET_BYTES (64u * 1024)

/* What a leader looks at. What is not of these stays here: Host, cookies, whatever a proxy has added. */
static const char *const passed_on[] = {
	"Authorization",       "X-Tranche-Token", "X-Tranche-User",   "X-GitHub-Event",
	"X-GitHub-Delivery",   "X-Gitlab-Event",  "X-Gitlab-Token",   "X-Gitea-Event",
	"X-Gitea-Signature",   "X-Gogs-Event",    "X-Gogs-Signature", "X-Event-Key",
	"X-Hub-Signature-256", "X-Hub-Signature", "X-Signature",
};

struct passing {
	struct relay *relay;
	struct http *http;
	uint64_t id; /* of the server's request */
	const void *tag;
	char *body;
};

struct relay {
	struct uv_loop_s *loop;
	void (*on_done)(void *context, uint64_t id, const void *tag, const struct err *err,
			struct http_response *response);
	void *context;
	struct passing *passings[RELAY_MAX_IN_FLIGHT]; /* NULL: the place is free */
};

struct relay *relay_new(struct uv_loop_s *loop,
			void (*on_done)(void *context, uint64_t id, const void *tag,
					const struct err *err, struct http_response *response),
			void *context)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	if (relay)
		*relay = (struct relay){.loop = loop, .on_done = on_done, .context = context};
	return relay;
}

static void passing_free(struct passing *passing)
{
	struct relay *relay = passing->relay;

	for (size_t i = 0; i < RELAY_MAX_IN_FLIGHT; i++)
		if (relay->passings[i] == passing)
			relay->passings[i] = NULL;
	http_free(passing->http);
	free(passing->body);
	free(passing);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	for (size_t i = 0; i < RELAY_MAX_IN_FLIGHT; i++)
		if (relay->passings[i])
			passing_free(relay->passings[i]);
	free(relay);
}

static void on_response(void *context, const struct err *err, struct http_response *response,
			bool sent)
{
	struct passing *passing = context;

	(void)sent;
	const struct relay *relay = passing->relay;
	relay->on_done(relay->context, passing->id, passing->tag, err, response);
	passing_free(passing);
}

static void release_endpoint(struct endpoint *endpoint)
{
	endpoint_release(endpoint);
}

static int add_headers(const struct server_request *request, struct endpoint *endpoint,
		       struct err *err)
{
	for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++) {
		const char *value = server_header(request, passed_on[i]);

		if (*value && endpoint_add_header(endpoint, passed_on[i], value, err) < 0)
			return -1;
	}
	return endpoint_add_header(endpoint, RELAY_HEADER, request->peer, err);
}

/* The path as it was sent: a name in it may hold anything. */
static void print_target(const char *path, struct buf *out)
{
	for (; *path; path++) {
		const char character[] = {*path, '\0'};

		if (*path == '/')
			buf_putc(out, '/');
		else
			resource_print_encoded(character, out);
	}
}

static int passing_start(struct passing *passing, const char *address,
			 const struct server_request *request, struct err *err)
{
	CLEANUP(release_endpoint) struct endpoint endpoint = {.direct = true};
	CLEANUP(buf_release) struct buf url = BUF_INIT(128);
	CLEANUP(buf_release) struct buf target = BUF_INIT(MAX_TARGET_BYTES);
	const char *type = server_header(request, "Content-Type");
	const char *accept = server_header(request, "Accept");
	bool has_body = strcmp(request->method, "POST") == 0;

	buf_printf(&url, "http://%s", address);
	print_target(request->path, &target);
	if (buf_check(&url, "the leader's address", err) < 0 ||
	    buf_check(&target, "the path", err) < 0 || add_headers(request, &endpoint, err) < 0)
		return -1;
	endpoint.server = buf_steal(&url);
	passing->body = malloc(request->body_length + 1);
	if (!endpoint.server || !passing->body)
		return err_no_memory(err);
	if (request->body_length)
		memcpy(passing->body, request->body, request->body_length);
	passing->body[request->body_length] = '\0';
	passing->http = http_new(passing->relay->loop, &endpoint, err);
	if (!passing->http)
		return -1;
	const struct http_request http_request = {
		.method = has_body ? "POST" : "GET", /* of a HEAD the server drops the body */
		.target = buf_str(&target),
		.accept = *accept ? accept : "*/*",
		.content_type = *type ? type : NULL,
		.body = has_body ? passing->body : NULL,
		.body_length = request->body_length,
		.timeout_ms = RELAY_TIMEOUT_MS,
		.on_done = on_response,
		.ctx = passing,
	};
	return http_submit(passing->http, &http_request, err) ? 0 : -1;
}

int relay_send(struct relay *relay, const char *address, const struct server_request *request,
	       const void *tag, struct err *err)
{
	struct listen_address parsed;
	size_t place = 0;

	if (*server_header(request, RELAY_HEADER))
		return err_set(err, ERR_CONFLICT, "the request was passed on before");
	if (listen_parse(address, &parsed, err) < 0)
		return err_prefix(err, "the leader's address");
	while (place < RELAY_MAX_IN_FLIGHT && relay->passings[place])
		place++;
	if (place == RELAY_MAX_IN_FLIGHT)
		return err_set(err, ERR_LIMIT, "too many requests are passed on to the leader");
	struct passing *passing = calloc(1, sizeof(*passing));
	if (!passing)
		return err_no_memory(err);
	*passing = (struct passing){.relay = relay, .id = request->id, .tag = tag};
	if (passing_start(passing, address, request, err) < 0) {
		passing_free(passing);
		return -1;
	}
	relay->passings[place] = passing;
	return 0;
}
