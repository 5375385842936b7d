/*
 * config.h - what the agent is to do, as plain values: the clusters, the apps, whom it tells, what
 * it serves.
 *
 * Read from a file (config_read.h, docs/config.md) or made of the command line, which is a
 * configuration of one app. Every string is owned; NULL where the configuration says nothing. Paths
 * are as the process opens them: those of a file that are relative are so to its folder.
 *
 * Releasing and comparing follow the table of keys (config_keys.h), so that a member stands in one
 * place only.
 */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/options.h"
#include "diff/err.h"

#define CONFIG_API_VERSION  "tranche.dev/v1"
#define CONFIG_KIND         "Config"
#define CONFIG_CLUSTER      "default" /* the cluster's name where the configuration lists none */
#define CONFIG_MAX_CLUSTERS 200
#define CONFIG_MAX_APPS     2000
#define CONFIG_MAX_SINKS    200
#define CONFIG_MAX_APP_NAME 200 /* with "tranche-" in front a ConfigMap's name, which has 253 */

struct config_strings {
	char **items;
	size_t count;
};

/* How to reach an API server: as kubeconfig_options has it (apply/kubeconfig.h). */
struct config_cluster {
	char *name;
	char *kubeconfig;
	char *context;
	char *server;
	char *namespace;
	char *impersonate;
	struct config_strings impersonate_groups;
};

enum config_sync {
	SYNC_AUTO,
	SYNC_MANUAL, /* a commit is compared and told, and written when somebody asks for it */
};

enum config_drift {
	DRIFT_ALERT,
	DRIFT_REVERT, /* Git's state is put back: --self-heal */
};

enum config_replicas {
	REPLICAS_LIVE,
	REPLICAS_GIT, /* also where somebody scaled up and Git says what it said before */
};

struct config_prune {
	bool enabled;
	char *kinds;           /* as prune_policy has it: "Namespace,PersistentVolume" */
	int64_t limit_percent; /* 1 to 100 */
	bool allow_empty;
};

struct config_app {
	char *name;    /* unique; of the inventory, too */
	char *cluster; /* the name of one of config.clusters */

	/* The source, as source_options has it (agent/source.h). */
	char *repo; /* NULL: plain files */
	char *ref;
	char *path;
	char *git_dir;
	char *credentials;
	char *verify;
	int64_t fetch_ms;
	struct config_strings files; /* of a command line only, as is `recursive` */
	bool recursive;

	char *namespace; /* for objects that name none; NULL: the cluster's */
	bool namespace_only;
	enum config_sync sync;
	enum config_drift drift;
	enum config_replicas replicas;
	struct config_prune prune;
	int64_t interval_ms; /* 0: of a command that makes one pass */
	bool suspend;
	struct config_strings depends_on; /* names of apps; without a cycle */

	uint32_t line; /* where it stands in the file; 0: on the command line. Not compared. */
};

enum config_sink_type {
	SINK_SLACK,
	SINK_CLOUDEVENTS,
	SINK_ALERTMANAGER,
	SINK_EVENTS,
	SINK_COMMAND,
};

/* Whom to tell. `kinds` and `apps` that are empty let everything through. */
struct config_sink {
	char *name; /* unique */
	enum config_sink_type type;
	char *url;
	char *url_file;    /* instead of `url`: its text is the address, which is a secret then */
	char *secret_file; /* the key that requests are signed with */
	char *token_file;  /* "Authorization: Bearer" */
	char *ca_file;     /* who signs the server's certificate, instead of the system's list */
	struct config_strings command;
	char *severity; /* the least that is told: "info", "warning" or "critical" */
	struct config_strings kinds;
	struct config_strings apps;
	int64_t reminder_ms; /* 0: never told again while it lasts */
};

struct config_server {
	char *listen;     /* "HOST:PORT" of probes, metrics and hooks; NULL: none */
	char *api_listen; /* of /api; NULL: at `listen` */
	char *token_file; /* whose text a writing request of /api has to bring; NULL: none may */
	char *hook_secret_file; /* the key that webhooks are signed with; NULL: none are taken */
};

struct config_leader {
	bool enabled;
	char *lease;     /* its name */
	char *namespace; /* where it is; NULL: the Pod's, else the first cluster's */
	char *identity;  /* of this process, with something random behind it; NULL: Pod or host */
	int64_t duration_ms; /* whole seconds: without a renewal for that long another takes it */
};

/* Apps are split over `count` agents, of which this is number `index`; 0: one has them all. */
struct config_shard {
	int64_t index, count;
};

struct config {
	struct config_cluster *clusters; /* at least one */
	size_t cluster_count;
	struct config_app *apps; /* in the order of the file */
	size_t app_count;
	struct config_sink *sinks;
	size_t sink_count;
	int64_t reminder_ms; /* of sinks that have none of their own */
	char *clone_dir;     /* for the clones of apps without a git_dir; NULL: the user's cache */
	struct config_server server;
	struct config_leader leader;
	struct config_shard shard;
};

void config_release(struct config *config);

/*
 * The configuration that the command line is: one cluster, one app if a source is given. The app's
 * name is --app, else made from the repository's last part and the path ("shop-deploy-prod").
 * ERR_INVALID for a bad name, ERR_NO_MEMORY.
 */
int config_of_options(const struct options *options, struct config *ret_config, struct err *err);

/* Takes --shard, where it is given, instead of what the configuration says. ERR_INVALID. */
int config_take_shard(const struct options *options, struct config *config, struct err *err);

/*
 * A name that may stand in a ConfigMap's: a-z, 0-9 and inner dashes. ERR_INVALID; `what` is how the
 * message calls it ("--app").
 */
int config_check_name(const char *what, const char *name, struct err *err);

/* By name; NULL where there is none. Borrowed. */
const struct config_cluster *config_find_cluster(const struct config *config, const char *name);
const struct config_app *config_find_app(const struct config *config, const char *name);

/* Whether a change of the one to the other is none. */
bool config_cluster_equal(const struct config_cluster *a, const struct config_cluster *b);
bool config_app_equal(const struct config_app *a, const struct config_app *b);
bool config_sink_equal(const struct config_sink *a, const struct config_sink *b);
bool config_equal(const struct config *a, const struct config *b);

/* Deep copies, which may outlive the configuration. */
int config_app_copy(const struct config_app *app, struct config_app *ret_copy, struct err *err);
void config_app_release(struct config_app *app);
int config_cluster_copy(const struct config_cluster *cluster, struct config_cluster *ret_copy,
			struct err *err);
void config_cluster_release(struct config_cluster *cluster);

#endif
