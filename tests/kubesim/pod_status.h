/*
 * pod_status.h - the status that a kubelet writes for a Pod, as a function of what is going on in it.
 *
 * Shared by kubesim's kubelet and by tests/tools/fake_kubelet.c, which serves real API servers, so
 * that Pods look the same on both. Shapes as in pkg/kubelet/kubelet_pods.go.
 */
#ifndef TESTS_KUBESIM_POD_STATUS_H
#define TESTS_KUBESIM_POD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/json.h"

/* Containers whose image matches the shell pattern never start, for this reason. */
struct fail_image {
	const char *pattern; /* "nginx:1.26.*"; `*` matches slashes too */
	const char *reason;  /* "ImagePullBackOff", "CrashLoopBackOff", ... */
};

/* Splits "PATTERN=REASON" in place; false if it is not that. */
bool fail_image_parse(char *text, struct fail_image *ret_fail_image);

/* The reason for which one of the Pod's containers cannot start; NULL where all can. */
const char *pod_status_failure(const cJSON *pod, const struct fail_image *fail_images,
			       size_t count);

enum pod_stage {
	POD_CREATING, /* scheduled, containers are being made */
	POD_RUNNING,  /* containers run, not ready yet */
	POD_READY,
	POD_FAILING, /* cannot start, and is being tried for ever */
};

/*
 * Writes the Pod's status for that stage; `reason` is for POD_FAILING. CrashLoopBackOff and
 * RunContainerError are of a Pod that runs, and each time they are written the containers have been
 * restarted once more; other reasons are of one that is Pending. Conditions keep their
 * lastTransitionTime while they stay what they are; startTime and podIP stay once set.
 */
void pod_status_set(cJSON *pod, enum pod_stage stage, const char *reason, int64_t wall_us);

/* The condition Ready of a Pod's status, NULL where it has none; and whether it holds. */
const cJSON *pod_ready_condition(const cJSON *pod);
bool pod_is_ready(const cJSON *pod);

/* What the scheduler writes for a Pod that fits no node. */
#define POD_STATUS_NO_NODE "0/1 nodes are available: 1 node(s) were unschedulable."
void pod_status_set_unschedulable(cJSON *pod, const char *message, int64_t wall_us);

/* How long the kubelet waits after so many restarts: 10 s, twice as long each time, at most 5 min. */
int64_t pod_status_backoff_ms(int64_t restarts);

#endif
