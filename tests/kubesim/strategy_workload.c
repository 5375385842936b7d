/* StatefulSet, Deployment, DaemonSet, ReplicaSet, Job: after pkg/apis/{apps,batch}/validation. */
#include "tests/kubesim/strategy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/selector.h"

#define MAX_VALUE_BYTES (64u * 1024)

#define TEMPLATE_MISMATCH "`selector` does not match template `labels`"

/* Adds `Invalid value: JSON: WHY`. */
static void invalid_value(struct causes *causes, const char *field, const cJSON *value,
			  const char *why)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_VALUE_BYTES);

	if (value)
		json_print(value, &text);
	else
		buf_puts(&text, "null");
	causes_add(causes, "FieldValueInvalid", field, "Invalid value: %s: %s", buf_str(&text),
		   why);
}

static void validate_not_negative(const cJSON *object, const char *path, struct causes *causes)
{
	int64_t value;

	if (json_int(object, path, &value) && value < 0)
		causes_add(causes, "FieldValueInvalid", path,
			   "Invalid value: %lld: must be greater than or equal to 0",
			   (long long)value);
}

/* Whether a LabelSelector has neither labels nor expressions. */
static bool is_empty_selector(const cJSON *selector)
{
	const cJSON *labels = json_get(selector, "matchLabels");
	const cJSON *expressions = json_get(selector, "matchExpressions");

	return !(labels && labels->child) && !(expressions && expressions->child);
}

static void validate_selector(const cJSON *object, const char *kind, struct causes *causes)
{
	const cJSON *selector = json_at(object, "spec.selector");
	const cJSON *labels = json_at(object, "spec.template.metadata.labels");
	char why[128];

	if (!selector) {
		causes_add(causes, "FieldValueRequired", "spec.selector", "Required value");
		invalid_value(causes, "spec.template.metadata.labels", labels, TEMPLATE_MISMATCH);
		return;
	}
	if (is_empty_selector(selector)) {
		snprintf(why, sizeof(why), "empty selector is invalid for %s", kind);
		invalid_value(causes, "spec.selector", selector, why);
		return;
	}
	if (!selector_matches_labels(selector, labels))
		invalid_value(causes, "spec.template.metadata.labels", labels, TEMPLATE_MISMATCH);
}

static void validate_restart_policy(const cJSON *object, struct causes *causes)
{
	const char *policy = obj_text(object, "spec.template.spec.restartPolicy");

	if (policy[0] && strcmp(policy, "Always") != 0)
		causes_add(causes, "FieldValueNotSupported", "spec.template.spec.restartPolicy",
			   "Unsupported value: \"%s\": supported values: \"Always\"", policy);
}

static void validate_template(const cJSON *object, struct causes *causes)
{
	strategy_validate_pod_spec(json_at(object, "spec.template.spec"), "spec.template.spec",
				   causes);
	validate_restart_policy(object, causes);
}

/* --- StatefulSet ----------------------------------------------------------------------------- */

static void validate_update_strategy(const cJSON *object, struct causes *causes)
{
	const cJSON *strategy = json_at(object, "spec.updateStrategy");
	const char *type = obj_text(strategy, "type");
	const cJSON *rolling = json_get(strategy, "rollingUpdate");

	if (strcmp(type, "OnDelete") == 0) {
		if (rolling)
			invalid_value(causes, "spec.updateStrategy.rollingUpdate", rolling,
				      "only allowed for updateStrategy 'RollingUpdate'");
		return;
	}
	if (strcmp(type, "RollingUpdate") != 0)
		invalid_value(causes, "spec.updateStrategy", strategy,
			      "must be 'RollingUpdate' or 'OnDelete'");
	validate_not_negative(object, "spec.updateStrategy.rollingUpdate.partition", causes);
}

static void validate_pod_management(const cJSON *object, struct causes *causes)
{
	const char *policy = obj_text(object, "spec.podManagementPolicy");

	if (strcmp(policy, "OrderedReady") != 0 && strcmp(policy, "Parallel") != 0)
		causes_add(causes, "FieldValueInvalid", "spec.podManagementPolicy",
			   "Invalid value: \"%s\": must be 'OrderedReady' or 'Parallel'", policy);
}

/* Everything else in a StatefulSet's spec stays what it was. */
static void validate_statefulset_change(const cJSON *object, const cJSON *old,
					struct causes *causes)
{
	static const char *const mutable[] = {
		"replicas",
		"ordinals",
		"template",
		"updateStrategy",
		"revisionHistoryLimit",
		"persistentVolumeClaimRetentionPolicy",
		"minReadySeconds",
	};
	CLEANUP(cJSON_Delete_p) cJSON *before = obj_copy(json_get(old, "spec"));
	CLEANUP(cJSON_Delete_p) cJSON *after = obj_copy(json_get(object, "spec"));

	for (size_t i = 0; i < sizeof(mutable) / sizeof(mutable[0]); i++) {
		json_remove_key(before, mutable[i]);
		json_remove_key(after, mutable[i]);
	}
	if (!json_equal(before, after))
		causes_add(causes, "FieldValueForbidden", "spec",
			   "Forbidden: updates to statefulset spec for fields other than "
			   "'replicas', 'ordinals', 'template', 'updateStrategy', "
			   "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and "
			   "'minReadySeconds' are forbidden");
}

void strategy_validate_statefulset(const cJSON *object, const cJSON *old, struct causes *causes)
{
	validate_pod_management(object, causes);
	validate_update_strategy(object, causes);
	validate_not_negative(object, "spec.replicas", causes);
	validate_not_negative(object, "spec.minReadySeconds", causes);
	validate_not_negative(object, "spec.ordinals.start", causes);
	validate_selector(object, "statefulset", causes);
	/* The Pods of the template are looked at when they are created, not before. */
	validate_restart_policy(object, causes);
	if (old)
		validate_statefulset_change(object, old, causes);
}

/* --- DaemonSet ------------------------------------------------------------------------------- */

#define TEMPLATE_GENERATION "deprecated.daemonset.template.generation"

/* An old field that lives on as an annotation: it counts the changes of the template. */
void strategy_prepare_daemonset(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	const cJSON *before = json_get(json_at(old, "metadata.annotations"), TEMPLATE_GENERATION);
	long generation = cJSON_IsString(before) ? strtol(before->valuestring, NULL, 10) : 0;
	char text[24];

	(void)cluster;
	if (!old || !json_equal(json_at(object, "spec.template"), json_at(old, "spec.template")))
		generation++;
	snprintf(text, sizeof(text), "%ld", generation);
	obj_set_key(obj_at(object, "metadata.annotations"), TEMPLATE_GENERATION,
		    obj_new_text(text));
}

/* --- Job ------------------------------------------------------------------------------------- */

static void label_default(cJSON *labels, const char *key, const char *value)
{
	if (!json_get(labels, key))
		obj_set_key(labels, key, obj_new_text(value));
}

/* Unless the Job brings its own, its Pods are told from others by the Job's uid. */
static void select_by_uid(cJSON *job)
{
	cJSON *labels = obj_at(job, "spec.template.metadata.labels");

	label_default(labels, "controller-uid", obj_uid(job));
	label_default(labels, "job-name", obj_name(job));
	label_default(labels, "batch.kubernetes.io/controller-uid", obj_uid(job));
	label_default(labels, "batch.kubernetes.io/job-name", obj_name(job));
	label_default(obj_at(job, "spec.selector.matchLabels"),
		      "batch.kubernetes.io/controller-uid", obj_uid(job));
}

void strategy_prepare_job(struct cluster *cluster, cJSON *object, const cJSON *old)
{
	const cJSON *labels;

	(void)cluster;
	if (!old && !json_true(object, "spec.manualSelector"))
		select_by_uid(object);
	labels = json_at(object, "spec.template.metadata.labels");
	if (labels && !json_at(object, "metadata.labels"))
		obj_set(object, "metadata.labels", obj_copy(labels));
}

static void validate_unchanged(const cJSON *object, const cJSON *old, const char *path,
			       struct causes *causes)
{
	if (!json_equal(json_at(object, path), json_at(old, path)))
		invalid_value(causes, path, json_at(object, path), "field is immutable");
}

void strategy_validate_job(const cJSON *object, const cJSON *old, struct causes *causes)
{
	const char *policy = obj_text(object, "spec.template.spec.restartPolicy");

	validate_not_negative(object, "spec.parallelism", causes);
	validate_not_negative(object, "spec.completions", causes);
	validate_not_negative(object, "spec.backoffLimit", causes);
	validate_selector(object, "job", causes);
	strategy_validate_pod_spec(json_at(object, "spec.template.spec"), "spec.template.spec",
				   causes);
	if (strcmp(policy, "OnFailure") != 0 && strcmp(policy, "Never") != 0)
		causes_add(causes, "FieldValueRequired", "spec.template.spec.restartPolicy",
			   "Required value: valid values: \"OnFailure\", \"Never\"");
	if (!old)
		return;
	validate_unchanged(object, old, "spec.completions", causes);
	validate_unchanged(object, old, "spec.selector", causes);
	validate_unchanged(object, old, "spec.template", causes);
}

/* --- the others ------------------------------------------------------------------------------ */

void strategy_validate_workload(const cJSON *object, const cJSON *old, struct causes *causes)
{
	const char *kind = obj_text(object, "kind");
	char lower[32];

	validate_not_negative(object, "spec.replicas", causes);
	validate_not_negative(object, "spec.minReadySeconds", causes);
	if (strcmp(kind, "ReplicationController") != 0) {
		snprintf(lower, sizeof(lower), "%c%s", kind[0] | 0x20, kind + 1);
		validate_selector(object, lower, causes);
	}
	validate_template(object, causes);
	if (old && strcmp(kind, "ReplicationController") != 0 &&
	    !json_equal(json_at(object, "spec.selector"), json_at(old, "spec.selector")))
		invalid_value(causes, "spec.selector", json_at(object, "spec.selector"),
			      "field is immutable");
}
