#include "agent/app.h"

#include "tests/support/check.h"

static char *unconst(const char *text)
{
	return (char *)(uintptr_t)text;
}

static struct config_app config_of_repo(void)
{
	return (struct config_app){
		.name = unconst("shop"),
		.cluster = unconst("default"),
		.repo = unconst("https://example.com/team/shop.git"),
		.ref = unconst("main"),
		.prune = {.enabled = true, .kinds = unconst("Namespace"), .limit_percent = 20},
		.interval_ms = 30000,
	};
}

static void test_an_app_is_what_its_configuration_says(void **state)
{
	CLEANUP(app_release) struct app app = {0};
	const struct config_app config = config_of_repo();
	struct err err;

	(void)state;
	assert_ok(app_init(&app, &config, "ns", &err), err);
	assert_string_equal(app.name, "shop");
	assert_string_equal(app.namespace, "ns");
	assert_string_equal(app.source_options.ref, "main");
	assert_true(app.owns);
	assert_true(app.prune.enabled);
	assert_string_equal(app.prune.kinds, "Namespace");
	assert_string_equal(app_revision(&app), "");
	assert_null(app_commit(&app));
}

static void test_its_own_namespace_comes_first(void **state)
{
	CLEANUP(app_release) struct app app = {0};
	struct config_app config = config_of_repo();
	struct err err;

	(void)state;
	config.namespace = unconst("shop");
	assert_ok(app_init(&app, &config, "ns", &err), err);
	assert_string_equal(app.namespace, "shop");
}

static void test_plain_files_own_nothing(void **state)
{
	char *file = unconst("a.yaml");
	const struct config_app config = {.name = unconst("a"), .files = {&file, 1}};
	CLEANUP(app_release) struct app app = {0};
	struct err err;

	(void)state;
	assert_ok(app_init(&app, &config, "ns", &err), err);
	assert_false(app.owns);
}

static void test_a_policy_may_change(void **state)
{
	CLEANUP(app_release) struct app app = {0};
	const struct config_app before = config_of_repo();
	struct config_app after = before, elsewhere = before;
	char *on = unconst("base");
	struct err err;

	(void)state;
	after.drift = DRIFT_REVERT;
	after.sync = SYNC_MANUAL;
	after.prune = (struct config_prune){.limit_percent = 50};
	after.interval_ms = 5000;
	after.depends_on = (struct config_strings){&on, 1};
	elsewhere.path = unconst("deploy");
	assert_true(app_is_same_place(&before, &after));
	assert_true(app_is_same_place(&after, &before));
	assert_false(app_is_same_place(&before, &elsewhere));

	assert_ok(app_init(&app, &before, "ns", &err), err);
	assert_ok(app_set_policy(&app, &after, &err), err);
	assert_true(app.self_heal);
	assert_false(app.prune.enabled);
	assert_null(app.prune.kinds);
	assert_int_equal(app.config.interval_ms, 5000);
	assert_string_equal(app.config.depends_on.items[0], "base");
	assert_string_equal(app.name, "shop");
	assert_ok(app_set_policy(&app, &before, &err), err);
	assert_false(app.self_heal);
	assert_string_equal(app.prune.kinds, "Namespace");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_app_is_what_its_configuration_says),
		cmocka_unit_test(test_its_own_namespace_comes_first),
		cmocka_unit_test(test_plain_files_own_nothing),
		cmocka_unit_test(test_a_policy_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
