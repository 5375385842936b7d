#include "diff/complete.h"

#include "diff/compare.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define SERVICE(spec) "{'apiVersion':'v1','kind':'Service','metadata':{'name':'a'},'spec':" spec "}"
#define ODD(spec)     "{'apiVersion':'e.org/v1','kind':'Odd','metadata':{'name':'a'},'spec':" spec "}"

static void test_fills_in_what_is_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *desired, *live, *expected;
	} cases[] = {
		/* a field, and one that is null */
		{SERVICE("{'type':null}"), SERVICE("{'type':'ClusterIP','clusterIP':'10.0.0.1'}"),
		 SERVICE("{'type':'ClusterIP','clusterIP':'10.0.0.1'}")},
		/* what is set stays */
		{SERVICE("{'type':'NodePort'}"), SERVICE("{'type':'ClusterIP'}"),
		 SERVICE("{'type':'NodePort'}")},
		/* a map is a whole */
		{SERVICE("{'selector':{'a':'b'}}"), SERVICE("{'selector':{'a':'b','c':'d'}}"),
		 SERVICE("{'selector':{'a':'b'}}")},
		{SERVICE("{'selector':{'a':null}}"), SERVICE("{'selector':{'a':'b'}}"),
		 SERVICE("{'selector':{'a':'b'}}")},
		/* items of the same label, whatever their order; none comes back */
		{SERVICE("{'ports':[{'port':81},{'port':80}]}"),
		 SERVICE("{'ports':[{'port':80,'nodePort':30000},{'port':82}]}"),
		 SERVICE("{'ports':[{'port':81},{'port':80,'nodePort':30000}]}")},
		/* items without one */
		{ODD("{'l':[{'x':1}]}"), ODD("{'l':[{'y':1}],'z':2}"),
		 ODD("{'l':[{'x':1}],'z':2}")},
		/* another type than the live one */
		{ODD("{'l':{}}"), ODD("{'l':[1]}"), ODD("{'l':{}}")},
		{ODD("[1]"), ODD("{'l':[1]}"), ODD("[1]")},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *desired = value_of(cases[i].desired);
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].live);
		CLEANUP(changes_release) struct changes before = {0};
		CLEANUP(changes_release) struct changes after = {0};
		struct err err;

		assert_ok(compare_set_fields(desired, live, &before, &err), err);
		assert_ok(complete_from_live(desired, live, &err), err);
		assert_value(desired, cases[i].expected);
		/* What differs now is what was reported before. */
		assert_ok(compare_objects(live, desired, &after, &err), err);
		assert_int_equal(after.count > 0, before.count > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_in_what_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
