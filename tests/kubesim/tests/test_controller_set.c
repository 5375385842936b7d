/* What else the StatefulSet controller does: revisions, events, adoption, claims. */
#include "tests/support/setworld.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

static void test_min_ready_seconds(void **state)
{
	CLEANUP(setworld_release) struct setworld world;

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "min=30");
	setworld_wait(&world, 1000);
	setworld_assert_log(&world, "start", "+0:1 !0");
	setworld_assert_status(&world, "start",
			       "1 ready 1 available 0 current 1 updated 1 complete");
	setworld_wait(&world, 28000);
	setworld_assert_log(&world, "before", "");
	setworld_wait(&world, 2000);
	setworld_assert_log(&world, "after", "+1:1 !1");
	setworld_assert_status(&world, "after",
			       "2 ready 2 available 1 current 2 updated 2 complete");
	setworld_wait(&world, 62000);
	setworld_assert_log(&world, "end", "+2:1 !2");
	setworld_assert_status(&world, "end", ALL3);

	/* The next is replaced only when the one before has been ready for so long. */
	setworld_update(&world, "image=2");
	setworld_wait(&world, 29000);
	setworld_assert_log(&world, "update", "~2 -2 +2:2 !2");
	setworld_wait(&world, 5000);
	setworld_assert_log(&world, "update", "~1 -1 +1:2 !1");
}

static void test_pods_are_made_as_the_real_ones(void **state)
{
	CLEANUP(setworld_release) struct setworld world;
	CLEANUP(cJSON_Delete_p) cJSON *set = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	const char *revision;
	char expected[512];

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "");
	setworld_wait(&world, SETWORLD_LONG_MS);
	set = setworld_get(&world, SET);
	pod = setworld_get(&world, PODS "/web-1");
	revision = obj_text(set, "status.currentRevision");
	assert_int_equal(strspn(revision + 4, "bcdfghjklmnpqrstvwxz2456789"), strlen(revision + 4));
	snprintf(expected, sizeof expected,
		 "{'app':'web','controller-revision-hash':'%s',"
		 "'statefulset.kubernetes.io/pod-name':'web-1','apps.kubernetes.io/pod-index':'1'}",
		 revision);
	assert_value(json_at(pod, "metadata.labels"), expected);
	snprintf(expected, sizeof expected,
		 "[{'apiVersion':'apps/v1','kind':'StatefulSet','name':'web','uid':'%s',"
		 "'controller':true,'blockOwnerDeletion':true}]",
		 obj_uid(set));
	assert_value(json_at(pod, "metadata.ownerReferences"), expected);
	assert_string_equal(obj_text(pod, "metadata.generateName"), "web-");
	assert_string_equal(obj_text(pod, "spec.hostname"), "web-1");
	assert_string_equal(obj_text(pod, "spec.subdomain"), "svc");
	assert_string_equal(obj_text(pod, "spec.nodeName"), "kubesim");
}

/* The set's revisions, oldest first: "1:IMAGE 2:IMAGE". */
static void assert_revisions(struct setworld *world, const char *expected)
{
	CLEANUP(records_release) struct records revisions;
	CLEANUP(buf_release) struct buf seen = BUF_INIT(10000);

	store_list(world->sim.cluster->store, "apps", "controllerrevisions", "default", &revisions);
	for (int number = 1; number < 20; number++) {
		for (size_t i = 0; i < revisions.count; i++) {
			const cJSON *revision = revisions.items[i]->object;
			const cJSON *spec = json_at(revision, "data.spec.template.spec");

			if (json_int_or(revision, "revision", 0) != number)
				continue;
			buf_printf(&seen, "%s%d:%s", seen.length ? " " : "", number,
				   obj_text(json_get(spec, "containers")->child, "image"));
			assert_string_equal(obj_text(revision, "data.spec.template.$patch"),
					    "replace");
		}
	}
	assert_string_equal(buf_str(&seen), expected);
}

static void test_revision_history(void **state)
{
	CLEANUP(setworld_release) struct setworld world;

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "history=1 replicas=1");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_revisions(&world, "1:app:1");
	setworld_update(&world, "image=2");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_revisions(&world, "1:app:1 2:app:2");
	setworld_update(&world, "image=3");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_revisions(&world, "2:app:2 3:app:3");
	/* An old template comes back as the newest. */
	setworld_update(&world, "image=2");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_revisions(&world, "3:app:3 4:app:2");
	/* Revisions that Pods run do not count. */
	setworld_update(&world, "partition=1 image=4");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_revisions(&world, "3:app:3 4:app:2 5:app:4");
}

/* The Events about the set, one a line. */
static void assert_events(struct setworld *world, const char *expected)
{
	CLEANUP(records_release) struct records events;
	CLEANUP(buf_release) struct buf seen = BUF_INIT(10000);

	store_list(world->sim.cluster->store, "", "events", "default", &events);
	for (size_t i = 0; i < events.count; i++) {
		const cJSON *event = events.items[i]->object;

		if (strcmp(obj_text(event, "involvedObject.kind"), "StatefulSet") != 0)
			continue;
		buf_printf(&seen, "%s %s %s x%d: %s\n", obj_text(event, "type"),
			   obj_text(event, "reason"), obj_text(event, "source.component"),
			   (int)json_int_or(event, "count", 0), obj_text(event, "message"));
	}
	assert_string_equal(buf_str(&seen), expected);
}

static void test_events(void **state)
{
	CLEANUP(setworld_release) struct setworld world;

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "replicas=1");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_delete_pod(&world, "web-0");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_update(&world, "replicas=0");
	setworld_wait(&world, SETWORLD_LONG_MS);
	assert_events(&world,
		      "Normal SuccessfulCreate statefulset-controller x2: create Pod web-0 in "
		      "StatefulSet web successful\n"
		      "Normal SuccessfulDelete statefulset-controller x1: delete Pod web-0 in "
		      "StatefulSet web successful\n");
}

static void test_orphans_are_adopted(void **state)
{
	CLEANUP(setworld_release) struct setworld world;
	CLEANUP(cJSON_Delete_p) cJSON *set = NULL;

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "start", START3);
	setworld_send(&world, 200, "DELETE", SET "?propagationPolicy=Orphan", NULL);
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_send(&world, 404, "GET", SET, NULL);
	setworld_assert_log(&world, "orphaned", "");

	setworld_create(&world, "image=2 partition=2");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "adopted", "~2 -2 +2:2 !2");
	set = setworld_get(&world, SET);
	for (int i = 0; i < 3; i++) {
		char path[100];
		CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

		snprintf(path, sizeof path, PODS "/web-%d", i);
		pod = setworld_get(&world, path);
		assert_string_equal(obj_text(obj_controller(pod), "uid"), obj_uid(set));
	}
}

static void test_pods_that_no_longer_fit_are_released(void **state)
{
	CLEANUP(setworld_release) struct setworld world;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

	(void)state;
	setworld_init(&world);
	setworld_create(&world, "replicas=1");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_send(&world, 200, "PATCH merge", PODS "/web-0",
		      "{'metadata':{'labels':{'app':'other'}}}");
	setworld_wait(&world, 100);
	pod = setworld_get(&world, PODS "/web-0");
	assert_null(obj_controller(pod));
	/* Its name is taken, so the set cannot make another. */
	setworld_assert_status(&world, "released",
			       "0 ready 0 available 0 current 0 updated 0 complete");
}

static const char claim_templates[] =
	"[{'metadata':{'name':'www'},'spec':{'accessModes':['ReadWriteOnce'],'resources':"
	"{'requests':{'storage':'1Gi'}}}}]";

static void test_volume_claims(void **state)
{
	CLEANUP(setworld_release) struct setworld world;
	CLEANUP(cJSON_Delete_p) cJSON *claim = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(setworld_json);
	CLEANUP(free_p) char *text = NULL;

	(void)state;
	setworld_init(&world);
	obj_set(set, "spec.volumeClaimTemplates", value_of(claim_templates));
	obj_set(set, "spec.persistentVolumeClaimRetentionPolicy",
		value_of("{'whenDeleted':'Retain','whenScaled':'Delete'}"));
	text = obj_print(set);
	setworld_send(&world, 201, "POST", SETS, text);
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "start", START3);
	claim = setworld_get(&world, CLAIMS "/www-web-2");
	assert_value(json_at(claim, "metadata.labels"), "{'app':'web'}");
	assert_string_equal(obj_text(claim, "status.phase"), "Bound");
	assert_value(json_at(claim, "status.capacity"), "{'storage':'1Gi'}");
	assert_null(json_at(claim, "metadata.ownerReferences"));
	pod = setworld_get(&world, PODS "/web-2");
	assert_value(json_at(pod, "spec.volumes"),
		     "[{'name':'www','persistentVolumeClaim':{'claimName':'www-web-2'}}]");

	/* Scaled away, the claim goes with its Pod; the others stay. */
	setworld_update(&world, "replicas=2");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "scaled", "~2 -2");
	setworld_send(&world, 404, "GET", CLAIMS "/www-web-2", NULL);
	setworld_send(&world, 200, "GET", CLAIMS "/www-web-1", NULL);
}

static void test_a_claim_that_is_going_away_blocks_its_pod(void **state)
{
	CLEANUP(setworld_release) struct setworld world;
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(setworld_json);
	CLEANUP(free_p) char *text = NULL;

	(void)state;
	setworld_init(&world);
	setworld_send(
		&world, 201, "POST", CLAIMS,
		"{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'www-web-0',"
		"'finalizers':['example.org/"
		"hold']},'spec':{'accessModes':['ReadWriteOnce'],'resources':"
		"{'requests':{'storage':'1Gi'}}}}");
	setworld_send(&world, 200, "DELETE", CLAIMS "/www-web-0", NULL);
	obj_set(set, "spec.volumeClaimTemplates", value_of(claim_templates));
	text = obj_print(set);
	setworld_send(&world, 201, "POST", SETS, text);
	setworld_wait(&world, 10000);
	setworld_assert_log(&world, "blocked", "");
	assert_events(&world,
		      "Warning FailedCreate statefulset-controller x12: create Pod web-0 in "
		      "StatefulSet web failed error: pvc www-web-0 is being deleted\n");
	setworld_send(&world, 200, "PATCH merge", CLAIMS "/www-web-0",
		      "{'metadata':{'finalizers':null}}");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "free", START3);
}

static void test_a_failed_create_is_told_and_tried_again(void **state)
{
	CLEANUP(setworld_release) struct setworld world;

	(void)state;
	setworld_init(&world);
	/* Somebody else's Pod stands where web-1 should. */
	setworld_send(
		&world, 201, "POST", PODS,
		"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1'},'spec':{'containers':"
		"[{'name':'c','image':'app:9'}]}}");
	setworld_create(&world, "replicas=2");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "blocked", "+1:9 +0:1 !1 !0");
	setworld_delete_pod(&world, "web-1");
	setworld_wait(&world, SETWORLD_LONG_MS);
	setworld_assert_log(&world, "free", "~1 -1 +1:1 !1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_min_ready_seconds),
		cmocka_unit_test(test_pods_are_made_as_the_real_ones),
		cmocka_unit_test(test_revision_history),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_orphans_are_adopted),
		cmocka_unit_test(test_pods_that_no_longer_fit_are_released),
		cmocka_unit_test(test_volume_claims),
		cmocka_unit_test(test_a_claim_that_is_going_away_blocks_its_pod),
		cmocka_unit_test(test_a_failed_create_is_told_and_tried_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
