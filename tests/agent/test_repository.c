/* Users of one real repository, that the real git changes. */
#include "agent/repository.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "tests/support/check.h"
#include "tests/support/shell.h"
#include "tests/support/turn.h"

#define HOUR_MS (3600 * 1000)

static const char *work;

static int set_up(void **state)
{
	(void)state;
	work = shell_begin();
	shell("git config --global user.name Ann; git config --global user.email a@b.c;"
	      "git init -q -b main shop; cd shop; git commit -q --allow-empty -m First; git branch "
	      "other");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	shell_end();
	return 0;
}

/* Who follows a ref, and what it was told. */
struct follower {
	struct repository_user user;
	bool answered, moved;
	char commit[64];
	struct err err;
};

static void on_moved(void *context)
{
	((struct follower *)context)->moved = true;
}

static void on_answer(void *context, const struct source_stand *stand, const struct err *err)
{
	struct follower *follower = context;

	follower->answered = true;
	follower->err = *err;
	snprintf(follower->commit, sizeof(follower->commit), "%s",
		 err->class == ERR_NONE ? stand->commit : "");
}

static void join(struct repositories *repositories, const char *ref, struct follower *follower)
{
	CLEANUP(free_p) char *repo = NULL;
	struct err err;

	assert_true(asprintf(&repo, "%s/shop", work) > 0);
	const struct source_options options = {.repo = repo, .ref = ref};
	*follower = (struct follower){.user = {.on_moved = on_moved, .context = follower}};
	assert_ok(repository_join(repositories, &options, &follower->user, &err), err);
}

static void ask(uv_loop_t *loop, struct follower *follower, int64_t max_age_ms)
{
	follower->answered = false;
	repository_ask(&follower->user, max_age_ms, on_answer, follower);
	assert_false(follower->answered); /* never from within */
	turn_until(loop, &follower->answered);
}

static uint64_t polls_of(const struct follower *follower)
{
	uint64_t polls, failed;

	repository_count(&follower->user, &polls, &failed);
	return polls;
}

static void test_users_share_what_is_known(void **state)
{
	struct follower main_branch, head, other, wrong;
	uv_loop_t loop;
	struct err err;

	(void)state;
	uv_loop_init(&loop);
	struct repositories *repositories = repositories_new(&loop, &err);
	assert_non_null(repositories);
	join(repositories, "main", &main_branch);
	join(repositories, NULL, &head);
	join(repositories, "other", &other);
	join(repositories, "nowhere", &wrong);

	/* What is young enough is not asked for again; the watch brings a poll of its own. */
	ask(&loop, &main_branch, 0);
	uint64_t polls = polls_of(&main_branch);
	ask(&loop, &head, HOUR_MS);
	ask(&loop, &other, HOUR_MS);
	ask(&loop, &wrong, HOUR_MS);
	assert_in_range(polls_of(&other), polls, polls + 1);
	assert_int_equal(strlen(main_branch.commit), 40);
	assert_string_equal(head.commit, main_branch.commit);
	assert_string_equal(other.commit, main_branch.commit);
	assert_string_equal(repository_commit(&other.user), other.commit);

	/* What is wrong with one ref is nothing to the others. */
	assert_int_equal(wrong.err.class, ERR_NOT_FOUND);
	assert_non_null(strstr(wrong.err.message, "no branch, tag or commit \"nowhere\""));
	assert_null(repository_commit(&wrong.user));

	/* A commit is told to those whose ref it moves. */
	shell("cd shop; git commit -q --allow-empty -m Second");
	turn_until(&loop, &main_branch.moved);
	assert_true(head.moved);
	assert_false(other.moved);
	ask(&loop, &main_branch, HOUR_MS);
	assert_string_not_equal(main_branch.commit, other.commit);

	/* A ref that comes is told to who has asked for it in vain. */
	shell("cd shop; git branch nowhere");
	turn_until(&loop, &wrong.moved);
	ask(&loop, &wrong, HOUR_MS);
	assert_string_equal(wrong.commit, main_branch.commit);

	repository_leave(&main_branch.user);
	repository_leave(&head.user);
	repository_leave(&other.user);
	repository_leave(&wrong.user);
	repository_leave(&wrong.user);
	repositories_free(repositories);
	turn_and_close(&loop);
}

static void test_who_leaves_is_told_nothing(void **state)
{
	struct follower stays, cancels, leaves;
	uv_loop_t loop;
	struct err err;

	(void)state;
	uv_loop_init(&loop);
	struct repositories *repositories = repositories_new(&loop, &err);
	assert_non_null(repositories);
	join(repositories, "main", &stays);
	join(repositories, "main", &cancels);
	join(repositories, "other", &leaves);
	repository_ask(&cancels.user, 0, on_answer, &cancels);
	repository_ask(&leaves.user, 0, on_answer, &leaves);
	repository_cancel(&cancels.user);
	repository_leave(&leaves.user);
	ask(&loop, &stays, 0);
	assert_false(cancels.answered);
	assert_false(leaves.answered);

	/* The last leaves while a poll runs. */
	repository_leave(&cancels.user);
	repository_ask(&stays.user, 0, on_answer, &stays);
	uv_run(&loop, UV_RUN_NOWAIT);
	stays.answered = false; /* a quick poll has answered already */
	repository_leave(&stays.user);
	repositories_free(repositories);
	turn_and_close(&loop);
	assert_false(stays.answered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_users_share_what_is_known),
		cmocka_unit_test(test_who_leaves_is_told_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
