#include "agent/steer_words.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/plan.h"
#include "tests/support/values.h"

static char text[] = "why";
static char pod[] = "web-3";
static char digest[] = "d", commit[] = "3f2c1ab0000", reason[] = "web-4 crashes", good[] = "web-6f";
static char none[] = "";

static void test_states(void **state)
{
	(void)state;
	static const struct {
		struct steer steer;
		const char *state, *line;
		bool is_trouble;
	} cases[] = {
		{{.decided = false, .promotion = {.verdict = PROMOTION_BLOCKED}},
		 "free",
		 "",
		 false},
		{{.decided = true}, "free", "", false},
		{{.decided = true, .promotion = {.verdict = PROMOTION_WALKING, .reason = text}},
		 "free",
		 "",
		 false},
		{{.decided = true,
		  .promotion = {.verdict = PROMOTION_WALKING, .reason = text, .bakes = true}},
		 "baking",
		 "baking: why",
		 false},
		/* Where Git has it: the rollout's own line says that it is stuck. */
		{{.decided = true, .promotion = {.verdict = PROMOTION_STUCK, .reason = text}},
		 "free",
		 "",
		 false},
		{{.decided = true,
		  .promotion = {.verdict = PROMOTION_STUCK,
				.reason = text,
				.sets_partition = true}},
		 "stuck",
		 "stuck: why",
		 true},
		{{.decided = true,
		  .promotion = {.verdict = PROMOTION_STUCK,
				.reason = text,
				.sets_partition = true,
				.unstick_pod = pod}},
		 "free",
		 "",
		 false},
		{{.decided = true, .promotion = {.verdict = PROMOTION_BLOCKED, .reason = text}},
		 "blocked",
		 "blocked: why",
		 true},
		{{.decided = true, .promotion = {.verdict = PROMOTION_HELD, .reason = text}},
		 "held",
		 "held: why",
		 false},
		{{.decided = true, .promotion = {.verdict = PROMOTION_REFUSED, .reason = text}},
		 "free",
		 "",
		 false},
	};

	assert_int_equal(steer_state(NULL), STEER_FREE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(1024);
		enum steer_state seen = steer_state(&cases[i].steer);

		assert_string_equal(steer_state_name(seen), cases[i].state);
		assert_int_equal(steer_state_is_trouble(seen), cases[i].is_trouble);
		steer_print_state(&cases[i].steer, &line);
		assert_string_equal(buf_str(&line), cases[i].line);
	}
}

static void test_rolled_back(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *template = value_of("{'spec':{'containers':[{'name':'c','image':'nginx:1'}]}}");
	struct steer steer = {
		.decided = true,
		.promotion = {.verdict = PROMOTION_ROLLED_BACK, .template = template},
		.record = {.rejected_digest = digest,
			   .rejected_commit = commit,
			   .rejected_reason = reason,
			   .good_revision = good},
	};
	CLEANUP(buf_release) struct buf line = BUF_INIT(1024);

	steer_print_state(&steer, &line);
	assert_string_equal(buf_str(&line),
			    "rolled back to nginx:1 (revision web-6f): web-4 crashes; "
			    "commit 3f2c1ab is rejected until Git changes");
	buf_clear(&line);
	steer.record.rejected_commit = none; /* of plain files */
	steer_print_state(&steer, &line);
	assert_string_equal(buf_str(&line),
			    "rolled back to nginx:1 (revision web-6f): web-4 crashes; "
			    "the manifest is rejected until it changes");
	assert_true(steer_state_is_trouble(steer_state(&steer)));
}

#define WEB(partition, image, replicas)                                                       \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'},'spec':{"     \
	"'replicas':" #replicas ",'updateStrategy':{'rollingUpdate':{'partition':" #partition \
	"}},'template':{'spec':{'containers':[{'name':'c','image':'" image "'}]}}}}"

static void test_steps(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to;
		struct promotion_step step;
		size_t left, all; /* of the walk */
		const char *line;
		bool only;
	} cases[] = {
		{WEB(4, "i:2", 5),
		 WEB(3, "i:2", 5),
		 {3, 3, 3},
		 4,
		 5,
		 "promoted to partition 3: web-3 takes i:2 (step 2 of 5)",
		 true},
		{WEB(0, "i:1", 5),
		 WEB(4, "i:2", 5),
		 {4, 4, 4},
		 5,
		 5,
		 "promoted to partition 4: web-4 takes i:2 (step 1 of 5)",
		 false},
		{WEB(5, "i:1", 5), WEB(5, "i:2", 5), {5, 5, 4}, 0, 0, "", false},
		{WEB(4, "i:2", 4),
		 WEB(2, "i:2", 5),
		 {2, 7, 8},
		 1,
		 2,
		 "promoted to partition 2: web-8 to web-7 take i:2 (step 2 of 2)",
		 false},
		/* Something else was written while the walk waits. */
		{WEB(4, "i:2", 4), WEB(4, "i:2", 5), {3, 3, 3}, 4, 5, "", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(plan_release) struct plan plan = {0};
		CLEANUP(buf_release) struct buf line = BUF_INIT(1024);
		struct plan_item *item =
			add_item(&plan, PLAN_WALK, cases[i].from, cases[i].to, "web.yaml", 1);
		struct promotion_step step = cases[i].step;
		const struct steer steer = {.decided = true, .walk_length = cases[i].all};
		bool only = false;

		if (cases[i].left)
			item->steps = (struct plan_steps){
				.items = &step, .count = 1, .total = cases[i].left};
		steer_print_step(&steer, item, &line, &only);
		item->steps = (struct plan_steps){0};
		assert_string_equal(buf_str(&line), cases[i].line);
		assert_int_equal(only, cases[i].only);
	}
}

static void test_unstick(void **state)
{
	(void)state;
	static const struct {
		struct steer steer;
		const char *line;
	} cases[] = {
		{{.promotion = {.unstick_pod = pod}}, ""},
		{{.promotion = {.unstick_pod = pod},
		  .unstuck = true,
		  .unstick_result = UNSTICK_EVICTED},
		 "web-3 was evicted, so that it comes back on the new template"},
		{{.promotion = {.unstick_pod = pod},
		  .unstuck = true,
		  .unstick_result = UNSTICK_GUARDED,
		  .unstick_error = text},
		 "web-3 blocks the rollout, and may not be evicted yet: why"},
		{{.promotion = {.unstick_pod = pod},
		  .unstuck = true,
		  .unstick_result = UNSTICK_FAILED,
		  .unstick_error = text},
		 "web-3 blocks the rollout, and cannot be evicted: why"},
		{{.promotion = {.unstick_pod = pod},
		  .unstuck = true,
		  .unstick_result = UNSTICK_CHANGED},
		 ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(1024);

		steer_print_unstick(&cases[i].steer, &line);
		assert_string_equal(buf_str(&line), cases[i].line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_rolled_back),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_unstick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
