#include "diff/compare.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define STS "'apiVersion':'apps/v1','kind':'StatefulSet'"
#define POD "'apiVersion':'v1','kind':'Pod'"
#define FOO "'apiVersion':'example.com/v1','kind':'Foo'"

/* The changes as lines: "+ PATH VALUE", "- PATH VALUE", "~ PATH FROM -> TO", "> PATH FROM -> TO". */
static void print_changes(const struct changes *changes, struct buf *out)
{
	for (size_t i = 0; i < changes->count; i++) {
		const struct change *change = &changes->items[i];

		buf_printf(out, "%c %s ", "+-~>"[change->op], change -> path);
		if (change->op != CHANGE_ADD)
			change_print_value(change, change->from, out);
		if (change->op == CHANGE_REPLACE || change->op == CHANGE_MOVE)
			buf_puts(out, " -> ");
		if (change->op != CHANGE_REMOVE)
			change_print_value(change, change->to, out);
		buf_putc(out, '\n');
	}
}

typedef int compare_function(const cJSON *a, const cJSON *b, struct changes *ret_changes,
			     struct err *err);

struct compare_case {
	const char *name, *a, *b, *changes;
};

static void check_cases(compare_function *compare, const struct compare_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *a = value_of(cases[i].a), *b = value_of(cases[i].b);
		CLEANUP(changes_release) struct changes changes = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(1 << 20);
		struct err err;

		assert_ok(compare(a, b, &changes, &err), err);
		print_changes(&changes, &out);
		if (strcmp(buf_str(&out), cases[i].changes) != 0)
			fail_msg("%s: expected\n%sgot\n%s", cases[i].name, cases[i].changes,
				 buf_str(&out));
	}
}

#define CHECK_CASES(compare, cases) check_cases(compare, cases, sizeof(cases) / sizeof((cases)[0]))

static void test_a_promotion(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"the walkthrough's second commit",
		 "{" STS ",'metadata':{'name':'web'},'spec':{'replicas':3,'template':{'spec':{"
		 "'containers':[{'name':'nginx','image':'nginx:1.25.4'}]}},'updateStrategy':"
		 "{'rollingUpdate':{'partition':2},'type':'RollingUpdate'}}}",
		 "{" STS ",'metadata':{'name':'web'},'spec':{'replicas':5,'template':{'spec':{"
		 "'containers':[{'name':'nginx','image':'nginx:1.26.1'}]}},'updateStrategy':"
		 "{'rollingUpdate':{'partition':1},'type':'RollingUpdate'}}}",
		 "~ spec.replicas 3 -> 5\n"
		 "~ spec.template.spec.containers[nginx].image nginx:1.25.4 -> nginx:1.26.1\n"
		 "~ spec.updateStrategy.rollingUpdate.partition 2 -> 1\n"},
		{"equal", "{" STS ",'spec':{'replicas':3,'serviceName':'w'}}",
		 "{'spec':{'serviceName':'w','replicas':3.0}," STS "}", ""},
	};

	CHECK_CASES(compare_objects, cases);
}

static void test_objects(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"what goes stands where it stood", "{" FOO ",'a':1,'b':2,'c':3,'d':4}",
		 "{" FOO ",'a':1,'c':4,'e':5,'d':5}", "- b 2\n~ c 3 -> 4\n+ e 5\n~ d 4 -> 5\n"},
		{"other order", "{" FOO ",'a':1,'b':2,'c':3}", "{'c':4,'a':2," FOO "}",
		 "- b 2\n~ c 3 -> 4\n~ a 1 -> 2\n"},
		{"a subtree is one change", "{" FOO ",'spec':{'a':{'b':{'c':1}}}}",
		 "{" FOO ",'spec':{'x':{'y':{'z':[1,2]}}}}",
		 "+ spec.x {\"y\":{\"z\":[1,2]}}\n- spec.a {\"b\":{\"c\":1}}\n"},
		{"keys that are no words", "{" FOO ",'metadata':{'annotations':{'a.b/c':'1'}}}",
		 "{" FOO ",'metadata':{'annotations':{'a.b/c':'x','d-e_F9':'2','':'3',"
		 "'\\\"]':'4'}}}",
		 "~ metadata.annotations[\"a.b/c\"] \"1\" -> x\n"
		 "+ metadata.annotations.d-e_F9 \"2\"\n"
		 "+ metadata.annotations[\"\"] \"3\"\n"
		 "+ metadata.annotations[\"\\\"]\"] \"4\"\n"},
		{"types", "{" FOO ",'a':1,'b':{},'c':'x'}", "{" FOO ",'a':'1','b':[1],'c':true}",
		 "~ a 1 -> \"1\"\n~ b {} -> [1]\n~ c x -> true\n"},
		{"integers beyond a double", "{" FOO ",'a':9007199254740992}",
		 "{" FOO ",'a':9007199254740993}", "~ a 9007199254740992 -> 9007199254740993\n"},
	};

	CHECK_CASES(compare_objects, cases);
}

static void test_what_the_server_makes_no_difference_to(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"null, empty lists and maps",
		 "{" POD ",'metadata':{'labels':{},'creationTimestamp':null},'spec':{"
		 "'nodeSelector':{},'tolerations':[],'containers':[{'name':'a','args':null}]}}",
		 "{" POD ",'metadata':{},'spec':{'containers':[{'name':'a','env':[],"
		 "'resources':{'limits':{}}}]}}",
		 "+ spec.containers[a].resources {\"limits\":{}}\n"},
		{"an empty map against a full one", "{" POD ",'metadata':{'labels':{}}}",
		 "{" POD ",'metadata':{'labels':{'a':'b'}}}", "+ metadata.labels {\"a\":\"b\"}\n"},
		{"an empty object is not none",
		 "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy','spec':{'ingress':["
		 "{'from':[{'podSelector':{}}]}]}}",
		 "{'apiVersion':'networking.k8s.io/v1','kind':'NetworkPolicy','spec':{'ingress':["
		 "{'from':[{'podSelector':{},'namespaceSelector':{}}]}]}}",
		 "+ spec.ingress[0].from[0].namespaceSelector {}\n"},
		{"quantities",
		 "{" POD ",'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':'1000m',"
		 "'memory':'1Gi'}}}]}}",
		 "{" POD ",'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':1,"
		 "'memory':'1024Mi'}}}]}}",
		 ""},
		{"quantities that differ",
		 "{" POD
		 ",'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':'1'}}}]}}",
		 "{" POD
		 ",'spec':{'containers':[{'name':'a','resources':{'limits':{'cpu':'1M'}}}]}}",
		 "~ spec.containers[a].resources.limits.cpu \"1\" -> 1M\n"},
		{"what looks like one elsewhere is none", "{" FOO ",'spec':{'cpu':'1000m'}}",
		 "{" FOO ",'spec':{'cpu':'1'}}", "~ spec.cpu 1000m -> \"1\"\n"},
		{"an IntOrString",
		 "{'apiVersion':'v1','kind':'Service','spec':{'ports':[{'port':80,"
		 "'targetPort':80}]}}",
		 "{'apiVersion':'v1','kind':'Service','spec':{'ports':[{'port':80,"
		 "'targetPort':'80'}]}}",
		 "~ spec.ports[80/TCP].targetPort 80 -> \"80\"\n"},
		{"sets have no order", "{" FOO ",'metadata':{'finalizers':['a.b/c','d','e']}}",
		 "{" FOO ",'metadata':{'finalizers':['d','f','a.b/c']}}",
		 "+ metadata.finalizers[f] f\n- metadata.finalizers[e] e\n"},
	};

	CHECK_CASES(compare_objects, cases);
}

#define CONTAINERS(list) "{" POD ",'spec':{'containers':[" list "]}}"
#define ARGS(list)       "{" POD ",'spec':{'containers':[{'name':'a','args':[" list "]}]}}"
#define ITEMS(list)      "{" FOO ",'spec':{'items':[" list "]}}"

static void test_lists(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"an item by its key", CONTAINERS("{'name':'a','image':'1.1.1'},{'name':'b'}"),
		 CONTAINERS("{'name':'a','image':'1.1.2'},{'name':'c'}"),
		 "~ spec.containers[a].image 1.1.1 -> 1.1.2\n"
		 "+ spec.containers[c] {\"name\":\"c\"}\n"
		 "- spec.containers[b] {\"name\":\"b\"}\n"},
		{"what is inserted moves nothing", CONTAINERS("{'name':'a'},{'name':'b'}"),
		 CONTAINERS("{'name':'x'},{'name':'a'},{'name':'b'}"),
		 "+ spec.containers[x] {\"name\":\"x\"}\n"},
		{"a move", CONTAINERS("{'name':'a'},{'name':'b'},{'name':'c'}"),
		 CONTAINERS("{'name':'c'},{'name':'a'},{'name':'b','image':'i'}"),
		 "> spec.containers[c] 2 -> 0\n+ spec.containers[b].image i\n"},
		{"a swap", CONTAINERS("{'name':'a'},{'name':'b'}"),
		 CONTAINERS("{'name':'b'},{'name':'a'}"), "> spec.containers[b] 1 -> 0\n"},
		{"a move with a change", CONTAINERS("{'name':'a','image':'i'},{'name':'b'}"),
		 CONTAINERS("{'name':'b','image':'j'},{'name':'a','image':'k'}"),
		 "> spec.containers[b] 1 -> 0\n+ spec.containers[b].image j\n"
		 "~ spec.containers[a].image i -> k\n"},
		{"a name of digits is quoted", CONTAINERS("{'name':'7','image':'i'}"),
		 CONTAINERS("{'name':'7','image':'j'}"), "~ spec.containers[\"7\"].image i -> j\n"},
		{"names that repeat go by index",
		 CONTAINERS("{'name':'a','image':'i'},{'name':'a','image':'j'}"),
		 CONTAINERS("{'name':'a','image':'i'},{'name':'a','image':'k'}"),
		 "~ spec.containers[1].image j -> k\n"},
		{"an argument inserted", ARGS("'a','b'"), ARGS("'a','x','b'"),
		 "+ spec.containers[a].args[1] x\n"},
		{"an argument replaced", ARGS("'a','b','c'"), ARGS("'a','x','c'"),
		 "~ spec.containers[a].args[1] b -> x\n"},
		{"an argument gone", ARGS("'a','b','c'"), ARGS("'a','c'"),
		 "- spec.containers[a].args[1] b\n"},
		{"replaced and inserted", ARGS("'a','b','c','d'"), ARGS("'a','x','y','c','e','d'"),
		 "~ spec.containers[a].args[1] b -> x\n"
		 "+ spec.containers[a].args[2] y\n"
		 "+ spec.containers[a].args[4] e\n"},
		{"arguments swapped", ARGS("'a','b'"), ARGS("'b','a'"),
		 "> spec.containers[a].args[1] 1 -> 0\n"},
		{"one argument to the front", ARGS("'a','b','c','d'"), ARGS("'d','a','b','c'"),
		 "> spec.containers[a].args[3] 3 -> 0\n"},
		{"moved, replaced and gone", ARGS("'a','b','c','d'"), ARGS("'x','c','a'"),
		 "~ spec.containers[a].args[0] b -> x\n"
		 "> spec.containers[a].args[0] 0 -> 2\n"
		 "- spec.containers[a].args[3] d\n"},
		{"repeated arguments", ARGS("'-v','-v'"), ARGS("'-v','-v','-v'"),
		 "+ spec.containers[a].args[2] -v\n"},
		{"all new", ARGS("'a'"), ARGS("'b','c'"),
		 "~ spec.containers[a].args[0] a -> b\n+ spec.containers[a].args[1] c\n"},
		{"atomic lists of objects by index, deeply",
		 "{" POD ",'spec':{'tolerations':[{'key':'a'},{'key':'b','effect':'NoSchedule'}]}}",
		 "{" POD ",'spec':{'tolerations':[{'key':'b','effect':'NoExecute'}]}}",
		 "~ spec.tolerations[0].key a -> b\n"
		 "+ spec.tolerations[0].effect NoExecute\n"
		 "- spec.tolerations[1] {\"key\":\"b\",\"effect\":\"NoSchedule\"}\n"},
		{"items are aligned by what the server means",
		 "{" STS ",'spec':{'volumeClaimTemplates':[{'metadata':{'name':'d'},'spec':{"
		 "'resources':{'requests':{'storage':'1Gi'}}}}]}}",
		 "{" STS ",'spec':{'volumeClaimTemplates':[{'metadata':{'name':'x'}},"
		 "{'metadata':{'name':'d','labels':{}},'spec':{'resources':{'requests':"
		 "{'storage':'1024Mi'}}}}]}}",
		 "+ spec.volumeClaimTemplates[0] {\"metadata\":{\"name\":\"x\"}}\n"},
		{"unknown lists of named objects", ITEMS("{'name':'a','x':1},{'name':'b'}"),
		 ITEMS("{'name':'b'},{'name':'a','x':2}"),
		 "> spec.items[b] 1 -> 0\n~ spec.items[a].x 1 -> 2\n"},
		{"unknown lists of others", ITEMS("{'x':1},{'name':'b'}"),
		 ITEMS("{'x':2},{'name':'b'}"), "~ spec.items[0].x 1 -> 2\n"},
		{"lists in lists", ITEMS("[1,2],[3]"), ITEMS("[1,2],[3,4]"),
		 "+ spec.items[1][1] 4\n"},
		{"a list appears", ARGS(""), ARGS("'a'"), "+ spec.containers[a].args [\"a\"]\n"},
	};

	CHECK_CASES(compare_objects, cases);
}

static void test_fields_that_the_manifest_sets(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"defaults are not looked at, nor is what the server owns",
		 "{" STS ",'metadata':{'name':'web','creationTimestamp':null},'spec':{'replicas':3,"
		 "'template':{'spec':{'containers':[{'name':'a','ports':[{'containerPort':80}]}]}},"
		 "'volumeClaimTemplates':[{'metadata':{'name':'d'}}]},'status':{}}",
		 "{" STS ",'metadata':{'name':'web','uid':'u','creationTimestamp':'t',"
		 "'managedFields':[{}],'annotations':{'kubectl.kubernetes.io/"
		 "last-applied-configuration':'{}','x':'y'}},'spec':{'replicas':3,"
		 "'podManagementPolicy':'OrderedReady','template':{'metadata':{"
		 "'creationTimestamp':null},'spec':{'dnsPolicy':'ClusterFirst','containers':["
		 "{'name':'a','ports':[{'containerPort':80,'protocol':'TCP'}]}]}},"
		 "'volumeClaimTemplates':[{'apiVersion':'v1','kind':'PersistentVolumeClaim',"
		 "'metadata':{'name':'d'},'spec':{'volumeMode':'Filesystem'},'status':{"
		 "'phase':'Pending'}}]},'status':{'replicas':3}}",
		 ""},
		{"what it sets is", "{" STS ",'spec':{'replicas':5,'serviceName':'w'}}",
		 "{" STS ",'spec':{'replicas':3,'minReadySeconds':5}}",
		 "~ spec.replicas 3 -> 5\n+ spec.serviceName w\n"},
		{"null is left out", "{" STS ",'spec':{'replicas':null}}",
		 "{" STS ",'spec':{'replicas':3}}", ""},
		{"maps are compared whole", "{" POD ",'metadata':{'labels':{'a':'x'}}}",
		 "{" POD ",'metadata':{'labels':{'a':'y','b':'z'},'annotations':{'c':'d'}}}",
		 "~ metadata.labels.a y -> x\n- metadata.labels.b z\n"},
		{"and lists", ARGS("'a'"), ARGS("'a','b'"), "- spec.containers[a].args[1] b\n"},
		{"set to empty", "{" POD ",'spec':{'tolerations':[],'nodeSelector':{}}}",
		 "{" POD ",'spec':{'tolerations':[{'key':'a'}],'nodeSelector':{'x':'y'}}}",
		 "- spec.tolerations [{\"key\":\"a\"}]\n- spec.nodeSelector {\"x\":\"y\"}\n"},
		{"a default that an old server does not know",
		 "{" STS ",'spec':{'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'Retain',"
		 "'whenScaled':'Retain'}}}",
		 "{" STS ",'spec':{}}", ""},
		{"what it would store as none",
		 "{" POD ",'spec':{'hostNetwork':false,'nodeName':''}}", "{" POD ",'spec':{}}", ""},
		{"zero and false that it stores",
		 "{" POD
		 ",'metadata':{'labels':{'a':''}},'spec':{'automountServiceAccountToken':false,"
		 "'securityContext':{'runAsUser':0}}}",
		 "{" POD ",'metadata':{'labels':{'b':''}},'spec':{'securityContext':{}}}",
		 "+ metadata.labels.a \"\"\n- metadata.labels.b \"\"\n"
		 "+ spec.automountServiceAccountToken false\n+ spec.securityContext.runAsUser 0\n"},
		{"quantities of a beta version",
		 "{'apiVersion':'autoscaling/v2beta2','kind':'HorizontalPodAutoscaler','spec':{"
		 "'metrics':[{'type':'Pods','pods':{'target':{'averageValue':'1000m'}}}]}}",
		 "{'apiVersion':'autoscaling/v2beta2','kind':'HorizontalPodAutoscaler','spec':{"
		 "'metrics':[{'type':'Pods','pods':{'target':{'averageValue':'1'}}}]}}",
		 ""},
		{"items are aligned by what they set",
		 "{" POD ",'spec':{'tolerations':[{'key':'n'},{'key':'a'}]}}",
		 "{" POD ",'spec':{'tolerations':[{'key':'a','operator':'Exists'}]}}",
		 "+ spec.tolerations[0] {\"key\":\"n\"}\n"},
		{"base64 in lines",
		 "{'apiVersion':'v1','kind':'Secret','data':{'k':'aGVs\\nbG8=\\n','l':'eA=='}}",
		 "{'apiVersion':'v1','kind':'Secret','data':{'k':'aGVsbG8=','l':'eQ=='}}",
		 "~ data.l *** (before) -> *** (after)\n"},
	};

	CHECK_CASES(compare_set_fields, cases);
}

static void test_secrets_are_never_shown(void **state)
{
	(void)state;
	static const struct compare_case cases[] = {
		{"data",
		 "{'apiVersion':'v1','kind':'Secret','type':'Opaque','data':{'a':'c2VjcmV0',"
		 "'b':'c2VjcmV0'}}",
		 "{'apiVersion':'v1','kind':'Secret','type':'Other','data':{'a':'c2VjcmV0Mg==',"
		 "'c':'c2VjcmV0'}}",
		 "~ type Opaque -> Other\n"
		 "~ data.a *** (before) -> *** (after)\n"
		 "+ data.c ***\n"
		 "- data.b ***\n"},
		{"all of it", "{'apiVersion':'v1','kind':'Secret'}",
		 "{'apiVersion':'v1','kind':'Secret','data':{'a':'c2VjcmV0'},"
		 "'stringData':{'b':'secret'}}",
		 "+ data ***\n+ stringData ***\n"},
		{"what is no map", "{'apiVersion':'v1','kind':'Secret','data':'x'}",
		 "{'apiVersion':'v1','kind':'Secret','data':['y',{'z':1}]}",
		 "~ data *** (before) -> *** (after)\n"},
		{"of whatever shape",
		 "{'apiVersion':'v1','kind':'Secret','data':{'a':[{'name':'x','b':1}]}}",
		 "{'apiVersion':'v1','kind':'Secret','data':{'a':[{'name':'x','b':2}]}}",
		 "~ data.a[x].b *** (before) -> *** (after)\n"},
		{"only of Secrets", "{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'x'}}",
		 "{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'y'}}", "~ data.a x -> y\n"},
	};

	CHECK_CASES(compare_objects, cases);
}

static void test_values_on_one_line(void **state)
{
	(void)state;
	CLEANUP(free_p) char *long_text = malloc(300 + 1);
	static const struct {
		const char *value, *text;
	} cases[] = {
		{"'nginx:1.25.4'", "nginx:1.25.4"},
		{"'two words'", "two words"},
		{"''", "\"\""},
		{"'1'", "\"1\""},
		{"'1.25'", "\"1.25\""},
		{"'true'", "\"true\""},
		{"'null'", "\"null\""},
		{"' x'", "\" x\""},
		{"'x '", "\"x \""},
		{"'a\\nb'", "\"a\\nb\""},
		{"'\\u001b[31m'", "\"\\u001b[31m\""},
		{"'{x'", "\"{x\""},
		{"'(none)'", "\"(none)\""},
		{"'a -> b'", "\"a -> b\""},
		{"'ü'", "ü"},
		{"[1,'a',{'b':null}]", "[1,\"a\",{\"b\":null}]"},
	};
	struct change change = {.op = CHANGE_REPLACE};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(cases[i].value);
		CLEANUP(buf_release) struct buf out = BUF_INIT(1000);

		change_print_value(&change, value, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}

	CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
	change_print_value(&change, NULL, &out);
	assert_string_equal(buf_str(&out), "(none)");

	/* The cut falls into the middle of the 128th two-byte character. */
	memset(long_text, 'x', 300);
	long_text[300] = '\0';
	memcpy(long_text + CHANGE_VALUE_MAX_BYTES - 1, "\xC3\xBC", 2);
	CLEANUP(cJSON_Delete_p) cJSON *value = cJSON_CreateString(long_text);
	buf_clear(&out);
	change_print_value(&change, value, &out);
	assert_int_equal(out.length, CHANGE_VALUE_MAX_BYTES - 1 + strlen("... (300 bytes)"));
	assert_string_equal(buf_str(&out) + CHANGE_VALUE_MAX_BYTES - 1, "... (300 bytes)");
}

static void test_touches(void **state)
{
	(void)state;
	static const struct {
		const char *path, *parent;
		bool touches;
	} cases[] = {
		{"spec.template.spec", "spec.template", true},
		{"spec.template", "spec.template", true},
		{"spec.templates", "spec.template", false},
		{"spec", "spec.template", false},
		{"spec.containers[a].image", "spec.containers", true},
		{"spec.containers[a].image", "spec.containers[a]", true},
		{"metadata.annotations[\"a.b\"]", "metadata.annotations", true},
		{"spec", "", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(free_p) char *path = strdup(cases[i].path);
		struct change change = {.path = path};

		assert_int_equal(change_touches(&change, cases[i].parent), cases[i].touches);
	}
}

/* Two long lists that have nothing in common are paired by index rather than aligned. */
static void test_long_lists_cost_little(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *from = value_of("{" FOO ",'items':[]}");
	CLEANUP(cJSON_Delete_p) cJSON *to = value_of("{" FOO ",'items':[]}");
	CLEANUP(changes_release) struct changes changes = {0};
	struct err err;

	for (int i = 0; i < 5000; i++) {
		assert_ok(json_append(json_get(from, "items"), json_new_int(i), &err), err);
		assert_ok(json_append(json_get(to, "items"), json_new_int(-1 - i), &err), err);
	}
	assert_ok(compare_objects(from, to, &changes, &err), err);
	assert_int_equal(changes.count, 5000);
	assert_string_equal(changes.items[4999].path, "items[4999]");
}

static void test_long_paths_are_an_error(void **state)
{
	(void)state;
	CLEANUP(free_p) char *key = malloc(70001);
	CLEANUP(cJSON_Delete_p) cJSON *from = value_of("{" FOO "}");
	CLEANUP(cJSON_Delete_p) cJSON *to = value_of("{" FOO "}");
	CLEANUP(changes_release) struct changes changes = {0};
	struct err err;

	memset(key, 'k', 70000);
	key[70000] = '\0';
	assert_ok(json_set_key(to, key, json_new_int(1), &err), err);
	assert_error(compare_objects(from, to, &changes, &err), err, ERR_LIMIT,
		     "a path is larger than 65536 bytes");
	assert_int_equal(changes.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_promotion),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_what_the_server_makes_no_difference_to),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_fields_that_the_manifest_sets),
		cmocka_unit_test(test_secrets_are_never_shown),
		cmocka_unit_test(test_values_on_one_line),
		cmocka_unit_test(test_touches),
		cmocka_unit_test(test_long_lists_cost_little),
		cmocka_unit_test(test_long_paths_are_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
