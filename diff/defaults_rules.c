#include "diff/defaults_rules.h"

#include <stdint.h>
#include <string.h>

#define RBAC_GROUP "rbac.authorization.k8s.io"

bool defaults_is_absent(const cJSON *object, const char *key, enum absent rule)
{
	const cJSON *value = json_get(object, key);
	int64_t integer;

	if (!value || cJSON_IsNull(value))
		return true;
	if (rule == IF_NULL)
		return false;
	return (cJSON_IsString(value) && !value->valuestring[0]) ||
	       (json_int_value(value, &integer) && integer == 0);
}

static bool holds(const cJSON *object, const char *key, const char *text)
{
	const cJSON *value = json_get(object, key);

	return cJSON_IsString(value) && strcmp(value->valuestring, text) == 0;
}

static bool is_empty(const cJSON *object, const char *key)
{
	const cJSON *value = json_get(object, key);

	return !value || !value->child;
}

static int fill_str(cJSON *object, const char *key, const char *value, struct err *err)
{
	return defaults_is_absent(object, key, IF_ZERO)
		       ? json_set_key(object, key, cJSON_CreateString(value), err)
		       : 0;
}

static int fill_int(cJSON *object, const char *key, int64_t value, struct err *err)
{
	return defaults_is_absent(object, key, IF_NULL)
		       ? json_set_key(object, key, json_new_int(value), err)
		       : 0;
}

static int fill_bool(cJSON *object, const char *key, bool value, struct err *err)
{
	return defaults_is_absent(object, key, IF_NULL)
		       ? json_set_key(object, key, cJSON_CreateBool(value), err)
		       : 0;
}

static int fill_json(cJSON *object, const char *key, const char *text, struct err *err)
{
	cJSON *value;

	if (!defaults_is_absent(object, key, IF_NULL))
		return 0;
	if (json_parse(text, strlen(text), &value, err) < 0)
		return -1;
	return json_set_key(object, key, value, err);
}

static int fill_copy(cJSON *object, const char *key, const cJSON *value, struct err *err)
{
	return defaults_is_absent(object, key, IF_NULL)
		       ? json_set_key(object, key, json_copy(value), err)
		       : 0;
}

/* The object at `key`, made where it is absent; *ret_value is NULL where it is something else. */
static int fill_object(cJSON *object, const char *key, cJSON **ret_value, struct err *err)
{
	cJSON *value;

	if (defaults_is_absent(object, key, IF_NULL) &&
	    json_set_key(object, key, cJSON_CreateObject(), err) < 0)
		return -1;
	value = json_get(object, key);
	*ret_value = cJSON_IsObject(value) ? value : NULL;
	return 0;
}

/* --- Pods ------------------------------------------------------------------------------------ */

static bool is_word(const char *text, size_t length, const char *others)
{
	for (size_t i = 0; i < length; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && !(text[i] >= '0' && text[i] <= '9') &&
		    !strchr(others, text[i]))
			return false;
	return length > 0;
}

/*
 * Whether an image is pulled at each start: only where its tag is "latest", written or implied. A
 * reference that is none (capitals in the path, no path) counts as tagged otherwise.
 */
static bool is_latest(const char *image)
{
	const char *at = strchr(image, '@');
	size_t length = at ? (size_t)(at - image) : strlen(image);
	const char *path = image, *slash = memchr(image, '/', length), *tag;

	/* What stands before the first slash is a host if it looks like one. */
	if (slash && (memchr(image, '.', slash - image) || memchr(image, ':', slash - image) ||
		      !is_word(image, slash - image, "-_")))
		path = slash + 1;
	length -= path - image;
	tag = memchr(path, ':', length);
	if (!is_word(path, tag ? (size_t)(tag - path) : length, "-_./"))
		return false;
	return tag ? length - (tag - path) == 7 && memcmp(tag, ":latest", 7) == 0 : !at;
}

static int fill_pull_policy(cJSON *object, const char *image, const char *policy, struct err *err)
{
	const cJSON *value = json_get(object, image);

	return fill_str(object, policy,
			cJSON_IsString(value) && is_latest(value->valuestring) ? "Always"
									       : "IfNotPresent",
			err);
}

static int complete_container(cJSON *container, struct err *err)
{
	return fill_pull_policy(container, "image", "imagePullPolicy", err);
}

static int complete_image_volume(cJSON *source, struct err *err)
{
	return fill_pull_policy(source, "reference", "pullPolicy", err);
}

/* A volume without a source is an emptyDir. */
static int complete_volume(cJSON *volume, struct err *err)
{
	const cJSON *member;

	json_each (member, volume)
		if (strcmp(member->string, "name") != 0 && !cJSON_IsNull(member))
			return 0;
	return json_set_key(volume, "emptyDir", cJSON_CreateObject(), err);
}

/* serviceAccount is an old name of serviceAccountName; the server answers with both. */
static int complete_pod_spec(cJSON *spec, struct err *err)
{
	if (defaults_is_absent(spec, "serviceAccountName", IF_ZERO)) {
		if (defaults_is_absent(spec, "serviceAccount", IF_ZERO))
			return 0;
		return json_set_key(spec, "serviceAccountName",
				    json_copy(json_get(spec, "serviceAccount")), err);
	}
	return json_set_key(spec, "serviceAccount", json_copy(json_get(spec, "serviceAccountName")),
			    err);
}

/* Requests that are not named equal the limits. */
static int complete_requests(cJSON *container, struct err *err)
{
	const cJSON *limits = json_at(container, "resources.limits"), *limit;
	cJSON *requests;

	if (!cJSON_IsObject(limits))
		return 0;
	if (fill_object(json_get(container, "resources"), "requests", &requests, err) < 0)
		return -1;
	json_each (limit, limits)
		if (requests && fill_copy(requests, limit->string, limit, err) < 0)
			return -1;
	return 0;
}

static int complete_host_ports(cJSON *container, struct err *err)
{
	cJSON *port;

	json_each (port, json_get(container, "ports"))
		if (!defaults_is_absent(port, "containerPort", IF_ZERO) &&
		    defaults_is_absent(port, "hostPort", IF_ZERO) &&
		    json_set_key(port, "hostPort", json_copy(json_get(port, "containerPort")),
				 err) < 0)
			return -1;
	return 0;
}

/* What holds for a Pod but not for a template. */
static int complete_pod(cJSON *pod, struct err *err)
{
	static const char *const lists[] = {"containers", "initContainers"};
	cJSON *spec = json_get(pod, "spec"), *container;

	if (!cJSON_IsObject(spec))
		return 0;
	for (size_t i = 0; i < 2; i++)
		json_each (container, json_get(spec, lists[i]))
			if (complete_requests(container, err) < 0 ||
			    (json_true(spec, "hostNetwork") &&
			     complete_host_ports(container, err) < 0))
				return -1;
	return fill_bool(spec, "enableServiceLinks", true, err);
}

/* --- workloads ------------------------------------------------------------------------------- */

/*
 * No strategy at all means RollingUpdate with partition 0; RollingUpdate without rollingUpdate
 * leaves that out; an empty rollingUpdate gets partition 0.
 */
static int complete_stateful_set_spec(cJSON *spec, struct err *err)
{
	cJSON *strategy = json_get(spec, "updateStrategy"), *claim, *rolling;

	if (cJSON_IsObject(strategy)) {
		if (defaults_is_absent(strategy, "type", IF_ZERO) &&
		    (fill_str(strategy, "type", "RollingUpdate", err) < 0 ||
		     fill_object(strategy, "rollingUpdate", &rolling, err) < 0))
			return -1;
		rolling = json_get(strategy, "rollingUpdate");
		if (holds(strategy, "type", "RollingUpdate") && cJSON_IsObject(rolling) &&
		    fill_int(rolling, "partition", 0, err) < 0)
			return -1;
	}
	json_each (claim, json_get(spec, "volumeClaimTemplates"))
		if (cJSON_IsObject(claim) &&
		    (json_set_str(claim, "apiVersion", "v1", err) < 0 ||
		     json_set_str(claim, "kind", "PersistentVolumeClaim", err) < 0))
			return -1;
	return 0;
}

static int complete_rolling_update(cJSON *strategy, const char *max_unavailable,
				   const char *max_surge, struct err *err)
{
	cJSON *rolling;

	if (!cJSON_IsObject(strategy))
		return 0;
	if (fill_str(strategy, "type", "RollingUpdate", err) < 0)
		return -1;
	if (!holds(strategy, "type", "RollingUpdate"))
		return 0;
	if (fill_object(strategy, "rollingUpdate", &rolling, err) < 0)
		return -1;
	return !rolling ? 0
	       : fill_json(rolling, "maxUnavailable", max_unavailable, err) < 0
		       ? -1
		       : fill_json(rolling, "maxSurge", max_surge, err);
}

static int complete_deployment_spec(cJSON *spec, struct err *err)
{
	return complete_rolling_update(json_get(spec, "strategy"), "\"25%\"", "\"25%\"", err);
}

static int complete_daemon_set_spec(cJSON *spec, struct err *err)
{
	return complete_rolling_update(json_get(spec, "updateStrategy"), "1", "0", err);
}

/* The template's labels serve where the object has none of its own. */
static int complete_labels(cJSON *object, cJSON *target, const char *key, struct err *err)
{
	const cJSON *labels = json_at(object, "spec.template.metadata.labels");

	if (is_empty(target, key) && cJSON_IsObject(labels))
		return json_set_key(target, key, json_copy(labels), err);
	return 0;
}

static int complete_replication_controller(cJSON *controller, struct err *err)
{
	cJSON *metadata, *spec = json_get(controller, "spec");

	if (fill_object(controller, "metadata", &metadata, err) < 0)
		return -1;
	if (cJSON_IsObject(spec) && complete_labels(controller, spec, "selector", err) < 0)
		return -1;
	return metadata ? complete_labels(controller, metadata, "labels", err) : 0;
}

/* A Job's own spec; that of a CronJob's template stays as it is. */
static int complete_job(cJSON *job, struct err *err)
{
	cJSON *metadata, *spec;

	if (fill_object(job, "metadata", &metadata, err) < 0 ||
	    (metadata && complete_labels(job, metadata, "labels", err) < 0) ||
	    fill_object(job, "spec", &spec, err) < 0)
		return -1;
	if (!spec)
		return 0;
	if (defaults_is_absent(spec, "parallelism", IF_NULL) &&
	    fill_int(spec, "completions", 1, err) < 0)
		return -1;
	if (fill_int(spec, "parallelism", 1, err) < 0 ||
	    fill_int(spec, "backoffLimit",
		     defaults_is_absent(spec, "backoffLimitPerIndex", IF_NULL) ? 6 : INT32_MAX,
		     err) < 0 ||
	    fill_str(spec, "completionMode", "NonIndexed", err) < 0 ||
	    fill_bool(spec, "suspend", false, err) < 0 ||
	    fill_bool(spec, "manualSelector", false, err) < 0)
		return -1;
	return fill_str(spec, "podReplacementPolicy",
			defaults_is_absent(spec, "podFailurePolicy", IF_NULL)
				? "TerminatingOrFailed"
				: "Failed",
			err);
}

/* --- the others ------------------------------------------------------------------------------ */

static int complete_service_port(cJSON *port, struct err *err)
{
	const cJSON *number = json_get(port, "port");

	if (!number || !defaults_is_absent(port, "targetPort", IF_ZERO))
		return 0;
	return json_set_key(port, "targetPort", json_copy(number), err);
}

static int complete_service_spec(cJSON *spec, struct err *err)
{
	bool balanced = holds(spec, "type", "LoadBalancer");
	bool has_node_ports = balanced || holds(spec, "type", "NodePort");
	bool internal = holds(spec, "type", "ClusterIP");

	if (holds(spec, "sessionAffinity", "None"))
		json_remove_key(spec, "sessionAffinityConfig");
	if (holds(spec, "sessionAffinity", "ClientIP") &&
	    (!json_at(spec, "sessionAffinityConfig.clientIP.timeoutSeconds") ||
	     cJSON_IsNull(json_at(spec, "sessionAffinityConfig.clientIP.timeoutSeconds")))) {
		json_remove_key(spec, "sessionAffinityConfig");
		if (fill_json(spec, "sessionAffinityConfig",
			      "{\"clientIP\":{\"timeoutSeconds\":10800}}", err) < 0)
			return -1;
	}
	if ((has_node_ports || (internal && !is_empty(spec, "externalIPs"))) &&
	    fill_str(spec, "externalTrafficPolicy", "Cluster", err) < 0)
		return -1;
	if ((has_node_ports || internal) &&
	    defaults_is_absent(spec, "internalTrafficPolicy", IF_NULL) &&
	    fill_str(spec, "internalTrafficPolicy", "Cluster", err) < 0)
		return -1;
	return balanced ? fill_bool(spec, "allocateLoadBalancerNodePorts", true, err) : 0;
}

static int complete_namespace(cJSON *namespace, struct err *err)
{
	const char *name = json_str(namespace, "metadata.name");
	cJSON *labels;

	if (!name || !*name)
		return 0;
	if (fill_object(json_get(namespace, "metadata"), "labels", &labels, err) < 0)
		return -1;
	return labels ? json_set_key(labels, "kubernetes.io/metadata.name",
				     cJSON_CreateString(name), err)
		      : 0;
}

/* A container's limits stand in for each other: max, default, defaultRequest; then min. */
static int complete_limit_range_item(cJSON *item, struct err *err)
{
	static const char *const steps[][2] = {
		{"max", "default"}, {"default", "defaultRequest"}, {"min", "defaultRequest"}};
	cJSON *target;
	const cJSON *value;

	if (!holds(item, "type", "Container"))
		return 0;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (is_empty(item, steps[i][0]))
			continue;
		if (fill_object(item, steps[i][1], &target, err) < 0)
			return -1;
		json_each (value, json_get(item, steps[i][0]))
			if (target && fill_copy(target, value->string, value, err) < 0)
				return -1;
	}
	return 0;
}

static int complete_scaling_rules(cJSON *behavior, const char *key, const char *window,
				  const char *policies, struct err *err)
{
	cJSON *rules;

	if (fill_object(behavior, key, &rules, err) < 0)
		return -1;
	if (!rules)
		return 0;
	if (window && fill_json(rules, "stabilizationWindowSeconds", window, err) < 0)
		return -1;
	return fill_json(rules, "selectPolicy", "\"Max\"", err) < 0
		       ? -1
		       : fill_json(rules, "policies", policies, err);
}

static int complete_autoscaler_v2(cJSON *autoscaler, struct err *err)
{
	cJSON *spec = json_get(autoscaler, "spec"), *behavior = json_get(spec, "behavior");

	if (holds(autoscaler, "apiVersion", "autoscaling/v1") || !cJSON_IsObject(spec))
		return 0;
	if (is_empty(spec, "metrics")) {
		json_remove_key(spec, "metrics");
		if (fill_json(spec, "metrics",
			      "[{\"type\":\"Resource\",\"resource\":{\"name\":\"cpu\",\"target\":"
			      "{\"type\":\"Utilization\",\"averageUtilization\":80}}}]",
			      err) < 0)
			return -1;
	}
	if (!cJSON_IsObject(behavior))
		return 0;
	if (complete_scaling_rules(behavior, "scaleUp", "0",
				   "[{\"type\":\"Pods\",\"value\":4,\"periodSeconds\":15},"
				   "{\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]",
				   err) < 0)
		return -1;
	return complete_scaling_rules(behavior, "scaleDown", NULL,
				      "[{\"type\":\"Percent\",\"value\":100,\"periodSeconds\":15}]",
				      err);
}

static int complete_network_policy_spec(cJSON *spec, struct err *err)
{
	if (!is_empty(spec, "policyTypes"))
		return 0;
	json_remove_key(spec, "policyTypes");
	return fill_json(spec, "policyTypes",
			 is_empty(spec, "egress") ? "[\"Ingress\"]" : "[\"Ingress\",\"Egress\"]",
			 err);
}

static int complete_subject(cJSON *subject, struct err *err)
{
	if (!holds(subject, "kind", "User") && !holds(subject, "kind", "Group"))
		return 0;
	return fill_str(subject, "apiGroup", RBAC_GROUP, err);
}

/* --- which rule is whose --------------------------------------------------------------------- */

static const struct {
	char type[28];
	int (*complete)(cJSON *object, struct err *err);
} rules[] = {
	{"StatefulSetSpec", complete_stateful_set_spec},
	{"DeploymentSpec", complete_deployment_spec},
	{"DaemonSetSpec", complete_daemon_set_spec},
	{"ReplicationController", complete_replication_controller},
	{"Pod", complete_pod},
	{"PodSpec", complete_pod_spec},
	{"Container", complete_container},
	{"EphemeralContainer", complete_container},
	{"Volume", complete_volume},
	{"ImageVolumeSource", complete_image_volume},
	{"ServiceSpec", complete_service_spec},
	{"ServicePort", complete_service_port},
	{"Namespace", complete_namespace},
	{"LimitRangeItem", complete_limit_range_item},
	{"Job", complete_job},
	{"HorizontalPodAutoscaler", complete_autoscaler_v2},
	{"NetworkPolicySpec", complete_network_policy_spec},
	{"Subject", complete_subject},
};

int defaults_apply_rules(const struct schema_object *type, cJSON *object, struct err *err)
{
	const char *name = schema_object_name(type);

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (strcmp(rules[i].type, name) == 0 && rules[i].complete(object, err) < 0)
			return -1;
	return 0;
}
