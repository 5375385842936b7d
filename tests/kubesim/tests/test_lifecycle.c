/* Garbage collection, the end of Namespaces, and kinds that come and go: gc.h, namespaces.h, crds.h. */
#include <stdio.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

/* --- owners ---------------------------------------------------------------------------------- */

/* Makes a ConfigMap that these (NULL: nobody) own; returns its uid in `ret_uid`. */
static void make(struct simworld *world, const char *name, const char *owner_uid,
		 const char *second_uid, char ret_uid[64])
{
	CLEANUP(buf_release) struct buf body = BUF_INIT(4096);
	CLEANUP(cJSON_Delete_p) cJSON *made = NULL;
	const char *uids[] = {owner_uid, second_uid};

	buf_printf(&body,
		   "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'%s',"
		   "'ownerReferences':[",
		   name);
	for (int i = 0; i < 2 && uids[i]; i++)
		buf_printf(&body,
			   "%s{'apiVersion':'v1','kind':'ConfigMap','name':'o%d','uid':'%s'}",
			   i ? "," : "", i, uids[i]);
	buf_puts(&body, "]}}");
	made = simworld_do(world, 201, "POST", MAPS, buf_str(&body));
	snprintf(ret_uid, 64, "%s", obj_uid(made));
	loop_advance(world->loop, 1);
}

/* The names of all ConfigMaps, "*" behind those being deleted. */
static void assert_maps(struct simworld *world, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = simworld_do(world, 200, "GET", MAPS, NULL);
	CLEANUP(buf_release) struct buf names = BUF_INIT(1024);
	const cJSON *item;

	json_each (item, json_get(list, "items"))
		buf_printf(&names, "%s%s ", obj_name(item), obj_is_deleting(item) ? "*" : "");
	assert_string_equal(buf_str(&names), expected);
}

static void test_background(void **state)
{
	struct simworld *world = *state;
	char owner[64], other[64], child[64], grandchild[64], shared[64];

	make(world, "owner", NULL, NULL, owner);
	make(world, "other", NULL, NULL, other);
	make(world, "child", owner, NULL, child);
	make(world, "grandchild", child, NULL, grandchild);
	make(world, "shared", owner, other, shared);
	simworld_send(world, 200, "DELETE", MAPS "/owner", NULL);
	assert_maps(world, "child grandchild other shared ");
	loop_advance(world->loop, 10);
	assert_maps(world, "other shared ");
	simworld_send(world, 200, "DELETE", MAPS "/other", NULL);
	loop_advance(world->loop, 10);
	assert_maps(world, "");
}

static void test_an_owner_that_never_was(void **state)
{
	struct simworld *world = *state;
	char uid[64];

	make(world, "a", "no-such-uid", NULL, uid);
	loop_advance(world->loop, 10);
	assert_maps(world, "");
}

static void test_orphan(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *child = NULL;
	char owner[64], uid[64];

	make(world, "owner", NULL, NULL, owner);
	make(world, "child", owner, NULL, uid);
	simworld_send(world, 200, "DELETE", MAPS "/owner", "{'propagationPolicy':'Orphan'}");
	assert_maps(world, "child owner* ");
	loop_advance(world->loop, 10);
	assert_maps(world, "child ");
	child = simworld_do(world, 200, "GET", MAPS "/child", NULL);
	assert_null(json_at(child, "metadata.ownerReferences"));
}

static void test_foreground(void **state)
{
	struct simworld *world = *state;
	char owner[64], uid[64];

	make(world, "owner", NULL, NULL, owner);
	make(world, "child", owner, NULL, uid);
	simworld_send(world, 200, "PATCH merge", MAPS "/child",
		      "{'metadata':{'finalizers':['x/y']}}");
	simworld_send(world, 200, "DELETE", MAPS "/owner?propagationPolicy=Foreground", NULL);
	loop_advance(world->loop, 10);
	assert_maps(world, "child* owner* ");
	simworld_send(world, 200, "PATCH merge", MAPS "/child", "{'metadata':{'finalizers':null}}");
	loop_advance(world->loop, 10);
	assert_maps(world, "");
}

/* --- Namespaces ------------------------------------------------------------------------------ */

static void test_namespace(void **state)
{
	struct simworld *world = *state;
	const char *path = "/api/v1/namespaces/a";
	const char *inside = "/api/v1/namespaces/a/configmaps";
	const char *map = "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'m',"
			  "'finalizers':['x/y']}}";
	CLEANUP(cJSON_Delete_p) cJSON *made = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *ending = NULL;

	made = simworld_do(world, 201, "POST", "/api/v1/namespaces",
			   "{'kind':'Namespace','apiVersion':'v1','metadata':{'name':'a'}}");
	assert_string_equal(obj_text(made, "status.phase"), "Active");
	assert_value(json_at(made, "metadata.labels"), "{'kubernetes.io/metadata.name':'a'}");
	simworld_send(world, 201, "POST", inside, map);
	simworld_send(world, 200, "DELETE", path, NULL);
	loop_advance(world->loop, 10);
	ending = simworld_do(world, 200, "GET", path, NULL);
	assert_string_equal(obj_text(ending, "status.phase"), "Terminating");
	assert_refused(world, "POST", inside, map, 403,
		       "configmaps \"m\" is forbidden: unable to create new content in namespace a "
		       "because it is being terminated");
	simworld_send(world, 200, "PATCH merge", "/api/v1/namespaces/a/configmaps/m",
		      "{'metadata':{'finalizers':null}}");
	loop_advance(world->loop, 10);
	assert_refused(world, "GET", path, NULL, 404, "namespaces \"a\" not found");
}

/* --- custom resources ------------------------------------------------------------------------ */

#define CRDS    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define WIDGETS "/apis/example.com/v1/namespaces/default/widgets"

static const char widget_crd[] =
	"{'kind':'CustomResourceDefinition','apiVersion':'apiextensions.k8s.io/v1','metadata':{"
	"'name':'widgets.example.com'},'spec':{'group':'example.com','scope':'Namespaced','names':{"
	"'kind':'Widget','plural':'widgets','shortNames':['wd']},'versions':[{'name':'v1','served':"
	"true,'storage':true,'subresources':{'status':{},'scale':{'specReplicasPath':'.spec.size',"
	"'statusReplicasPath':'.status.size'}}},{'name':'v0','served':false,'storage':false}]}}";

static void test_custom_resources(void **state)
{
	struct simworld *world = *state;
	CLEANUP(cJSON_Delete_p) cJSON *crd = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *widget = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *resources = NULL;

	simworld_send(world, 201, "POST", CRDS, widget_crd);
	loop_advance(world->loop, 10);
	crd = simworld_do(world, 200, "GET", CRDS "/widgets.example.com", NULL);
	assert_string_equal(obj_text(crd, "status.acceptedNames.singular"), "widget");
	assert_value(json_at(crd, "status.storedVersions"), "['v1']");
	resources = simworld_do(world, 200, "GET", "/apis/example.com/v1", NULL);
	assert_value(json_get(resources, "resources")->child,
		     "{'name':'widgets','singularName':'widget','namespaced':true,'kind':'Widget',"
		     "'verbs':['create','delete','deletecollection','get','list','patch','update',"
		     "'watch'],'shortNames':['wd']}");
	assert_refused(world, "GET", "/apis/example.com/v0", NULL, 404,
		       "the server could not find the requested resource");

	simworld_send(world, 201, "POST", WIDGETS,
		      "{'kind':'Widget','apiVersion':'example.com/"
		      "v1','metadata':{'name':'w'},'spec':{'size':"
		      "3,'big':9007199254740993}}");
	simworld_send(world, 200, "PATCH merge", WIDGETS "/w/scale", "{'spec':{'replicas':5}}");
	simworld_send(world, 200, "PATCH merge", WIDGETS "/w/status", "{'status':{'size':4}}");
	widget = simworld_do(world, 200, "GET", WIDGETS "/w", NULL);
	assert_value(json_get(widget, "spec"), "{'size':5,'big':9007199254740993}");
	assert_value(json_get(widget, "status"), "{'size':4}");
	assert_int_equal(json_int_or(widget, "metadata.generation", 0), 2);

	simworld_send(world, 200, "DELETE", CRDS "/widgets.example.com", NULL);
	assert_refused(world, "GET", WIDGETS, NULL, 404,
		       "the server could not find the requested resource");
	loop_advance(world->loop, 10);
	assert_int_equal(store_count(world->cluster->store, "example.com", "widgets", NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SIMWORLD_TEST(test_background), SIMWORLD_TEST(test_an_owner_that_never_was),
		SIMWORLD_TEST(test_orphan),     SIMWORLD_TEST(test_foreground),
		SIMWORLD_TEST(test_namespace),  SIMWORLD_TEST(test_custom_resources),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
