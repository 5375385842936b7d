#include "diff/check_rules.h"

#include <inttypes.h>
#include <string.h>

#include "diff/selector.h"

/* --- selector and template ------------------------------------------------------------------- */

#define MISMATCH "`selector` does not match template `labels`: "

static const cJSON *template_labels(const struct checker *checker)
{
	return json_at(checker->manifest->desired, "spec.template.metadata.labels");
}

static int check_match_label(struct checker *checker, const cJSON *wanted)
{
	const cJSON *label = json_get(template_labels(checker), wanted->string);

	if (!cJSON_IsString(wanted))
		return 0; /* an ill-typed field, told already */
	if (!label)
		return check_report(checker, FINDING_ERROR, wanted,
				    MISMATCH "spec.template.metadata.labels lacks \"%s\"",
				    wanted->string);
	if (!cJSON_IsString(label) || !strcmp(label->valuestring, wanted->valuestring))
		return 0;
	return check_report(checker, FINDING_ERROR, label,
			    MISMATCH "\"%s\" is \"%s\" in spec.selector.matchLabels, but \"%s\" "
				     "in spec.template.metadata.labels",
			    wanted->string, wanted->valuestring, label->valuestring);
}

int check_selector(struct checker *checker)
{
	const cJSON *selector = json_at(checker->manifest->desired, "spec.selector");
	const cJSON *match_labels = json_get(selector, "matchLabels");
	const cJSON *expressions = json_get(selector, "matchExpressions");
	const cJSON *labels = template_labels(checker);
	const cJSON *item;

	if (!cJSON_IsObject(selector))
		return 0; /* missing or ill-typed, told already */
	if ((!match_labels || !match_labels->child) && (!expressions || !expressions->child))
		return check_report(checker, FINDING_ERROR, selector,
				    "spec.selector is empty: it has to name labels of the template "
				    "that tell these Pods apart");
	json_each (item, cJSON_IsObject(match_labels) ? match_labels : NULL) {
		if (check_match_label(checker, item) < 0)
			return -1;
	}
	json_each (item, expressions) {
		const char *key = json_str(item, "key");

		if (!selector_expression_holds(item, labels) &&
		    check_report(checker, FINDING_ERROR, item,
				 MISMATCH "the expression on \"%s\" does not hold for "
					  "spec.template.metadata.labels",
				 key ? key : "") < 0)
			return -1;
	}
	return 0;
}

int check_containers(struct checker *checker)
{
	const cJSON *containers =
		json_at(checker->manifest->desired, "spec.template.spec.containers");

	if (!cJSON_IsArray(containers) || containers->child)
		return 0;
	return check_report(checker, FINDING_ERROR, containers,
			    "spec.template.spec.containers is empty: a Pod needs a container");
}

/* --- numbers --------------------------------------------------------------------------------- */

static int check_not_negative(struct checker *checker, const char *path)
{
	const cJSON *value = json_at(checker->manifest->desired, path);
	int64_t number;

	if (!json_int_value(value, &number) || number >= 0)
		return 0;
	return check_report(checker, FINDING_ERROR, value,
			    "%s is %" PRId64 ", but must be 0 or more", path, number);
}

int check_replicas(struct checker *checker)
{
	return check_not_negative(checker, "spec.replicas");
}

int check_ordinals(struct checker *checker)
{
	return check_not_negative(checker, "spec.ordinals.start");
}

/* --- the update of a StatefulSet ------------------------------------------------------------- */

#define PARTITION "spec.updateStrategy.rollingUpdate.partition"

static int check_strategy_type(struct checker *checker)
{
	const cJSON *strategy = json_at(checker->manifest->desired, "spec.updateStrategy");
	const cJSON *type = json_get(strategy, "type");
	const cJSON *rolling_update = json_get(strategy, "rollingUpdate");

	if (!cJSON_IsString(type) || !strcmp(type->valuestring, "RollingUpdate"))
		return 0;
	if (strcmp(type->valuestring, "OnDelete") != 0)
		return check_report(checker, FINDING_ERROR, type,
				    "spec.updateStrategy.type is \"%s\", but must be RollingUpdate "
				    "or OnDelete",
				    type->valuestring);
	if (!cJSON_IsObject(rolling_update))
		return 0;
	const cJSON *partition = json_get(rolling_update, "partition");
	return check_report(checker, FINDING_ERROR, partition ? partition : rolling_update,
			    "%s has no meaning with type OnDelete, where Pods are replaced when "
			    "somebody deletes them; remove it, or make the type RollingUpdate",
			    partition ? PARTITION : "spec.updateStrategy.rollingUpdate");
}

/* A partition counts from ordinals.start, so it is replicas alone that it is held against. */
static int check_partition_reaches_pods(struct checker *checker)
{
	const cJSON *partition = json_at(checker->manifest->desired, PARTITION);
	int64_t from, replicas;

	if (!json_int_value(partition, &from) || from <= 0 ||
	    !json_int(checker->manifest->desired, "spec.replicas", &replicas) || from < replicas)
		return 0;
	return check_report(checker, FINDING_WARNING, partition,
			    PARTITION " is %" PRId64 ", which is not below replicas %" PRId64
				      ": no Pod takes a new template",
			    from, replicas);
}

int check_update_strategy(struct checker *checker)
{
	if (check_strategy_type(checker) < 0 || check_not_negative(checker, PARTITION) < 0)
		return -1;
	return check_partition_reaches_pods(checker);
}
