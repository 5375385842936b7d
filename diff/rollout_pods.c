#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/rfc3339.h"
#include "diff/rollout_facts.h"
#include "diff/rollout_trouble.h"

#define MAX_TEXT 65536 /* bytes of one Pod's images or trouble */

static bool text_is(const cJSON *object, const char *path, const char *expected)
{
	const char *text = json_str(object, path);

	return text && strcmp(text, expected) == 0;
}

/* podutil.IsPodAvailable; *ret_wait_ms is how long until it is, 0 where time does not help. */
static bool is_available(const cJSON *ready_condition, int64_t min_ready_ms, int64_t now_ms,
			 int64_t *ret_wait_ms)
{
	const char *since = json_str(ready_condition, "lastTransitionTime");
	int64_t since_ms;

	*ret_wait_ms = 0;
	if (min_ready_ms == 0)
		return true;
	if (!since || !rfc3339_read(since, &since_ms))
		return false;
	if (since_ms + min_ready_ms <= now_ms)
		return true;
	*ret_wait_ms = since_ms + min_ready_ms - now_ms;
	return false;
}

static int64_t time_at(const cJSON *object, const char *path)
{
	const char *text = json_str(object, path);
	int64_t ms = 0;

	if (text)
		rfc3339_read(text, &ms);
	return ms;
}

/*
 * A container without a probe may begin again without the Pod being seen unready. Of the init
 * containers only those run on that are sidecars.
 */
static void read_starts(const cJSON *statuses, struct rollout_pod *pod)
{
	const cJSON *status;

	json_each (status, statuses) {
		int64_t started_ms = time_at(status, "state.running.startedAt");

		if (pod->ready_since_ms && started_ms > pod->ready_since_ms)
			pod->ready_since_ms = started_ms;
	}
}

/* Since when the Pod is what it is. A deletionTimestamp is the end of the grace that it has. */
static void read_history(const cJSON *json, struct rollout_pod *pod)
{
	const cJSON *status;
	int64_t turned_ms = time_at(rollout_condition(json, "Ready"), "lastTransitionTime");

	pod->created_ms = time_at(json, "metadata.creationTimestamp");
	if (pod->ready)
		pod->ready_since_ms = turned_ms;
	read_starts(json_at(json, "status.initContainerStatuses"), pod);
	read_starts(json_at(json, "status.containerStatuses"), pod);
	json_each (status, json_at(json, "status.containerStatuses"))
		pod->restarts += json_int_or(status, "restartCount", 0);
	if (pod->terminating)
		pod->waiting_since_ms = time_at(json, "metadata.deletionTimestamp");
	else if (!pod->ready)
		pod->waiting_since_ms = turned_ms > pod->created_ms ? turned_ms : pod->created_ms;
}

/* The text that was printed; NULL for none. */
static int take_text(struct buf *buf, char **ret_text, struct err *err)
{
	if (buf_check(buf, "a Pod's text", err) < 0)
		return -1;
	*ret_text = NULL;
	if (buf->length > 0 && !(*ret_text = buf_steal(buf)))
		return err_no_memory(err);
	return 0;
}

static int read_pod(const struct rollout_facts *facts, const char *target_revision,
		    const cJSON *json, int64_t now_ms, struct rollout_pod *pod, int64_t *recheck_ms,
		    struct err *err)
{
	CLEANUP(buf_release) struct buf images = BUF_INIT(MAX_TEXT);
	CLEANUP(buf_release) struct buf trouble = BUF_INIT(MAX_TEXT);
	CLEANUP(buf_release) struct buf wait = BUF_INIT(MAX_TEXT);
	const cJSON *ready = rollout_condition(json, "Ready");
	const cJSON *label = json_get(json_at(json, "metadata.labels"), "controller-revision-hash");
	int64_t wait_ms = 0;

	pod->exists = true;
	pod->terminating = json_at(json, "metadata.deletionTimestamp") != NULL;
	pod->ready = text_is(json, "status.phase", "Running") && text_is(ready, "status", "True");
	pod->available = pod->ready && !pod->terminating &&
			 is_available(ready, facts->min_ready_ms, now_ms, &wait_ms);
	if (wait_ms > 0 && (*recheck_ms == 0 || wait_ms < *recheck_ms))
		*recheck_ms = wait_ms;

	read_history(json, pod);

	const char *node = json_str(json, "spec.nodeName");
	const char *uid = json_str(json, "metadata.uid");
	pod->uid = strdup(uid ? uid : "");
	pod->revision = strdup(cJSON_IsString(label) ? label->valuestring : "");
	pod->node = strdup(node ? node : "");
	if (!pod->uid || !pod->revision || !pod->node)
		return err_no_memory(err);
	pod->updated = *target_revision && strcmp(pod->revision, target_revision) == 0;
	object_print_images(json_at(json, "spec"), &images);
	if (!pod->ready && !pod->terminating &&
	    !rollout_print_trouble(json, now_ms, &pod->trouble_may_pass, &trouble))
		rollout_print_wait(json, &wait);
	if (take_text(&images, &pod->images, err) < 0 ||
	    take_text(&trouble, &pod->trouble, err) < 0 || take_text(&wait, &pod->wait, err) < 0)
		return -1;
	return 0;
}

/* What every entry has, whether its Pod exists or not. */
static int finish_pod(const struct rollout_facts *facts, struct rollout_pod *pod, struct err *err)
{
	if (asprintf(&pod->name, "%s-%" PRId64, facts->name, pod->ordinal) < 0) {
		pod->name = NULL;
		return err_no_memory(err);
	}
	pod->condemned = !rollout_facts_wants(facts, pod->ordinal);
	pod->held = !pod->condemned && rollout_facts_holds(facts, pod->ordinal);
	if ((!pod->revision && !(pod->revision = strdup(""))) ||
	    (!pod->uid && !(pod->uid = strdup(""))) || (!pod->node && !(pod->node = strdup(""))) ||
	    (!pod->images && !(pod->images = strdup(""))))
		return err_no_memory(err);
	return 0;
}

/*
 * The N of NAME-N, as the controller writes it: decimal, no leading zero, within int32. -1 for
 * other names.
 */
static int64_t ordinal_of(const struct rollout_facts *facts, const cJSON *pod)
{
	const char *name = json_str(pod, "metadata.name");
	size_t length = strlen(facts->name);
	int64_t ordinal = 0;

	if (!name || strncmp(name, facts->name, length) != 0 || name[length] != '-')
		return -1;
	const char *digits = name + length + 1;
	if (!*digits || (digits[0] == '0' && digits[1]))
		return -1;
	for (; *digits; digits++) {
		if (!isdigit((unsigned char)*digits))
			return -1;
		ordinal = ordinal * 10 + (*digits - '0');
		if (ordinal > INT32_MAX)
			return -1;
	}
	return ordinal;
}

struct own_pod {
	int64_t ordinal;
	const cJSON *json;
};

static int by_ordinal(const void *a, const void *b)
{
	const struct own_pod *left = a, *right = b;

	return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

/* Sorts out the Pods that are the StatefulSet's, by ordinal; `own` has room for all. */
static size_t pick_own(const struct rollout_facts *facts, const cJSON *const *pods,
		       size_t pod_count, struct own_pod *own)
{
	size_t count = 0;

	for (size_t i = 0; i < pod_count; i++) {
		int64_t ordinal = ordinal_of(facts, pods[i]);
		if (ordinal >= 0 && rollout_facts_claim(facts, pods[i]))
			own[count++] = (struct own_pod){ordinal, pods[i]};
	}
	qsort(own, count, sizeof(*own), by_ordinal);
	return count;
}

int rollout_pods_read(const struct rollout_facts *facts, const char *target_revision,
		      const cJSON *const *pods, size_t pod_count, int64_t now_ms,
		      struct rollout_pods *ret_pods, struct err *err)
{
	CLEANUP(rollout_pods_release) struct rollout_pods list = {0};
	CLEANUP(free_p) struct own_pod *own = calloc(pod_count + 1, sizeof(*own));
	int64_t next = facts->start, end = facts->start + facts->replicas;

	if (!own)
		return err_no_memory(err);
	size_t own_count = pick_own(facts, pods, pod_count, own);
	list.items = calloc(own_count + (size_t)facts->replicas + 1, sizeof(*list.items));
	if (!list.items)
		return err_no_memory(err);

	/* Merges the Pods that there are with the ordinals that are wanted. */
	for (size_t i = 0; i < own_count || next < end;) {
		struct rollout_pod *pod = &list.items[list.count++];
		bool exists = i < own_count && (next >= end || own[i].ordinal <= next);

		pod->ordinal = exists ? own[i].ordinal : next;
		if (exists && read_pod(facts, target_revision, own[i].json, now_ms, pod,
				       &list.recheck_ms, err) < 0)
			return -1;
		if (finish_pod(facts, pod, err) < 0)
			return -1;
		i += exists;
		next += pod->ordinal == next;
	}
	*ret_pods = list;
	list = (struct rollout_pods){0};
	return 0;
}

void rollout_pods_release(struct rollout_pods *pods)
{
	for (size_t i = 0; i < pods->count; i++) {
		free(pods->items[i].name);
		free(pods->items[i].revision);
		free(pods->items[i].images);
		free(pods->items[i].uid);
		free(pods->items[i].node);
		free(pods->items[i].trouble);
		free(pods->items[i].wait);
	}
	free(pods->items);
	*pods = (struct rollout_pods){0};
}
