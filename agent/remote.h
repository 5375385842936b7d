/*
 * remote.h - the agent in the cluster, asked from elsewhere: its HTTP API (api.h) by way of the API
 * server's proxy to Services, with the user's own kubeconfig.
 *
 * The API server wants the right to services/proxy (get to look, create to give orders), and takes
 * the Authorization header for itself; so the agent's token travels in a header of its own. It is
 * read with the user's own rights from the Secret `tranche-api` beside the agent.
 *
 *	GET /api/v1/namespaces/tranche/services/tranche:http/proxy/api/v1/status
 *
 * Everything here turns the session's loop until it has its answer, and prints what is wrong.
 */
#ifndef AGENT_REMOTE_H
#define AGENT_REMOTE_H

#include "agent/session.h"

#define REMOTE_AGENT "tranche/tranche" /* namespace and Service, as examples/in-cluster has them */
#define REMOTE_PORT  "http"            /* the name of the Service's port */
#define TOKEN_SECRET "tranche-api"
#define TOKEN_KEY    "token"

struct remote {
	struct session session;
	char *namespace, *service;
	char *headers; /* that go with orders; NULL: not known yet */
};

/* Opens the cluster of the options, whose `agent` is not NULL. EXIT_OK, or the code to end with. */
int remote_open(struct remote *remote, const struct options *options);
void remote_close(struct remote *remote);

/* Asks for a path of the API ("/api/v1/status"). The caller deletes *ret_answer; likewise. */
int remote_get(struct remote *remote, const char *path, cJSON **ret_answer);

/* Whom orders are from: reads the token. `reason` may be NULL. Before remote_order; likewise. */
int remote_sign(struct remote *remote, const struct options *options);

/*
 * Gives an order ("sync", "suspend", "resume") about the app; likewise. Where the agent refuses it
 * because of how the app stands, *ret_refused (may be NULL) is set instead, and nothing printed.
 */
int remote_order(struct remote *remote, const char *app, const char *order, bool *ret_refused);

/* Which app is meant: `name`, or for NULL the agent's only one. The caller frees it; likewise. */
int remote_app(struct remote *remote, const char *name, char **ret_app);

/* --- the commands, with --agent --------------------------------------------------------------- */

int remote_status(const struct options *options);
int remote_history(const struct options *options);
int remote_sync(const struct options *options);
int remote_suspend(const struct options *options, bool suspends);

#endif
