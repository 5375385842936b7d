#include "agent/conditions.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static char ended[256];

static void on_end(void *context, const char *key)
{
	(void)context;
	snprintf(ended + strlen(ended), sizeof(ended) - strlen(ended), "%s;", key);
}

static bool hold(struct conditions *conditions, const char *key, const char *text)
{
	struct err err;
	bool is_new;

	assert_ok(conditions_hold(conditions, key, text, &is_new, &err), err);
	return is_new;
}

static void test_told_once_at_each_end(void **state)
{
	CLEANUP(conditions_release) struct conditions conditions = {0};

	(void)state;
	ended[0] = '\0';
	conditions_begin_round(&conditions);
	assert_true(hold(&conditions, "a", "x"));
	assert_true(hold(&conditions, "b", "x"));
	conditions_end_round(&conditions, on_end, NULL);
	assert_string_equal(ended, "");

	conditions_begin_round(&conditions);
	assert_false(hold(&conditions, "a", "x"));
	conditions_end_round(&conditions, on_end, NULL);
	assert_string_equal(ended, "b;");

	conditions_begin_round(&conditions);
	assert_true(hold(&conditions, "a", "another text"));
	assert_true(hold(&conditions, "b", "x"));
	conditions_end_round(&conditions, on_end, NULL);
	assert_string_equal(ended, "b;");

	conditions_begin_round(&conditions);
	conditions_end_round(&conditions, on_end, NULL);
	assert_string_equal(ended, "b;a;b;");
	assert_int_equal(conditions.count, 0);
}

/* A round about some of them leaves the others as they were. */
static void test_a_round_about_some(void **state)
{
	CLEANUP(conditions_release) struct conditions conditions = {0};

	(void)state;
	ended[0] = '\0';
	conditions_begin_round(&conditions);
	hold(&conditions, "x/statefulset.apps/web", "");
	hold(&conditions, "x/configmap/web", "");
	conditions_end_round(&conditions, on_end, NULL);
	conditions_begin_partial_round(&conditions);
	conditions_doubt(&conditions, "x/statefulset.apps/web");
	conditions_end_round(&conditions, on_end, NULL);
	assert_string_equal(ended, "x/statefulset.apps/web;");
	assert_int_equal(conditions.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told_once_at_each_end),
		cmocka_unit_test(test_a_round_about_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
