#include "tests/kubesim/controller_volume.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_queue.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

struct volumes {
	struct cluster *cluster;
	struct queue queue;
};

static void bind_claim(void *context, const char *namespace, const char *name)
{
	static const struct write by = {.manager = "kube-controller-manager"};
	static const struct write by_status = {
		.manager = "kube-controller-manager",
		.subresource = "status",
	};
	struct cluster *cluster = ((struct volumes *)context)->cluster;
	const struct key key = {"", "persistentvolumeclaims", namespace, name};
	CLEANUP(record_drop_p) struct record *claim = store_get(cluster->store, &key);
	CLEANUP(record_drop_p) struct record *bound = NULL;
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(free_p) char *volume = NULL;
	cJSON *copy;

	if (!claim || obj_is_deleting(claim->object) ||
	    strcmp(obj_text(claim->object, "status.phase"), "Bound") == 0)
		return;
	volume = alloc_printf("pvc-%s", obj_uid(claim->object));
	copy = obj_copy(claim->object);
	if (!*obj_text(copy, "spec.volumeName"))
		obj_set_text(copy, "spec.volumeName", volume);
	if (registry_update(cluster, copy, &by, &bound, &status) < 0)
		return;
	copy = obj_copy(bound->object);
	obj_set_text(copy, "status.phase", "Bound");
	if (json_at(copy, "spec.accessModes"))
		obj_set(copy, "status.accessModes", obj_copy(json_at(copy, "spec.accessModes")));
	if (json_at(copy, "spec.resources.requests"))
		obj_set(copy, "status.capacity",
			obj_copy(json_at(copy, "spec.resources.requests")));
	registry_update(cluster, copy, &by_status, NULL, &status);
}

static void claim_changed(void *context, const struct change *change)
{
	struct volumes *volumes = context;

	if (change->type != CHANGE_DELETED)
		queue_add(&volumes->queue, change->new->key.namespace, change->new->key.name, 0);
}

struct volumes *volumes_new(struct cluster *cluster)
{
	struct volumes *volumes = alloc_zero(sizeof *volumes);

	volumes->cluster = cluster;
	queue_init(&volumes->queue, cluster->loop, bind_claim, volumes);
	store_subscribe(cluster->store, "", "persistentvolumeclaims", claim_changed, volumes);
	return volumes;
}

void volumes_free(struct volumes *volumes)
{
	if (!volumes)
		return;
	queue_release(&volumes->queue);
	free(volumes);
}
