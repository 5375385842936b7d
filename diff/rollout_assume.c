#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/rollout_facts.h"

/* What tells the Pods of a StatefulSet apart; everything is borrowed. */
struct census {
	struct rollout_facts facts;
	int64_t existing, updated; /* status counts */
	bool settled;              /* one revision only */
};

/* Whether the Pod runs the update revision: the controller begins with the highest ordinals. */
static bool is_updated(const struct census *census, int64_t index)
{
	return census->settled || index >= census->existing - census->updated;
}

static int add_owner(const struct census *census, cJSON *pod, struct err *err)
{
	cJSON *owner = cJSON_CreateObject(), *owners = cJSON_CreateArray();

	if (json_set(pod, "metadata.ownerReferences", owners, err) < 0) {
		cJSON_Delete(owner);
		return -1;
	}
	if (json_append(owners, owner, err) < 0 ||
	    json_set_str(owner, "kind", "StatefulSet", err) < 0 ||
	    json_set_str(owner, "name", census->facts.name, err) < 0 ||
	    json_set_str(owner, "uid", census->facts.uid, err) < 0)
		return -1;
	return json_set(owner, "controller", cJSON_CreateTrue(), err);
}

static int fill_pod(const struct census *census, int64_t index, cJSON *pod, struct err *err)
{
	bool updated = is_updated(census, index);
	char name[ROLLOUT_NAME_SIZE];

	snprintf(name, sizeof(name), "%s-%" PRId64, census->facts.name,
		 census->facts.start + index);
	if (json_set_str(pod, "metadata.name", name, err) < 0 ||
	    json_set_str(pod, "metadata.namespace", census->facts.namespace, err) < 0 ||
	    json_set_str(pod, "metadata.labels.controller-revision-hash",
			 updated ? census->facts.update_revision : census->facts.current_revision,
			 err) < 0 ||
	    add_owner(census, pod, err) < 0)
		return -1;
	if (!updated)
		return 0; /* its template stands in a ControllerRevision only */
	return json_set(pod, "spec", json_copy(json_get(census->facts.template, "spec")), err);
}

int rollout_assume_pods(const cJSON *statefulset, cJSON **ret_pods, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *pods = cJSON_CreateArray();
	struct census census = {
		.existing = json_int_or(statefulset, "status.replicas", 0),
		.updated = json_int_or(statefulset, "status.updatedReplicas", 0),
	};

	if (!pods)
		return err_no_memory(err);
	if (rollout_facts_read(statefulset, &census.facts, err) < 0)
		return -1;
	if (census.existing > ROLLOUT_MAX_PODS)
		return err_set(err, ERR_LIMIT, "status.replicas is more than %d", ROLLOUT_MAX_PODS);
	census.settled = strcmp(census.facts.current_revision, census.facts.update_revision) == 0;
	for (int64_t i = 0; i < census.existing; i++) {
		cJSON *pod = cJSON_CreateObject();

		if (json_append(pods, pod, err) < 0 || fill_pod(&census, i, pod, err) < 0)
			return -1;
	}
	*ret_pods = STEAL(pods);
	return 0;
}
