/* What annotations, deadlines and the inventory's record make of a rollout. */
#include <inttypes.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/promotion.h"
#include "tests/support/values.h"

struct phase_case {
	const char *statefulset, *pods;
	const char *record; /* as promotion.h has it; NULL: none */
	/* "PHASE since=SECONDS deadline=SECONDS bake=SECONDS next=PARTITION", times from now */
	const char *expected;
	const char *reason;
};

static void observe(const char *statefulset, const char *pods, const char *record,
		    struct rollout *ret_rollout)
{
	const struct promotion_case words = {"replicas=1", statefulset, pods, record};
	CLEANUP(promotion_world_release) struct promotion_world world;
	struct err err;

	promotion_world_init(&world, &words);
	assert_ok(rollout_observe(world.live, world.facts.pods, world.facts.pod_count,
				  record ? &world.record : NULL, TEST_NOW_MS, ret_rollout, &err),
		  err);
}

static void print_moment(const char *name, int64_t ms, struct buf *out)
{
	if (ms)
		buf_printf(out, " %s=%" PRId64, name, (ms - TEST_NOW_MS) / 1000);
}

static void print_rollout(const struct rollout *rollout, struct buf *out)
{
	buf_puts(out, rollout_phase_name(rollout->phase));
	if (rollout->phase == ROLLOUT_STUCK)
		buf_printf(out, " %s%s", rollout->stuck_pod,
			   rollout->stuck_for_good ? " for good" : "");
	print_moment("since", rollout->since_ms, out);
	print_moment("deadline", rollout->deadline_at_ms, out);
	print_moment("bake", rollout->bake_until_ms, out);
	if (rollout->next_partition != rollout->partition)
		buf_printf(out, " next=%" PRId64, rollout->next_partition);
}

static void check_phases(const struct phase_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(65536);

		print_message("%s | %s\n", cases[i].statefulset, cases[i].pods);
		observe(cases[i].statefulset, cases[i].pods, cases[i].record, &rollout);
		print_rollout(&rollout, &out);
		assert_string_equal(buf_str(&out), cases[i].expected);
		assert_string_equal(rollout.reason, cases[i].reason);
	}
}

#define CHECK_PHASES(cases) check_phases(cases, sizeof(cases) / sizeof(*(cases)))

#define CANARY "replicas=5 partition=4 current=a update=b "

static void test_since(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=2", "0=a 1=a?50", NULL, "Complete since=-50",
		 "all 2 Pods run nginx:1.25.4"},
		{CANARY, "0..3=a?20 4=b?90", NULL, "Canary since=-90",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3"},
		{CANARY, "0..3=a 4=b~30", NULL, "Progressing since=-30 deadline=570",
		 "web-4 is not ready yet on nginx:1.26.1"},
		{CANARY, "0..3=a", "step=20", "Progressing since=-20 deadline=580",
		 "web-4 is being created"},
		{CANARY, "0..3=a 4=b!90ErrImagePull", NULL, "Stuck web-4 since=-90 deadline=510",
		 "web-4 on nginx:1.26.1: ErrImagePull: it said so"},
		{CANARY, "0..3=a 4=b!90ImagePullBackOff", NULL, "Stuck web-4 for good since=-90",
		 "web-4 on nginx:1.26.1: ImagePullBackOff: it said so"},
		{CANARY "minReady=60", "0..3=a 4=b?20", NULL, "Progressing since=-20",
		 "web-4 is ready, but not for minReadySeconds yet"},
	};

	CHECK_PHASES(cases);
}

#define LONGER ", which is longer than the deadline of "

static void test_deadline(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{CANARY, "0..3=a 4=b~599", NULL, "Progressing since=-599 deadline=1",
		 "web-4 is not ready yet on nginx:1.26.1"},
		{CANARY, "0..3=a 4=b~600", NULL, "Stuck web-4 for good since=-600",
		 "web-4 on nginx:1.26.1: not ready since 2026-01-02T02:50:00Z" LONGER "10m"},
		{CANARY "@deadline=1m", "0..3=a 4=b~60", NULL, "Stuck web-4 for good since=-60",
		 "web-4 on nginx:1.26.1: not ready since 2026-01-02T02:59:00Z" LONGER "1m"},
		/* An annotation that cannot be read counts as absent. */
		{CANARY "@deadline=soon", "0..3=a 4=b~60", NULL,
		 "Progressing since=-60 deadline=540", "web-4 is not ready yet on nginx:1.26.1"},
		/* OrderedReady waits for a Pod that the update does not reach. */
		{CANARY, "0=a~600 1..4=a", NULL, "Stuck web-0 for good since=-600",
		 "web-0 on nginx:1.25.4 blocks the update: not ready since "
		 "2026-01-02T02:50:00Z" LONGER "10m"},
		/* A good canary is one, whatever the others do. */
		{CANARY "policy=Parallel", "0=a~600 1..3=a 4=b", NULL, "Canary since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3; web-0 is not ready"},
		/* Parallel waits for web-4 first, but never gets past web-3. */
		{"replicas=5 partition=3 current=a update=b policy=Parallel",
		 "0..2=a 3=b~700 4=b~60", NULL, "Progressing since=-60 deadline=540",
		 "web-4 is not ready yet on nginx:1.26.1"},
		/* Waiting for minReadySeconds is not being late. */
		{CANARY "minReady=3000", "0..3=a 4=b?1200", NULL, "Progressing since=-1200",
		 "web-4 is ready, but not for minReadySeconds yet"},
		/* Within its grace, and beyond: deletionTimestamp is in 10 seconds. */
		{CANARY "@deadline=1s", "0..3=a 4=ax", NULL, "Progressing deadline=11",
		 "web-4 is terminating"},
	};

	CHECK_PHASES(cases);
}

/* Where there is no Pod, the last write of the step counts, and what its neighbours did. */
static void test_deadline_of_a_missing_pod(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{CANARY, "0..3=a", "step=599", "Progressing since=-599 deadline=1",
		 "web-4 is being created"},
		{CANARY, "0..3=a", "step=600", "Stuck web-4 for good since=-600",
		 "web-4 is missing since 2026-01-02T02:50:00Z" LONGER
		 "10m; the StatefulSet's events say why it is not created"},
		{CANARY, "0..3=a", "replicas=5", "Progressing", "web-4 is being created"},
		{CANARY, "0..3=a", NULL, "Progressing", "web-4 is being created"},
		/* web-3 came up a minute ago, web-4 is next. */
		{"replicas=5", "0..2=a 3=a?60", "step=9000", "Progressing since=-9000 deadline=540",
		 "web-4 is being created"},
	};

	CHECK_PHASES(cases);
}

/* The controller has not counted yet that it is gone: it is just being made anew. */
static void test_a_pod_that_was_just_deleted(void **state)
{
	(void)state;
	struct test_pods before = test_pods_of("0..3=a 4=b"), after = test_pods_of("0..3=a");
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of(CANARY, &before);
	const struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 86400000};
	CLEANUP(rollout_release) struct rollout rollout = {0};
	struct err err;

	assert_ok(rollout_observe(statefulset, CONST_PODS(after), after.count, &record, TEST_NOW_MS,
				  &rollout, &err),
		  err);
	assert_string_equal(rollout_phase_name(rollout.phase), "Progressing");
	test_pods_release(&before);
	test_pods_release(&after);
}

static void test_held(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{CANARY "@hold=true", "0..3=a 4=b", NULL, "Held since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3; tranche.dev/hold keeps it so"},
		{CANARY "@hold=true", "0..3=a 4=b", "partition=0", "Held since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3; tranche.dev/hold keeps it so, Git has partition 0"},
		{"replicas=2 partition=2 current=a update=b @hold=true", "0..1=a", NULL, "Held",
		 "partition 2 is not below 2 replicas: no Pod takes nginx:1.26.1; "
		 "tranche.dev/hold keeps it so"},
		/* There is nothing to hold, or it is not there yet. */
		{"replicas=2 @hold=true", "0..1=a", NULL, "Complete since=-3600",
		 "all 2 Pods run nginx:1.25.4"},
		{CANARY "@hold=true", "0..3=a 4=b~60", NULL, "Progressing since=-60 deadline=540",
		 "web-4 is not ready yet on nginx:1.26.1"},
		{CANARY "@hold=false", "0..3=a 4=b", NULL, "Canary since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3"},
	};

	CHECK_PHASES(cases);
}

static void test_walks(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b?20", "partition=0",
		 "Progressing since=-20 bake=41 next=3",
		 "web-4 updated and ready, baking 1m before partition 3"},
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b?61", "partition=0",
		 "Progressing since=-61 bake=0 next=3",
		 "web-4 updated and ready, partition 3 is next"},
		{CANARY "@step=2", "0..3=a 4=b", "partition=0", "Progressing since=-3600 next=2",
		 "web-4 updated and ready, partition 2 is next"},
		{CANARY "@step=1", "0..3=a 4=b~60", "partition=0",
		 "Progressing since=-60 deadline=540 next=3",
		 "web-4 is not ready yet on nginx:1.26.1"},
		/* Git's partition waits at the gate. */
		{CANARY, "0..3=a 4=b", "partition=1", "Progressing since=-3600 next=1",
		 "web-4 updated and ready, partition 1 is next"},
		{"replicas=5 partition=9 current=a update=b @step=1", "0..4=a", "partition=0",
		 "Progressing next=4", "partition 4 is next"},
		/* It has arrived, or nobody knows where it goes. */
		{CANARY "@step=1", "0..3=a 4=b", "partition=4", "Canary since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 3 would "
		 "take web-3"},
		{CANARY "@step=2", "0..3=a 4=b", NULL, "Canary since=-3600",
		 "4 runs nginx:1.26.1, partition 4 holds 0..3 on nginx:1.25.4; partition 2 would "
		 "take web-3..2"},
		/* All have it. */
		{CANARY "@step=1", "0..4=b", "partition=0", "Complete since=-3600 next=3",
		 "all 5 Pods run nginx:1.26.1"},
		/* Replicas that are gone are not promoted. */
		{"replicas=2 partition=4 current=a update=b @step=1", "0..1=a", "partition=3",
		 "NoEffect", "partition 4 is not below 2 replicas: no Pod takes nginx:1.26.1"},
	};

	CHECK_PHASES(cases);
}

#define REJECTED "rejected=d1 good=web-a partition=0 "

static void test_rolled_back(void **state)
{
	(void)state;
	static const struct phase_case cases[] = {
		{"replicas=5 partition=4 @step=1", "0..4=a", REJECTED, "RolledBack since=-3600",
		 "commit 3f2c1ab was rejected (it was bad): all 5 Pods run nginx:1.25.4"},
		{"replicas=5 partition=4 @step=1", "0..3=a 4=ax", REJECTED,
		 "Progressing deadline=610",
		 "commit 3f2c1ab was rejected (it was bad), rolling back: web-4 is terminating"},
		{"replicas=5 partition=4 @step=1", "0..3=a 4=b!60ImagePullBackOff", REJECTED,
		 "Stuck web-4 for good since=-60",
		 "commit 3f2c1ab was rejected (it was bad), rolling back: web-4 on nginx:1.26.1 "
		 "blocks the update: ImagePullBackOff: it said so; once evicted it comes back "
		 "on nginx:1.25.4"},
		{"replicas=5 partition=4 generation=2 observed=1", "0..4=a", REJECTED, "Settling",
		 "commit 3f2c1ab was rejected (it was bad), rolling back: the controller has not "
		 "seen generation 2 yet"},
	};

	CHECK_PHASES(cases);
}

/* What `run` prints of them. */
static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *statefulset, *pods, *record, *line;
	} cases[] = {
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b?20", "partition=0",
		 "1 of 5 Pods on nginx:1.26.1, partition 4 holds 0..3; web-4 updated and ready, "
		 "baking 1m before partition 3"},
		{CANARY "@step=1", "0..3=a 4=b~60", "partition=0",
		 "0 of 5 Pods on nginx:1.26.1, partition 4 holds 0..3"},
		{CANARY "@hold=true", "0..3=a 4=b", "partition=0",
		 "1 of 5 Pods on nginx:1.26.1, partition 4 holds 0..3 (tranche.dev/hold)"},
		{"replicas=5 partition=4", "0..4=a", REJECTED,
		 "commit 3f2c1ab was rejected (it was bad): all 5 Pods run "
		 "nginx:1.25.4"},
		{"replicas=5 partition=4", "0..3=a 4=ax", REJECTED,
		 "commit 3f2c1ab was rejected (it was bad), rolling back: 4 of 5 Pods on "
		 "nginx:1.25.4"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(65536);

		observe(cases[i].statefulset, cases[i].pods, cases[i].record, &rollout);
		rollout_print(&rollout, &out);
		assert_string_equal(buf_str(&out), cases[i].line);
	}
}

/* Which of them are news, one after the other. */
static void test_moves(void **state)
{
	(void)state;
	static const struct {
		const char *statefulset, *pods, *record;
		bool moved;
	} cases[] = {
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b~60", "partition=0", true},
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b?20", "partition=0", true},
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b?61", "partition=0", false},
		{CANARY "@step=1 @bake=1m @hold=true", "0..3=a 4=b?60", "partition=0", true},
		{CANARY "@step=1 @bake=1m @hold=true", "0..3=a 4=b?90", "partition=0", false},
		{CANARY "@step=1 @bake=1m", "0..3=a 4=b~600", "partition=0", true},
		{"replicas=5 partition=4 @step=1", "0..3=a 4=ax", REJECTED, true},
		{"replicas=5 partition=4 @step=1", "0..4=a", REJECTED, true},
		{"replicas=5 partition=4 @step=1", "0..4=a", REJECTED, false},
		{"replicas=5 partition=4 @step=1", "0..4=a", "partition=0", true},
	};
	struct rollout_mark mark = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};

		observe(cases[i].statefulset, cases[i].pods, cases[i].record, &rollout);
		if (rollout_has_moved(&rollout, &mark) != cases[i].moved)
			fail_msg("case %zu: moved is not %d", i, cases[i].moved);
	}
}

/* --- why a Pod is not ready ------------------------------------------------------------------- */

static void test_troubles(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *status;
		const char *trouble, *wait; /* of which one is NULL */
		bool may_pass;
	} cases[] = {
		{"{}",
		 "{'containerStatuses':[{'name':'a','restartCount':2,'state':{'waiting':{'reason':"
		 "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':1}}}]}",
		 "CrashLoopBackOff: exit code 1, 2 restarts", NULL, true},
		{"{}",
		 "{'containerStatuses':[{'name':'a','restartCount':3,'state':{'waiting':{'reason':"
		 "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':137,'reason':"
		 "'OOMKilled'}}}]}",
		 "CrashLoopBackOff: exit code 137, OOMKilled, 3 restarts", NULL, false},
		/* Between two crashes, running and just ended. */
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','restartCount':3,'state':{"
		 "'running':{'startedAt':'2026-01-02T02:59:50Z'}},'lastState':{'terminated':{"
		 "'exitCode':1}}}]}",
		 "CrashLoopBackOff: exit code 1, 3 restarts", NULL, false},
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','restartCount':3,'state':{"
		 "'terminated':{'exitCode':2}},'lastState':{'terminated':{'exitCode':1}}}]}",
		 "CrashLoopBackOff: exit code 2, 3 restarts", NULL, false},
		/* It ran well for long, or ends as it should. */
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','restartCount':3,'state':{"
		 "'running':{'startedAt':'2026-01-02T02:40:00Z'}},'lastState':{'terminated':{"
		 "'exitCode':1}}}]}",
		 NULL, "running, but its readiness probe fails", false},
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','restartCount':1,'state':{"
		 "'running':{'startedAt':'2026-01-02T02:59:50Z'}},'lastState':{'terminated':{"
		 "'exitCode':1}}}]}",
		 NULL, "running, but its readiness probe fails", false},
		{"{}",
		 "{'initContainerStatuses':[{'name':'i','restartCount':4,'state':{'waiting':{"
		 "'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':3}}}]}",
		 "CrashLoopBackOff (init container i): exit code 3, 4 restarts", NULL, false},
		{"{}",
		 "{'conditions':[{'type':'PodScheduled','status':'False','reason':'Unschedulable',"
		 "'message':'0/1 nodes are available: pod has unbound immediate "
		 "PersistentVolumeClaims.'}]}",
		 "Unschedulable: 0/1 nodes are available: pod has unbound immediate "
		 "PersistentVolumeClaims.",
		 NULL, true},
		{"{}",
		 "{'conditions':[{'type':'PodScheduled','status':'False','reason':"
		 "'SchedulingGated'}]}",
		 NULL, "its scheduling is held up by a gate", false},
		{"{}", "{'conditions':[{'type':'PodScheduled','status':'False'}]}", NULL,
		 "it has no node yet", false},
		{"{}",
		 "{'phase':'Pending','conditions':[{'type':'PodReadyToStartContainers','status':"
		 "'False'}],'containerStatuses':[{'state':{'waiting':{'reason':"
		 "'ContainerCreating'}}}]}",
		 NULL, "its volumes or its network are not ready", false},
		{"{}",
		 "{'phase':'Pending','containerStatuses':[{'state':{'waiting':{'reason':"
		 "'ContainerCreating'}}}]}",
		 NULL, "its containers are being created", false},
		{"{}",
		 "{'phase':'Pending','initContainerStatuses':[{'name':'migrate','ready':false,"
		 "'state':{'running':{}}}],'containerStatuses':[{'state':{'waiting':{'reason':"
		 "'PodInitializing'}}}]}",
		 NULL, "its init container migrate is running", false},
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','ready':true,'state':{"
		 "'running':{}}},{'name':'b','ready':false,'started':true,'state':{'running':{}}}]"
		 "}",
		 NULL, "running, but its readiness probe fails (container b)", false},
		{"{}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','ready':false,'started':"
		 "false,'state':{'running':{}}}]}",
		 NULL, "running, but its startup probe has not succeeded", false},
		{"{'readinessGates':[{'conditionType':'example.com/lb'}]}",
		 "{'phase':'Running','containerStatuses':[{'name':'a','ready':true,'state':{"
		 "'running':{}}}]}",
		 NULL, "running, but its readiness gate example.com/lb is not met", false},
		{"{}", "{}", NULL, NULL, false},
	};
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *pod = value_of("{'metadata':{'name':'web-0','labels':{'app':'web'}}}");
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		print_message("%s\n", cases[i].status);
		assert_ok(json_set(pod, "spec", value_of(cases[i].spec), &err), err);
		assert_ok(json_set(pod, "status", value_of(cases[i].status), &err), err);
		assert_ok(rollout_observe(statefulset, (const cJSON *const *)&pod, 1, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		const struct rollout_pod *seen = &rollout.pods[0];
		assert_string_equal(seen->trouble ? seen->trouble : "-",
				    cases[i].trouble ? cases[i].trouble : "-");
		assert_string_equal(seen->wait ? seen->wait : "-",
				    cases[i].wait ? cases[i].wait : "-");
		assert_int_equal(seen->trouble_may_pass, cases[i].may_pass);
	}
}

/* A container that began again without the Pod being seen unready begins the bake anew. */
static void test_ready_since(void **state)
{
	(void)state;
	static const struct {
		const char *statuses;
		int64_t seconds;
	} cases[] = {
		{"{'containerStatuses':[{'state':{'running':{'startedAt':"
		 "'2026-01-02T02:00:00Z'}}}]}",
		 600},
		{"{'containerStatuses':[{'state':{'running':{'startedAt':"
		 "'2026-01-02T02:59:00Z'}}}]}",
		 60},
		{"{'initContainerStatuses':[{'state':{'running':{'startedAt':"
		 "'2026-01-02T02:59:30Z'}}},{'state':{'terminated':{'startedAt':"
		 "'2026-01-02T02:59:50Z'}}}]}",
		 30},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of("0=a?600");
		CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", &pods);
		CLEANUP(cJSON_Delete_p) cJSON *statuses = value_of(cases[i].statuses);
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(json_set_key(json_at(pods.items[0], "status"), statuses->child->string,
				       json_copy(statuses->child), &err),
			  err);
		assert_ok(rollout_observe(statefulset, CONST_PODS(pods), 1, NULL, TEST_NOW_MS,
					  &rollout, &err),
			  err);
		assert_int_equal((TEST_NOW_MS - rollout.pods[0].ready_since_ms) / 1000,
				 cases[i].seconds);
		test_pods_release(&pods);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_deadline_of_a_missing_pod),
		cmocka_unit_test(test_a_pod_that_was_just_deleted),
		cmocka_unit_test(test_held),
		cmocka_unit_test(test_walks),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_troubles),
		cmocka_unit_test(test_ready_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
