/*
 * options.h - what the command line said, as plain values. cli.c fills it from the tables of
 * cli_options.c and main.c.
 */
#ifndef AGENT_OPTIONS_H
#define AGENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX_ITEMS 64 /* of an option that may be given again */

enum output_format { OUTPUT_TEXT, OUTPUT_UNIFIED, OUTPUT_JSON };

struct option_list {
	const char *items[OPTIONS_MAX_ITEMS];
	size_t count;
};

struct option_number {
	bool given;
	int64_t value;
};

/* All strings are borrowed from argv; NULL: not given. */
struct options {
	const char *config;
	bool config_schema;

	/* source */
	const char *repo;
	const char *ref;
	const char *path;
	struct option_list files; /* "-" is standard input */
	bool recursive;
	const char *git_dir;
	const char *git_credentials;
	const char *verify;
	int64_t fetch_ms;

	/* cluster */
	const char *kubeconfig;
	const char *context;
	const char *namespace;
	const char *server;
	const char *impersonate;
	struct option_list impersonate_groups;

	/* what to do */
	const char *live;
	const char *from_revision, *to_revision;
	bool client_side;
	const char *app;
	const char *output;
	const char *log_format;
	const char *log_level;
	const char *color;
	int64_t interval_ms;
	const char *listen;
	const char *api_listen;
	const char *api_token_file;
	const char *webhook_secret_file;
	bool leader_elect;
	const char *lease, *lease_namespace;
	int64_t lease_ms;
	const char *shard;
	int64_t timeout_ms;
	bool dry_run;
	bool wait;
	bool self_heal;
	const char *replicas;
	bool prune;
	const char *prune_kinds;
	int64_t prune_limit; /* percent */
	bool allow_empty;
	bool namespace_only;
	bool watch;
	bool help;

	const char *reason;
	const char *sink;
	const char *agent; /* "NAMESPACE/SERVICE", "" for the usual one; NULL: not by way of one */

	/* editing a clone */
	const char *name; /* the command's argument */
	const char *directory;
	const char *message;
	struct option_number to, by;
	bool all;
	bool force;
	bool push;
	bool release;
};

#endif
