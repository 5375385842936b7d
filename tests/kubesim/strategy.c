#include "tests/kubesim/strategy.h"

#include <stdio.h>
#include <string.h>

#include "diff/names.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/custom.h"
#include "tests/kubesim/obj.h"

static const struct strategy strategies[] = {
	{.group = "", .kind = "ConfigMap", .validate = strategy_validate_data},
	{.group = "", .kind = "Endpoints", .create_on_update = true},
	{.group = "", .kind = "Event", .create_on_update = true},
	{.group = "", .kind = "LimitRange", .create_on_update = true},
	{.group = "", .kind = "Namespace", .prepare = strategy_prepare_namespace},
	{.group = "", .kind = "PersistentVolumeClaim", .prepare = strategy_prepare_claim},
	{.group = "",
	 .kind = "Pod",
	 .prepare = strategy_prepare_pod,
	 .validate = strategy_validate_pod},
	{.group = "", .kind = "PodTemplate", .create_on_update = true},
	{.group = "",
	 .kind = "ReplicationController",
	 .has_generation = true,
	 .validate = strategy_validate_workload},
	{.group = "", .kind = "Secret", .validate = strategy_validate_data},
	{.group = "",
	 .kind = "Service",
	 .create_on_update = true,
	 .prepare = strategy_prepare_service,
	 .validate = strategy_validate_service},
	{.group = "apps",
	 .kind = "DaemonSet",
	 .has_generation = true,
	 .prepare = strategy_prepare_daemonset,
	 .validate = strategy_validate_workload},
	{.group = "apps",
	 .kind = "Deployment",
	 .has_generation = true,
	 .annotations_raise_generation = true,
	 .validate = strategy_validate_workload},
	{.group = "apps",
	 .kind = "ReplicaSet",
	 .has_generation = true,
	 .validate = strategy_validate_workload},
	{.group = "apps",
	 .kind = "StatefulSet",
	 .has_generation = true,
	 .validate = strategy_validate_statefulset},
	{.group = "apiextensions.k8s.io",
	 .kind = "CustomResourceDefinition",
	 .has_generation = true,
	 .prepare = strategy_prepare_crd,
	 .validate = strategy_validate_crd},
	{.group = "admissionregistration.k8s.io",
	 .kind = "MutatingWebhookConfiguration",
	 .has_generation = true},
	{.group = "admissionregistration.k8s.io",
	 .kind = "ValidatingWebhookConfiguration",
	 .has_generation = true},
	{.group = "batch", .kind = "CronJob", .has_generation = true},
	{.group = "batch",
	 .kind = "Job",
	 .has_generation = true,
	 .prepare = strategy_prepare_job,
	 .validate = strategy_validate_job},
	{.group = "coordination.k8s.io", .kind = "Lease", .create_on_update = true},
	{.group = "events.k8s.io", .kind = "Event", .create_on_update = true},
	{.group = "networking.k8s.io", .kind = "Ingress", .has_generation = true},
	{.group = "networking.k8s.io", .kind = "IngressClass", .has_generation = true},
	{.group = "networking.k8s.io", .kind = "NetworkPolicy", .has_generation = true},
	{.group = "policy", .kind = "PodDisruptionBudget", .has_generation = true},
	{.group = "rbac.authorization.k8s.io", .kind = "ClusterRole", .create_on_update = true},
	{.group = "rbac.authorization.k8s.io",
	 .kind = "ClusterRoleBinding",
	 .create_on_update = true},
	{.group = "rbac.authorization.k8s.io", .kind = "Role", .create_on_update = true},
	{.group = "rbac.authorization.k8s.io", .kind = "RoleBinding", .create_on_update = true},
	{.group = "scheduling.k8s.io", .kind = "PriorityClass", .has_generation = true},
};

const struct strategy *strategy_of(const struct kind *kind)
{
	static const struct strategy none, custom = {.has_generation = true};

	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++) {
		if (strcmp(strategies[i].kind, kind->kind) == 0 &&
		    strcmp(strategies[i].group, kind->group) == 0)
			return &strategies[i];
	}
	return kind->custom ? &custom : &none;
}

/* --- metadata -------------------------------------------------------------------------------- */

static void validate_name(const struct kind *kind, const cJSON *object, struct causes *causes)
{
	const char *name = obj_name(object), *fault;

	if (!name[0]) {
		causes_add(causes, "FieldValueRequired", "metadata.name",
			   "Required value: name or generateName is required");
		return;
	}
	fault = name_fault(name_rule_of(kind->group, kind->kind), name);
	if (fault)
		causes_add(causes, "FieldValueInvalid", "metadata.name",
			   "Invalid value: \"%s\": %s", name, fault);
}

static void validate_labels(const cJSON *object, struct causes *causes)
{
	const cJSON *label;

	json_each (label, json_at(object, "metadata.labels")) {
		const char *value = cJSON_IsString(label) ? label->valuestring : "";
		const char *fault = name_fault(NAME_QUALIFIED, label->string);

		if (fault)
			causes_add(causes, "FieldValueInvalid", "metadata.labels",
				   "Invalid value: \"%s\": %s", label->string, fault);
		fault = name_fault(NAME_LABEL_VALUE, value);
		if (fault)
			causes_add(causes, "FieldValueInvalid", "metadata.labels",
				   "Invalid value: \"%s\": %s", value, fault);
	}
}

static void validate_owners(const cJSON *object, struct causes *causes)
{
	static const char *const required[] = {"apiVersion", "kind", "name", "uid"};
	const cJSON *owner;
	int index = 0;

	json_each (owner, json_at(object, "metadata.ownerReferences")) {
		for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
			char field[96];

			if (obj_text(owner, required[i])[0])
				continue;
			snprintf(field, sizeof(field), "metadata.ownerReferences[%d].%s", index,
				 required[i]);
			causes_add(causes, "FieldValueInvalid", field,
				   "Invalid value: \"\": must not be empty");
		}
		index++;
	}
}

/* Of Kubernetes' own kinds: a name with a prefix, or one of the server's own. */
static void validate_finalizer_names(const cJSON *object, struct causes *causes)
{
	static const char *const own[] = {"kubernetes", "orphan", "foregroundDeletion"};
	const cJSON *finalizer;
	int index = 0;

	json_each (finalizer, json_at(object, "metadata.finalizers")) {
		const char *text = cJSON_IsString(finalizer) ? finalizer->valuestring : "";
		bool known = strchr(text, '/');
		char field[48];

		for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
			known |= strcmp(text, own[i]) == 0;
		snprintf(field, sizeof(field), "metadata.finalizers[%d]", index++);
		if (!known)
			causes_add(
				causes, "FieldValueInvalid", field,
				"Invalid value: \"%s\": name is neither a standard finalizer name "
				"nor is it fully qualified",
				text);
	}
}

/* An object that is being deleted gets no new finalizers. */
static void validate_finalizers(const cJSON *object, const cJSON *old, struct causes *causes)
{
	const cJSON *finalizer;

	json_each (finalizer, json_at(object, "metadata.finalizers")) {
		if (!cJSON_IsString(finalizer) || !old || !obj_is_deleting(old) ||
		    obj_has_finalizer(old, finalizer->valuestring))
			continue;
		causes_add(causes, "FieldValueForbidden", "metadata.finalizers",
			   "Forbidden: no new finalizers can be added if the object is being "
			   "deleted, found new finalizers []string{\"%s\"}",
			   finalizer->valuestring);
	}
}

/* --- what the schema requires ---------------------------------------------------------------- */

static int note_missing(const struct schema_finding *finding, void *context)
{
	/* The status is the server's own affair. */
	if (finding->fault == SCHEMA_MISSING && strncmp(finding->path, "status.", 7) != 0)
		causes_add(context, "FieldValueRequired", finding->path, "Required value");
	return 0;
}

void strategy_validate(const struct kind *kind, const cJSON *object, const cJSON *old,
		       struct causes *causes)
{
	const struct strategy *strategy = strategy_of(kind);
	struct err err = {0};

	validate_name(kind, object, causes);
	validate_labels(object, causes);
	validate_owners(object, causes);
	validate_finalizers(object, old, causes);
	if (!kind->custom)
		validate_finalizer_names(object, causes);
	if (kind->custom)
		custom_validate(kind, object, causes);
	else if (strategy->validate)
		strategy->validate(object, old, causes);
	else if (kind->schema)
		must_do(schema_check(kind->schema, kind->kind, object, note_missing, causes, &err),
			&err);
}
