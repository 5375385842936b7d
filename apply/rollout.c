#include "apply/rollout_private.h"

#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"
#include "diff/cleanup.h"
#include "diff/hash.h"

#define RETRY_MS              10000 /* until it is judged again where memory ran out */
#define MAX_FINGERPRINT_BYTES (64u * 1024 * 1024)

static void followed_free(struct followed *followed)
{
	free(followed->namespace);
	free(followed->name);
	cJSON_Delete(followed->statefulset);
	if (followed->judged)
		rollout_release(&followed->verdict);
	free(followed);
}

static void release(struct rollouts *rollouts)
{
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

/* --- telling: false if the rollouts are gone after it ----------------------------------------- */

/* A callback may end in another one, and either may free the rollouts: the outermost then does. */
static bool end_callback(struct rollouts *rollouts)
{
	bool freed = rollouts->freed;

	if (--rollouts->callbacks == 0 && freed)
		release(rollouts);
	return !freed;
}

static bool tell_change(struct rollouts *rollouts, const struct rollout *verdict)
{
	rollouts->callbacks++;
	rollouts->options.on_change(rollouts->options.ctx, verdict);
	return end_callback(rollouts);
}

static bool tell_gone(struct rollouts *rollouts, const char *namespace, const char *name)
{
	if (!rollouts->options.on_gone)
		return true;
	rollouts->callbacks++;
	rollouts->options.on_gone(rollouts->options.ctx, namespace, name);
	return end_callback(rollouts);
}

static bool tell_synced(struct rollouts *rollouts)
{
	rollouts->synced_told = true;
	if (!rollouts->options.on_synced)
		return true;
	rollouts->callbacks++;
	rollouts->options.on_synced(rollouts->options.ctx);
	return end_callback(rollouts);
}

bool rollouts_tell_error(struct rollouts *rollouts, const struct err *err, int64_t retry_in_ms)
{
	if (!rollouts->options.on_error)
		return true;
	rollouts->callbacks++;
	rollouts->options.on_error(rollouts->options.ctx, err, retry_in_ms);
	return end_callback(rollouts);
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The place in `items`, or where it would have to go. */
static size_t find_place(const struct rollouts *rollouts, const char *namespace, const char *name,
			 size_t name_length, bool *ret_found)
{
	size_t low = 0, high = rollouts->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct followed *item = rollouts->items[middle];
		int order = strcmp(item->namespace, namespace);

		if (order == 0)
			order = strncmp(item->name, name, name_length);
		if (order == 0)
			order = item->name[name_length] != '\0';
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

struct followed *rollouts_followed(const struct rollouts *rollouts, const char *namespace,
				   const char *name)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, strlen(name), &found);

	return found ? rollouts->items[place] : NULL;
}

struct followed *rollouts_owner(const struct rollouts *rollouts, const char *namespace,
				const char *pod_name)
{
	const char *dash = strrchr(pod_name, '-');
	bool found = false;
	size_t place =
		dash ? find_place(rollouts, namespace, pod_name, (size_t)(dash - pod_name), &found)
		     : 0;

	return found ? rollouts->items[place] : NULL;
}

struct followed *rollouts_follow(struct rollouts *rollouts, const char *namespace, const char *name,
				 struct err *err)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, strlen(name), &found);

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

void rollouts_forget(struct rollouts *rollouts, const char *namespace, const char *name)
{
	bool found;
	size_t place = find_place(rollouts, namespace, name, strlen(name), &found);

	if (!found)
		return;
	struct followed *followed = rollouts->items[place];
	rollouts->count--;
	memmove(&rollouts->items[place], &rollouts->items[place + 1],
		(rollouts->count - place) * sizeof(struct followed *));
	bool tell = followed->judged;
	CLEANUP(free_p) char *gone_namespace = STEAL(followed->namespace);
	CLEANUP(free_p) char *gone_name = STEAL(followed->name);
	followed_free(followed);
	if (tell)
		tell_gone(rollouts, gone_namespace, gone_name);
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

/*
 * Everything of the verdict that somebody may look at, as text; and of which generation it is, for
 * which others wait.
 */
static void print_fingerprint(const struct rollout *verdict, const cJSON *statefulset,
			      struct buf *out)
{
	buf_printf(out, "%lld\n", (long long)json_int_or(statefulset, "metadata.generation", 0));
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
	print_fingerprint(&verdict, followed->statefulset, &fingerprint);
	if (buf_check(&fingerprint, "the rollout", err) < 0) {
		rollout_release(&verdict);
		return -1;
	}
	uint64_t hash = hash_bytes(HASH_SEED, fingerprint.data, fingerprint.length);
	bool was_judged = followed->judged;
	if (was_judged)
		rollout_release(&followed->verdict);
	followed->verdict = verdict;
	followed->judged = true;
	followed->recheck_at_ms = verdict.recheck_ms > 0 ? now + verdict.recheck_ms : 0;
	if (was_judged && followed->fingerprint == hash)
		return 0;
	followed->fingerprint = hash;
	return 1;
}

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
	rollouts_plan_flush(rollouts);
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
		rollouts_tell_error(rollouts, &err, 0);
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
		if (changed < 0 && err.class == ERR_NO_MEMORY)
			followed->recheck_at_ms = clock_unix_ms() + RETRY_MS;
		if (changed < 0 && !rollouts_tell_error(rollouts, &err, 0))
			return;
	}
	if (!rollouts->synced_told && all_synced(rollouts) && !tell_synced(rollouts))
		return;
	plan_recheck(rollouts);
}

bool rollouts_plan_flush(struct rollouts *rollouts)
{
	struct err err;

	if (!rollouts->flush)
		rollouts->flush = cluster_after(rollouts->cluster, 0, on_flush, rollouts, &err);
	return rollouts->flush || rollouts_tell_error(rollouts, &err, 0);
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
	if (!rollouts || rollouts->freed)
		return;
	rollouts->freed = true;
	cluster_cancel(rollouts->cluster, rollouts->flush);
	cluster_cancel(rollouts->cluster, rollouts->recheck);
	for (size_t i = 0; i < rollouts->place_count; i++)
		place_stop(rollouts->places[i]);
	if (!rollouts->callbacks)
		release(rollouts);
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
	if (!place->namespace || place_start(place, err) < 0) {
		if (!place->namespace)
			err_no_memory(err);
		place_stop(place);
		place_free(place);
		return -1;
	}
	places[rollouts->place_count++] = place;
	rollouts->synced_told = false;
	return 0;
}

void rollouts_touch(struct rollouts *rollouts, const char *namespace, const char *name)
{
	struct followed *followed = rollouts_followed(rollouts, namespace, name);

	if (!followed)
		return;
	followed->dirty = true;
	rollouts_plan_flush(rollouts);
}

const struct rollout *rollouts_find(const struct rollouts *rollouts, const char *namespace,
				    const char *name)
{
	const struct followed *followed = rollouts_followed(rollouts, namespace, name);

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
	const struct followed *followed = rollouts_followed(rollouts, namespace, name);

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
