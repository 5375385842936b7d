#include "agent/api_private.h"

#include <string.h>

#include "agent/relay.h"

static void on_relayed(void *context, uint64_t id, const void *tag, const struct err *err,
		       struct http_response *response)
{
	const struct server_request request = {.id = id};
	const struct api_call call = {.api = context, .request = &request, .route = tag};

	if (err)
		api_fail_with(&call, 503, ERR_TRANSIENT,
			      "this agent stands by, and the one that leads does not answer: %s",
			      err->message);
	else
		api_reply_taken(&call, response->status, response->content_type,
				STEAL(response->body), response->length);
}

bool api_relay(const struct api_call *call)
{
	struct api *api = call->api;
	const char *address = NULL;
	struct err err;

	if (!api->options.find_leader)
		return false;
	if (api->options.find_leader(api->options.context, &address, &err) == 0) {
		if (!address)
			return false;
		if (!api->relay && !(api->relay = relay_new(api->options.loop, on_relayed, api)))
			err_no_memory(&err);
		else if (relay_send(api->relay, address, call->request, call->route, &err) == 0)
			return true;
	}
	err_prefix(&err, "this agent stands by");
	api_fail(call, 503, &err);
	return true;
}
