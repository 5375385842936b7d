#include "agent/cli_options.h"

#include <string.h>

#include "agent/cli.h"
#include "agent/options.h"

#define AT(member) offsetof(struct options, member)

/* clang-format off */
const struct option_row cli_option_rows[] = {
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
	{"help", 'h', OPTION_FLAG, CLI_GROUP_EVERY, NULL, NULL, NULL,
	 "show this", AT(help)},
};
/* clang-format on */

const size_t cli_option_count = sizeof(cli_option_rows) / sizeof(cli_option_rows[0]);

bool cli_takes(const struct command *command, const struct option_row *row)
{
	return row->groups == CLI_GROUP_EVERY || (row->groups & command->groups);
}

int cli_find_long(const struct command *command, const char *name, size_t length,
		  const struct option_row **ret_row, struct err *err)
{
	const struct option_row *found = NULL;

	for (size_t i = 0; i < cli_option_count; i++) {
		const struct option_row *row = &cli_option_rows[i];
		if (!cli_takes(command, row) || strncmp(row->name, name, length) != 0)
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

int cli_find_letter(const struct command *command, char letter, const struct option_row **ret_row,
		    struct err *err)
{
	for (size_t i = 0; i < cli_option_count; i++) {
		const struct option_row *row = &cli_option_rows[i];
		if (row->letter == letter && cli_takes(command, row)) {
			*ret_row = row;
			return 0;
		}
	}
	return err_set(err, ERR_INVALID, "'tranche %s' has no option -%c; see 'tranche help %s'",
		       command->name, letter, command->name);
}
