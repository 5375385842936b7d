#include "tests/kubesim/fault.h"

#include "diff/cleanup.h"
#include "tests/support/check.h"

#define NOT_A_FAULT                                                                               \
	" is not ACTION[@VERB:RESOURCE[:NAMESPACE]][*TIMES] with one of the actions 400 to 599, " \
	"refuse, "                                                                                \
	"lose, cut=BYTES, delay=TIME, hang, hold"

static struct fault take(struct faults *faults, const char *path, const char *verb)
{
	struct route route;

	assert_true(route_parse(path, &route));
	return faults_take(faults, &route, verb);
}

static void test_read(void **state)
{
	static const struct {
		const char *text;
		enum fault_action action;
		int64_t amount, times;
		const char *verb, *resource;
	} cases[] = {
		{"503", FAULT_CODE, 503, -1, "*", "*"},
		{"429*3", FAULT_CODE, 429, 3, "*", "*"},
		{"refuse@get:pods", FAULT_REFUSE, 0, -1, "get", "pods"},
		{"lose@*:pods", FAULT_LOSE, 0, -1, "*", "pods"},
		{"lose@get:*", FAULT_LOSE, 0, -1, "get", "*"},
		{"lose@*:*", FAULT_LOSE, 0, -1, "*", "*"},
		{"lose@*:**2", FAULT_LOSE, 0, 2, "*", "*"},
		{"cut=0@watch:pods*1", FAULT_CUT, 0, 1, "watch", "pods"},
		{"delay=1.5s@create:statefulsets.apps", FAULT_DELAY, 1500, -1, "create",
		 "statefulsets.apps"},
		{"hang", FAULT_HANG, 0, -1, "*", "*"},
		{"hold@update:secrets*1", FAULT_HOLD, 0, 1, "update", "secrets"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(faults_release) struct faults faults = {0};
		struct err err = {0};

		assert_ok(faults_add(&faults, cases[i].text, &err), err);
		assert_int_equal(faults.items[0].action, cases[i].action);
		assert_int_equal(faults.items[0].amount, cases[i].amount);
		assert_int_equal(faults.items[0].times, cases[i].times);
		assert_string_equal(faults.items[0].rule.verb, cases[i].verb);
		assert_string_equal(faults.items[0].rule.resource, cases[i].resource);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "\"\"" NOT_A_FAULT},
		{"200", "\"200\"" NOT_A_FAULT},
		{"600", "\"600\"" NOT_A_FAULT},
		{"cut=-1", "\"cut=-1\"" NOT_A_FAULT},
		{"delay=5", "\"delay=5\"" NOT_A_FAULT},
		{"lose@pods", "\"lose@pods\"" NOT_A_FAULT},
		{"lose*0", "\"lose*0\"" NOT_A_FAULT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(faults_release) struct faults faults = {0};
		struct err err = {0};

		assert_error(faults_add(&faults, cases[i].text, &err), err, ERR_INVALID,
			     cases[i].message);
	}
}

static void test_the_first_that_matches_counts_down(void **state)
{
	CLEANUP(faults_release) struct faults faults = {0};
	struct err err = {0};

	(void)state;
	assert_ok(faults_replace(&faults, "503@get:pods*2\n\n500@get:*\n", &err), err);
	assert_int_equal(take(&faults, "/api/v1/namespaces/a/pods/b", "get").amount, 503);
	assert_int_equal(take(&faults, "/api/v1/namespaces/a/secrets/b", "get").amount, 500);
	assert_int_equal(take(&faults, "/api/v1/namespaces/a/pods/b", "get").amount, 503);
	assert_int_equal(take(&faults, "/api/v1/namespaces/a/pods/b", "get").amount, 500);
	assert_int_equal(take(&faults, "/api/v1/pods", "list").action, FAULT_NONE);
	assert_int_equal(take(&faults, "/version", "get").action, FAULT_NONE);
}

static void test_only_one_namespace(void **state)
{
	CLEANUP(faults_release) struct faults faults = {0};
	struct err err = {0};

	(void)state;
	assert_ok(faults_add(&faults, "503@create:pods:shop", &err), err);
	assert_int_equal(take(&faults, "/api/v1/namespaces/shop/pods", "create").amount, 503);
	assert_int_equal(take(&faults, "/api/v1/namespaces/other/pods", "create").action,
			 FAULT_NONE);
	assert_int_equal(take(&faults, "/api/v1/nodes", "create").action, FAULT_NONE);
}

static void test_a_bad_line_replaces_nothing(void **state)
{
	CLEANUP(faults_release) struct faults faults = {0};
	struct err err = {0};

	(void)state;
	assert_ok(faults_add(&faults, "503", &err), err);
	assert_error(faults_replace(&faults, "500\nnonsense", &err), err, ERR_INVALID,
		     "\"nonsense\"" NOT_A_FAULT);
	assert_int_equal(take(&faults, "/api/v1/pods", "list").amount, 503);
	assert_ok(faults_replace(&faults, "", &err), err);
	assert_int_equal(take(&faults, "/api/v1/pods", "list").action, FAULT_NONE);
}

static void test_held_until_all_are_replaced(void **state)
{
	CLEANUP(faults_release) struct faults faults = {0};
	struct err err = {0};
	struct fault first, second;

	(void)state;
	assert_ok(faults_replace(&faults, "hold@get:pods", &err), err);
	first = take(&faults, "/api/v1/namespaces/a/pods/b", "get");
	assert_true(faults_hold(&faults, &first));
	assert_ok(faults_replace(&faults, "hold@get:pods", &err), err);
	assert_false(faults_hold(&faults, &first));
	second = take(&faults, "/api/v1/namespaces/a/pods/b", "get");
	assert_true(faults_hold(&faults, &second));
	assert_ok(faults_replace(&faults, "", &err), err);
	assert_false(faults_hold(&faults, &second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_the_first_that_matches_counts_down),
		cmocka_unit_test(test_only_one_namespace),
		cmocka_unit_test(test_a_bad_line_replaces_nothing),
		cmocka_unit_test(test_held_until_all_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
