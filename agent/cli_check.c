#include "agent/cli_check.h"

#include <string.h>

#include "diff/prune.h"

/* What is asked of the agent is not asked of a source. */
static int check_agent(const struct command *command, const struct options *options,
		       struct err *err)
{
	const char *slash = options->agent ? strchr(options->agent, '/') : NULL;

	if ((command->groups & CLI_GROUP_AGENT) && !options->agent && options->api_token_file)
		return err_set(err, ERR_INVALID, "--api-token-file goes with --agent");
	if (!options->agent)
		return 0;
	if (*options->agent &&
	    (!slash || slash == options->agent || !slash[1] || strchr(slash + 1, '/')))
		return err_set(err, ERR_INVALID,
			       "--agent is \"%s\", but has to be NAMESPACE/SERVICE",
			       options->agent);
	if (options->repo || options->files.count)
		return err_set(err, ERR_INVALID,
			       "--agent and %s exclude each other: the agent knows its sources",
			       options->repo ? "--repo" : "-f");
	if (options->watch || options->dry_run)
		return err_set(err, ERR_INVALID, "--%s does not go with --agent",
			       options->watch ? "watch" : "dry-run");
	return 0;
}

static int check_source(const struct command *command, const struct options *options,
			struct err *err)
{
	bool wants_git = command->groups & CLI_GROUP_GIT;
	bool takes_files = command->groups & CLI_GROUP_FILES;
	bool optional = (command->groups & CLI_GROUP_STATUS) || options->agent;

	if (!wants_git || options->config || options->config_schema)
		return 0;
	if (options->repo && options->files.count)
		return err_set(err, ERR_INVALID,
			       "--repo and -f exclude each other; name one source");
	if (!options->repo && (options->ref || options->path || options->git_dir))
		return err_set(err, ERR_INVALID, "--%s goes with --repo",
			       options->ref    ? "ref"
			       : options->path ? "path"
					       : "git-dir");
	if (options->recursive && !options->files.count)
		return err_set(err, ERR_INVALID, "-R goes with -f");
	if (!options->repo && !options->files.count && !optional)
		return err_set(err, ERR_INVALID, "name a source: --repo URL|DIR%s%s",
			       takes_files ? " or -f FILE|DIR|-" : "",
			       command->groups & CLI_GROUP_CONFIG ? ", or --config FILE" : "");
	return 0;
}

static int check_prune(const struct options *options, struct err *err)
{
	if (!options->prune && (options->prune_kinds || options->allow_empty))
		return err_set(err, ERR_INVALID, "--%s goes with --prune",
			       options->prune_kinds ? "prune-kinds" : "allow-empty");
	if (options->prune && !options->repo)
		return err_set(err, ERR_INVALID,
			       "--prune goes with --repo: of plain files nothing is remembered");
	if (options->prune_kinds && prune_check_kinds(options->prune_kinds, err) < 0)
		return err_prefix(err, "--prune-kinds");
	return 0;
}

static int check_identity(const struct command *command, const struct options *options,
			  struct err *err)
{
	if (options->impersonate_groups.count && !options->impersonate)
		return err_set(err, ERR_INVALID, "--impersonate-group goes with --impersonate");
	if ((command->groups & CLI_GROUP_VALIDATE) && options->namespace_only &&
	    !options->namespace)
		return err_set(err, ERR_INVALID, "--namespace-only wants to know which: -n");
	return 0;
}

/* Without a cluster nothing is asked that these could be about. */
static int check_offline(const char *option, const struct options *options, struct err *err)
{
	const struct {
		const char *name;
		bool given;
	} others[] = {
		{"kubeconfig", options->kubeconfig},   {"context", options->context},
		{"server", options->server},           {"app", options->app},
		{"self-heal", options->self_heal},     {"client-side", options->client_side},
		{"impersonate", options->impersonate}, {"prune", options->prune},
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].given)
			return err_set(err, ERR_INVALID,
				       "--%s compares without a cluster; --%s does not go with it",
				       option, others[i].name);
	return 0;
}

static int check_live(const struct options *options, struct err *err)
{
	if (!options->live)
		return 0;
	for (size_t i = 0; i < options->files.count; i++)
		if (strcmp(options->live, "-") == 0 && strcmp(options->files.items[i], "-") == 0)
			return err_set(err, ERR_INVALID,
				       "--live - and -f - cannot both be standard input");
	return check_offline("live", options, err);
}

static int check_revisions(const struct options *options, struct err *err)
{
	if (!options->from_revision && !options->to_revision)
		return 0;
	if (!options->from_revision)
		return err_set(err, ERR_INVALID, "--to goes with --from");
	if (!options->repo)
		return err_set(err, ERR_INVALID,
			       "--from goes with --repo: plain files have no revisions");
	if (options->to_revision && options->ref)
		return err_set(err, ERR_INVALID, "--to and --ref exclude each other; name one");
	if (options->live)
		return err_set(err, ERR_INVALID, "--from and --live exclude each other; name one");
	return check_offline("from", options, err);
}

/* Without an address nobody could ask. */
static int check_listen(const struct command *command, const struct options *options,
			struct err *err)
{
	if (!(command->groups & CLI_GROUP_RUN) || options->listen)
		return 0;
	if (options->webhook_secret_file)
		return err_set(err, ERR_INVALID, "--webhook-secret-file goes with --listen");
	if (options->api_token_file && !options->api_listen)
		return err_set(err, ERR_INVALID, "--api-token-file goes with --listen");
	return 0;
}

static int check_lease(const struct options *options, struct err *err)
{
	if (options->lease_ms % 1000 || (options->leader_elect && options->lease_ms == 0))
		return err_set(err, ERR_INVALID, "--lease-duration has to be of whole seconds");
	return 0;
}

/* How far to promote is said once. */
static int check_edit(const struct command *command, const struct options *options, struct err *err)
{
	if (command->argument && *command->argument != '[' && !options->name)
		return err_set(err, ERR_INVALID, "'tranche %s' wants %s; see 'tranche help %s'",
			       command->name, command->argument, command->name);
	if (options->to.given + options->by.given + options->all > 1)
		return err_set(err, ERR_INVALID, "--to, --by and --all exclude each other");
	if (options->by.given && options->by.value == 0)
		return err_set(err, ERR_INVALID, "--by has to be more than 0");
	if (options->message && strspn(options->message, " \t\n") == strlen(options->message))
		return err_set(err, ERR_INVALID, "-m has to say something");
	return 0;
}

int cli_check(const struct command *command, const struct options *options, struct err *err)
{
	if (check_agent(command, options, err) < 0 || check_source(command, options, err) < 0 ||
	    check_identity(command, options, err) < 0 || check_live(options, err) < 0 ||
	    check_revisions(options, err) < 0 || check_prune(options, err) < 0 ||
	    check_listen(command, options, err) < 0 || check_lease(options, err) < 0)
		return -1;
	return check_edit(command, options, err);
}
