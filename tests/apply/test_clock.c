/* The clock by which bakes and deadlines are counted, while the machine's is stepped. */
#include "apply/clock.h"
#include "tests/support/check.h"

#define HOUR_MS  (60 * 60 * 1000ll)
#define NOON_MS  1800000000000ll
#define START_MS 12345ll

static void test_steps(void **state)
{
	static const struct {
		int64_t at_ms;    /* after the start */
		int64_t steps_ms; /* how far the machine's clock is off then */
		int64_t counts_ms;
	} moments[] = {
		{0, 0, 0},
		{1000, 0, 0},
		{2000, 4999, 4999}, /* corrected, not stepped */
		{3000, 0, 0},
		{4000, 3 * HOUR_MS, 0},
		{5000, 3 * HOUR_MS, 0},
		{6000, -3 * HOUR_MS, 0},
		{7000, 0, 0}, /* and back */
		{8000, -2 * HOUR_MS, 0},
		{8000 + HOUR_MS - 1, -2 * HOUR_MS, 0},
		{8000 + HOUR_MS, -2 * HOUR_MS, -2 * HOUR_MS}, /* it stays so */
		{9000 + HOUR_MS, -2 * HOUR_MS + 10, -2 * HOUR_MS + 10},
		{10000 + HOUR_MS, 0, -2 * HOUR_MS + 10},
	};
	struct even_clock clock = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
		assert_int_equal(even_clock_ms(&clock,
					       NOON_MS + moments[i].at_ms + moments[i].steps_ms,
					       START_MS + moments[i].at_ms),
				 NOON_MS + moments[i].at_ms + moments[i].counts_ms);
}

static void test_a_clock_that_begins_in_1970(void **state)
{
	struct even_clock clock = {0};

	(void)state;
	assert_int_equal(even_clock_ms(&clock, 500, 20000), 500);
	assert_int_equal(even_clock_ms(&clock, 1500, 21000), 1500);
	assert_int_equal(even_clock_ms(&clock, NOON_MS, 22000), 2500);
	assert_int_equal(even_clock_ms(&clock, NOON_MS + HOUR_MS, 22000 + HOUR_MS),
			 NOON_MS + HOUR_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_a_clock_that_begins_in_1970),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
