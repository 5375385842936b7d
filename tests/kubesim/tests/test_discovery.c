/* discovery.h and openapi.h: what kubectl asks before anything else. */
#include "tests/kubesim/discovery.h"

#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

static const cJSON *find(const cJSON *list, const char *path, const char *wanted)
{
	const cJSON *item;

	json_each (item, list) {
		if (strcmp(obj_text(item, path), wanted) == 0)
			return item;
	}
	fail_msg("no %s %s", path, wanted);
	return NULL;
}

static void test_version(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *version = simworld_do(*state, 200, "GET", "/version", NULL);

	assert_string_equal(obj_text(version, "gitVersion"), API_VERSION);
}

static void test_groups(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *core = simworld_do(world, 200, "GET", "/api", NULL);
	CLEANUP(cJSON_Delete_p) cJSON *groups = simworld_do(world, 200, "GET", "/apis", NULL);
	CLEANUP(cJSON_Delete_p) cJSON *group = simworld_do(world, 200, "GET", "/apis/apps", NULL);
	const cJSON *apps = find(json_get(groups, "groups"), "name", "apps");

	assert_value(json_get(core, "versions"), "['v1']");
	assert_value(apps, "{'name':'apps','versions':[{'groupVersion':'apps/v1','version':'v1'}],"
			   "'preferredVersion':{'groupVersion':'apps/v1','version':'v1'}}");
	assert_string_equal(obj_text(group, "kind"), "APIGroup");
	assert_string_equal(obj_text(group, "preferredVersion.version"), "v1");
}

static void test_resources(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *list = simworld_do(*state, 200, "GET", "/apis/apps/v1", NULL);
	const cJSON *resources = json_get(list, "resources");

	assert_string_equal(obj_text(list, "groupVersion"), "apps/v1");
	assert_value(find(resources, "name", "statefulsets"),
		     "{'name':'statefulsets','singularName':'statefulset','namespaced':true,'kind':"
		     "'StatefulSet','verbs':['create','delete','deletecollection','get','list',"
		     "'patch','update','watch'],'shortNames':['sts'],'categories':['all']}");
	assert_value(
		find(resources, "name", "statefulsets/scale"),
		"{'name':'statefulsets/scale','singularName':'','namespaced':true,'kind':"
		"'Scale','group':'autoscaling','version':'v1','verbs':['get','patch','update']}");
}

static void test_aggregated(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *core = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *apis = NULL;
	const cJSON *apps, *sets;

	world->accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
			"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
			"application/json";
	core = simworld_do(world, 200, "GET", "/api", NULL);
	apis = simworld_do(world, 200, "GET", "/apis", NULL);
	assert_string_equal(obj_text(apis, "apiVersion"), "apidiscovery.k8s.io/v2");
	assert_int_equal(cJSON_GetArraySize(json_get(core, "items")), 1);
	apps = find(json_get(apis, "items"), "metadata.name", "apps");
	sets = find(json_at(json_get(apps, "versions")->child, "resources"), "resource",
		    "statefulsets");
	assert_string_equal(obj_text(sets, "scope"), "Namespaced");
	assert_string_equal(obj_text(sets, "responseKind.kind"), "StatefulSet");
	assert_string_equal(obj_text(json_get(sets, "subresources")->child, "subresource"),
			    "status");
}

/* What kubectl looks for before it leaves validation and dry runs to the server. */
static void test_openapi(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *index = simworld_do(world, 200, "GET", "/openapi/v3", NULL);
	CLEANUP(cJSON_Delete_p)
	cJSON *document = simworld_do(world, 200, "GET", "/openapi/v3/apis/apps/v1", NULL);
	const cJSON *operation;

	assert_string_equal(
		obj_text(json_get(json_get(index, "paths"), "apis/apps/v1"), "serverRelativeURL"),
		"/openapi/v3/apis/apps/v1");
	operation = json_get(json_get(json_get(document, "paths"),
				      "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}"),
			     "patch");
	assert_value(json_get(operation, "x-kubernetes-group-version-kind"),
		     "{'group':'apps','version':'v1','kind':'StatefulSet'}");
	find(json_get(operation, "parameters"), "name", "fieldValidation");
	find(json_get(operation, "parameters"), "name", "dryRun");
	assert_refused(world, "GET", "/openapi/v3/apis/nope/v1", NULL, 404,
		       "the server could not find the requested resource");
}

static void test_openapi_v2(void **state)
{
	static const char path[] = "/api/v1/namespaces/{namespace}/pods/{name}";
	struct simworld *world = *state;
	struct request request = {
		.method = "GET",
		.path = "/openapi/v2",
		.accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
	};
	CLEANUP(response_release) struct response response = {0};

	api_handle(&world->api, &request, &response);
	assert_int_equal(response.code, 200);
	assert_string_equal(response.content_type,
			    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
	assert_memory_equal(response.body,
			    "\x0a\x03"
			    "2.0",
			    5);
	assert_non_null(memmem(response.body, response.body_length, path, sizeof(path) - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIMWORLD_TEST(test_version),   SIMWORLD_TEST(test_groups),
		SIMWORLD_TEST(test_resources), SIMWORLD_TEST(test_aggregated),
		SIMWORLD_TEST(test_openapi),   SIMWORLD_TEST(test_openapi_v2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
