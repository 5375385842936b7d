/*
 * app.h - one source, its policy, and what is known of the objects it owns: what the agent syncs.
 *
 * An app outlives the passes (pass.h) that work on it, one at a time; between two passes it holds
 * the last commit that was read, its manifests, and the inventory as it stands in the cluster.
 */
#ifndef AGENT_APP_H
#define AGENT_APP_H

#include <stdbool.h>

#include "agent/config.h"
#include "agent/fetch.h"
#include "agent/source.h"
#include "apply/autoscalers.h"
#include "apply/inventory.h"
#include "diff/plan.h"
#include "diff/prune.h"

struct app {
	const char *name;         /* of the inventory */
	char *namespace;          /* for objects that name none, and of the inventory */
	struct config_app config; /* owned; name and source_options point into it */
	bool self_heal;           /* undo drift */
	bool replicas_from_git; /* also where somebody scaled up and Git says what it said before */
	bool namespace_only;    /* nothing outside of `namespace` may be touched */
	bool owns;              /* keeps an inventory: Git sources do, plain files do not */
	struct prune_policy prune;
	struct source_options source_options;
	struct source *source;

	bool loaded;            /* `fetched` holds a commit's manifests */
	struct fetched fetched; /* of the last commit that was read */

	struct autoscalers autoscalers; /* that were found */

	bool inventory_known; /* `inventory` is what the cluster holds */
	struct inventory inventory;
	bool history_unsaved; /* its history has what the cluster does not */
};

/*
 * Copies what it needs of the configuration. `namespace` is that of the cluster's configuration:
 * the app's where that has none of its own. ERR_INVALID, ERR_NO_MEMORY as source_new.
 */
int app_init(struct app *app, const struct config_app *config, const char *namespace,
	     struct err *err);

/*
 * Takes over what the configuration says now of policies: whether to sync by itself, drift, prune,
 * replicas, interval, what it depends on. Not while a pass runs. ERR_NO_MEMORY.
 */
int app_set_policy(struct app *app, const struct config_app *config, struct err *err);

/* Whether both are about the same source, cluster and namespace: they differ in policies only. */
bool app_is_same_place(const struct config_app *a, const struct config_app *b);

void app_release(struct app *app);

/* Whether the app keeps to its namespace and the object is elsewhere. */
bool app_is_outside(const struct app *app, const struct ref *ref);

/* "main@3f2c1ab"; "" before anything was read and for plain files. */
const char *app_revision(const struct app *app);

/* The short commit id, for log lines; NULL where there is none. Borrowed. */
const char *app_commit(const struct app *app);

#endif
