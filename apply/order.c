#include "apply/order.h"

#include <string.h>

struct order_row {
	const char *group, *kind;
	int wave;
};

/* Flux's order (fluxcd/pkg/ssa/utils, sort.go); a kind's rank is its place. */
static const struct order_row rows[] = {
	{"apiextensions.k8s.io", "CustomResourceDefinition", 0},
	{"", "Namespace", 0},
	{"node.k8s.io", "RuntimeClass", 1},
	{"scheduling.k8s.io", "PriorityClass", 1},
	{"storage.k8s.io", "StorageClass", 1},
	{"networking.k8s.io", "IngressClass", 1},
	{"gateway.networking.k8s.io", "GatewayClass", 1},
	{"", "ResourceQuota", 1},
	{"", "ServiceAccount", 1},
	{"rbac.authorization.k8s.io", "Role", 1},
	{"rbac.authorization.k8s.io", "ClusterRole", 0},
	{"rbac.authorization.k8s.io", "RoleBinding", 1},
	{"rbac.authorization.k8s.io", "ClusterRoleBinding", 1},
	{"", "ConfigMap", 1},
	{"", "Secret", 1},
	{"", "Service", 1},
	{"", "LimitRange", 1},
	{"apps", "Deployment", 1},
	{"apps", "StatefulSet", 1},
	{"batch", "CronJob", 1},
	{"policy", "PodDisruptionBudget", 1},
	{NULL, NULL, 1}, /* every other kind */
	{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", 1},
	{"admissionregistration.k8s.io", "MutatingWebhookConfiguration", 1},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static size_t row_of(const struct ref *ref)
{
	size_t others = 0;

	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (!rows[i].kind)
			others = i;
		else if (ref_is(ref, rows[i].group, rows[i].kind))
			return i;
	}
	return others;
}

int order_wave(const struct ref *ref)
{
	return rows[row_of(ref)].wave;
}

int order_rank(const struct ref *ref)
{
	return (int)row_of(ref);
}
