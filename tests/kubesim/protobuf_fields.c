#include "tests/kubesim/protobuf_fields.h"

#include <stddef.h>
#include <string.h>

#define STRING(number, name)        number, name, PROTOBUF_STRING, PROTOBUF_ONE, 0, false
#define STRINGS(number, name)       number, name, PROTOBUF_STRING, PROTOBUF_LIST, 0, true
#define STRING_MAP(number, name)    number, name, PROTOBUF_STRING, PROTOBUF_MAP, 0, true
#define BYTES_MAP(number, name)     number, name, PROTOBUF_BYTES, PROTOBUF_MAP, 0, true
#define QUANTITY_MAP(number, name)  number, name, PROTOBUF_QUANTITY, PROTOBUF_MAP, 0, true
#define INT(number, name)           number, name, PROTOBUF_INT, PROTOBUF_ONE, 0, false
#define INT_KEPT(number, name)      number, name, PROTOBUF_INT, PROTOBUF_ONE, 0, true
#define BOOL(number, name)          number, name, PROTOBUF_BOOL, PROTOBUF_ONE, 0, false
#define BOOL_KEPT(number, name)     number, name, PROTOBUF_BOOL, PROTOBUF_ONE, 0, true
#define INT_OR_STRING(number, name) number, name, PROTOBUF_INT_OR_STRING, PROTOBUF_ONE, 0, true
#define TIME(number, name)          number, name, PROTOBUF_TIME, PROTOBUF_ONE, 0, false
#define MESSAGE(number, name, message) \
	number, name, PROTOBUF_MESSAGE, PROTOBUF_ONE, PROTOBUF_##message, false
#define MESSAGES(number, name, message) \
	number, name, PROTOBUF_MESSAGE, PROTOBUF_LIST, PROTOBUF_##message, false

static const struct protobuf_field fields[] = {
	{PROTOBUF_TYPE_META, STRING(1, "apiVersion")},
	{PROTOBUF_TYPE_META, STRING(2, "kind")},

	{PROTOBUF_OBJECT_META, STRING(1, "name")},
	{PROTOBUF_OBJECT_META, STRING(2, "generateName")},
	{PROTOBUF_OBJECT_META, STRING(3, "namespace")},
	{PROTOBUF_OBJECT_META, STRING(5, "uid")},
	{PROTOBUF_OBJECT_META, STRING(6, "resourceVersion")},
	{PROTOBUF_OBJECT_META, TIME(8, "creationTimestamp")},
	{PROTOBUF_OBJECT_META, STRING_MAP(11, "labels")},
	{PROTOBUF_OBJECT_META, STRING_MAP(12, "annotations")},
	{PROTOBUF_OBJECT_META, STRINGS(14, "finalizers")},

	{PROTOBUF_LABEL_SELECTOR, STRING_MAP(1, "matchLabels")},
	{PROTOBUF_LABEL_SELECTOR, MESSAGES(2, "matchExpressions", SELECTOR_REQUIREMENT)},
	{PROTOBUF_SELECTOR_REQUIREMENT, STRING(1, "key")},
	{PROTOBUF_SELECTOR_REQUIREMENT, STRING(2, "operator")},
	{PROTOBUF_SELECTOR_REQUIREMENT, STRINGS(3, "values")},

	{PROTOBUF_DELETE_OPTIONS, INT_KEPT(1, "gracePeriodSeconds")},
	{PROTOBUF_DELETE_OPTIONS, MESSAGE(2, "preconditions", PRECONDITIONS)},
	{PROTOBUF_DELETE_OPTIONS, BOOL_KEPT(3, "orphanDependents")},
	{PROTOBUF_DELETE_OPTIONS, STRING(4, "propagationPolicy")},
	{PROTOBUF_DELETE_OPTIONS, STRINGS(5, "dryRun")},
	{PROTOBUF_PRECONDITIONS, STRING(1, "uid")},
	{PROTOBUF_PRECONDITIONS, STRING(2, "resourceVersion")},

	{PROTOBUF_CONFIG_MAP, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_CONFIG_MAP, STRING_MAP(2, "data")},
	{PROTOBUF_CONFIG_MAP, BYTES_MAP(3, "binaryData")},
	{PROTOBUF_CONFIG_MAP, BOOL_KEPT(4, "immutable")},

	{PROTOBUF_SECRET, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_SECRET, BYTES_MAP(2, "data")},
	{PROTOBUF_SECRET, STRING(3, "type")},
	{PROTOBUF_SECRET, STRING_MAP(4, "stringData")},
	{PROTOBUF_SECRET, BOOL_KEPT(5, "immutable")},

	{PROTOBUF_NAMESPACE, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_SERVICE_ACCOUNT, MESSAGE(1, "metadata", OBJECT_META)},

	{PROTOBUF_SERVICE, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_SERVICE, MESSAGE(2, "spec", SERVICE_SPEC)},
	{PROTOBUF_SERVICE_SPEC, MESSAGES(1, "ports", SERVICE_PORT)},
	{PROTOBUF_SERVICE_SPEC, STRING_MAP(2, "selector")},
	{PROTOBUF_SERVICE_SPEC, STRING(3, "clusterIP")},
	{PROTOBUF_SERVICE_SPEC, STRING(4, "type")},
	{PROTOBUF_SERVICE_SPEC, STRING(7, "sessionAffinity")},
	{PROTOBUF_SERVICE_SPEC, STRING(10, "externalName")},
	{PROTOBUF_SERVICE_PORT, STRING(1, "name")},
	{PROTOBUF_SERVICE_PORT, STRING(2, "protocol")},
	{PROTOBUF_SERVICE_PORT, INT(3, "port")},
	{PROTOBUF_SERVICE_PORT, INT_OR_STRING(4, "targetPort")},
	{PROTOBUF_SERVICE_PORT, INT(5, "nodePort")},

	{PROTOBUF_RESOURCE_QUOTA, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_RESOURCE_QUOTA, MESSAGE(2, "spec", RESOURCE_QUOTA_SPEC)},
	{PROTOBUF_RESOURCE_QUOTA_SPEC, QUANTITY_MAP(1, "hard")},
	{PROTOBUF_RESOURCE_QUOTA_SPEC, STRINGS(2, "scopes")},

	{PROTOBUF_POD_TEMPLATE_SPEC, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_POD_TEMPLATE_SPEC, MESSAGE(2, "spec", POD_SPEC)},
	{PROTOBUF_POD_SPEC, MESSAGES(2, "containers", CONTAINER)},
	{PROTOBUF_POD_SPEC, STRING(3, "restartPolicy")},
	{PROTOBUF_POD_SPEC, STRING(8, "serviceAccountName")},
	{PROTOBUF_CONTAINER, STRING(1, "name")},
	{PROTOBUF_CONTAINER, STRING(2, "image")},
	{PROTOBUF_CONTAINER, STRINGS(3, "command")},
	{PROTOBUF_CONTAINER, STRINGS(4, "args")},
	{PROTOBUF_CONTAINER, MESSAGES(6, "ports", CONTAINER_PORT)},
	{PROTOBUF_CONTAINER, MESSAGES(7, "env", ENV_VAR)},
	{PROTOBUF_CONTAINER_PORT, STRING(1, "name")},
	{PROTOBUF_CONTAINER_PORT, INT(3, "containerPort")},
	{PROTOBUF_CONTAINER_PORT, STRING(4, "protocol")},
	{PROTOBUF_ENV_VAR, STRING(1, "name")},
	{PROTOBUF_ENV_VAR, STRING(2, "value")},

	{PROTOBUF_DEPLOYMENT, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_DEPLOYMENT, MESSAGE(2, "spec", DEPLOYMENT_SPEC)},
	{PROTOBUF_DEPLOYMENT_SPEC, INT_KEPT(1, "replicas")},
	{PROTOBUF_DEPLOYMENT_SPEC, MESSAGE(2, "selector", LABEL_SELECTOR)},
	{PROTOBUF_DEPLOYMENT_SPEC, MESSAGE(3, "template", POD_TEMPLATE_SPEC)},

	{PROTOBUF_JOB, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_JOB, MESSAGE(2, "spec", JOB_SPEC)},
	{PROTOBUF_JOB_SPEC, INT_KEPT(1, "parallelism")},
	{PROTOBUF_JOB_SPEC, INT_KEPT(2, "completions")},
	{PROTOBUF_JOB_SPEC, MESSAGE(6, "template", POD_TEMPLATE_SPEC)},
	{PROTOBUF_JOB_SPEC, INT_KEPT(7, "backoffLimit")},
	{PROTOBUF_CRON_JOB, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_CRON_JOB, MESSAGE(2, "spec", CRON_JOB_SPEC)},
	{PROTOBUF_CRON_JOB_SPEC, STRING(1, "schedule")},
	{PROTOBUF_CRON_JOB_SPEC, STRING(3, "concurrencyPolicy")},
	{PROTOBUF_CRON_JOB_SPEC, BOOL_KEPT(4, "suspend")},
	{PROTOBUF_CRON_JOB_SPEC, MESSAGE(5, "jobTemplate", JOB_TEMPLATE_SPEC)},
	{PROTOBUF_JOB_TEMPLATE_SPEC, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_JOB_TEMPLATE_SPEC, MESSAGE(2, "spec", JOB_SPEC)},

	{PROTOBUF_ROLE, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_ROLE, MESSAGES(2, "rules", POLICY_RULE)},
	{PROTOBUF_POLICY_RULE, STRINGS(1, "verbs")},
	{PROTOBUF_POLICY_RULE, STRINGS(2, "apiGroups")},
	{PROTOBUF_POLICY_RULE, STRINGS(3, "resources")},
	{PROTOBUF_POLICY_RULE, STRINGS(4, "resourceNames")},
	{PROTOBUF_POLICY_RULE, STRINGS(5, "nonResourceURLs")},
	{PROTOBUF_ROLE_BINDING, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_ROLE_BINDING, MESSAGES(2, "subjects", SUBJECT)},
	{PROTOBUF_ROLE_BINDING, MESSAGE(3, "roleRef", ROLE_REF)},
	{PROTOBUF_SUBJECT, STRING(1, "kind")},
	{PROTOBUF_SUBJECT, STRING(2, "apiGroup")},
	{PROTOBUF_SUBJECT, STRING(3, "name")},
	{PROTOBUF_SUBJECT, STRING(4, "namespace")},
	{PROTOBUF_ROLE_REF, STRING(1, "apiGroup")},
	{PROTOBUF_ROLE_REF, STRING(2, "kind")},
	{PROTOBUF_ROLE_REF, STRING(3, "name")},

	{PROTOBUF_POD_DISRUPTION_BUDGET, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_POD_DISRUPTION_BUDGET, MESSAGE(2, "spec", POD_DISRUPTION_BUDGET_SPEC)},
	{PROTOBUF_POD_DISRUPTION_BUDGET_SPEC, INT_OR_STRING(1, "minAvailable")},
	{PROTOBUF_POD_DISRUPTION_BUDGET_SPEC, MESSAGE(2, "selector", LABEL_SELECTOR)},
	{PROTOBUF_POD_DISRUPTION_BUDGET_SPEC, INT_OR_STRING(3, "maxUnavailable")},
	{PROTOBUF_EVICTION, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_EVICTION, MESSAGE(2, "deleteOptions", DELETE_OPTIONS)},

	{PROTOBUF_PRIORITY_CLASS, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_PRIORITY_CLASS, INT_KEPT(2, "value")},
	{PROTOBUF_PRIORITY_CLASS, BOOL(3, "globalDefault")},
	{PROTOBUF_PRIORITY_CLASS, STRING(4, "description")},
	{PROTOBUF_PRIORITY_CLASS, STRING(5, "preemptionPolicy")},

	{PROTOBUF_AUTOSCALER, MESSAGE(1, "metadata", OBJECT_META)},
	{PROTOBUF_AUTOSCALER, MESSAGE(2, "spec", AUTOSCALER_SPEC)},
	{PROTOBUF_AUTOSCALER_SPEC, MESSAGE(1, "scaleTargetRef", SCALE_TARGET)},
	{PROTOBUF_AUTOSCALER_SPEC, INT_KEPT(2, "minReplicas")},
	{PROTOBUF_AUTOSCALER_SPEC, INT(3, "maxReplicas")},
	{PROTOBUF_SCALE_TARGET, STRING(1, "kind")},
	{PROTOBUF_SCALE_TARGET, STRING(2, "name")},
	{PROTOBUF_SCALE_TARGET, STRING(3, "apiVersion")},

	{PROTOBUF_ACCESS_REVIEW, MESSAGE(2, "spec", ACCESS_REVIEW_SPEC)},
	{PROTOBUF_ACCESS_REVIEW_SPEC, MESSAGE(1, "resourceAttributes", RESOURCE_ATTRIBUTES)},
	{PROTOBUF_ACCESS_REVIEW_SPEC, MESSAGE(2, "nonResourceAttributes", NON_RESOURCE_ATTRIBUTES)},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(1, "namespace")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(2, "verb")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(3, "group")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(4, "version")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(5, "resource")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(6, "subresource")},
	{PROTOBUF_RESOURCE_ATTRIBUTES, STRING(7, "name")},
	{PROTOBUF_NON_RESOURCE_ATTRIBUTES, STRING(1, "path")},
	{PROTOBUF_NON_RESOURCE_ATTRIBUTES, STRING(2, "verb")},
	{PROTOBUF_RULES_REVIEW, MESSAGE(2, "spec", RULES_REVIEW_SPEC)},
	{PROTOBUF_RULES_REVIEW_SPEC, STRING(1, "namespace")},
	{PROTOBUF_SELF_REVIEW, MESSAGE(1, "metadata", OBJECT_META)},
};

static const struct {
	const char *kind;
	enum protobuf_message message;
} kinds[] = {
	{"ClusterRole", PROTOBUF_ROLE},
	{"ClusterRoleBinding", PROTOBUF_ROLE_BINDING},
	{"ConfigMap", PROTOBUF_CONFIG_MAP},
	{"CronJob", PROTOBUF_CRON_JOB},
	{"DeleteOptions", PROTOBUF_DELETE_OPTIONS},
	{"Deployment", PROTOBUF_DEPLOYMENT},
	{"Eviction", PROTOBUF_EVICTION},
	{"HorizontalPodAutoscaler", PROTOBUF_AUTOSCALER},
	{"Job", PROTOBUF_JOB},
	{"Namespace", PROTOBUF_NAMESPACE},
	{"PodDisruptionBudget", PROTOBUF_POD_DISRUPTION_BUDGET},
	{"PriorityClass", PROTOBUF_PRIORITY_CLASS},
	{"ResourceQuota", PROTOBUF_RESOURCE_QUOTA},
	{"Role", PROTOBUF_ROLE},
	{"RoleBinding", PROTOBUF_ROLE_BINDING},
	{"Secret", PROTOBUF_SECRET},
	{"SelfSubjectAccessReview", PROTOBUF_ACCESS_REVIEW},
	{"SelfSubjectReview", PROTOBUF_SELF_REVIEW},
	{"SelfSubjectRulesReview", PROTOBUF_RULES_REVIEW},
	{"Service", PROTOBUF_SERVICE},
	{"ServiceAccount", PROTOBUF_SERVICE_ACCOUNT},
};

const struct protobuf_field *protobuf_find_field(enum protobuf_message of, unsigned number)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].of == of && fields[i].number == number)
			return &fields[i];
	}
	return NULL;
}

bool protobuf_find_kind(const char *kind, enum protobuf_message *ret_message)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) != 0)
			continue;
		*ret_message = kinds[i].message;
		return true;
	}
	return false;
}
