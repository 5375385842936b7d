#include "tests/kubesim/managed_fields.h"

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define MAPS "/api/v1/namespaces/default/configmaps"
#define MAP  MAPS "/m"

/* Who owns what in the ConfigMap m: "MANAGER OPERATION SECONDS FIELDS" in the server's order. */
static void assert_managers(struct simworld *world, const char *const *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = simworld_do(world, 200, "GET", MAP, NULL);
	const cJSON *entry;

	json_each (entry, json_at(object, "metadata.managedFields")) {
		CLEANUP(free_p) char *fields = obj_print(json_at(entry, "fieldsV1.f:data"));
		CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

		assert_non_null(*expected);
		buf_printf(&text, "%s %s %s %s", obj_text(entry, "manager"),
			   obj_text(entry, "operation"), obj_text(entry, "time") + 17, fields);
		assert_string_equal(buf_str(&text), *expected++);
		assert_string_equal(obj_text(entry, "fieldsType"), "FieldsV1");
		assert_string_equal(obj_text(entry, "apiVersion"), "v1");
	}
	assert_null(*expected);
}

static void test_updates(void **state)
{
	struct simworld *world = *state;

	simworld_send(world, 201, "POST", MAPS "?fieldManager=one",
		      "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'m'},'data':{'a':'"
		      "1','b':'1'"
		      "}}");
	assert_managers(world, (const char *const[]){
				       "one Update 00Z {\".\":{},\"f:a\":{},\"f:b\":{}}", NULL});

	/* Another changes one and adds one: it takes the first, and its own time counts. */
	loop_advance(world->loop, 5000);
	simworld_send(world, 200, "PATCH merge", MAP "?fieldManager=two",
		      "{'data':{'a':'2','c':'2'}}");
	assert_managers(world,
			(const char *const[]){"one Update 00Z {\".\":{},\"f:b\":{}}",
					      "two Update 05Z {\"f:a\":{},\"f:c\":{}}", NULL});

	/* Writing what is there changes nothing; removing leaves no trace. */
	loop_advance(world->loop, 5000);
	simworld_send(world, 200, "PATCH merge", MAP "?fieldManager=three", "{'data':{'a':'2'}}");
	simworld_send(world, 200, "PATCH merge", MAP "?fieldManager=three", "{'data':{'c':null}}");
	assert_managers(world, (const char *const[]){"one Update 00Z {\".\":{},\"f:b\":{}}",
						     "two Update 05Z {\"f:a\":{}}", NULL});

	/* A PUT without managedFields keeps them; with an empty list it resets them. */
	simworld_send(world, 200, "PUT", MAP,
		      "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'m'},'data':{'a':'"
		      "2','b':'3'"
		      "}}");
	assert_managers(world,
			(const char *const[]){"one Update 00Z {}", "two Update 05Z {\"f:a\":{}}",
					      "test Update 10Z {\"f:b\":{}}", NULL});
	simworld_send(
		world, 200, "PUT", MAP "?fieldManager=four",
		"{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'m','managedFields':[]},"
		"'data':{'a':'9','b':'3'}}");
	assert_managers(world, (const char *const[]){"four Update 10Z {\"f:a\":{}}", NULL});
}

static void test_apply(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer conflict = {0};
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

#define CONFIG(data) \
	"{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'m'},'data':" data "}"
	simworld_send(world, 201, "PATCH apply", MAP "?fieldManager=git",
		      CONFIG("{'a':'1','b':'1'}"));
	simworld_send(world, 200, "PATCH apply", MAP "?fieldManager=ops", CONFIG("{'c':'1'}"));
	assert_managers(world, (const char *const[]){"git Apply 00Z {\"f:a\":{},\"f:b\":{}}",
						     "ops Apply 00Z {\"f:c\":{}}", NULL});

	conflict = simworld_ask(world, "PATCH apply", MAP "?fieldManager=ops",
				CONFIG("{'c':'1','b':'2'}"));
	assert_int_equal(conflict.code, 409);
	assert_string_equal(
		obj_text(conflict.body, "message"),
		"Apply failed with 1 conflict: conflict with \"git\" using v1: .data.b");
	assert_value(json_at(conflict.body, "details.causes"),
		     "[{'reason':'FieldManagerConflict','message':'conflict with \\\"git\\\" using "
		     "v1','field':'.data.b'}]");

	/* The same value is shared, another one is taken by force; what is left out goes. */
	simworld_send(world, 200, "PATCH apply", MAP "?fieldManager=ops", CONFIG("{'a':'1'}"));
	simworld_send(world, 200, "PATCH apply", MAP "?fieldManager=ops&force=true",
		      CONFIG("{'a':'1','b':'2'}"));
	assert_managers(world,
			(const char *const[]){"git Apply 00Z {\"f:a\":{}}",
					      "ops Apply 00Z {\"f:a\":{},\"f:b\":{}}", NULL});
	simworld_send(world, 200, "PATCH apply", MAP "?fieldManager=ops", CONFIG("{'b':'2'}"));
	object = simworld_do(world, 200, "GET", MAP, NULL);
	assert_value(json_get(object, "data"), "{'a':'1','b':'2'}");
	assert_refused(world, "PATCH apply", MAP, CONFIG("{}"), 422,
		       "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is "
		       "required for apply patch");
}

static void test_conflicts_are_listed_by_manager(void **state)
{
	struct simworld *world = *state;

	simworld_send(world, 201, "PATCH apply", MAP "?fieldManager=git",
		      CONFIG("{'a':'1','b':'1'}"));
	simworld_send(world, 200, "PATCH merge", MAP "?fieldManager=kubectl", "{'data':{'c':'1'}}");
	assert_refused(world, "PATCH apply", MAP "?fieldManager=ops",
		       CONFIG("{'a':'2','b':'2','c':'2'}"), 409,
		       "Apply failed with 3 conflicts: conflicts with \"git\" using v1:\n"
		       "- .data.a\n- .data.b\nconflicts with \"kubectl\" using v1:\n- .data.c");
}

/* The status has an owner of its own, and so has what `scale` sets. */
static void test_subresources(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	const char *path = "/apis/apps/v1/namespaces/default/statefulsets/web";
	const cJSON *list;

	simworld_send(
		world, 201, "POST", "/apis/apps/v1/namespaces/default/statefulsets",
		"{'kind':'StatefulSet','apiVersion':'apps/v1','metadata':{'name':'web'},'spec':{"
		"'replicas':1,'selector':{'matchLabels':{'a':'b'}},'template':{'metadata':{'labels'"
		":{"
		"'a':'b'}},'spec':{'containers':[{'name':'c','image':'i'}]}}}}");
	simworld_send(world, 200, "PATCH merge",
		      "/apis/apps/v1/namespaces/default/statefulsets/web/scale?fieldManager=scaler",
		      "{'spec':{'replicas':4}}");
	simworld_send(
		world, 200, "PATCH merge",
		"/apis/apps/v1/namespaces/default/statefulsets/web/status?fieldManager=controller",
		"{'spec':{'replicas':9},'status':{'replicas':2}}");
	object = simworld_do(world, 200, "GET", path, NULL);
	assert_int_equal(json_int_or(object, "spec.replicas", 0), 4);
	assert_int_equal(json_int_or(object, "status.replicas", 0), 2);
	assert_int_equal(json_int_or(object, "metadata.generation", 0), 2);
	list = json_at(object, "metadata.managedFields");
	assert_int_equal(cJSON_GetArraySize(list), 3);
	assert_value(json_get(list->child, "fieldsV1"), "{'f:status':{'f:replicas':{}}}");
	assert_string_equal(obj_text(list->child, "manager"), "controller");
	assert_string_equal(obj_text(list->child, "subresource"), "status");
	assert_string_equal(obj_text(list->child->next, "manager"), "scaler");
	assert_string_equal(obj_text(list->child->next, "subresource"), "scale");
	assert_value(json_get(list->child->next, "fieldsV1"), "{'f:spec':{'f:replicas':{}}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIMWORLD_TEST(test_updates),
		SIMWORLD_TEST(test_apply),
		SIMWORLD_TEST(test_conflicts_are_listed_by_manager),
		SIMWORLD_TEST(test_subresources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
