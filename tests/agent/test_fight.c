#include "agent/fight.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static struct ref web = {.group = (char[]){"apps"},
			 .version = (char[]){"v1"},
			 .kind = (char[]){"StatefulSet"},
			 .namespace = (char[]){"shop"},
			 .name = (char[]){"web"}};
static struct ref other = {.group = (char[]){""},
			   .version = (char[]){"v1"},
			   .kind = (char[]){"ConfigMap"},
			   .namespace = (char[]){"shop"},
			   .name = (char[]){"other"}};
static const struct culprit somebody = {.manager = (char[]){"kubectl-edit"},
					.operation = (char[]){"Update"},
					.subresource = (char[]){""},
					.time = (char[]){""}};

static void drift(struct fights *fights, const struct ref *ref, bool waits, int64_t now_ms)
{
	struct err err;

	assert_ok(fights_note_drift(fights, ref, &somebody, waits, now_ms, &err), err);
}

/* Each time it is undone as soon as it may be, and changed again a moment later. */
static void test_waits_longer_each_time(void **state)
{
	(void)state;
	static const int64_t waits_ms[] = {0,     2000,   4000,   8000,   16000, 32000,
					   64000, 128000, 256000, 300000, 300000};
	CLEANUP(fights_release) struct fights fights = {0};
	int64_t now_ms = 1000000;

	for (size_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
		int64_t in_ms = -1;

		assert_int_equal(fights_wait_ms(&fights, &web, now_ms), waits_ms[i]);
		drift(&fights, &web, waits_ms[i] > 0, now_ms);
		drift(&fights, &web, waits_ms[i] > 0, now_ms); /* another look at the same */
		assert_int_equal(fights.items[0].changes, i + 1);
		const struct ref *next = fights_next(&fights, now_ms, &in_ms);
		assert_int_equal(next != NULL, waits_ms[i] > 0);
		assert_true(!next || in_ms == waits_ms[i]);
		assert_int_equal(fights_find(&fights, &web, now_ms) != NULL,
				 i + 1 >= FIGHT_TOLD_FROM);
		now_ms += waits_ms[i];
		assert_int_equal(fights_wait_ms(&fights, &web, now_ms), 0);
		drift(&fights, &web, false, now_ms);
		fights_note_undone(&fights, &web, now_ms);
	}
	assert_int_equal(fights_wait_ms(&fights, &other, now_ms), 0);
}

static void test_forgets_after_a_quiet_time(void **state)
{
	(void)state;
	CLEANUP(fights_release) struct fights fights = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(1024);
	int64_t in_ms = -1;

	for (int i = 0; i < FIGHT_TOLD_FROM; i++) {
		drift(&fights, &web, false, 1000);
		fights_note_undone(&fights, &web, 1000);
	}
	fight_print(fights_find(&fights, &web, 1000), &text);
	assert_string_equal(
		buf_str(&text),
		"kubectl (edit) has changed it 3 times; it is put back less and less often");
	assert_ptr_equal(fights_next(&fights, 1000, &in_ms), &fights.items[0].ref);
	assert_int_equal(in_ms, FIGHT_QUIET_MS);
	fights_forget(&fights, 1000 + FIGHT_QUIET_MS - 1);
	assert_int_equal(fights.count, 1);
	assert_non_null(fights_find(&fights, &web, 1000 + FIGHT_QUIET_MS - 1));
	assert_null(fights_find(&fights, &web, 1000 + FIGHT_QUIET_MS));
	assert_int_equal(fights_wait_ms(&fights, &web, 1000 + FIGHT_QUIET_MS), 0);
	fights_forget(&fights, 1000 + FIGHT_QUIET_MS);
	assert_int_equal(fights.count, 0);
	assert_null(fights_next(&fights, 1000 + FIGHT_QUIET_MS, &in_ms));
}

/* One that begins anew after the quiet time, before anything was forgotten, is a first time. */
static void test_begins_anew(void **state)
{
	(void)state;
	CLEANUP(fights_release) struct fights fights = {0};
	int64_t later_ms = 1000 + FIGHT_QUIET_MS;

	for (int i = 0; i < 5; i++) {
		drift(&fights, &web, false, 1000);
		fights_note_undone(&fights, &web, 1000);
	}
	drift(&fights, &web, false, later_ms);
	assert_int_equal(fights.items[0].changes, 1);
	fights_note_undone(&fights, &web, later_ms);
	assert_int_equal(fights_wait_ms(&fights, &web, later_ms), FIGHT_FIRST_MS);
}

/* What somebody else undoes is no drift any more; a write that fails is the next pass's business. */
static void test_ends_otherwise(void **state)
{
	(void)state;
	CLEANUP(fights_release) struct fights fights = {0};
	int64_t in_ms;

	drift(&fights, &web, false, 1000);
	assert_null(fights_next(&fights, 1000, &in_ms));
	fights_note_over(&fights, &web);
	assert_int_equal(fights.count, 0);

	drift(&fights, &web, false, 1000);
	fights_note_undone(&fights, &web, 1000);
	drift(&fights, &web, true, 1100);
	drift(&fights, &other, false, 1100);
	fights_note_undone(&fights, &other, 1100);
	assert_ptr_equal(fights_next(&fights, 1100, &in_ms), &fights.items[0].ref);
	fights_note_over(&fights, &web);
	assert_null(fights_next(&fights, 1100, &in_ms));
	assert_int_equal(fights_wait_ms(&fights, &web, 1100), 1900);
	fights_note_undone(&fights,
			   &(struct ref){.group = (char[]){""},
					 .kind = (char[]){"Secret"},
					 .namespace = (char[]){"x"},
					 .name = (char[]){"y"}},
			   1100); /* of which nothing is known */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_longer_each_time),
		cmocka_unit_test(test_forgets_after_a_quiet_time),
		cmocka_unit_test(test_begins_anew),
		cmocka_unit_test(test_ends_otherwise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
