#include "tests/kubesim/api.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define SETS "/apis/apps/v1/namespaces/default/statefulsets"
#define WEB  SETS "/web"
#define MAPS "/api/v1/namespaces/default/configmaps"

#define SET(metadata, spec)                                                              \
	"{'kind':'StatefulSet','apiVersion':'apps/v1','metadata':{'name':'web'" metadata \
	"},'spec':{'serviceName':'s','replicas':2,'selector':{'matchLabels':{'a':'b'}}," \
	"'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c'," \
	"'image':'i:1'}]}}" spec "}}"
#define MAP(name) "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'" name "'}}"

static void test_create_and_get(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *made = simworld_do(world, 201, "POST", SETS, SET("", ""));
	CLEANUP(cJSON_Delete_p) cJSON *got = simworld_do(world, 200, "GET", WEB, NULL);

	assert_true(json_equal(made, got));
	assert_string_equal(obj_namespace(got), "default");
	assert_int_equal(json_int_or(got, "metadata.generation", 0), 1);
	assert_string_equal(obj_text(got, "spec.podManagementPolicy"), "OrderedReady");
	assert_refused(world, "POST", SETS, SET("", ""), 409,
		       "statefulsets.apps \"web\" already exists");
	assert_refused(world, "GET", SETS "/x", NULL, 404, "statefulsets.apps \"x\" not found");
	assert_refused(world, "POST", "/apis/apps/v1/namespaces/nope/statefulsets",
		       SET(",'namespace':'nope'", ""), 404, "namespaces \"nope\" not found");
}

static void test_generate_name(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p)
	cJSON *made = simworld_do(world, 201, "POST", MAPS,
				  "{'kind':'ConfigMap','apiVersion':'v1','metadata':{"
				  "'generateName':'x-'}}");

	assert_int_equal(strlen(obj_name(made)), strlen("x-") + 5);
	assert_memory_equal(obj_name(made), "x-", 2);
}

static void test_replace(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *first = simworld_do(world, 201, "POST", SETS, SET("", ""));
	CLEANUP(cJSON_Delete_p) cJSON *same = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *second = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *labelled = NULL;

	/* Nothing new: nothing written. */
	same = simworld_do(world, 200, "PUT", WEB, SET("", ""));
	assert_string_equal(obj_version(same), obj_version(first));
	/* The generation counts the spec's changes only. */
	labelled = simworld_do(world, 200, "PUT", WEB, SET(",'labels':{'x':'y'}", ""));
	assert_int_equal(json_int_or(labelled, "metadata.generation", 0), 1);
	second = simworld_do(world, 200, "PUT", WEB, SET("", ",'minReadySeconds':5"));
	assert_int_equal(json_int_or(second, "metadata.generation", 0), 2);
	assert_string_equal(obj_uid(second), obj_uid(first));
	/* What the manifest leaves out goes: labels are not inherited. */
	assert_null(json_at(second, "metadata.labels"));

	assert_refused(world, "PUT", WEB, SET(",'resourceVersion':'1'", ""), 409,
		       "Operation cannot be fulfilled on statefulsets.apps \"web\": the object has "
		       "been modified; please apply your changes to the latest version and try "
		       "again");
	assert_refused(world, "PUT", SETS "/x", SET("", ""), 400,
		       "the name of the object (web) does not match the name on the URL (x)");
	assert_refused(world, "PUT", WEB, SET(",'namespace':'other'", ""), 400,
		       "the namespace of the provided object does not match the namespace sent on "
		       "the request");
	simworld_send(world, 200, "DELETE", WEB, NULL);
	assert_refused(world, "PUT", WEB, SET("", ""), 404, "statefulsets.apps \"web\" not found");
}

static void test_put_creates_what_may_be_created_so(void **state)
{
	struct simworld *world = *state;
	const char *path = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
	const char *lease = "{'kind':'Lease','apiVersion':'coordination.k8s.io/v1','metadata':{"
			    "'name':'l'},'spec':{'holderIdentity':'me'}}";

	simworld_send(world, 201, "PUT", path, lease);
	simworld_send(world, 200, "PUT", path, lease);
}

static void test_status_is_a_part_of_its_own(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	simworld_send(world, 201, "POST", SETS, SET("},'status':{'replicas':7", ""));
	simworld_send(
		world, 200, "PUT", WEB "/status",
		"{'kind':'StatefulSet','apiVersion':'apps/"
		"v1','metadata':{'name':'web','labels':{'x':"
		"'y'}},'spec':{'replicas':9,'selector':{},'template':{}},'status':{'replicas':2}}");
	simworld_send(world, 200, "PUT", WEB,
		      SET("", ",'minReadySeconds':1},'status':{'replicas':8"));
	object = simworld_do(world, 200, "GET", WEB, NULL);
	assert_value(json_get(object, "status"), "{'replicas':2}");
	assert_int_equal(json_int_or(object, "spec.replicas", 0), 2);
	assert_null(json_at(object, "metadata.labels"));
}

static void test_dry_run(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *made = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *changed = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *kept = NULL;

	made = simworld_do(world, 201, "POST", SETS "?dryRun=All", SET("", ""));
	assert_string_equal(obj_version(made), "");
	assert_true(obj_uid(made)[0]);
	assert_refused(world, "GET", WEB, NULL, 404, "statefulsets.apps \"web\" not found");

	simworld_send(world, 201, "POST", SETS, SET("", ""));
	changed =
		simworld_do(world, 200, "PUT", WEB "?dryRun=All", SET("", ",'minReadySeconds':5"));
	kept = simworld_do(world, 200, "GET", WEB, NULL);
	assert_int_equal(json_int_or(changed, "spec.minReadySeconds", 0), 5);
	assert_int_equal(json_int_or(changed, "metadata.generation", 0), 2);
	assert_string_equal(obj_version(changed), obj_version(kept));
	assert_null(json_at(kept, "spec.minReadySeconds"));
	simworld_send(world, 200, "DELETE", WEB "?dryRun=All", NULL);
	simworld_send(world, 200, "GET", WEB, NULL);
	assert_refused(world, "PUT", WEB "?dryRun=x", SET("", ""), 400,
		       "invalid dryRun value: \"x\": the supported value is \"All\"");
}

static void test_field_validation(void **state)
{
	static const char unknown[] =
		"{'kind':'Deployment','apiVersion':'apps/v1','metadata':{'name':'d'},'spec':{"
		"'selector':{'matchLabels':{'a':'b'}},'strategy':{'rollingUpdate':{'partition':1}},"
		"'template':{'metadata':{'labels':{'a':'b'}},'spec':{'containers':[{'name':'c',"
		"'image':'i','imag':'x'}]}}}}";
	struct simworld *world = *state;
	const char *path = "/apis/apps/v1/namespaces/default/deployments";
	CLEANUP(answer_release) struct answer warned = {0};
	CLEANUP(answer_release) struct answer ignored = {0};

	assert_refused(world, "POST",
		       "/apis/apps/v1/namespaces/default/deployments?fieldValidation=Strict",
		       unknown, 400,
		       "Deployment in version \"v1\" cannot be handled as a Deployment: strict "
		       "decoding error: unknown field "
		       "\"spec.strategy.rollingUpdate.partition\", unknown field "
		       "\"spec.template.spec.containers[0].imag\"");
	warned = simworld_ask(world, "POST", path, unknown);
	assert_int_equal(warned.code, 201);
	assert_string_equal(warned.warnings,
			    "unknown field \"spec.strategy.rollingUpdate.partition\"\n"
			    "unknown field \"spec.template.spec.containers[0].imag\"\n");
	assert_null(json_at(warned.body, "spec.strategy.rollingUpdate.partition"));
	simworld_send(world, 200, "DELETE", "/apis/apps/v1/namespaces/default/deployments/d", NULL);
	ignored = simworld_ask(
		world, "POST",
		"/apis/apps/v1/namespaces/default/deployments?fieldValidation=Ignore", unknown);
	assert_int_equal(ignored.code, 201);
	assert_string_equal(ignored.warnings, "");

	assert_refused(world, "POST", SETS "?fieldValidation=Ignore",
		       SET("", ",'minReadySeconds':'5'"), 400,
		       "StatefulSet in version \"v1\" cannot be handled as a StatefulSet: json: "
		       "cannot unmarshal string into Go struct field "
		       "StatefulSetSpec.spec.minReadySeconds of type int32");
}

static void test_bodies_that_are_wrong(void **state)
{
	struct simworld *world = *state;

	assert_refused(world, "POST", MAPS, "[]", 400,
		       "couldn't get version/kind; json parse error: an object is wanted");
	assert_refused(world, "POST", MAPS, NULL, 400,
		       "couldn't get version/kind; json parse error: 1:1: the text ends where "
		       "a value should be");
	assert_refused(world, "POST", MAPS, "{'apiVersion':'v1'}", 400,
		       "Object 'Kind' is missing in '{\"apiVersion\":\"v1\"}'");
	assert_refused(world, "POST", MAPS, "{'kind':'ConfigMap','apiVersion':'apps/v1'}", 400,
		       "the API version in the data (apps/v1) does not match the expected API "
		       "version (v1)");
	assert_refused(world, "POST", "/api/v1/configmaps", MAP("a"), 400,
		       "an empty namespace may not be set during creation");
}

static void test_patches(void **state)
{
	static const struct {
		const char *type, *patch, *path, *expected;
	} cases[] = {
		{"PATCH json", "[{'op':'replace','path':'/spec/replicas','value':7}]",
		 "spec.replicas", "7"},
		{"PATCH merge", "{'metadata':{'labels':{'x':'y'}}}", "metadata.labels",
		 "{'x':'y'}"},
		{"PATCH merge", "{'metadata':{'labels':null}}", "metadata.labels", NULL},
		{"PATCH strategic", "{'spec':{'template':{'metadata':{'annotations':{'k':'v'}}}}}",
		 "spec.template.metadata.annotations", "{'k':'v'}"},
	};
	struct simworld *world = *state;

	simworld_send(world, 201, "POST", SETS, SET("", ""));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *object = simworld_do(world, 200, cases[i].type, WEB, cases[i].patch);

		if (cases[i].expected)
			assert_value(json_at(object, cases[i].path), cases[i].expected);
		else
			assert_null(json_at(object, cases[i].path));
	}
	assert_refused(world, "PATCH merge", SETS "/x", "{}", 404,
		       "statefulsets.apps \"x\" not found");
	assert_refused(world, "PATCH strategic", WEB "?fieldValidation=Strict",
		       "{'spec':{'foo':1}}", 422,
		       " \"\" is invalid: patch: Invalid value: \"map[spec:map[foo:1]]\": strict "
		       "decoding error: unknown field \"spec.foo\"");
	assert_refused(world, "PATCH json", WEB, "[{'op':'remove','path':'/spec/nope'}]", 422,
		       "the server rejected our request due to an error in our request");
	assert_refused(world, "PATCH merge", WEB, "{'metadata':{'resourceVersion':'1'}}", 409,
		       "Operation cannot be fulfilled on statefulsets.apps \"web\": the object has "
		       "been modified; please apply your changes to the latest version and try "
		       "again");
	assert_refused(world, "PATCH", WEB, "{}", 415,
		       "the body of the request was in an unknown format - accepted media types "
		       "include: application/json-patch+json, application/merge-patch+json, "
		       "application/apply-patch+yaml, application/strategic-merge-patch+json");
}

static void test_delete(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *made = simworld_do(world, 201, "POST", MAPS, MAP("a"));
	CLEANUP(cJSON_Delete_p) cJSON *status = NULL;

	assert_refused(world, "DELETE", MAPS "/a", "{'propagationPolicy':'x'}", 422,
		       "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported "
		       "value: \"x\": supported values: \"Background\", \"Foreground\", "
		       "\"Orphan\"");
	status = simworld_do(world, 200, "DELETE", MAPS "/a", NULL);
	assert_string_equal(obj_text(status, "status"), "Success");
	assert_string_equal(obj_text(status, "details.uid"), obj_uid(made));
	assert_refused(world, "DELETE", MAPS "/a", NULL, 404, "configmaps \"a\" not found");
	assert_refused(world, "DELETE", "/api/v1/namespaces/kube-system", NULL, 403,
		       "namespaces \"kube-system\" is forbidden: this namespace may not be "
		       "deleted");
}

static void test_delete_collection(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *left = NULL;

	simworld_send(world, 201, "POST", MAPS, MAP("a"));
	simworld_send(world, 201, "POST", MAPS, MAP("b"));
	simworld_send(world, 200, "DELETE", MAPS "?fieldSelector=metadata.name=a", NULL);
	left = simworld_do(world, 200, "GET", MAPS, NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(left, "items")), 1);
	simworld_send(world, 200, "DELETE", MAPS, NULL);
	cJSON_Delete(left);
	left = simworld_do(world, 200, "GET", MAPS, NULL);
	assert_int_equal(cJSON_GetArraySize(json_get(left, "items")), 0);
}

/* The names on a page, and its token. */
static char *page(struct simworld *world, const char *query, char *ret_names, size_t size)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(1024);
	CLEANUP(cJSON_Delete_p) cJSON *list = NULL;
	const cJSON *item;

	buf_printf(&path, MAPS "?%s", query);
	list = simworld_do(world, 200, "GET", buf_str(&path), NULL);
	ret_names[0] = '\0';
	json_each (item, json_get(list, "items"))
		strncat(ret_names, obj_name(item), size - strlen(ret_names) - 1);
	assert_string_equal(obj_text(list, "kind"), "ConfigMapList");
	return alloc_copy(obj_text(list, "metadata.continue"));
}

static void test_list_in_pages(void **state)
{
	static const char *const names[] = {"e", "d", "c", "b", "a"};
	struct simworld *world = *state;
	char query[256], got[16];
	CLEANUP(free_p) char *token = NULL;
	CLEANUP(free_p) char *second = NULL;
	CLEANUP(free_p) char *third = NULL;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char body[128];

		snprintf(body, sizeof(body), MAP("%s"), names[i]);
		simworld_send(world, 201, "POST", MAPS, body);
	}
	token = page(world, "limit=2", got, sizeof(got));
	assert_string_equal(got, "ab");
	snprintf(query, sizeof(query), "limit=2&continue=%s", token);
	second = page(world, query, got, sizeof(got));
	assert_string_equal(got, "cd");
	snprintf(query, sizeof(query), "limit=2&continue=%s", second);
	third = page(world, query, got, sizeof(got));
	assert_string_equal(got, "e");
	assert_string_equal(third, "");
	assert_refused(world, "GET", MAPS "?continue=nonsense", NULL, 400,
		       "continue key is not valid: nonsense");
	assert_refused(world, "GET", MAPS "?resourceVersion=1000000", NULL, 504,
		       "Too large resource version: 1000000, current: 11");
}

static void test_forms(void **state)
{
	static const struct {
		const char *accept, *kind;
	} cases[] = {
		{NULL, "ConfigMapList"},
		{"*/*", "ConfigMapList"},
		{"application/json", "ConfigMapList"},
		{"application/vnd.kubernetes.protobuf,application/json", "ConfigMapList"},
		{"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", "Table"},
		{"application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
		 "ConfigMapList"},
		{"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
		 "PartialObjectMetadataList"},
	};
	struct simworld *world = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *list = NULL;

		world->accept = cases[i].accept;
		list = simworld_do(world, 200, "GET", MAPS, NULL);
		assert_string_equal(obj_text(list, "kind"), cases[i].kind);
	}
	world->accept = "text/html";
	assert_refused(world, "GET", MAPS, NULL, 406,
		       "only the following media types are accepted: application/json");
}

static void test_scale(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *scale = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *scaled = NULL;

	simworld_send(world, 201, "POST", SETS, SET("", ""));
	scale = simworld_do(world, 200, "GET", WEB "/scale", NULL);
	json_remove(scale, "metadata");
	assert_value(scale, "{'kind':'Scale','apiVersion':'autoscaling/v1','spec':{'replicas':2},"
			    "'status':{'replicas':0,'selector':'a=b'}}");
	scaled = simworld_do(world, 200, "PUT", WEB "/scale",
			     "{'kind':'Scale','apiVersion':'autoscaling/v1','metadata':{'name':"
			     "'web'},'spec':{'replicas':5}}");
	assert_int_equal(json_int_or(scaled, "spec.replicas", 0), 5);
	assert_refused(
		world, "PATCH merge", WEB "/scale", "{'spec':{'replicas':-1}}", 422,
		"Scale.autoscaling \"web\" is invalid: spec.replicas: Invalid value: -1: must "
		"be greater than or equal to 0");
	assert_refused(world, "PUT", WEB "/scale",
		       "{'metadata':{'resourceVersion':'1'},'spec':{'replicas':6}}", 409,
		       "Operation cannot be fulfilled on statefulsets.apps \"web\": the object has "
		       "been modified; please apply your changes to the latest version and try "
		       "again");
}

static void test_denials(void **state)
{
	static const struct rule denials[] = {{"update", "statefulsets"}, {"list", "secrets"}};
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *review = NULL;

	world->api.denials = denials;
	world->api.denial_count = 2;
	assert_refused(
		world, "PUT", WEB, SET("", ""), 403,
		"statefulsets.apps \"web\" is forbidden: User \"kubesim-admin\" cannot update "
		"resource \"statefulsets\" in API group \"apps\" in the namespace "
		"\"default\"");
	assert_refused(world, "GET", "/api/v1/secrets", NULL, 403,
		       "secrets is forbidden: User \"kubesim-admin\" cannot list resource "
		       "\"secrets\" in API group \"\" at the cluster scope");
	review = simworld_do(world, 201, "POST",
			     "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
			     "{'kind':'SelfSubjectAccessReview','apiVersion':"
			     "'authorization.k8s.io/v1','spec':{'resourceAttributes':{'verb':"
			     "'list','resource':'secrets'}}}");
	assert_value(json_get(review, "status"),
		     "{'allowed':false,'reason':'a rule of --deny says so'}");
}

static void test_not_there(void **state)
{
	static const struct {
		const char *method, *path;
		int code;
		const char *message;
	} cases[] = {
		{"GET", "/apis/nope/v1/things", 404,
		 "the server could not find the requested resource"},
		{"GET", "/nope", 404, "the server could not find the requested resource"},
		{"GET", "/apis/apps/v9", 404, "the server could not find the requested resource"},
		{"GET", "/api/v1/namespaces/default/nodes", 404,
		 "the server could not find the requested resource"},
		{"POST", WEB, 405,
		 "the server does not allow this method on the requested resource"},
		{"GET", MAPS "/a/nope", 404, "the server could not find the requested resource"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(*state, cases[i].method, cases[i].path, NULL, cases[i].code,
			       cases[i].message);
}

/* What one group writes, the other reads. */
static void test_events_of_both_groups(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *list = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *own = NULL;
	const cJSON *core;

	simworld_send(
		world, 201, "POST", "/apis/events.k8s.io/v1/namespaces/default/events",
		"{'kind':'Event','apiVersion':'events.k8s.io/"
		"v1','metadata':{'name':'e'},'eventTime':"
		"'2026-01-01T00:00:00.000000Z','reportingController':'tranche','reportingInstance':"
		"'t-0','action':'Sync','reason':'Synced','type':'Normal','note':'hello','regarding'"
		":{"
		"'kind':'StatefulSet','name':'web','namespace':'default'}}");
	list = simworld_do(
		world, 200, "GET",
		"/api/v1/namespaces/default/events?fieldSelector=involvedObject.name=web", NULL);
	core = json_get(list, "items")->child;
	assert_non_null(core);
	assert_string_equal(obj_text(core, "message"), "hello");
	assert_string_equal(obj_text(core, "involvedObject.name"), "web");
	assert_string_equal(obj_text(core, "reportingComponent"), "tranche");
	own = simworld_do(world, 200, "GET", "/apis/events.k8s.io/v1/namespaces/default/events/e",
			  NULL);
	assert_string_equal(obj_text(own, "note"), "hello");
	assert_string_equal(obj_text(own, "regarding.kind"), "StatefulSet");
	assert_string_equal(obj_text(own, "apiVersion"), "events.k8s.io/v1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIMWORLD_TEST(test_create_and_get),
		SIMWORLD_TEST(test_generate_name),
		SIMWORLD_TEST(test_replace),
		SIMWORLD_TEST(test_put_creates_what_may_be_created_so),
		SIMWORLD_TEST(test_status_is_a_part_of_its_own),
		SIMWORLD_TEST(test_dry_run),
		SIMWORLD_TEST(test_field_validation),
		SIMWORLD_TEST(test_bodies_that_are_wrong),
		SIMWORLD_TEST(test_patches),
		SIMWORLD_TEST(test_delete),
		SIMWORLD_TEST(test_delete_collection),
		SIMWORLD_TEST(test_list_in_pages),
		SIMWORLD_TEST(test_forms),
		SIMWORLD_TEST(test_scale),
		SIMWORLD_TEST(test_denials),
		SIMWORLD_TEST(test_not_there),
		SIMWORLD_TEST(test_events_of_both_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
