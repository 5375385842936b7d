#include "diff/confine.h"

#include "tests/support/check.h"
#include "tests/support/findings.h"

#define OBJECT(api_version, kind, metadata) \
	"---\napiVersion: " api_version "\nkind: " kind "\nmetadata: {" metadata "}\n"
#define ONLY "only objects of the namespace \"shop\" are allowed (--namespace-only)\n"

static void test_confine(void **state)
{
	static const struct {
		const char *name, *text, *expected;
	} cases[] = {
		{"nothing", "", ""},
		{"no namespace", OBJECT("v1", "ConfigMap", "name: a"), ""},
		{"the namespace", OBJECT("v1", "ConfigMap", "name: a, namespace: shop"), ""},
		{"another", OBJECT("v1", "ConfigMap", "name: a, namespace: prod"),
		 "a.yaml:4:21: error: ConfigMap \"a\": is in the namespace \"prod\"; " ONLY},
		{"the Namespace itself", OBJECT("v1", "Namespace", "name: shop"),
		 "a.yaml:3:1: error: Namespace \"shop\": the kind belongs to no namespace; " ONLY},
		{"a cluster-scoped kind with a namespace",
		 OBJECT("rbac.authorization.k8s.io/v1", "ClusterRole", "name: a, namespace: shop"),
		 "a.yaml:3:1: error: ClusterRole \"a\": the kind belongs to no namespace; " ONLY},
		{"a kind that is not known, its scope neither",
		 OBJECT("example.com/v1", "Thing", "name: a"), ""},
		{"a kind that is not known, in another namespace",
		 OBJECT("example.com/v1", "Thing", "name: a, namespace: prod"),
		 "a.yaml:4:21: error: Thing \"a\": is in the namespace \"prod\"; " ONLY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		struct err err;

		add_text(&set, &findings, cases[i].text);
		assert_ok(confine_check(&set, "shop", &findings, &err), err);
		assert_findings(&findings, cases[i].name, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_confine)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
