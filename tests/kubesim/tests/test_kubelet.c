#include "tests/kubesim/kubelet.h"

#include <stdio.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define READY_AFTER_MS 500

#define PODS "/api/v1/namespaces/default/pods"
#define POD  PODS "/p"

static void world_init(struct simworld *world, int64_t ready_after_ms)
{
	static const struct fail_image fail_images[] = {
		{"bad:pull", "ImagePullBackOff"},
		{"bad:crash", "CrashLoopBackOff"},
		{"bad:ready", "NotReady"},
		{"bad:node", "Unschedulable"},
		{"bad:config", "CreateContainerConfigError"},
	};
	const struct cluster_options options = {
		.ready_after_ms = ready_after_ms,
		.fail_images = fail_images,
		.fail_image_count = sizeof fail_images / sizeof *fail_images,
	};

	simworld_init(world, &options);
}

/* Sends a request that has to succeed. */
static void send(struct simworld *world, int code, const char *method, const char *path,
		 const char *body)
{
	cJSON_Delete(simworld_do(world, code, method, path, body));
}

/* A Pod "p" with one container of this image; `more` are members of its spec. */
static void create_pod(struct simworld *world, const char *image, const char *more)
{
	char json[512];

	snprintf(json, sizeof json,
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':"
		 "[{'name':'c','image':'%s'}]%s}}",
		 image, more);
	send(world, 201, "POST", PODS, json);
}

/* "Running 1/1", "ImagePullBackOff 0/1 x2", ...: as kubectl get shows it; "gone" if there is none. */
static void assert_pod(struct simworld *world, const char *expected)
{
	CLEANUP(answer_release) struct answer answer = simworld_ask(world, "GET", POD, NULL);
	const cJSON *status = json_get(answer.body, "status");
	const cJSON *containers = json_get(status, "containerStatuses");
	const cJSON *container = containers ? containers->child : NULL;
	const char *waiting = obj_text(container, "state.waiting.reason");
	char seen[200] = "gone";

	if (answer.code != 404)
		snprintf(seen, sizeof seen, "%s%s %d/1 x%d%s%s", obj_text(status, "phase"),
			 obj_is_deleting(answer.body) ? " ending" : "",
			 json_true(container, "ready"),
			 (int)json_int_or(container, "restartCount", 0), *waiting ? " " : "",
			 waiting);
	assert_string_equal(seen, expected);
}

static void test_a_pod_becomes_ready(void **state)
{
	CLEANUP(simworld_release) struct simworld world;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	assert_pod(&world, "Pending 0/1 x0");
	loop_advance(world.loop, 1);
	assert_pod(&world, "Pending 0/1 x0 ContainerCreating");
	loop_advance(world.loop, READY_AFTER_MS - 10);
	assert_pod(&world, "Pending 0/1 x0 ContainerCreating");
	loop_advance(world.loop, 10);
	assert_pod(&world, "Running 1/1 x0");
	pod = simworld_do(&world, 200, "GET", POD, NULL);
	assert_string_equal(obj_text(pod, "spec.nodeName"), KUBELET_NODE);
}

static void test_ready_at_once(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, 0);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1);
	assert_pod(&world, "Running 1/1 x0");
}

static void test_pods_that_fail(void **state)
{
	static const struct {
		const char *image;
		int64_t after_ms;
		const char *expected;
	} cases[] = {
		{"bad:pull", 1000, "Pending 0/1 x0 ImagePullBackOff"},
		{"bad:pull", 3600000, "Pending 0/1 x0 ImagePullBackOff"},
		{"bad:config", 1000, "Pending 0/1 x0 CreateContainerConfigError"},
		{"bad:ready", 3600000, "Running 0/1 x0"},
		{"bad:node", 3600000, "Pending 0/1 x0"},
		{"bad:crash", 1000, "Running 0/1 x1 CrashLoopBackOff"},
		{"bad:crash", 10600, "Running 0/1 x2 CrashLoopBackOff"},
		{"bad:crash", 30600, "Running 0/1 x3 CrashLoopBackOff"},
		{"bad:crash", 310600, "Running 0/1 x6 CrashLoopBackOff"},
		{"bad:crash", 910600, "Running 0/1 x8 CrashLoopBackOff"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CLEANUP(simworld_release) struct simworld world;

		world_init(&world, READY_AFTER_MS);
		create_pod(&world, cases[i].image, "");
		loop_advance(world.loop, cases[i].after_ms);
		assert_pod(&world, cases[i].expected);
	}
}

static void test_a_pod_that_fits_no_node(void **state)
{
	CLEANUP(simworld_release) struct simworld world;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "bad:node", "");
	loop_advance(world.loop, 1000);
	pod = simworld_do(&world, 200, "GET", POD, NULL);
	assert_value(json_at(pod, "status.conditions"),
		     "[{'type':'PodScheduled','status':'False','lastProbeTime':null,"
		     "'lastTransitionTime':'2026-01-01T00:00:00Z','reason':'Unschedulable',"
		     "'message':'0/1 nodes are available: 1 node(s) were unschedulable.'}]");
	assert_string_equal(obj_text(pod, "spec.nodeName"), "");
}

static void test_an_image_is_changed_in_place(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "bad:pull", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "PATCH json", POD,
	     "[{'op':'replace','path':'/spec/containers/0/image','value':'good:1'}]");
	loop_advance(world.loop, 1);
	assert_pod(&world, "Pending 0/1 x0 ContainerCreating");
	loop_advance(world.loop, 1000);
	assert_pod(&world, "Running 1/1 x0");
}

static void test_ending(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "DELETE", POD, NULL);
	loop_advance(world.loop, 1);
	assert_pod(&world, "Running ending 1/1 x0");
	loop_advance(world.loop, READY_AFTER_MS / 5);
	assert_pod(&world, "gone");

	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "DELETE", POD "?gracePeriodSeconds=0", NULL);
	assert_pod(&world, "gone");

	/* One that never reached a node has nothing to end. */
	create_pod(&world, "bad:node", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "DELETE", POD, NULL);
	assert_pod(&world, "gone");
}

static void test_a_finalizer_holds_a_pod(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "PATCH merge", POD, "{'metadata':{'finalizers':['example.org/hold']}}");
	send(&world, 200, "DELETE", POD, NULL);
	loop_advance(world.loop, 60000);
	assert_pod(&world, "Running ending 1/1 x0");
	send(&world, 200, "PATCH merge", POD, "{'metadata':{'finalizers':null}}");
	assert_pod(&world, "gone");
}

static void test_another_node_is_not_its_own(void **state)
{
	CLEANUP(simworld_release) struct simworld world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", ",'nodeName':'other'");
	loop_advance(world.loop, 60000);
	assert_pod(&world, "Pending 0/1 x0");
}

static void test_events(void **state)
{
	CLEANUP(simworld_release) struct simworld world;
	CLEANUP(records_release) struct records events;
	CLEANUP(buf_release) struct buf seen = BUF_INIT(10000);

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	send(&world, 200, "DELETE", POD, NULL);
	loop_advance(world.loop, 1000);
	store_list(world.cluster->store, "", "events", "default", &events);
	for (size_t i = 0; i < events.count; i++) {
		const cJSON *event = events.items[i]->object;

		buf_printf(&seen, "%s %s: %s\n", obj_text(event, "source.component"),
			   obj_text(event, "reason"), obj_text(event, "message"));
	}
	assert_string_equal(
		buf_str(&seen),
		"default-scheduler Scheduled: Successfully assigned default/p to kubesim\n"
		"kubelet Started: Started container c\n"
		"kubelet Killing: Stopping container c\n");
}

static void test_the_node(void **state)
{
	CLEANUP(simworld_release) struct simworld world;
	CLEANUP(cJSON_Delete_p) cJSON *node = NULL;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	node = simworld_do(&world, 200, "GET", "/api/v1/nodes/" KUBELET_NODE, NULL);
	assert_string_equal(obj_text(json_at(node, "status.conditions")->child, "type"), "Ready");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pod_becomes_ready),
		cmocka_unit_test(test_ready_at_once),
		cmocka_unit_test(test_pods_that_fail),
		cmocka_unit_test(test_a_pod_that_fits_no_node),
		cmocka_unit_test(test_an_image_is_changed_in_place),
		cmocka_unit_test(test_ending),
		cmocka_unit_test(test_a_finalizer_holds_a_pod),
		cmocka_unit_test(test_another_node_is_not_its_own),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_the_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
