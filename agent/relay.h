/*
 * relay.h - passes requests on to the agent that leads.
 *
 * A Service knows no leader, so requests for the API and webhooks come to those who stand by as
 * well. What proves who sends them (a token, a signature) goes along, for the leader to judge. A
 * request is passed on once: the leader may have changed meanwhile, and two agents that take each
 * other for it would go on for ever.
 */
#ifndef AGENT_RELAY_H
#define AGENT_RELAY_H

#include "agent/server.h"
#include "apply/http.h"

struct relay;

#define RELAY_HEADER        "X-Tranche-Relayed" /* of a request that was passed on */
#define RELAY_TIMEOUT_MS    10000
#define RELAY_MAX_IN_FLIGHT 16

/*
 * `on_done` is called from the loop, once for each request that is passed on, with its id and `tag`
 * and either what the leader answered or why it did not. NULL when memory runs out.
 */
struct relay *relay_new(struct uv_loop_s *loop,
			void (*on_done)(void *context, uint64_t id, const void *tag,
					const struct err *err, struct http_response *response),
			void *context);

/* Gives up on all that is under way, without callbacks; not from within one. NULL is fine. */
void relay_free(struct relay *relay);

/*
 * Passes the request on to the agent at the address ("10.1.2.3:8080", an IP address). Nothing of
 * the request is kept. ERR_INVALID for another address; ERR_CONFLICT for a request that was passed
 * on before; ERR_LIMIT where RELAY_MAX_IN_FLIGHT are under way.
 */
int relay_send(struct relay *relay, const char *address, const struct server_request *request,
	       const void *tag, struct err *err);

#endif
