#include "tests/kubesim/pod_status.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define T0 INT64_C(1767225600000000) /* 2026-01-01T00:00:00Z */

static const char pod_text[] =
	"{'metadata':{'name':'web-0','namespace':'shop','uid':'u1'},'spec':{'containers':["
	"{'name':'web','image':'nginx:1.26.1'},{'name':'log','image':'repo/fluentd:2'}]}}";

static void test_fail_image(void **state)
{
	static const struct {
		const char *argument;
		const char *reason; /* NULL: matches none of the Pod's images */
	} rows[] = {
		{"nginx:1.26.*=ImagePullBackOff", "ImagePullBackOff"},
		{"*fluentd:2=CrashLoopBackOff", "CrashLoopBackOff"},
		{"*:1.26.1=Reason=With=Equals", "Reason=With=Equals"},
		{"nginx=ImagePullBackOff", NULL},
		{"fluentd:2=ImagePullBackOff", NULL},
	};
	CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(pod_text);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char argument[64];
		struct fail_image fail_image;
		const char *reason;

		snprintf(argument, sizeof(argument), "%s", rows[i].argument);
		assert_true(fail_image_parse(argument, &fail_image));
		reason = pod_status_failure(pod, &fail_image, 1);
		if (rows[i].reason)
			assert_string_equal(reason, rows[i].reason);
		else
			assert_null(reason);
	}
}

static void test_fail_image_malformed(void **state)
{
	static const char *const rows[] = {"", "nginx", "=Reason", "nginx="};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char argument[16];
		struct fail_image fail_image;

		snprintf(argument, sizeof(argument), "%s", rows[i]);
		assert_false(fail_image_parse(argument, &fail_image));
	}
}

static void assert_condition(const cJSON *pod, const char *type, const char *expected)
{
	const cJSON *condition;

	json_each (condition, json_at(pod, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), type) == 0) {
			assert_value(condition, expected);
			return;
		}
	}
	fail_msg("no condition %s", type);
}

static void test_to_ready(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(pod_text);
	CLEANUP(free_p) char *address = NULL;

	(void)state;
	pod_status_set(pod, POD_CREATING, NULL, T0);
	assert_string_equal(obj_text(pod, "status.phase"), "Pending");
	assert_value(json_at(pod, "status.containerStatuses"),
		     "[{'name':'web','image':'nginx:1.26.1','imageID':'','restartCount':0,"
		     "'ready':false,'started':false,'lastState':{},"
		     "'state':{'waiting':{'reason':'ContainerCreating'}}},"
		     "{'name':'log','image':'repo/fluentd:2','imageID':'','restartCount':0,"
		     "'ready':false,'started':false,'lastState':{},"
		     "'state':{'waiting':{'reason':'ContainerCreating'}}}]");
	assert_condition(
		pod, "Ready",
		"{'type':'Ready','status':'False','lastProbeTime':null,"
		"'lastTransitionTime':'2026-01-01T00:00:00Z','reason':'ContainersNotReady',"
		"'message':'containers with unready status: [web log]'}");
	assert_null(json_at(pod, "status.podIP"));

	pod_status_set(pod, POD_RUNNING, NULL, T0 + 1000000);
	assert_string_equal(obj_text(pod, "status.phase"), "Running");
	address = strdup(obj_text(pod, "status.podIP"));
	assert_true(strncmp(address, "10.244.", 7) == 0);

	pod_status_set(pod, POD_READY, NULL, T0 + 2000000);
	assert_string_equal(obj_text(pod, "status.phase"), "Running");
	assert_string_equal(obj_text(pod, "status.podIP"), address);
	assert_string_equal(obj_text(pod, "status.startTime"), "2026-01-01T00:00:00Z");
	assert_condition(pod, "Ready",
			 "{'type':'Ready','status':'True','lastProbeTime':null,"
			 "'lastTransitionTime':'2026-01-01T00:00:02Z'}");
	assert_condition(pod, "PodScheduled",
			 "{'type':'PodScheduled','status':'True','lastProbeTime':null,"
			 "'lastTransitionTime':'2026-01-01T00:00:00Z'}");
	assert_value(json_at(pod, "status.containerStatuses"),
		     "[{'name':'web','image':'nginx:1.26.1','imageID':'','restartCount':0,"
		     "'ready':true,'started':true,'lastState':{},"
		     "'state':{'running':{'startedAt':'2026-01-01T00:00:01Z'}}},"
		     "{'name':'log','image':'repo/fluentd:2','imageID':'','restartCount':0,"
		     "'ready':true,'started':true,'lastState':{},"
		     "'state':{'running':{'startedAt':'2026-01-01T00:00:01Z'}}}]");
}

static void test_failing(void **state)
{
	static const struct {
		const char *reason, *phase, *first_container;
	} rows[] = {
		{"ImagePullBackOff", "Pending",
		 "{'name':'web','image':'nginx:1.26.1','imageID':'','restartCount':0,'ready':false,"
		 "'started':false,'lastState':{},'state':{'waiting':{'reason':'ImagePullBackOff',"
		 "'message':'Back-off pulling image \\'nginx:1.26.1\\''}}}"},
		{"CrashLoopBackOff", "Running",
		 "{'name':'web','image':'nginx:1.26.1','imageID':'','restartCount':1,'ready':false,"
		 "'started':false,'lastState':{'terminated':{'exitCode':1,'reason':'Error',"
		 "'startedAt':'2026-01-01T00:00:00Z','finishedAt':'2026-01-01T00:00:00Z'}},"
		 "'state':{'waiting':{'reason':'CrashLoopBackOff','message':"
		 "'back-off 10s restarting failed container=web pod=web-0_shop(u1)'}}}"},
		{"CreateContainerConfigError", "Pending",
		 "{'name':'web','image':'nginx:1.26.1','imageID':'','restartCount':0,'ready':false,"
		 "'started':false,'lastState':{},'state':{'waiting':"
		 "{'reason':'CreateContainerConfigError',"
		 "'message':'container \\'web\\' cannot start'}}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(pod_text);

		pod_status_set(pod, POD_FAILING, rows[i].reason, T0);
		assert_string_equal(obj_text(pod, "status.phase"), rows[i].phase);
		assert_value(json_at(pod, "status.containerStatuses")->child,
			     rows[i].first_container);
	}
}

/* An init container that keeps running is one of those that are ready; others are done. */
static void test_sidecar(void **state)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *pod = value_of(
		"{'metadata':{'name':'web-0','uid':'u1'},'spec':{'containers':["
		"{'name':'web','image':'a'}],'initContainers':[{'name':'once','image':'b'},"
		"{'name':'proxy','image':'c','restartPolicy':'Always'}]}}");
	const cJSON *statuses;

	(void)state;
	assert_false(pod_is_ready(pod));
	pod_status_set(pod, POD_READY, NULL, T0);
	assert_true(pod_is_ready(pod));
	statuses = json_at(pod, "status.initContainerStatuses");
	assert_int_equal(cJSON_GetArraySize(statuses), 1);
	assert_string_equal(obj_text(statuses->child, "name"), "proxy");
	assert_true(json_true(statuses->child, "ready"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_image), cmocka_unit_test(test_fail_image_malformed),
		cmocka_unit_test(test_to_ready),   cmocka_unit_test(test_failing),
		cmocka_unit_test(test_sidecar),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
