#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_owner.h"
#include "tests/kubesim/controller_set.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

static const struct write by_controller = {.manager = "kube-controller-manager"};

static const cJSON *templates_of(const cJSON *set)
{
	return json_at(set, "spec.volumeClaimTemplates");
}

static char *claim_name(const cJSON *set, const cJSON *template, int64_t ordinal)
{
	return alloc_printf("%s-%s-%lld", obj_name(template), obj_name(set), (long long)ordinal);
}

/* A held record, or NULL. */
static struct record *get_claim(const struct set_sync *sync, const char *name)
{
	const struct key key = {"", "persistentvolumeclaims", obj_namespace(sync->set), name};

	return store_get(sync->cluster->store, &key);
}

static char *pod_name(const struct set_sync *sync, int64_t ordinal)
{
	return alloc_printf("%s-%lld", obj_name(sync->set), (long long)ordinal);
}

/* --- making ---------------------------------------------------------------------------------- */

/* A claim takes the place of the template's own volume of the same name. */
void set_claims_mount(const cJSON *set, cJSON *pod, int64_t ordinal)
{
	CLEANUP(cJSON_Delete_p) cJSON *others = NULL;
	const cJSON *template, *other;
	cJSON *volumes;

	if (cJSON_GetArraySize(templates_of(set)) == 0)
		return;
	others =
		cJSON_DetachItemViaPointer(json_at(pod, "spec"), obj_array_at(pod, "spec.volumes"));
	volumes = obj_array_at(pod, "spec.volumes");
	json_each (template, templates_of(set)) {
		CLEANUP(free_p) char *name = claim_name(set, template, ordinal);
		cJSON *volume = obj_new();

		obj_set_text(volume, "name", obj_name(template));
		obj_set_text(volume, "persistentVolumeClaim.claimName", name);
		obj_append(volumes, volume);
	}
	json_each (other, others) {
		const char *name = obj_text(other, "name");
		bool replaced = false;

		json_each (template, templates_of(set)) {
			replaced = replaced || strcmp(obj_name(template), name) == 0;
		}
		if (!replaced)
			obj_append(volumes, obj_copy(other));
	}
}

static cJSON *new_claim(const cJSON *set, const cJSON *template, const char *name)
{
	cJSON *claim = obj_copy(template);
	const cJSON *label;

	obj_set_text(claim, "apiVersion", "v1");
	obj_set_text(claim, "kind", "PersistentVolumeClaim");
	obj_set_text(claim, "metadata.name", name);
	obj_set_text(claim, "metadata.namespace", obj_namespace(set));
	json_remove(claim, "status");
	json_each (label, json_at(set, "spec.selector.matchLabels")) {
		obj_set_key(obj_at(claim, "metadata.labels"), label->string, obj_copy(label));
	}
	return claim;
}

static void claim_event(struct set_sync *sync, const char *claim, int64_t ordinal,
			const char *failure)
{
	CLEANUP(free_p) char *pod = pod_name(sync, ordinal);
	const struct event event = {
		.object = sync->set,
		.component = "statefulset-controller",
		.type = failure ? "Warning" : "Normal",
		.reason = failure ? "FailedCreate" : "SuccessfulCreate",
	};

	if (failure)
		events_record(sync->events, &event,
			      "create Claim %s for Pod %s in StatefulSet %s failed error: %s",
			      claim, pod, obj_name(sync->set), failure);
	else
		events_record(sync->events, &event,
			      "create Claim %s Pod %s in StatefulSet %s success", claim, pod,
			      obj_name(sync->set));
}

static int create_claim(struct set_sync *sync, const cJSON *template, int64_t ordinal,
			struct status *status)
{
	CLEANUP(free_p) char *name = claim_name(sync->set, template, ordinal);
	CLEANUP(record_drop_p) struct record *claim = get_claim(sync, name);
	CLEANUP(free_p) char *why = NULL;

	if (claim && obj_is_deleting(claim->object))
		return status_set(status, 500, "", "pvc %s is being deleted", name);
	if (claim)
		return 0;
	if (registry_create(sync->cluster, new_claim(sync->set, template, name), &by_controller,
			    NULL, status) == 0) {
		claim_event(sync, name, ordinal, NULL);
		return 0;
	}
	why = alloc_copy(status->message);
	claim_event(sync, name, ordinal, why);
	return status_set(status, 500, "", "failed to create PVC %s: %s", name, why);
}

int set_claims_create(struct set_sync *sync, int64_t ordinal, struct status *status)
{
	const cJSON *template;

	json_each (template, templates_of(sync->set)) {
		if (create_claim(sync, template, ordinal, status) < 0)
			return -1;
	}
	return 0;
}

/* --- whom they belong to --------------------------------------------------------------------- */

static bool policy_deletes(const cJSON *set, const char *when)
{
	const cJSON *policy = json_at(set, "spec.persistentVolumeClaimRetentionPolicy");

	return strcmp(obj_text(policy, when), "Delete") == 0;
}

static bool owned_by_pod_called(const cJSON *claim, const char *name)
{
	const cJSON *reference;

	json_each (reference, json_at(claim, "metadata.ownerReferences")) {
		if (strcmp(obj_text(reference, "kind"), "Pod") == 0 &&
		    strcmp(obj_text(reference, "name"), name) == 0)
			return true;
	}
	return false;
}

bool set_claims_are_stale(const struct set_sync *sync, int64_t ordinal)
{
	CLEANUP(free_p) char *pod = pod_name(sync, ordinal);
	const cJSON *template;

	if (!policy_deletes(sync->set, "whenScaled"))
		return false;
	json_each (template, templates_of(sync->set)) {
		CLEANUP(free_p) char *name = claim_name(sync->set, template, ordinal);
		CLEANUP(record_drop_p) struct record *claim = get_claim(sync, name);

		if (claim && owned_by_pod_called(claim->object, pod))
			return true;
	}
	return false;
}

static int own_claim(struct set_sync *sync, const struct record *claim, const cJSON *pod,
		     bool scaled_down, struct status *status)
{
	const cJSON *set = sync->set;
	bool by_pod = policy_deletes(set, "whenScaled") && scaled_down;
	bool by_set = policy_deletes(set, "whenDeleted") && !by_pod;
	const cJSON *controller = obj_controller(claim->object);
	cJSON *copy;

	if (owner_has(claim->object, set) == by_set && owner_has(claim->object, pod) == by_pod)
		return 0;
	/* Another controller's claims are left alone, and those of another life of this one. */
	if (controller && !owner_controls(set, claim->object) &&
	    !owner_controls(pod, claim->object))
		return 0;
	copy = obj_copy(claim->object);
	owner_remove(copy, set);
	owner_remove(copy, pod);
	if (by_set)
		owner_add(copy, set);
	if (by_pod)
		owner_add(copy, pod);
	return registry_update(sync->cluster, copy, &by_controller, NULL, status);
}

int set_claims_own(struct set_sync *sync, int64_t ordinal, struct status *status)
{
	bool scaled_down = ordinal < sync->start || ordinal >= sync->start + sync->replicas;
	CLEANUP(free_p) char *name = pod_name(sync, ordinal);
	const struct key key = {"", "pods", obj_namespace(sync->set), name};
	CLEANUP(record_drop_p) struct record *pod = NULL;
	const cJSON *template;

	if (cJSON_GetArraySize(templates_of(sync->set)) == 0)
		return 0;
	pod = store_get(sync->cluster->store, &key);
	json_each (template, templates_of(sync->set)) {
		CLEANUP(free_p) char *claim_called = claim_name(sync->set, template, ordinal);
		CLEANUP(record_drop_p) struct record *claim = get_claim(sync, claim_called);

		if (claim && pod && own_claim(sync, claim, pod->object, scaled_down, status) < 0)
			return -1;
	}
	return 0;
}
