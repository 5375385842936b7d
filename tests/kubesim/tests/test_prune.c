#include "tests/kubesim/prune.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_prune(void **state)
{
	static const struct {
		const char *group, *kind, *object, *expected;
	} cases[] = {
		{"", "ConfigMap", "{'data':{},'metadata':{'labels':null,'annotations':{}}}",
		 "{'metadata':{}}"},
		{"", "ConfigMap", "{'metadata':{'managedFields':[]},'data':{'a':''}}",
		 "{'metadata':{'managedFields':[]},'data':{'a':''}}"},
		{"apps", "StatefulSet",
		 "{'spec':{'replicas':0,'minReadySeconds':0,'template':{'spec':{'hostNetwork':"
		 "false,"
		 "'nodeSelector':{},'containers':[{'name':'a','args':[],'stdin':false,'env':[{'"
		 "name':"
		 "'x','value':''}],'ports':[{'containerPort':1,'hostPort':0}],'securityContext':{"
		 "'privileged':false}}],'volumes':[{'name':'v','emptyDir':{'medium':''}}]}}}}",
		 "{'spec':{'replicas':0,'template':{'spec':{'containers':[{'name':'a','env':[{'"
		 "name':"
		 "'x'}],'ports':[{'containerPort':1}],'securityContext':{'privileged':false}}],"
		 "'volumes':[{'name':'v','emptyDir':{}}]}}}}"},
		{"", "PersistentVolumeClaim", "{'spec':{'storageClassName':''}}",
		 "{'spec':{'storageClassName':''}}"},
		{"", "Secret", "{'data':{'a':'aGVs\\nbG8=','b':'!','c':''}}",
		 "{'data':{'a':'aGVsbG8=','b':'!','c':''}}"},
		{"rbac.authorization.k8s.io", "Role", "{'rules':[]}", "{'rules':[]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);

		prune(schema_find(cases[i].group, "v1", cases[i].kind), object);
		assert_value(object, cases[i].expected);
	}
}

static void test_what_is_not_known_stays(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of("{'a':null,'b':{},'c':''}");

	(void)state;
	prune(NULL, object);
	assert_value(object, "{'a':null,'b':{},'c':''}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_what_is_not_known_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
