#include "agent/cli.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static int run_nothing(const struct options *options)
{
	(void)options;
	return 0;
}

const struct command cli_commands[] = {
	{
		.name = "diff",
		.usage = "[options]",
		.summary = "Show",
		.text = "Show it.",
		.groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_CLUSTER | CLI_GROUP_DIFF |
			  CLI_GROUP_HEAL,
		.run = run_nothing,
	},
	{
		.name = "status",
		.usage = "[options]",
		.summary = "Status",
		.text = "Status.",
		.groups = CLI_GROUP_GIT | CLI_GROUP_FILES | CLI_GROUP_CLUSTER | CLI_GROUP_STATUS |
			  CLI_GROUP_AGENT,
		.run = run_nothing,
	},
	{
		.name = "sync",
		.usage = "[options]",
		.summary = "Sync",
		.text = "Sync it.",
		.examples = "  tranche sync\n",
		.groups = CLI_GROUP_GIT | CLI_GROUP_CLUSTER | CLI_GROUP_SYNC,
		.run = run_nothing,
	},
	{
		.name = "history",
		.usage = "[APP]",
		.summary = "History",
		.text = "History.",
		.argument = "[APP]",
		.groups = CLI_GROUP_AGENT,
		.run = run_nothing,
	},
	{.name = "version",
	 .usage = "",
	 .summary = "Version",
	 .text = "Version.",
	 .run = run_nothing},
	{NULL},
};

#define MAX_ARGS 12

/* Parses "tranche WORDS...", words separated by blanks. */
static int parse(const char *line, const struct command **ret_command, struct options *ret_options,
		 struct err *err)
{
	static char copy[512];
	char *argv[MAX_ARGS] = {NULL}, *rest = copy;
	int argc = 0;

	snprintf(copy, sizeof(copy), "tranche%s%s", *line ? " " : "", line);
	for (char *word; (word = strsep(&rest, " "));)
		argv[argc++] = word;
	return cli_parse(argc, argv, ret_command, ret_options, err);
}

static void test_errors_say_what_is_right(void **state)
{
	static const struct {
		const char *line, *message;
	} cases[] = {
		{"frob", "unknown command \"frob\"; run 'tranche help' to see them"},
		{"s --repo x", "command \"s\" may mean status or sync; write more of it"},
		{"--repo x diff",
		 "the command comes first, then its options: tranche COMMAND --repo"},
		{"diff", "name a source: --repo URL|DIR or -f FILE|DIR|-"},
		{"sync", "name a source: --repo URL|DIR"},
		{"diff --repo x -f y", "--repo and -f exclude each other; name one source"},
		{"diff -f y --ref main", "--ref goes with --repo"},
		{"diff --repo x -R", "-R goes with -f"},
		{"diff --repo", "--repo wants URL|DIR"},
		{"diff --repo=", "--repo is empty; it wants URL|DIR"},
		{"diff -f", "-f wants FILE|DIR|-"},
		{"diff --repo x --nope",
		 "'tranche diff' has no option --nope; see 'tranche help diff'"},
		{"diff --repo x -z", "'tranche diff' has no option -z; see 'tranche help diff'"},
		{"diff --ref=m --rep x",
		 "option --rep may mean --repo or --replicas; write more of it"},
		{"diff --repo x -o yaml",
		 "--output is \"yaml\", but has to be one of text|unified|markdown|json"},
		{"diff --repo x -o tex",
		 "--output is \"tex\", but has to be one of text|unified|markdown|json"},
		{"diff -f x --live y --context z",
		 "--live compares without a cluster; --context does not go with it"},
		{"diff -f x --client-side --live y",
		 "--live compares without a cluster; --client-side does not go with it"},
		{"status --agent=tranche",
		 "--agent is \"tranche\", but has to be NAMESPACE/SERVICE"},
		{"status --agent=/tranche",
		 "--agent is \"/tranche\", but has to be NAMESPACE/SERVICE"},
		{"status --agent --repo x",
		 "--agent and --repo exclude each other: the agent knows its sources"},
		{"status --agent --watch", "--watch does not go with --agent"},
		{"status --repo x --api-token-file y", "--api-token-file goes with --agent"},
		{"diff -f - --live -", "--live - and -f - cannot both be standard input"},
		{"diff -f x --live y --impersonate z",
		 "--live compares without a cluster; --impersonate does not go with it"},
		{"diff -f x --impersonate-group z", "--impersonate-group goes with --impersonate"},
		{"diff -f x --impersonate a --impersonate-group=",
		 "--impersonate-group is empty; it wants GROUP"},
		{"diff --live y", "name a source: --repo URL|DIR or -f FILE|DIR|-"},
		{"diff -f y --prune",
		 "--prune goes with --repo: of plain files nothing is remembered"},
		{"diff -f y --live z --prune",
		 "--live compares without a cluster; --prune does not go with it"},
		{"diff --repo x --allow-empty", "--allow-empty goes with --prune"},
		{"diff --repo x --prune-kinds Namespace", "--prune-kinds goes with --prune"},
		{"diff --repo x --prune --prune-kinds Pod",
		 "--prune-kinds: \"Pod\" is not among the kinds that are kept by default: "
		 "Namespace, "
		 "PersistentVolumeClaim, PersistentVolume, CustomResourceDefinition, "
		 "VolumeSnapshot, VolumeSnapshotContent"},
		{"diff --repo x --prune --prune-limit 0",
		 "--prune-limit is \"0\", but has to be from 1 to 100"},
		{"diff --repo x --prune --prune-limit 50%%",
		 "--prune-limit is \"50%%\", but has to be from 1 to 100"},
		{"diff --repo x --prune --prune-limit 101",
		 "--prune-limit is \"101\", but has to be from 1 to 100"},
		{"diff --repo x --to y", "--to goes with --from"},
		{"diff -f x --from y", "--from goes with --repo: plain files have no revisions"},
		{"diff --repo x --from a --to b --ref c",
		 "--to and --ref exclude each other; name one"},
		{"diff --repo x --from a --live b",
		 "--from and --live exclude each other; name one"},
		{"diff --repo x --from a --server b",
		 "--from compares without a cluster; --server does not go with it"},
		{"status -o text", "--output is \"text\", but has to be one of table|wide|json"},
		{"sync --repo x --wait=yes", "--wait takes no value"},
		{"sync --repo x --timeout 0s", "--timeout has to be more than 0"},
		{"sync --repo x y",
		 "'tranche sync' takes no argument \"y\"; see 'tranche help sync'"},
		{"version x",
		 "'tranche version' takes no argument \"x\"; see 'tranche help version'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct command *command;
		struct options options;
		struct err err;

		assert_error(parse(cases[i].line, &command, &options, &err), err, ERR_INVALID,
			     cases[i].message);
	}
}

static void test_values_in_every_spelling(void **state)
{
	static const char *const lines[] = {
		"diff --repo x --namespace shop -o json",
		"diff --repo=x -n shop -ojson",
		"di --repo x --nam=shop --out json",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct command *command;
		struct options options;
		struct err err;

		assert_ok(parse(lines[i], &command, &options, &err), err);
		assert_string_equal(command->name, "diff");
		assert_string_equal(options.repo, "x");
		assert_string_equal(options.namespace, "shop");
		assert_string_equal(options.output, "json");
	}
}

static void test_files_flags_and_defaults(void **state)
{
	const struct command *command;
	struct options options;
	struct err err;

	(void)state;
	assert_ok(parse("diff -Rf a -f - -fb", &command, &options, &err), err);
	assert_true(options.recursive);
	assert_int_equal(options.files.count, 3);
	assert_string_equal(options.files.items[0], "a");
	assert_string_equal(options.files.items[1], "-");
	assert_string_equal(options.files.items[2], "b");
	assert_string_equal(options.output, "text");
	assert_ok(parse("diff -f a --imp ann --impersonate-g x --impersonate-g y", &command,
			&options, &err),
		  err);
	assert_string_equal(options.impersonate, "ann");
	assert_int_equal(options.impersonate_groups.count, 2);
	assert_string_equal(options.impersonate_groups.items[1], "y");
	assert_ok(parse("diff --repo x", &command, &options, &err), err);
	assert_int_equal(options.prune_limit, 50);
	assert_false(options.prune);
	assert_ok(parse("diff --repo x --prune --prune-limit=75% --prune-k Namespace", &command,
			&options, &err),
		  err);
	assert_true(options.prune);
	assert_int_equal(options.prune_limit, 75);
	assert_string_equal(options.prune_kinds, "Namespace");
	assert_ok(parse("sync --repo x", &command, &options, &err), err);
	assert_int_equal(options.timeout_ms, 300000);
	assert_false(options.wait);
}

static void test_help_is_asked_for_in_many_ways(void **state)
{
	static const struct {
		const char *line, *command;
	} cases[] = {
		{"", NULL},
		{"help", NULL},
		{"--help", NULL},
		{"-h", NULL},
		{"help sync", "sync"},
		{"sync --help", "sync"},
		{"sync -h", "sync"},
		{"version -h", "version"},
		{"help di", "diff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct command *command;
		struct options options;
		struct err err;

		assert_ok(parse(cases[i].line, &command, &options, &err), err);
		assert_true(options.help);
		if (cases[i].command)
			assert_string_equal(command->name, cases[i].command);
		else
			assert_null(command);
	}
}

static void test_help_text(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);

	(void)state;
	cli_help(&cli_commands[2], &text);
	assert_string_equal(
		buf_str(&text),
		"Sync it.\n"
		"\n"
		"Examples:\n"
		"  tranche sync\n"
		"\n"
		"Usage:\n"
		"  tranche sync [options]\n"
		"\n"
		"Source:\n"
		"  --repo URL|DIR                the Git repository that holds the manifests\n"
		"  --ref REF                     branch, tag, commit or semver:RANGE of tags to "
		"follow (the remote's HEAD)\n"
		"  --path DIR                    folder or file in the repository (its top)\n"
		"  --git-dir DIR                 where the clone of a remote repository is kept (a "
		"folder in the user's cache)\n"
		"  --git-credentials DIR         folder of a mounted Secret with what a remote "
		"repository wants to know, read at each fetch\n"
		"  --verify DIR                  folder of the keys (*.pub, allowed_signers, "
		"*.gpg, "
		"*.asc) that may sign what is applied\n"
		"  --fetch-timeout DURATION      how long a remote repository's server may take "
		"(60s)\n"
		"\n"
		"Cluster:\n"
		"  --kubeconfig FILE             kubeconfig file ($KUBECONFIG, ~/.kube/config, "
		"then "
		"in-cluster)\n"
		"  --context NAME                context of the kubeconfig (its current one)\n"
		"  -n, --namespace NAMESPACE     namespace for objects that name none (the "
		"context's)\n"
		"  --server URL                  address of the API server (the context's)\n"
		"  --impersonate USER            act as that user, instead of whom the kubeconfig "
		"says\n"
		"  --impersonate-group GROUP     with --impersonate: as a member of that group; "
		"may be "
		"given again\n"
		"\n"
		"Options:\n"
		"  --dry-run                     show what a sync would change, as diff does, and "
		"write nothing\n"
		"  --wait                        follow the rollouts to their end\n"
		"  --timeout DURATION            how long --wait waits (5m)\n");
}

/* A value that may be left out never takes the next word. */
static void test_the_agent_may_be_the_usual_one(void **state)
{
	static const struct {
		const char *line, *agent, *name;
	} cases[] = {
		{"history", NULL, NULL},
		{"history --agent", "", NULL},
		{"history --agent shop", "", "shop"},
		{"history --agent=a/b shop", "a/b", "shop"},
	};
	const struct command *command;
	struct options options;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_ok(parse(cases[i].line, &command, &options, &err), err);
		if (cases[i].agent)
			assert_string_equal(options.agent, cases[i].agent);
		else
			assert_null(options.agent);
		if (cases[i].name)
			assert_string_equal(options.name, cases[i].name);
		else
			assert_null(options.name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_agent_may_be_the_usual_one),
		cmocka_unit_test(test_errors_say_what_is_right),
		cmocka_unit_test(test_values_in_every_spelling),
		cmocka_unit_test(test_files_flags_and_defaults),
		cmocka_unit_test(test_help_is_asked_for_in_many_ways),
		cmocka_unit_test(test_help_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
