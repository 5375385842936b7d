#include "diff/finding.h"

#include "tests/support/check.h"

static void test_prints_in_order_of_place(void **state)
{
	(void)state;
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(10000);
	struct err err;
	static const struct {
		enum finding_level level;
		const char *file;
		struct yaml_mark mark;
		const char *message;
	} cases[] = {
		{FINDING_ERROR, "b.yaml", {1, 1}, "one"},
		{FINDING_WARNING, "a.yaml", {10, 2}, "two"},
		{FINDING_WARNING, "a.yaml", {9, 7}, "three"},
		{FINDING_ERROR, "a.yaml", {9, 3}, "four"},
		{FINDING_ERROR, "a.yaml", {0, 0}, "five"},
		{FINDING_ERROR, "a.yaml", {10, 2}, "six"},
		{FINDING_ERROR, "a.yaml", {10, 2}, "seven"},
		{FINDING_WARNING, "", {0, 0}, "eight"},
		{FINDING_WARNING, "c.yaml", {1, 1}, "nine"},
		{FINDING_WARNING, "d.yaml", {1, 1}, "ten"},
		{FINDING_WARNING, "e\n\x7f.yaml", {1, 1}, "eleven"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_ok(findings_add(&findings, cases[i].level, cases[i].file, cases[i].mark,
				       &err, "%s", cases[i].message),
			  err);
	assert_int_equal(findings.error_count, 5);
	findings_sort(&findings);
	findings_print(&findings, &out);
	assert_string_equal(buf_str(&out), "warning: eight\n"
					   "a.yaml: error: five\n"
					   "a.yaml:9:3: error: four\n"
					   "a.yaml:9:7: warning: three\n"
					   "a.yaml:10:2: error: seven\n"
					   "a.yaml:10:2: error: six\n"
					   "a.yaml:10:2: warning: two\n"
					   "b.yaml:1:1: error: one\n"
					   "c.yaml:1:1: warning: nine\n"
					   "d.yaml:1:1: warning: ten\n"
					   "e\\x0a\\x7f.yaml:1:1: warning: eleven\n");
}

static void test_messages_stay_on_one_line(void **state)
{
	(void)state;
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	assert_ok(findings_add(&findings, FINDING_ERROR, "a.yaml", (struct yaml_mark){1, 1}, &err,
			       "unknown field \"%s\"", "a\nb\x1b[31m\x7fü"),
		  err);
	assert_string_equal(findings.items[0].message, "unknown field \"a\\x0ab\\x1b[31m\\x7fü\"");
}

static void test_nothing_sorts_and_releases(void **state)
{
	(void)state;
	struct findings findings = {0};

	findings_sort(&findings);
	findings_release(&findings);
	assert_int_equal(findings.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prints_in_order_of_place),
		cmocka_unit_test(test_messages_stay_on_one_line),
		cmocka_unit_test(test_nothing_sorts_and_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
