#include "tests/kubesim/patch.h"

#include "tests/kubesim/patch_print.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

struct patch_case {
	const char *target, *patch;
	const char *result; /* NULL: fails with the class and message */
	enum err_class class;
	const char *message;
};

static void run_cases(const struct patch_case *cases, size_t count,
		      int (*apply)(const cJSON *, const cJSON *, cJSON **, struct err *))
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *target = value_of(cases[i].target);
		CLEANUP(cJSON_Delete_p) cJSON *patch = value_of(cases[i].patch);
		CLEANUP(cJSON_Delete_p) cJSON *result = NULL;
		struct err err;

		if (cases[i].result) {
			assert_ok(apply(target, patch, &result, &err), err);
			assert_value(result, cases[i].result);
		} else {
			assert_error(apply(target, patch, &result, &err), err, cases[i].class,
				     cases[i].message);
		}
		assert_value(target, cases[i].target);
	}
}

/* RFC 6902, appendix A, where evanphx/json-patch does as it says. */
static void test_json_patch_applies(void **state)
{
	static const struct patch_case cases[] = {
		{"{'foo':'bar'}", "[{'op':'add','path':'/baz','value':'qux'}]",
		 "{'baz':'qux','foo':'bar'}", 0, NULL},
		{"{'foo':['bar','baz']}", "[{'op':'add','path':'/foo/1','value':'qux'}]",
		 "{'foo':['bar','qux','baz']}", 0, NULL},
		{"{'baz':'qux','foo':'bar'}", "[{'op':'remove','path':'/baz'}]", "{'foo':'bar'}", 0,
		 NULL},
		{"{'foo':['bar','qux','baz']}", "[{'op':'remove','path':'/foo/1'}]",
		 "{'foo':['bar','baz']}", 0, NULL},
		{"{'baz':'qux'}", "[{'op':'replace','path':'/baz','value':'boo'}]", "{'baz':'boo'}",
		 0, NULL},
		{"{'foo':{'bar':'baz','waldo':'fred'},'qux':{'corge':'grault'}}",
		 "[{'op':'move','from':'/foo/waldo','path':'/qux/thud'}]",
		 "{'foo':{'bar':'baz'},'qux':{'corge':'grault','thud':'fred'}}", 0, NULL},
		{"{'foo':['all','grass','cows','eat']}",
		 "[{'op':'move','from':'/foo/1','path':'/foo/3'}]",
		 "{'foo':['all','cows','eat','grass']}", 0, NULL},
		{"{'baz':'qux','foo':['a',2,'c']}",
		 "[{'op':'test','path':'/baz','value':'qux'},{'op':'test','path':'/foo/"
		 "1','value':2}]",
		 "{'baz':'qux','foo':['a',2,'c']}", 0, NULL},
		{"{'foo':'bar'}", "[{'op':'add','path':'/child','value':{'grandchild':{}}}]",
		 "{'foo':'bar','child':{'grandchild':{}}}", 0, NULL},
		{"{'/':9,'~1':10}", "[{'op':'test','path':'/~01','value':10}]", "{'/':9,'~1':10}",
		 0, NULL},
		{"{'foo':['bar']}", "[{'op':'add','path':'/foo/-','value':['abc','def']}]",
		 "{'foo':['bar',['abc','def']]}", 0, NULL},
		{"{'a':{'b':1}}", "[{'op':'copy','from':'/a','path':'/c'}]",
		 "{'a':{'b':1},'c':{'b':1}}", 0, NULL},
		/* The walkthrough's. */
		{"{'spec':{'updateStrategy':{'rollingUpdate':{'partition':2},'type':'RollingUpdate'"
		 "}}}",
		 "[{'op':'replace','path':'/spec/updateStrategy/rollingUpdate/"
		 "partition','value':0}]",
		 "{'spec':{'updateStrategy':{'rollingUpdate':{'partition':0},'type':'RollingUpdate'"
		 "}}}",
		 0, NULL},
		/* The library's own ways. */
		{"{'foo':1}", "[{'op':'replace','path':'/bar','value':2}]", "{'foo':1,'bar':2}", 0,
		 NULL},
		{"{'foo':[1,2,3]}", "[{'op':'replace','path':'/foo/-1','value':4}]",
		 "{'foo':[1,2,4]}", 0, NULL},
		{"{'foo':[1,2,3]}", "[{'op':'remove','path':'/foo/-3'}]", "{'foo':[2,3]}", 0, NULL},
		{"{'foo':1}", "[{'op':'test','path':'/bar','value':null}]", "{'foo':1}", 0, NULL},
		{"{'foo':1}", "[{'op':'add','path':'/bar'}]", "{'foo':1,'bar':null}", 0, NULL},
		{"{'foo':1}", "[{'op':'replace','path':'','value':{'a':1}}]", "{'a':1}", 0, NULL},
		{"{'a/b':1,'m~n':2}", "[{'op':'remove','path':'/a~1b'}]", "{'m~n':2}", 0, NULL},
		{"{'n':9007199254740993}", "[{'op':'copy','from':'/n','path':'/m'}]",
		 "{'n':9007199254740993,'m':9007199254740993}", 0, NULL},
		{"{'foo':1}", "[]", "{'foo':1}", 0, NULL},
	};

	(void)state;
	run_cases(cases, sizeof cases / sizeof *cases, patch_json);
}

static void test_json_patch_refuses(void **state)
{
	static const struct patch_case cases[] = {
		{"{}", "{}", NULL, ERR_INVALID,
		 "error decoding patch: json: cannot unmarshal object into Go value of type "
		 "[]handlers.jsonPatchOp"},
		{"{}", "[1]", NULL, ERR_INVALID,
		 "error decoding patch: json: cannot unmarshal number into Go value of type "
		 "handlers.jsonPatchOp"},
		{"{}", "[{'op':'spin','path':'/a'}]", NULL, ERR_UNSUPPORTED,
		 "Unexpected kind: spin"},
		{"{}", "[{'path':'/a'}]", NULL, ERR_UNSUPPORTED, "Unexpected kind: unknown"},
		{"{}", "[{'op':'add','value':1}]", NULL, ERR_UNSUPPORTED,
		 "add operation failed to decode path: operation missing path field: missing "
		 "value"},
		{"{}", "[{'op':'add','path':'/a/b','value':1}]", NULL, ERR_UNSUPPORTED,
		 "add operation does not apply: doc is missing path: \"/a/b\": missing value"},
		{"{}", "[{'op':'add','path':'a','value':1}]", NULL, ERR_UNSUPPORTED,
		 "add operation does not apply: doc is missing path: \"a\": missing value"},
		{"{'a':[1]}", "[{'op':'add','path':'/a/2','value':1}]", NULL, ERR_UNSUPPORTED,
		 "error in add for path: '/a/2': Unable to access invalid index: 2: invalid index "
		 "referenced"},
		{"{'a':[1]}", "[{'op':'add','path':'/a/x','value':1}]", NULL, ERR_UNSUPPORTED,
		 "error in add for path: '/a/x': value was not a proper array index: 'x': "
		 "strconv.Atoi: parsing \"x\": invalid syntax"},
		{"{}", "[{'op':'remove','path':'/a'}]", NULL, ERR_UNSUPPORTED,
		 "error in remove for path: '/a': Unable to remove nonexistent key: a: missing "
		 "value"},
		{"{'a':1}", "[{'op':'replace','path':'/a/b','value':1}]", NULL, ERR_UNSUPPORTED,
		 "replace operation does not apply: doc is missing path: /a/b: missing value"},
		{"{'a':[1]}", "[{'op':'replace','path':'/a/1','value':1}]", NULL, ERR_UNSUPPORTED,
		 "replace operation does not apply: doc is missing key: /a/1: missing value"},
		{"{'a':1}", "[{'op':'replace','path':'','value':1}]", NULL, ERR_UNSUPPORTED,
		 "replace operation value must be object or array"},
		{"{'a':1}", "[{'op':'move','path':'/b'}]", NULL, ERR_UNSUPPORTED,
		 "move operation failed to decode from: operation missing from field: missing "
		 "value"},
		{"{'a':1}", "[{'op':'move','from':'/c','path':'/b'}]", NULL, ERR_UNSUPPORTED,
		 "error in move for path: 'c': Unable to remove nonexistent key: c: missing value"},
		{"{'a':1}", "[{'op':'test','path':'/a','value':2}]", NULL, ERR_UNSUPPORTED,
		 "testing value /a failed: test failed"},
		{"{'a':1}", "[{'op':'test','path':'/b','value':2}]", NULL, ERR_UNSUPPORTED,
		 "testing value /b failed: test failed"},
	};

	(void)state;
	run_cases(cases, sizeof cases / sizeof *cases, patch_json);
}

static void test_json_patch_has_a_limit(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *target = value_of("{'a':1}");
	CLEANUP(cJSON_Delete_p) cJSON *patch = cJSON_CreateArray();
	CLEANUP(cJSON_Delete_p) cJSON *result = NULL;
	struct err err;

	(void)state;
	for (int i = 0; i <= PATCH_MAX_OPERATIONS; i++)
		cJSON_AddItemToArray(patch, value_of("{'op':'test','path':'/a','value':1}"));
	assert_error(patch_json(target, patch, &result, &err), err, ERR_LIMIT,
		     "Request entity too large: The allowed maximum operations in a JSON patch is "
		     "10000, got 10001");
}

/* RFC 7396, appendix A, for patches that are objects; and what the library prunes. */
static void test_merge_patch(void **state)
{
	static const struct patch_case cases[] = {
		{"{'a':'b'}", "{'a':'c'}", "{'a':'c'}", 0, NULL},
		{"{'a':'b'}", "{'b':'c'}", "{'a':'b','b':'c'}", 0, NULL},
		{"{'a':'b'}", "{'a':null}", "{}", 0, NULL},
		{"{'a':'b','b':'c'}", "{'a':null}", "{'b':'c'}", 0, NULL},
		{"{'a':['b']}", "{'a':'c'}", "{'a':'c'}", 0, NULL},
		{"{'a':'c'}", "{'a':['b']}", "{'a':['b']}", 0, NULL},
		{"{'a':{'b':'c'}}", "{'a':{'b':'d','c':null}}", "{'a':{'b':'d'}}", 0, NULL},
		{"{'a':[{'b':'c'}]}", "{'a':[1]}", "{'a':[1]}", 0, NULL},
		{"{'e':null}", "{'a':1}", "{'e':null,'a':1}", 0, NULL},
		{"{}", "{'a':{'bb':{'ccc':null}}}", "{'a':{'bb':{}}}", 0, NULL},
		{"{}", "{'a':[{'b':null,'c':1},null]}", "{'a':[{'c':1},null]}", 0, NULL},
		{"{}", "null", NULL, ERR_INVALID, "Invalid JSON Patch"},
		{"{}", "['c']", NULL, ERR_INVALID,
		 "error decoding patch: json: cannot unmarshal array into Go value of type "
		 "map[string]interface {}"},
	};

	(void)state;
	run_cases(cases, sizeof cases / sizeof *cases, patch_merge);
}

static void test_values_print_as_go_prints_them(void **state)
{
	static const struct {
		const char *json, *go;
	} cases[] = {
		{"{'spec':{'replicas':3,'b':[1,'x',null,true]}}",
		 "map[spec:map[b:[1 x <nil> true] replicas:3]]"},
		{"{}", "map[]"},
		{"{'a':{'x':1},'b':{'y':2}}", "map[a:map[x:1] b:map[y:2]]"},
		{"1.5", "1.5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(cases[i].json);
		CLEANUP(buf_release) struct buf text = BUF_INIT(1000);

		patch_print_go(value, &text);
		assert_string_equal(buf_str(&text), cases[i].go);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_patch_applies),
		cmocka_unit_test(test_json_patch_refuses),
		cmocka_unit_test(test_json_patch_has_a_limit),
		cmocka_unit_test(test_merge_patch),
		cmocka_unit_test(test_values_print_as_go_prints_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
