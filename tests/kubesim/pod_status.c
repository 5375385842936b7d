#include "tests/kubesim/pod_status.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

bool fail_image_parse(char *text, struct fail_image *ret_fail_image)
{
	char *equals = strchr(text, '=');

	if (!equals || equals == text || !equals[1])
		return false;
	*equals = '\0';
	ret_fail_image->pattern = text;
	ret_fail_image->reason = equals + 1;
	return true;
}

static const char *image_failure(const char *image, const struct fail_image *fail_images,
				 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fnmatch(fail_images[i].pattern, image, 0) == 0)
			return fail_images[i].reason;
	}
	return NULL;
}

const char *pod_status_failure(const cJSON *pod, const struct fail_image *fail_images, size_t count)
{
	const cJSON *container;

	json_each (container, json_at(pod, "spec.containers")) {
		const char *reason =
			image_failure(obj_text(container, "image"), fail_images, count);

		if (reason)
			return reason;
	}
	return NULL;
}

/* The item of the status list `path` that is called so by its `key`, or NULL. */
static cJSON *item_named(cJSON *pod, const char *path, const char *key, const char *name)
{
	cJSON *item;

	json_each (item, json_at(pod, path)) {
		if (strcmp(obj_text(item, key), name) == 0)
			return item;
	}
	return NULL;
}

static cJSON *item_made(cJSON *pod, const char *path, const char *key, const char *name)
{
	cJSON *item = item_named(pod, path, key, name);

	if (!item) {
		item = obj_new();
		obj_set_text(item, key, name);
		obj_append(obj_array_at(pod, path), item);
	}
	return item;
}

static void set_condition(cJSON *pod, const char *type, bool holds, const char *now)
{
	cJSON *condition = item_made(pod, "status.conditions", "type", type);
	const char *status = holds ? "True" : "False";

	if (strcmp(obj_text(condition, "status"), status) == 0)
		return;
	obj_set_text(condition, "status", status);
	obj_set(condition, "lastProbeTime", cJSON_CreateNull());
	obj_set_text(condition, "lastTransitionTime", now);
	json_remove(condition, "reason");
	json_remove(condition, "message");
}

/* "containers with unready status: [web log]" */
static void set_unready(cJSON *pod, const char *type)
{
	cJSON *condition = item_made(pod, "status.conditions", "type", type);
	CLEANUP(buf_release) struct buf message = BUF_INIT(64 * 1024);
	const char *separator = "";
	const cJSON *container;

	buf_puts(&message, "containers with unready status: [");
	json_each (container, json_at(pod, "spec.containers")) {
		buf_printf(&message, "%s%s", separator, obj_text(container, "name"));
		separator = " ";
	}
	buf_puts(&message, "]");
	obj_set_text(condition, "reason", "ContainersNotReady");
	obj_set_text(condition, "message", buf_str(&message));
}

int64_t pod_status_backoff_ms(int64_t restarts)
{
	int64_t backoff_ms = 10000;

	for (; restarts > 1 && backoff_ms < 300000; restarts--)
		backoff_ms *= 2;
	return backoff_ms < 300000 ? backoff_ms : 300000;
}

static void print_back_off(const cJSON *pod, const cJSON *container, int64_t restarts,
			   struct buf *out)
{
	int seconds = (int)(pod_status_backoff_ms(restarts) / 1000);

	buf_puts(out, "back-off ");
	if (seconds >= 60)
		buf_printf(out, "%dm", seconds / 60);
	buf_printf(out, "%ds restarting failed container=%s pod=%s_%s(%s)", seconds % 60,
		   obj_text(container, "name"), obj_name(pod), obj_namespace(pod), obj_uid(pod));
}

/* What the kubelet says while it waits before it tries again. */
static void print_waiting(const cJSON *pod, const cJSON *container, const char *reason,
			  int64_t restarts, struct buf *out)
{
	if (strcmp(reason, "ImagePullBackOff") == 0)
		buf_printf(out, "Back-off pulling image \"%s\"", obj_text(container, "image"));
	else if (strcmp(reason, "CrashLoopBackOff") == 0)
		print_back_off(pod, container, restarts, out);
	else
		buf_printf(out, "container \"%s\" cannot start", obj_text(container, "name"));
}

static bool has_run(const char *reason)
{
	return strcmp(reason, "CrashLoopBackOff") == 0 || strcmp(reason, "RunContainerError") == 0;
}

static void set_waiting(const cJSON *pod, const cJSON *container, cJSON *status, const char *reason,
			const char *now)
{
	int64_t restarts = json_int_or(status, "restartCount", 0) + has_run(reason);

	obj_set_text(status, "state.waiting.reason", reason);
	if (strcmp(reason, "ContainerCreating") != 0) {
		CLEANUP(buf_release) struct buf message = BUF_INIT(4096);

		print_waiting(pod, container, reason, restarts, &message);
		obj_set_text(status, "state.waiting.message", buf_str(&message));
	}
	if (has_run(reason)) {
		obj_set_int(status, "restartCount", restarts);
		obj_set_int(status, "lastState.terminated.exitCode", 1);
		obj_set_text(status, "lastState.terminated.reason", "Error");
		obj_set_text(status, "lastState.terminated.startedAt", now);
		obj_set_text(status, "lastState.terminated.finishedAt", now);
	}
}

static void set_container(cJSON *pod, const char *list, const cJSON *container,
			  enum pod_stage stage, const char *reason, const char *now)
{
	cJSON *status = item_made(pod, list, "name", obj_text(container, "name"));
	bool runs = stage == POD_RUNNING || stage == POD_READY;

	obj_set_text(status, "image", obj_text(container, "image"));
	obj_set_text(status, "imageID", "");
	obj_set_int(status, "restartCount", json_int_or(status, "restartCount", 0));
	obj_set_bool(status, "ready", stage == POD_READY);
	obj_set_bool(status, "started", runs);
	obj_set(status, "lastState", obj_new());
	if (!runs) {
		obj_set(status, "state", obj_new());
		set_waiting(pod, container, status,
			    stage == POD_CREATING ? "ContainerCreating" : reason, now);
	} else if (!json_at(status, "state.running")) {
		obj_set(status, "state", obj_new());
		obj_set_text(status, "state.running.startedAt", now);
	}
}

/* An address that is the Pod's own as long as it lives, made from its uid. */
static void set_address(cJSON *pod)
{
	unsigned hash = 2166136261u; /* FNV-1a */
	char address[sizeof("10.244.255.255")];
	cJSON *entry;

	for (const char *c = obj_uid(pod); *c; c++)
		hash = (hash ^ (unsigned char)*c) * 16777619u;
	snprintf(address, sizeof(address), "10.244.%u.%u", hash >> 8 & 255, 1 + (hash & 255) % 254);
	obj_set_text(pod, "status.podIP", address);
	entry = obj_new();
	obj_set_text(entry, "ip", address);
	obj_append(obj_array_at(pod, "status.podIPs"), entry);
	obj_set_text(pod, "status.hostIP", "127.0.0.1");
}

void pod_status_set(cJSON *pod, enum pod_stage stage, const char *reason, int64_t wall_us)
{
	bool ready = stage == POD_READY;
	bool runs = ready || stage == POD_RUNNING || (stage == POD_FAILING && has_run(reason));
	char now[TIMESTAMP_SIZE];
	const cJSON *container;

	timestamp_print(wall_us, now);
	set_condition(pod, "Initialized", true, now);
	set_condition(pod, "Ready", ready, now);
	set_condition(pod, "ContainersReady", ready, now);
	set_condition(pod, "PodScheduled", true, now);
	if (!ready) {
		set_unready(pod, "Ready");
		set_unready(pod, "ContainersReady");
	}
	json_each (container, json_at(pod, "spec.containers"))
		set_container(pod, "status.containerStatuses", container, stage, reason, now);
	json_each (container, json_at(pod, "spec.initContainers"))
		if (strcmp(obj_text(container, "restartPolicy"), "Always") == 0) /* a sidecar */
			set_container(pod, "status.initContainerStatuses", container, stage, reason,
				      now);
	obj_set_text(pod, "status.phase", runs ? "Running" : "Pending");
	if (!json_at(pod, "status.startTime"))
		obj_set_text(pod, "status.startTime", now);
	if (runs && !json_at(pod, "status.podIP"))
		set_address(pod);
}

const cJSON *pod_ready_condition(const cJSON *pod)
{
	const cJSON *condition;

	json_each (condition, json_at(pod, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), "Ready") == 0)
			return condition;
	}
	return NULL;
}

bool pod_is_ready(const cJSON *pod)
{
	return strcmp(obj_text(pod_ready_condition(pod), "status"), "True") == 0;
}

void pod_status_set_unschedulable(cJSON *pod, const char *message, int64_t wall_us)
{
	cJSON *condition = obj_new();
	char now[TIMESTAMP_SIZE];

	timestamp_print(wall_us, now);
	obj_set_text(condition, "type", "PodScheduled");
	obj_set_text(condition, "status", "False");
	obj_set(condition, "lastProbeTime", cJSON_CreateNull());
	obj_set_text(condition, "lastTransitionTime", now);
	obj_set_text(condition, "reason", "Unschedulable");
	obj_set_text(condition, "message", message);
	json_remove(pod, "status.conditions");
	obj_append(obj_array_at(pod, "status.conditions"), condition);
}
