#include "apply/known.h"

#include <stdio.h>
#include <string.h>

#include "apply/pods.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

static enum known_change put(struct known *known, const char *name, const char *version)
{
	enum known_change change;
	struct err err;

	assert_ok(known_put(known, "x", name, version, &change, &err), err);
	return change;
}

static void test_knows(void **state)
{
	(void)state;
	struct known known = {0};
	const struct known_object *gone;
	size_t cursor = 0;

	assert_int_equal(put(&known, "b", "1"), KNOWN_NEW);
	assert_int_equal(put(&known, "a", "1"), KNOWN_NEW);
	assert_int_equal(put(&known, "c", "1"), KNOWN_NEW);
	assert_int_equal(put(&known, "b", "1"), KNOWN_SAME);
	assert_int_equal(put(&known, "b", "2"), KNOWN_CHANGED);
	assert_true(known_remove(&known, "x", "c"));
	assert_false(known_remove(&known, "x", "c"));
	assert_false(known_remove(&known, "y", "a"));

	known_begin_listing(&known);
	assert_int_equal(put(&known, "b", "2"), KNOWN_SAME);
	gone = known_next_unlisted(&known, &cursor);
	assert_non_null(gone);
	assert_string_equal(gone->name, "a");
	assert_null(known_next_unlisted(&known, &cursor));
	known_drop_unlisted(&known, cursor);
	assert_int_equal(known.count, 1);

	known_doubt(&known);
	assert_int_equal(put(&known, "b", "2"), KNOWN_CHANGED);
	assert_int_equal(put(&known, "b", "2"), KNOWN_SAME);
	known_release(&known);
}

static void test_stays_sorted(void **state)
{
	(void)state;
	struct known known = {0};
	char name[16];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i * 7919 % 1000);
		assert_int_equal(put(&known, name, "1"), KNOWN_NEW);
	}
	for (size_t i = 1; i < known.count; i++)
		assert_true(strcmp(known.items[i - 1].name, known.items[i].name) < 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%d", i);
		assert_true(known_remove(&known, "x", name));
	}
	known_release(&known);
}

/* Half of very many have gone: what the cursor has not passed yet stays; and it takes no time to speak of. */
static void test_many_vanish(void **state)
{
	(void)state;
	enum { COUNT = 200000 };
	struct known known = {0};
	size_t cursor = 0;
	char name[16];

	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%06d", i);
		assert_int_equal(put(&known, name, "1"), KNOWN_NEW);
	}
	known_begin_listing(&known);
	for (int i = COUNT / 2; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%06d", i);
		assert_int_equal(put(&known, name, "1"), KNOWN_SAME);
	}
	for (int i = 0; i < 100; i++)
		assert_non_null(known_next_unlisted(&known, &cursor));
	known_drop_unlisted(&known, cursor);
	assert_int_equal(known.count, COUNT - 100);
	assert_string_equal(known.items[0].name, "000100");
	cursor = 0;
	while (known_next_unlisted(&known, &cursor))
		;
	known_drop_unlisted(&known, cursor);
	assert_int_equal(known.count, COUNT / 2);
	assert_string_equal(known.items[0].name, "100000");
	known_release(&known);
}

static void put_pod(struct pods *pods, const char *namespace, const char *name)
{
	char text[128];
	struct err err;

	snprintf(text, sizeof(text), "{'metadata':{'namespace':'%s','name':'%s'}}", namespace,
		 name);
	assert_ok(pods_put(pods, value_of(text), &err), err);
}

static void test_pods_of(void **state)
{
	(void)state;
	struct pods pods = {0};
	size_t count;

	assert_null(pods_of(&pods, "x", "web", &count));
	put_pod(&pods, "x", "web-1");
	put_pod(&pods, "x", "web-0");
	put_pod(&pods, "x", "web-10");
	put_pod(&pods, "x", "we-0");
	put_pod(&pods, "x", "webs-0");
	put_pod(&pods, "y", "web-0");
	put_pod(&pods, "x", "web-1");
	const cJSON *const *found = pods_of(&pods, "x", "web", &count);
	assert_int_equal(count, 3);
	assert_string_equal(json_str(found[0], "metadata.name"), "web-0");
	pods_remove(&pods, "x", "web-0");
	pods_remove(&pods, "x", "web-0");
	pods_of(&pods, "x", "web", &count);
	assert_int_equal(count, 2);
	assert_null(pods_of(&pods, "z", "web", &count));
	assert_int_equal(count, 0);
	pods_release(&pods);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_knows),
		cmocka_unit_test(test_stays_sorted),
		cmocka_unit_test(test_many_vanish),
		cmocka_unit_test(test_pods_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
