#include "apply/rollout.h"

#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"
#include "apply/pods.h"
#include "apply/resource.h"
#include "apply/watch.h"
#include "diff/cleanup.h"

#define MAX_FINGERPRINT_BYTES (64u * 1024 * 1024)

/* One StatefulSet that is followed. */
struct followed {
	char *namespace, *name;
	cJSON *statefulset;
	struct rollout verdict;
	bool judged;           /* there is a verdict */
	bool dirty;            /* it or its Pods changed since */
	char *fingerprint;     /* of the verdict */
	int64_t recheck_at_ms; /* Unix time; 0: never */
};

/* One namespace, with its two watches. */
struct place {
	struct rollouts *rollouts;
	char *namespace;
	uint64_t statefulsets, pods, revisions;
	bool statefulsets_synced, pods_synced, revisions_synced;
};

struct rollouts {
	struct cluster *cluster;
	struct rollouts_options options;
	struct place **places;
	size_t place_count;
	struct followed **items; /* by namespace and name */
	size_t count;
	struct pods pods;
	struct pods revisions; /* they are named as Pods are: after the StatefulSet */
	uint64_t flush;        /* the timer that judges what is dirty */
	uint64_t recheck;      /* the timer for what time alone changes */
	bool synced_told;      /* since a namespace was added last */
	bool *released;        /* set when it is freed while a callback runs */
};

static void followed_free(struct followed *followed)
{
	free(followed->namespace);
	free(followed->name);
	cJSON_Delete(followed->statefulset);
	if (followed->judged)
		rollout_release(&followed->verdict);
	free(followed->fingerprint);
	free(followed);
}

/* --- telling: false if the rollouts are gone after it ----------------------------------------- */

static bool end_callback(const bool *released, struct rollouts *rollouts)
{
	if (*released)
		return false;
	rollouts->released = NULL;
	return true;
}

static bool tell_change(struct rollouts *rollouts, const struct rollout *verdict)
{
	bool released = false;

	rollouts->released = &released;
	rollouts->options.on_change(rollouts->options.ctx, verdict);
	return end_callback(&released, rollouts);
}

static bool tell_synced(struct rollouts *rollouts)
{
	bool released = false;

	rollouts->synced_told = true;
	if (!rollouts->options.on_synced)
		return true;
	rollouts->released = &released;
	rollouts->options.on_synced(rollouts->options.ctx);
	return end_callback(&released, rollouts);
}

static bool tell_error(struct rollouts *rollouts, const struct err *err, int64_t retry_in_ms)
{
	bool released = false;

	if (!rollouts->options.on_error)
		return true;
	rollouts->released = &released;
	rollouts->options.on_error(rollouts->options.ctx, err, retry_in_ms);
	return end_callback(&released, rollouts);
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The place in `items`, or where it would have to go. */
static size_t find_place(const struct rollouts *rollouts, const char *namespace, const char *name,
			 bool *ret_found)
{
	size_t low = 0, high = rollouts->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct followed *item = rollouts->items[middle];
		int order = strcmp(item->namespace, namespace);

		if (order == 0)
			order = strcmp(item->name, name);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct followed *find(const struct rollouts *rollouts, const char *namespace,
			     const char *name)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, &found);

	return found ? rollouts->items[place] : NULL;
}

static struct followed *add(struct rollouts *rollouts, const char *namespace, const char *name,
			    struct err *err)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, &found);

	if (found)
		return rollouts->items[place];
	struct followed *followed = calloc(1, sizeof(*followed));
	struct followed **items =
		reallocarray(rollouts->items, rollouts->count + 1, sizeof(struct followed *));
	if (items)
		rollouts->items = items;
	if (!followed || !items || !(followed->namespace = strdup(namespace)) ||
	    !(followed->name = strdup(name))) {
		if (followed)
			followed_free(followed);
		err_no_memory(err);
		return NULL;
	}
	memmove(&items[place + 1], &items[place],
		(rollouts->count - place) * sizeof(struct followed *));
	items[place] = followed;
	rollouts->count++;
	return followed;
}

/* Whether all lists of the place are known. */
static bool is_synced(const struct place *place)
{
	return place->statefulsets_synced && place->pods_synced && place->revisions_synced;
}

static bool is_synced_in(const struct rollouts *rollouts, const char *namespace)
{
	for (size_t i = 0; i < rollouts->place_count; i++) {
		const struct place *place = rollouts->places[i];

		if (place->namespace[0] == '\0' || strcmp(place->namespace, namespace) == 0)
			return is_synced(place);
	}
	return false;
}

static bool all_synced(const struct rollouts *rollouts)
{
	for (size_t i = 0; i < rollouts->place_count; i++) {
		if (!is_synced(rollouts->places[i]))
			return false;
	}
	return rollouts->place_count > 0;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* Everything of the verdict that somebody may look at, as text. */
static void print_fingerprint(const struct rollout *verdict, struct buf *out)
{
	buf_printf(out, "%d %s\n", verdict->phase, verdict->reason);
	buf_printf(out, "%lld %lld %lld %d %d\n", (long long)verdict->replicas,
		   (long long)verdict->start, (long long)verdict->partition, verdict->ordered,
		   verdict->on_delete);
	buf_printf(out, "%s %s %s %s\n", verdict->current_revision, verdict->update_revision,
		   verdict->current_images, verdict->update_images);
	buf_printf(out, "%lld %lld %lld %lld %lld %d\n", (long long)verdict->target,
		   (long long)verdict->next_partition, (long long)verdict->bake_until_ms,
		   (long long)verdict->deadline_at_ms, (long long)verdict->since_ms,
		   verdict->stuck_for_good);
	for (size_t i = 0; i < verdict->pod_count; i++) {
		const struct rollout_pod *pod = &verdict->pods[i];

		buf_printf(out, "%s %s %s %d%d%d%d%d%d%d %s\n", pod->name, pod->revision,
			   pod->images, pod->exists, pod->terminating, pod->ready, pod->available,
			   pod->updated, pod->held, pod->condemned,
			   pod->trouble ? pod->trouble : "");
		buf_printf(out, "%s %s %lld %lld %lld\n", pod->uid, pod->node,
			   (long long)pod->created_ms, (long long)pod->ready_since_ms,
			   (long long)pod->restarts);
	}
}

/* Judges it anew. 1 if the verdict is another one now, 0 if not, -1 with *err. */
static int judge(struct rollouts *rollouts, struct followed *followed, struct err *err)
{
	CLEANUP(buf_release) struct buf fingerprint = BUF_INIT(MAX_FINGERPRINT_BYTES);
	struct rollout verdict;
	int64_t now = clock_unix_ms();
	size_t count;

	followed->dirty = false;
	const cJSON *const *pods =
		pods_of(&rollouts->pods, followed->namespace, followed->name, &count);
	const struct promotion_record *record =
		rollouts->options.record_of
			? rollouts->options.record_of(rollouts->options.ctx, followed->namespace,
						      followed->name)
			: NULL;
	if (rollout_observe(followed->statefulset, pods, count, record, now, &verdict, err) < 0)
		return err_prefix(err, "statefulset.apps/%s", followed->name);
	print_fingerprint(&verdict, &fingerprint);
	if (followed->judged)
		rollout_release(&followed->verdict);
	followed->verdict = verdict;
	followed->judged = true;
	followed->recheck_at_ms = verdict.recheck_ms > 0 ? now + verdict.recheck_ms : 0;
	if (buf_check(&fingerprint, "the rollout", err) < 0)
		return -1;
	if (followed->fingerprint && strcmp(followed->fingerprint, buf_str(&fingerprint)) == 0)
		return 0;
	free(followed->fingerprint);
	followed->fingerprint = buf_steal(&fingerprint);
	return followed->fingerprint ? 1 : err_no_memory(err);
}

static void plan_flush(struct rollouts *rollouts);

static void on_recheck(void *ctx)
{
	struct rollouts *rollouts = ctx;
	int64_t now = clock_unix_ms();

	rollouts->recheck = 0;
	for (size_t i = 0; i < rollouts->count; i++) {
		struct followed *followed = rollouts->items[i];

		if (followed->recheck_at_ms && followed->recheck_at_ms <= now)
			followed->dirty = true;
	}
	plan_flush(rollouts);
}

/* Sets the timer for the earliest verdict that time alone may change. */
static void plan_recheck(struct rollouts *rollouts)
{
	int64_t earliest = 0;
	struct err err;

	for (size_t i = 0; i < rollouts->count; i++) {
		int64_t at = rollouts->items[i]->recheck_at_ms;

		if (at && (!earliest || at < earliest))
			earliest = at;
	}
	cluster_cancel(rollouts->cluster, rollouts->recheck);
	rollouts->recheck = 0;
	if (!earliest || rollouts->options.once)
		return;
	rollouts->recheck = cluster_after(rollouts->cluster, earliest - clock_unix_ms(), on_recheck,
					  rollouts, &err);
	if (!rollouts->recheck)
		tell_error(rollouts, &err, 0);
}

static struct followed *next_dirty(const struct rollouts *rollouts)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		struct followed *followed = rollouts->items[i];

		if (followed->dirty && is_synced_in(rollouts, followed->namespace))
			return followed;
	}
	return NULL;
}

/* Judges what is dirty, once for all events of a turn of the loop. */
static void on_flush(void *ctx)
{
	struct rollouts *rollouts = ctx;
	struct followed *followed;
	struct err err;

	rollouts->flush = 0;
	while ((followed = next_dirty(rollouts))) {
		int changed = judge(rollouts, followed, &err);

		if (changed > 0 && !tell_change(rollouts, &followed->verdict))
			return;
		if (changed < 0 && !tell_error(rollouts, &err, 0))
			return;
	}
	if (!rollouts->synced_told && all_synced(rollouts) && !tell_synced(rollouts))
		return;
	plan_recheck(rollouts);
}

static void plan_flush(struct rollouts *rollouts)
{
	struct err err;

	if (rollouts->flush)
		return;
	rollouts->flush = cluster_after(rollouts->cluster, 0, on_flush, rollouts, &err);
	if (!rollouts->flush)
		tell_error(rollouts, &err, 0);
}

/* --- watching --------------------------------------------------------------------------------- */

static void remove_statefulset(struct rollouts *rollouts, const char *namespace, const char *name)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, &found);

	if (!found)
		return;
	struct followed *followed = rollouts->items[place];
	rollouts->count--;
	memmove(&rollouts->items[place], &rollouts->items[place + 1],
		(rollouts->count - place) * sizeof(struct followed *));
	bool tell = followed->judged && rollouts->options.on_gone;
	CLEANUP(free_p) char *gone_namespace = STEAL(followed->namespace);
	CLEANUP(free_p) char *gone_name = STEAL(followed->name);
	followed_free(followed);
	if (tell)
		rollouts->options.on_gone(rollouts->options.ctx, gone_namespace, gone_name);
}

static void on_statefulset(void *ctx, enum watch_event event, cJSON **object)
{
	struct rollouts *rollouts = ((struct place *)ctx)->rollouts;
	const char *namespace = json_str(*object, "metadata.namespace");
	const char *name = json_str(*object, "metadata.name");
	struct err err;

	if (!namespace || !name)
		return;
	if (event == WATCH_DELETED) {
		remove_statefulset(rollouts, namespace, name);
		return;
	}
	struct followed *followed = add(rollouts, namespace, name, &err);
	if (!followed) {
		tell_error(rollouts, &err, 0);
		return;
	}
	cJSON_Delete(followed->statefulset);
	followed->statefulset = STEAL(*object);
	json_remove(followed->statefulset, "metadata.managedFields");
	followed->dirty = true;
	plan_flush(rollouts);
}

/* Marks the StatefulSet that the Pod's name says it belongs to. */
static void mark_owner(struct rollouts *rollouts, const char *namespace, const char *pod_name)
{
	CLEANUP(free_p) char *name = strdup(pod_name);
	char *dash = name ? strrchr(name, '-') : NULL;

	if (!dash)
		return;
	*dash = '\0';
	struct followed *followed = find(rollouts, namespace, name);
	if (!followed)
		return;
	followed->dirty = true;
	plan_flush(rollouts);
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
	mark_owner(rollouts, namespace, name);
	if (event == WATCH_DELETED || is_foreign(*object)) {
		pods_remove(&rollouts->pods, namespace, name);
		return;
	}
	json_remove(*object, "metadata.managedFields");
	if (pods_put(&rollouts->pods, STEAL(*object), &err) < 0)
		tell_error(rollouts, &err, 0);
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
		tell_error(rollouts, &err, 0);
}

static void on_statefulsets_synced(void *ctx)
{
	struct place *place = ctx;

	place->statefulsets_synced = true;
	plan_flush(place->rollouts);
}

static void on_pods_synced(void *ctx)
{
	struct place *place = ctx;

	place->pods_synced = true;
	plan_flush(place->rollouts);
}

static void on_revisions_synced(void *ctx)
{
	struct place *place = ctx;

	place->revisions_synced = true;
	plan_flush(place->rollouts);
}

/* Whoever may not list them has none; verdicts do not wait for them. */
static void on_revisions_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct place *place = ctx;

	(void)retry_in_ms;
	place->revisions_synced = true;
	plan_flush(place->rollouts);
	tell_error(place->rollouts, err, 0);
}

static void on_watch_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	tell_error(((struct place *)ctx)->rollouts, err, retry_in_ms);
}

static void place_free(struct place *place)
{
	struct cluster *cluster = place->rollouts->cluster;

	cluster_cancel(cluster, place->statefulsets);
	cluster_cancel(cluster, place->pods);
	cluster_cancel(cluster, place->revisions);
	free(place->namespace);
	free(place);
}

/* --- public ----------------------------------------------------------------------------------- */

struct rollouts *rollouts_new(struct cluster *cluster, const struct rollouts_options *options,
			      struct err *err)
{
	struct rollouts *rollouts = calloc(1, sizeof(*rollouts));

	if (!rollouts) {
		err_no_memory(err);
		return NULL;
	}
	rollouts->cluster = cluster;
	rollouts->options = *options;
	return rollouts;
}

void rollouts_free(struct rollouts *rollouts)
{
	if (!rollouts)
		return;
	if (rollouts->released)
		*rollouts->released = true;
	cluster_cancel(rollouts->cluster, rollouts->flush);
	cluster_cancel(rollouts->cluster, rollouts->recheck);
	for (size_t i = 0; i < rollouts->place_count; i++)
		place_free(rollouts->places[i]);
	free(rollouts->places);
	for (size_t i = 0; i < rollouts->count; i++)
		followed_free(rollouts->items[i]);
	free(rollouts->items);
	pods_release(&rollouts->pods);
	pods_release(&rollouts->revisions);
	free(rollouts);
}

static int start_watches(struct rollouts *rollouts, struct place *place, struct err *err)
{
	struct watch_options options = {
		.resource = &resource_statefulsets,
		.namespace = place->namespace,
		.once = rollouts->options.once,
		.on_event = on_statefulset,
		.on_synced = on_statefulsets_synced,
		.on_error = on_watch_error,
		.ctx = place,
	};

	place->statefulsets = watch_start(rollouts->cluster, &options, err);
	options.resource = &resource_pods;
	options.on_event = on_pod;
	options.on_synced = on_pods_synced;
	if (place->statefulsets)
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

int rollouts_add_namespace(struct rollouts *rollouts, const char *namespace, struct err *err)
{
	for (size_t i = 0; i < rollouts->place_count; i++) {
		const char *followed = rollouts->places[i]->namespace;

		if (followed[0] == '\0' || strcmp(followed, namespace) == 0)
			return 0;
	}
	struct place *place = calloc(1, sizeof(*place));
	struct place **places =
		reallocarray(rollouts->places, rollouts->place_count + 1, sizeof(struct place *));
	if (places)
		rollouts->places = places;
	if (!place || !places) {
		free(place);
		return err_no_memory(err);
	}
	place->rollouts = rollouts;
	place->namespace = strdup(namespace);
	if (!place->namespace || start_watches(rollouts, place, err) < 0) {
		if (!place->namespace)
			err_no_memory(err);
		place_free(place);
		return -1;
	}
	places[rollouts->place_count++] = place;
	rollouts->synced_told = false;
	return 0;
}

void rollouts_touch(struct rollouts *rollouts, const char *namespace, const char *name)
{
	struct followed *followed = find(rollouts, namespace, name);

	if (!followed)
		return;
	followed->dirty = true;
	plan_flush(rollouts);
}

const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *namespace,
				    const char *name)
{
	const struct followed *followed = find(rollouts, namespace, name);

	return followed && followed->judged ? &followed->verdict : NULL;
}

const struct rollout *rollouts_at(const struct rollouts *rollouts, size_t index)
{
	for (size_t i = 0; i < rollouts->count; i++) {
		if (rollouts->items[i]->judged && index-- == 0)
			return &rollouts->items[i]->verdict;
	}
	return NULL;
}

const cJSON *rollouts_statefulset(const struct rollouts *rollouts, const char *namespace,
				  const char *name)
{
	const struct followed *followed = find(rollouts, namespace, name);

	return followed ? followed->statefulset : NULL;
}

const cJSON *const *rollouts_pods(const struct rollouts *rollouts, const char *namespace,
				  const char *name, size_t *ret_count)
{
	return pods_of(&rollouts->pods, namespace, name, ret_count);
}

const cJSON *const *rollouts_revisions(const struct rollouts *rollouts, const char *namespace,
				       const char *name, size_t *ret_count)
{
	return pods_of(&rollouts->revisions, namespace, name, ret_count);
}
