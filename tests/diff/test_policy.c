#include <stdio.h>
#include <string.h>

#include "diff/policy.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

/* An object with one annotation. */
static cJSON *annotated(const char *key, const char *value)
{
	cJSON *object = value_of("{'metadata':{'annotations':{}}}");
	struct err err;

	assert_ok(json_set_key(json_at(object, "metadata.annotations"), key,
			       cJSON_CreateString(value), &err),
		  err);
	return object;
}

static void print_policy(const struct policy *policy, char *text, size_t size)
{
	snprintf(text, size, "step %d%s bake %d deadline %d%s%s%s max %d force %d%s",
		 (int)policy->step, policy->step_is_percent ? "%" : "", (int)policy->bake_ms,
		 (int)policy->deadline_ms, policy->rolls_back ? " rollback" : "",
		 policy->unsticks ? " unstick" : "", policy->holds ? " hold" : "",
		 (int)policy->max_promotion, (int)policy->force_partition,
		 policy->replicas_from_git ? " replicas" : "");
}

static void test_reads(void **state)
{
	(void)state;
	static const struct {
		const char *object, *policy;
	} cases[] = {
		{"{}", "step 0 bake 0 deadline 600000 max -1 force -1"},
		{"{'metadata':{'annotations':{'tranche.dev/step':'2','tranche.dev/bake':'1m30s',"
		 "'tranche.dev/deadline':'5m','tranche.dev/on-stuck':'rollback',"
		 "'tranche.dev/unstick':'true','tranche.dev/hold':'true',"
		 "'tranche.dev/max-promotion':'3','tranche.dev/force-partition':'0',"
		 "'tranche.dev/replicas':'git'}}}",
		 "step 2 bake 90000 deadline 300000 rollback unstick hold max 3 force 0 replicas"},
		{"{'metadata':{'annotations':{'tranche.dev/step':'25%','tranche.dev/bake':'0',"
		 "'tranche.dev/on-stuck':'hold','tranche.dev/unstick':'false',"
		 "'tranche.dev/hold':'false','tranche.dev/prune':'whatever','other':'x'}}}",
		 "step 25% bake 0 deadline 600000 max -1 force -1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		struct policy policy;
		char text[200];
		struct err err;

		assert_ok(policy_read(object, &policy, NULL, &err), err);
		print_policy(&policy, text, sizeof(text));
		assert_string_equal(text, cases[i].policy);
		policy = policy_of_live(object);
		print_policy(&policy, text, sizeof(text));
		assert_string_equal(text, cases[i].policy);
	}
}

#define STEP " but must be a number of ordinals from 1 on, or a percentage from 1% to 100%"
#define BAKE " but must be a duration such as 90s, 10m or 1h30m"

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *key, *value, *message;
	} cases[] = {
		{POLICY_STEP, "0", "tranche.dev/step is \"0\"," STEP},
		{POLICY_STEP, "", "tranche.dev/step is \"\"," STEP},
		{POLICY_STEP, "01", "tranche.dev/step is \"01\"," STEP},
		{POLICY_STEP, "-1", "tranche.dev/step is \"-1\"," STEP},
		{POLICY_STEP, "1 ", "tranche.dev/step is \"1 \"," STEP},
		{POLICY_STEP, "1.5", "tranche.dev/step is \"1.5\"," STEP},
		{POLICY_STEP, "%", "tranche.dev/step is \"%\"," STEP},
		{POLICY_STEP, "0%", "tranche.dev/step is \"0%\"," STEP},
		{POLICY_STEP, "101%", "tranche.dev/step is \"101%\"," STEP},
		{POLICY_STEP, "1000%", "tranche.dev/step is \"1000%\"," STEP},
		{POLICY_STEP, "5%%", "tranche.dev/step is \"5%%\"," STEP},
		{POLICY_STEP, "2147483648", "tranche.dev/step is \"2147483648\"," STEP},
		{POLICY_BAKE, "60", "tranche.dev/bake is \"60\"," BAKE},
		{POLICY_BAKE, "-1s", "tranche.dev/bake is \"-1s\"," BAKE},
		{POLICY_BAKE, "one minute", "tranche.dev/bake is \"one minute\"," BAKE},
		{POLICY_DEADLINE, "0s", "tranche.dev/deadline is \"0s\"," BAKE ", and more than 0"},
		{POLICY_ON_STUCK, "Rollback",
		 "tranche.dev/on-stuck is \"Rollback\", but must be \"hold\" or \"rollback\""},
		{POLICY_UNSTICK, "yes",
		 "tranche.dev/unstick is \"yes\", but must be \"true\" or \"false\""},
		{POLICY_HOLD, "True",
		 "tranche.dev/hold is \"True\", but must be \"true\" or "
		 "\"false\""},
		{POLICY_MAX_PROMOTION, "0",
		 "tranche.dev/max-promotion is \"0\", but must be a number of ordinals from 1 on"},
		{POLICY_FORCE_PARTITION, "true",
		 "tranche.dev/force-partition is \"true\", but must be a partition"},
		{POLICY_REPLICAS, "5", "tranche.dev/replicas is \"5\", but must be \"git\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = annotated(cases[i].key, cases[i].value);
		struct policy policy, live = policy_of_live(object);
		char text[200];
		const char *key = NULL;
		struct err err;

		assert_error(policy_read(object, &policy, &key, &err), err, ERR_INVALID,
			     cases[i].message);
		assert_string_equal(key, cases[i].key);
		print_policy(&live, text, sizeof(text));
		assert_string_equal(text, "step 0 bake 0 deadline 600000 max -1 force -1");
	}

	CLEANUP(cJSON_Delete_p)
	cJSON *object = value_of("{'metadata':{'annotations':{'tranche.dev/hold':true}}}");
	struct policy policy;
	struct err err;
	assert_error(policy_read(object, &policy, NULL, &err), err, ERR_INVALID,
		     "tranche.dev/hold is \"\", but must be \"true\" or \"false\"");
}

static void test_steps(void **state)
{
	(void)state;
	static const struct {
		const char *step;
		int64_t replicas, size, from, target, next;
	} cases[] = {
		{"1", 5, 1, 5, 0, 4},
		{"1", 5, 1, 1, 0, 0},
		{"2", 5, 2, 3, 2, 2},
		{"2", 5, 2, 1, 0, 0},
		{"25%", 5, 2, 5, 0, 3},
		{"25%", 4, 1, 4, 0, 3},
		{"1%", 300, 3, 300, 0, 297},
		{"1%", 5, 1, 5, 0, 4},
		{"100%", 5, 5, 5, 0, 0},
		{"7", 5, 7, 5, 0, 0},
		{NULL, 5, 5, 5, 2, 2},
		{NULL, 5, 5, 5, 0, 0},
		/* A partition that holds more than there is. */
		{"1", 5, 1, 999, 0, 4},
		{"1", 5, 1, 999, 7, 7},
		/* Upwards, and nothing. */
		{"1", 5, 1, 1, 3, 3},
		{"1", 0, 1, 0, 0, 0},
		{"50%", 0, 1, 3, 2, 2},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p)
		cJSON *object = cases[i].step ? annotated(POLICY_STEP, cases[i].step) : NULL;
		struct policy policy = policy_of_live(object);

		assert_int_equal(policy_step_size(&policy, cases[i].replicas), cases[i].size);
		assert_int_equal(policy_next_partition(&policy, cases[i].replicas, cases[i].from,
						       cases[i].target),
				 cases[i].next);
	}
}

static void test_checks(void **state)
{
	(void)state;
	static const struct {
		const char *kind, *key, *value;
		enum policy_fault fault;
		const char *message;
	} cases[] = {
		{"StatefulSet", "tranche.dev/step", "1", POLICY_FINE, ""},
		{"StatefulSet", "tranche.dev/step", "x", POLICY_BAD_VALUE,
		 "tranche.dev/step is \"x\"," STEP},
		{"StatefulSet", "tranche.dev/steps", "1", POLICY_UNKNOWN,
		 "unknown annotation \"tranche.dev/steps\"; did you mean \"tranche.dev/step\"?"},
		{"StatefulSet", "tranche.dev/onstuck", "1", POLICY_UNKNOWN,
		 "unknown annotation \"tranche.dev/onstuck\"; did you mean "
		 "\"tranche.dev/on-stuck\"?"},
		{"StatefulSet", "tranche.dev/xyzzy", "1", POLICY_UNKNOWN,
		 "unknown annotation \"tranche.dev/xyzzy\""},
		{"Service", "tranche.dev/xyzzy", "1", POLICY_UNKNOWN,
		 "unknown annotation \"tranche.dev/xyzzy\""},
		{"Deployment", "tranche.dev/step", "x", POLICY_MISPLACED,
		 "tranche.dev/step means nothing on a Deployment: it is for StatefulSets"},
		{"Deployment", "tranche.dev/prune", "disabled", POLICY_FINE, ""},
		{"Deployment", "tranche.dev/prune", "no", POLICY_BAD_VALUE,
		 "tranche.dev/prune is \"no\", but must be \"enabled\" or \"disabled\""},
		{"Namespace", "tranche.dev/prune", "enabled", POLICY_FINE, ""},
		{"Namespace", "tranche.dev/prune", "", POLICY_BAD_VALUE,
		 "tranche.dev/prune is \"\", but must be \"enabled\" or \"disabled\""},
		{"Namespace", "tranche.dev/prune", "able", POLICY_BAD_VALUE,
		 "tranche.dev/prune is \"able\", but must be \"enabled\" or \"disabled\""},
		{"Deployment", "tranche.dev/ignore", "/spec/replicas", POLICY_FINE, ""},
		{"StatefulSet", "tranche.dev/recreate", "orphan", POLICY_FINE, ""},
		{"StatefulSet", "tranche.dev/recreate", "always", POLICY_BAD_VALUE,
		 "tranche.dev/recreate is \"always\", but must be \"orphan\""},
		{"StatefulSet", "example.com/step", "x", POLICY_FINE, ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(4096);

		assert_int_equal(policy_check(cases[i].kind, cases[i].key, cases[i].value, &out),
				 cases[i].fault);
		assert_string_equal(buf_str(&out), cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
