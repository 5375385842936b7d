#include "diff/render_rollout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/statefulset.h"

/* An item of a StatefulSet that becomes `to`, with steps "PARTITION:FIRST..LAST ...". */
struct walk {
	const char *from, *pods, *to, *steps;
	enum plan_action action;
	int64_t bake_s, earliest_s;
	size_t total; /* 0: as many as are listed */
};

static void add_steps(struct plan_item *item, const struct walk *walk)
{
	char *words = strdup(walk->steps), *save = NULL;

	item->steps.items = calloc(PLAN_MAX_STEPS, sizeof(*item->steps.items));
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		int partition, first, last;

		assert_int_equal(sscanf(word, "%d:%d..%d", &partition, &first, &last), 3);
		item->steps.items[item->steps.count++] =
			(struct promotion_step){partition, first, last};
	}
	item->steps.total = walk->total ? walk->total : item->steps.count;
	item->steps.bake_ms = walk->bake_s * 1000;
	item->steps.earliest_ms = walk->earliest_s * 1000;
	free(words);
}

static void assert_sentence(const struct walk *walk, const char *expected)
{
	CLEANUP(plan_item_release) struct plan_item item = {.action = walk->action};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1024);
	struct test_pods pods = test_pods_of(walk->pods);
	CLEANUP(cJSON_Delete_p) cJSON *from = statefulset_of(walk->from, &pods);
	CLEANUP(cJSON_Delete_p) cJSON *to = walk->to ? statefulset_of(walk->to, NULL) : NULL;
	struct err err;

	if (to)
		assert_ok(rollout_forecast(from, to, CONST_PODS(pods), pods.count, NULL, 0,
					   &item.forecast, &err),
			  err);
	item.has_forecast = to != NULL;
	add_steps(&item, walk);
	rollout_print_plan(&item, &out);
	assert_string_equal(buf_str(&out), expected);
	test_pods_release(&pods);
}

#define FIVE "replicas=5", "0..4=a"

static void test_sentences(void **state)
{
	(void)state;
	static const struct {
		struct walk walk;
		const char *expected;
	} cases[] = {
		/* No walk. */
		{{FIVE, "replicas=5 partition=3 template=b", "", PLAN_REPLACE, 0, 0, 0},
		 "replaces 4, 3 in that order; keeps 0..2 on nginx:1.25.4"},
		{{FIVE, "replicas=5", "", PLAN_REPLACE, 0, 0, 0}, ""},
		/* The first step of a walk, which is written now, and those that follow. */
		{{FIVE, "replicas=5 partition=4 template=b", "4:4..4 3:3..3 2:2..2 1:1..1 0:0..0",
		  PLAN_REPLACE, 60, 240, 0},
		 "replaces 4; then 3..0, one at a time, 1m of bake between: at the earliest done "
		 "in 4m"},
		/* Down to a partition that keeps some; steps of two. */
		{{FIVE, "replicas=5 partition=3 template=b", "3:3..4 1:1..2", PLAN_REPLACE, 90, 91,
		  0},
		 "replaces 4, 3 in that order; then 2, 1 after 1m30s of bake: at the earliest done "
		 "in 1m31s; keeps 0 on nginx:1.25.4"},
		{{FIVE, "replicas=5 partition=4 template=b", "4:4..4 2:2..3 0:0..1", PLAN_REPLACE,
		  0, 0, 0},
		 "replaces 4; then 3..0, 2 at a time"},
		/* One step is no walk. */
		{{FIVE, "replicas=5 partition=4 template=b", "4:4..4", PLAN_REPLACE, 60, 0, 0},
		 "replaces 4; keeps 0..3 on nginx:1.25.4"},
		/* Nothing is written now: the gate is waited for. */
		{{"replicas=5 partition=4 current=a update=b", "0..3=a 4=b", NULL,
		  "3:3..3 2:2..2 1:1..1", PLAN_WALK, 60, 150, 0},
		 "takes 3..1, one at a time, 1m of bake between: at the earliest done in 2m30s"},
		{{"replicas=2 partition=1 current=a update=b", "0=a 1=b", NULL, "0:0..0",
		  PLAN_BLOCKED, 60, 0, 0},
		 "takes 0"},
		/* More than are listed. */
		{{FIVE, "replicas=5 partition=4 template=b", "4:4..4 3:3..3 2:2..2", PLAN_REPLACE,
		  0, 0, 5},
		 "replaces 4; then 3, 2 and so on, one at a time; keeps 0, 1 on nginx:1.25.4"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_sentence(&cases[i].walk, cases[i].expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
