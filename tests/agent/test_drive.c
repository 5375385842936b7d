/* What is left to be driven after a pass, and how the whole stands. */

#include "agent/drive.h"

#include <stdlib.h>
#include <string.h>

#include "agent/pass_private.h"
#include "tests/support/check.h"
#include "tests/support/plan.h"

#define WEB \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','namespace':'x'}}"

/* A pass over one StatefulSet that came out as `steer`. */
static struct pass *pass_over(const struct steer *steer)
{
	struct pass *pass = calloc(1, sizeof(*pass));

	assert_non_null(pass);
	add_item(&pass->plan, PLAN_IN_SYNC, WEB, WEB, "web.yaml", 1);
	pass->steer_count = 1;
	pass->steers = calloc(1, sizeof(struct steer *));
	assert_non_null(pass->steers);
	if (!steer)
		return pass;
	pass->steers[0] = malloc(sizeof(*steer));
	assert_non_null(pass->steers[0]);
	*pass->steers[0] = *steer;
	return pass;
}

static void release(struct pass *pass)
{
	free(pass->steers[0]); /* its texts are literals */
	free(pass->steers);
	plan_release(&pass->plan);
	free(pass);
}

static void take(struct drive *drive, const struct steer *steer)
{
	struct pass *pass = pass_over(steer);
	struct err err;

	assert_ok(drive_take(drive, pass, NULL, &err), err);
	release(pass);
}

static void on_told(void *context, const char *name, const char *how)
{
	buf_printf(context, "%s %s\n", name, how);
}

static char text[] = "why";
static char pod[] = "web-3";

static const struct {
	const char *what;
	struct steer steer;
	enum drive_state state;
	bool pending;
	const char *told, *told_in_the_end;
} cases[] = {
	{"at Git's, and settled", {.settled = true}, DRIVE_ARRIVED, false, "", ""},
	{"at Git's, not settled",
	 {.rollout_reason = text},
	 DRIVE_GOES_ON,
	 false,
	 "",
	 "web did not end in time: why\n"},
	{"written: what was seen is past",
	 {.settled = true, .written = true},
	 DRIVE_GOES_ON,
	 false,
	 "",
	 "web did not end in time: \n"},
	{"settled, but with a policy that may act",
	 {.settled = true, .policy.rolls_back = true},
	 DRIVE_ARRIVED,
	 true,
	 "",
	 ""},
	{"held",
	 {.promotion = {.verdict = PROMOTION_HELD}, .settled = true},
	 DRIVE_ARRIVED,
	 false,
	 "",
	 ""},
	{"on its way",
	 {.promotion = {.verdict = PROMOTION_WALKING, .reason = text}, .settled = true},
	 DRIVE_GOES_ON,
	 true,
	 "",
	 "web did not end in time: why\n"},
	{"blocked by what may pass",
	 {.promotion = {.verdict = PROMOTION_BLOCKED, .reason = text}},
	 DRIVE_GOES_ON,
	 true,
	 "",
	 "web did not end in time: why\n"},
	{"blocked by what is stuck",
	 {.promotion = {.verdict = PROMOTION_BLOCKED, .reason = text}, .failed = true},
	 DRIVE_ENDED,
	 true,
	 "web is blocked: why\n",
	 "web is blocked: why\n"},
	{"stuck",
	 {.promotion = {.verdict = PROMOTION_STUCK, .reason = text}, .failed = true},
	 DRIVE_ENDED,
	 true,
	 "web is stuck: why\n",
	 "web is stuck: why\n"},
	{"stuck, and being unstuck",
	 {.promotion = {.verdict = PROMOTION_STUCK, .reason = text, .unstick_pod = pod},
	  .failed = true},
	 DRIVE_GOES_ON,
	 true,
	 "",
	 "web did not end in time: why\n"},
	{"rolling back",
	 {.promotion = {.verdict = PROMOTION_ROLLED_BACK, .reason = text},
	  .is_remembered = true,
	  .failed = true,
	  .written = true},
	 DRIVE_GOES_ON,
	 true,
	 "",
	 "web did not end in time: why\n"},
	{"rolled back",
	 {.promotion = {.verdict = PROMOTION_ROLLED_BACK, .reason = text},
	  .is_remembered = true,
	  .settled = true},
	 DRIVE_ENDED,
	 true,
	 "web was rolled back: why\n",
	 "web was rolled back: why\n"},
	{"rolled back, but nobody remembers",
	 {.promotion = {.verdict = PROMOTION_ROLLED_BACK, .reason = text}, .written = true},
	 DRIVE_ENDED,
	 true,
	 "web was rolled back: why\n",
	 "web was rolled back: why\n"},
};

static void test_states(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(drive_release) struct drive drive = {0};
		CLEANUP(buf_release) struct buf told = BUF_INIT(1024), in_the_end = BUF_INIT(1024);

		take(&drive, &cases[i].steer);
		assert_int_equal(drive.count, 1);
		assert_true(drive.items[0].steered);
		if (drive.items[0].pending != cases[i].pending ||
		    drive_judge(&drive, NULL, false, on_told, &told) != cases[i].state)
			fail_msg("%s", cases[i].what);
		assert_string_equal(buf_str(&told), cases[i].told);
		drive_judge(&drive, NULL, true, on_told, &in_the_end);
		assert_string_equal(buf_str(&in_the_end), cases[i].told_in_the_end);
	}
}

static void test_next(void **state)
{
	(void)state;
	static const struct {
		struct steer steer;
		int64_t next_ms;
	} times[] = {
		{{.settled = true}, 0},
		{{.promotion = {.recheck_ms = 40000}}, 40000},
		{{.promotion = {.recheck_ms = 1}}, 10},
		{{.unstuck = true, .unstick_result = UNSTICK_EVICTED}, 0},
		{{.unstuck = true, .unstick_result = UNSTICK_CHANGED}, 100},
		{{.unstuck = true, .unstick_result = UNSTICK_GUARDED}, 5000},
		{{.unstuck = true, .unstick_result = UNSTICK_FAILED}, 5000},
		{{.promotion = {.recheck_ms = 300},
		  .unstuck = true,
		  .unstick_result = UNSTICK_GUARDED},
		 300},
	};
	CLEANUP(drive_release) struct drive drive = {0};

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		take(&drive, &times[i].steer);
		assert_int_equal(drive.next_ms, times[i].next_ms);
	}
}

/* What a later pass found at rest is no longer pending; what failed stays as it was. */
static void test_one_after_the_other(void **state)
{
	(void)state;
	static const struct steer walking = {
		.promotion = {.verdict = PROMOTION_WALKING, .reason = text}, .generation = 7};
	struct rollout web = {.namespace = (char[]){"x"}, .name = (char[]){"web"}};
	struct rollout other = {.namespace = (char[]){"y"}, .name = (char[]){"web"}};
	CLEANUP(drive_release) struct drive drive = {0};
	struct err err;

	take(&drive, &walking);
	assert_non_null(drive_find(&drive, &web));
	assert_null(drive_find(&drive, &other));
	struct pass *failed = pass_over(NULL);
	failed->plan.items[0].action = PLAN_FAILED;
	assert_ok(drive_take(&drive, failed, NULL, &err), err);
	release(failed);
	assert_true(drive_find(&drive, &web)->pending);
	take(&drive, NULL);
	assert_false(drive_find(&drive, &web)->pending);
	assert_false(drive_find(&drive, &web)->steered);
	assert_int_equal(drive_find(&drive, &web)->generation, 7);
	assert_int_equal(drive.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
