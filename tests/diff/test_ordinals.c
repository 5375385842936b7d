#include "diff/ordinals.h"

#include "tests/support/check.h"

static void test_prints_as_people_read(void **state)
{
	(void)state;
	static const struct {
		int64_t items[8];
		size_t count;
		const char *expected;
	} cases[] = {
		{{0}, 0, ""},
		{{7}, 1, "7"},
		{{3, 4}, 2, "3, 4"},
		{{2, 1}, 2, "2, 1"},
		{{0, 1, 2}, 3, "0..2"},
		{{4, 3, 2, 1}, 4, "4..1"},
		{{0, 1, 4}, 3, "0, 1, 4"},
		{{0, 2, 4}, 3, "0, 2, 4"},
		{{0, 1, 2, 5, 7, 8, 9, 10}, 8, "0..2, 5, 7..10"},
		{{9, 8, 7, 3, 2, 1, 0, 5}, 8, "9..7, 3..0, 5"},
		{{1, 2, 1, 2}, 4, "1, 2, 1, 2"},
		{{2147483646, 2147483647}, 2, "2147483646, 2147483647"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
		CLEANUP(ordinals_release) struct ordinals ordinals = {0};
		struct err err;

		for (size_t k = 0; k < cases[i].count; k++)
			assert_ok(ordinals_add(&ordinals, cases[i].items[k], &err), err);
		ordinals_print(&ordinals, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints_as_people_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
