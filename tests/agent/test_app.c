#include "agent/app.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static void test_names_are_made_from_the_source(void **state)
{
	static const struct {
		const char *repo, *path, *app, *name;
	} cases[] = {
		{"https://example.com/team/shop.git", NULL, NULL, "shop"},
		{"https://example.com/team/shop.git", "deploy/prod", NULL, "shop-deploy-prod"},
		{"git@example.com:shop", "./deploy/", NULL, "shop-deploy"},
		{"/srv/My_Shop/", NULL, NULL, "my-shop"},
		{"/srv/shop/.git", NULL, NULL, "shop"},
		{".", NULL, NULL, "default"},
		{"x", NULL, "orders-2", "orders-2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct options options = {
			.repo = cases[i].repo, .path = cases[i].path, .app = cases[i].app};
		CLEANUP(app_release) struct app app = {0};
		struct err err;

		assert_ok(app_init(&app, &options, "ns", &err), err);
		assert_string_equal(app.name, cases[i].name);
		assert_string_equal(app.namespace, "ns");
		assert_true(app.owns);
		assert_string_equal(app_revision(&app), "");
		assert_null(app_commit(&app));
	}
}

static void test_a_bad_name_is_refused(void **state)
{
	static const char *const names[] = {"Shop", "-shop", "shop-", "a_b", "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct options options = {.repo = "x", .app = names[i]};
		CLEANUP(app_release) struct app app = {0};
		struct err err;
		char expected[128];

		snprintf(expected, sizeof(expected),
			 "--app \"%s\" has to consist of a-z, 0-9 and inner dashes", names[i]);
		assert_error(app_init(&app, &options, "ns", &err), err, ERR_INVALID, expected);
	}
}

static void test_plain_files_own_nothing(void **state)
{
	const struct options options = {.files = {{"a.yaml"}, 1}};
	CLEANUP(app_release) struct app app = {0};
	struct err err;

	(void)state;
	assert_ok(app_init(&app, &options, "ns", &err), err);
	assert_false(app.owns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_made_from_the_source),
		cmocka_unit_test(test_a_bad_name_is_refused),
		cmocka_unit_test(test_plain_files_own_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
