/* What a verdict tells of the Pods besides the phase: counts, claims, troubles, ages. */
#include "diff/rollout.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

static void test_min_ready_seconds_pass(void **state)
{
	(void)state;
	static const struct {
		const char *pods;
		size_t available;
		int64_t recheck_ms;
	} cases[] = {
		{"0=a?29 1=a?10", 0, 1000},
		{"0=a?30 1=a?31", 2, 0},
		{"0=a?0 1=a~", 0, 30000},
		/* Nothing but the deadline is left to come. */
		{"0=a~ 1=a~", 0, 9 * 60 * 1000},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(rollout_release) struct rollout rollout = {0};

		observe_words("replicas=2 minReady=30", cases[i].pods, &rollout);
		assert_int_equal(rollout.available_count, cases[i].available);
		assert_int_equal(rollout.recheck_ms, cases[i].recheck_ms);
	}
}

static void test_counts_and_pods(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};

	observe_words("replicas=5 partition=2 current=a update=b", "0=a 1=b 2=b~ 4=bx 5=b 7=a",
		      &rollout);
	assert_int_equal(rollout.pod_count, 7);
	assert_int_equal(rollout.updated_count, 3);
	assert_int_equal(rollout.ready_count, 3);
	assert_int_equal(rollout.available_count, 2);
	assert_int_equal(rollout.promoted_count, 1);
	assert_int_equal(rollout.held_count, 2);
	assert_string_equal(rollout.namespace, "default");
	assert_string_equal(rollout.current_images, "nginx:1.25.4");
	assert_string_equal(rollout.update_images, "nginx:1.26.1");
	assert_string_equal(rollout.pods[3].name, "web-3");
	assert_false(rollout.pods[3].exists);
	assert_string_equal(rollout.pods[3].revision, "");
	assert_string_equal(rollout.pods[3].images, "");
	assert_true(rollout.pods[1].updated && rollout.pods[1].held);
	assert_true(rollout.pods[4].terminating && rollout.pods[4].ready);
	assert_false(rollout.pods[4].available);
	assert_true(rollout.pods[5].condemned && !rollout.pods[5].held);
	assert_int_equal(rollout.pods[6].ordinal, 7);
}

/* Which Pods of a namespace are the StatefulSet's. */
static void test_claims(void **state)
{
	(void)state;
	static const struct {
		const char *pod;
		bool claimed;
	} cases[] = {
		{"{'metadata':{'name':'web-0','ownerReferences':[{'kind':'StatefulSet','name':'web'"
		 ","
		 "'uid':'u1','controller':true}]}}",
		 true},
		{"{'metadata':{'name':'web-0','ownerReferences':[{'kind':'StatefulSet','name':'web'"
		 ","
		 "'uid':'u2','controller':true}]}}",
		 false},
		{"{'metadata':{'name':'web-0','labels':{'app':'web','x':'y'}}}", true},
		{"{'metadata':{'name':'web-0','labels':{'app':'api'}}}", false},
		{"{'metadata':{'name':'web-0'}}", false},
		{"{'metadata':{'name':'web-0','namespace':'other','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web-00','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web-','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web-0a','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web-0-0','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web2-0','labels':{'app':'web'}}}", false},
		{"{'metadata':{'name':'web-2147483648','labels':{'app':'web'}}}", false},
		{"{'metadata':{'labels':{'app':'web'}}}", false},
		{"{}", false},
		{"[]", false},
	};
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(cases[i].pod);
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(rollout_observe(statefulset, (const cJSON *const *)&pod, 1, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		assert_int_equal(rollout.pod_count, 1);
		assert_int_equal(rollout.pods[0].exists, cases[i].claimed);
	}
}

static void test_selector_expressions(void **state)
{
	(void)state;
	static const struct {
		const char *selector;
		bool matches;
	} cases[] = {
		{"{'matchExpressions':[{'key':'app','operator':'In','values':['api','web']}]}",
		 true},
		{"{'matchExpressions':[{'key':'app','operator':'In','values':['api']}]}", false},
		{"{'matchExpressions':[{'key':'app','operator':'NotIn','values':['api']}]}", true},
		{"{'matchExpressions':[{'key':'app','operator':'NotIn','values':['web']}]}", false},
		{"{'matchExpressions':[{'key':'no','operator':'NotIn','values':['web']}]}", true},
		{"{'matchExpressions':[{'key':'app','operator':'Exists'}]}", true},
		{"{'matchExpressions':[{'key':'no','operator':'Exists'}]}", false},
		{"{'matchExpressions':[{'key':'no','operator':'DoesNotExist'}]}", true},
		{"{'matchLabels':{'app':'web'},'matchExpressions':[{'key':'app','operator':"
		 "'DoesNotExist'}]}",
		 false},
		{"{'matchExpressions':[{'key':'app','operator':'Like'}]}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", NULL);
		CLEANUP(cJSON_Delete_p)
		cJSON *pod = value_of("{'metadata':{'name':'web-0','labels':{'app':'web'}}}");
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(json_set(statefulset, "spec.selector", value_of(cases[i].selector), &err),
			  err);
		assert_ok(rollout_observe(statefulset, (const cJSON *const *)&pod, 1, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		assert_int_equal(rollout.pods[0].exists, cases[i].matches);
	}
}

static void test_names_troubles(void **state)
{
	(void)state;
	static const struct {
		const char *containers, *status, *trouble;
	} cases[] = {
		{"[{'name':'a'}]",
		 "{'containerStatuses':[{'name':'a','state':{'waiting':{'reason':"
		 "'CreateContainerConfigError','message':'secret \\'x\\'\\n\\tnot found\\n'}}}]}",
		 "CreateContainerConfigError: secret \"x\" not found"},
		{"[{'name':'a'},{'name':'b'}]",
		 "{'containerStatuses':[{'name':'a','state':{'running':{}}},{'name':'b','state':{"
		 "'waiting':{'reason':'ImagePullBackOff'}}}]}",
		 "ImagePullBackOff (container b)"},
		{"[{'name':'a'}]",
		 "{'containerStatuses':[{'name':'a','restartCount':1,'state':{'waiting':{'reason':"
		 "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':137,'reason':"
		 "'OOMKilled'}}}]}",
		 "CrashLoopBackOff: exit code 137, OOMKilled, 1 restart"},
		{"[{'name':'a'}]",
		 "{'containerStatuses':[{'name':'a','restartCount':3,'state':{'waiting':{'reason':"
		 "'CrashLoopBackOff'}}}]}",
		 "CrashLoopBackOff: 3 restarts"},
		{"[{'name':'a'}]",
		 "{'initContainerStatuses':[{'name':'i','state':{'waiting':{'reason':'ErrImagePull'"
		 "}}}],'containerStatuses':[{'name':'a','state':{'waiting':{'reason':"
		 "'PodInitializing'}}}]}",
		 "ErrImagePull (init container i)"},
		{"[{'name':'a'}]",
		 "{'conditions':[{'type':'PodScheduled','status':'False','reason':"
		 "'SchedulingGated'}]}",
		 NULL},
		{"[{'name':'a'}]",
		 "{'phase':'Running','conditions':[{'type':'Ready','status':'True'}],"
		 "'containerStatuses':[{'name':'a','state':{'waiting':{'reason':'ErrImagePull'}}}]"
		 "}",
		 NULL},
	};
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=1", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *pod = value_of("{'metadata':{'name':'web-0','labels':{'app':'web'}}}");
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(json_set(pod, "spec.containers", value_of(cases[i].containers), &err),
			  err);
		assert_ok(json_set(pod, "status", value_of(cases[i].status), &err), err);
		assert_ok(rollout_observe(statefulset, (const cJSON *const *)&pod, 1, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		if (cases[i].trouble)
			assert_string_equal(rollout.pods[0].trouble, cases[i].trouble);
		else
			assert_null(rollout.pods[0].trouble);
	}
}

/* Since when a Pod is well: since its Ready condition says so, or a container began again. */
static void test_tells_age_and_restarts(void **state)
{
	(void)state;
	static const struct {
		const char *status;
		int64_t ready_since_s, restarts; /* the former before TEST_NOW_MS; -1: not known */
	} cases[] = {
		{"{'phase':'Running','conditions':[{'type':'Ready','status':'True',"
		 "'lastTransitionTime':'2026-01-02T02:59:00Z'}]}",
		 60, 0},
		{"{'phase':'Running','conditions':[{'type':'Ready','status':'True',"
		 "'lastTransitionTime':'2026-01-02T02:59:00Z'}],'containerStatuses':["
		 "{'restartCount':1,'state':{'running':{'startedAt':'2026-01-02T02:59:50Z'}}},"
		 "{'restartCount':2,'state':{'running':{'startedAt':'2026-01-02T02:50:00Z'}}}]}",
		 10, 3},
		{"{'phase':'Running','conditions':[{'type':'Ready','status':'False',"
		 "'lastTransitionTime':'2026-01-02T02:59:00Z'}],'containerStatuses':["
		 "{'restartCount':4,'state':{'running':{'startedAt':'2026-01-02T02:59:50Z'}}}]}",
		 -1, 4},
		{"{'phase':'Running','conditions':[{'type':'Ready','status':'True'}]}", -1, 0},
	};
	CLEANUP(cJSON_Delete_p) cJSON *statefulset = statefulset_of("replicas=2", NULL);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *pod = value_of("{'metadata':{'name':'web-0','labels':{'app':'web'},"
				      "'creationTimestamp':'2026-01-02T01:00:00Z'},"
				      "'spec':{'nodeName':'n1'}}");
		CLEANUP(rollout_release) struct rollout rollout = {0};
		struct err err;

		assert_ok(json_set(pod, "status", value_of(cases[i].status), &err), err);
		assert_ok(rollout_observe(statefulset, (const cJSON *const *)&pod, 1, NULL,
					  TEST_NOW_MS, &rollout, &err),
			  err);
		assert_int_equal(rollout.pods[0].created_ms, TEST_NOW_MS - 2 * 3600 * 1000);
		assert_int_equal(rollout.pods[0].ready_since_ms,
				 cases[i].ready_since_s < 0
					 ? 0
					 : TEST_NOW_MS - cases[i].ready_since_s * 1000);
		assert_int_equal(rollout.pods[0].restarts, cases[i].restarts);
		assert_string_equal(rollout.pods[0].node, "n1");
		assert_string_equal(rollout.pods[1].node, "");
		assert_int_equal(rollout.pods[1].created_ms, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_min_ready_seconds_pass),
		cmocka_unit_test(test_counts_and_pods),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_selector_expressions),
		cmocka_unit_test(test_names_troubles),
		cmocka_unit_test(test_tells_age_and_restarts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
