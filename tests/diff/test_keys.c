#include "diff/keys.h"

#include <stdio.h>

#include "tests/support/check.h"

static void push(struct keys *keys, const char *name, uint64_t place)
{
	struct err err;

	assert_ok(keys_push(keys, name, place, &err), err);
}

static void test_objects_within_objects(void **state)
{
	(void)state;
	CLEANUP(keys_release) struct keys keys = {0};
	struct key first, second;

	assert_false(keys_pop(&keys, 0, &first, &second));
	push(&keys, "a", 1);
	push(&keys, "b", 2);
	push(&keys, "a", 3); /* of an object inside of b */
	push(&keys, "c", 4);
	assert_false(keys_pop(&keys, 2, &first, &second));
	push(&keys, "a", 5);
	assert_true(keys_pop(&keys, 0, &first, &second));
	assert_string_equal(second.name, "a");
	assert_int_equal(first.place, 1);
	assert_int_equal(second.place, 5);
	assert_int_equal(keys.count, 0);
}

/* Few keys and many take different ways to the same answer. */
static void test_names_the_first_repetition(void **state)
{
	(void)state;
	enum { MOST = 200 };
	char names[MOST][8];

	for (unsigned count = 4; count <= MOST; count++) {
		CLEANUP(keys_release) struct keys keys = {0};
		struct key first, second;

		for (unsigned i = 0; i < count; i++) {
			snprintf(names[i], sizeof(names[i]), "k%u", i);
			push(&keys, names[i], i);
		}
		push(&keys, names[2], count);
		push(&keys, names[1], count + 1);
		push(&keys, names[2], count + 2);
		assert_true(keys_pop(&keys, 0, &first, &second));
		assert_int_equal(first.place, 2);
		assert_int_equal(second.place, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects_within_objects),
		cmocka_unit_test(test_names_the_first_repetition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
