/*
 * api.h - what the agent says over HTTP: probes, metrics, status, orders, webhooks.
 *
 *	GET  /healthz                     the agent works (200), or should be started anew (503)
 *	GET  /readyz                      it has looked at every app and reached the cluster; else what
 *	                                  is missing
 *	GET  /metrics                     docs/metrics.md
 *	GET  /api/v1/status               docs/json.md, "status", of all apps
 *	GET  /api/v1/apps                 the apps of it
 *	GET  /api/v1/apps/NAME            one of them
 *	GET  /api/v1/apps/NAME/history    docs/json.md, "history"
 *	POST /api/v1/apps/NAME/sync       asks for a pass now; suspend and resume likewise
 *	POST /hooks/git                   a Git server says that something was pushed (diff/webhook.h)
 *
 * An agent that stands by passes what is below /api and /hooks on to the one that leads.
 *
 * Orders want a token and carry nothing else. With a listener of its own for the API (api_listen)
 * the other one serves neither status nor orders.
 *
 * It knows nothing of apps: what it tells and does is asked of callbacks, each called from the
 * loop.
 */
#ifndef AGENT_API_H
#define AGENT_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"

struct uv_loop_s;
struct api;
struct webhook_push;

enum api_order { API_SYNC, API_SUSPEND, API_RESUME };

struct api_options {
	struct uv_loop_s *loop;
	const char *listen;           /* "127.0.0.1:8080" (listen.h); NULL: only `api_listen` */
	const char *api_listen;       /* NULL: the API is served on `listen` */
	const char *token_file;       /* who knows its content may give orders; NULL: nobody may */
	const char *hook_secret_file; /* by which webhooks are signed; NULL: there are none */

	/* Whether the agent works; each reason why not is a line in `why`. */
	bool (*is_healthy)(void *context, struct buf *why);

	/* Whether it is ready; each thing that is missing is a line in `missing`. */
	bool (*is_ready)(void *context, struct buf *missing);

	/* The overview of all apps as JSON; of one: ERR_NOT_FOUND. */
	int (*status)(void *context, cJSON **ret_status, struct err *err);
	int (*apps)(void *context, cJSON **ret_apps, struct err *err);
	int (*app)(void *context, const char *name, cJSON **ret_app, struct err *err);
	int (*history)(void *context, const char *name, cJSON **ret_history, struct err *err);

	/*
	 * Carries an order out, or sees to it that it is. `by` is who gave it, for the log: an
	 * address; `reason` why, or "". ERR_NOT_FOUND for no such app; ERR_CONFLICT where it cannot
	 * be done now.
	 */
	int (*order)(void *context, const char *name, enum api_order order, const char *by,
		     const char *reason, struct err *err);

	/*
	 * Has the apps that follow what was pushed (webhook_follows) fetch in `delay_ms`; returns
	 * how many these are.
	 */
	size_t (*pushed)(void *context, const struct webhook_push *push, int64_t delay_ms);

	/*
	 * Who answers /api and /hooks: *ret_address is where another agent that leads listens,
	 * NULL: this one does. ERR_TRANSIENT where it is not known. May be NULL: there is no other
	 * agent.
	 */
	int (*find_leader)(void *context, const char **ret_address, struct err *err);

	void *context;
};

/*
 * Listens, and logs where. The strings are copied. A token or secret file that cannot be read is
 * warned of: it may come, and is read again at each use. NULL with *err: as server_new.
 */
struct api *api_new(const struct api_options *options, struct err *err);

/* Where the API is served in fact: "127.0.0.1:41235". */
const char *api_address(const struct api *api);

/* Closes everything at once. The loop has to turn once more before it is closed. NULL is fine. */
void api_free(struct api *api);

#endif
