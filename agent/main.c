#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/cli.h"
#include "agent/commands.h"
#include "agent/completion.h"
#include "agent/exit_code.h"
#include "agent/log.h"
#include "agent/session.h"
#include "agent/start.h"

/* clang-format off */
const struct command cli_commands[] = {
	{
		.name = "diff",
		.usage = "(--repo URL|DIR | -f FILE|DIR|-) [--from REV] [-o text|unified|markdown|json] [options]",
		.summary = "Show what a sync would change in the cluster",
		.text = "Show what a sync would change, and what the rollouts would do to the Pods. The API server is\n"
			"asked by a dry run, so its defaults never show as differences. Nothing is written. With --from two\n"
			"revisions of the repository are compared, without a cluster.\n"
			"Ends with 0 if nothing differs, 1 if something does, 2 or more on an error.",
		.examples = "  # What would the newest commit change?\n"
			    "  tranche diff --repo https://example.com/shop.git --path deploy\n\n"
			    "  # A folder of plain files, as diff -u\n"
			    "  tranche diff -f deploy/ -o unified\n\n"
			    "  # Without a cluster: compare with what kubectl has saved\n"
			    "  kubectl get statefulsets,services,pods -o yaml > live.yaml\n"
			    "  tranche diff --live live.yaml -f deploy/\n\n"
			    "  # What does this branch change, and which rollout does that cause? For a pull request\n"
			    "  tranche diff --repo . --from origin/main -o markdown\n",
		.groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_CLUSTER | CLI_GROUP_DIFF | CLI_GROUP_HEAL |
			  CLI_GROUP_APP | CLI_GROUP_CONFINE | CLI_GROUP_COLOR | CLI_GROUP_LOG,
		.run = command_diff,
	},
	{
		.name = "sync",
		.usage = "(--repo URL|DIR | -f FILE|DIR|- | --agent) [--dry-run] [--wait] [options]",
		.summary = "Make the cluster what Git says, once",
		.text = "One pass: fetch, compare, and replace what differs. A StatefulSet with tranche.dev/step takes the\n"
			"step that is due. With --wait the steps that follow are taken, until each partition is where\n"
			"Git has it and the Pods at or above it run the new version and are available. With --agent the\n"
			"agent in the cluster does it; --app names one of its apps.",
		.examples = "  # Apply the newest commit of a branch, and wait for the Pods\n"
			    "  tranche sync --repo https://example.com/shop.git --ref main --wait\n\n"
			    "  # Delete what left Git, too; diff --prune shows what that is\n"
			    "  tranche sync --repo ./shop --prune\n\n"
			    "  # Have the agent in the cluster do it now, and see how that ends\n"
			    "  tranche sync --agent --app shop --wait\n\n"
			    "  # Replace from a file, like kubectl replace -f, but only what differs\n"
			    "  tranche sync -f web.yaml\n",
		.groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_CLUSTER | CLI_GROUP_SYNC | CLI_GROUP_HEAL |
			  CLI_GROUP_APP | CLI_GROUP_CONFINE | CLI_GROUP_AGENT | CLI_GROUP_COLOR |
			  CLI_GROUP_LOG,
		.run = command_sync,
	},
	{
		.name = "run",
		.usage = "(--repo URL|DIR [--interval 30s] | --config FILE) [options]",
		.summary = "Keep syncing: the agent",
		.text = "The agent: keeps the cluster as Git says. A commit that lowers a StatefulSet's partition promotes\n"
			"more Pods. A repository that is a local folder is watched, so that a commit is synced at once;\n"
			"others are asked at each interval. What somebody else changes in the cluster is reported as\n"
			"drift and left alone, unless --self-heal is given; what leaves Git stays, unless --prune is.\n"
			"With --leader-elect several agents can run, of which one writes. Signals: TERM and INT end it,\n"
			"HUP syncs now.",
		.examples = "  # Follow a branch of a remote repository\n"
			    "  tranche run --repo https://example.com/shop.git --ref main --path deploy\n\n"
			    "  # Try it with a repository in a local folder\n"
			    "  tranche run --repo ./shop --interval 10s\n\n"
			    "  # Several apps, alerts, probes and metrics: docs/config.md\n"
			    "  tranche run --config tranche.yaml\n",
		.groups = CLI_GROUP_CONFIG | CLI_GROUP_SHARD | CLI_GROUP_GIT | CLI_GROUP_CLUSTER | CLI_GROUP_RUN | CLI_GROUP_HEAL | CLI_GROUP_APP |
			  CLI_GROUP_CONFINE | CLI_GROUP_LOG,
		.run = command_run,
	},
	{
		.name = "status",
		.usage = "[--repo URL|DIR | -f FILE|DIR|- | --agent] [-o table|wide|json] [--watch] [options]",
		.summary = "Show which Pod runs what, and where each rollout stands",
		.text = "Show the StatefulSets of a namespace, or those that a source names: which Pod runs what, where the\n"
			"partition stands, and what is going on. With a source also which of its objects are not in the\n"
			"cluster. With --watch it is drawn anew on a terminal, and a line a change elsewhere. With --agent\n"
			"what the agent in the cluster says of its apps.",
		.examples = "  # The StatefulSets of the namespace\n"
			    "  tranche status\n\n"
			    "  # With revisions, ages, restarts and nodes of the Pods\n"
			    "  tranche status -o wide\n\n"
			    "  # Follow those of a repository as they move\n"
			    "  tranche status --repo ./shop --watch\n",
		.groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_CLUSTER | CLI_GROUP_STATUS |
			  CLI_GROUP_AGENT | CLI_GROUP_COLOR | CLI_GROUP_LOG,
		.run = command_status,
	},
	{
		.name = "history",
		.usage = "[APP] [-n NAMESPACE | --agent] [-o text|wide|json] [options]",
		.summary = "Show what an app's syncs changed, and how the rollouts ended",
		.text = "Show what was done for an app, the newest first: which commit, when, by whom or why (a commit, a\n"
			"sync that somebody asked for, drift that was undone, a rollback, a suspension), what changed,\n"
			"and how the rollouts ended. It is kept in the app's inventory, the ConfigMap tranche-APP: some 50\n"
			"entries. Without APP: the only one of the namespace.",
		.examples = "  tranche history shop -n shop\n"
			    "  tranche history -o json | jq '.entries[0]'\n",
		.argument = "[APP]",
		.groups = CLI_GROUP_CLUSTER | CLI_GROUP_HISTORY | CLI_GROUP_AGENT | CLI_GROUP_COLOR | CLI_GROUP_LOG,
		.run = command_history,
	},
	{
		.name = "suspend",
		.usage = "[APP] [-n NAMESPACE | --agent] [--reason TEXT] [options]",
		.summary = "Have nobody sync an app until it is resumed",
		.text = "Suspend an app: whoever syncs it, an agent or a command, writes nothing from its next pass on. It\n"
			"stands in the app's inventory, with who, when and why, and so outlasts restarts. A pass that\n"
			"has begun to write ends its work. Ends with 1 if it is suspended already; --agent only tells the\n"
			"agent, which takes it either way.",
		.examples = "  tranche suspend shop -n shop --reason 'restoring a backup'\n",
		.argument = "[APP]",
		.groups = CLI_GROUP_CLUSTER | CLI_GROUP_SUSPEND | CLI_GROUP_AGENT | CLI_GROUP_LOG,
		.run = command_suspend,
	},
	{
		.name = "resume",
		.usage = "[APP] [-n NAMESPACE | --agent] [options]",
		.summary = "Have a suspended app synced again",
		.text = "Undo a suspension: an agent that follows the app syncs it at its next interval. Ends with 1 if it\n"
			"is not suspended; --agent only tells the agent, which takes it either way.",
		.examples = "  tranche resume shop -n shop\n",
		.argument = "[APP]",
		.groups = CLI_GROUP_CLUSTER | CLI_GROUP_AGENT | CLI_GROUP_LOG,
		.run = command_resume,
	},
	{
		.name = "alerts",
		.usage = "[test --config FILE [--sink NAME]]",
		.summary = "Show what is alerted, or send a test",
		.text = "Show the kinds of alerts, with their severities: what the agent tells the sinks of its configuration.\n"
			"With test a message is sent to each sink of the configuration, whatever it filters, and it is\n"
			"told how that went. Ends with 1 if a sink did not take it.",
		.examples = "  tranche alerts\n"
			    "  tranche alerts test --config /etc/tranche/config.yaml --sink team-chat\n",
		.argument = "[test]",
		.groups = CLI_GROUP_CONFIG | CLI_GROUP_ALERTS | CLI_GROUP_CLUSTER,
		.run = command_alerts,
	},
	{
		.name = "validate",
		.usage = "(--repo URL|DIR | -f FILE|DIR|- | --config FILE) [-n NAMESPACE] [-o text|json]",
		.summary = "Check manifests without a cluster",
		.text = "Check manifests for everything that can be told without a cluster, as diff, sync and run do before\n"
			"they send anything: YAML, names, misspelt and ill-typed fields of the kinds that tranche knows,\n"
			"selectors, partitions, objects that are there twice. One line a finding, PATH:LINE:COLUMN: LEVEL:\n"
			"MESSAGE. Ends with 1 if there is an error; warnings alone end with 0. With --config the file for the agent\n"
			"is checked instead.",
		.examples = "  # In CI, before a commit is merged\n"
			    "  tranche validate --repo . --path deploy\n\n"
			    "  # A folder of plain files and all below it\n"
			    "  tranche validate -Rf deploy/\n\n"
			    "  # The agent's configuration\n"
			    "  tranche validate --config tranche.yaml\n",
		.groups = CLI_GROUP_CONFIG | CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_VALIDATE | CLI_GROUP_CONFINE,
		.run = command_validate,
	},
	{
		.name = "promote",
		.usage = "NAME [--to PARTITION | --by PODS | --all] [-C DIR] [-m TEXT] [--push] [options]",
		.summary = "Promote more Pods, by a commit to your clone",
		.text = "Lower the partition of a StatefulSet in your own clone of the repository, and commit it: by one Pod,\n"
			"unless told otherwise. Only the characters of that number change in the file; where the field is\n"
			"missing, it is inserted in the file's style. Of a kustomization the patch that sets it is edited.\n"
			"NAME may also be statefulset/NAME or NAMESPACE/NAME. Ends with 1 if there is nothing to promote.",
		.examples = "  # One more Pod, and on to the agent\n"
			    "  tranche promote web --push\n\n"
			    "  # What would it take to have all of them?\n"
			    "  tranche promote web --all --dry-run\n",
		.argument = "NAME",
		.groups = CLI_GROUP_EDIT | CLI_GROUP_PROMOTE | CLI_GROUP_COLOR,
		.run = command_promote,
	},
	{
		.name = "hold",
		.usage = "NAME [--release] [-C DIR] [-m TEXT] [--push] [options]",
		.summary = "Freeze a StatefulSet's rollout, by a commit to your clone",
		.text = "Set the annotation tranche.dev/hold of a StatefulSet in your own clone of the repository, and commit\n"
			"it: the live partition stays where it is, everything else still syncs. --release undoes it.\n"
			"Ends with 1 if it is so already.",
		.examples = "  tranche hold web --push\n"
			    "  tranche hold web --release --push\n",
		.argument = "NAME",
		.groups = CLI_GROUP_EDIT | CLI_GROUP_HOLD | CLI_GROUP_COLOR,
		.run = command_hold,
	},
	{
		.name = "rollback",
		.usage = "NAME [-C DIR] [-m TEXT] [--push] [options]",
		.summary = "Go back to the last complete state, by a commit to your clone",
		.text = "Put back the images and the partition of the last complete state of a StatefulSet, and commit them:\n"
			"of the newest earlier commit of this branch with another Pod template and partition 0, or of the\n"
			"one that brought the StatefulSet in. A template that has changed in more than images is left to\n"
			"git revert. Ends with 1 if there is nothing to go back to.",
		.examples = "  tranche rollback web --dry-run\n"
			    "  tranche rollback web --push\n",
		.argument = "NAME",
		.groups = CLI_GROUP_EDIT | CLI_GROUP_COLOR,
		.run = command_rollback,
	},
	{
		.name = "completion",
		.usage = "bash|zsh|fish",
		.summary = "Print the completion script of a shell",
		.text = "Print what a shell needs to complete commands, options and their values: output formats, files,\n"
			"contexts, branches and tags. `make install` puts the scripts where the shells look for them.",
		.examples = "  source <(tranche completion bash)        # ~/.bashrc\n"
			    "  source <(tranche completion zsh)         # ~/.zshrc, after compinit\n"
			    "  tranche completion fish | source         # ~/.config/fish/config.fish\n",
		.argument = "SHELL",
		.groups = 0,
		.run = command_completion,
	},
	{
		.name = "version",
		.usage = "",
		.summary = "Print the version",
		.text = "Print the version of tranche.",
		.groups = 0,
		.run = command_version,
	},
	{NULL},
};
/* clang-format on */

static int help(const struct command *command)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);

	cli_help(command, &text);
	return print_result(&text);
}

static int complete(int count, char **words)
{
	CLEANUP(buf_release) struct buf candidates = BUF_INIT(COMPLETION_MAX_BYTES);

	completion_print((const char *const *)words, count < 0 ? 0 : (size_t)count, &candidates);
	return print_result(&candidates);
}

/* What is wrong with a command line is told in the format that it asks for. */
static void set_up_errors(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--log-format=json") == 0 ||
		    (strcmp(argv[i], "json") == 0 && strcmp(argv[i - 1], "--log-format") == 0))
			log_setup(LOG_INFO, LOG_JSON);
}

static int run(int argc, char **argv)
{
	const struct command *command;
	struct options options;
	struct err err;

	if (argc > 1 && strcmp(argv[1], COMPLETION_COMMAND) == 0)
		return complete(argc - 2, argv + 2);
	if (cli_parse(argc, argv, &command, &options, &err) < 0) {
		set_up_errors(argc, argv);
		tell_error(&err);
		return EXIT_USAGE;
	}
	if (!command || options.help)
		return help(command);
	if (options.log_level)
		log_setup(log_level_of(options.log_level),
			  strcmp(options.log_format, "json") == 0 ? LOG_JSON : LOG_TEXT);
	if (command->groups && start_check(&err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	return command->run(&options);
}

int main(int argc, char **argv)
{
	start_hold_streams();
	if (source_is_child(argv))
		return source_child_main();
	signal(SIGPIPE, SIG_IGN);
	int code = run(argc, argv);
	if (session_is_stuck()) {
		/* A thread still uses what exit() would take down. */
		fflush(NULL);
		_exit(code);
	}
	return code;
}
