/*
 * serve.h - the agent's answers over HTTP: what api.h asks, from the overview and the runners.
 */
#ifndef AGENT_SERVE_H
#define AGENT_SERVE_H

#include "agent/agent.h"

struct serve;

/*
 * Listens as the configuration says; *ret_serve is NULL where it says nothing. `agent` is only
 * looked at from the loop. Errors as api_new.
 */
int serve_start(struct agent *agent, struct uv_loop_s *loop, const struct config_server *config,
		struct serve **ret_serve, struct err *err);

/* Closes everything at once. The loop has to turn once more before it is closed. NULL is fine. */
void serve_free(struct serve *serve);

/* Where the API listens, "127.0.0.1:8080". */
const char *serve_address(const struct serve *serve);

#endif
