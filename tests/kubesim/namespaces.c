#include "tests/kubesim/namespaces.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

struct namespaces {
	struct cluster *cluster;
	struct timer turn;
};

static const struct write by_status = {
	.manager = "kube-controller-manager",
	.subresource = "status",
};
static const struct write by_finalize = {
	.manager = "kube-controller-manager",
	.subresource = "finalize",
};

/* A Namespace began to end, or something in one that ends is gone. */
static void on_change(void *context, const struct change *change)
{
	struct namespaces *namespaces = context;
	const struct key *key = &change->new->key;
	bool is_namespace = strcmp(key->resource, "namespaces") == 0 && !key->group[0];

	if ((is_namespace && obj_is_deleting(change->new->object)) ||
	    (key->namespace[0] && change->type == CHANGE_DELETED))
		timer_start_by(&namespaces->turn, 0);
}

static void update(struct cluster *cluster, cJSON *take_object, const struct write *by)
{
	CLEANUP(status_release) struct status status = {0};

	registry_update(cluster, take_object, by, NULL, &status);
}

static void delete_contents(struct cluster *cluster, const struct records *contents)
{
	for (size_t i = 0; i < contents->count; i++) {
		CLEANUP(status_release) struct status status = {0};

		if (!obj_is_deleting(contents->items[i]->object))
			registry_delete(cluster, &contents->items[i]->key, NULL, &by_status, NULL,
					NULL, &status);
	}
}

static void advance(struct cluster *cluster, const struct record *record)
{
	CLEANUP(records_release) struct records contents = {0};
	cJSON *object;

	if (strcmp(obj_text(record->object, "status.phase"), "Terminating") != 0) {
		object = obj_copy(record->object);
		obj_set_text(object, "status.phase", "Terminating");
		update(cluster, object, &by_status);
	}
	store_list_namespace(cluster->store, record->key.name, &contents);
	delete_contents(cluster, &contents);
	if (contents.count > 0)
		return;
	object = obj_copy(record->object);
	json_remove(object, "spec.finalizers");
	json_remove(object, "metadata.resourceVersion");
	update(cluster, object, &by_finalize);
}

static void turn(void *context)
{
	const struct namespaces *namespaces = context;
	CLEANUP(records_release) struct records all = {0};

	store_list(namespaces->cluster->store, "", "namespaces", NULL, &all);
	for (size_t i = 0; i < all.count; i++) {
		if (obj_is_deleting(all.items[i]->object))
			advance(namespaces->cluster, all.items[i]);
	}
}

struct namespaces *namespaces_new(struct cluster *cluster)
{
	struct namespaces *namespaces = alloc_zero(sizeof(*namespaces));

	namespaces->cluster = cluster;
	timer_init(&namespaces->turn, cluster->loop, turn, namespaces);
	store_subscribe(cluster->store, NULL, NULL, on_change, namespaces);
	return namespaces;
}

void namespaces_free(struct namespaces *namespaces)
{
	if (!namespaces)
		return;
	store_unsubscribe(namespaces->cluster->store, on_change, namespaces);
	timer_stop(&namespaces->turn);
	free(namespaces);
}
