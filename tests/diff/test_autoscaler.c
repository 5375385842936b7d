#include "diff/autoscaler.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_scales(void **state)
{
	(void)state;
	static const struct {
		const char *target;
		bool scales;
	} cases[] = {
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','name':'web'}", true},
		{"{'apiVersion':'apps/v1beta2','kind':'StatefulSet','name':'web'}", true},
		{"{'apiVersion':'apps/v1','kind':'Deployment','name':'web'}", false},
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','name':'web2'}", false},
		{"{'apiVersion':'app/v1','kind':'StatefulSet','name':'web'}", false},
		{"{'apiVersion':'apps.example.com/v1','kind':'StatefulSet','name':'web'}", false},
		{"{'apiVersion':'v1','kind':'StatefulSet','name':'web'}", false},
		{"{'kind':'StatefulSet','name':'web'}", false},
		{"{}", false},
	};
	CLEANUP(ref_release) struct ref ref = {0};
	CLEANUP(cJSON_Delete_p)
	cJSON *web = value_of("{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':"
			      "'web'}}");
	struct err err;

	assert_ok(ref_of(web, &ref, &err), err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *autoscaler = value_of("{'spec':{}}");

		print_message("%s\n", cases[i].target);
		assert_ok(json_set(autoscaler, "spec.scaleTargetRef", value_of(cases[i].target),
				   &err),
			  err);
		assert_int_equal(autoscaler_scales(autoscaler, &ref), cases[i].scales);
	}

	/* In the core group: no group in the ref either. */
	CLEANUP(ref_release) struct ref controller = {0};
	CLEANUP(cJSON_Delete_p)
	cJSON *object = value_of("{'apiVersion':'v1','kind':'ReplicationController','metadata':{"
				 "'name':'web'}}");
	CLEANUP(cJSON_Delete_p)
	cJSON *autoscaler = value_of("{'spec':{'scaleTargetRef':{'apiVersion':'v1','kind':"
				     "'ReplicationController','name':'web'}}}");
	assert_ok(ref_of(object, &controller, &err), err);
	assert_true(autoscaler_scales(autoscaler, &controller));
}

static void test_matters(void **state)
{
	(void)state;
	static const struct {
		const char *desired, *live;
		bool matters;
	} cases[] = {
		{"{'spec':{'replicas':3}}", "{'spec':{'replicas':5}}", true},
		{"{'spec':{'replicas':3}}", "{'spec':{'replicas':0}}", true},
		{"{'spec':{'replicas':3}}", "{'spec':{'replicas':3}}", false},
		{"{'spec':{}}", "{'spec':{'replicas':5}}", false},
		{"{'spec':{'replicas':null}}", "{'spec':{'replicas':5}}", false},
		{"{'spec':{'replicas':3}}", "{'spec':{}}", false},
		{"{'spec':{'replicas':{}}}", "{'spec':{'replicas':5}}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *desired = value_of(cases[i].desired);
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].live);

		assert_int_equal(autoscaler_matters(desired, live), cases[i].matters);
		assert_false(autoscaler_matters(desired, NULL));
	}
}

static void test_notes(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *three = value_of("{'spec':{'replicas':3}}");
	CLEANUP(cJSON_Delete_p) cJSON *five = value_of("{'spec':{'replicas':5}}");
	CLEANUP(cJSON_Delete_p) cJSON *wanted = NULL;
	CLEANUP(plan_item_release) struct plan_item item = {0};
	struct err err;

	assert_ok(autoscaler_note(&item, "h", three, NULL, &err), err);
	assert_null(item.autoscaled);
	assert_ok(autoscaler_note(&item, "h", three, three, &err), err);
	assert_string_equal(item.autoscaled, "replicas 3 of Git is ignored: "
					     "HorizontalPodAutoscaler h scales it, live has 3");
	assert_int_equal(item.note_count, 0);
	assert_ok(autoscaler_note(&item, "h", three, five, &err), err);
	assert_int_equal(item.note_count, 1);
	assert_string_equal(item.notes[0], "replicas 3 of Git is ignored: HorizontalPodAutoscaler "
					   "h scales it, live has 5");
	assert_ok(autoscaler_yield(three, &wanted, &err), err);
	assert_value(wanted, "{'spec':{}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scales),
		cmocka_unit_test(test_matters),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
