#include "diff/object.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_reads_refs(void **state)
{
	(void)state;
	static const struct {
		const char *object, *group, *version, *namespace, *printed, *api_version;
	} cases[] = {
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'}}", "apps",
		 "v1", "", "statefulset.apps/web", "apps/v1"},
		{"{'apiVersion':'v1','kind':'Service','metadata':{'name':'web','namespace':'n'}}",
		 "", "v1", "n", "service/web", "v1"},
		{"{'apiVersion':'v1','kind':'Service','metadata':{'name':'web','namespace':null}}",
		 "", "v1", "", "service/web", "v1"},
		{"{'apiVersion':'example.com/v1alpha1','kind':'Foo','metadata':{'name':'web',"
		 "'generateName':'w-'}}",
		 "example.com", "v1alpha1", "", "foo.example.com/web", "example.com/v1alpha1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		CLEANUP(ref_release) struct ref ref = {0}, copy = {0};
		CLEANUP(buf_release) struct buf printed = BUF_INIT(1000);
		CLEANUP(buf_release) struct buf api_version = BUF_INIT(1000);
		struct err err;

		assert_ok(ref_of(object, &ref, &err), err);
		assert_string_equal(ref.group, cases[i].group);
		assert_string_equal(ref.version, cases[i].version);
		assert_string_equal(ref.namespace, cases[i].namespace);
		assert_string_equal(ref.name, "web");
		ref_print(&ref, &printed);
		assert_string_equal(buf_str(&printed), cases[i].printed);
		ref_print_api_version(&ref, &api_version);
		assert_string_equal(buf_str(&api_version), cases[i].api_version);
		assert_ok(ref_copy(&ref, &copy, &err), err);
		assert_true(ref_equal(&ref, &copy));
		assert_string_equal(copy.version, ref.version);
	}
}

static void test_refuses_what_names_nothing(void **state)
{
	(void)state;
	static const struct {
		const char *object, *message;
	} cases[] = {
		{"{}", "apiVersion is missing"},
		{"{'apiVersion':null}", "apiVersion is missing"},
		{"{'apiVersion':1}", "apiVersion must be a string"},
		{"{'apiVersion':''}", "apiVersion is empty"},
		{"{'apiVersion':'v1'}", "kind is missing"},
		{"{'apiVersion':'v1','kind':''}", "kind is empty"},
		{"{'apiVersion':'v1','kind':'Pod'}", "metadata.name is missing"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':null}", "metadata.name is missing"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':'web'}", "metadata must be an object"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':{'name':7}}",
		 "metadata.name must be a string"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':{'generateName':'web-'}}",
		 "metadata.generateName names a new object at every sync; give the object a "
		 "metadata.name"},
		{"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'a','namespace':1}}",
		 "metadata.namespace must be a string"},
		{"{'apiVersion':'a/b/c','kind':'Pod','metadata':{'name':'a'}}",
		 "apiVersion \"a/b/c\" is neither VERSION nor GROUP/VERSION"},
		{"{'apiVersion':'/v1','kind':'Pod','metadata':{'name':'a'}}",
		 "apiVersion \"/v1\" is neither VERSION nor GROUP/VERSION"},
		{"{'apiVersion':'apps/','kind':'Pod','metadata':{'name':'a'}}",
		 "apiVersion \"apps/\" is neither VERSION nor GROUP/VERSION"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		struct ref ref;
		struct err err;

		assert_error(ref_of(object, &ref, &err), err, ERR_INVALID, cases[i].message);
	}
}

static struct ref ref_named(const char *text)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = value_of(text);
	struct ref ref;
	struct err err;

	assert_ok(ref_of(object, &ref, &err), err);
	return ref;
}

static void test_refs_compare_without_version(void **state)
{
	(void)state;
	CLEANUP(ref_release)
	struct ref beta = ref_named("{'apiVersion':'apps/v1beta1','kind':'StatefulSet',"
				    "'metadata':{'name':'web','namespace':'a'}}");
	CLEANUP(ref_release)
	struct ref stable = ref_named("{'apiVersion':'apps/v1','kind':'StatefulSet',"
				      "'metadata':{'name':'web','namespace':'a'}}");
	CLEANUP(ref_release)
	struct ref other = ref_named("{'apiVersion':'apps/v1','kind':'StatefulSet',"
				     "'metadata':{'name':'web','namespace':'b'}}");
	CLEANUP(ref_release)
	struct ref service = ref_named("{'apiVersion':'v1','kind':'Service',"
				       "'metadata':{'name':'web','namespace':'a'}}");

	assert_true(ref_equal(&beta, &stable));
	assert_false(ref_equal(&stable, &other));
	assert_true(ref_compare(&stable, &other) < 0);
	assert_true(ref_compare(&service, &stable) < 0);
	assert_true(ref_compare(&other, &service) > 0);
	assert_true(ref_is(&beta, "apps", "StatefulSet"));
	assert_false(ref_is(&beta, "", "StatefulSet"));
	assert_false(ref_is(&beta, "apps", "Deployment"));
}

static void test_normalises(void **state)
{
	(void)state;
	static const struct {
		const char *object, *normalised;
	} cases[] = {
		{"{'metadata':{'name':'a','uid':'1','resourceVersion':'2','generation':3,"
		 "'creationTimestamp':'t','deletionTimestamp':'t','deletionGracePeriodSeconds':0,"
		 "'selfLink':'/','managedFields':[{}],'labels':{'a':'b'},'finalizers':['x']},"
		 "'spec':{'status':1},'status':{'x':1}}",
		 "{'metadata':{'name':'a','labels':{'a':'b'},'finalizers':['x']},"
		 "'spec':{'status':1}}"},
		{"{'metadata':{'annotations':{'kubectl.kubernetes.io/"
		 "last-applied-configuration':'{}'},"
		 "'labels':{}}}",
		 "{'metadata':{}}"},
		{"{'metadata':{'annotations':null,'labels':null}}", "{'metadata':{}}"},
		{"{'kind':'Deployment','metadata':{'annotations':{"
		 "'deployment.kubernetes.io/revision':'3','a':'b'}}}",
		 "{'kind':'Deployment','metadata':{'annotations':{'a':'b'}}}"},
		{"{'kind':'Namespace','metadata':{'labels':{'kubernetes.io/"
		 "metadata.name':'a','b':'c'}}}",
		 "{'kind':'Namespace','metadata':{'labels':{'b':'c'}}}"},
		{"{'kind':'Foo','metadata':{'annotations':{'deployment.kubernetes.io/"
		 "revision':'3'}}}",
		 "{'kind':'Foo','metadata':{'annotations':{'deployment.kubernetes.io/"
		 "revision':'3'}}}"},
		{"{'kind':'StatefulSet','spec':{'volumeClaimTemplates':[{'apiVersion':'v1',"
		 "'kind':'PersistentVolumeClaim','metadata':{'name':'d',"
		 "'creationTimestamp':null},'status':{'phase':'Pending'},'spec':{'a':1}}]}}",
		 "{'kind':'StatefulSet','spec':{'volumeClaimTemplates':[{'metadata':{'name':'d'},"
		 "'spec':{'a':1}}]}}"},
		{"{'kind':'Foo','spec':{'volumeClaimTemplates':[{'status':1}]}}",
		 "{'kind':'Foo','spec':{'volumeClaimTemplates':[{'status':1}]}}"},
		{"{'kind':7,'metadata':[1],'spec':'x'}", "{'kind':7,'metadata':[1],'spec':'x'}"},
		{"{'kind':'StatefulSet','spec':{'volumeClaimTemplates':{'a':'b'}}}",
		 "{'kind':'StatefulSet','spec':{'volumeClaimTemplates':{'a':'b'}}}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		CLEANUP(cJSON_Delete_p) cJSON *normalised = object_normalised(object);
		CLEANUP(cJSON_Delete_p) cJSON *view = object_view_normalised(object);

		assert_non_null(normalised);
		assert_value(normalised, cases[i].normalised);
		assert_value(view, cases[i].normalised);
		json_remove(view, "spec.volumeClaimTemplates");
		assert_value(object, cases[i].object);
	}
}

static void test_lists_images(void **state)
{
	(void)state;
	static const struct {
		const char *pod_spec, *images;
	} cases[] = {
		{"{}", ""},
		{"{'containers':[{'image':'nginx:1.25.4'}],'initContainers':[{'image':'i'}]}",
		 "nginx:1.25.4"},
		{"{'containers':[{'image':'a'},{'name':'x'},{'image':'c'}]}", "a,,c"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *pod_spec = value_of(cases[i].pod_spec);
		CLEANUP(buf_release) struct buf out = BUF_INIT(1000);

		object_print_images(pod_spec, &out);
		assert_string_equal(buf_str(&out), cases[i].images);
	}
	CLEANUP(buf_release) struct buf out = BUF_INIT(1000);
	object_print_images(NULL, &out);
	assert_string_equal(buf_str(&out), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_refs),
		cmocka_unit_test(test_refuses_what_names_nothing),
		cmocka_unit_test(test_refs_compare_without_version),
		cmocka_unit_test(test_normalises),
		cmocka_unit_test(test_lists_images),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
