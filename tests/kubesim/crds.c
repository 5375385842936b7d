#include "tests/kubesim/crds.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/timestamp.h"

#define GROUP    "apiextensions.k8s.io"
#define RESOURCE "customresourcedefinitions"

/* A resource whose definition is gone. */
struct orphaned {
	char *group, *plural;
};

struct crds {
	struct cluster *cluster;
	struct timer turn;
	struct orphaned *orphaned;
	size_t orphaned_count;
};

static const struct write by_server = {.manager = "kube-apiserver", .subresource = "status"};

static void on_change(void *context, const struct change *change)
{
	struct crds *crds = context;
	const cJSON *crd = change->new->object;

	if (change->type == CHANGE_DELETED) {
		kinds_undefine(crds->cluster->kinds, crd);
		crds->orphaned = alloc_grow(crds->orphaned, crds->orphaned_count + 1,
					    sizeof(*crds->orphaned));
		crds->orphaned[crds->orphaned_count++] =
			(struct orphaned){alloc_copy(obj_text(crd, "spec.group")),
					  alloc_copy(obj_text(crd, "spec.names.plural"))};
	} else {
		kinds_define(crds->cluster->kinds, crd);
	}
	timer_start_by(&crds->turn, 0);
}

static void add_condition(const struct crds *crds, cJSON *crd, const char *type, const char *reason,
			  const char *message)
{
	cJSON *condition = obj_new();
	char now[TIMESTAMP_SIZE];

	timestamp_print(loop_wall_us(crds->cluster->loop), now);
	obj_set_text(condition, "type", type);
	obj_set_text(condition, "status", "True");
	obj_set_text(condition, "lastTransitionTime", now);
	obj_set_text(condition, "reason", reason);
	obj_set_text(condition, "message", message);
	obj_append(obj_array_at(crd, "status.conditions"), condition);
}

/* Says in the status that the names are taken and the kind is served. */
static void establish(struct crds *crds, const cJSON *found)
{
	CLEANUP(status_release) struct status status = {0};
	cJSON *crd = obj_copy(found), *version;

	obj_set(crd, "status.acceptedNames", obj_copy(json_at(crd, "spec.names")));
	obj_set(crd, "status.storedVersions", must(cJSON_CreateArray()));
	json_each (version, json_at(crd, "spec.versions")) {
		if (json_true(version, "storage"))
			obj_append(json_at(crd, "status.storedVersions"),
				   obj_new_text(obj_text(version, "name")));
	}
	add_condition(crds, crd, "NamesAccepted", "NoConflicts", "no conflicts found");
	add_condition(crds, crd, "Established", "InitialNamesAccepted",
		      "the initial names have been accepted");
	registry_update(crds->cluster, crd, &by_server, NULL, &status);
}

/* The objects of a kind that is no longer served: nobody could ask for them any more. */
static void delete_objects(struct crds *crds, const struct orphaned *orphaned)
{
	CLEANUP(records_release) struct records records = {0};

	store_list(crds->cluster->store, orphaned->group, orphaned->plural, NULL, &records);
	for (size_t i = 0; i < records.count; i++) {
		CLEANUP(status_release) struct status status = {0};

		store_delete(crds->cluster->store, &records.items[i]->key, NULL, 0, NULL, NULL,
			     &status);
	}
}

static void forget_orphaned(struct crds *crds)
{
	for (size_t i = 0; i < crds->orphaned_count; i++) {
		free(crds->orphaned[i].group);
		free(crds->orphaned[i].plural);
	}
	crds->orphaned_count = 0;
}

static void turn(void *context)
{
	struct crds *crds = context;
	CLEANUP(records_release) struct records all = {0};

	for (size_t i = 0; i < crds->orphaned_count; i++)
		delete_objects(crds, &crds->orphaned[i]);
	forget_orphaned(crds);
	store_list(crds->cluster->store, GROUP, RESOURCE, NULL, &all);
	for (size_t i = 0; i < all.count; i++) {
		if (!json_at(all.items[i]->object, "status.conditions"))
			establish(crds, all.items[i]->object);
	}
}

struct crds *crds_new(struct cluster *cluster)
{
	struct crds *crds = alloc_zero(sizeof(*crds));

	crds->cluster = cluster;
	timer_init(&crds->turn, cluster->loop, turn, crds);
	store_subscribe(cluster->store, GROUP, RESOURCE, on_change, crds);
	return crds;
}

void crds_free(struct crds *crds)
{
	if (!crds)
		return;
	store_unsubscribe(crds->cluster->store, on_change, crds);
	timer_stop(&crds->turn);
	forget_orphaned(crds);
	free(crds->orphaned);
	free(crds);
}
