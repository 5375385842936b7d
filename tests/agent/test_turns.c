#include "agent/turns.h"

#include "tests/support/check.h"

static void count(void *context)
{
	++*(int *)context;
}

static void test_who_comes_first_is_first(void **state)
{
	struct turns turns = {.limit = 2};
	struct turn turn[4] = {0};
	int gone[4] = {0};

	(void)state;
	assert_true(turn_take(&turns, &turn[0], count, &gone[0]));
	assert_true(turn_take(&turns, &turn[1], count, &gone[1]));
	assert_false(turn_take(&turns, &turn[2], count, &gone[2]));
	assert_false(turn_take(&turns, &turn[3], count, &gone[3]));
	assert_true(turn_is_awaited(&turn[3]));

	turn_give_back(&turn[1]);
	assert_int_equal(gone[2], 1);
	assert_int_equal(gone[3], 0);
	assert_false(turn_is_awaited(&turn[2]));
	turn_give_back(&turn[1]); /* has none any more */
	assert_int_equal(gone[3], 0);
	turn_give_back(&turn[0]);
	assert_int_equal(gone[3], 1);
	turn_give_back(&turn[2]);
	turn_give_back(&turn[3]);
	assert_int_equal(turns.taken, 0);
	assert_int_equal(gone[0] + gone[1], 0); /* had theirs at once */
}

static void test_who_leaves_the_line_is_passed_over(void **state)
{
	struct turns turns = {.limit = 1};
	struct turn turn[4] = {0};
	int gone[4] = {0};

	(void)state;
	for (int i = 0; i < 4; i++)
		turn_take(&turns, &turn[i], count, &gone[i]);
	turn_give_back(&turn[1]);
	turn_give_back(&turn[3]);
	turn_give_back(&turn[0]);
	assert_int_equal(gone[2], 1);
	assert_false(turn_take(&turns, &turn[1], count, &gone[1]));
	turn_give_back(&turn[2]);
	assert_int_equal(gone[1], 1);
	assert_int_equal(gone[3], 0);
	turn_give_back(&turn[1]);
	assert_int_equal(turns.taken, 0);
}

static void test_without_turns_everybody_goes(void **state)
{
	struct turn turn = {0};

	(void)state;
	assert_true(turn_take(NULL, &turn, count, NULL));
	assert_false(turn_is_awaited(&turn));
	turn_give_back(&turn);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_comes_first_is_first),
		cmocka_unit_test(test_who_leaves_the_line_is_passed_over),
		cmocka_unit_test(test_without_turns_everybody_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
