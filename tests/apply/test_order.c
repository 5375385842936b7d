#include "apply/order.h"

#include "tests/support/check.h"

static struct ref ref_of_kind(const char *group, const char *kind)
{
	static char empty[] = "";

	return (struct ref){(char *)(uintptr_t)group, empty, (char *)(uintptr_t)kind, empty, empty};
}

static void test_ranks_rise(void **state)
{
	(void)state;
	static const struct {
		const char *group, *kind;
		int wave;
	} kinds[] = {
		{"apiextensions.k8s.io", "CustomResourceDefinition", 0},
		{"", "Namespace", 0},
		{"storage.k8s.io", "StorageClass", 1},
		{"", "ServiceAccount", 1},
		{"rbac.authorization.k8s.io", "Role", 1},
		{"rbac.authorization.k8s.io", "ClusterRole", 0},
		{"rbac.authorization.k8s.io", "ClusterRoleBinding", 1},
		{"", "ConfigMap", 1},
		{"", "Secret", 1},
		{"", "Service", 1},
		{"apps", "StatefulSet", 1},
		{"policy", "PodDisruptionBudget", 1},
		{"example.com", "Namespace", 1}, /* like any other kind */
		{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", 1},
	};
	int last = -1;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct ref ref = ref_of_kind(kinds[i].group, kinds[i].kind);

		assert_int_equal(order_wave(&ref), kinds[i].wave);
		assert_true(order_rank(&ref) > last);
		last = order_rank(&ref);
	}
	struct ref a = ref_of_kind("example.com", "Foo"), b = ref_of_kind("batch", "Job");
	assert_int_equal(order_rank(&a), order_rank(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranks_rise)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
