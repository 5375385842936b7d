/*
 * link.h - what the apps of one cluster share: the connection, the credentials, what was
 * discovered, and the watches on rollouts and on objects.
 */
#ifndef AGENT_LINK_H
#define AGENT_LINK_H

#include "agent/config.h"
#include "agent/turns.h"
#include "apply/cluster.h"
#include "apply/discovery.h"
#include "apply/owned.h"
#include "apply/rollout.h"

struct uv_loop_s;

#define LINK_SETTLE_MS  2000 /* see link_settle */
#define LINK_MAX_PASSES 8    /* at once; a cluster that does not answer keeps no other waiting */

/* Finds and reads the kubeconfig that the configuration means; errors as kubeconfig_load. */
int link_kubeconfig(const struct config_cluster *config, bool attended,
		    struct kubeconfig *ret_kubeconfig, struct err *err);

/* Whom the link tells of rollouts, as rollouts_options has it. */
struct link_listener {
	void (*on_rollout)(void *context, const struct rollout *rollout);
	void (*on_rollout_gone)(void *context, const char *namespace, const char *name);
	void (*on_rollout_error)(void *context, const struct err *err);
	void *context;

	struct link_listener *next; /* the link's */
};

struct link {
	struct config_cluster config;
	struct kubeconfig kubeconfig;
	struct cluster *cluster;
	struct discovery *discovery;
	struct rollouts *rollouts;
	struct owned *owned;
	struct turns passes; /* that ask the cluster at the moment */
	uint64_t settling;   /* the timer of link_settle, or 0 */
	const char *app;     /* that log lines about the link name; NULL: several use it */
	struct link_listener *listeners;
};

/* Copies the configuration; nothing is sent yet. Errors as kubeconfig_load. */
int link_new(struct uv_loop_s *loop, const struct config_cluster *config, struct link **ret_link,
	     struct err *err);

/* Cancels what is under way. The loop has to turn once more before it is closed. NULL is fine. */
void link_free(struct link *link);
DEFINE_FREE_P(struct link, link_free);

/* The listener is borrowed until link_unlisten. */
void link_listen(struct link *link, struct link_listener *listener);
void link_unlisten(struct link *link, struct link_listener *listener);

/*
 * Follows the rollouts of a namespace; those that are known already are told to the listener at
 * once.
 */
int link_follow(struct link *link, const char *namespace, const struct link_listener *listener,
		struct err *err);

/*
 * After a pass: memory that is not needed any more is given back (memory.h), a while later, when
 * what the pass has brought about has come to rest too.
 */
void link_settle(struct link *link);

#endif
