#include "diff/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

/* As published with FNV-1a. Never to change: inventories are split and shards are chosen by it. */
static void test_known_values(void **state)
{
	static const struct {
		const char *text;
		uint64_t hash;
	} cases[] = {
		{"", 0xcbf29ce484222325},       {"a", 0xaf63dc4c8601ec8c},
		{"b", 0xaf63df4c8601f1a5},      {"fo", 0x08985907b541d342},
		{"foobar", 0x85944171f73967e8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].text;
		char seen[32], expected[32];

		snprintf(seen, sizeof(seen), "%016" PRIx64,
			 hash_bytes(HASH_SEED, text, strlen(text)));
		snprintf(expected, sizeof(expected), "%016" PRIx64, cases[i].hash);
		assert_string_equal(seen, expected);
	}
}

static void test_goes_on(void **state)
{
	(void)state;
	assert_true(hash_bytes(hash_bytes(HASH_SEED, "foo", 3), "bar", 3) == 0x85944171f73967e8);
	assert_true(hash_bytes(HASH_SEED, "foobar", 7) ==
		    hash_bytes(0x85944171f73967e8, "", 1)); /* a NUL counts */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
