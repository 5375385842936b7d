#include "tests/kubesim/table_kinds.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define REASON_MAX_BYTES 1024

/* What printPod computes of a Pod. */
struct summary {
	int64_t restarts, restarted_us; /* and the last time, 0: never */
	int64_t sidecar_restarts, sidecar_restarted_us;
	int ready, total;
	struct buf reason;
};

static void reason_is(struct summary *summary, const char *format, ...) PRINTF(2, 3);

static void reason_is(struct summary *summary, const char *format, ...)
{
	CLEANUP(free_p) char *text = NULL;
	va_list args;

	va_start(args, format);
	must_have(vasprintf(&text, format, args) < 0 ? NULL : text);
	va_end(args);
	buf_clear(&summary->reason);
	buf_puts(&summary->reason, text);
}

static bool has_condition(const cJSON *pod, const char *type, const char *status)
{
	const cJSON *condition;

	json_each (condition, json_at(pod, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), type) == 0)
			return strcmp(obj_text(condition, "status"), status) == 0;
	}
	return false;
}

/* Whether the container is an init container that keeps running beside the others. */
static bool is_sidecar(const cJSON *pod, const char *name)
{
	const cJSON *container;

	json_each (container, json_at(pod, "spec.initContainers")) {
		if (strcmp(obj_text(container, "name"), name) == 0)
			return strcmp(obj_text(container, "restartPolicy"), "Always") == 0;
	}
	return false;
}

static void count_restarts(const cJSON *status, int64_t *restarts, int64_t *restarted_us)
{
	int64_t finished_us;

	*restarts += json_int_or(status, "restartCount", 0);
	if (timestamp_read(obj_text(status, "lastState.terminated.finishedAt"), &finished_us) &&
	    finished_us > *restarted_us)
		*restarted_us = finished_us;
}

/* Why the container of this status ended: "PREFIXReason", "PREFIXSignal:9", "PREFIXExitCode:1". */
static void terminated_reason(struct summary *summary, const char *prefix, const cJSON *terminated)
{
	const char *reason = obj_text(terminated, "reason");
	long long signal = json_int_or(terminated, "signal", 0);

	if (*reason)
		reason_is(summary, "%s%s", prefix, reason);
	else if (signal)
		reason_is(summary, "%sSignal:%lld", prefix, signal);
	else
		reason_is(summary, "%sExitCode:%lld", prefix,
			  (long long)json_int_or(terminated, "exitCode", 0));
}

/* Whether the Pod is still initializing, and then why. */
static bool summarize_init(const cJSON *pod, struct summary *summary)
{
	const cJSON *status;
	int index = -1;

	json_each (status, json_at(pod, "status.initContainerStatuses")) {
		const cJSON *terminated = json_at(status, "state.terminated");
		const char *waiting = obj_text(status, "state.waiting.reason");
		bool sidecar = is_sidecar(pod, obj_text(status, "name"));

		index++;
		count_restarts(status, &summary->restarts, &summary->restarted_us);
		if (sidecar)
			count_restarts(status, &summary->sidecar_restarts,
				       &summary->sidecar_restarted_us);
		if (terminated && json_int_or(terminated, "exitCode", 0) == 0)
			continue;
		if (sidecar && json_true(status, "started")) {
			summary->ready += json_true(status, "ready");
			continue;
		}
		if (terminated)
			terminated_reason(summary, "Init:", terminated);
		else if (*waiting && strcmp(waiting, "PodInitializing") != 0)
			reason_is(summary, "Init:%s", waiting);
		else
			reason_is(summary, "Init:%d/%d", index,
				  cJSON_GetArraySize(json_at(pod, "spec.initContainers")));
		return true;
	}
	return false;
}

static void summarize_containers(const cJSON *pod, struct summary *summary)
{
	const cJSON *statuses = json_at(pod, "status.containerStatuses");
	bool running = false;

	summary->restarts = summary->sidecar_restarts;
	summary->restarted_us = summary->sidecar_restarted_us;
	for (int i = cJSON_GetArraySize(statuses) - 1; i >= 0; i--) {
		const cJSON *status = cJSON_GetArrayItem(statuses, i);
		const cJSON *terminated = json_at(status, "state.terminated");
		const char *waiting = obj_text(status, "state.waiting.reason");

		count_restarts(status, &summary->restarts, &summary->restarted_us);
		if (*waiting) {
			reason_is(summary, "%s", waiting);
		} else if (terminated) {
			terminated_reason(summary, "", terminated);
		} else if (json_true(status, "ready") && json_at(status, "state.running")) {
			running = true;
			summary->ready++;
		}
	}
	if (running && strcmp(buf_str(&summary->reason), "Completed") == 0)
		reason_is(summary, has_condition(pod, "Ready", "True") ? "Running" : "NotReady");
}

static void summarize(const cJSON *pod, struct summary *ret_summary)
{
	const char *phase = obj_text(pod, "status.phase"), *reason = obj_text(pod, "status.reason");
	const cJSON *item;

	*ret_summary = (struct summary){.reason = BUF_INIT(REASON_MAX_BYTES)};
	ret_summary->total = cJSON_GetArraySize(json_at(pod, "spec.containers"));
	reason_is(ret_summary, "%s", *reason ? reason : phase);
	json_each (item, json_at(pod, "status.conditions")) {
		if (strcmp(obj_text(item, "type"), "PodScheduled") == 0 &&
		    strcmp(obj_text(item, "reason"), "SchedulingGated") == 0)
			reason_is(ret_summary, "SchedulingGated");
	}
	json_each (item, json_at(pod, "spec.initContainers")) {
		ret_summary->total += is_sidecar(pod, obj_text(item, "name"));
	}
	if (!summarize_init(pod, ret_summary) || has_condition(pod, "Initialized", "True"))
		summarize_containers(pod, ret_summary);
	if (!obj_is_deleting(pod))
		return;
	if (strcmp(reason, "NodeLost") == 0)
		reason_is(ret_summary, "Unknown");
	else if (strcmp(phase, "Failed") != 0 && strcmp(phase, "Succeeded") != 0)
		reason_is(ret_summary, "Terminating");
}

static void summary_release(struct summary *summary)
{
	buf_release(&summary->reason);
}

cJSON *cell_pod_ready(const struct table_row *row, const char *unused)
{
	CLEANUP(summary_release) struct summary summary;
	CLEANUP(free_p) char *text = NULL;

	(void)unused;
	summarize(row->object, &summary);
	text = alloc_printf("%d/%d", summary.ready, summary.total);
	return obj_new_text(text);
}

cJSON *cell_pod_status(const struct table_row *row, const char *unused)
{
	CLEANUP(summary_release) struct summary summary;

	(void)unused;
	summarize(row->object, &summary);
	return obj_new_text(buf_str(&summary.reason));
}

cJSON *cell_pod_restarts(const struct table_row *row, const char *unused)
{
	CLEANUP(summary_release) struct summary summary;
	CLEANUP(buf_release) struct buf text = BUF_INIT(REASON_MAX_BYTES);

	(void)unused;
	summarize(row->object, &summary);
	buf_printf(&text, "%lld", (long long)summary.restarts);
	if (summary.restarts && summary.restarted_us) {
		buf_puts(&text, " (");
		human_duration(row->now_us - summary.restarted_us, &text);
		buf_puts(&text, " ago)");
	}
	return obj_new_text(buf_str(&text));
}

cJSON *cell_pod_gates(const struct table_row *row, const char *unused)
{
	const cJSON *gates = json_at(row->object, "spec.readinessGates"), *gate;
	CLEANUP(free_p) char *text = NULL;
	int met = 0;

	(void)unused;
	if (cJSON_GetArraySize(gates) == 0)
		return obj_new_text("<none>");
	json_each (gate, gates) {
		met += has_condition(row->object, obj_text(gate, "conditionType"), "True");
	}
	text = alloc_printf("%d/%d", met, cJSON_GetArraySize(gates));
	return obj_new_text(text);
}
