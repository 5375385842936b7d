#include "agent/follow.h"

#include <string.h>

#include "tests/support/check.h"

static char web[] = "web", shop[] = "shop", reason[] = "in progress";
static char old_revision[] = "web-a", new_revision[] = "web-b";
static char old_image[] = "nginx:1.25.4", new_image[] = "nginx:1.26.1";

/* Three Pods, `promoted` of them on the new revision and available. */
static struct rollout rollout_with(size_t promoted, enum rollout_phase phase)
{
	return (struct rollout){
		.namespace = shop,
		.name = web,
		.replicas = 3,
		.current_revision = old_revision,
		.update_revision = new_revision,
		.current_images = old_image,
		.update_images = new_image,
		.updated_count = promoted,
		.promoted_count = promoted,
		.phase = phase,
		.reason = reason,
	};
}

static void test_what_moves_is_told_once(void **state)
{
	CLEANUP(follow_release) struct follow follow = {0};
	CLEANUP(buf_release) struct buf line = BUF_INIT(1024);
	struct rollout rollout = rollout_with(1, ROLLOUT_PROGRESSING);

	(void)state;
	assert_true(follow_tell(&follow, &rollout, &line));
	assert_string_equal(buf_str(&line), "1 of 3 Pods on nginx:1.26.1");
	assert_false(follow_tell(&follow, &rollout, &line));
	rollout = rollout_with(2, ROLLOUT_SETTLING);
	assert_false(follow_tell(&follow, &rollout, &line));
	buf_clear(&line);
	rollout = rollout_with(2, ROLLOUT_PROGRESSING);
	assert_true(follow_tell(&follow, &rollout, &line));
	assert_string_equal(buf_str(&line), "2 of 3 Pods on nginx:1.26.1");
}

static void test_generations(void **state)
{
	CLEANUP(follow_release) struct follow follow = {0};
	const struct rollout rollout = rollout_with(1, ROLLOUT_PROGRESSING);

	(void)state;
	assert_true(follow_generation(&follow, &rollout, 1));
	assert_false(follow_generation(&follow, &rollout, 1));
	assert_true(follow_generation(&follow, &rollout, 2));
	assert_int_equal(follow.count, 1);
}

/*
 * Of a rollout that is over when it is first seen a person is told nothing, but a pass may wait for
 * that.
 */
static void test_stances(void **state)
{
	CLEANUP(follow_release) struct follow follow = {0};
	CLEANUP(buf_release) struct buf line = BUF_INIT(1024);
	struct rollout rollout = rollout_with(3, ROLLOUT_COMPLETE);

	(void)state;
	assert_false(follow_tell(&follow, &rollout, &line));
	assert_true(follow_stance(&follow, &rollout));
	assert_false(follow_stance(&follow, &rollout));
	rollout.phase = ROLLOUT_SETTLING;
	assert_true(follow_stance(&follow, &rollout));
	rollout.phase = ROLLOUT_COMPLETE;
	assert_false(follow_tell(&follow, &rollout, &line));
	assert_true(follow_stance(&follow, &rollout));
	/* ErrImagePull may pass, ImagePullBackOff does not: then a rollback begins. */
	rollout.phase = ROLLOUT_STUCK;
	assert_true(follow_stance(&follow, &rollout));
	rollout.stuck_for_good = true;
	assert_true(follow_stance(&follow, &rollout));
	assert_false(follow_stance(&follow, &rollout));
}

/*
 * What began after a pass looked, and is over when it is seen next, is told; what was so already is
 * not.
 */
static void test_over_at_first_sight(void **state)
{
	struct rollout complete = rollout_with(3, ROLLOUT_COMPLETE);
	const struct rollout before = rollout_with(2, ROLLOUT_PROGRESSING);
	const struct ref ref = ref_view("apps", "v1", "StatefulSet", shop, web);
	struct rollout_mark nothing = {0}, going = {0}, there = {0};
	const struct {
		const struct rollout_mark *before;
		bool told;
	} rows[] = {{NULL, false}, {&nothing, true}, {&going, true}, {&there, false}};

	(void)state;
	rollout_has_moved(&before, &going);
	rollout_has_moved(&complete, &there);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(follow_release) struct follow follow = {0};
		CLEANUP(buf_release) struct buf line = BUF_INIT(1024);

		if (rows[i].before)
			follow_begin(&follow, &ref, rows[i].before);
		follow_begin(&follow, &ref, &there); /* a later pass */
		assert_int_equal(follow_tell(&follow, &complete, &line), rows[i].told);
		assert_false(follow_tell(&follow, &complete, &line));
		follow_begin(&follow, &ref, &nothing);
		assert_false(follow_tell(&follow, &complete, &line));
	}
}

static void test_which_are_ours(void **state)
{
	static const char text[] =
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n"
		"spec: {serviceName: web, selector: {matchLabels: {a: b}}, template: "
		"{metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}\n";
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct rollout rollout = rollout_with(1, ROLLOUT_PROGRESSING);
	struct err err;

	(void)state;
	assert_ok(manifest_set_add(&set, "web.yaml", text, strlen(text), &findings, &err), err);
	assert_int_equal(set.count, 1);
	assert_ptr_equal(follow_find(&rollout, &set, "shop"), &set.items[0]);
	assert_null(follow_find(&rollout, &set, "other"));
	rollout.name = shop;
	assert_null(follow_find(&rollout, &set, "shop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_moves_is_told_once),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_stances),
		cmocka_unit_test(test_over_at_first_sight),
		cmocka_unit_test(test_which_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
