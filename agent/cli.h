/*
 * cli.h - the command line: one table of commands and one of options, from which parsing, errors,
 * `--help`, and prefix completion come (docs/tranche.1 is checked against them).
 *
 * Long options and commands may be cut to any unique prefix (`tranche st --kubec FILE`). Values are
 * written `--name VALUE`, `--name=VALUE`, `-n VALUE` or `-nVALUE`. `--` ends the options.
 */
#ifndef AGENT_CLI_H
#define AGENT_CLI_H

#include <stdbool.h>

#include "agent/options.h"
#include "diff/buf.h"

struct command {
	const char *name;
	const char *usage;   /* what follows "tranche NAME " */
	const char *summary; /* one line, for the list of commands */
	const char *text;    /* a paragraph for its own help */
	const char *examples;
	const char *argument; /* what it is about besides its options: "NAME", "[APP]"; or NULL */
	unsigned groups;      /* which options it takes: CLI_GROUP_... */
	int (*run)(const struct options *options);
};

/* The table's end has a NULL name. It stands in main.c, which knows every command. */
extern const struct command cli_commands[];

enum {
	CLI_GROUP_GIT = 1 << 0,     /* --repo, --ref, --path, --git-dir */
	CLI_GROUP_FILES = 1 << 1,   /* -f, -R */
	CLI_GROUP_CLUSTER = 1 << 2, /* --kubeconfig, --context, -n, --server, --impersonate */
	CLI_GROUP_DIFF = 1 << 3,
	CLI_GROUP_SYNC = 1 << 4,
	CLI_GROUP_RUN = 1 << 5,
	CLI_GROUP_STATUS = 1 << 6,
	CLI_GROUP_APP = 1 << 7,  /* --app */
	CLI_GROUP_HEAL = 1 << 8, /* --self-heal, --prune and what goes with it */
	CLI_GROUP_LOG = 1 << 9,
	CLI_GROUP_COLOR = 1 << 10,
	CLI_GROUP_VALIDATE = 1 << 11,
	CLI_GROUP_CONFINE = 1 << 12, /* --namespace-only */
	CLI_GROUP_EDIT = 1 << 13,    /* -C, -m, --push: a commit to the user's own clone */
	CLI_GROUP_PROMOTE = 1 << 14, /* --to, --by, --all, --force */
	CLI_GROUP_HOLD = 1 << 15,    /* --release */
	CLI_GROUP_CONFIG = 1 << 16,  /* --config, which excludes what is of one app */
	CLI_GROUP_SHARD = 1 << 17,   /* --shard */
	CLI_GROUP_HISTORY = 1 << 18,
	CLI_GROUP_SUSPEND = 1 << 19, /* --reason */
	CLI_GROUP_ALERTS = 1 << 20,  /* --sink */
	CLI_GROUP_AGENT = 1 << 21,   /* --agent: by way of the agent in the cluster */
};

/*
 * Reads argv. *ret_command is NULL for `tranche`, `tranche help` and `tranche --help`; for `tranche
 * help NAME` and `tranche NAME --help` options->help is set. ERR_INVALID with what is wrong and
 * what would be right, in one line.
 */
int cli_parse(int argc, char **argv, const struct command **ret_command,
	      struct options *ret_options, struct err *err);

/* The help of the program (NULL) or of one command. */
void cli_help(const struct command *command, struct buf *out);

/* The only command that `name` is a prefix of; an exact name wins. ERR_INVALID. */
int cli_find_command(const char *name, const struct command **ret_command, struct err *err);

/* One option, as completion needs to know it. */
struct cli_option {
	const char *name;
	char letter;          /* or 0 */
	const char *argument; /* how help calls the value; NULL: it takes none */
	const char *choices;  /* "text|json"; NULL: anything */
	const char *help;
	bool again; /* may be given several times */
};

/* The options of a command, one a call, from *at == 0 on. False after the last. */
bool cli_next_option(const struct command *command, size_t *at, struct cli_option *ret_option);

/* Appends "--repo\n-f --files..." rows, one option of the command a line, for the docs' check. */
void cli_list_options(const struct command *command, struct buf *out);

#endif
