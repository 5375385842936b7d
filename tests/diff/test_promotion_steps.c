#include <inttypes.h>

#include "tests/support/check.h"
#include "tests/support/promotion.h"

#define MAX_STEPS 4

struct steps_case {
	const char *git, *live, *pods, *record;
	const char *expected; /* "PARTITION:LAST..FIRST ...", then how many and the least time */
};

#define FIVE_A "replicas=5 current=a"
#define CANARY "replicas=5 partition=4 current=a update=b"

static void check_steps(const struct steps_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct promotion_case words = {cases[i].git, cases[i].live, cases[i].pods,
						     cases[i].record};
		CLEANUP(promotion_world_release) struct promotion_world world;
		CLEANUP(promotion_release) struct promotion promotion = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
		struct promotion_step steps[MAX_STEPS];
		int64_t earliest_ms = -1;
		struct err err;

		print_message("%s | %s\n", cases[i].git, cases[i].live ? cases[i].live : "-");
		promotion_world_init(&world, &words);
		assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
		size_t total, again;
		assert_ok(promotion_steps(&world.facts, &promotion, steps, MAX_STEPS, &total,
					  &earliest_ms, &err),
			  err);
		for (size_t k = 0; k < total && k < MAX_STEPS; k++)
			buf_printf(&out, "%" PRId64 ":%" PRId64 "..%" PRId64 " ",
				   steps[k].partition, steps[k].last, steps[k].first);
		buf_printf(&out, "%zu steps, %" PRId64 "s", total, earliest_ms / 1000);
		assert_string_equal(buf_str(&out), cases[i].expected);
		assert_ok(promotion_steps(&world.facts, &promotion, NULL, 0, &again, &earliest_ms,
					  &err),
			  err);
		assert_int_equal(again, total);
	}
}

static void test_steps(void **state)
{
	(void)state;
	static const struct steps_case cases[] = {
		/* From the top; the last step needs no bake. */
		{"replicas=3 template=b @step=1 @bake=1m", "replicas=3 current=a", "0..2=a", NULL,
		 "2:2..2 1:1..1 0:0..0 3 steps, 120s"},
		{"replicas=5 template=b @step=2 @bake=1m minReady=10", FIVE_A " minReady=10",
		 "0..4=a", NULL, "3:4..3 1:2..1 0:0..0 3 steps, 150s"},
		{"replicas=5 partition=2 template=b @step=25%", FIVE_A, "0..4=a", NULL,
		 "3:4..3 2:2..2 2 steps, 0s"},
		/* On the way: the next step is written now. */
		{"replicas=5 template=b @step=2 @bake=1m", CANARY, "0..3=a 4=b", NULL,
		 "2:3..2 0:1..0 2 steps, 60s"},
		/* What is left of this bake comes first. */
		{"replicas=5 template=b @step=2 @bake=1m", CANARY, "0..3=a 4=b?20", NULL,
		 "2:3..2 0:1..0 2 steps, 101s"},
		{"replicas=5 template=b @step=2 @bake=1m", CANARY, "0..3=a 4=b~60", NULL,
		 "2:3..2 0:1..0 2 steps, 60s"},
		/* Without steps: one, open or not. */
		{"replicas=5 partition=1 template=b", CANARY, "0..3=a 4=b", NULL,
		 "1:3..1 1 steps, 0s"},
		{"replicas=5 partition=1 template=b minReady=30", CANARY " minReady=30",
		 "0..3=a 4=b~60", NULL, "1:3..1 1 steps, 90s"},
		{"replicas=5 template=b", FIVE_A, "0..4=a", NULL, "0:4..0 1 steps, 0s"},
		/* Forced: all at once. */
		{"replicas=5 template=b @step=1 @force-partition=0", CANARY, "0..3=a 4=b", NULL,
		 "0:3..0 1 steps, 0s"},
		{"replicas=3 start=10 template=b @step=2", "replicas=3 start=10 current=a",
		 "10..12=a", NULL, "1:12..11 0:10..10 2 steps, 0s"},
		/* More than there is room for. */
		{"replicas=9 template=b @step=1 @bake=10s", "replicas=9 current=a", "0..8=a", NULL,
		 "8:8..8 7:7..7 6:6..6 5:5..5 9 steps, 80s"},
		/* The count that somebody scaled to is the one that is walked. */
		{"replicas=3 template=b @step=2", FIVE_A, "0..4=a", "replicas=3",
		 "3:4..3 1:2..1 0:0..0 3 steps, 0s"},
	};

	check_steps(cases, sizeof(cases) / sizeof(*cases));
}

static void test_no_steps(void **state)
{
	(void)state;
	static const struct steps_case cases[] = {
		{"replicas=5 template=b @step=1", NULL, "", NULL, "0 steps, 0s"},
		{"replicas=5 partition=4 template=b @step=1", CANARY, "0..3=a 4=b", NULL,
		 "0 steps, 0s"},
		{"replicas=5 partition=5 template=b @step=1", CANARY, "0..3=a 4=b", NULL,
		 "0 steps, 0s"},
		/* Nothing to promote, going back, held, refused, stuck, rolled back, OnDelete. */
		{"replicas=5 @step=1", FIVE_A " partition=4", "0..4=a", NULL, "0 steps, 0s"},
		{"replicas=5 template=a @step=1", CANARY, "0..3=a 4=b", NULL, "0 steps, 0s"},
		{"replicas=5 template=b @step=1 @hold=true", CANARY, "0..3=a 4=b", NULL,
		 "0 steps, 0s"},
		{"replicas=5 template=b @max-promotion=2", CANARY, "0..3=a 4=b", NULL,
		 "0 steps, 0s"},
		{"replicas=5 template=b @step=1", CANARY, "0..3=a 4=b!ImagePullBackOff", NULL,
		 "0 steps, 0s"},
		{"replicas=5 template=b @step=1", "replicas=5 partition=4 current=a", "0..4=a",
		 "rejected=d1 good=web-a", "0 steps, 0s"},
		{"replicas=5 template=b @step=1 strategy=OnDelete", FIVE_A " strategy=OnDelete",
		 "0..4=a", NULL, "0 steps, 0s"},
	};

	check_steps(cases, sizeof(cases) / sizeof(*cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_no_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
