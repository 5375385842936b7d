#include "agent/shard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"

#define NO_SHARD " is no shard: write INDEX/COUNT or auto/COUNT, such as 0/3"

static void test_shards_are_read(void **state)
{
	static const struct {
		const char *text, *host;
		int64_t index, count; /* or */
		const char *error;
	} cases[] = {
		{"0/3", "", 0, 3, NULL},
		{"2/3", "", 2, 3, NULL},
		{"0/1", "", 0, 1, NULL},
		{"999/1000", "", 999, 1000, NULL},
		{"auto/3", "tranche-1", 1, 3, NULL},
		{"auto/12", "my-agent-11", 11, 12, NULL},
		{"3/3", "", 0, 0, "there is no shard 3 of 3: they are numbered from 0 to 2"},
		{"auto/3", "tranche-3", 0, 0,
		 "there is no shard 3 of 3: they are numbered from 0 to 2"},
		{"auto/3", "tranche-6d4f9", 0, 0,
		 "\"auto/3\" needs a host name that ends in a number, as the Pods of a StatefulSet "
		 "have: this is \"tranche-6d4f9\""},
		{"auto/3", "tranche", 0, 0,
		 "\"auto/3\" needs a host name that ends in a number, as the Pods of a StatefulSet "
		 "have: this is \"tranche\""},
		{"", "", 0, 0, "\"\"" NO_SHARD},
		{"3", "", 0, 0, "\"3\"" NO_SHARD},
		{"/3", "", 0, 0, "\"/3\"" NO_SHARD},
		{"1/", "", 0, 0, "\"1/\"" NO_SHARD},
		{"0/0", "", 0, 0, "\"0/0\"" NO_SHARD},
		{"0/1001", "", 0, 0, "\"0/1001\"" NO_SHARD},
		{"-1/3", "", 0, 0, "\"-1/3\"" NO_SHARD},
		{"1/3/5", "", 0, 0, "\"1/3/5\"" NO_SHARD},
		{"99999999999999999999/3", "", 0, 0, "\"99999999999999999999/3\"" NO_SHARD},
		{"automatic/3", "tranche-1", 0, 0, "\"automatic/3\"" NO_SHARD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config_shard shard = {0};
		struct err err = {0};

		if (cases[i].error) {
			assert_error(shard_parse(cases[i].text, cases[i].host, &shard, &err), err,
				     ERR_INVALID, cases[i].error);
			continue;
		}
		assert_ok(shard_parse(cases[i].text, cases[i].host, &shard, &err), err);
		assert_int_equal(shard.index, cases[i].index);
		assert_int_equal(shard.count, cases[i].count);
	}
}

static void test_names_of_leases(void **state)
{
	static const struct {
		struct config_shard shard;
		const char *lease;
	} cases[] = {
		{{0, 0}, "tranche"},
		{{0, 1}, "tranche"},
		{{0, 2}, "tranche-shard-0"},
		{{12, 13}, "tranche-shard-12"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf name = BUF_INIT(100);

		shard_print_lease(&cases[i].shard, "tranche", &name);
		assert_string_equal(buf_str(&name), cases[i].lease);
	}
}

/* These must never change: agents of two versions would both take an app, or neither. */
static void test_an_app_stays_where_it_is(void **state)
{
	static const struct {
		const char *app;
		int64_t of_2, of_3, of_10;
	} cases[] = {
		{"shop", 0, 0, 7},
		{"shop-deploy-prod", 1, 1, 1},
		{"a", 1, 1, 5},
		{"b", 0, 0, 8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(shard_of(cases[i].app, 1), 0);
		assert_int_equal(shard_of(cases[i].app, 2), cases[i].of_2);
		assert_int_equal(shard_of(cases[i].app, 3), cases[i].of_3);
		assert_int_equal(shard_of(cases[i].app, 10), cases[i].of_10);
	}
}

/* Shares are about equal; with one agent more, apps move to it and nowhere else. */
static void test_shares_are_fair_and_few_move(void **state)
{
	enum { APPS = 4000 };

	(void)state;
	for (int64_t count = 1; count <= 16; count++) {
		int shares[17] = {0}, moved = 0;

		for (int i = 0; i < APPS; i++) {
			char name[32];
			snprintf(name, sizeof(name), "app-%d", i);
			int64_t now = shard_of(name, count), then = shard_of(name, count + 1);

			assert_in_range(now, 0, count - 1);
			shares[now]++;
			if (then != now) {
				assert_int_equal(then, count);
				moved++;
			}
		}
		for (int64_t i = 0; i < count; i++)
			assert_in_range(shares[i], APPS / count * 8 / 10, APPS / count * 12 / 10);
		assert_in_range(moved, APPS / (count + 1) * 8 / 10,
				APPS / (count + 1) * 12 / 10 + 1);
	}
}

static struct config_app *add_app(struct config *config, const char *name, const char *depends_on)
{
	struct config_app *app;

	config->apps = reallocarray(config->apps, config->app_count + 1, sizeof(*app));
	assert_non_null(config->apps);
	app = &config->apps[config->app_count++];
	*app = (struct config_app){.name = strdup(name)};
	if (depends_on) {
		app->depends_on.items = calloc(1, sizeof(char *));
		app->depends_on.items[app->depends_on.count++] = strdup(depends_on);
	}
	return app;
}

/* A hundred apps of which every three depend on each other, the first by name not being the first. */
static void fill(struct config *config)
{
	for (int i = 0; i < 100; i++) {
		char name[32], other[32];

		snprintf(name, sizeof(name), "app-%03d", 99 - i);
		snprintf(other, sizeof(other), "app-%03d", 99 - i + 1);
		add_app(config, name, i % 3 ? other : NULL);
	}
}

static void test_each_app_has_one_agent(void **state)
{
	int takers[100] = {0};
	struct err err;

	(void)state;
	for (int64_t index = 0; index < 5; index++) {
		CLEANUP(config_release) struct config config = {.shard = {index, 5}};

		fill(&config);
		assert_ok(shard_take(&config, &err), err);
		for (size_t i = 0; i < config.app_count; i++) {
			const struct config_app *app = &config.apps[i];

			takers[atoi(app->name + 4)]++;
			/* What it depends on is here too, and in the order of the configuration. */
			for (size_t k = 0; k < app->depends_on.count; k++)
				assert_non_null(config_find_app(&config, app->depends_on.items[k]));
			assert_true(i == 0 || strcmp(config.apps[i - 1].name, app->name) > 0);
		}
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(takers[i], 1);
}

static void test_one_agent_has_all(void **state)
{
	struct err err;

	(void)state;
	for (int64_t count = 0; count <= 1; count++) {
		CLEANUP(config_release) struct config config = {.shard = {0, count}};

		fill(&config);
		assert_ok(shard_take(&config, &err), err);
		assert_int_equal(config.app_count, 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shards_are_read),
		cmocka_unit_test(test_names_of_leases),
		cmocka_unit_test(test_an_app_stays_where_it_is),
		cmocka_unit_test(test_shares_are_fair_and_few_move),
		cmocka_unit_test(test_each_app_has_one_agent),
		cmocka_unit_test(test_one_agent_has_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
