#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_owner.h"
#include "tests/kubesim/controller_set.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/pod_status.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/timestamp.h"

#define REVISION_LABEL "controller-revision-hash"
#define NAME_LABEL     "statefulset.kubernetes.io/pod-name"
#define INDEX_LABEL    "apps.kubernetes.io/pod-index"

static const struct write by_controller = {.manager = "kube-controller-manager"};

/* --- reading --------------------------------------------------------------------------------- */

int64_t set_pod_ordinal(const cJSON *set, const cJSON *pod)
{
	const char *name = obj_name(pod), *dash = strrchr(name, '-');
	size_t length = strlen(obj_name(set));
	long long ordinal = 0;

	if (!dash || !dash[1] || (size_t)(dash - name) != length ||
	    strncmp(name, obj_name(set), length) != 0)
		return -1;
	for (const char *c = dash + 1; *c; c++) {
		if (!isdigit((unsigned char)*c))
			return -1;
		ordinal = ordinal * 10 + (*c - '0');
		if (ordinal > INT32_MAX)
			return -1;
	}
	return ordinal;
}

/* Whether the Pod, which is ready, has been so for minReadySeconds; otherwise when it will. */
static bool is_available(struct set_sync *sync, const cJSON *condition)
{
	int64_t since_us, left_ms;

	if (sync->min_ready_seconds == 0)
		return true;
	if (!timestamp_read(obj_text(condition, "lastTransitionTime"), &since_us))
		return false;
	left_ms =
		(since_us + sync->min_ready_seconds * 1000000 - loop_wall_us(sync->cluster->loop)) /
		1000;
	if (left_ms < 0)
		return true;
	if (sync->wake_ms < 0 || left_ms < sync->wake_ms)
		sync->wake_ms = left_ms + 1;
	return false;
}

struct set_pod set_pod_read(struct set_sync *sync, struct record *record)
{
	const cJSON *pod = record->object, *condition = pod_ready_condition(pod), *label;
	const char *phase = obj_text(pod, "status.phase");
	struct set_pod state = {
		.record = record,
		.ordinal = set_pod_ordinal(sync->set, pod),
		.revision = "",
		.created = *phase != '\0',
		.pending = strcmp(phase, "Pending") == 0,
		.finished = strcmp(phase, "Failed") == 0 || strcmp(phase, "Succeeded") == 0,
		.terminating = obj_is_deleting(pod),
		.ready = strcmp(phase, "Running") == 0 &&
			 strcmp(obj_text(condition, "status"), "True") == 0,
	};

	state.available = state.ready && is_available(sync, condition);
	label = json_get(json_at(pod, "metadata.labels"), REVISION_LABEL);
	if (cJSON_IsString(label))
		state.revision = label->valuestring;
	return state;
}

/* --- making ---------------------------------------------------------------------------------- */

const struct record *set_pod_revision(const struct set_sync *sync, int64_t ordinal)
{
	int64_t held = sync->partition;

	/* Without rollingUpdate as many as still run the current revision go on with it. */
	if (held < 0)
		held = strcmp(obj_text(sync->set, "spec.updateStrategy.type"), "RollingUpdate") == 0
			       ? json_int_or(sync->set, "status.currentReplicas", 0)
			       : 0;
	return ordinal < sync->start + held ? sync->revisions.current : sync->revisions.update;
}

static void set_identity(cJSON *pod, int64_t ordinal)
{
	CLEANUP(free_p) char *index = alloc_printf("%lld", (long long)ordinal);
	cJSON *labels = obj_at(pod, "metadata.labels");

	obj_set_key(labels, NAME_LABEL, obj_new_text(obj_name(pod)));
	obj_set_key(labels, INDEX_LABEL, obj_new_text(index));
}

static cJSON *new_pod(const struct set_sync *sync, int64_t ordinal)
{
	const struct record *revision = set_pod_revision(sync, ordinal);
	CLEANUP(cJSON_Delete_p) cJSON *template = revision_template(revision->object);
	CLEANUP(free_p) char *prefix = alloc_printf("%s-", obj_name(sync->set));
	CLEANUP(free_p) char *name = alloc_printf("%s%lld", prefix, (long long)ordinal);
	cJSON *pod = obj_new();

	obj_set_text(pod, "apiVersion", "v1");
	obj_set_text(pod, "kind", "Pod");
	obj_set_text(pod, "metadata.generateName", prefix);
	obj_set_text(pod, "metadata.name", name);
	obj_set_text(pod, "metadata.namespace", obj_namespace(sync->set));
	obj_carry(pod, template, "metadata.labels");
	obj_carry(pod, template, "metadata.annotations");
	obj_carry(pod, template, "metadata.finalizers");
	owner_add(pod, sync->set);
	set_identity(pod, ordinal);
	obj_set_key(obj_at(pod, "metadata.labels"), REVISION_LABEL,
		    obj_new_text(obj_name(revision->object)));
	obj_carry(pod, template, "spec");
	obj_set_text(pod, "spec.hostname", name);
	if (*obj_text(sync->set, "spec.serviceName"))
		obj_set_text(pod, "spec.subdomain", obj_text(sync->set, "spec.serviceName"));
	set_claims_mount(sync->set, pod, ordinal);
	return pod;
}

void set_pod_event(struct set_sync *sync, const char *verb, const char *pod, const char *failure)
{
	CLEANUP(free_p)
	char *reason = alloc_printf("%s%c%s", failure ? "Failed" : "Successful",
				    toupper((unsigned char)*verb), verb + 1);
	const struct event event = {
		.object = sync->set,
		.component = "statefulset-controller",
		.type = failure ? "Warning" : "Normal",
		.reason = reason,
	};

	if (failure)
		events_record(sync->events, &event, "%s Pod %s in StatefulSet %s failed error: %s",
			      verb, pod, obj_name(sync->set), failure);
	else
		events_record(sync->events, &event, "%s Pod %s in StatefulSet %s successful", verb,
			      pod, obj_name(sync->set));
}

int set_pod_create(struct set_sync *sync, int64_t ordinal, struct status *status)
{
	cJSON *pod = new_pod(sync, ordinal);
	CLEANUP(free_p) char *name = alloc_copy(obj_name(pod));
	int result = set_claims_create(sync, ordinal, status);

	if (result < 0) {
		cJSON_Delete(pod);
	} else {
		result = registry_create(sync->cluster, pod, &by_controller, NULL, status);
		/* Somebody else's Pod has the name: tried again, but not told of. */
		if (result < 0 && strcmp(status->reason, "AlreadyExists") == 0)
			return -1;
	}
	if (result == 0)
		result = set_claims_own(sync, ordinal, status);
	set_pod_event(sync, "create", name, result < 0 ? status->message : NULL);
	return result;
}

int set_pod_delete(struct set_sync *sync, const struct set_pod *pod, struct status *status)
{
	int result = registry_delete(sync->cluster, &pod->record->key, NULL, &by_controller, NULL,
				     NULL, status);

	set_pod_event(sync, "delete", pod->record->key.name, result < 0 ? status->message : NULL);
	return result;
}

int set_pod_mend(struct set_sync *sync, const struct set_pod *pod, struct status *status)
{
	const char *name = pod->record->key.name;
	const cJSON *labels = json_at(pod->record->object, "metadata.labels");
	const cJSON *label = json_get(labels, NAME_LABEL);
	cJSON *copy;
	int result;

	if (cJSON_IsString(label) && strcmp(label->valuestring, name) == 0)
		return set_claims_own(sync, pod->ordinal, status);
	copy = obj_copy(pod->record->object);
	set_identity(copy, pod->ordinal);
	result = registry_update(sync->cluster, copy, &by_controller, NULL, status);
	set_pod_event(sync, "update", name, result < 0 ? status->message : NULL);
	return result;
}
