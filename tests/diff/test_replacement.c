#include "diff/replacement.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_builds_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *name, *desired, *live, *namespace, *body;
	} cases[] = {
		{"create: the manifest and its namespace", "{'metadata':{'name':'a'},'spec':{}}",
		 NULL, "n", "{'metadata':{'name':'a','namespace':'n'},'spec':{}}"},
		{"create: no resourceVersion, no status",
		 "{'metadata':{'name':'a','resourceVersion':'7','uid':'u'},'status':{'x':1}}", NULL,
		 "n", "{'metadata':{'name':'a','uid':'u','namespace':'n'}}"},
		{"cluster-scoped: no namespace", "{'metadata':{'name':'a','namespace':'n'}}", NULL,
		 NULL, "{'metadata':{'name':'a'}}"},
		{"replace: what the manifest leaves out goes",
		 "{'metadata':{'name':'a'},'data':{'x':'1'}}",
		 "{'metadata':{'name':'a','namespace':'n','resourceVersion':'7','uid':'u',"
		 "'labels':{'l':'1'},'annotations':{'b':'2'}},'data':{'x':'0','y':'2'},"
		 "'immutable':false,'status':{}}",
		 "n",
		 "{'metadata':{'name':'a','namespace':'n','resourceVersion':'7'},'data':{'x':'1'}"
		 "}"},
		{"replace: the manifest's own resourceVersion",
		 "{'metadata':{'name':'a','resourceVersion':'5'}}",
		 "{'metadata':{'name':'a','resourceVersion':'7'}}", NULL,
		 "{'metadata':{'name':'a','resourceVersion':'5'}}"},
		{"replace: an empty resourceVersion names none",
		 "{'metadata':{'name':'a','resourceVersion':''}}",
		 "{'metadata':{'name':'a','resourceVersion':'7'}}", NULL,
		 "{'metadata':{'name':'a','resourceVersion':'7'}}"},
		{"finalizers and owners are carried over", "{'metadata':{'finalizers':null}}",
		 "{'metadata':{'finalizers':['f'],'ownerReferences':[{'uid':'1'}]}}", NULL,
		 "{'metadata':{'finalizers':['f'],'ownerReferences':[{'uid':'1'}]}}"},
		{"unless the manifest names them",
		 "{'metadata':{'finalizers':[],'ownerReferences':[{'uid':'2'}]}}",
		 "{'metadata':{'finalizers':['f'],'ownerReferences':[{'uid':'1'}]}}", NULL,
		 "{'metadata':{'finalizers':[],'ownerReferences':[{'uid':'2'}]}}"},
		{"replicas left out keep the live count",
		 "{'kind':'StatefulSet','metadata':{},'spec':{'serviceName':'s'}}",
		 "{'kind':'StatefulSet','metadata':{},'spec':{'replicas':5}}", NULL,
		 "{'kind':'StatefulSet','metadata':{},'spec':{'serviceName':'s','replicas':5}}"},
		{"also as null, at zero and on a custom resource",
		 "{'kind':'Foo','metadata':{},'spec':{'replicas':null}}",
		 "{'kind':'Foo','metadata':{},'spec':{'replicas':0}}", NULL,
		 "{'kind':'Foo','metadata':{},'spec':{'replicas':0}}"},
		{"replicas written are Git's", "{'metadata':{},'spec':{'replicas':3}}",
		 "{'metadata':{},'spec':{'replicas':5}}", NULL,
		 "{'metadata':{},'spec':{'replicas':3}}"},
		{"replicas that are no count are not", "{'metadata':{},'spec':{}}",
		 "{'metadata':{},'spec':{'replicas':{'min':1}}}", NULL,
		 "{'metadata':{},'spec':{}}"},
		{"no spec is made up for replicas", "{'metadata':{}}",
		 "{'metadata':{},'spec':{'replicas':5}}", NULL, "{'metadata':{}}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *desired = value_of(cases[i].desired);
		CLEANUP(cJSON_Delete_p)
		cJSON *live = cases[i].live ? value_of(cases[i].live) : NULL;
		CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
		struct err err;

		print_message("%s\n", cases[i].name);
		assert_ok(replacement_build(desired, live, cases[i].namespace, &body, &err), err);
		assert_value(body, cases[i].body);
		assert_value(desired, cases[i].desired);
		if (live)
			assert_value(live, cases[i].live);
	}
}

static void test_integers_survive(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *desired = value_of("{'metadata':{},'spec':{'big':9223372036854775807}}");
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
	struct err err;

	assert_ok(replacement_build(desired, NULL, NULL, &body, &err), err);
	json_print(body, &out);
	assert_string_equal(buf_str(&out),
			    "{\"metadata\":{},\"spec\":{\"big\":9223372036854775807}}");
}

static void test_refuses_metadata_that_is_none(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *desired = value_of("{'metadata':[]}");
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;
	struct err err;

	assert_int_equal(replacement_build(desired, NULL, "n", &body, &err), -1);
	assert_int_equal(err.class, ERR_INVALID);
	assert_null(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds_bodies),
		cmocka_unit_test(test_integers_survive),
		cmocka_unit_test(test_refuses_metadata_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
