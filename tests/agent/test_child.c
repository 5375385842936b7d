#include "agent/child.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "diff/cleanup.h"
#include "tests/support/check.h"

static int run(const char *script, int64_t deadline_ms, struct child_result *ret_result,
	       struct err *err)
{
	const char *const args[] = {"sh", "-c", script, NULL};
	const struct child_options options = {.file = "sh",
					      .args = args,
					      .input = "in",
					      .input_length = 2,
					      .deadline_ms = deadline_ms};

	return child_run(&options, ret_result, err);
}

static void test_ends(void **state)
{
	CLEANUP(child_result_release) struct child_result result = {0};
	struct err err;

	(void)state;
	assert_ok(run("cat; echo out; echo err >&2; exit 3", 60000, &result, &err), err);
	assert_string_equal(buf_str(&result.output), "inout\n");
	assert_string_equal(buf_str(&result.errors), "err\n");
	assert_int_equal(result.exit_code, 3);
}

static void test_does_not_end(void **state)
{
	struct child_result result;
	struct err err;

	(void)state;
	assert_error(run("echo first; sleep 600", 20, &result, &err), err, ERR_TRANSIENT,
		     "sh did not end within 1 s");
	assert_error(run("exec yes", 60000, &result, &err), err, ERR_LIMIT,
		     "sh: what it printed is larger than 1048576 bytes");
}

/*
 * Whether what the program says is heard, although we are stopped until after the deadline, and it
 * ends long before.
 */
static bool is_heard(int seconds)
{
	CLEANUP(child_result_release) struct child_result result = {0};
	char script[256];
	struct err err;

	snprintf(script, sizeof(script),
		 "kill -STOP $PPID; (sleep %d.2; kill -CONT $PPID) >/dev/null 2>&1 & echo here",
		 seconds);
	return run(script, seconds * 1000, &result, &err) == 0 &&
	       strcmp(buf_str(&result.output), "here\n") == 0;
}

static void test_what_we_hear_late_is_not_late(void **state)
{
	int status = 1;

	(void)state;
	/* With more time where the machine takes longer to start it. */
	for (int seconds = 1; seconds <= 16 && status != 0; seconds *= 4) {
		pid_t stopped = fork(); /* rather than this process, for which a shell may wait */

		assert_true(stopped >= 0);
		if (stopped == 0)
			_exit(is_heard(seconds) ? 0 : 1);
		assert_int_equal(waitpid(stopped, &status, 0), stopped);
	}
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_does_not_end),
		cmocka_unit_test(test_what_we_hear_late_is_not_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
