/* How many items are under way, with pauses instead of requests. */

#include "apply/fanout.h"

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/turn.h"

struct stage {
	struct fanout fanout;
	size_t active, most, over;
	bool done;
};

static void stage_start(void *ctx, size_t index, struct fanout_slot *slot)
{
	struct stage *stage = ctx;
	struct err err;

	(void)index;
	assert_ok(fanout_pause(slot, 0, &err), err);
	if (++stage->active > stage->most)
		stage->most = stage->active;
}

static void stage_proceed(void *ctx, size_t index, struct fanout_slot *slot, const struct err *err,
			  struct cluster_answer *answer)
{
	struct stage *stage = ctx;

	(void)index;
	(void)slot;
	(void)err;
	(void)answer;
	stage->active--;
	stage->over++;
}

static void stage_finish(void *ctx, const struct err *err)
{
	struct stage *stage = ctx;

	assert_null(err);
	fanout_release(&stage->fanout);
	stage->done = true;
}

static void stage_cancel(void *ctx)
{
	(void)ctx;
	fail_msg("nobody cancels it");
}

static void test_no_more_than_its_width(void **state)
{
	static const struct fanout_ops ops = {stage_start, stage_proceed, stage_finish,
					      stage_cancel};
	static const struct {
		size_t width, count, most;
	} cases[] = {
		{0, 1000, FANOUT_WIDTH},
		{FANOUT_WIDTH + 1, 1000, FANOUT_WIDTH},
		{8, 1000, 8},
		{8, 3, 3},
		{1, 20, 1},
		{8, 0, 0},
	};
	struct client client;
	struct err err;

	(void)state;
	client_open(&client, NULL, "http://127.0.0.1:1");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stage stage = {.fanout.width = cases[i].width};

		assert_true(fanout_init(&stage.fanout, client.cluster, &ops, &stage, &err) != 0);
		assert_ok(fanout_run(&stage.fanout, cases[i].count, &err), err);
		turn_until(&client.loop, &stage.done);
		assert_int_equal(stage.over, cases[i].count);
		assert_int_equal(stage.most, cases[i].most);
	}
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_more_than_its_width),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
