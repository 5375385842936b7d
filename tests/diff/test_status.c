#include "diff/status.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

#define MINUTE 60000
#define HOUR   (60 * MINUTE)

/* When a bake counts, and from when. */
static void test_bake(void **state)
{
	(void)state;
	static const struct {
		const char *statefulset, *pods;
		int64_t bake_s, step, git, left_s;
	} cases[] = {
		/* The Pod that became ready last counts, those below the partition do not. */
		{"replicas=4 partition=2 current=a update=b", "0=a 1=a?1 2=b?50 3=b?20", 60, 1, -1,
		 40},
		{"replicas=4 partition=2 current=a update=b", "0..1=a 2..3=b", 60, 1, -1, 0},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b 2=b~", 60, 1, -1, -1},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=a 2=b", 60, 1, -1, -1},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=bx 2=b", 60, 1, -1, -1},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b", 60, 1, -1, -1},
		/* A Pod on its way out of the wanted ordinals holds nothing up. */
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?30 2=a?1", 60, 1, -1, 30},
		/* A clock that is ahead. */
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?-90", 60, 1, -1, 60},
		/* Nothing follows: no bake, no steps, at the end, or beyond it. */
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?1", 0, 1, -1, 0},
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?1", 60, 0, -1, 0},
		{"replicas=2 partition=0 current=a update=b", "0=a 1=b?1", 60, 1, -1, 0},
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?1", 60, 1, 1, 0},
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?1", 60, 1, 2, 0},
		{"replicas=2 strategy=OnDelete current=a update=b", "0=a 1=b?1", 60, 1, -1, 0},
		/* Git says that more follows. */
		{"replicas=2 partition=1 current=a update=b", "0=a 1=b?1", 60, 0, 0, 59},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct standing standing = {.rollout = &rollout,
					    .policy = policy_default(),
					    .git_partition = cases[i].git};
		int64_t expected = cases[i].left_s < 0 ? -1 : cases[i].left_s * 1000;

		observe_words(cases[i].statefulset, cases[i].pods, &rollout);
		standing.policy.bake_ms = cases[i].bake_s * 1000;
		standing.policy.step = cases[i].step;
		if (standing_bake_left_ms(&standing, TEST_NOW_MS) != expected)
			fail_msg("case %zu: expected %lld, seen %lld", i, (long long)expected,
				 (long long)standing_bake_left_ms(&standing, TEST_NOW_MS));
	}
}

static void test_deadline_and_age(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 4 * MINUTE};
	struct rollout rollout = {.phase = ROLLOUT_PROGRESSING};
	struct standing standing = {
		.rollout = &rollout, .policy = policy_default(), .git_partition = -1};

	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS), -1);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS), -1);
	standing.record = &record;
	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS), 6 * MINUTE);
	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS + HOUR), 0);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS), 4 * MINUTE);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS - HOUR), 0);
	rollout.phase = ROLLOUT_CANARY;
	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS), -1);
}

static void test_ticks(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 4 * MINUTE};
	struct rollout rollout = {.phase = ROLLOUT_COMPLETE};
	struct standing standing = {.rollout = &rollout,
				    .policy = policy_default(),
				    .record = &record,
				    .git_partition = -1};
	struct status status = {.items = &standing, .count = 1, .now_ms = TEST_NOW_MS};

	assert_int_equal(status_tick_ms(&status), 0);
	rollout.phase = ROLLOUT_CANARY;
	assert_int_equal(status_tick_ms(&status), 1000);
	status.now_ms += HOUR;
	assert_int_equal(status_tick_ms(&status), MINUTE);
	rollout.phase = ROLLOUT_PROGRESSING; /* over its deadline */
	assert_int_equal(status_tick_ms(&status), 1000);
	standing.record = NULL;
	assert_int_equal(status_tick_ms(&status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bake),
		cmocka_unit_test(test_deadline_and_age),
		cmocka_unit_test(test_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
