#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/rollout.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

static void assert_prints(const struct rollout *rollout, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);

	rollout_print(rollout, &out);
	assert_string_equal(buf_str(&out), expected);
}

/* --- phases ---------------------------------------------------------------------------------- */

struct phase_case {
	const char *statefulset, *pods;
	enum rollout_phase phase;
	const char *reason, *line;
};

static void check_phases(const struct phase_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};

		observe_words(cases[i].statefulset, cases[i].pods, &rollout);
		assert_string_equal(rollout.reason, cases[i].reason);
		assert_string_equal(rollout_phase_name(rollout.phase),
				    rollout_phase_name(cases[i].phase));
		assert_prints(&rollout, cases[i].line);
	}
}

#define CHECK_PHASES(cases) check_phases(cases, sizeof(cases) / sizeof(*(cases)))

static void test_update_from_start_to_end(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=3 current=a generation=2 observed=1 template=b", "0..2=a",
		 ROLLOUT_SETTLING, "the controller has not seen generation 2 yet",
		 "the controller has not seen generation 2 yet"},
		{"replicas=3 partition=1 current=a update=b", "0..2=a", ROLLOUT_PROGRESSING,
		 "web-2 is being replaced, then 1",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=ax", ROLLOUT_PROGRESSING,
		 "web-2 is terminating, then 1",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 partition=1 current=a update=b", "0..1=a", ROLLOUT_PROGRESSING,
		 "web-2 is being created, then 1",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=b~", ROLLOUT_PROGRESSING,
		 "web-2 is not ready yet on nginx:1.26.1, then 1",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=b", ROLLOUT_PROGRESSING,
		 "web-1 is being replaced", "1 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b 2=b", ROLLOUT_CANARY,
		 "1, 2 run nginx:1.26.1, partition 1 holds 0 on nginx:1.25.4; partition 0 would "
		 "take web-0",
		 "2 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		{"replicas=3 current=a update=b", "0=b 1=b 2=b", ROLLOUT_COMPLETE,
		 "all 3 Pods run nginx:1.26.1", "3 of 3 Pods on nginx:1.26.1"},
	};

	CHECK_PHASES(cases);
}

static void test_creation_and_scaling(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=2 partition=1", "", ROLLOUT_PROGRESSING, "web-0 is being created",
		 "0 of 2 Pods on nginx:1.25.4"},
		{"replicas=2 partition=1", "0=a~", ROLLOUT_PROGRESSING,
		 "web-0 is not ready yet on nginx:1.25.4", "0 of 2 Pods on nginx:1.25.4"},
		{"replicas=2 partition=1", "0=a 1=a", ROLLOUT_COMPLETE,
		 "all 2 Pods run nginx:1.25.4", "2 of 2 Pods on nginx:1.25.4"},
		{"replicas=1", "0=a", ROLLOUT_COMPLETE, "the Pod runs nginx:1.25.4",
		 "1 of 1 Pod on nginx:1.25.4"},
		{"replicas=0", "", ROLLOUT_COMPLETE, "no Pods are wanted", "no Pods are wanted"},
		{"replicas=1 current=a", "0=a 1=a", ROLLOUT_PROGRESSING, "web-1 is being deleted",
		 "1 of 1 Pod on nginx:1.25.4"},
		{"replicas=0", "0=ax", ROLLOUT_PROGRESSING, "web-0 is terminating",
		 "web-0 is terminating"},
		/* Ordered, the highest condemned Pod waits for the lowest unhealthy one. */
		{"replicas=1", "0=a 1=a!ImagePullBackOff 2=a~", ROLLOUT_STUCK,
		 "web-1 on nginx:1.25.4: ImagePullBackOff: it said so",
		 "1 of 1 Pod on nginx:1.25.4; stuck: web-1 on nginx:1.25.4: ImagePullBackOff: it "
		 "said so"},
		{"replicas=1 policy=Parallel", "0=a 1=a!ImagePullBackOff 2=a~", ROLLOUT_PROGRESSING,
		 "web-2 is being deleted", "1 of 1 Pod on nginx:1.25.4"},
		/* Parallel creates whatever the others do. */
		{"replicas=3 policy=Parallel", "0=a~", ROLLOUT_PROGRESSING,
		 "web-1 is being created", "0 of 3 Pods on nginx:1.25.4"},
		{"replicas=3 policy=Parallel", "0=a~ 1=a 2=a~", ROLLOUT_PROGRESSING,
		 "web-2 is not ready yet on nginx:1.25.4", "1 of 3 Pods on nginx:1.25.4"},
		/* Scaling up in mid-rollout: the new ordinal is above the partition. */
		{"replicas=4 partition=2 current=a update=b", "0..1=a 2=b", ROLLOUT_PROGRESSING,
		 "web-3 is being created", "1 of 4 Pods on nginx:1.26.1, partition 2 holds 0, 1"},
	};

	CHECK_PHASES(cases);
}

static void test_ordinals_start(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		/* The partition counts from start: 10 and 11 hold. */
		{"replicas=3 start=10 partition=2 current=a update=b", "10..11=a 12=b",
		 ROLLOUT_CANARY,
		 "12 runs nginx:1.26.1, partition 2 holds 10, 11 on nginx:1.25.4; partition 1 "
		 "would "
		 "take web-11",
		 "1 of 3 Pods on nginx:1.26.1, partition 2 holds 10, 11"},
		{"replicas=2 start=1 current=a", "0..2=a", ROLLOUT_PROGRESSING,
		 "web-0 is being deleted", "2 of 2 Pods on nginx:1.25.4"},
	};

	CHECK_PHASES(cases);
}

static void test_stuck(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=b!ErrImagePull",
		 ROLLOUT_STUCK, "web-2 on nginx:1.26.1: ErrImagePull: it said so",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0; stuck: web-2 on nginx:1.26.1: "
		 "ErrImagePull: it said so"},
		{"replicas=1 current=a update=b", "0=b!CrashLoopBackOff", ROLLOUT_STUCK,
		 "web-0 on nginx:1.26.1: CrashLoopBackOff: exit code 1, 7 restarts",
		 "0 of 1 Pod on nginx:1.26.1; stuck: web-0 on nginx:1.26.1: CrashLoopBackOff: exit "
		 "code 1, 7 restarts"},
		{"replicas=1", "0=a!Unschedulable", ROLLOUT_STUCK,
		 "web-0 on nginx:1.25.4: Unschedulable: 0/3 nodes are available",
		 "0 of 1 Pod on nginx:1.25.4; stuck: web-0 on nginx:1.25.4: Unschedulable: 0/3 "
		 "nodes are available"},
		/* A reason that ends by itself. */
		{"replicas=1", "0=a!60ContainerCreating", ROLLOUT_PROGRESSING,
		 "web-0 is not ready yet on nginx:1.25.4", "0 of 1 Pod on nginx:1.25.4"},
		/* OrderedReady: a Pod outside the updated range blocks it. */
		{"replicas=3 partition=1 current=a update=b", "0=a!CrashLoopBackOff 1..2=a",
		 ROLLOUT_STUCK,
		 "web-0 on nginx:1.25.4 blocks the update: CrashLoopBackOff: exit code 1, 7 "
		 "restarts",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0; stuck: web-0 on nginx:1.25.4 "
		 "blocks the update: CrashLoopBackOff: exit code 1, 7 restarts"},
		/* Parallel goes on without it. */
		{"replicas=3 partition=1 current=a update=b policy=Parallel",
		 "0=a!CrashLoopBackOff 1..2=a", ROLLOUT_PROGRESSING,
		 "web-2 is being replaced, then 1",
		 "0 of 3 Pods on nginx:1.26.1, partition 1 holds 0"},
		/* kubernetes#67250: the template is fixed, the broken Pod is not replaced. */
		{"replicas=3 current=a update=c", "0..1=a 2=b!ImagePullBackOff", ROLLOUT_STUCK,
		 "web-2 on nginx:1.26.1 blocks the update: ImagePullBackOff: it said so; delete "
		 "web-2 and it comes back on nginx:1.26.2",
		 "0 of 3 Pods on nginx:1.26.2; stuck: web-2 on nginx:1.26.1 blocks the update: "
		 "ImagePullBackOff: it said so; delete web-2 and it comes back on nginx:1.26.2"},
		{"replicas=3 current=a update=c policy=Parallel", "0..1=a 2=b!ImagePullBackOff",
		 ROLLOUT_PROGRESSING, "web-2 is being replaced, then 1, 0",
		 "0 of 3 Pods on nginx:1.26.2"},
		/* Parallel waits for web-2 now, and would never get past web-1. */
		{"replicas=3 current=a update=b policy=Parallel", "0=a 1=b!InvalidImageName 2=b~",
		 ROLLOUT_STUCK, "web-1 on nginx:1.26.1: InvalidImageName: it said so",
		 "0 of 3 Pods on nginx:1.26.1; stuck: web-1 on nginx:1.26.1: InvalidImageName: it "
		 "said so"},
		/* A Pod that goes is no longer stuck. */
		{"replicas=1", "0=ax", ROLLOUT_PROGRESSING, "web-0 is terminating",
		 "0 of 1 Pod on nginx:1.25.4"},
	};

	CHECK_PHASES(cases);
}

static void test_partition_at_or_above_replicas(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=2 partition=2 current=a update=b", "0..1=a", ROLLOUT_NO_EFFECT,
		 "partition 2 is not below 2 replicas: no Pod takes nginx:1.26.1",
		 "partition 2 is not below 2 replicas: no Pod takes nginx:1.26.1"},
		{"replicas=1 partition=7 current=a update=b", "0=a~", ROLLOUT_NO_EFFECT,
		 "partition 7 is not below 1 replica: no Pod takes nginx:1.26.1; web-0 is not "
		 "ready "
		 "and blocks further updates",
		 "partition 7 is not below 1 replica: no Pod takes nginx:1.26.1; web-0 is not "
		 "ready "
		 "and blocks further updates"},
		/* Raised after a canary: what is updated stays so. */
		{"replicas=3 partition=3 current=a update=b", "0..1=a 2=b", ROLLOUT_CANARY,
		 "2 runs nginx:1.26.1, partition 3 holds 0, 1 on nginx:1.25.4; partition 1 would "
		 "take web-1",
		 "1 of 3 Pods on nginx:1.26.1, partition 3 holds 0, 1"},
		/* Without a new template it means nothing. */
		{"replicas=2 partition=5", "0..1=a", ROLLOUT_COMPLETE,
		 "all 2 Pods run nginx:1.25.4", "2 of 2 Pods on nginx:1.25.4"},
	};

	CHECK_PHASES(cases);
}

static void test_on_delete(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=3 strategy=OnDelete current=a update=b", "0..1=a 2=b", ROLLOUT_ON_DELETE,
		 "0, 1 take nginx:1.26.1 when somebody deletes them (OnDelete)",
		 "1 of 3 Pods on nginx:1.26.1, OnDelete leaves 0, 1"},
		{"replicas=3 strategy=OnDelete current=a update=b", "0..1=a 2=b~",
		 ROLLOUT_PROGRESSING, "web-2 is not ready yet on nginx:1.26.1",
		 "0 of 3 Pods on nginx:1.26.1, OnDelete leaves 0, 1"},
		{"replicas=2 strategy=OnDelete current=a update=b", "0..1=b", ROLLOUT_COMPLETE,
		 "all 2 Pods run nginx:1.26.1", "2 of 2 Pods on nginx:1.26.1"},
		{"replicas=2 strategy=OnDelete current=a update=b", "0=a!CrashLoopBackOff 1=b",
		 ROLLOUT_STUCK,
		 "web-0 on nginx:1.25.4 blocks the update: CrashLoopBackOff: exit code 1, 7 "
		 "restarts; delete web-0 and it comes back on nginx:1.26.1",
		 "1 of 2 Pods on nginx:1.26.1, OnDelete leaves 0; stuck: web-0 on nginx:1.25.4 "
		 "blocks the update: CrashLoopBackOff: exit code 1, 7 restarts; delete web-0 and "
		 "it "
		 "comes back on nginx:1.26.1"},
	};

	CHECK_PHASES(cases);
}

static void test_same_image_on_both_revisions(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0=a 1=b");
	CLEANUP(cJSON_Delete_p)
	cJSON *statefulset =
		statefulset_of("replicas=2 partition=1 current=a update=b template=a", &pods);
	CLEANUP(rollout_release) struct rollout rollout = {0};
	struct err err;

	assert_ok(json_set(pods.items[1], "spec", json_copy(json_at(pods.items[0], "spec")), &err),
		  err);
	assert_ok(rollout_observe(statefulset, CONST_PODS(pods), 2, NULL, TEST_NOW_MS, &rollout,
				  &err),
		  err);
	assert_string_equal(rollout.reason, "1 runs revision web-b, partition 1 holds 0 on "
					    "revision web-a; partition 0 would take web-0");
	assert_prints(&rollout, "1 of 2 Pods on revision web-b, partition 1 holds 0");
	test_pods_release(&pods);
}

static void test_being_deleted(void **state)
{
	(void)state;
	struct test_pods pods = test_pods_of("0=a");
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", &pods);
	CLEANUP(rollout_release) struct rollout rollout = {0};
	struct err err;

	assert_ok(json_set_str(statefulset, "metadata.deletionTimestamp", "2026-01-02T03:00:00Z",
			       &err),
		  err);
	assert_ok(rollout_observe(statefulset, CONST_PODS(pods), 1, NULL, TEST_NOW_MS, &rollout,
				  &err),
		  err);
	assert_string_equal(rollout.reason, "the StatefulSet is being deleted");
	assert_false(rollout_is_settled(&rollout));
	test_pods_release(&pods);
}

/* --- where `kubectl rollout status` is wrong ------------------------------------------------- */

/* S/kubectl/pkg/polymorphichelpers/rollout_status.go, in the order of its checks. */
static void print_kubectl_status(const cJSON *statefulset, char *text, size_t size)
{
	int64_t replicas = json_int_or(statefulset, "spec.replicas", 0);
	int64_t ready = json_int_or(statefulset, "status.readyReplicas", 0);
	int64_t updated = json_int_or(statefulset, "status.updatedReplicas", 0);
	int64_t partition =
		json_int_or(statefulset, "spec.updateStrategy.rollingUpdate.partition", 0);

	if (strcmp(json_str(statefulset, "spec.updateStrategy.type"), "RollingUpdate") != 0)
		snprintf(text, size, "error");
	else if (json_int_or(statefulset, "status.observedGeneration", 0) <
		 json_int_or(statefulset, "metadata.generation", 0))
		snprintf(text, size, "waiting for the spec to be observed");
	else if (ready < replicas)
		snprintf(text, size, "waiting for %" PRId64 " pods to be ready", replicas - ready);
	else if (updated < replicas - partition)
		snprintf(text, size, "waiting: %" PRId64 " out of %" PRId64, updated,
			 replicas - partition);
	else
		snprintf(text, size, "complete: %" PRId64, updated);
}

static void test_right_where_kubectl_is_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *what, *statefulset, *pods, *kubectl;
		enum rollout_phase phase;
		const char *reason;
	} cases[] = {
		{"1: minReadySeconds is not looked at",
		 "replicas=3 partition=2 minReady=30 current=a update=b", "0..1=a 2=b?10",
		 "complete: 1", ROLLOUT_PROGRESSING,
		 "web-2 is ready, but not for minReadySeconds yet"},
		{"2: a partition at or above replicas is success",
		 "replicas=3 partition=3 current=a update=b", "0..2=a", "complete: 0",
		 ROLLOUT_NO_EFFECT,
		 "partition 3 is not below 3 replicas: no Pod takes nginx:1.26.1"},
		{"3: condemned Pods count as updated", "replicas=2 partition=1 current=a update=b",
		 "0..1=a 2=b", "complete: 1", ROLLOUT_PROGRESSING,
		 "web-2 is being deleted, then 1"},
		{"4: Pods below the partition count as updated",
		 "replicas=4 partition=2 current=a update=b", "0..1=b 2..3=a", "complete: 2",
		 ROLLOUT_PROGRESSING, "web-3 is being replaced, then 2"},
		{"5: an unready Pod below the partition masks a good canary",
		 "replicas=3 partition=2 policy=Parallel current=a update=b", "0=a~ 1=a 2=b",
		 "waiting for 1 pods to be ready", ROLLOUT_CANARY,
		 "2 runs nginx:1.26.1, partition 2 holds 0, 1 on nginx:1.25.4; partition 1 would "
		 "take web-1; web-0 is not ready"},
		{"6: a stuck Pod is waited for, without a reason",
		 "replicas=3 partition=2 current=a update=b", "0..1=a 2=b!ImagePullBackOff",
		 "waiting for 1 pods to be ready", ROLLOUT_STUCK,
		 "web-2 on nginx:1.26.1: ImagePullBackOff: it said so"},
		{"7: terminating and condemned Pods count as ready",
		 "replicas=2 partition=1 policy=Parallel current=a update=b", "0=a 1=b~ 2=bx",
		 "complete: 1", ROLLOUT_PROGRESSING, "web-2 is terminating"},
		{"8: scaling down is complete before the Pods are gone",
		 "replicas=1 current=a update=a", "0=a 1=a", "complete: 2", ROLLOUT_PROGRESSING,
		 "web-1 is being deleted"},
		{"9: OnDelete is an error", "replicas=2 strategy=OnDelete current=a update=b",
		 "0=a 1=b", "error", ROLLOUT_ON_DELETE,
		 "0 takes nginx:1.26.1 when somebody deletes them (OnDelete)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of(cases[i].pods);
		CLEANUP(cJSON_Delete_p)
		cJSON *statefulset = statefulset_of(cases[i].statefulset, &pods);
		CLEANUP(rollout_release) struct rollout rollout = {0};
		char kubectl[100];
		struct err err;

		print_message("%s\n", cases[i].what);
		print_kubectl_status(statefulset, kubectl, sizeof(kubectl));
		assert_string_equal(kubectl, cases[i].kubectl);
		assert_ok(rollout_observe(statefulset, CONST_PODS(pods), pods.count, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		assert_string_equal(rollout.reason, cases[i].reason);
		assert_string_equal(rollout_phase_name(rollout.phase),
				    rollout_phase_name(cases[i].phase));
		test_pods_release(&pods);
	}
}

/* --- as it goes on ---------------------------------------------------------------------------- */

/* What `run` would print of what it sees, one after the other. */
static void test_moves(void **state)
{
	(void)state;
	static const struct {
		const char *statefulset, *pods;
		bool moved;
	} cases[] = {
		{"replicas=3", "0..2=a", false},
		{"replicas=3 generation=2 observed=1 template=b", "0..2=a", false},
		{"replicas=3 partition=1 current=a update=b", "0..2=a", true},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=ax", false},
		{"replicas=3 partition=1 current=a update=b", "0..1=a", false},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=b~", false},
		{"replicas=3 partition=1 current=a update=b", "0..1=a 2=b", true},
		{"replicas=3 partition=1 current=a update=b", "0=a 2=b", false},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b!ErrImagePull 2=b", true},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b!ImagePullBackOff 2=b",
		 false},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b~ 2=b", false},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b!ErrImagePull 2=b", false},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b 2=b", true},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b!ErrImagePull 2=b", true},
		{"replicas=3 partition=1 current=a update=b", "0=a 1=b 2=b", true},
		{"replicas=3 partition=0 current=a update=b", "0=a 1=b 2=b", true},
		{"replicas=3 partition=0 current=a update=b", "0=b 1=b 2=b", true},
		{"replicas=3 partition=0 current=b update=b", "0=b 1=b 2=b", false},
		{"replicas=3 partition=3 current=b update=c", "0=b 1=b 2=b", true},
		{"replicas=3 partition=3 current=b update=c", "0=b 1=b~ 2=b", false},
	};
	struct rollout_mark mark = {0}, other = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};

		observe_words(cases[i].statefulset, cases[i].pods, &rollout);
		if (rollout_has_moved(&rollout, &mark) != cases[i].moved)
			fail_msg("%s: %s: moved is not %d", cases[i].statefulset, cases[i].pods,
				 cases[i].moved);
	}

	/* One that is under way when it is first seen is news. */
	CLEANUP(rollout_release) struct rollout rollout = {0};
	observe_words("replicas=2", "0=a", &rollout);
	assert_true(rollout_has_moved(&rollout, &other));
}

static void test_settled(void **state)
{
	(void)state;
	static const bool settled[] = {
		[ROLLOUT_SETTLING] = false,    [ROLLOUT_PROGRESSING] = false,
		[ROLLOUT_CANARY] = true,       [ROLLOUT_COMPLETE] = true,
		[ROLLOUT_NO_EFFECT] = true,    [ROLLOUT_STUCK] = false,
		[ROLLOUT_ON_DELETE] = true,    [ROLLOUT_HELD] = true,
		[ROLLOUT_ROLLED_BACK] = false,
	};

	for (size_t i = 0; i < sizeof(settled) / sizeof(*settled); i++) {
		struct rollout rollout = {.phase = (enum rollout_phase)i};
		assert_int_equal(rollout_is_settled(&rollout), settled[i]);
		assert_int_equal(rollout_has_failed(&rollout),
				 rollout.phase == ROLLOUT_STUCK ||
					 rollout.phase == ROLLOUT_ROLLED_BACK);
	}
}

static void test_refuses_what_is_no_statefulset(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"{}", ERR_INVALID, "not a StatefulSet with a name"},
		{"[]", ERR_INVALID, "not a StatefulSet with a name"},
		{"{'kind':'StatefulSet','metadata':{}}", ERR_INVALID,
		 "not a StatefulSet with a name"},
		{"{'kind':'Deployment','metadata':{'name':'web'}}", ERR_INVALID,
		 "not a StatefulSet with a name"},
		{"{'kind':'StatefulSet','metadata':{'name':'web'},'spec':{'replicas':2147483647}}",
		 ERR_LIMIT, "spec.replicas is more than 100000"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(cases[i].json);
		struct rollout rollout;
		struct err err;

		assert_error(rollout_observe(value, NULL, 0, NULL, TEST_NOW_MS, &rollout, &err),
			     err, cases[i].class, cases[i].message);
	}
}

/* Wrong types and numbers out of range are read as what is missing, never crash. */
static void test_bears_nonsense(void **state)
{
	(void)state;
	static const char *const statefulsets[] = {
		"{'kind':'StatefulSet','metadata':{'name':'web'}}",
		"{'kind':'StatefulSet','metadata':{'name':'web','labels':7},'spec':[]}",
		"{'kind':'StatefulSet','metadata':{'name':'web','generation':'x'},'spec':{"
		"'replicas':-3,'ordinals':{'start':9223372036854775807},'updateStrategy':{"
		"'rollingUpdate':{'partition':9223372036854775807}},'template':'no'},"
		"'status':{'updateRevision':'web-a','observedGeneration':9223372036854775807}}",
	};
	CLEANUP(cJSON_Delete_p)
	cJSON *pod =
		value_of("{'metadata':{'name':'web-0','labels':[],'ownerReferences':{'a':1}},"
			 "'spec':3,'status':{'conditions':'x','containerStatuses':[1,[],{}]}}");

	for (size_t i = 0; i < sizeof(statefulsets) / sizeof(*statefulsets); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = value_of(statefulsets[i]);
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(rollout_observe(value, (const cJSON *const *)&pod, 1, NULL, TEST_NOW_MS,
					  &rollout, &err),
			  err);
		assert_non_null(rollout.reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_update_from_start_to_end),
		cmocka_unit_test(test_creation_and_scaling),
		cmocka_unit_test(test_ordinals_start),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_partition_at_or_above_replicas),
		cmocka_unit_test(test_on_delete),
		cmocka_unit_test(test_same_image_on_both_revisions),
		cmocka_unit_test(test_being_deleted),
		cmocka_unit_test(test_right_where_kubectl_is_wrong),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_settled),
		cmocka_unit_test(test_refuses_what_is_no_statefulset),
		cmocka_unit_test(test_bears_nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
