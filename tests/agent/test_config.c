#include "agent/config.h"

#include <stdio.h>

#include "tests/support/check.h"

static const struct options every_option = {
	.repo = "https://example.com/team/shop.git",
	.ref = "main",
	.path = "deploy/prod",
	.git_dir = "/var/cache/shop",
	.git_credentials = "/etc/git",
	.verify = "/etc/keys",
	.fetch_ms = 1500,
	.kubeconfig = "kube.yaml",
	.context = "dev",
	.namespace = "shop",
	.server = "https://127.0.0.1:1",
	.impersonate = "ann",
	.impersonate_groups = {{"a", "b"}, 2},
	.interval_ms = 5000,
	.self_heal = true,
	.replicas = "git",
	.prune = true,
	.prune_kinds = "Namespace",
	.prune_limit = 20,
	.allow_empty = true,
	.namespace_only = true,
};

static void test_a_command_line_is_one_app(void **state)
{
	CLEANUP(config_release) struct config config = {0};
	struct err err;

	(void)state;
	assert_ok(config_of_options(&every_option, &config, &err), err);
	assert_int_equal(config.cluster_count, 1);
	const struct config_cluster *cluster = config_find_cluster(&config, CONFIG_CLUSTER);
	assert_ptr_equal(cluster, config.clusters);
	assert_string_equal(cluster->kubeconfig, "kube.yaml");
	assert_string_equal(cluster->context, "dev");
	assert_string_equal(cluster->namespace, "shop");
	assert_string_equal(cluster->server, "https://127.0.0.1:1");
	assert_string_equal(cluster->impersonate, "ann");
	assert_int_equal(cluster->impersonate_groups.count, 2);
	assert_string_equal(cluster->impersonate_groups.items[1], "b");

	assert_int_equal(config.app_count, 1);
	const struct config_app *app = config_find_app(&config, "shop-deploy-prod");
	assert_ptr_equal(app, config.apps);
	assert_string_equal(app->cluster, CONFIG_CLUSTER);
	assert_string_equal(app->repo, every_option.repo);
	assert_string_equal(app->ref, "main");
	assert_string_equal(app->path, "deploy/prod");
	assert_string_equal(app->git_dir, "/var/cache/shop");
	assert_string_equal(app->credentials, "/etc/git");
	assert_string_equal(app->verify, "/etc/keys");
	assert_int_equal(app->fetch_ms, 1500);
	assert_string_equal(app->namespace, "shop");
	assert_true(app->namespace_only);
	assert_int_equal(app->sync, SYNC_AUTO);
	assert_int_equal(app->drift, DRIFT_REVERT);
	assert_int_equal(app->replicas, REPLICAS_GIT);
	assert_true(app->prune.enabled && app->prune.allow_empty);
	assert_string_equal(app->prune.kinds, "Namespace");
	assert_int_equal(app->prune.limit_percent, 20);
	assert_int_equal(app->interval_ms, 5000);
	assert_null(config_find_app(&config, "shop"));
	assert_null(config_find_cluster(&config, "shop"));
}

static void test_without_a_source_there_is_no_app(void **state)
{
	const struct options options = {0};
	CLEANUP(config_release) struct config config = {0};
	struct err err;

	(void)state;
	assert_ok(config_of_options(&options, &config, &err), err);
	assert_int_equal(config.cluster_count, 1);
	assert_null(config.clusters[0].kubeconfig);
	assert_int_equal(config.app_count, 0);
}

static void test_plain_files_are_a_source(void **state)
{
	const struct options options = {.files = {{"a.yaml", "b"}, 2}, .recursive = true};
	CLEANUP(config_release) struct config config = {0};
	struct err err;

	(void)state;
	assert_ok(config_of_options(&options, &config, &err), err);
	assert_int_equal(config.app_count, 1);
	assert_string_equal(config.apps[0].name, "default");
	assert_null(config.apps[0].repo);
	assert_int_equal(config.apps[0].files.count, 2);
	assert_string_equal(config.apps[0].files.items[1], "b");
	assert_true(config.apps[0].recursive);
}

static void test_bad_names_are_refused(void **state)
{
	static const char *const names[] = {"Shop", "-shop", "shop-", "a_b", "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct options options = {.repo = "x", .app = names[i]};
		CLEANUP(config_release) struct config config = {0};
		struct err err;
		char expected[128];

		snprintf(expected, sizeof(expected),
			 "--app \"%s\" has to consist of a-z, 0-9 and inner dashes", names[i]);
		assert_error(config_of_options(&options, &config, &err), err, ERR_INVALID,
			     expected);
	}
}

static void test_a_copy_is_equal(void **state)
{
	CLEANUP(config_release) struct config config = {0};
	CLEANUP(config_app_release) struct config_app copy = {0};
	struct err err;

	(void)state;
	assert_ok(config_of_options(&every_option, &config, &err), err);
	assert_ok(config_app_copy(&config.apps[0], &copy, &err), err);
	assert_true(config_app_equal(&config.apps[0], &copy));
	assert_ptr_not_equal(config.apps[0].repo, copy.repo);
	copy.line = 7;
	assert_true(config_app_equal(&config.apps[0], &copy));
	copy.suspend = true;
	assert_false(config_app_equal(&config.apps[0], &copy));
}

static void test_any_difference_is_one(void **state)
{
	CLEANUP(config_release) struct config config = {0};
	struct options others[] = {every_option, every_option, every_option,
				   every_option, every_option, every_option};
	struct err err;

	(void)state;
	assert_ok(config_of_options(&every_option, &config, &err), err);
	others[0].ref = NULL;
	others[1].prune_limit = 21;
	others[2].impersonate_groups.count = 1;
	others[3].self_heal = false;
	others[4].impersonate_groups.items[1] = "c";
	others[5].allow_empty = false;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		CLEANUP(config_release) struct config other = {0};

		assert_ok(config_of_options(&others[i], &other, &err), err);
		assert_false(config_equal(&config, &other));
		assert_true(config_equal(&other, &other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_command_line_is_one_app),
		cmocka_unit_test(test_without_a_source_there_is_no_app),
		cmocka_unit_test(test_plain_files_are_a_source),
		cmocka_unit_test(test_bad_names_are_refused),
		cmocka_unit_test(test_a_copy_is_equal),
		cmocka_unit_test(test_any_difference_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
