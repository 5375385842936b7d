#include "tests/kubesim/route.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/rule.h"
#include "tests/support/check.h"

static void test_paths(void **state)
{
	static const struct {
		const char *path, *expected; /* group version namespace resource name subresource */
	} cases[] = {
		{"/version", "other"},
		{"/", "other"},
		{"/openapi/v3/apis/apps/v1", "other"},
		{"/api", "discovery - -"},
		{"/apis", "discovery - -"},
		{"/api/v1", "discovery - v1"},
		{"/apis/apps", "discovery apps -"},
		{"/apis/apps/v1", "discovery apps v1"},
		{"/api/v1/pods", "- v1 - pods - -"},
		{"/api/v1/nodes/n/status", "- v1 - nodes n status"},
		{"/api/v1/namespaces", "- v1 - namespaces - -"},
		{"/api/v1/namespaces/a", "- v1 - namespaces a -"},
		{"/api/v1/namespaces/a/status", "- v1 - namespaces a status"},
		{"/api/v1/namespaces/a/finalize", "- v1 - namespaces a finalize"},
		{"/api/v1/namespaces/a/pods", "- v1 a pods - -"},
		{"/api/v1/namespaces/a/pods/b/eviction", "- v1 a pods b eviction"},
		{"/apis/apps/v1/namespaces/a/statefulsets/b/scale",
		 "apps v1 a statefulsets b scale"},
		{"//apis/apps/v1//statefulsets/", "apps v1 - statefulsets - -"},
		{"/api/v1/namespaces/a/pods/b/c/d", "refused"},
		{"/api/v1/namespaces/a/pods/b/c/d/e/f/g", "refused"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route route;
		char text[256] = "refused";
#define PART(name) (route.name[0] ? route.name : "-")

		if (!route_parse(cases[i].path, &route))
			;
		else if (route.type == ROUTE_OTHER)
			strcpy(text, "other");
		else if (route.type == ROUTE_DISCOVERY)
			snprintf(text, sizeof(text), "discovery %s %s", PART(group), PART(version));
		else
			snprintf(text, sizeof(text), "%s %s %s %s %s %s", PART(group),
				 PART(version), PART(namespace), PART(resource), PART(name),
				 PART(subresource));
		assert_string_equal(text, cases[i].expected);
	}
}

static void test_a_path_that_is_too_long(void **state)
{
	char path[ROUTE_MAX_PATH + 1];
	struct route route;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_false(route_parse(path, &route));
	path[sizeof(path) - 2] = '\0';
	assert_true(route_parse(path, &route));
}

static void test_verbs(void **state)
{
	static const struct {
		const char *method, *path;
		bool watch;
		const char *verb;
	} cases[] = {
		{"GET", "/api/v1/pods", false, "list"},
		{"GET", "/api/v1/pods", true, "watch"},
		{"GET", "/api/v1/namespaces/a/pods/b", false, "get"},
		{"POST", "/api/v1/namespaces/a/pods", false, "create"},
		{"PUT", "/api/v1/namespaces/a/pods/b", false, "update"},
		{"PATCH", "/api/v1/namespaces/a/pods/b", false, "patch"},
		{"DELETE", "/api/v1/namespaces/a/pods/b", false, "delete"},
		{"DELETE", "/api/v1/namespaces/a/pods", false, "deletecollection"},
		{"GET", "/version", false, "get"},
		{"TRACE", "/api/v1/pods", false, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route route;

		assert_true(route_parse(cases[i].path, &route));
		assert_string_equal(route_verb(&route, cases[i].method, cases[i].watch),
				    cases[i].verb);
	}
}

static void test_rules(void **state)
{
	static const struct {
		const char *rule, *path, *verb;
		bool matches;
	} cases[] = {
		{"get:pods", "/api/v1/namespaces/a/pods/b", "get", true},
		{"get:pods", "/api/v1/namespaces/a/pods/b", "list", false},
		{"*:pods", "/api/v1/pods", "list", true},
		{"*:pods", "/api/v1/namespaces/a/pods/b/eviction", "create", false},
		{"create:pods/eviction", "/api/v1/namespaces/a/pods/b/eviction", "create", true},
		{"get:statefulsets", "/apis/apps/v1/namespaces/a/statefulsets/b", "get", true},
		{"get:statefulsets.apps", "/apis/apps/v1/namespaces/a/statefulsets/b", "get", true},
		{"get:statefulsets.x", "/apis/apps/v1/namespaces/a/statefulsets/b", "get", false},
		{"*:*", "/apis/apps/v1/statefulsets", "list", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct route route;
		struct rule rule;
		char text[64];

		strcpy(text, cases[i].rule);
		assert_true(rule_read(text, &rule));
		assert_true(route_parse(cases[i].path, &route));
		assert_int_equal(rule_matches(&rule, &route, cases[i].verb), cases[i].matches);
	}
}

static void test_rules_that_are_none(void **state)
{
	static const char *const texts[] = {"", "get", ":pods", "get:"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct rule rule;
		char text[16];

		strcpy(text, texts[i]);
		assert_false(rule_read(text, &rule));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_a_path_that_is_too_long),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_rules_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
