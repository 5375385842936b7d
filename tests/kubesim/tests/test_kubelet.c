#include "tests/kubesim/kubelet.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define READY_AFTER_MS 500

struct world {
	struct loop *loop;
	struct cluster *cluster;
};

static const struct write by_user = {.manager = "kubectl"};
static const struct key pod_key = {"", "pods", "default", "p"};

static void world_init(struct world *world, int64_t ready_after_ms)
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

	world->loop = loop_new(LOOP_VIRTUAL);
	world->cluster = cluster_new(world->loop, &options);
}

static void world_release(struct world *world)
{
	cluster_free(world->cluster);
	loop_free(world->loop);
}

static void assert_done(int result, const struct status *status)
{
	if (result < 0)
		fail_msg("%d %s: %s", status->code, status->reason, status->message);
}

/* A Pod "p" with one container of this image; `more` are members of its spec. */
static void create_pod(struct world *world, const char *image, const char *more)
{
	CLEANUP(status_release) struct status status = {0};
	char json[512];

	snprintf(json, sizeof json,
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p','namespace':'default'},"
		 "'spec':{'containers':[{'name':'c','image':'%s'}]%s}}",
		 image, more);
	assert_done(registry_create(world->cluster, value_of(json), &by_user, NULL, &status),
		    &status);
}

/* "Running 1/1", "ImagePullBackOff 0/1 x2", ...: as kubectl get shows it; "gone" if there is none. */
static void assert_pod(struct world *world, const char *expected)
{
	CLEANUP(record_drop_p) struct record *pod = store_get(world->cluster->store, &pod_key);
	const cJSON *status, *container;
	const char *waiting;
	char seen[200] = "gone";

	if (pod) {
		status = json_get(pod->object, "status");
		container = json_get(status, "containerStatuses");
		container = container ? container->child : NULL;
		waiting = obj_text(container, "state.waiting.reason");
		snprintf(seen, sizeof seen, "%s%s %d/1 x%d%s%s", obj_text(status, "phase"),
			 obj_is_deleting(pod->object) ? " ending" : "",
			 json_true(container, "ready"),
			 (int)json_int_or(container, "restartCount", 0), *waiting ? " " : "",
			 waiting);
	}
	assert_string_equal(seen, expected);
}

static void test_a_pod_becomes_ready(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(record_drop_p) struct record *pod = NULL;

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
	pod = store_get(world.cluster->store, &pod_key);
	assert_string_equal(obj_text(pod->object, "spec.nodeName"), KUBELET_NODE);
}

static void test_ready_at_once(void **state)
{
	CLEANUP(world_release) struct world world;

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
		CLEANUP(world_release) struct world world;

		world_init(&world, READY_AFTER_MS);
		create_pod(&world, cases[i].image, "");
		loop_advance(world.loop, cases[i].after_ms);
		assert_pod(&world, cases[i].expected);
	}
}

static void test_a_pod_that_fits_no_node(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(record_drop_p) struct record *pod = NULL;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "bad:node", "");
	loop_advance(world.loop, 1000);
	pod = store_get(world.cluster->store, &pod_key);
	assert_value(json_at(pod->object, "status.conditions"),
		     "[{'type':'PodScheduled','status':'False','lastProbeTime':null,"
		     "'lastTransitionTime':'2026-01-01T00:00:00Z','reason':'Unschedulable',"
		     "'message':'0/1 nodes are available: 1 node(s) were unschedulable.'}]");
	assert_string_equal(obj_text(pod->object, "spec.nodeName"), "");
}

static void test_an_image_is_changed_in_place(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(record_drop_p) struct record *pod = NULL;
	cJSON *copy;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "bad:pull", "");
	loop_advance(world.loop, 1000);
	pod = store_get(world.cluster->store, &pod_key);
	copy = obj_copy(pod->object);
	obj_set_text(json_at(copy, "spec.containers")->child, "image", "good:1");
	assert_done(registry_update(world.cluster, copy, &by_user, NULL, &status), &status);
	loop_advance(world.loop, 1);
	assert_pod(&world, "Pending 0/1 x0 ContainerCreating");
	loop_advance(world.loop, 1000);
	assert_pod(&world, "Running 1/1 x0");
}

static void delete_pod(struct world *world, const struct delete_options *options)
{
	CLEANUP(status_release) struct status status = {0};

	assert_done(
		registry_delete(world->cluster, &pod_key, options, &by_user, NULL, NULL, &status),
		&status);
}

static void test_ending(void **state)
{
	static const struct delete_options at_once = {.has_grace = true};
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	delete_pod(&world, NULL);
	loop_advance(world.loop, 1);
	assert_pod(&world, "Running ending 1/1 x0");
	loop_advance(world.loop, READY_AFTER_MS / 5);
	assert_pod(&world, "gone");

	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	delete_pod(&world, &at_once);
	assert_pod(&world, "gone");

	/* One that never reached a node has nothing to end. */
	create_pod(&world, "bad:node", "");
	loop_advance(world.loop, 1000);
	delete_pod(&world, NULL);
	assert_pod(&world, "gone");
}

static void test_a_finalizer_holds_a_pod(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(record_drop_p) struct record *pod = NULL;
	cJSON *copy;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	pod = store_get(world.cluster->store, &pod_key);
	copy = obj_copy(pod->object);
	obj_append(obj_array_at(copy, "metadata.finalizers"), obj_new_text("example.org/hold"));
	assert_done(registry_update(world.cluster, copy, &by_user, NULL, &status), &status);
	delete_pod(&world, NULL);
	loop_advance(world.loop, 60000);
	assert_pod(&world, "Running ending 1/1 x0");
	record_drop(pod);
	pod = store_get(world.cluster->store, &pod_key);
	copy = obj_copy(pod->object);
	json_remove(copy, "metadata.finalizers");
	assert_done(registry_update(world.cluster, copy, &by_user, NULL, &status), &status);
	assert_pod(&world, "gone");
}

static void test_another_node_is_not_its_own(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", ",'nodeName':'other'");
	loop_advance(world.loop, 60000);
	assert_pod(&world, "Pending 0/1 x0");
}

static void test_events(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(records_release) struct records events;
	CLEANUP(buf_release) struct buf seen = BUF_INIT(10000);

	(void)state;
	world_init(&world, READY_AFTER_MS);
	create_pod(&world, "good:1", "");
	loop_advance(world.loop, 1000);
	delete_pod(&world, NULL);
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
	static const struct key key = {"", "nodes", "", KUBELET_NODE};
	CLEANUP(world_release) struct world world;
	CLEANUP(record_drop_p) struct record *node = NULL;

	(void)state;
	world_init(&world, READY_AFTER_MS);
	node = store_get(world.cluster->store, &key);
	assert_non_null(node);
	assert_string_equal(obj_text(json_at(node->object, "status.conditions")->child, "type"),
			    "Ready");
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
