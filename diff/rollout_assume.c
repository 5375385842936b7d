#include "diff/rollout_assume.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FOR_EVER "1970-01-01T00:00:00Z"

/* --- single objects -------------------------------------------------------------------------- */

static int add_owner(const struct rollout_facts *facts, cJSON *object, struct err *err)
{
	cJSON *owner = cJSON_CreateObject(), *owners = cJSON_CreateArray();

	if (json_set(object, "metadata.ownerReferences", owners, err) < 0) {
		cJSON_Delete(owner);
		return -1;
	}
	if (json_append(owners, owner, err) < 0 ||
	    json_set_str(owner, "kind", "StatefulSet", err) < 0 ||
	    json_set_str(owner, "name", facts->name, err) < 0 ||
	    json_set_str(owner, "uid", facts->uid, err) < 0)
		return -1;
	return json_set(owner, "controller", cJSON_CreateTrue(), err);
}

static int add_status(cJSON *pod, struct err *err)
{
	cJSON *ready = cJSON_CreateObject(), *conditions = cJSON_CreateArray();

	if (json_set(pod, "status.conditions", conditions, err) < 0) {
		cJSON_Delete(ready);
		return -1;
	}
	if (json_append(conditions, ready, err) < 0 ||
	    json_set_str(ready, "type", "Ready", err) < 0 ||
	    json_set_str(ready, "status", "True", err) < 0 ||
	    json_set_str(ready, "lastTransitionTime", FOR_EVER, err) < 0)
		return -1;
	return json_set_str(pod, "status.phase", "Running", err);
}

/* An object of the StatefulSet's with this name; NULL with *err. */
static cJSON *new_object(const struct rollout_facts *facts, const char *name, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	if (!object) {
		err_no_memory(err);
		return NULL;
	}
	if (json_set_str(object, "metadata.name", name, err) < 0 ||
	    json_set_str(object, "metadata.namespace", facts->namespace, err) < 0 ||
	    add_owner(facts, object, err) < 0)
		return NULL;
	return STEAL(object);
}

int rollout_assume_pod(const struct rollout_facts *facts, int64_t ordinal, const char *revision,
		       const cJSON *template, cJSON **ret_pod, struct err *err)
{
	char name[ROLLOUT_NAME_SIZE];

	snprintf(name, sizeof(name), "%s-%" PRId64, facts->name, ordinal);
	CLEANUP(cJSON_Delete_p) cJSON *pod = new_object(facts, name, err);
	if (!pod ||
	    json_set_str(pod, "metadata.labels.controller-revision-hash", revision, err) < 0 ||
	    add_status(pod, err) < 0 ||
	    (template && json_set(pod, "spec", json_copy(json_get(template, "spec")), err) < 0))
		return -1;
	*ret_pod = STEAL(pod);
	return 0;
}

int rollout_assume_revision(const struct rollout_facts *facts, const char *name, int64_t number,
			    const cJSON *template, cJSON **ret_revision, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *revision = new_object(facts, name, err);

	if (!revision || json_set_int(revision, "revision", number, err) < 0 ||
	    json_set(revision, "data.spec.template", json_copy(template), err) < 0)
		return -1;
	*ret_revision = STEAL(revision);
	return 0;
}

/* --- as a status tells ----------------------------------------------------------------------- */

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

/* The index-th Pod; the template of one that is not updated stands in a ControllerRevision only. */
static int make_pod(const struct census *census, int64_t index, cJSON **ret_pod, struct err *err)
{
	const struct rollout_facts *facts = &census->facts;
	bool updated = is_updated(census, index);

	return rollout_assume_pod(facts, facts->start + index,
				  updated ? facts->update_revision : facts->current_revision,
				  updated ? facts->template : NULL, ret_pod, err);
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
		cJSON *pod;

		if (make_pod(&census, i, &pod, err) < 0 || json_append(pods, pod, err) < 0)
			return -1;
	}
	*ret_pods = STEAL(pods);
	return 0;
}
