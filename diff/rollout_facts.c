#include "diff/rollout_facts.h"

#include <stdlib.h>
#include <string.h>

#include "diff/selector.h"

static const char *text_at(const cJSON *object, const char *path)
{
	const char *text = json_str(object, path);

	return text ? text : "";
}

/* Bounded to what the API's int32 fields can hold, so that sums of two stay far from overflow. */
static int64_t count_at(const cJSON *object, const char *path, int64_t fallback)
{
	int64_t value = json_int_or(object, path, fallback);

	return value < 0 ? 0 : value > INT32_MAX ? INT32_MAX : value;
}

int rollout_facts_read(const cJSON *statefulset, struct rollout_facts *ret_facts, struct err *err)
{
	struct rollout_facts facts = {
		.namespace = text_at(statefulset, "metadata.namespace"),
		.name = text_at(statefulset, "metadata.name"),
		.uid = text_at(statefulset, "metadata.uid"),
		.selector = json_at(statefulset, "spec.selector"),
		.template = json_at(statefulset, "spec.template"),
		.replicas = count_at(statefulset, "spec.replicas", 1),
		.start = count_at(statefulset, "spec.ordinals.start", 0),
		.min_ready_ms = count_at(statefulset, "spec.minReadySeconds", 0) * 1000,
		.ordered =
			strcmp(text_at(statefulset, "spec.podManagementPolicy"), "Parallel") != 0,
		.on_delete =
			strcmp(text_at(statefulset, "spec.updateStrategy.type"), "OnDelete") == 0,
		.has_rolling_update =
			cJSON_IsObject(json_at(statefulset, "spec.updateStrategy.rollingUpdate")),
		.current_revision = text_at(statefulset, "status.currentRevision"),
		.update_revision = text_at(statefulset, "status.updateRevision"),
	};

	if (strcmp(text_at(statefulset, "kind"), "StatefulSet") != 0 || !*facts.name)
		return err_set(err, ERR_INVALID, "not a StatefulSet with a name");
	if (facts.replicas > ROLLOUT_MAX_PODS)
		return err_set(err, ERR_LIMIT, "spec.replicas is more than %d", ROLLOUT_MAX_PODS);
	if (!facts.on_delete)
		facts.partition =
			count_at(statefulset, "spec.updateStrategy.rollingUpdate.partition", 0);
	*ret_facts = facts;
	return 0;
}

static const cJSON *controller_of(const cJSON *object)
{
	const cJSON *owner;

	json_each (owner, json_at(object, "metadata.ownerReferences")) {
		if (json_true(owner, "controller"))
			return owner;
	}
	return NULL;
}

bool rollout_facts_claim(const struct rollout_facts *facts, const cJSON *object)
{
	const cJSON *owner = controller_of(object);
	const char *namespace = text_at(object, "metadata.namespace");

	if (*namespace && *facts->namespace && strcmp(namespace, facts->namespace) != 0)
		return false;
	if (owner && *facts->uid)
		return strcmp(text_at(owner, "uid"), facts->uid) == 0;
	if (owner)
		return strcmp(text_at(owner, "kind"), "StatefulSet") == 0 &&
		       strcmp(text_at(owner, "name"), facts->name) == 0;
	return selector_matches(facts->selector, json_at(object, "metadata.labels"));
}
