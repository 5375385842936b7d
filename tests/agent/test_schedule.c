#include "agent/schedule.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "tests/support/check.h"
#include "tests/support/turn.h"

struct bench {
	uv_loop_t loop;
	struct schedule *schedule;
	char started[32]; /* W and R, as they began */
	bool happened;
};

static void on_start(void *context, enum schedule_kind kind)
{
	struct bench *bench = context;

	strcat(bench->started, kind == SCHEDULE_WHOLE ? "W" : "R");
	bench->happened = true;
}

static void open_bench(struct bench *bench)
{
	struct err err;

	*bench = (struct bench){0};
	uv_loop_init(&bench->loop);
	bench->schedule = schedule_new(&bench->loop, on_start, bench, &err);
	assert_non_null(bench->schedule);
}

static void close_bench(struct bench *bench)
{
	schedule_request(bench->schedule, SCHEDULE_WHOLE, 0);
	bench->started[0] = '\0';
	schedule_free(bench->schedule);
	uv_run(&bench->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&bench->loop), 0);
	assert_string_equal(bench->started, "");
}

/* Until the next pass begins, and through it. */
static void run_one(struct bench *bench)
{
	bench->happened = false;
	turn_until(&bench->loop, &bench->happened);
	schedule_ended(bench->schedule);
}

static void test_the_earliest_counts(void **state)
{
	(void)state;
	struct bench bench;

	open_bench(&bench);
	assert_false(schedule_wants(bench.schedule, SCHEDULE_WHOLE));
	schedule_request(bench.schedule, SCHEDULE_WHOLE, 3600 * 1000);
	schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 3600 * 1000);
	schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 1);
	schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 3600 * 1000);
	run_one(&bench);
	assert_string_equal(bench.started, "R");
	assert_false(schedule_wants(bench.schedule, SCHEDULE_ROLLOUTS));
	assert_true(schedule_wants(bench.schedule, SCHEDULE_WHOLE)); /* as before */
	schedule_request(bench.schedule, SCHEDULE_WHOLE, -5);
	run_one(&bench);
	assert_string_equal(bench.started, "RW");
	close_bench(&bench);
}

/* A whole pass does the work of one over rollouts, whichever was due first. */
static void test_a_whole_pass_does_both(void **state)
{
	(void)state;
	struct bench bench;

	open_bench(&bench);
	schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 0);
	schedule_request(bench.schedule, SCHEDULE_WHOLE, 0);
	run_one(&bench);
	assert_string_equal(bench.started, "W");
	assert_false(schedule_wants(bench.schedule, SCHEDULE_ROLLOUTS));
	close_bench(&bench);
}

/* What is asked for during a pass comes after it, and is not lost with it. */
static void test_requests_during_a_pass(void **state)
{
	(void)state;
	struct bench bench;

	open_bench(&bench);
	schedule_request(bench.schedule, SCHEDULE_WHOLE, 0);
	turn_until(&bench.loop, &bench.happened);
	assert_true(schedule_wants(bench.schedule, SCHEDULE_ROLLOUTS));
	schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 0);
	turn_for(&bench.loop, 20);
	assert_string_equal(bench.started, "W");
	schedule_ended(bench.schedule);
	run_one(&bench);
	assert_string_equal(bench.started, "WR");
	close_bench(&bench);
}

/* A pass that cannot begin yet is not tried again and again until it can; nothing that was asked for is lost. */
static void test_put_off(void **state)
{
	static const enum schedule_kind kinds[] = {SCHEDULE_WHOLE, SCHEDULE_OBJECTS,
						   SCHEDULE_ROLLOUTS};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct bench bench;

		open_bench(&bench);
		schedule_request(bench.schedule, SCHEDULE_ROLLOUTS, 0);
		schedule_request(bench.schedule, kinds[i], 0);
		turn_until(&bench.loop, &bench.happened);
		bench.started[0] = '\0';
		schedule_defer(bench.schedule, 3600 * 1000);
		if (kinds[i] == SCHEDULE_OBJECTS) /* is another pass, which is due */
			run_one(&bench);
		bench.started[0] = '\0';
		turn_for(&bench.loop, 20);
		assert_string_equal(bench.started, "");
		assert_true(schedule_wants(bench.schedule, kinds[i]));
		assert_int_equal(schedule_wants(bench.schedule, SCHEDULE_ROLLOUTS),
				 kinds[i] != SCHEDULE_OBJECTS);
		close_bench(&bench);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_earliest_counts),
		cmocka_unit_test(test_a_whole_pass_does_both),
		cmocka_unit_test(test_requests_during_a_pass),
		cmocka_unit_test(test_put_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
