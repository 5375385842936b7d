#include "agent/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/api_private.h"
#include "agent/metrics.h"
#include "agent/metrics_process.h"
#include "agent/relay.h"
#include "diff/digest_mac.h"
#include "diff/webhook.h"

#define TICK_MS       1000
#define STALL_WARN_MS 5000
#define MAX_USER      64
#define BEARER        "Bearer "
#define TOKEN_HEADER  "X-Tranche-Token"
#define USER_HEADER   "X-Tranche-User"
#define REASON_HEADER "X-Tranche-Reason"
#define TEXT_TYPE     "text/plain; charset=utf-8"

/* --- probes and metrics ---------------------------------------------------------------------- */

static void reply_probe(const struct api_call *call, bool fine, const char *yes, struct buf *why)
{
	if (fine)
		buf_clear(why);
	if (fine)
		buf_printf(why, "%s\n", yes);
	api_reply_text(call, fine ? 200 : 503, TEXT_TYPE, why);
}

static void handle_healthz(const struct api_call *call)
{
	CLEANUP(buf_release) struct buf why = BUF_INIT(API_MAX_RESPONSE);
	const struct api_options *options = &call->api->options;

	reply_probe(call, options->is_healthy(options->context, &why), "ok", &why);
}

static void handle_readyz(const struct api_call *call)
{
	CLEANUP(buf_release) struct buf missing = BUF_INIT(API_MAX_RESPONSE);
	const struct api_options *options = &call->api->options;

	reply_probe(call, options->is_ready(options->context, &missing), "ready", &missing);
}

static void handle_metrics(const struct api_call *call)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(METRICS_MAX_BYTES);
	enum metrics_format format = metrics_format_of(server_header(call->request, "Accept"));

	metrics_print(format, &text);
	api_reply_text(call, 200, metrics_content_type(format), &text);
}

static void collect(void *context)
{
	struct api *api = context;

	metrics_set(METRIC_LOOP_STALL, (double)api->stall_ms / 1000, NO_LABELS);
	metrics_set(METRIC_HTTP_CONNECTIONS, (double)server_connections(api->server), NO_LABELS);
	metrics_process_collect();
	api->stall_ms = 0;
}

/* Nobody is answered while the loop stands still, so a probe then fails by itself. */
static void on_tick(uv_timer_t *timer)
{
	struct api *api = timer->data;
	uint64_t now = uv_now(timer->loop), late = now - api->tick_ms;

	late = late > TICK_MS ? late - TICK_MS : 0;
	if (late >= STALL_WARN_MS)
		log_line(LOG_WARNING, NULL, "the event loop stood still for %.1f s",
			 (double)late / 1000);
	if (late > api->stall_ms)
		api->stall_ms = late;
	api->tick_ms = now;
}

/* --- status and orders ----------------------------------------------------------------------- */

static int status_of(enum err_class class)
{
	switch (class) {
	case ERR_INVALID: return 400;
	case ERR_NOT_FOUND: return 404;
	case ERR_DENIED: return 403;
	case ERR_CONFLICT:
	case ERR_EXISTS:
	case ERR_UNSUPPORTED: return 409;
	case ERR_TRANSIENT:
	case ERR_CANCELLED:
	case ERR_NO_MEMORY: return 503;
	default: return 500;
	}
}

static void reply_value(const struct api_call *call, int result, cJSON *take_value,
			const struct err *err)
{
	if (result < 0)
		api_fail(call, status_of(err->class), err);
	else
		api_reply_json(call, 200, take_value);
}

static void tell(const struct api_call *call,
		 int (*ask)(void *context, cJSON **ret_value, struct err *err))
{
	cJSON *value = NULL;
	struct err err;
	int result = ask(call->api->options.context, &value, &err);

	reply_value(call, result, value, &err);
}

static void handle_status(const struct api_call *call)
{
	tell(call, call->api->options.status);
}

static void handle_apps(const struct api_call *call)
{
	tell(call, call->api->options.apps);
}

static void tell_of_app(const struct api_call *call, int (*ask)(void *context, const char *name,
								cJSON **ret_value, struct err *err))
{
	cJSON *value = NULL;
	struct err err;
	int result = ask(call->api->options.context, call->name, &value, &err);

	reply_value(call, result, value, &err);
}

static void handle_app(const struct api_call *call)
{
	tell_of_app(call, call->api->options.app);
}

static void handle_history(const struct api_call *call)
{
	tell_of_app(call, call->api->options.history);
}

/* "Authorization: Bearer TOKEN"; or in our own header, because the API server's proxy takes that away. */
static const char *presented_token(const struct server_request *request)
{
	const char *authorization = server_header(request, "Authorization");

	if (strncasecmp(authorization, BEARER, strlen(BEARER)) == 0)
		return authorization + strlen(BEARER);
	return server_header(request, TOKEN_HEADER);
}

static void authorize(const struct api_call *call)
{
	struct api *api = call->api;
	const struct server_request *request = call->request;
	const char *presented = presented_token(request);

	if (!api->token.path) {
		api_fail_with(call, 403, ERR_DENIED,
			      "nobody may give orders: name a file with a token "
			      "(--api-token-file, server.tokenFile)");
	} else if (!api_refresh_secret(api, &api->token)) {
		api_fail_with(call, 403, ERR_DENIED,
			      "the agent's token file cannot be read; its log says why");
	} else if (!*presented) {
		api_fail_with(call, 401, ERR_DENIED,
			      "a token is wanted, as \"Authorization: Bearer TOKEN\" or "
			      "\"" TOKEN_HEADER ": TOKEN\"");
	} else if (!digest_is_secret(api->token.text, presented)) {
		log_limited(&api->denied, uv_now(api->options.loop),
			    "%s asks for %s with a wrong token", request->peer, request->path);
		api_fail_with(call, 401, ERR_DENIED, "that is not the token");
	}
}

/* "ada@laptop (10.1.2.3)": the name is whatever the client says that it is. */
static void print_who(const struct server_request *request, struct buf *out)
{
	const char *user = server_header(request, USER_HEADER);

	if (*user)
		buf_printf(out, "%.*s (%s)", MAX_USER, user, request->peer);
	else
		buf_puts(out, request->peer);
}

static const char *const order_names[] = {"sync", "suspend", "resume"};

static void handle_order(const struct api_call *call)
{
	CLEANUP(cJSON_Delete_p) cJSON *answer = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf who = BUF_INIT(256);
	const struct api_options *options = &call->api->options;
	enum api_order order = call->route->order;
	struct err err;

	print_who(call->request, &who);
	if (options->order(options->context, call->name, order, buf_str(&who),
			   server_header(call->request, REASON_HEADER), &err) < 0) {
		api_fail(call, status_of(err.class), &err);
		return;
	}
	if (!answer || json_set_str(answer, "app", call->name, &err) < 0 ||
	    json_set_str(answer, "order", order_names[order], &err) < 0)
		api_reply_json(call, 202, NULL);
	else
		api_reply_json(call, 202, STEAL(answer));
}

/* --- routes ---------------------------------------------------------------------------------- */

static const struct api_route routes[] = {
	{"/healthz", API_GET, false, 0, NULL, handle_healthz, 0},
	{"/readyz", API_GET, false, 0, NULL, handle_readyz, 0},
	{"/metrics", API_GET, false, 0, NULL, handle_metrics, 0},
	{"/api/v1/status", API_GET, true, 0, NULL, handle_status, 0},
	{"/api/v1/apps", API_GET, true, 0, NULL, handle_apps, 0},
	{"/api/v1/apps/*", API_GET, true, 0, NULL, handle_app, 0},
	{"/api/v1/apps/*/history", API_GET, true, 0, NULL, handle_history, 0},
	{"/api/v1/apps/*/sync", API_POST, true, API_SYNC, authorize, handle_order, 0},
	{"/api/v1/apps/*/suspend", API_POST, true, API_SUSPEND, authorize, handle_order, 0},
	{"/api/v1/apps/*/resume", API_POST, true, API_RESUME, authorize, handle_order, 0},
	{"/hooks/git", API_POST, false, 0, api_hook_head, api_hook, WEBHOOK_MAX_BYTES},
};
#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

/* Whether the path is the route's; fills in the name that stands for "*". */
static bool is_on(const char *route, const char *path, char name[API_MAX_NAME])
{
	size_t head = strcspn(route, "*"), length;

	if (!route[head])
		return strcmp(route, path) == 0;
	if (strncmp(route, path, head) != 0)
		return false;
	length = strcspn(path + head, "/");
	if (length == 0 || length >= API_MAX_NAME ||
	    strcmp(route + head + 1, path + head + length) != 0)
		return false;
	memcpy(name, path + head, length);
	name[length] = '\0';
	return true;
}

static unsigned method_of(const char *method)
{
	if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0)
		return API_GET;
	return strcmp(method, "POST") == 0 ? API_POST : 0;
}

static struct api_call find_call(struct api *api, const struct server_request *request)
{
	struct api_call call = {.api = api, .request = request};

	for (size_t i = 0; i < ROUTE_COUNT && !call.route; i++)
		if (is_on(routes[i].path, request->path, call.name))
			call.route = &routes[i];
	return call;
}

static bool is_elsewhere(const struct api_call *call)
{
	return call->route->is_api && call->api->options.api_listen &&
	       call->request->listener != SERVER_API;
}

static size_t on_head(void *context, const struct server_request *request)
{
	struct api_call call = find_call(context, request);

	if (!call.route)
		api_fail_with(&call, 404, ERR_NOT_FOUND, "there is nothing at this path");
	else if (is_elsewhere(&call))
		api_fail_with(&call, 404, ERR_NOT_FOUND, "the API is served at another address");
	else if (!(call.route->methods & method_of(request->method)))
		api_fail_with(&call, 405, ERR_UNSUPPORTED, "%s takes %s only", call.route->path,
			      call.route->methods & API_POST ? "POST" : "GET and HEAD");
	else if (call.route->on_head)
		call.route->on_head(&call);
	return call.route ? call.route->max_body : 0;
}

static void on_request(void *context, const struct server_request *request)
{
	const struct api_call call = find_call(context, request);

	if (!(call.route->is_api || call.route->handle == api_hook) || !api_relay(&call))
		call.route->handle(&call);
}

/* --- beginning and end ----------------------------------------------------------------------- */

static int keep(const char **text, struct err *err)
{
	if (*text && !(*text = strdup(*text)))
		return err_no_memory(err);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct api *api = handle->data;

	secret_file_release(&api->token);
	secret_file_release(&api->hook_secret);
	free((void *)(uintptr_t)api->options.token_file);
	free((void *)(uintptr_t)api->options.hook_secret_file);
	free(api);
}

/* Both files may come later, so that they are missing is no reason not to begin. */
static void look_at_files(struct api *api)
{
	struct secret_file *files[] = {&api->token, &api->hook_secret};
	static const char *const until[] = {"orders", "webhooks"};
	struct err err;

	api->token = (struct secret_file){.path = api->options.token_file,
					  .tidy = secret_file_tidy_token};
	api->hook_secret = (struct secret_file){.path = api->options.hook_secret_file,
						.tidy = api_tidy_secret};
	for (size_t i = 0; i < 2; i++)
		if (secret_file_refresh(files[i], &err) < 0)
			log_line(LOG_WARNING, NULL, "%s; %s are refused until it can be read",
				 err.message, until[i]);
}

static void log_addresses(const struct api *api)
{
	const char *open = server_address(api->server, SERVER_OPEN);
	const char *own = server_address(api->server, SERVER_API);

	if (open)
		log_line(LOG_INFO, NULL, "listening on http://%s", open);
	if (own)
		log_line(LOG_INFO, NULL, "listening on http://%s for the API", own);
}

struct api *api_new(const struct api_options *options, struct err *err)
{
	struct api *api = calloc(1, sizeof(*api));

	if (!api) {
		err_no_memory(err);
		return NULL;
	}
	const struct server_options server_options = {
		.loop = options->loop,
		.listen = {[SERVER_OPEN] = options->listen, [SERVER_API] = options->api_listen},
		.on_head = on_head,
		.on_request = on_request,
		.on_refused = api_on_refused,
		.context = api,
	};
	api->options = *options;
	api->options.listen = NULL;
	uv_timer_init(options->loop, &api->tick);
	api->tick.data = api;
	if (keep(&api->options.token_file, err) < 0)
		api->options.token_file = NULL, api->options.hook_secret_file = NULL;
	else if (keep(&api->options.hook_secret_file, err) == 0)
		api->server = server_new(&server_options, err);
	if (!api->server) {
		uv_close((uv_handle_t *)&api->tick, on_closed);
		return NULL;
	}
	look_at_files(api);
	log_addresses(api);
	metrics_collector(collect, api);
	api->tick_ms = uv_now(options->loop);
	uv_timer_start(&api->tick, on_tick, TICK_MS, TICK_MS);
	return api;
}

const char *api_address(const struct api *api)
{
	const char *own = server_address(api->server, SERVER_API);

	return own ? own : server_address(api->server, SERVER_OPEN);
}

void api_free(struct api *api)
{
	if (!api)
		return;
	metrics_collector_remove(api);
	relay_free(STEAL(api->relay));
	server_free(STEAL(api->server));
	uv_close((uv_handle_t *)&api->tick, on_closed);
}
