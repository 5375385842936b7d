#include "diff/rollout_trouble.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "diff/rfc3339.h"

#define CRASH_LOOP "CrashLoopBackOff"

/* After so many restarts nobody hopes for the next one. */
#define MANY_RESTARTS 3
/* So long a container has to run until the kubelet forgets its crashes (MaxContainerBackOff twice). */
#define CALM_MS (10 * 60 * 1000)

/*
 * The reasons for which a container waits that do not end by themselves: the kubelet tries again,
 * with growing pauses, and fails again until somebody changes the template, a Secret, a registry.
 * (pkg/kubelet/images/types.go, pkg/kubelet/kuberuntime/kuberuntime_container.go, the CRI's errors)
 */
static const struct {
	const char *name;
	bool may_pass;
} lasting_reasons[] = {
	{"ImagePullBackOff", false},          {"ErrImagePull", true},
	{"ErrImageNeverPull", false},         {"InvalidImageName", false},
	{"ImageInspectError", true},          {"RegistryUnavailable", true},
	{"SignatureValidationFailed", false}, {"CreateContainerConfigError", true},
	{"CreateContainerError", true},       {"PreCreateHookError", true},
	{"PreStartHookError", true},          {"PostStartHookError", true},
	{"RunContainerError", true},
};

static const char *const status_lists[] = {"status.initContainerStatuses",
					   "status.containerStatuses"};

const cJSON *rollout_condition(const cJSON *pod, const char *type)
{
	const cJSON *condition;

	json_each (condition, json_at(pod, "status.conditions")) {
		const char *its = json_str(condition, "type");
		if (its && strcmp(its, type) == 0)
			return condition;
	}
	return NULL;
}

static bool text_is(const cJSON *object, const char *path, const char *expected)
{
	const char *text = json_str(object, path);

	return text && strcmp(text, expected) == 0;
}

/* A message of the kubelet's or the scheduler's, in one line. */
static void print_line(const char *text, struct buf *out)
{
	bool pending_space = false;

	for (; *text; text++) {
		if (iscntrl((unsigned char)*text) || *text == ' ') {
			pending_space = true;
			continue;
		}
		if (pending_space)
			buf_putc(out, ' ');
		pending_space = false;
		buf_putc(out, *text);
	}
}

static void print_message(const char *message, struct buf *out)
{
	if (!message || !*message)
		return;
	buf_puts(out, ": ");
	print_line(message, out);
}

/* --- containers ------------------------------------------------------------------------------- */

/* How the container ended last: it may have ended just now, or run again since. */
static const cJSON *last_end(const cJSON *status)
{
	const cJSON *now = json_at(status, "state.terminated");

	return now ? now : json_at(status, "lastState.terminated");
}

static bool has_failed(const cJSON *end)
{
	return end && json_int_or(end, "exitCode", 0) != 0;
}

static void print_crash(const cJSON *status, struct buf *out)
{
	const cJSON *end = last_end(status);
	const char *reason = json_str(end, "reason");
	int64_t restarts = json_int_or(status, "restartCount", 0);
	int64_t exit_code;

	buf_puts(out, ": ");
	if (json_int(end, "exitCode", &exit_code))
		buf_printf(out, "exit code %" PRId64 ", ", exit_code);
	if (reason && strcmp(reason, "Error") != 0 && strcmp(reason, "Completed") != 0)
		buf_printf(out, "%s, ", reason);
	buf_printf(out, "%" PRId64 " restart%s", restarts, restarts == 1 ? "" : "s");
}

/* Whether a container that does not wait for its back-off is in a crash loop all the same. */
static bool is_between_crashes(const cJSON *status, int64_t now_ms)
{
	const char *started = json_str(status, "state.running.startedAt");
	int64_t restarts = json_int_or(status, "restartCount", 0);
	int64_t started_ms;

	if (restarts < 2 || json_true(status, "ready") || !has_failed(last_end(status)))
		return false;
	if (json_at(status, "state.terminated"))
		return true;
	return started && rfc3339_read(started, &started_ms) && now_ms - started_ms < CALM_MS;
}

/* Which of the Pod's containers, where that is not plain. */
static void print_container(const cJSON *status, bool is_init, bool several, struct buf *out)
{
	const char *name = json_str(status, "name");

	if (name && (is_init || several))
		buf_printf(out, " (%scontainer %s)", is_init ? "init " : "", name);
}

static bool print_container_trouble(const cJSON *status, bool is_init, bool several, int64_t now_ms,
				    bool *ret_may_pass, struct buf *out)
{
	const char *reason = json_str(status, "state.waiting.reason");

	if (text_is(status, "state.waiting.reason", CRASH_LOOP) ||
	    (!reason && is_between_crashes(status, now_ms))) {
		*ret_may_pass = json_int_or(status, "restartCount", 0) < MANY_RESTARTS;
		buf_puts(out, CRASH_LOOP);
		print_container(status, is_init, several, out);
		print_crash(status, out);
		return true;
	}
	for (size_t i = 0; reason && i < sizeof(lasting_reasons) / sizeof(*lasting_reasons); i++) {
		if (strcmp(reason, lasting_reasons[i].name) != 0)
			continue;
		*ret_may_pass = lasting_reasons[i].may_pass;
		buf_puts(out, reason);
		print_container(status, is_init, several, out);
		print_message(json_str(status, "state.waiting.message"), out);
		return true;
	}
	return false;
}

/* --- public ----------------------------------------------------------------------------------- */

bool rollout_print_trouble(const cJSON *pod, int64_t now_ms, bool *ret_may_pass, struct buf *out)
{
	const cJSON *scheduled = rollout_condition(pod, "PodScheduled");
	const cJSON *containers = json_at(pod, "spec.containers");
	bool several = containers && cJSON_GetArraySize(containers) > 1;
	const cJSON *status;

	if (text_is(scheduled, "status", "False") &&
	    text_is(scheduled, "reason", "Unschedulable")) {
		*ret_may_pass = true;
		buf_puts(out, "Unschedulable");
		print_message(json_str(scheduled, "message"), out);
		return true;
	}
	for (size_t i = 0; i < sizeof(status_lists) / sizeof(*status_lists); i++) {
		json_each (status, json_at(pod, status_lists[i])) {
			if (print_container_trouble(status, i == 0, several, now_ms, ret_may_pass,
						    out))
				return true;
		}
	}
	return false;
}

/* The init container that the others wait for. */
static const cJSON *running_init(const cJSON *pod)
{
	const cJSON *status;

	json_each (status, json_at(pod, status_lists[0])) {
		if (json_at(status, "state.running") && !json_true(status, "ready"))
			return status;
	}
	return NULL;
}

/* The first container that runs and is not ready. */
static const cJSON *unready_container(const cJSON *pod)
{
	const cJSON *status;

	json_each (status, json_at(pod, status_lists[1])) {
		if (json_at(status, "state.running") && !json_true(status, "ready"))
			return status;
	}
	return NULL;
}

/* The readiness gate of the Pod that is not met. */
static const char *unmet_gate(const cJSON *pod)
{
	const cJSON *gate;

	json_each (gate, json_at(pod, "spec.readinessGates")) {
		const char *type = json_str(gate, "conditionType");

		if (type && !text_is(rollout_condition(pod, type), "status", "True"))
			return type;
	}
	return NULL;
}

static void print_wait_of_running(const cJSON *pod, struct buf *out)
{
	const cJSON *unready = unready_container(pod);
	const char *gate = unmet_gate(pod);
	const char *name = json_str(unready, "name");

	if (unready && cJSON_IsFalse(json_get(unready, "started")))
		buf_puts(out, "running, but its startup probe has not succeeded");
	else if (unready)
		buf_puts(out, "running, but its readiness probe fails");
	else if (gate)
		buf_printf(out, "running, but its readiness gate %s is not met", gate);
	if (unready && name && cJSON_GetArraySize(json_at(pod, status_lists[1])) > 1)
		buf_printf(out, " (container %s)", name);
}

void rollout_print_wait(const cJSON *pod, struct buf *out)
{
	const cJSON *scheduled = rollout_condition(pod, "PodScheduled");
	const cJSON *sandbox = rollout_condition(pod, "PodReadyToStartContainers");
	const cJSON *init = running_init(pod);
	const char *name = json_str(init, "name");

	if (text_is(scheduled, "status", "False"))
		buf_printf(out, "%s",
			   text_is(scheduled, "reason", "SchedulingGated")
				   ? "its scheduling is held up by a gate"
				   : "it has no node yet");
	else if (init)
		buf_printf(out, "its init container %s is running", name ? name : "");
	else if (text_is(pod, "status.phase", "Running"))
		print_wait_of_running(pod, out);
	else if (text_is(sandbox, "status", "False"))
		buf_puts(out, "its volumes or its network are not ready");
	else if (json_at(pod, status_lists[1]))
		buf_puts(out, "its containers are being created");
}
