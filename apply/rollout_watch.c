#include "apply/rollout_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/resource.h"
#include "apply/watch.h"
#include "diff/cleanup.h"
#include "diff/rollout_reduce.h"

/* --- events --------------------------------------------------------------------------------- */

static void on_statefulset(void *ctx, enum watch_event event, cJSON **object)
{
	struct rollouts *rollouts = ((struct place *)ctx)->rollouts;
	const char *namespace = json_str(*object, "metadata.namespace");
	const char *name = json_str(*object, "metadata.name");
	struct err err;

	if (!namespace || !name)
		return;
	if (event == WATCH_DELETED) {
		rollouts_forget(rollouts, namespace, name);
		return;
	}
	struct followed *followed = rollouts_follow(rollouts, namespace, name, &err);
	if (!followed) {
		rollouts_tell_error(rollouts, &err, 0);
		return;
	}
	cJSON_Delete(followed->statefulset);
	followed->statefulset = STEAL(*object);
	if (rollouts->options.once)
		json_remove(followed->statefulset, "metadata.managedFields");
	else
		rollout_reduce_statefulset(followed->statefulset);
	followed->dirty = true;
	rollouts_plan_flush(rollouts);
}

/* Marks the StatefulSet that the Pod's name says it belongs to. False if the rollouts are gone after it. */
static bool mark_owner(struct rollouts *rollouts, const char *namespace, const char *pod_name)
{
	struct followed *followed = rollouts_owner(rollouts, namespace, pod_name);

	if (!followed)
		return true;
	followed->dirty = true;
	return rollouts_plan_flush(rollouts);
}

/* Whether another kind of controller has the Pod; such Pods are not worth their memory. */
static bool is_foreign(const cJSON *pod)
{
	const cJSON *owner;

	json_each (owner, json_at(pod, "metadata.ownerReferences")) {
		const char *kind = json_str(owner, "kind");

		if (json_true(owner, "controller") && kind)
			return strcmp(kind, resource_statefulsets.kind) != 0;
	}
	return false;
}

static void on_pod(void *ctx, enum watch_event event, cJSON **object)
{
	struct rollouts *rollouts = ((struct place *)ctx)->rollouts;
	const char *namespace = json_str(*object, "metadata.namespace");
	const char *name = json_str(*object, "metadata.name");
	struct err err;

	if (!namespace || !name)
		return;
	if (!mark_owner(rollouts, namespace, name))
		return;
	if (event == WATCH_DELETED || is_foreign(*object)) {
		pods_remove(&rollouts->pods, namespace, name);
		return;
	}
	if (rollouts->options.once)
		json_remove(*object, "metadata.managedFields");
	else
		rollout_reduce_pod(*object);
	if (pods_put(&rollouts->pods, STEAL(*object), &err) < 0)
		rollouts_tell_error(rollouts, &err, 0);
}

static void on_revision(void *ctx, enum watch_event event, cJSON **object)
{
	struct rollouts *rollouts = ((struct place *)ctx)->rollouts;
	struct err err;

	if (event == WATCH_DELETED) {
		pods_remove(&rollouts->revisions, json_str(*object, "metadata.namespace"),
			    json_str(*object, "metadata.name"));
		return;
	}
	json_remove(*object, "metadata.managedFields");
	if (pods_put(&rollouts->revisions, STEAL(*object), &err) < 0)
		rollouts_tell_error(rollouts, &err, 0);
}

static void on_statefulsets_synced(void *ctx)
{
	struct place *place = ctx;

	place->statefulsets_synced = true;
	rollouts_plan_flush(place->rollouts);
}

static void on_pods_synced(void *ctx)
{
	struct place *place = ctx;

	place->pods_synced = true;
	rollouts_plan_flush(place->rollouts);
}

static void on_revisions_synced(void *ctx)
{
	struct place *place = ctx;

	place->revisions_synced = true;
	rollouts_plan_flush(place->rollouts);
}

/* Whoever may not list them has none; verdicts do not wait for them. */
static void on_revisions_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct place *place = ctx;
	struct rollouts *rollouts = place->rollouts;

	(void)retry_in_ms;
	place->revisions_synced = true;
	if (rollouts_plan_flush(rollouts))
		rollouts_tell_error(rollouts, err, 0);
}

static void on_watch_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	rollouts_tell_error(((struct place *)ctx)->rollouts, err, retry_in_ms);
}

/* --- public ----------------------------------------------------------------------------------- */

int place_start(struct place *place, struct err *err)
{
	struct rollouts *rollouts = place->rollouts;
	struct watch_options options = {
		.resource = &resource_statefulsets,
		.namespace = place->namespace,
		.once = rollouts->options.once,
		.on_event = on_statefulset,
		.on_synced = on_statefulsets_synced,
		.on_error = on_watch_error,
		.ctx = place,
	};

	place->statefulsets_synced = rollouts->options.pods_only;
	if (!rollouts->options.pods_only)
		place->statefulsets = watch_start(rollouts->cluster, &options, err);
	options.resource = &resource_pods;
	options.on_event = on_pod;
	options.on_synced = on_pods_synced;
	if (place->statefulsets || rollouts->options.pods_only)
		place->pods = watch_start(rollouts->cluster, &options, err);
	if (!rollouts->options.revisions || !place->pods) {
		place->revisions_synced = true;
		return place->pods ? 0 : -1;
	}
	options.resource = &resource_controller_revisions;
	options.on_event = on_revision;
	options.on_synced = on_revisions_synced;
	options.on_error = on_revisions_error;
	place->revisions = watch_start(rollouts->cluster, &options, err);
	return place->revisions ? 0 : -1;
}

void place_stop(struct place *place)
{
	struct cluster *cluster = place->rollouts->cluster;

	cluster_cancel(cluster, place->statefulsets);
	cluster_cancel(cluster, place->pods);
	cluster_cancel(cluster, place->revisions);
	place->statefulsets = place->pods = place->revisions = 0;
}

void place_free(struct place *place)
{
	free(place->namespace);
	free(place);
}
