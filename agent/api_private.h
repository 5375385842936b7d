/*
 * api_private.h - what the rooms of api.h share; nobody else includes it.
 */
#ifndef AGENT_API_PRIVATE_H
#define AGENT_API_PRIVATE_H

#include <uv.h>

#include "agent/api.h"
#include "agent/log.h"
#include "agent/server.h"
#include "apply/secret_file.h"

#define API_MAX_NAME     256                 /* of an app in a path */
#define API_MAX_RESPONSE (64u * 1024 * 1024) /* bytes of an answer */

struct api_call;

enum { API_GET = 1 << 0, API_POST = 1 << 1 };

struct api_route {
	const char *path; /* "*" stands for the name of an app */
	unsigned methods;
	bool is_api; /* of the API's own listener, where it has one */
	enum api_order order;
	void (*on_head)(const struct api_call *call); /* may answer; NULL: nothing to say yet */
	void (*handle)(const struct api_call *call);
	size_t max_body;
};

struct api {
	struct api_options options; /* whose strings are ours */
	struct server *server;
	struct secret_file token, hook_secret;
	struct log_limiter denied, refused_hooks;
	struct relay *relay; /* NULL until there is something to pass on */
	uint64_t hook_at_ms; /* the virtual time of the hooks' limit: see hook_delay_ms */
	uv_timer_t tick;     /* how late it comes tells whether the loop stalls */
	uint64_t tick_ms, stall_ms;
};

/* One request. */
struct api_call {
	struct api *api;
	const struct server_request *request;
	const struct api_route *route; /* NULL: there is none */
	char name[API_MAX_NAME];       /* of the app in the path */
};

/* Answers with {"error": {"class", "message"}}. */
void api_fail(const struct api_call *call, int status, const struct err *err);
void api_fail_with(const struct api_call *call, int status, enum err_class class,
		   const char *format, ...) PRINTF(4, 5);

/* Answers with a value, which is taken in every case; NULL: memory ran out. */
void api_reply_json(const struct api_call *call, int status, cJSON *take_value);

/* Answers with a text. */
void api_reply_text(const struct api_call *call, int status, const char *content_type,
		    struct buf *text);

/* The same with bytes, which are taken. */
void api_reply_taken(const struct api_call *call, int status, const char *content_type,
		     char *take_body, size_t length);

/* Fills in what is said of a request that the server itself refuses (server.h). */
void api_on_refused(void *context, int status, struct server_response *response);

/*
 * Where another agent leads: passes the request on to it, or answers why not. False: this one
 * leads.
 */
bool api_relay(const struct api_call *call);

/* Reads the file again if it changed; false, and logged, if there is nothing in it. */
bool api_refresh_secret(struct api *api, struct secret_file *file);

/* For secret_file.h. Any text will do: who makes up a secret may put into it what he likes. */
int api_tidy_secret(const char *path, char *text, size_t length, struct err *err);

/* POST /hooks/git: once its headers are here, and whole. */
void api_hook_head(const struct api_call *call);
void api_hook(const struct api_call *call);

#endif
