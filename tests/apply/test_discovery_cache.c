#include "apply/discovery_cache.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define APPS                                                                                     \
	"{'kind':'APIResourceList','resources':["                                                \
	"{'name':'statefulsets','kind':'StatefulSet','namespaced':true,"                         \
	"'verbs':['create','get','list','update','watch','delete','patch','deletecollection']}," \
	"{'name':'statefulsets/scale','kind':'Scale','namespaced':true,'verbs':['get']},"        \
	"{'name':'odd','kind':'Odd','verbs':['create']}]}"

static void learn(struct discovery_cache *cache, const char *group, const char *version,
		  const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = text ? value_of(text) : NULL;
	struct err err;

	assert_ok(discovery_cache_learn(cache, group, version, list, &err), err);
}

static void test_lists(void **state)
{
	(void)state;
	struct discovery_cache cache = {0};

	assert_null(discovery_cache_find(&cache, "apps", "v1", "StatefulSet"));
	learn(&cache, "apps", "v1", APPS);
	const struct resource *sets = discovery_cache_find(&cache, "apps", "v1", "StatefulSet");
	assert_string_equal(sets->plural, "statefulsets");
	assert_true(sets->namespaced);
	assert_int_equal(sets->verbs, resource_statefulsets.verbs);
	const struct resource *odd = discovery_cache_find(&cache, "apps", "v1", "Odd");
	assert_false(odd->namespaced);
	assert_int_equal(odd->verbs, RESOURCE_CREATE);
	assert_null(discovery_cache_find(&cache, "apps", "v1", "Scale"));
	assert_null(discovery_cache_find(&cache, "apps", "v2", "StatefulSet"));
	assert_null(discovery_cache_find(&cache, "", "v1", "StatefulSet"));

	/* The same again is the same resource; what went is not found, but still there. */
	learn(&cache, "apps", "v1", APPS);
	assert_ptr_equal(discovery_cache_find(&cache, "apps", "v1", "StatefulSet"), sets);
	learn(&cache, "apps", "v1", NULL);
	assert_null(discovery_cache_find(&cache, "apps", "v1", "StatefulSet"));
	assert_string_equal(sets->plural, "statefulsets");
	learn(&cache, "apps", "v1", APPS);
	assert_ptr_equal(discovery_cache_find(&cache, "apps", "v1", "StatefulSet"), sets);
	discovery_cache_release(&cache);
}

static void test_aggregated(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *answer = value_of(
		"{'kind':'APIGroupDiscoveryList','apiVersion':'apidiscovery.k8s.io/v2','items':["
		"{'metadata':{'name':'apps'},'versions':[{'version':'v1','freshness':'Current',"
		"'resources':[{'resource':'statefulsets','responseKind':{'group':'apps','version':'"
		"v1',"
		"'kind':'StatefulSet'},'scope':'Namespaced','verbs':['get','list'],"
		"'subresources':[{'subresource':'scale'}]}]}]},"
		"{'metadata':{},'versions':[{'version':'v1','resources':[{'resource':'namespaces',"
		"'responseKind':{'kind':'Namespace'},'scope':'Cluster','verbs':[]}]}]},"
		"{'metadata':{'name':'metrics.k8s.io'},'versions':[{'version':'v1beta1',"
		"'freshness':'Stale','resources':[]}]}]}");
	CLEANUP(cJSON_Delete_p) cJSON *old = value_of("{'kind':'APIGroupList','groups':[]}");
	struct discovery_cache cache = {0};
	struct err err;

	assert_ok(discovery_cache_learn_aggregated(&cache, NULL, &err), err);
	assert_ok(discovery_cache_learn_aggregated(&cache, old, &err), err);
	assert_int_equal(cache.count, 0);
	assert_ok(discovery_cache_learn_aggregated(&cache, answer, &err), err);
	assert_int_equal(cache.count, 2);
	assert_true(discovery_cache_find(&cache, "apps", "v1", "StatefulSet")->namespaced);
	assert_int_equal(discovery_cache_find(&cache, "apps", "v1", "StatefulSet")->verbs,
			 RESOURCE_GET | RESOURCE_LIST);
	assert_false(discovery_cache_find(&cache, "", "v1", "Namespace")->namespaced);
	discovery_cache_release(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_aggregated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
