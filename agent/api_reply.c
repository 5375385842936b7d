#include "agent/api_private.h"

#include <stdio.h>

#include "agent/metrics.h"

#define JSON_TYPE "application/json"

static void reply(const struct api_call *call, struct server_response *response)
{
	char code[16];

	snprintf(code, sizeof(code), "%d", response->status);
	metrics_add(METRIC_HTTP_REQUESTS, 1, LABELS(call->route ? call->route->path : "", code));
	server_reply(call->api->server, call->request->id, response);
}

static void fill(struct server_response *response, int status, const char *content_type,
		 struct buf *text)
{
	response->status = text->broken_cap || text->broken_memory ? 500 : status;
	response->content_type = content_type;
	response->body_length = text->length;
	response->take_body = buf_steal(text);
	if (!response->take_body)
		response->body_length = 0;
}

static void print_error(enum err_class class, const char *message, struct buf *out)
{
	buf_printf(out, "{\"error\":{\"class\":\"%s\",\"message\":", err_class_name(class));
	json_print_string(message, out);
	buf_puts(out, "}}\n");
}

/* What goes with a refusal by its status. */
static void add_headers(const struct api_call *call, struct server_response *response)
{
	if (response->status == 401 && call->route && call->route->is_api)
		response->headers[0] =
			(struct server_header){"WWW-Authenticate", "Bearer realm=\"tranche\""};
	if (response->status == 405)
		response->headers[0] = (struct server_header){
			"Allow", call->route->methods & API_POST ? "POST" : "GET, HEAD"};
}

void api_fail(const struct api_call *call, int status, const struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(16 * ERR_MESSAGE_MAX);
	struct server_response response = {0};

	print_error(err->class, err->message, &text);
	fill(&response, status, JSON_TYPE, &text);
	add_headers(call, &response);
	reply(call, &response);
}

void api_fail_with(const struct api_call *call, int status, enum err_class class,
		   const char *format, ...)
{
	struct err err;
	va_list args;

	va_start(args, format);
	err_vset(&err, class, format, args);
	va_end(args);
	api_fail(call, status, &err);
}

void api_reply_text(const struct api_call *call, int status, const char *content_type,
		    struct buf *text)
{
	struct server_response response = {0};

	fill(&response, status, content_type, text);
	reply(call, &response);
}

void api_reply_json(const struct api_call *call, int status, cJSON *take_value)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = take_value;
	CLEANUP(buf_release) struct buf text = BUF_INIT(API_MAX_RESPONSE);

	if (!value) {
		api_fail_with(call, 503, ERR_NO_MEMORY, "out of memory");
		return;
	}
	json_print_pretty(value, &text);
	buf_putc(&text, '\n');
	api_reply_text(call, status, JSON_TYPE, &text);
}

void api_reply_taken(const struct api_call *call, int status, const char *content_type,
		     char *take_body, size_t length)
{
	struct server_response response = {
		.status = status,
		.content_type = content_type,
		.take_body = take_body,
		.body_length = length,
	};

	add_headers(call, &response);
	reply(call, &response);
}

void api_on_refused(void *context, int status, struct server_response *response)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(ERR_MESSAGE_MAX);
	char code[16];

	(void)context;
	snprintf(code, sizeof(code), "%d", status);
	metrics_add(METRIC_HTTP_REQUESTS, 1, LABELS("", code));
	if (status == 413)
		print_error(ERR_LIMIT, "the body is larger than what may come to this path", &text);
	else
		print_error(ERR_TRANSIENT, "the answer did not come in time", &text);
	fill(response, status, JSON_TYPE, &text);
}
