/* Versions in the specification's own order, and ranges as Flux has them. */
#include "diff/semver.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static struct semver version(const char *text)
{
	struct semver version;

	if (!semver_parse(text, &version))
		fail_msg("\"%s\" is a version", text);
	return version;
}

/* Section 11 of the specification, and what is between. */
static void test_precedence(void **state)
{
	static const char *const ordered[] = {
		"0.0.0-0",
		"0.0.1",
		"0.9.0",
		"1.0.0-alpha",
		"1.0.0-alpha.1",
		"1.0.0-alpha.2",
		"1.0.0-alpha.10",
		"1.0.0-alpha.beta",
		"1.0.0-beta",
		"1.0.0-beta.2",
		"1.0.0-beta.11",
		"1.0.0-rc.1",
		"1.0.0",
		"1.0.1",
		"1.2.0",
		"1.10.0",
		"2.0.0",
		"2.1.0",
		"2.1.1",
		"10.0.0",
		"18446744073709551609.0.0",
	};
	size_t count = sizeof(ordered) / sizeof(ordered[0]);

	(void)state;
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++) {
			const struct semver a = version(ordered[i]), b = version(ordered[j]);
			int order = semver_compare(&a, &b);

			if ((order > 0) - (order < 0) != (i > j) - (i < j))
				fail_msg("%s and %s compare as %d", ordered[i], ordered[j], order);
		}
}

static void test_build_metadata_does_not_count(void **state)
{
	const struct semver a = version("v1.0.0+linux"), b = version("1.0.0+exp.sha.5114f85");

	(void)state;
	assert_int_equal(semver_compare(&a, &b), 0);
}

static void test_what_is_no_version(void **state)
{
	static const char *const texts[] = {
		"",
		"1",
		"1.2",
		"1.2.3.4",
		"01.2.3",
		"1.02.3",
		"1.2.03",
		"1.2.3-",
		"1.2.3-a..b",
		"1.2.3-01",
		"1.2.3+",
		"vv1.2.3",
		"1.2.x",
		" 1.2.3",
		"1.2.3 ",
		"-1.2.3",
		"1.2.3-ä",
		"release-1.2.3",
		"99999999999999999999.0.0",
	};
	struct semver ignored;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (semver_parse(texts[i], &ignored))
			fail_msg("\"%s\" is no version", texts[i]);
}

static void test_ranges(void **state)
{
	static const struct {
		const char *range;
		const char *in, *out; /* versions with blanks between */
	} rows[] = {
		{"1.2.3", "1.2.3 v1.2.3 1.2.3+b", "1.2.4 1.2.3-rc.1"},
		{"=1.2.3", "1.2.3", "1.2.2"},
		{"!=1.2.3", "1.2.4 0.1.0", "1.2.3"},
		{"!=1.2", "1.3.0 1.1.9", "1.2.0 1.2.9"},
		{">1.2.3", "1.2.4 2.0.0", "1.2.3 1.2.2"},
		{">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9 1.1.0"},
		{">=1.2.0 <2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0 2.0.0-rc.1 1.5.0-rc.1"},
		{">=1.2.0, <2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{">= 1.2.0 < 2.0.0", "1.2.0 1.9.9", "1.1.9 2.0.0"},
		{">=1.2.0-0 <2.0.0", "1.2.0-rc.1 1.5.0-rc.1 1.9.9 2.0.0-rc.1", "2.0.0 1.1.9-rc.1"},
		{">=1.0.0-beta.2", "1.0.0-beta.11 1.0.0 1.1.0-alpha", "1.0.0-beta.1 1.0.0-alpha"},
		{"<2", "1.9.9 0.0.1", "2.0.0 2.1.0"},
		{"<=2", "2.9.9 1.0.0", "3.0.0"},
		{"<=2.1.0", "2.1.0 2.0.0", "2.1.1"},
		{"~1.2.3", "1.2.3 1.2.9", "1.2.2 1.3.0 1.3.0-rc.1"},
		{"~1.2", "1.2.0 1.2.9", "1.3.0 1.1.9"},
		{"~1", "1.0.0 1.9.9", "2.0.0 0.9.9"},
		{"~>1.2.3", "1.2.9", "1.3.0"},
		{"^1.2.3", "1.2.3 1.9.9", "1.2.2 2.0.0 2.0.0-rc.1"},
		{"^1", "1.0.0 1.9.9", "2.0.0"},
		{"^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"},
		{"^0.2", "0.2.0 0.2.9", "0.3.0"},
		{"^0.0.3", "0.0.3", "0.0.4 0.0.2"},
		{"^0.0", "0.0.0 0.0.9", "0.1.0"},
		{"^0", "0.0.0 0.9.9", "1.0.0"},
		{"^1.2.3-rc.1", "1.2.3-rc.1 1.2.3-rc.2 1.2.3 1.9.0", "1.2.3-beta 2.0.0 2.0.0-rc.1"},
		{"1.2.x", "1.2.0 1.2.9", "1.3.0 1.2.0-rc.1"},
		{"1.*", "1.0.0 1.9.9", "2.0.0"},
		{"1.X", "1.0.0", "2.0.0"},
		{"*", "0.0.1 9.9.9", "1.0.0-rc.1"},
		{"1.2 - 2.3.4", "1.2.0 2.3.4", "1.1.9 2.3.5"},
		{"1.2.0 - 2", "1.2.0 2.9.9", "3.0.0"},
		{"<1.0.0 || >=2.0.0", "0.9.0 2.0.0", "1.0.0 1.9.9"},
		{"1.0.0||2.0.0", "1.0.0 2.0.0", "1.0.1"},
		{">=1.0.0-0 <1.1.0 || 3.x", "1.0.0-rc.1 3.1.0", "3.1.0-rc.1 2.0.0"},
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(semver_range_free_p) struct semver_range *range = NULL;

		assert_ok(semver_range_parse(rows[i].range, &range, &err), err);
		for (int wanted = 0; wanted < 2; wanted++) {
			char texts[256], *rest = texts;

			snprintf(texts, sizeof(texts), "%s", wanted ? rows[i].in : rows[i].out);
			for (char *text; (text = strsep(&rest, " "));) {
				const struct semver asked = version(text);

				if (semver_range_has(range, &asked) != (bool)wanted)
					fail_msg("%s is %sin \"%s\"", text, wanted ? "" : "not ",
						 rows[i].range);
			}
		}
	}
}

static void test_what_is_no_range(void **state)
{
	static const struct {
		const char *range, *message;
	} rows[] = {
		{"", "range of versions \"\": \"\" is no comparison of versions"},
		{"latest", "range of versions \"latest\": \"latest\" is no comparison of versions"},
		{">=1.2.0 <",
		 "range of versions \">=1.2.0 <\": \"<\" is no comparison of versions"},
		{"1.2.3.4",
		 "range of versions \"1.2.3.4\": \"1.2.3.4\" is no comparison of versions"},
		{"1.x.3", "range of versions \"1.x.3\": \"1.x.3\" is no comparison of versions"},
		{"1.2-rc", "range of versions \"1.2-rc\": \"1.2-rc\" is no comparison of versions"},
		{"1.0.0 ||", "range of versions \"1.0.0 ||\": \"\" is no comparison of versions"},
		{"1.0.0 - x.y", "range of versions \"1.0.0 - x.y\": \"x.y\" is no version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(semver_range_free_p) struct semver_range *range = NULL;
		struct err err;

		assert_error(semver_range_parse(rows[i].range, &range, &err), err, ERR_INVALID,
			     rows[i].message);
	}
}

static void test_the_best_tag(void **state)
{
	static const char *const tags[] = {"v1.9.0", "main",       "1.10.0+a",      "1.10.0+b",
					   "v1.2",   "2.0.0-rc.1", "latest-1.99.0", "1.10.0-rc.2"};
	CLEANUP(semver_range_free_p) struct semver_range *range = NULL;
	const char *best = NULL;
	struct err err;

	(void)state;
	assert_ok(semver_range_parse(">=1.0.0", &range, &err), err);
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (semver_is_better(range, tags[i], best))
			best = tags[i];
	assert_string_equal(best, "1.10.0+b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_build_metadata_does_not_count),
		cmocka_unit_test(test_what_is_no_version),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_what_is_no_range),
		cmocka_unit_test(test_the_best_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
