#include <string.h>

#include "diff/plan.h"

#include "tests/support/check.h"

/* Every row of the table in plan.h. */
static void test_decides(void **state)
{
	(void)state;
	enum { MISSING, EXISTS };
	enum { SAME, DIFFERS };
	enum { REPORT, HEAL };
	static const struct plan_record never = {NULL, NULL}, known = {"d1", "l1"},
					half = {"d1", NULL};
	static const struct {
		bool exists, differs;
		const struct plan_record *record;
		const char *desired, *live;
		bool self_heal;
		enum plan_action action;
	} cases[] = {
		{MISSING, DIFFERS, NULL, "d1", NULL, REPORT, PLAN_CREATE},
		{MISSING, DIFFERS, &never, "d1", NULL, REPORT, PLAN_CREATE},
		{MISSING, DIFFERS, &never, "d1", NULL, HEAL, PLAN_CREATE},
		{MISSING, DIFFERS, &known, "d2", NULL, REPORT, PLAN_CREATE},
		{MISSING, DIFFERS, &known, "d1", NULL, REPORT, PLAN_DRIFT},
		{MISSING, SAME, &known, "d1", "l1", REPORT, PLAN_DRIFT},
		{MISSING, DIFFERS, &known, "d1", NULL, HEAL, PLAN_CREATE},
		{EXISTS, SAME, NULL, "d1", "l1", REPORT, PLAN_IN_SYNC},
		{EXISTS, SAME, &known, "d2", "l2", REPORT, PLAN_IN_SYNC},
		{EXISTS, SAME, &known, "d1", "l2", HEAL, PLAN_IN_SYNC},
		{EXISTS, DIFFERS, NULL, "d1", "l1", REPORT, PLAN_REPLACE},
		{EXISTS, DIFFERS, &never, "d1", "l1", REPORT, PLAN_REPLACE},
		{EXISTS, DIFFERS, &known, "d1", "l1", REPORT, PLAN_REPLACE},
		{EXISTS, DIFFERS, &known, "d2", "l1", REPORT, PLAN_REPLACE},
		{EXISTS, DIFFERS, &known, "d2", "l2", REPORT, PLAN_REPLACE},
		{EXISTS, DIFFERS, &known, "d1", "l2", REPORT, PLAN_DRIFT},
		{EXISTS, DIFFERS, &known, "d1", NULL, REPORT, PLAN_DRIFT},
		{EXISTS, DIFFERS, &half, "d1", "l1", REPORT, PLAN_DRIFT},
		{EXISTS, DIFFERS, &known, "d1", "l2", HEAL, PLAN_REPLACE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		enum plan_action action =
			plan_decide(cases[i].exists, cases[i].differs, cases[i].record,
				    cases[i].desired, cases[i].live, cases[i].self_heal);
		assert_string_equal(plan_action_words[action].name,
				    plan_action_words[cases[i].action].name);
	}
}

static void test_counts(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	assert_false(plan_has_differences(&plan));
	for (int i = 0; i < 40; i++) {
		struct plan_item *item = plan_add(&plan);
		assert_non_null(item);
		assert_int_equal(item->action, PLAN_IN_SYNC);
	}
	assert_int_equal(plan_count(&plan, PLAN_IN_SYNC), 40);
	assert_false(plan_has_differences(&plan));
	for (enum plan_action action = PLAN_CREATE; action <= PLAN_FAILED; action++) {
		plan.items[7].action = action;
		assert_int_equal(plan_count(&plan, action), 1);
		assert_int_equal(plan_has_differences(&plan),
				 action != PLAN_WALK && action != PLAN_ORPHAN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decides),
		cmocka_unit_test(test_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
