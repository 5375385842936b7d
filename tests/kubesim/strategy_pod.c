/* Pods: after pkg/registry/core/pod and pkg/apis/core/validation. */
#include "tests/kubesim/strategy.h"

#include <stdio.h>
#include <string.h>

#include "diff/names.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

/* --- Pod specs ------------------------------------------------------------------------------- */

static void required(struct causes *causes, const char *format, ...) PRINTF(2, 3);

static void required(struct causes *causes, const char *format, ...)
{
	char field[256];
	va_list args;

	va_start(args, format);
	vsnprintf(field, sizeof(field), format, args);
	va_end(args);
	causes_add(causes, "FieldValueRequired", field, "Required value");
}

static const cJSON *find_named(const cJSON *list, const char *name, const cJSON *before)
{
	const cJSON *item;

	json_each (item, list) {
		if (item == before)
			return NULL;
		if (strcmp(obj_text(item, "name"), name) == 0)
			return item;
	}
	return NULL;
}

static void validate_ports(const cJSON *container, const char *path, struct causes *causes)
{
	const cJSON *port;
	int index = 0;

	json_each (port, json_get(container, "ports")) {
		int64_t number = json_int_or(port, "containerPort", 0);
		char field[256];

		snprintf(field, sizeof(field), "%s.ports[%d].containerPort", path, index++);
		if (number == 0)
			required(causes, "%s", field);
		else if (number < 1 || number > 65535)
			causes_add(causes, "FieldValueInvalid", field,
				   "Invalid value: %lld: must be between 1 and 65535, inclusive",
				   (long long)number);
	}
}

static void validate_mounts(const cJSON *container, const cJSON *volumes, const char *path,
			    struct causes *causes)
{
	const cJSON *mount;
	int index = 0;

	json_each (mount, json_get(container, "volumeMounts")) {
		const char *name = obj_text(mount, "name");
		char field[256];

		snprintf(field, sizeof(field), "%s.volumeMounts[%d].name", path, index);
		if (!name[0])
			required(causes, "%s", field);
		else if (volumes && !find_named(volumes, name, NULL))
			causes_add(causes, "FieldValueNotFound", field, "Not found: \"%s\"", name);
		if (!obj_text(mount, "mountPath")[0])
			required(causes, "%s.volumeMounts[%d].mountPath", path, index);
		index++;
	}
}

/* `volumes` is NULL where they are not all known: a StatefulSet's claims become volumes too. */
static void validate_container(const cJSON *list, const cJSON *container, const cJSON *volumes,
			       const char *path, struct causes *causes)
{
	const char *name = obj_text(container, "name");
	const char *fault = name[0] ? name_fault(NAME_LABEL, name) : NULL;
	char field[256];

	snprintf(field, sizeof(field), "%s.name", path);
	if (!name[0])
		required(causes, "%s", field);
	else if (fault)
		causes_add(causes, "FieldValueInvalid", field, "Invalid value: \"%s\": %s", name,
			   fault);
	else if (find_named(list, name, container))
		causes_add(causes, "FieldValueDuplicate", field, "Duplicate value: \"%s\"", name);
	if (!obj_text(container, "image")[0])
		required(causes, "%s.image", path);
	validate_ports(container, path, causes);
	validate_mounts(container, volumes, path, causes);
}

static void validate_containers(const cJSON *spec, const char *member, bool claims,
				const char *path, struct causes *causes)
{
	static const cJSON none = {.type = cJSON_Array};
	const cJSON *list = json_get(spec, member), *volumes = json_get(spec, "volumes"), *item;
	int index = 0;

	if (claims)
		volumes = NULL;
	else if (!volumes)
		volumes = &none;
	json_each (item, list) {
		char field[160];

		snprintf(field, sizeof(field), "%s.%s[%d]", path, member, index++);
		validate_container(list, item, volumes, field, causes);
	}
}

void strategy_validate_pod_spec(const cJSON *spec, const char *path, struct causes *causes)
{
	const cJSON *containers = json_get(spec, "containers");
	bool claims = strcmp(path, "spec.template.spec") == 0;

	if (!containers || !containers->child)
		required(causes, "%s.containers", path);
	validate_containers(spec, "initContainers", claims, path, causes);
	validate_containers(spec, "containers", claims, path, causes);
}

/* --- Pods ------------------------------------------------------------------------------------ */

/* Guaranteed, Burstable or BestEffort: by what the containers ask for. */
static const char *qos_class(const cJSON *pod)
{
	const cJSON *container;
	bool any = false, all = true;

	json_each (container, json_at(pod, "spec.containers")) {
		const cJSON *limits = json_at(container, "resources.limits");
		const cJSON *requests = json_at(container, "resources.requests");

		any |= (limits && limits->child) || (requests && requests->child);
		all &= json_get(limits, "cpu") && json_get(limits, "memory") &&
		       json_equal(json_get(limits, "cpu"), json_get(requests, "cpu")) &&
		       json_equal(json_get(limits, "memory"), json_get(requests, "memory"));
	}
	return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
}

static void tolerate(cJSON *pod, const char *taint)
{
	cJSON *list = obj_array_at(pod, "spec.tolerations"), *item;

	json_each (item, list) {
		const char *key = obj_text(item, "key");

		if (!key[0] || strcmp(key, taint) == 0)
			return;
	}
	item = obj_new();
	obj_set_text(item, "key", taint);
	obj_set_text(item, "operator", "Exists");
	obj_set_text(item, "effect", "NoExecute");
	obj_set_int(item, "tolerationSeconds", 300);
	obj_append(list, item);
}

/* What the strategy and the admission plug-ins Priority and DefaultTolerationSeconds fill in. */
void strategy_prepare_pod(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	(void)cluster;
	if (!json_at(object, "spec.priority"))
		obj_set_int(object, "spec.priority", json_int_or(old, "spec.priority", 0));
	if (!json_at(object, "spec.preemptionPolicy")) {
		const char *policy = json_str(old, "spec.preemptionPolicy");

		obj_set_text(object, "spec.preemptionPolicy",
			     policy ? policy : "PreemptLowerPriority");
	}
	tolerate(object, "node.kubernetes.io/not-ready");
	tolerate(object, "node.kubernetes.io/unreachable");
	if (old)
		return;
	obj_set_text(object, "status.phase", "Pending");
	obj_set_text(object, "status.qosClass", qos_class(object));
}

/* The spec without what may change: images, and three numbers and lists. */
static cJSON *unchanging(const cJSON *object)
{
	static const char *const lists[] = {"containers", "initContainers"};
	cJSON *spec = obj_copy(json_get(object, "spec")), *item;

	for (size_t i = 0; i < 2; i++) {
		json_each (item, json_get(spec, lists[i])) {
			json_remove_key(item, "image");
		}
	}
	json_remove_key(spec, "activeDeadlineSeconds");
	json_remove_key(spec, "tolerations");
	json_remove_key(spec, "terminationGracePeriodSeconds");
	return spec;
}

void strategy_validate_pod(const cJSON *object, const cJSON *old, struct causes *causes)
{
	CLEANUP(cJSON_Delete_p) cJSON *before = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *after = NULL;

	strategy_validate_pod_spec(json_get(object, "spec"), "spec", causes);
	if (!old)
		return;
	before = unchanging(old);
	after = unchanging(object);
	if (!json_equal(before, after))
		causes_add(causes, "FieldValueForbidden", "spec",
			   "Forbidden: pod updates may not change fields other than "
			   "`spec.containers[*].image`,`spec.initContainers[*].image`,"
			   "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
			   "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it "
			   "to be set to 1 if it was previously negative)");
}
