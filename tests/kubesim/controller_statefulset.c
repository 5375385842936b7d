#include "tests/kubesim/controller_statefulset.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_owner.h"
#include "tests/kubesim/controller_queue.h"
#include "tests/kubesim/controller_set.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/selector.h"

#define RETRY_MS 1000 /* after a sync that failed */

static const struct write by_controller = {.manager = "kube-controller-manager"};

struct statefulsets {
	struct cluster *cluster;
	struct events *events;
	struct queue queue;
};

/* --- whose Pods ------------------------------------------------------------------------------ */

static bool selects(const cJSON *set, const cJSON *pod)
{
	return selector_matches_labels(json_at(set, "spec.selector"),
				       json_at(pod, "metadata.labels"));
}

/* What claiming has to do with a Pod. */
enum claim { CLAIM_NOTHING, CLAIM_ADOPT, CLAIM_RELEASE };

static enum claim claim_of(const cJSON *set, const cJSON *pod)
{
	bool fits = set_pod_ordinal(set, pod) >= 0 && selects(set, pod);

	if (obj_is_deleting(set))
		return CLAIM_NOTHING;
	if (obj_controller(pod))
		return owner_controls(set, pod) && !fits ? CLAIM_RELEASE : CLAIM_NOTHING;
	return fits && !obj_is_deleting(pod) ? CLAIM_ADOPT : CLAIM_NOTHING;
}

/* Adopts orphans that fit, releases what no longer does; then reads the Pods that are the set's. */
static int claim_pods(struct set_sync *sync, struct status *status)
{
	const char *namespace = obj_namespace(sync->set);
	CLEANUP(records_release) struct records pods;
	size_t kept = 0;

	store_list(sync->cluster->store, "", "pods", namespace, &pods);
	for (size_t i = 0; i < pods.count; i++) {
		const cJSON *pod = pods.items[i]->object;
		enum claim claim = claim_of(sync->set, pod);
		cJSON *changed;

		if (claim == CLAIM_NOTHING)
			continue;
		changed = claim == CLAIM_ADOPT ? owner_adopt(pod, sync->set)
					       : owner_release(pod, sync->set);
		if (registry_update(sync->cluster, changed, &by_controller, NULL, status) < 0)
			return -1;
	}
	store_list(sync->cluster->store, "", "pods", namespace, &sync->pods);
	for (size_t i = 0; i < sync->pods.count; i++) {
		struct record *record = sync->pods.items[i];

		if (owner_controls(sync->set, record->object))
			sync->pods.items[kept++] = record;
		else
			record_drop(record);
	}
	sync->pods.count = kept;
	return 0;
}

/* --- one sync -------------------------------------------------------------------------------- */

static void sync_release(struct set_sync *sync)
{
	records_release(&sync->pods);
	revisions_release(&sync->revisions);
}

/* The revisions that the Pods run, as an object whose keys are their names. */
static cJSON *live_revisions(const struct set_sync *sync)
{
	cJSON *live = obj_new();

	for (size_t i = 0; i < sync->pods.count; i++) {
		const cJSON *labels = json_at(sync->pods.items[i]->object, "metadata.labels");
		const cJSON *label = json_get(labels, "controller-revision-hash");

		if (cJSON_IsString(label))
			obj_set_key(live, label->valuestring, obj_new());
	}
	return live;
}

static int sync_set(struct set_sync *sync, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *live = NULL;

	if (!obj_is_deleting(sync->set) && revisions_adopt(sync->cluster, sync->set, status) < 0)
		return -1;
	if (claim_pods(sync, status) < 0)
		return -1;
	if (revisions_resolve(sync->cluster, sync->set, &sync->revisions, status) < 0)
		return -1;
	if (set_update(sync, status) < 0)
		return -1;
	live = live_revisions(sync);
	return revisions_truncate(sync->cluster, sync->set, &sync->revisions, live, status);
}

static void run_sync(void *context, const char *namespace, const char *name)
{
	struct statefulsets *statefulsets = context;
	struct cluster *cluster = statefulsets->cluster;
	const struct key key = {"apps", "statefulsets", namespace, name};
	CLEANUP(record_drop_p) struct record *record = store_get(cluster->store, &key);
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(sync_release) struct set_sync sync = {0};
	const cJSON *set = record ? record->object : NULL;

	if (!set)
		return;
	sync.cluster = cluster;
	sync.events = statefulsets->events;
	sync.set = set;
	sync.start = json_int_or(set, "spec.ordinals.start", 0);
	sync.replicas = json_int_or(set, "spec.replicas", 1);
	if (sync.replicas > SET_MAX_REPLICAS)
		sync.replicas = SET_MAX_REPLICAS;
	sync.partition =
		json_at(set, "spec.updateStrategy.rollingUpdate")
			? json_int_or(set, "spec.updateStrategy.rollingUpdate.partition", 0)
			: -1;
	sync.min_ready_seconds = json_int_or(set, "spec.minReadySeconds", 0);
	sync.ordered = strcmp(obj_text(set, "spec.podManagementPolicy"), "Parallel") != 0;
	sync.wake_ms = -1;
	if (sync_set(&sync, &status) < 0)
		sync.wake_ms = RETRY_MS;
	if (sync.wake_ms >= 0)
		queue_add(&statefulsets->queue, namespace, name, sync.wake_ms);
}

/* --- what brings a sync ---------------------------------------------------------------------- */

static void set_changed(void *context, const struct change *change)
{
	struct statefulsets *statefulsets = context;

	queue_add(&statefulsets->queue, change->new->key.namespace, change->new->key.name, 0);
}

/* The Pod's set; for one without any controller all the sets that might adopt it. */
static void add_sets_of(struct statefulsets *statefulsets, const cJSON *pod)
{
	const cJSON *owner = obj_controller(pod);
	CLEANUP(records_release) struct records sets = {0};

	if (owner) {
		if (strcmp(obj_text(owner, "kind"), "StatefulSet") == 0)
			queue_add(&statefulsets->queue, obj_namespace(pod), obj_text(owner, "name"),
				  0);
		return;
	}
	store_list(statefulsets->cluster->store, "apps", "statefulsets", obj_namespace(pod), &sets);
	for (size_t i = 0; i < sets.count; i++) {
		if (selects(sets.items[i]->object, pod))
			queue_add(&statefulsets->queue, obj_namespace(pod), sets.items[i]->key.name,
				  0);
	}
}

static void pod_changed(void *context, const struct change *change)
{
	struct statefulsets *statefulsets = context;

	add_sets_of(statefulsets, change->new->object);
	if (change->old)
		add_sets_of(statefulsets, change->old->object);
}

struct statefulsets *statefulsets_new(struct cluster *cluster, struct events *events)
{
	struct statefulsets *statefulsets = alloc_zero(sizeof *statefulsets);

	statefulsets->cluster = cluster;
	statefulsets->events = events;
	queue_init(&statefulsets->queue, cluster->loop, run_sync, statefulsets);
	store_subscribe(cluster->store, "apps", "statefulsets", set_changed, statefulsets);
	store_subscribe(cluster->store, "", "pods", pod_changed, statefulsets);
	return statefulsets;
}

void statefulsets_free(struct statefulsets *statefulsets)
{
	if (!statefulsets)
		return;
	queue_release(&statefulsets->queue);
	free(statefulsets);
}
