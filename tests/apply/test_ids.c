#include "apply/ids.h"

#include <stdbool.h>

#include "tests/support/check.h"

static void test_numbers_are_never_given_twice(void **state)
{
	(void)state;
	struct ids ids = {0};
	struct err err;
	int values[3];

	uint64_t first = ids_add(&ids, &values[0], &err), second = ids_add(&ids, &values[1], &err);
	assert_true(first != 0 && second != 0 && first != second);
	assert_ptr_equal(ids_find(&ids, first), &values[0]);
	ids_remove(&ids, first);
	assert_null(ids_find(&ids, first));
	uint64_t third = ids_add(&ids, &values[2], &err); /* in the place of the first */
	assert_true(third != first);
	assert_null(ids_find(&ids, first));
	ids_remove(&ids, first);
	assert_ptr_equal(ids_find(&ids, third), &values[2]);
	assert_ptr_equal(ids_find(&ids, second), &values[1]);
	assert_null(ids_find(&ids, 0));
	assert_null(ids_find(&ids, UINT64_MAX));
	ids_release(&ids);
}

static void test_goes_through_while_removing(void **state)
{
	(void)state;
	struct ids ids = {0};
	struct err err;
	int values[100];
	uint64_t numbers[100];
	size_t cursor = 0, seen = 0;
	int *value;

	for (int i = 0; i < 100; i++)
		numbers[i] = ids_add(&ids, &values[i], &err);
	while ((value = ids_next(&ids, &cursor))) {
		size_t index = (size_t)(value - values);

		seen++;
		ids_remove(&ids, numbers[index]);
		if (index + 1 < 100)
			ids_remove(&ids, numbers[index + 1]);
	}
	assert_int_equal(seen, 50);
	ids_release(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_never_given_twice),
		cmocka_unit_test(test_goes_through_while_removing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
