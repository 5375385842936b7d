#include "agent/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli_check.h"
#include "agent/exit_code.h"
#include "diff/duration.h"

enum option_type {
	OPTION_FLAG,     /* bool */
	OPTION_STRING,   /* const char * */
	OPTION_MAYBE,    /* const char *; "" where it is given without =VALUE */
	OPTION_CHOICE,   /* const char *, one of `choices` */
	OPTION_DURATION, /* int64_t, milliseconds */
	OPTION_PERCENT,  /* int64_t, 1 to 100 */
	OPTION_NUMBER,   /* struct option_number, from 0 on */
	OPTION_LIST,     /* struct option_list; may be given again */
};

struct option_row {
	const char *name;
	char letter; /* or 0 */
	enum option_type type;
	unsigned groups;
	const char *argument;      /* how help calls the value */
	const char *choices;       /* "text|json" */
	const char *default_value; /* as on the command line; NULL: none */
	const char *help;
	size_t offset; /* in struct options */
};

#define EVERY_COMMAND ~0u
#define AT(member)    offsetof(struct options, member)

/* clang-format off */
static const struct option_row option_table[] = {
	{"config", 0, OPTION_STRING, CLI_GROUP_CONFIG, "FILE", NULL, NULL,
	 "configuration file with all apps, instead of what is said of one here (docs/config.md)", AT(config)},
	{"repo", 0, OPTION_STRING, CLI_GROUP_GIT, "URL|DIR", NULL, NULL,
	 "the Git repository that holds the manifests", AT(repo)},
	{"ref", 0, OPTION_STRING, CLI_GROUP_GIT, "REF", NULL, NULL,
	 "branch, tag, commit or semver:RANGE of tags to follow (the remote's HEAD)", AT(ref)},
	{"path", 0, OPTION_STRING, CLI_GROUP_GIT, "DIR", NULL, NULL,
	 "folder or file in the repository (its top)", AT(path)},
	{"git-dir", 0, OPTION_STRING, CLI_GROUP_GIT, "DIR", NULL, NULL,
	 "where the clone of a remote repository is kept (a folder in the user's cache)", AT(git_dir)},
	{"git-credentials", 0, OPTION_STRING, CLI_GROUP_GIT, "DIR", NULL, NULL,
	 "folder of a mounted Secret with what a remote repository wants to know, read at each fetch",
	 AT(git_credentials)},
	{"verify", 0, OPTION_STRING, CLI_GROUP_GIT, "DIR", NULL, NULL,
	 "folder of the keys (*.pub, allowed_signers, *.gpg, *.asc) that may sign what is applied", AT(verify)},
	{"fetch-timeout", 0, OPTION_DURATION, CLI_GROUP_GIT, "DURATION", NULL, "60s",
	 "how long a remote repository's server may take", AT(fetch_ms)},
	{"filename", 'f', OPTION_LIST, CLI_GROUP_FILES, "FILE|DIR|-", NULL, NULL,
	 "plain manifest files instead of a repository; may be given again", AT(files)},
	{"recursive", 'R', OPTION_FLAG, CLI_GROUP_FILES, NULL, NULL, NULL,
	 "with -f DIR: the folders below it too", AT(recursive)},
	{"kubeconfig", 0, OPTION_STRING, CLI_GROUP_CLUSTER, "FILE", NULL, NULL,
	 "kubeconfig file ($KUBECONFIG, ~/.kube/config, then in-cluster)", AT(kubeconfig)},
	{"context", 0, OPTION_STRING, CLI_GROUP_CLUSTER, "NAME", NULL, NULL,
	 "context of the kubeconfig (its current one)", AT(context)},
	{"namespace", 'n', OPTION_STRING, CLI_GROUP_CLUSTER, "NAMESPACE", NULL, NULL,
	 "namespace for objects that name none (the context's)", AT(namespace)},
	{"namespace", 'n', OPTION_STRING, CLI_GROUP_VALIDATE, "NAMESPACE", NULL, NULL,
	 "namespace for objects that name none", AT(namespace)},
	{"namespace", 'n', OPTION_STRING, CLI_GROUP_EDIT, "NAMESPACE", NULL, NULL,
	 "the StatefulSet's namespace, where several have its name", AT(namespace)},
	{"server", 0, OPTION_STRING, CLI_GROUP_CLUSTER, "URL", NULL, NULL,
	 "address of the API server (the context's)", AT(server)},
	{"impersonate", 0, OPTION_STRING, CLI_GROUP_CLUSTER, "USER", NULL, NULL,
	 "act as that user, instead of whom the kubeconfig says", AT(impersonate)},
	{"impersonate-group", 0, OPTION_LIST, CLI_GROUP_CLUSTER, "GROUP", NULL, NULL,
	 "with --impersonate: as a member of that group; may be given again", AT(impersonate_groups)},
	{"agent", 0, OPTION_MAYBE, CLI_GROUP_AGENT, "NAMESPACE/SERVICE", NULL, NULL,
	 "ask the agent in the cluster, through the API server's proxy (tranche/tranche)", AT(agent)},
	{"api-token-file", 0, OPTION_STRING, CLI_GROUP_AGENT, "FILE", NULL, NULL,
	 "with --agent: the token that it wants (of the Secret tranche-api beside it)", AT(api_token_file)},
	{"live", 0, OPTION_STRING, CLI_GROUP_DIFF, "FILE|-", NULL, NULL,
	 "compare with the objects of a file, as kubectl get -o yaml prints them, not with a cluster",
	 AT(live)},
	{"from", 0, OPTION_STRING, CLI_GROUP_DIFF, "REV", NULL, NULL,
	 "compare with that revision of the repository, rolled out to its end, not with a cluster",
	 AT(from_revision)},
	{"to", 0, OPTION_STRING, CLI_GROUP_DIFF, "REV", NULL, NULL,
	 "with --from: the revision that is compared with it (--ref)", AT(to_revision)},
	{"client-side", 0, OPTION_FLAG, CLI_GROUP_DIFF, NULL, NULL, NULL,
	 "compare without dry runs, where they are not permitted: only what the manifests set",
	 AT(client_side)},
	{"output", 'o', OPTION_CHOICE, CLI_GROUP_DIFF, "FORMAT", "text|unified|markdown|json", "text",
	 "text, unified (as diff -u), markdown (for a pull request comment) or json", AT(output)},
	{"output", 'o', OPTION_CHOICE, CLI_GROUP_STATUS, "FORMAT", "table|wide|json", "table",
	 "table, wide (a line a Pod, too) or json", AT(output)},
	{"output", 'o', OPTION_CHOICE, CLI_GROUP_HISTORY, "FORMAT", "text|wide|json", "text",
	 "text, wide (subjects in full) or json", AT(output)},
	{"output", 'o', OPTION_CHOICE, CLI_GROUP_VALIDATE, "FORMAT", "text|json", "text",
	 "text or json", AT(output)},
	{"config-schema", 0, OPTION_FLAG, CLI_GROUP_VALIDATE, NULL, NULL, NULL,
	 "print the JSON schema of configuration files, and check nothing", AT(config_schema)},
	{"dry-run", 0, OPTION_FLAG, CLI_GROUP_SYNC, NULL, NULL, NULL,
	 "show what a sync would change, as diff does, and write nothing", AT(dry_run)},
	{"wait", 0, OPTION_FLAG, CLI_GROUP_SYNC, NULL, NULL, NULL,
	 "follow the rollouts to their end", AT(wait)},
	{"timeout", 0, OPTION_DURATION, CLI_GROUP_SYNC, "DURATION", NULL, "5m",
	 "how long --wait waits", AT(timeout_ms)},
	{"interval", 0, OPTION_DURATION, CLI_GROUP_RUN, "DURATION", NULL, "30s",
	 "how often the repository and the cluster are looked at", AT(interval_ms)},
	{"listen", 0, OPTION_STRING, CLI_GROUP_RUN, "HOST:PORT", NULL, NULL,
	 "answer probes, metrics, the API and webhooks over HTTP there; :PORT on every address", AT(listen)},
	{"api-listen", 0, OPTION_STRING, CLI_GROUP_RUN, "HOST:PORT", NULL, NULL,
	 "answer the API there instead, such as 127.0.0.1:8081", AT(api_listen)},
	{"api-token-file", 0, OPTION_STRING, CLI_GROUP_RUN, "FILE", NULL, NULL,
	 "file with the token that the API asks of who has something synced or suspended", AT(api_token_file)},
	{"webhook-secret-file", 0, OPTION_STRING, CLI_GROUP_RUN, "FILE", NULL, NULL,
	 "file with the secret that webhooks (POST /hooks/git) are signed with", AT(webhook_secret_file)},
	{"leader-elect", 0, OPTION_FLAG, CLI_GROUP_RUN, NULL, NULL, NULL,
	 "of several agents only the one that holds a Lease writes; the others stand by", AT(leader_elect)},
	{"lease", 0, OPTION_STRING, CLI_GROUP_RUN, "NAME", NULL, "tranche",
	 "with --leader-elect: the Lease's name", AT(lease)},
	{"lease-namespace", 0, OPTION_STRING, CLI_GROUP_RUN, "NAMESPACE", NULL, NULL,
	 "with --leader-elect: the Lease's namespace (the agent's Pod's, else the context's)", AT(lease_namespace)},
	{"lease-duration", 0, OPTION_DURATION, CLI_GROUP_RUN, "DURATION", NULL, "15s",
	 "with --leader-elect: how long the others wait for a leader that is gone", AT(lease_ms)},
	{"shard", 0, OPTION_STRING, CLI_GROUP_SHARD, "INDEX/COUNT", NULL, NULL,
	 "take only this agent's share of the apps, as 0/3; auto/3: by the number that ends the host's name",
	 AT(shard)},
	{"self-heal", 0, OPTION_FLAG, CLI_GROUP_HEAL, NULL, NULL, NULL,
	 "undo drift: put Git's state back when somebody else changed the cluster", AT(self_heal)},
	{"prune", 0, OPTION_FLAG, CLI_GROUP_HEAL, NULL, NULL, NULL,
	 "delete what left Git: objects that an earlier sync of this app applied", AT(prune)},
	{"prune-kinds", 0, OPTION_STRING, CLI_GROUP_HEAL, "KIND,KIND", NULL, NULL,
	 "with --prune: kinds that are kept by default, such as Namespace,PersistentVolumeClaim",
	 AT(prune_kinds)},
	{"prune-limit", 0, OPTION_PERCENT, CLI_GROUP_HEAL, "PERCENT", NULL, "50",
	 "how much of the app's objects, or of its StatefulSets, --prune may delete at once",
	 AT(prune_limit)},
	{"allow-empty", 0, OPTION_FLAG, CLI_GROUP_HEAL, NULL, NULL, NULL,
	 "with --prune: delete everything where the commit has no objects at all", AT(allow_empty)},
	{"namespace-only", 0, OPTION_FLAG, CLI_GROUP_CONFINE, NULL, NULL, NULL,
	 "refuse a commit with objects outside of the namespace, or of kinds that belong to none",
	 AT(namespace_only)},
	{"replicas", 0, OPTION_CHOICE, CLI_GROUP_HEAL, "WHOSE", "live|git", "live",
	 "git: scale down to Git's number although somebody scaled up since; live: keep theirs",
	 AT(replicas)},
	{"app", 0, OPTION_STRING, CLI_GROUP_APP, "NAME", NULL, NULL,
	 "name of the inventory in the cluster (made from the repository and path)", AT(app)},
	{"reason", 0, OPTION_STRING, CLI_GROUP_SUSPEND, "TEXT", NULL, NULL,
	 "why, for whoever wonders", AT(reason)},
	{"sink", 0, OPTION_STRING, CLI_GROUP_ALERTS, "NAME", NULL, NULL,
	 "send to this sink alone", AT(sink)},
	{"watch", 'w', OPTION_FLAG, CLI_GROUP_STATUS, NULL, NULL, NULL,
	 "keep showing it as it changes, until it is interrupted", AT(watch)},
	{"to", 0, OPTION_NUMBER, CLI_GROUP_PROMOTE, "PARTITION", NULL, NULL,
	 "the partition to set", AT(to)},
	{"by", 0, OPTION_NUMBER, CLI_GROUP_PROMOTE, "PODS", NULL, NULL,
	 "how many more Pods to promote (1)", AT(by)},
	{"all", 0, OPTION_FLAG, CLI_GROUP_PROMOTE, NULL, NULL, NULL,
	 "promote all Pods that are held: partition 0", AT(all)},
	{"force", 0, OPTION_FLAG, CLI_GROUP_PROMOTE, NULL, NULL, NULL,
	 "raise the partition, too, which brings no Pod back", AT(force)},
	{"release", 0, OPTION_FLAG, CLI_GROUP_HOLD, NULL, NULL, NULL,
	 "undo a hold", AT(release)},
	{"directory", 'C', OPTION_STRING, CLI_GROUP_EDIT, "DIR", NULL, NULL,
	 "the clone, or a folder in it to look below (the current folder)", AT(directory)},
	{"message", 'm', OPTION_STRING, CLI_GROUP_EDIT, "TEXT", NULL, NULL,
	 "the commit's message (what the plan says, in one line)", AT(message)},
	{"push", 0, OPTION_FLAG, CLI_GROUP_EDIT, NULL, NULL, NULL,
	 "push the branch to its upstream", AT(push)},
	{"dry-run", 0, OPTION_FLAG, CLI_GROUP_EDIT, NULL, NULL, NULL,
	 "show the plan and the changed lines, and write nothing", AT(dry_run)},
	{"color", 0, OPTION_CHOICE, CLI_GROUP_COLOR, "WHEN", "auto|always|never", "auto",
	 "colour: auto is on a terminal unless NO_COLOR is set", AT(color)},
	{"log-format", 0, OPTION_CHOICE, CLI_GROUP_LOG, "FORMAT", "text|json", "text",
	 "log lines as text or JSON", AT(log_format)},
	{"log-level", 0, OPTION_CHOICE, CLI_GROUP_LOG, "LEVEL", "debug|info|warning|error", "info",
	 "the least level that is logged", AT(log_level)},
	{"help", 'h', OPTION_FLAG, EVERY_COMMAND, NULL, NULL, NULL,
	 "show this", AT(help)},
};
/* clang-format on */

#define OPTION_COUNT (sizeof(option_table) / sizeof(option_table[0]))

/* --- looking up ------------------------------------------------------------------------------ */

int cli_find_command(const char *name, const struct command **ret_command, struct err *err)
{
	const struct command *found = NULL;

	for (const struct command *command = cli_commands; command->name; command++) {
		if (strncmp(command->name, name, strlen(name)) != 0)
			continue;
		if (strcmp(command->name, name) == 0) {
			found = command;
			break;
		}
		if (found)
			return err_set(err, ERR_INVALID,
				       "command \"%s\" may mean %s or %s; write more of it", name,
				       found->name, command->name);
		found = command;
	}
	if (!found || !*name)
		return err_set(err, ERR_INVALID,
			       "unknown command \"%s\"; run 'tranche help' to see them", name);
	*ret_command = found;
	return 0;
}

static bool takes(const struct command *command, const struct option_row *row)
{
	return row->groups == EVERY_COMMAND || (row->groups & command->groups);
}

/* The only option of the command that the `length` bytes at `name` are a prefix of. */
static int find_long(const struct command *command, const char *name, size_t length,
		     const struct option_row **ret_row, struct err *err)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];
		if (!takes(command, row) || strncmp(row->name, name, length) != 0)
			continue;
		if (strlen(row->name) == length) {
			found = row;
			break;
		}
		if (found && strncmp(row->name, found->name, strlen(found->name)) == 0)
			continue; /* what is short for both means the shorter */
		if (found)
			return err_set(err, ERR_INVALID,
				       "option --%.*s may mean --%s or --%s; write more of it",
				       (int)length, name, found->name, row->name);
		found = row;
	}
	if (!found || length == 0)
		return err_set(err, ERR_INVALID,
			       "'tranche %s' has no option --%.*s; see 'tranche help %s'",
			       command->name, (int)length, name, command->name);
	*ret_row = found;
	return 0;
}

static int find_letter(const struct command *command, char letter,
		       const struct option_row **ret_row, struct err *err)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];
		if (row->letter == letter && takes(command, row)) {
			*ret_row = row;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "'tranche %s' has no option -%c; see 'tranche help %s'",
		       command->name, letter, command->name);
}

/* --- storing --------------------------------------------------------------------------------- */

static bool is_choice(const char *choices, const char *value)
{
	size_t length = strlen(value);

	for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, value, length) == 0 && (p[length] == '|' || p[length] == '\0'))
			return length > 0;
	return false;
}

static int append(const struct option_row *row, const char *value, struct option_list *list,
		  struct err *err)
{
	if (!*value)
		return err_set(err, ERR_INVALID, "--%s is empty; it wants %s", row->name,
			       row->argument);
	if (list->count == OPTIONS_MAX_ITEMS)
		return err_set(err, ERR_LIMIT, "--%s is given more than %d times", row->name,
			       OPTIONS_MAX_ITEMS);
	list->items[list->count++] = value;
	return 0;
}

/* "50" or "50%" */
static int store_percent(const struct option_row *row, const char *value, int64_t *ret_percent,
			 struct err *err)
{
	char *end;
	long percent = strtol(value, &end, 10);

	if (end == value || percent < 1 || percent > 100 || *(*end == '%' ? end + 1 : end))
		return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be from 1 to 100",
			       row->name, value);
	*ret_percent = percent;
	return 0;
}

static int store_number(const struct option_row *row, const char *value,
			struct option_number *number, struct err *err)
{
	char *end;

	errno = 0;
	number->value = strtoll(value, &end, 10);
	if (end == value || *end || errno || number->value < 0)
		return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be a number from 0 on",
			       row->name, value);
	number->given = true;
	return 0;
}

static int store(const struct option_row *row, const char *value, struct options *options,
		 struct err *err)
{
	char *base = (char *)options;

	switch (row->type) {
	case OPTION_FLAG: *(bool *)(void *)(base + row->offset) = true; return 0;
	case OPTION_MAYBE: *(const char **)(void *)(base + row->offset) = value; return 0;
	case OPTION_CHOICE:
		if (!is_choice(row->choices, value))
			return err_set(err, ERR_INVALID, "--%s is \"%s\", but has to be one of %s",
				       row->name, value, row->choices);
		__attribute__((fallthrough));
	case OPTION_STRING:
		if (!*value)
			return err_set(err, ERR_INVALID, "--%s is empty; it wants %s", row->name,
				       row->argument);
		*(const char **)(void *)(base + row->offset) = value;
		return 0;
	case OPTION_DURATION:
		if (duration_parse(value, (int64_t *)(void *)(base + row->offset), err) < 0)
			return err_prefix(err, "--%s", row->name);
		if (*(int64_t *)(void *)(base + row->offset) == 0)
			return err_set(err, ERR_INVALID, "--%s has to be more than 0", row->name);
		return 0;
	case OPTION_PERCENT:
		return store_percent(row, value, (int64_t *)(void *)(base + row->offset), err);
	case OPTION_NUMBER: return store_number(row, value, (void *)(base + row->offset), err);
	case OPTION_LIST: return append(row, value, (void *)(base + row->offset), err);
	}
	return err_set(err, ERR_INTERNAL, "option --%s has no type", row->name);
}

static int store_defaults(const struct command *command, struct options *options, struct err *err)
{
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];
		if (row->default_value && (row->groups & command->groups) &&
		    store(row, row->default_value, options, err) < 0)
			return -1;
	}
	return 0;
}

/* --- parsing --------------------------------------------------------------------------------- */

struct args {
	int argc, next;
	char **argv;
	const char *of_one_app; /* an option that was given and does not go with --config */
};

/* Whether the option says of one app what a configuration file says of each. */
static bool is_of_one_app(const struct option_row *row)
{
	const unsigned groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_HEAL | CLI_GROUP_APP |
				CLI_GROUP_CONFINE | CLI_GROUP_RUN;

	return row->groups != EVERY_COMMAND && (row->groups & groups);
}

static const char *take_arg(struct args *args)
{
	return args->next < args->argc ? args->argv[args->next++] : NULL;
}

static int parse_long(const struct command *command, const char *text, struct args *args,
		      struct options *options, struct err *err)
{
	const struct option_row *row = NULL;
	const char *value = strchr(text, '=');
	size_t length = value ? (size_t)(value - text) : strlen(text);

	if (find_long(command, text, length, &row, err) < 0)
		return -1;
	if (is_of_one_app(row))
		args->of_one_app = row->name;
	if (row->type == OPTION_FLAG) {
		if (value)
			return err_set(err, ERR_INVALID, "--%s takes no value", row->name);
		return store(row, NULL, options, err);
	}
	if (row->type == OPTION_MAYBE)
		return store(row, value ? value + 1 : "", options, err);
	value = value ? value + 1 : take_arg(args);
	if (!value)
		return err_set(err, ERR_INVALID, "--%s wants %s", row->name, row->argument);
	return store(row, value, options, err);
}

/* -R, -Rf FILE, -fFILE */
static int parse_letters(const struct command *command, const char *letters, struct args *args,
			 struct options *options, struct err *err)
{
	for (; *letters; letters++) {
		const struct option_row *row = NULL;
		if (find_letter(command, *letters, &row, err) < 0)
			return -1;
		if (is_of_one_app(row))
			args->of_one_app = row->name;
		if (row->type != OPTION_FLAG) {
			const char *value = letters[1] ? letters + 1 : take_arg(args);
			if (!value)
				return err_set(err, ERR_INVALID, "-%c wants %s", row->letter,
					       row->argument);
			return store(row, value, options, err);
		}
		if (store(row, NULL, options, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_options(const struct command *command, struct args *args, struct options *options,
			 struct err *err)
{
	const char *text;
	bool only_arguments = false;

	while ((text = take_arg(args))) {
		if (!only_arguments && strcmp(text, "--") == 0) {
			only_arguments = true;
		} else if (!only_arguments && strncmp(text, "--", 2) == 0) {
			if (parse_long(command, text + 2, args, options, err) < 0)
				return -1;
		} else if (!only_arguments && text[0] == '-' && text[1]) {
			if (parse_letters(command, text + 1, args, options, err) < 0)
				return -1;
		} else if (command->argument && !options->name && *text) {
			options->name = text;
		} else {
			return err_set(
				err, ERR_INVALID,
				"'tranche %s' takes no argument \"%s\"; see 'tranche help %s'",
				command->name, text, command->name);
		}
	}
	return 0;
}

int cli_parse(int argc, char **argv, const struct command **ret_command,
	      struct options *ret_options, struct err *err)
{
	struct args args = {.argc = argc, .next = 1, .argv = argv};
	const struct command *command = NULL;
	struct options options = {0};
	const char *name = take_arg(&args);
	bool help = false;

	if (name &&
	    (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)) {
		help = true;
		name = take_arg(&args);
	} else if (name && strcmp(name, "--version") == 0) {
		name = "version";
	}
	if (!name) {
		*ret_command = NULL;
		*ret_options = (struct options){.help = true};
		return 0;
	}
	if (name[0] == '-')
		return err_set(err, ERR_INVALID,
			       "the command comes first, then its options: tranche COMMAND %s",
			       name);
	if (cli_find_command(name, &command, err) < 0 || store_defaults(command, &options, err) < 0)
		return -1;
	options.help = help;
	if (parse_options(command, &args, &options, err) < 0)
		return -1;
	if (!options.help && options.config && args.of_one_app)
		return err_set(err, ERR_INVALID,
			       "--%s does not go with --config: the file says it of each app",
			       args.of_one_app);
	if (!options.help && cli_check(command, &options, err) < 0)
		return -1;
	*ret_command = command;
	*ret_options = options;
	return 0;
}

/* --- help ------------------------------------------------------------------------------------ */

#define HELP_COLUMN 32

static void print_option(const struct option_row *row, struct buf *out)
{
	size_t start = out->length;

	buf_puts(out, "  ");
	if (row->letter)
		buf_printf(out, "-%c, ", row->letter);
	buf_printf(out, "--%s", row->name);
	if (row->argument)
		buf_printf(out, row->type == OPTION_MAYBE ? "[=%s]" : " %s", row->argument);
	size_t used = out->length - start;
	if (used + 2 > HELP_COLUMN) {
		buf_putc(out, '\n');
		used = 0;
	}
	buf_fill(out, ' ', HELP_COLUMN - used);
	buf_puts(out, row->help);
	if (row->default_value)
		buf_printf(out, " (%s)", row->default_value);
	buf_putc(out, '\n');
}

static void print_options(const struct command *command, const char *title, unsigned groups,
			  struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_table[i];
		if (row->groups == EVERY_COMMAND || !(row->groups & command->groups & groups))
			continue;
		if (!any)
			buf_printf(out, "\n%s:\n", title);
		any = true;
		print_option(row, out);
	}
}

static void help_of_command(const struct command *command, struct buf *out)
{
	const unsigned source = CLI_GROUP_CONFIG | CLI_GROUP_GIT | CLI_GROUP_FILES;

	buf_printf(out, "%s\n", command->text);
	if (command->examples)
		buf_printf(out, "\nExamples:\n%s", command->examples);
	buf_printf(out, "\nUsage:\n  tranche %s%s%s\n", command->name, *command->usage ? " " : "",
		   command->usage);
	print_options(command, "Source", source, out);
	print_options(command, "Cluster", CLI_GROUP_CLUSTER, out);
	print_options(command, "Options", ~(source | CLI_GROUP_CLUSTER), out);
}

static void help_of_program(struct buf *out)
{
	buf_puts(out,
		 "tranche syncs Kubernetes StatefulSets from Git: a commit that lowers a partition "
		 "promotes\nmore Pods.\n\nCommands:\n");
	for (const struct command *command = cli_commands; command->name; command++)
		buf_printf(out, "  %-10s %s\n", command->name, command->summary);
	buf_printf(out, "  %-10s %s\n", "help", "Show the help of a command");
	buf_puts(out, "\nCommands and long options may be cut to any unique prefix.\n"
		      "\nExit codes:\n");
	for (int code = 0; code < EXIT_CODE_COUNT; code++)
		buf_printf(out, "  %d  %s\n", code, exit_code_meaning((enum exit_code)code));
	buf_puts(out, "\nRun 'tranche help COMMAND' for examples and options.\n");
}

void cli_help(const struct command *command, struct buf *out)
{
	if (command)
		help_of_command(command, out);
	else
		help_of_program(out);
}

bool cli_next_option(const struct command *command, size_t *at, struct cli_option *ret_option)
{
	while (*at < OPTION_COUNT) {
		const struct option_row *row = &option_table[(*at)++];

		if (!takes(command, row))
			continue;
		*ret_option = (struct cli_option){
			.name = row->name,
			.letter = row->letter,
			.argument = row->argument,
			.choices = row->choices,
			.help = row->help,
			.again = row->type == OPTION_LIST,
		};
		return true;
	}
	return false;
}

void cli_list_options(const struct command *command, struct buf *out)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if (takes(command, &option_table[i]))
			buf_printf(out, "--%s\n", option_table[i].name);
}
