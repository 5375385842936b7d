#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define READY_AFTER_MS 500
#define LONG_MS        (10 * 60 * 1000)

/* --- a cluster with one StatefulSet, and what happens to its Pods ------------------------------- */

#define SETS   "/apis/apps/v1/namespaces/default/statefulsets"
#define SET    SETS "/web"
#define PODS   "/api/v1/namespaces/default/pods"
#define CLAIMS "/api/v1/namespaces/default/persistentvolumeclaims"

struct world {
	struct simworld sim;
	struct buf log;
};

/* Images are app:1, app:2, ...; app:bad... are never ready. */
static const char set_json[] =
	"{'apiVersion':'apps/"
	"v1','kind':'StatefulSet','metadata':{'name':'web','namespace':'default'},"
	"'spec':{'replicas':3,'serviceName':'svc','revisionHistoryLimit':10,"
	"'podManagementPolicy':'OrderedReady','selector':{'matchLabels':{'app':'web'}},"
	"'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c','image':"
	"'app:1'}]}},'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition':0}}}}";

static const char *image_of(const cJSON *pod)
{
	return obj_text(json_at(pod, "spec.containers")->child, "image") + strlen("app:");
}

static bool is_ready(const cJSON *pod)
{
	const cJSON *condition;

	json_each (condition, json_at(pod, "status.conditions")) {
		if (strcmp(obj_text(condition, "type"), "Ready") == 0)
			return strcmp(obj_text(condition, "status"), "True") == 0;
	}
	return false;
}

/* "+0:1" made with image 1, "!0" ready, "~0" terminating, "-0" gone. */
static void note(void *context, const struct change *change)
{
	struct world *world = context;
	const cJSON *pod = change->new->object, *old = change->old ? change->old->object : NULL;
	const char *ordinal = obj_name(pod) + strlen("web-");

	if (change->type == CHANGE_ADDED)
		buf_printf(&world->log, " +%s:%s", ordinal, image_of(pod));
	else if (change->type == CHANGE_DELETED)
		buf_printf(&world->log, " -%s", ordinal);
	else if (obj_is_deleting(pod) && !obj_is_deleting(old))
		buf_printf(&world->log, " ~%s", ordinal);
	else if (is_ready(pod) && !is_ready(old))
		buf_printf(&world->log, " !%s", ordinal);
}

static void world_init(struct world *world)
{
	static const struct fail_image fail_images[] = {
		{"app:bad", "ImagePullBackOff"},
		{"app:badcrash", "CrashLoopBackOff"},
		{"app:badready", "NotReady"},
	};
	const struct cluster_options options = {
		.ready_after_ms = READY_AFTER_MS,
		.fail_images = fail_images,
		.fail_image_count = sizeof fail_images / sizeof *fail_images,
	};

	buf_init(&world->log, 1024 * 1024);
	simworld_init(&world->sim, &options);
	store_subscribe(world->sim.cluster->store, "", "pods", note, world);
}

static void world_release(struct world *world)
{
	simworld_release(&world->sim);
	buf_release(&world->log);
}

/* Sends a request that has to succeed. */
static void send(struct world *world, int code, const char *method, const char *path,
		 const char *body)
{
	cJSON_Delete(simworld_do(&world->sim, code, method, path, body));
}

/* The object; the caller frees it. */
static cJSON *get(struct world *world, const char *path)
{
	return simworld_do(&world->sim, 200, "GET", path, NULL);
}

static void delete_pod(struct world *world, const char *name)
{
	char path[100];

	snprintf(path, sizeof path, PODS "/%s", name);
	send(world, 200, "DELETE", path, NULL);
}

static void wait_ms(struct world *world, int64_t ms)
{
	loop_advance(world->sim.loop, ms);
}

/* What the steps call "replicas=5" and so on. */
static void edit_one(cJSON *set, const char *field, const char *value)
{
	static const struct {
		const char *field, *path;
		bool is_text;
	} fields[] = {
		{"replicas", "spec.replicas", false},
		{"partition", "spec.updateStrategy.rollingUpdate.partition", false},
		{"strategy", "spec.updateStrategy.type", true},
		{"policy", "spec.podManagementPolicy", true},
		{"min", "spec.minReadySeconds", false},
		{"start", "spec.ordinals.start", false},
		{"history", "spec.revisionHistoryLimit", false},
	};

	if (strcmp(field, "image") == 0) {
		char image[64];

		snprintf(image, sizeof image, "app:%s", value);
		obj_set_text(json_at(set, "spec.template.spec.containers")->child, "image", image);
		return;
	}
	if (strcmp(field, "rolling") == 0) {
		json_remove(set, "spec.updateStrategy.rollingUpdate");
		return;
	}
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(fields[i].field, field) != 0)
			continue;
		obj_set(set, fields[i].path, value_of(value));
		return;
	}
	fail_msg("no field %s", field);
}

static void edit(cJSON *set, const char *edits)
{
	char copy[256], *rest = copy, *one;

	snprintf(copy, sizeof copy, "%s", edits);
	while ((one = strsep(&rest, " "))) {
		char *value = strchr(one, '=');

		assert_non_null(value);
		*value++ = '\0';
		edit_one(set, one, value);
	}
}

static void update_set(struct world *world, const char *edits)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = get(world, SET);
	CLEANUP(free_p) char *text = NULL;

	edit(set, edits);
	text = obj_print(set);
	send(world, 200, "PUT", SET, text);
}

static void create_set(struct world *world, const char *edits)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(set_json);
	CLEANUP(free_p) char *text = NULL;

	if (*edits)
		edit(set, edits);
	text = obj_print(set);
	send(world, 201, "POST", SETS, text);
}

/* What happened since the last time; the log starts anew. */
static void assert_log(struct world *world, const char *name, const char *expected)
{
	const char *seen = buf_str(&world->log);

	seen += *seen == ' ';
	if (strcmp(seen, expected) != 0)
		fail_msg("%s:\nexpected %s\n     saw %s", name, expected, seen);
	buf_clear(&world->log);
}

/* "3 ready 3 available 3 current 3 updated 3 complete", or "... updating". */
static void assert_status(struct world *world, const char *name, const char *expected)
{
	CLEANUP(cJSON_Delete_p) cJSON *set = get(world, SET);
	const cJSON *status = json_get(set, "status");
	bool complete = strcmp(obj_text(status, "currentRevision"),
			       obj_text(status, "updateRevision")) == 0;
	char seen[200];

	snprintf(seen, sizeof seen, "%d ready %d available %d current %d updated %d %s",
		 (int)json_int_or(status, "replicas", -1),
		 (int)json_int_or(status, "readyReplicas", 0),
		 (int)json_int_or(status, "availableReplicas", 0),
		 (int)json_int_or(status, "currentReplicas", 0),
		 (int)json_int_or(status, "updatedReplicas", 0),
		 complete ? "complete" : "updating");
	if (strcmp(seen, expected) != 0)
		fail_msg("%s:\nexpected %s\n     saw %s", name, expected, seen);
	assert_int_equal(json_int_or(status, "observedGeneration", 0),
			 json_int_or(set, "metadata.generation", -1));
}

/* --- scenarios --------------------------------------------------------------------------------- */

struct step {
	const char *edits;  /* of the set; or "delete POD"; or "wait" */
	const char *log;    /* what happens until nothing more does */
	const char *status; /* the set's then; NULL: not looked at */
};

struct scenario {
	const char *name;
	const char *set; /* edits of the set before it is created */
	struct step steps[8];
};

#define ALL3   "3 ready 3 available 3 current 3 updated 3 complete"
#define START3 "+0:1 !0 +1:1 !1 +2:1 !2"
#define BEGIN3                       \
	{                            \
		"wait", START3, ALL3 \
	}

/*
 * The same steps on a kube-controller-manager 1.20.2 went the same way, Pod by Pod and status by
 * status (ordinals.start, which it does not have, apart; under Parallel Pods that move together do so
 * in any order there).
 */
static const struct scenario scenarios[] = {
	{"OrderedReady creates one after the other and deletes from the top",
	 "",
	 {BEGIN3,
	  {"replicas=5", "+3:1 !3 +4:1 !4", "5 ready 5 available 5 current 5 updated 5 complete"},
	  {"replicas=2", "~4 -4 ~3 -3 ~2 -2", "2 ready 2 available 2 current 2 updated 2 complete"},
	  {"replicas=0", "~1 -1 ~0 -0", "0 ready 0 available 0 current 0 updated 0 complete"}}},
	{"Parallel does all at once",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"replicas=0", "~2 ~1 ~0 -2 -1 -0",
	   "0 ready 0 available 0 current 0 updated 0 complete"}}},
	{"the update goes from the top down, one at a time",
	 "",
	 {BEGIN3, {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"also under Parallel",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"the canary walkthrough",
	 "partition=2",
	 {BEGIN3,
	  {"replicas=5", "+3:1 !3 +4:1 !4", "5 ready 5 available 5 current 5 updated 5 complete"},
	  {"image=2", "~4 -4 +4:2 !4 ~3 -3 +3:2 !3 ~2 -2 +2:2 !2",
	   "5 ready 5 available 5 current 2 updated 3 updating"},
	  {"partition=1", "~1 -1 +1:2 !1", "5 ready 5 available 5 current 1 updated 4 updating"},
	  {"partition=0", "~0 -0 +0:2 !0", "5 ready 5 available 5 current 5 updated 5 complete"}}},
	{"a partition at or above replicas touches no Pod",
	 "partition=3",
	 {BEGIN3,
	  {"image=2", "", "3 ready 3 available 3 current 3 updated 0 updating"},
	  {"partition=7", "", "3 ready 3 available 3 current 3 updated 0 updating"}}},
	{"template and partition in one write",
	 "partition=3",
	 {BEGIN3,
	  {"image=2 partition=2", "~2 -2 +2:2 !2",
	   "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"raising the partition brings nothing back, recreating does",
	 "partition=1",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1", NULL},
	  {"partition=3", "", "3 ready 3 available 3 current 1 updated 2 updating"},
	  {"delete web-2", "~2 -2 +2:1 !2", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"a Pod below the partition comes back on the current revision",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", NULL},
	  {"delete web-0", "~0 -0 +0:1 !0", NULL},
	  {"delete web-2", "~2 -2 +2:2 !2", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"scaling up during a rollout starts on the update revision",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", NULL},
	  {"replicas=5", "+3:2 !3 +4:2 !4", "5 ready 5 available 5 current 2 updated 3 updating"},
	  {"replicas=1", "~4 -4 ~3 -3 ~2 -2 ~1 -1",
	   "1 ready 1 available 1 current 1 updated 0 updating"}}},
	{"scaling comes before updating",
	 "",
	 {BEGIN3,
	  {"image=2 replicas=4", "+3:2 !3 ~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0",
	   "4 ready 4 available 4 current 4 updated 4 complete"},
	  {"image=3 replicas=2", "~3 -3 ~2 -2 ~1 -1 +1:3 !1 ~0 -0 +0:3 !0",
	   "2 ready 2 available 2 current 2 updated 2 complete"}}},
	{"going back to an old template",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", "3 ready 3 available 3 current 2 updated 1 updating"},
	  {"image=1", "~2 -2 +2:1 !2", ALL3}}},
	{"OnDelete waits for the user",
	 "strategy='OnDelete' rolling=none",
	 {{"wait", START3, "3 ready 3 available 3 current 3 updated 3 complete"},
	  {"image=2", "", "3 ready 3 available 3 current 3 updated 0 updating"},
	  {"delete web-1", "~1 -1 +1:2 !1", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"RollingUpdate without rollingUpdate",
	 "rolling=none",
	 {BEGIN3, {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"ordinals.start",
	 "start=5 partition=1 replicas=2",
	 {{"wait", "+5:1 !5 +6:1 !6", "2 ready 2 available 2 current 2 updated 2 complete"},
	  {"image=2", "~6 -6 +6:2 !6", "2 ready 2 available 2 current 1 updated 1 updating"},
	  {"start=6", "+7:2 !7 ~5 -5", "2 ready 2 available 2 current 2 updated 2 complete"}}},
	/* kubernetes#67250 and what frees it. */
	{"a stuck Pod stays stuck when the template is mended, until it is deleted",
	 "",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"image=2", "", "3 ready 2 available 2 current 2 updated 0 updating"},
	  {"delete web-2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"deleted before the template is mended it comes back broken",
	 "",
	 {BEGIN3, {"image=bad", "~2 -2 +2:bad", NULL}, {"delete web-2", "~2 -2 +2:bad", NULL}}},
	{"raising the partition above a stuck Pod and deleting it brings the old revision",
	 "",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"partition=3", "", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"delete web-2", "~2 -2 +2:1 !2", "3 ready 3 available 3 current 3 updated 0 updating"}}},
	{"a stuck Pod blocks scaling, up and down, anywhere",
	 "partition=2",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"replicas=5", "", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"replicas=1", "~2 -2 ~1 -1", "1 ready 1 available 1 current 1 updated 0 updating"}}},
	{"Parallel replaces a stuck Pod once the template is mended",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"a Pod that crashes, and one that never becomes ready, are stuck too",
	 "",
	 {BEGIN3,
	  {"image=badcrash", "~2 -2 +2:badcrash",
	   "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"image=1", "", NULL},
	  {"delete web-2", "~2 -2 +2:1 !2", ALL3},
	  {"image=badready", "~2 -2 +2:badready",
	   "3 ready 2 available 2 current 2 updated 1 updating"}}},
	{"the first Pod is bad: nothing follows",
	 "image=bad",
	 {{"wait", "+0:bad", "1 ready 0 available 0 current 1 updated 1 complete"},
	  {"image=1", "", "1 ready 0 available 0 current 1 updated 0 updating"},
	  {"delete web-0", "~0 -0 +0:1 !0 +1:1 !1 +2:1 !2", ALL3}}},
};

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *scenario = &scenarios[i];
		CLEANUP(world_release) struct world world;

		print_message("         %s\n", scenario->name);
		world_init(&world);
		create_set(&world, scenario->set);
		for (const struct step *step = scenario->steps; step->edits; step++) {
			char name[200];

			snprintf(name, sizeof name, "%s: %s", scenario->name, step->edits);
			if (strncmp(step->edits, "delete ", 7) == 0)
				delete_pod(&world, step->edits + 7);
			else if (strcmp(step->edits, "wait") != 0)
				update_set(&world, step->edits);
			wait_ms(&world, LONG_MS);
			assert_log(&world, name, step->log);
			if (step->status)
				assert_status(&world, name, step->status);
		}
	}
}

/* --- what else a set does ---------------------------------------------------------------------- */

static void test_min_ready_seconds(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	create_set(&world, "min=30");
	wait_ms(&world, 1000);
	assert_log(&world, "start", "+0:1 !0");
	assert_status(&world, "start", "1 ready 1 available 0 current 1 updated 1 complete");
	wait_ms(&world, 28000);
	assert_log(&world, "before", "");
	wait_ms(&world, 2000);
	assert_log(&world, "after", "+1:1 !1");
	assert_status(&world, "after", "2 ready 2 available 1 current 2 updated 2 complete");
	wait_ms(&world, 62000);
	assert_log(&world, "end", "+2:1 !2");
	assert_status(&world, "end", ALL3);

	/* The next is replaced only when the one before has been ready for so long. */
	update_set(&world, "image=2");
	wait_ms(&world, 29000);
	assert_log(&world, "update", "~2 -2 +2:2 !2");
	wait_ms(&world, 5000);
	assert_log(&world, "update", "~1 -1 +1:2 !1");
}

static void test_pods_are_made_as_the_real_ones(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(cJSON_Delete_p) cJSON *set = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	const char *revision;
	char expected[512];

	(void)state;
	world_init(&world);
	create_set(&world, "");
	wait_ms(&world, LONG_MS);
	set = get(&world, SET);
	pod = get(&world, PODS "/web-1");
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
static void assert_revisions(struct world *world, const char *expected)
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
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	create_set(&world, "history=1 replicas=1");
	wait_ms(&world, LONG_MS);
	assert_revisions(&world, "1:app:1");
	update_set(&world, "image=2");
	wait_ms(&world, LONG_MS);
	assert_revisions(&world, "1:app:1 2:app:2");
	update_set(&world, "image=3");
	wait_ms(&world, LONG_MS);
	assert_revisions(&world, "2:app:2 3:app:3");
	/* An old template comes back as the newest. */
	update_set(&world, "image=2");
	wait_ms(&world, LONG_MS);
	assert_revisions(&world, "3:app:3 4:app:2");
	/* Revisions that Pods run do not count. */
	update_set(&world, "partition=1 image=4");
	wait_ms(&world, LONG_MS);
	assert_revisions(&world, "3:app:3 4:app:2 5:app:4");
}

/* The Events about the set, one a line. */
static void assert_events(struct world *world, const char *expected)
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
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	create_set(&world, "replicas=1");
	wait_ms(&world, LONG_MS);
	delete_pod(&world, "web-0");
	wait_ms(&world, LONG_MS);
	update_set(&world, "replicas=0");
	wait_ms(&world, LONG_MS);
	assert_events(&world,
		      "Normal SuccessfulCreate statefulset-controller x2: create Pod web-0 in "
		      "StatefulSet web successful\n"
		      "Normal SuccessfulDelete statefulset-controller x1: delete Pod web-0 in "
		      "StatefulSet web successful\n");
}

static void test_orphans_are_adopted(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(cJSON_Delete_p) cJSON *set = NULL;

	(void)state;
	world_init(&world);
	create_set(&world, "");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "start", START3);
	send(&world, 200, "DELETE", SET "?propagationPolicy=Orphan", NULL);
	wait_ms(&world, LONG_MS);
	send(&world, 404, "GET", SET, NULL);
	assert_log(&world, "orphaned", "");

	create_set(&world, "image=2 partition=2");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "adopted", "~2 -2 +2:2 !2");
	set = get(&world, SET);
	for (int i = 0; i < 3; i++) {
		char path[100];
		CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

		snprintf(path, sizeof path, PODS "/web-%d", i);
		pod = get(&world, path);
		assert_string_equal(obj_text(obj_controller(pod), "uid"), obj_uid(set));
	}
}

static void test_pods_that_no_longer_fit_are_released(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;

	(void)state;
	world_init(&world);
	create_set(&world, "replicas=1");
	wait_ms(&world, LONG_MS);
	send(&world, 200, "PATCH merge", PODS "/web-0", "{'metadata':{'labels':{'app':'other'}}}");
	wait_ms(&world, 100);
	pod = get(&world, PODS "/web-0");
	assert_null(obj_controller(pod));
	/* Its name is taken, so the set cannot make another. */
	assert_status(&world, "released", "0 ready 0 available 0 current 0 updated 0 complete");
}

static const char claim_templates[] =
	"[{'metadata':{'name':'www'},'spec':{'accessModes':['ReadWriteOnce'],'resources':"
	"{'requests':{'storage':'1Gi'}}}}]";

static void test_volume_claims(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(cJSON_Delete_p) cJSON *claim = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(set_json);
	CLEANUP(free_p) char *text = NULL;

	(void)state;
	world_init(&world);
	obj_set(set, "spec.volumeClaimTemplates", value_of(claim_templates));
	obj_set(set, "spec.persistentVolumeClaimRetentionPolicy",
		value_of("{'whenDeleted':'Retain','whenScaled':'Delete'}"));
	text = obj_print(set);
	send(&world, 201, "POST", SETS, text);
	wait_ms(&world, LONG_MS);
	assert_log(&world, "start", START3);
	claim = get(&world, CLAIMS "/www-web-2");
	assert_value(json_at(claim, "metadata.labels"), "{'app':'web'}");
	assert_string_equal(obj_text(claim, "status.phase"), "Bound");
	assert_value(json_at(claim, "status.capacity"), "{'storage':'1Gi'}");
	assert_null(json_at(claim, "metadata.ownerReferences"));
	pod = get(&world, PODS "/web-2");
	assert_value(json_at(pod, "spec.volumes"),
		     "[{'name':'www','persistentVolumeClaim':{'claimName':'www-web-2'}}]");

	/* Scaled away, the claim goes with its Pod; the others stay. */
	update_set(&world, "replicas=2");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "scaled", "~2 -2");
	send(&world, 404, "GET", CLAIMS "/www-web-2", NULL);
	send(&world, 200, "GET", CLAIMS "/www-web-1", NULL);
}

static void test_a_claim_that_is_going_away_blocks_its_pod(void **state)
{
	CLEANUP(world_release) struct world world;
	CLEANUP(cJSON_Delete_p) cJSON *set = value_of(set_json);
	CLEANUP(free_p) char *text = NULL;

	(void)state;
	world_init(&world);
	send(&world, 201, "POST", CLAIMS,
	     "{'apiVersion':'v1','kind':'PersistentVolumeClaim','metadata':{'name':'www-web-0',"
	     "'finalizers':['example.org/"
	     "hold']},'spec':{'accessModes':['ReadWriteOnce'],'resources':"
	     "{'requests':{'storage':'1Gi'}}}}");
	send(&world, 200, "DELETE", CLAIMS "/www-web-0", NULL);
	obj_set(set, "spec.volumeClaimTemplates", value_of(claim_templates));
	text = obj_print(set);
	send(&world, 201, "POST", SETS, text);
	wait_ms(&world, 10000);
	assert_log(&world, "blocked", "");
	assert_events(&world,
		      "Warning FailedCreate statefulset-controller x12: create Pod web-0 in "
		      "StatefulSet web failed error: pvc www-web-0 is being deleted\n");
	send(&world, 200, "PATCH merge", CLAIMS "/www-web-0", "{'metadata':{'finalizers':null}}");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "free", START3);
}

static void test_a_failed_create_is_told_and_tried_again(void **state)
{
	CLEANUP(world_release) struct world world;

	(void)state;
	world_init(&world);
	/* Somebody else's Pod stands where web-1 should. */
	send(&world, 201, "POST", PODS,
	     "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-1'},'spec':{'containers':"
	     "[{'name':'c','image':'app:9'}]}}");
	create_set(&world, "replicas=2");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "blocked", "+1:9 +0:1 !1 !0");
	delete_pod(&world, "web-1");
	wait_ms(&world, LONG_MS);
	assert_log(&world, "free", "~1 -1 +1:1 !1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
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
