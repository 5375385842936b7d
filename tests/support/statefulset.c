#include "tests/support/statefulset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/rollout_reduce.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define MAX_WORDS 1024

static const char *image_of(char letter)
{
	return letter == 'a' ? "nginx:1.25.4" : letter == 'b' ? "nginx:1.26.1" : "nginx:1.26.2";
}

static void set_str(cJSON *object, const char *path, const char *value)
{
	struct err err;

	assert_ok(json_set_str(object, path, value, &err), err);
}

static void set_int(cJSON *object, const char *path, int64_t value)
{
	struct err err;

	assert_ok(json_set_int(object, path, value, &err), err);
}

/* --- Pods ------------------------------------------------------------------------------------ */

static void set_waiting(cJSON *pod, const char *reason)
{
	struct err err;
	char text[512];

	if (strcmp(reason, "Unschedulable") == 0) {
		assert_ok(json_append(json_at(pod, "status.conditions"),
				      value_of("{'type':'PodScheduled','status':'False',"
					       "'reason':'Unschedulable',"
					       "'message':'0/3 nodes are available'}"),
				      &err),
			  err);
		return;
	}
	if (strcmp(reason, "CrashLoopBackOff") == 0)
		snprintf(text, sizeof(text),
			 "[{'name':'nginx','restartCount':7,'state':{'waiting':{'reason':'%s',"
			 "'message':'back-off 5m0s restarting failed container'}},"
			 "'lastState':{'terminated':{'exitCode':1,'reason':'Error'}}}]",
			 reason);
	else
		snprintf(text, sizeof(text),
			 "[{'name':'nginx','restartCount':0,'state':{'waiting':{'reason':'%s',"
			 "'message':'it said so'}}}]",
			 reason);
	assert_ok(json_set(pod, "status.containerStatuses", value_of(text), &err), err);
}

static void print_time(int64_t ms, char text[48])
{
	/* Tests go back from 03:00 by less than that. */
	int64_t seconds = 3 * 3600 - (TEST_NOW_MS - ms) / 1000;

	snprintf(text, 48, "2026-01-02T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z", seconds / 3600,
		 seconds / 60 % 60, seconds % 60);
}

/* `rest` is what follows the ordinal: "b", "b~", "bx", "b?10", "b!ImagePullBackOff". */
static cJSON *make_pod(int ordinal, const char *rest)
{
	bool ready = rest[1] != '~' && rest[1] != '!';
	int64_t ready_s = rest[1] == '~' ? 60 : 3600;
	char text[1024], since[48];

	if (rest[1])
		sscanf(rest + 2, "%" SCNd64, &ready_s);
	print_time(TEST_NOW_MS - ready_s * 1000, since);
	snprintf(
		text, sizeof(text),
		"{'apiVersion':'v1','kind':'Pod','metadata':{'name':'web-%d','namespace':'default',"
		"'uid':'uid-%d','creationTimestamp':'2026-01-02T01:00:00Z',"
		"'labels':{'app':'web','controller-revision-hash':'web-%c'},"
		"'ownerReferences':[{'kind':'StatefulSet','name':'web','uid':'u1','controller':"
		"true}]},"
		"'spec':{'nodeName':'node-%d','containers':[{'name':'nginx','image':'%s'}]},"
		"'status':{'phase':'%s','conditions':[{'type':'Ready','status':'%s',"
		"'lastTransitionTime':'%s'}]}}",
		ordinal, ordinal, rest[0], ordinal % 3 + 1, image_of(rest[0]),
		rest[1] == '!' ? "Pending" : "Running", ready ? "True" : "False", since);
	cJSON *pod = value_of(text);
	if (rest[1] == 'x')
		set_str(pod, "metadata.deletionTimestamp", "2026-01-02T03:00:10Z");
	if (rest[1] == '!')
		set_waiting(pod, rest + 2 + strspn(rest + 2, "0123456789"));
	return pod;
}

struct test_pods test_pods_of(const char *words)
{
	struct test_pods pods = {0};
	char copy[MAX_WORDS], *save = NULL;

	assert_true(strlen(words) < sizeof(copy));
	strcpy(copy, words);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int first, last;
		char *equals = strchr(word, '=');

		assert_non_null(equals);
		if (sscanf(word, "%d..%d=", &first, &last) != 2) {
			assert_int_equal(sscanf(word, "%d=", &first), 1);
			last = first;
		}
		for (int ordinal = first; ordinal <= last; ordinal++) {
			assert_true(pods.count < TEST_MAX_PODS);
			pods.items[pods.count++] = make_pod(ordinal, equals + 1);
		}
	}
	return pods;
}

void test_pods_release(struct test_pods *pods)
{
	for (size_t i = 0; i < pods->count; i++)
		cJSON_Delete(pods->items[i]);
	pods->count = 0;
}

/* --- StatefulSets ---------------------------------------------------------------------------- */

struct words {
	int replicas, partition, start, min_ready, generation, observed;
	bool has_partition;
	char policy[16], strategy[16];
	char current, update, template;
	char annotations[8][64]; /* "step=1" */
	size_t annotation_count;
};

static void read_word(struct words *words, const char *word)
{
	if (sscanf(word, "replicas=%d", &words->replicas) == 1 ||
	    sscanf(word, "partition=%d", &words->partition) == 1 ||
	    sscanf(word, "start=%d", &words->start) == 1 ||
	    sscanf(word, "minReady=%d", &words->min_ready) == 1 ||
	    sscanf(word, "generation=%d", &words->generation) == 1 ||
	    sscanf(word, "observed=%d", &words->observed) == 1 ||
	    sscanf(word, "policy=%15s", words->policy) == 1 ||
	    sscanf(word, "strategy=%15s", words->strategy) == 1 ||
	    sscanf(word, "current=%c", &words->current) == 1 ||
	    sscanf(word, "update=%c", &words->update) == 1 ||
	    sscanf(word, "template=%c", &words->template) == 1)
		return;
	if (strcmp(word, "partition=none") == 0)
		words->has_partition = false;
	else if (*word == '@' && words->annotation_count < 8)
		snprintf(words->annotations[words->annotation_count++], 64, "%s", word + 1);
	else
		fail_msg("statefulset_of does not know \"%s\"", word);
}

static bool is_ready(const cJSON *pod)
{
	const cJSON *ready = json_at(pod, "status.conditions")->child;

	return strcmp(json_str(pod, "status.phase"), "Running") == 0 &&
	       strcmp(json_str(ready, "status"), "True") == 0;
}

/* computeReplicaStatus of stateful_set_control.go: counts Pods at any ordinal. */
static void set_counters(cJSON *statefulset, const struct test_pods *pods)
{
	const char *current = json_str(statefulset, "status.currentRevision");
	const char *update = json_str(statefulset, "status.updateRevision");
	int64_t ready = 0, on_current = 0, on_update = 0;

	for (size_t i = 0; i < pods->count; i++) {
		const cJSON *pod = pods->items[i];
		const cJSON *label =
			json_get(json_at(pod, "metadata.labels"), "controller-revision-hash");

		ready += is_ready(pod);
		if (json_at(pod, "metadata.deletionTimestamp"))
			continue;
		on_current += strcmp(label->valuestring, current) == 0;
		on_update += strcmp(label->valuestring, update) == 0;
	}
	set_int(statefulset, "status.replicas", (int64_t)pods->count);
	set_int(statefulset, "status.readyReplicas", ready);
	set_int(statefulset, "status.currentReplicas", on_current);
	set_int(statefulset, "status.updatedReplicas", on_update);
}

static cJSON *make_statefulset(const struct words *words)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"
		 "'namespace':'default','uid':'u1','generation':%d},"
		 "'spec':{'replicas':%d,'serviceName':'web','podManagementPolicy':'%s',"
		 "'selector':{'matchLabels':{'app':'web'}},"
		 "'template':{'metadata':{'labels':{'app':'web'}},"
		 "'spec':{'containers':[{'name':'nginx','image':'%s'}]}},"
		 "'updateStrategy':{'type':'%s'}},"
		 "'status':{'observedGeneration':%d,'currentRevision':'web-%c',"
		 "'updateRevision':'web-%c'}}",
		 words->generation, words->replicas, words->policy, image_of(words->template),
		 words->strategy, words->observed, words->current, words->update);
	return value_of(text);
}

static void annotate(cJSON *statefulset, char *annotation)
{
	char key[96], *equals = strchr(annotation, '=');
	struct err err;

	assert_non_null(equals);
	*equals = '\0';
	snprintf(key, sizeof(key), "tranche.dev/%s", annotation);
	if (!json_at(statefulset, "metadata.annotations"))
		assert_ok(json_set(statefulset, "metadata.annotations", cJSON_CreateObject(), &err),
			  err);
	assert_ok(json_set_key(json_at(statefulset, "metadata.annotations"), key,
			       cJSON_CreateString(equals + 1), &err),
		  err);
}

cJSON *statefulset_of(const char *text, const struct test_pods *pods)
{
	struct words words = {.replicas = 1,
			      .generation = 1,
			      .observed = -1,
			      .has_partition = true,
			      .policy = "OrderedReady",
			      .strategy = "RollingUpdate",
			      .current = 'a'};
	char copy[MAX_WORDS], *save = NULL;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		read_word(&words, word);
	if (words.observed < 0)
		words.observed = words.generation;
	if (!words.update)
		words.update = words.current;
	if (!words.template)
		words.template = words.update;

	cJSON *statefulset = make_statefulset(&words);
	if (words.has_partition && strcmp(words.strategy, "OnDelete") != 0)
		set_int(statefulset, "spec.updateStrategy.rollingUpdate.partition",
			words.partition);
	if (words.start)
		set_int(statefulset, "spec.ordinals.start", words.start);
	if (words.min_ready)
		set_int(statefulset, "spec.minReadySeconds", words.min_ready);
	for (size_t i = 0; i < words.annotation_count; i++)
		annotate(statefulset, words.annotations[i]);
	if (pods)
		set_counters(statefulset, pods);
	return statefulset;
}

/* What is reduced has the same verdict. */
static void check_reduced(const struct rollout *whole, cJSON *statefulset, struct test_pods *pods)
{
	CLEANUP(rollout_release) struct rollout reduced = {0};
	CLEANUP(buf_release) struct buf expected = BUF_INIT(65536);
	CLEANUP(buf_release) struct buf seen = BUF_INIT(65536);
	struct err err;

	rollout_reduce_statefulset(statefulset);
	for (size_t i = 0; i < pods->count; i++)
		rollout_reduce_pod(pods->items[i]);
	assert_ok(rollout_observe(statefulset, CONST_PODS(*pods), pods->count, NULL, TEST_NOW_MS,
				  &reduced, &err),
		  err);
	rollout_print(whole, &expected);
	rollout_print(&reduced, &seen);
	assert_string_equal(buf_str(&seen), buf_str(&expected));
	assert_string_equal(reduced.reason, whole->reason);
	assert_int_equal(reduced.phase, whole->phase);
}

void observe_words(const char *statefulset_words, const char *pod_words,
		   struct rollout *ret_rollout)
{
	struct test_pods pods = test_pods_of(pod_words);
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of(statefulset_words, &pods);
	struct err err;

	assert_ok(rollout_observe(statefulset, CONST_PODS(pods), pods.count, NULL, TEST_NOW_MS,
				  ret_rollout, &err),
		  err);
	check_reduced(ret_rollout, statefulset, &pods);
	test_pods_release(&pods);
}

cJSON *revision_of(char letter, int number)
{
	char text[1024];

	snprintf(
		text, sizeof(text),
		"{'apiVersion':'apps/v1','kind':'ControllerRevision','metadata':{'name':'web-%c',"
		"'namespace':'default','labels':{'app':'web'},'ownerReferences':[{"
		"'kind':'StatefulSet','name':'web','uid':'u1','controller':true}]},"
		"'data':{'spec':{'template':{'$patch':'replace','metadata':{'labels':{'app':'web'},"
		"'creationTimestamp':null},"
		"'spec':{'containers':[{'name':'nginx','image':'%s'}]}}}},'revision':%d}",
		letter, image_of(letter), number);
	return value_of(text);
}
