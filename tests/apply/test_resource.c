#include "apply/resource.h"

#include "tests/support/check.h"

static void test_paths(void **state)
{
	(void)state;
	static const struct resource custom = {"a b.com", "v1", "Foo", "foos", true, 0};
	static const struct {
		const struct resource *resource;
		const char *namespace, *name, *path;
	} cases[] = {
		{&resource_pods, "prod", "web-0", "/api/v1/namespaces/prod/pods/web-0"},
		{&resource_statefulsets, "prod", "web",
		 "/apis/apps/v1/namespaces/prod/statefulsets/web"},
		{&resource_namespaces, "", "prod", "/api/v1/namespaces/prod"},
		{&resource_namespaces, "prod", "prod", "/api/v1/namespaces/prod"},
		{&resource_crds, NULL, "foos.example.com",
		 "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/foos.example.com"},
		{&custom, "n?s", "system:node#1 \xc3\xa4",
		 "/apis/a%20b.com/v1/namespaces/n%3Fs/foos/system%3Anode%231%20%C3%A4"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf path = BUF_INIT(1000);

		assert_ok(resource_print_object(cases[i].resource, cases[i].namespace,
						cases[i].name, &path, &err),
			  err);
		assert_string_equal(buf_str(&path), cases[i].path);
	}
	CLEANUP(buf_release) struct buf path = BUF_INIT(1000);
	resource_print_collection(&resource_pods, NULL, &path);
	assert_string_equal(buf_str(&path), "/api/v1/pods");
}

static void test_names_that_lead_astray(void **state)
{
	(void)state;
	static const struct {
		const char *namespace, *name, *message;
	} cases[] = {
		{"prod", "..", "\"..\" cannot be a name"},
		{"prod", ".", "\".\" cannot be a name"},
		{"..", "web", "\"..\" cannot be a name"},
		{"prod", "../../secrets/x", "\"../../secrets/x\" cannot be a name"},
		{"prod", "a%2fb", "\"a%2fb\" cannot be a name"},
		{"prod", "", "a name is missing"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf path = BUF_INIT(1000);

		assert_error(resource_print_object(&resource_pods, cases[i].namespace,
						   cases[i].name, &path, &err),
			     err, ERR_INVALID, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_names_that_lead_astray),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
