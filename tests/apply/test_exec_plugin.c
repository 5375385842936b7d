#include "apply/exec_plugin.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "diff/buf.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/turn.h"

/* How a run ended. */
struct outcome {
	bool done;
	struct err err;
	char output[4096];
	size_t length;
};

static void on_done(void *ctx, const struct err *err, const char *output, size_t length)
{
	struct outcome *outcome = ctx;

	assert_false(outcome->done);
	outcome->done = true;
	outcome->err = err ? *err : (struct err){0};
	outcome->length = length;
	snprintf(outcome->output, sizeof(outcome->output), "%s", output);
}

/* Runs the command to its end; -1 where it could not be started. */
static int run(const struct exec_config *config, int64_t deadline_ms, struct outcome *outcome)
{
	const struct exec_plugin_options options = {
		.config = config,
		.info = "INFO",
		.deadline_ms = deadline_ms,
		.on_done = on_done,
		.ctx = outcome,
	};
	struct exec_plugin *plugin;
	uv_loop_t loop;

	*outcome = (struct outcome){0};
	uv_loop_init(&loop);
	int status = exec_plugin_start(&loop, &options, &plugin, &outcome->err);
	if (status == 0)
		turn_until(&loop, &outcome->done);
	turn_and_close(&loop);
	return status;
}

/* What comes back of a script, or the error. */
static void test_ends(void **state)
{
	(void)state;
	static const struct {
		const char *name, *script, *expected;
		enum err_class class;
	} cases[] = {
		{"output", "echo '{}'; echo chatter >&2", "{}\n", ERR_NONE},
		{"info", "printf '%s' \"$KUBERNETES_EXEC_INFO\"", "INFO", ERR_NONE},
		{"no standard input", "cat; echo end", "end\n", ERR_NONE},
		{"a child that stays keeps nobody waiting", "echo x; sleep 5 &", "x\n", ERR_NONE},
		{"failure", "printf 'no\\n\\n  session:\\033[1m \\tlog in\\n' >&2; exit 3",
		 "PLUGIN ended with exit code 3: no session:?[1m log in", ERR_DENIED},
		{"failure without a word", "exit 1", "PLUGIN ended with exit code 1", ERR_DENIED},
		{"a secret that it told twice",
		 "echo '{\"token\":\"hunter2-hunter2\"}'; echo token=hunter2-hunter2 bad >&2; "
		 "exit 1",
		 "PLUGIN ended with exit code 1: token=*************** bad", ERR_DENIED},
		{"a signal", "kill -TERM $$", "PLUGIN was killed by signal 15", ERR_DENIED},
		{"too much", "exec yes", "PLUGIN printed more than 1048576 bytes", ERR_LIMIT},
	};
	char command[256], origin[] = "PLUGIN";
	const struct exec_config config = {.origin = origin, .command = command};
	struct folder folder;

	folder_make(&folder);
	snprintf(command, sizeof(command), "%s", folder_file(&folder, "plugin"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome;

		folder_script(&folder, "plugin", cases[i].script);
		assert_int_equal(run(&config, 0, &outcome), 0);
		const char *seen = outcome.err.class ? outcome.err.message : outcome.output;
		if (outcome.err.class != cases[i].class || strcmp(seen, cases[i].expected) != 0)
			fail_msg("%s: %s\nexpected: %s", cases[i].name, seen, cases[i].expected);
	}
	folder_remove(&folder);
}

/*
 * It is ended, and what it has said until then is told. A busy machine may take longer until it
 * says anything.
 */
static void test_too_slow(void **state)
{
	(void)state;
	char command[256], origin[] = "PLUGIN", expected[128];
	const struct exec_config config = {.origin = origin, .command = command};
	struct outcome outcome;
	struct folder folder;

	folder_make(&folder);
	snprintf(command, sizeof(command), "%s", folder_file(&folder, "plugin"));
	folder_script(&folder, "plugin", "echo waiting for you >&2; exec sleep 600");
	for (int seconds = 1; seconds <= 16; seconds *= 2) {
		assert_int_equal(run(&config, seconds * 1000, &outcome), 0);
		snprintf(expected, sizeof(expected),
			 "PLUGIN did not end within %d s: waiting for you", seconds);
		if (strcmp(outcome.err.message, expected) == 0)
			break;
	}
	assert_string_equal(outcome.err.message, expected);
	assert_int_equal(outcome.err.class, ERR_DENIED);
	folder_remove(&folder);
}

/* Of much that it says, the end is shown. */
static void test_long_errors(void **state)
{
	(void)state;
	char command[256], origin[] = "PLUGIN", expected[1024];
	const struct exec_config config = {.origin = origin, .command = command};
	struct outcome outcome;
	struct folder folder;

	folder_make(&folder);
	snprintf(command, sizeof(command), "%s", folder_file(&folder, "plugin"));
	folder_script(&folder, "plugin",
		      "i=0; while [ $i -lt 3000 ]; do echo 'line of words'; i=$((i+1)); done >&2\n"
		      "echo 'the last one' >&2; exit 1");
	assert_int_equal(run(&config, 0, &outcome), 0);
	size_t length = strlen(outcome.err.message);
	snprintf(expected, sizeof(expected), "PLUGIN ended with exit code 1: ...");
	assert_memory_equal(outcome.err.message, expected, strlen(expected));
	assert_string_equal(outcome.err.message + length - 12, "the last one");
	assert_int_equal(length, strlen(expected) + EXEC_SHOWN_ERROR_BYTES);
	folder_remove(&folder);
}

static void test_arguments_and_environment(void **state)
{
	(void)state;
	char command[256], origin[] = "PLUGIN", a[] = "a b", b[] = "", mine[] = "MINE=x=y";
	char path[] = "PATH=/nowhere:/bin:/usr/bin", info[] = "KUBERNETES_EXEC_INFO=forged";
	char *args[] = {a, b, NULL}, *env[] = {mine, path, info, NULL};
	const struct exec_config config = {
		.origin = origin, .command = command, .args = args, .env = env};
	struct outcome outcome;
	struct folder folder;

	folder_make(&folder);
	snprintf(command, sizeof(command), "%s", folder_file(&folder, "plugin"));
	folder_script(&folder, "plugin",
		      "echo \"$#<$1><$2> $MINE $OURS $KUBERNETES_EXEC_INFO $PATH\"; env | "
		      "grep -c ^PATH=");
	setenv("OURS", "z", 1);
	assert_int_equal(run(&config, 0, &outcome), 0);
	assert_string_equal(outcome.err.message, "");
	assert_string_equal(outcome.output, "2<a b><> x=y z INFO /nowhere:/bin:/usr/bin\n1\n");
	folder_remove(&folder);
}

/* As Go's exec.LookPath: in our PATH, in absolute folders of it only. */
static void test_looking_for_it(void **state)
{
	(void)state;
	char origin[] = "PLUGIN", name[] = "a-plugin", path[256], hint[] = "get it\nat\x1b[1m home";
	char *old_path = strdup(getenv("PATH"));
	struct exec_config config = {.origin = origin, .command = name, .install_hint = hint};
	struct outcome outcome;
	struct folder folder;

	folder_make(&folder);
	assert_int_equal(run(&config, 0, &outcome), -1);
	assert_string_equal(outcome.err.message, "PLUGIN cannot be run: no such program in PATH; "
						 "get it at?[1m home");
	assert_int_equal(outcome.err.class, ERR_DENIED);

	folder_script(&folder, "a-plugin", "echo found");
	snprintf(path, sizeof(path), "relative::/nowhere:%s:/bin:/usr/bin", folder.path);
	setenv("PATH", path, 1);
	assert_int_equal(run(&config, 0, &outcome), 0);
	assert_string_equal(outcome.output, "found\n");
	setenv("PATH", "/nowhere:relative:", 1);
	assert_int_equal(chdir(folder.path), 0);
	assert_int_equal(run(&config, 0, &outcome), -1);
	assert_int_equal(chdir("/"), 0);
	setenv("PATH", old_path, 1);
	free(old_path);

	/* A file that nobody may run. */
	config.install_hint = NULL;
	snprintf(path, sizeof(path), "%s", folder_file(&folder, "plain"));
	config.command = path;
	folder_write(&folder, "plain", "x");
	assert_int_equal(run(&config, 0, &outcome), -1);
	assert_string_equal(outcome.err.message, "PLUGIN cannot be run: no such program");
	folder_remove(&folder);
}

/* Giving up on it kills it, and nothing is told. */
static void test_cancel(void **state)
{
	(void)state;
	char command[256], origin[] = "PLUGIN";
	const struct exec_config config = {.origin = origin, .command = command};
	struct outcome outcome = {0};
	const struct exec_plugin_options options = {
		.config = &config, .info = "", .on_done = on_done, .ctx = &outcome};
	struct exec_plugin *plugin;
	struct folder folder;
	struct err err;
	uv_loop_t loop;
	pid_t pid = 0;

	folder_make(&folder);
	snprintf(command, sizeof(command), "%s", folder_file(&folder, "plugin"));
	folder_script(&folder, "plugin", "echo $$ >\"$0.pid\"; exec sleep 60");
	uv_loop_init(&loop);
	assert_ok(exec_plugin_start(&loop, &options, &plugin, &err), err);
	for (int i = 0; !pid && i < TURN_DEADLINE_MS / 5; i++) {
		turn_for(&loop, 5);
		pid = atoi(folder_read(&folder, "plugin.pid"));
	}
	assert_true(pid > 0);
	exec_plugin_cancel(plugin);
	turn_and_close(&loop);
	assert_false(outcome.done);
	assert_int_equal(kill(pid, 0), -1);
	exec_plugin_cancel(NULL);
	folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_long_errors),
		cmocka_unit_test(test_arguments_and_environment),
		cmocka_unit_test(test_looking_for_it),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
