#include "tests/kubesim/fieldset.h"

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define TEMPLATE(containers) "{'spec':{'template':{'spec':{'containers':" containers "}}}}"

static const struct schema_object *stateful_set(void)
{
	return schema_find("apps", "v1", "StatefulSet");
}

/* A set as fieldsV1, compared whole. */
static void assert_fields(const cJSON *set, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *fields = fieldset_to_fields(set);

	assert_value(fields, expected);
}

static void test_compare(void **state)
{
	static const struct {
		const char *old, *new, *changed, *removed;
	} cases[] = {
		{"{}", "{}", "{}", "{}"},
		{"{'spec':{'replicas':1}}", "{'spec':{'replicas':1}}", "{}", "{}"},
		{"{'spec':{'replicas':1}}", "{'spec':{'replicas':2}}",
		 "{'f:spec':{'f:replicas':{}}}", "{}"},
		{"{'spec':{'replicas':1}}", "{'spec':{}}", "{}", "{'f:spec':{'f:replicas':{}}}"},
		{"{'spec':{'replicas':1}}", "{'spec':{'replicas':null}}", "{}",
		 "{'f:spec':{'f:replicas':{}}}"},
		/* A map that is new is in the set itself, a struct that is always there is not. */
		{"{}", "{'metadata':{'labels':{'a':'b'}},'spec':{'serviceName':'s'}}",
		 "{'f:metadata':{'f:labels':{'.':{},'f:a':{}}},'f:spec':{'f:serviceName':{}}}",
		 "{}"},
		{"{'metadata':{'labels':{'a':'b'}}}", "{'metadata':{'labels':{'a':'b','c':'d'}}}",
		 "{'f:metadata':{'f:labels':{'f:c':{}}}}", "{}"},
		/* Atomic: the whole selector. */
		{"{'spec':{'selector':{'matchLabels':{'a':'b'}}}}",
		 "{'spec':{'selector':{'matchLabels':{'a':'c'}}}}", "{'f:spec':{'f:selector':{}}}",
		 "{}"},
		/* Lists by their keys; a port's protocol has a default. */
		{TEMPLATE("[{'name':'a','image':'x:1'}]"), TEMPLATE("[{'name':'a','image':'x:2'}]"),
		 "{'f:spec':{'f:template':{'f:spec':{'f:containers':{'k:{\\\"name\\\":\\\"a\\\"}':{"
		 "'f:image':{}}}}}}}",
		 "{}"},
		{TEMPLATE("[{'name':'a'},{'name':'b'}]"), TEMPLATE("[{'name':'b'},{'name':'c'}]"),
		 "{'f:spec':{'f:template':{'f:spec':{'f:containers':{'k:{\\\"name\\\":\\\"c\\\"}':{"
		 "'.':{},'f:name':{}}}}}}}",
		 "{'f:spec':{'f:template':{'f:spec':{'f:containers':{'k:{\\\"name\\\":\\\"a\\\"}':{"
		 "'.':{},'f:name':{}}}}}}}"},
		{TEMPLATE("[{'name':'a'}]"),
		 TEMPLATE("[{'name':'a','ports':[{'containerPort':80}]}]"),
		 "{'f:spec':{'f:template':{'f:spec':{'f:containers':{'k:{\\\"name\\\":\\\"a\\\"}':{"
		 "'f:ports':{'.':{},'k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}':{"
		 "'.':{},'f:containerPort':{}}}}}}}}}",
		 "{}"},
		{"{'metadata':{'finalizers':['a']}}", "{'metadata':{'finalizers':['a','b']}}",
		 "{'f:metadata':{'f:finalizers':{'v:\\\"b\\\"':{}}}}", "{}"},
		/* What nobody owns. */
		{"{}", "{'kind':'StatefulSet','metadata':{'name':'x','uid':'u','generation':2}}",
		 "{}", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *old = value_of(cases[i].old);
		CLEANUP(cJSON_Delete_p) cJSON *new = value_of(cases[i].new);
		CLEANUP(fieldset_changes_release) struct fieldset_changes changes = {0};

		fieldset_compare(stateful_set(), old, new, &changes);
		assert_fields(changes.changed, cases[i].changed);
		assert_fields(changes.removed, cases[i].removed);
	}
}

/* Without a schema objects have members and lists are atomic. */
static void test_compare_without_schema(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *old = value_of("{'spec':{'list':[1],'a':{'b':1}}}");
	CLEANUP(cJSON_Delete_p) cJSON *new = value_of("{'spec':{'list':[1,2],'a':{'b':1,'c':2}}}");
	CLEANUP(fieldset_changes_release) struct fieldset_changes changes = {0};

	(void)state;
	fieldset_compare(NULL, old, new, &changes);
	assert_fields(changes.changed, "{'f:spec':{'f:a':{'f:c':{}},'f:list':{}}}");
	assert_fields(changes.removed, "{}");
}

static void test_arithmetic(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *fields = value_of("{'f:a':{'.':{},'f:b':{}},'f:c':{}}");
	CLEANUP(cJSON_Delete_p) cJSON *others = value_of("{'f:a':{'f:b':{},'f:d':{}}}");
	CLEANUP(cJSON_Delete_p) cJSON *set = fieldset_from_fields(fields);
	CLEANUP(cJSON_Delete_p) cJSON *other = fieldset_from_fields(others);
	CLEANUP(cJSON_Delete_p) cJSON *both = fieldset_intersection(set, other);

	(void)state;
	assert_fields(set, "{'f:a':{'.':{},'f:b':{}},'f:c':{}}");
	assert_fields(both, "{'f:a':{'f:b':{}}}");
	fieldset_add(set, other);
	assert_fields(set, "{'f:a':{'.':{},'f:b':{},'f:d':{}},'f:c':{}}");
	fieldset_subtract(set, other);
	assert_fields(set, "{'f:a':{},'f:c':{}}");
	cJSON_Delete(other);
	other = obj_copy(set);
	fieldset_subtract(set, other);
	assert_true(fieldset_is_empty(set));
}

static void test_of(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *object = value_of("{'kind':'StatefulSet','metadata':{'name':'x','labels':{'a':'b'},"
				 "'annotations':{}},'spec':{'replicas':3}}");
	CLEANUP(cJSON_Delete_p) cJSON *set = fieldset_of(stateful_set(), object);

	(void)state;
	assert_fields(set, "{'f:metadata':{'f:annotations':{},'f:labels':{'f:a':{}}},'f:spec':{"
			   "'f:replicas':{}}}");
}

static void test_merge_and_remove(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *object =
		value_of(TEMPLATE("[{'name':'a','image':'x:1','args':['1']},{'name':'b'}]"));
	CLEANUP(cJSON_Delete_p)
	cJSON *config = value_of(TEMPLATE("[{'name':'c'},{'name':'a','image':'x:2'}]"));
	CLEANUP(cJSON_Delete_p) cJSON *set = fieldset_of(stateful_set(), config);

	(void)state;
	fieldset_merge(stateful_set(), config, object);
	assert_value(object, TEMPLATE("[{'name':'a','image':'x:2','args':['1']},{'name':'b'},"
				      "{'name':'c'}]"));
	fieldset_remove_values(stateful_set(), set, object);
	assert_value(object, TEMPLATE("[{'name':'b'}]"));
}

static void note_path(const char *path, void *context)
{
	buf_printf(context, "%s\n", path);
}

static void test_paths(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *fields = value_of("{'f:spec':{'f:list':{'k:{\\\"name\\\":\\\"a\\\",\\\"port\\\":1}':"
				 "{'f:x':{}},'v:\\\"b\\\"':{}}}}");
	CLEANUP(cJSON_Delete_p) cJSON *set = fieldset_from_fields(fields);
	CLEANUP(buf_release) struct buf paths = BUF_INIT(1024);

	(void)state;
	fieldset_each(set, note_path, &paths);
	assert_string_equal(buf_str(&paths),
			    ".spec.list[name=\"a\",port=1].x\n.spec.list[=\"b\"]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_compare_without_schema),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_of),
		cmocka_unit_test(test_merge_and_remove),
		cmocka_unit_test(test_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
