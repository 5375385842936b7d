#include "diff/rollout_reduce.h"

#include <string.h>

static bool is_among(const char *name, const char *const *names)
{
	while (*names && strcmp(*names, name) != 0)
		names++;
	return *names;
}

/* Takes all members out but those. */
static void keep(cJSON *object, const char *const *names)
{
	cJSON *next;

	for (cJSON *member = object ? object->child : NULL; member; member = next) {
		next = member->next;
		if (!is_among(member->string, names))
			cJSON_Delete(cJSON_DetachItemViaPointer(object, member));
	}
}

static void reduce_spec(cJSON *spec)
{
	static const char *const kept[] = {"containers", "nodeName", "readinessGates", NULL};
	static const char *const kept_of_container[] = {"name", "image", NULL};
	cJSON *container;

	keep(spec, kept);
	json_each (container, json_get(spec, "containers"))
		keep(container, kept_of_container);
}

void rollout_reduce_statefulset(cJSON *statefulset)
{
	json_remove(statefulset, "metadata.managedFields");
	json_remove(statefulset, "spec.volumeClaimTemplates");
	json_remove(statefulset, "spec.template.metadata");
	reduce_spec(json_at(statefulset, "spec.template.spec"));
}

void rollout_reduce_pod(cJSON *pod)
{
	json_remove(pod, "metadata.managedFields");
	json_remove(pod, "metadata.annotations");
	reduce_spec(json_get(pod, "spec"));
}
