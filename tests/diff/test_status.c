#include "diff/status.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

#define MINUTE 60000
#define HOUR   (60 * MINUTE)

static void test_bake(void **state)
{
	(void)state;
	struct rollout rollout = {.phase = ROLLOUT_CANARY};
	const struct standing standing = {.rollout = &rollout, .git_partition = -1};

	assert_int_equal(standing_bake_left_ms(&standing, TEST_NOW_MS), 0);
	rollout.bake_until_ms = TEST_NOW_MS + MINUTE;
	assert_int_equal(standing_bake_left_ms(&standing, TEST_NOW_MS), MINUTE);
	assert_int_equal(standing_bake_left_ms(&standing, TEST_NOW_MS + HOUR), 0);
}

static void test_target(void **state)
{
	(void)state;
	const struct rollout rollout = {.partition = 4, .target = 2};
	struct standing standing = {.rollout = &rollout, .git_partition = -1};

	assert_int_equal(standing_target(&standing), 2);
	standing.git_partition = 0; /* what is not applied yet */
	assert_int_equal(standing_target(&standing), 0);
}

static void test_deadline_and_age(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 4 * MINUTE};
	struct rollout rollout = {.phase = ROLLOUT_PROGRESSING};
	struct standing standing = {.rollout = &rollout, .git_partition = -1};

	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS), -1);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS), -1);
	standing.record = &record;
	rollout.deadline_at_ms = TEST_NOW_MS + 6 * MINUTE;
	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS), 6 * MINUTE);
	assert_int_equal(standing_deadline_left_ms(&standing, TEST_NOW_MS + HOUR), 0);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS), 4 * MINUTE);
	assert_int_equal(standing_step_age_ms(&standing, TEST_NOW_MS - HOUR), 0);
}

static void test_ticks(void **state)
{
	(void)state;
	struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 4 * MINUTE};
	struct rollout rollout = {.phase = ROLLOUT_COMPLETE};
	struct standing standing = {.rollout = &rollout, .record = &record, .git_partition = -1};
	struct status status = {.items = &standing, .count = 1, .now_ms = TEST_NOW_MS};

	assert_int_equal(status_tick_ms(&status), 0);
	rollout.phase = ROLLOUT_CANARY;
	assert_int_equal(status_tick_ms(&status), 1000);
	status.now_ms += HOUR;
	assert_int_equal(status_tick_ms(&status), MINUTE);
	rollout.deadline_at_ms = status.now_ms + HOUR;
	assert_int_equal(status_tick_ms(&status), 1000);
	rollout.deadline_at_ms = 0;
	rollout.bake_until_ms = status.now_ms + HOUR;
	assert_int_equal(status_tick_ms(&status), 1000);
	rollout.bake_until_ms = status.now_ms;
	standing.record = NULL;
	assert_int_equal(status_tick_ms(&status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bake),
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_deadline_and_age),
		cmocka_unit_test(test_ticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
