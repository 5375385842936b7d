/* inotify on a real repository that the real git changes. */
#include "agent/repo_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "tests/support/check.h"
#include "tests/support/shell.h"

#define DEADLINE_MS 30000

static const char *work;
static int calls;

static int set_up(void **state)
{
	(void)state;
	work = shell_begin();
	shell("git config --global user.name Ann; git config --global user.email a@b.c;"
	      "git init -q shop; cd shop; git commit -q --allow-empty -m First");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shell_end();
	return 0;
}

static void on_change(void *context)
{
	calls++;
	uv_stop(context);
}

static void on_deadline(uv_timer_t *timer)
{
	uv_stop(timer->loop);
}

/* Turns the loop until on_change or the deadline. */
static void wait_for_change(uv_loop_t *loop, uint64_t deadline_ms)
{
	uv_timer_t deadline;

	calls = 0;
	uv_timer_init(loop, &deadline);
	uv_timer_start(&deadline, on_deadline, deadline_ms, 0);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_close((uv_handle_t *)&deadline, NULL);
	uv_run(loop, UV_RUN_NOWAIT);
}

static void test_what_moves_a_ref_is_told(void **state)
{
	static const char *const actions[] = {
		"cd shop && git commit -q --allow-empty -m Second",
		"cd shop && git branch topic/new",
		"cd shop && git update-ref refs/heads/topic/new HEAD~1",
		"cd shop && git tag v1",
		"cd shop && git pack-refs --all",
		"cd shop && git checkout -q topic/new",
		("cd shop && git branch -qD topic/new || "
		 "git checkout -q - && git branch -qD topic/new"),
	};
	char git_dir[512];
	uv_loop_t loop;
	struct repo_watch *watch;
	struct err err;

	(void)state;
	uv_loop_init(&loop);
	snprintf(git_dir, sizeof(git_dir), "%s/shop/.git/", work);
	assert_ok(repo_watch_new(&loop, git_dir, on_change, &loop, &watch, &err), err);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		shell(actions[i]);
		wait_for_change(&loop, DEADLINE_MS);
		if (calls == 0)
			fail_msg("not told: %s", actions[i]);
		wait_for_change(&loop, 20); /* what came in two reads */
	}
	shell("cd shop && echo x >file && git add file && git status -s >/dev/null");
	wait_for_change(&loop, 100);
	assert_int_equal(calls, 0);
	repo_watch_free(watch);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void test_a_folder_that_is_not_there(void **state)
{
	uv_loop_t loop;
	struct repo_watch *watch = NULL;
	struct err err;

	(void)state;
	uv_loop_init(&loop);
	assert_error(repo_watch_new(&loop, "/nonexistent/.git", on_change, &loop, &watch, &err),
		     err, ERR_NOT_FOUND,
		     "cannot watch /nonexistent/.git: No such file or directory");
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_moves_a_ref_is_told),
		cmocka_unit_test(test_a_folder_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
