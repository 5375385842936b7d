#include <string.h>

#include "tests/support/check.h"

static void test_prefix_keeps_class(void **state)
{
	(void)state;
	struct err err;

	assert_int_equal(err_set(&err, ERR_CONFLICT, "%s was modified", "web"), -1);
	assert_int_equal(err_prefix(&err, "%s:%d", "web.yaml", 3), -1);
	assert_string_equal(err.message, "web.yaml:3: web was modified");
	assert_string_equal(err_class_name(err.class), "conflict");
}

static void test_long_messages_are_cut_at_a_character(void **state)
{
	(void)state;
	struct err err;
	char text[2 * ERR_MESSAGE_MAX];

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[sizeof(text) - 2] = '\0';
	err_set(&err, ERR_LIMIT, "%s", text);
	assert_int_equal(strlen(err.message), ERR_MESSAGE_MAX - 2);
	err_prefix(&err, "a");
	assert_int_equal(strlen(err.message), ERR_MESSAGE_MAX - 1);
	err_prefix(&err, "b");
	assert_int_equal(strlen(err.message), ERR_MESSAGE_MAX - 2);
	assert_memory_equal(err.message, "b: a: \xc3\xa9", 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prefix_keeps_class),
		cmocka_unit_test(test_long_messages_are_cut_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
