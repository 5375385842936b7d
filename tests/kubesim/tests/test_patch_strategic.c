#include "tests/kubesim/patch_strategic.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

struct patch_case {
	const char *name;
	const char *kind; /* "v1 Pod" and the like are written as group, kind */
	const char *group;
	const char *target, *patch;
	const char *result; /* NULL: fails with the class and message */
	enum err_class class;
	const char *message;
};

static void run(const struct patch_case *test)
{
	CLEANUP(cJSON_Delete_p) cJSON *target = value_of(test->target);
	CLEANUP(cJSON_Delete_p) cJSON *patch = value_of(test->patch);
	CLEANUP(cJSON_Delete_p) cJSON *result = NULL;
	const struct schema_object *schema = schema_find(test->group, "v1", test->kind);
	struct err err;

	print_message("         %s\n", test->name);
	assert_non_null(schema);
	if (test->result) {
		assert_ok(patch_strategic(target, patch, schema, &result, &err), err);
		assert_value(result, test->result);
	} else {
		assert_error(patch_strategic(target, patch, schema, &result, &err), err,
			     test->class, test->message);
	}
	assert_value(target, test->target);
}

#define RUN(cases)                                                        \
	do {                                                              \
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) \
			run(&cases[i]);                                   \
	} while (0)

#define POD(items) "{'spec':{'containers':[" items "]}}"

static void test_objects(void **state)
{
	static const struct patch_case cases[] = {
		{"a scalar is set, the rest stays", "StatefulSet", "apps",
		 "{'spec':{'replicas':3,'serviceName':'web'}}", "{'spec':{'replicas':5}}",
		 "{'spec':{'replicas':5,'serviceName':'web'}}", 0, NULL},
		{"null removes", "StatefulSet", "apps",
		 "{'spec':{'replicas':3,'minReadySeconds':1}}", "{'spec':{'minReadySeconds':null}}",
		 "{'spec':{'replicas':3}}", 0, NULL},
		{"null that matches nothing is dropped, also inside what is added", "StatefulSet",
		 "apps", "{'spec':{}}",
		 "{'spec':{'replicas':null,'updateStrategy':{'type':'OnDelete','rollingUpdate':"
		 "null}}}",
		 "{'spec':{'updateStrategy':{'type':'OnDelete'}}}", 0, NULL},
		{"maps with free keys merge", "ConfigMap", "", "{'data':{'a':'1','b':'2'}}",
		 "{'data':{'b':null,'c':'3'}}", "{'data':{'a':'1','c':'3'}}", 0, NULL},
		{"$patch: replace in an object", "ConfigMap", "", "{'data':{'a':'1','b':'2'}}",
		 "{'data':{'$patch':'replace','c':'3'}}", "{'data':{'c':'3'}}", 0, NULL},
		{"$patch: delete in an object", "ConfigMap", "", "{'data':{'a':'1'}}",
		 "{'data':{'$patch':'delete'}}", "{'data':{}}", 0, NULL},
		{"an added object that is a directive is not added", "ConfigMap", "", "{}",
		 "{'data':{'$patch':'delete','a':'1'}}", "{}", 0, NULL},
		{"another type replaces", "StatefulSet", "apps", "{'spec':{'replicas':3}}",
		 "{'spec':{'replicas':'x'}}", "{'spec':{'replicas':'x'}}", 0, NULL},
		{"rollout restart", "StatefulSet", "apps",
		 "{'spec':{'template':{'metadata':{'labels':{'app':'web'}}}}}",
		 "{'spec':{'template':{'metadata':{'annotations':"
		 "{'kubectl.kubernetes.io/restartedAt':'2026-01-01T00:00:00Z'}}}}}",
		 "{'spec':{'template':{'metadata':{'labels':{'app':'web'},'annotations':"
		 "{'kubectl.kubernetes.io/restartedAt':'2026-01-01T00:00:00Z'}}}}}",
		 0, NULL},
		{"an unknown directive", "ConfigMap", "", "{'data':{'a':'1'}}",
		 "{'data':{'$patch':'spin'}}", NULL, ERR_INTERNAL,
		 "unknown patch type: spin in map: map[$patch:spin]"},
		{"a patch that is no object", "ConfigMap", "", "{}", "[]", NULL, ERR_INVALID,
		 "json: cannot unmarshal array into Go value of type map[string]interface {}"},
	};

	(void)state;
	RUN(cases);
}

static void test_lists_of_objects(void **state)
{
	static const struct patch_case cases[] = {
		{"set image: the item of the same name merges", "Pod", "",
		 POD("{'name':'a','image':'a:1','tty':true},{'name':'b','image':'b:1'}"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'b'}],"
		 "'containers':[{'name':'a','image':'a:2'}]}}",
		 POD("{'name':'a','image':'a:2','tty':true},{'name':'b','image':'b:1'}"), 0, NULL},
		{"a new item goes in front: nothing says where else", "Pod", "",
		 POD("{'name':'a'}"), POD("{'name':'b'}"), POD("{'name':'b'},{'name':'a'}"), 0,
		 NULL},
		{"$patch: delete of an item", "Pod", "", POD("{'name':'a'},{'name':'b'}"),
		 POD("{'name':'a','$patch':'delete'}"), POD("{'name':'b'}"), 0, NULL},
		{"$patch: replace of the list", "Pod", "", POD("{'name':'a'},{'name':'b'}"),
		 POD("{'$patch':'replace'},{'name':'c'}"), POD("{'name':'c'}"), 0, NULL},
		{"ports merge by containerPort", "Pod", "",
		 POD("{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}"),
		 POD("{'name':'a','ports':[{'containerPort':80,'name':'web'},"
		     "{'containerPort':81}]}"),
		 POD("{'name':'a','ports':[{'containerPort':80,'protocol':'TCP','name':'web'},"
		     "{'containerPort':81}]}"),
		 0, NULL},
		{"the order list sorts; what the server alone has goes before what followed it",
		 "Pod", "", POD("{'name':'x'},{'name':'a'},{'name':'y'},{'name':'b'}"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'},{'name':'a'}]}}",
		 POD("{'name':'x'},{'name':'y'},{'name':'b'},{'name':'a'}"), 0, NULL},
		{"an added item takes its place in the order", "Pod", "",
		 POD("{'name':'a'},{'name':'c'}"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'a'},{'name':'b'},{'name':'c'}],"
		 "'containers':[{'name':'b'}]}}",
		 POD("{'name':'a'},{'name':'b'},{'name':'c'}"), 0, NULL},
		{"deletion with an order list", "Pod", "", POD("{'name':'a'},{'name':'b'}"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'}],"
		 "'containers':[{'name':'a','$patch':'delete'}]}}",
		 POD("{'name':'b'}"), 0, NULL},
		{"an order list for a list that is not there yet", "Pod", "", "{'spec':{}}",
		 "{'spec':{'$setElementOrder/containers':[{'name':'a'}],"
		 "'containers':[{'name':'a','image':'a:1'}]}}",
		 POD("{'name':'a','image':'a:1'}"), 0, NULL},
		{"an atomic list replaces", "Pod", "", POD("{'name':'a','command':['x','y']}"),
		 POD("{'name':'a','command':['z']}"), POD("{'name':'a','command':['z']}"), 0, NULL},
		{"an item without its key", "Pod", "", POD("{'name':'a'}"), POD("{'image':'a:2'}"),
		 NULL, ERR_INTERNAL,
		 "map: map[image:a:2] does not contain declared merge key: name"},
		{"an item that the order list lacks", "Pod", "", POD("{'name':'a'}"),
		 "{'spec':{'$setElementOrder/containers':[{'name':'b'}],"
		 "'containers':[{'name':'a','image':'a:2'}]}}",
		 NULL, ERR_INTERNAL,
		 "The order in patch list:\n[map[image:a:2 name:a]]\n doesn't match "
		 "$setElementOrder list:\n[map[name:b]]\n"},
		{"an order list without a field", "Pod", "", POD(""),
		 "{'spec':{'$setElementOrder':[{'name':'b'}]}}", NULL, ERR_INVALID,
		 "invalid patch format of setElementOrder list"},
		{"lists of lists", "Pod", "", POD("{'name':'a'}"), POD("[]"), NULL, ERR_INTERNAL,
		 "list element types are not identical"},
		{"a list of only lists", "Pod", "", POD(""), POD("[]"), NULL, ERR_UNSUPPORTED,
		 "lists of lists are not supported"},
	};

	(void)state;
	RUN(cases);
}

#define META(items) "{'metadata':{'finalizers':[" items "]}}"

static void test_lists_of_scalars(void **state)
{
	static const struct patch_case cases[] = {
		{"merged, each once", "Pod", "", META("'a','b'"), META("'b','c'"),
		 META("'a','b','c'"), 0, NULL},
		{"$deleteFromPrimitiveList", "Pod", "", META("'a','b','c'"),
		 "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b','x']}}", META("'a','c'"),
		 0, NULL},
		{"delete, add and order in one", "Pod", "", META("'a','b'"),
		 "{'metadata':{'$setElementOrder/finalizers':['c','a'],"
		 "'$deleteFromPrimitiveList/finalizers':['b'],'finalizers':['c']}}",
		 META("'c','a'"), 0, NULL},
		{"delete from what is not there", "Pod", "", "{'metadata':{}}",
		 "{'metadata':{'$deleteFromPrimitiveList/finalizers':['b']}}", "{'metadata':{}}", 0,
		 NULL},
		{"a delete list without a field", "Pod", "", META("'a'"),
		 "{'metadata':{'$deleteFromPrimitiveList':['b']}}", NULL, ERR_INVALID,
		 "invalid patch format of primitive list"},
	};

	(void)state;
	RUN(cases);
}

static void test_retain_keys(void **state)
{
	static const struct patch_case cases[] = {
		{"Deployment strategy: the old type's members go", "Deployment", "apps",
		 "{'spec':{'strategy':{'type':'RollingUpdate','rollingUpdate':{'maxSurge':1}}}}",
		 "{'spec':{'strategy':{'$retainKeys':['type'],'type':'Recreate'}}}",
		 "{'spec':{'strategy':{'type':'Recreate'}}}", 0, NULL},
		{"volumes: another source", "Pod", "",
		 "{'spec':{'volumes':[{'name':'v','emptyDir':{}}]}}",
		 "{'spec':{'volumes':[{'$retainKeys':['name','configMap'],'name':'v',"
		 "'configMap':{'name':'c'}}]}}",
		 "{'spec':{'volumes':[{'name':'v','configMap':{'name':'c'}}]}}", 0, NULL},
		{"a member that the list lacks", "Deployment", "apps", "{'spec':{'strategy':{}}}",
		 "{'spec':{'strategy':{'$retainKeys':['type'],'rollingUpdate':{}}}}", NULL,
		 ERR_INVALID, "invalid patch format of retainKeys"},
		{"no list", "Deployment", "apps", "{'spec':{'strategy':{}}}",
		 "{'spec':{'strategy':{'$retainKeys':'type'}}}", NULL, ERR_INVALID,
		 "invalid patch format of retainKeys"},
	};

	(void)state;
	RUN(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_lists_of_objects),
		cmocka_unit_test(test_lists_of_scalars),
		cmocka_unit_test(test_retain_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
