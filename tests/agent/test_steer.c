/* A StatefulSet's target steered, decided on and remembered, without a cluster: its Pods are not known. */

#include "agent/steer.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decision.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

#define PARTITION "spec.updateStrategy.rollingUpdate.partition"
#define NOW_MS    1767323045000

/* As Git has it, or with a generation as the server does. */
#define WEB(annotations, generation, replicas, partition, image)                                  \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','namespace':'x',"  \
	"'annotations':{" annotations "}" generation "},'spec':{'replicas':" #replicas            \
	",'serviceName':'web','podManagementPolicy':'OrderedReady','selector':{'matchLabels':{"   \
	"'app':'web'}},'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition'"     \
	":" #partition                                                                            \
	"}},'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{"              \
	"'name':'c','image':'" image "'}]}}},'status':{'observedGeneration':7,'currentRevision':" \
	"'web-1','updateRevision':'web-1'}}"
#define GIT(annotations, replicas, partition, image) \
	WEB(annotations, "", replicas, partition, image)
#define LIVE(annotations, replicas, partition, image) \
	WEB(annotations, ",'generation':7,'resourceVersion':'9'", replicas, partition, image)

struct bench {
	struct app app;
	struct manifest manifest;
	struct target target;
	struct plan_item item;
	struct steer steer;
	bool write;
	struct err err;
	int failed;
};

/* `applied` is what Git said when it was applied last, and `live` what that left; NULL: nothing was. */
static void open_bench(struct bench *bench, const char *git, const char *live, const char *applied)
{
	struct err err;

	*bench = (struct bench){.app = {.owns = true}};
	bench->manifest.desired = value_of(git);
	assert_ok(ref_of(bench->manifest.desired, &bench->manifest.ref, &err), err);
	assert_ok(inventory_init(&bench->app.inventory, "shop", &err), err);
	bench->target.manifest = &bench->manifest;
	assert_ok(ref_copy(&bench->manifest.ref, &bench->target.ref, &err), err);
	bench->target.live = value_of(live);
	bench->target.live_known = true;
	bench->target.predicted = value_of(git);
	if (!applied)
		return;
	CLEANUP(cJSON_Delete_p) cJSON *before = value_of(applied);
	assert_ok(inventory_put(&bench->app.inventory, &bench->target.ref, before, before,
				bench->target.live, &err),
		  err);
}

static void close_bench(struct bench *bench)
{
	steer_release(&bench->steer);
	plan_item_release(&bench->item);
	inventory_release(&bench->app.inventory);
	ref_release(&bench->manifest.ref);
	cJSON_Delete(bench->manifest.desired);
	ref_release(&bench->target.ref);
	cJSON_Delete(bench->target.desired);
	cJSON_Delete(bench->target.live);
	cJSON_Delete(bench->target.predicted);
	cJSON_Delete(bench->target.written);
}

static struct inventory_entry *entry_of(struct bench *bench)
{
	return inventory_edit(&bench->app.inventory, &bench->target.ref);
}

static void decide(struct bench *bench)
{
	assert_ok(steer_target(&bench->app, &bench->target, NULL, bench->app.self_heal, NOW_MS,
			       &bench->steer, &bench->err),
		  bench->err);
	assert_ok(decision_make(&bench->app, &bench->target, bench->app.self_heal, &bench->item,
				&bench->err),
		  bench->err);
	bench->failed =
		steer_item(&bench->steer, &bench->target, &bench->item, &bench->write, &bench->err);
}

/* "replace, written: spec.replicas; a note": what becomes of it. */
static void print_outcome(const struct bench *bench, struct buf *out)
{
	buf_printf(out, "%s%s", plan_action_words[bench->item.action].name,
		   bench->write ? ", written" : "");
	for (size_t i = 0; i < bench->item.changes.count; i++)
		buf_printf(out, "%s %s", i ? "," : ":", bench->item.changes.items[i].path);
	for (size_t i = 0; i < bench->item.note_count; i++)
		buf_printf(out, "; %s", bench->item.notes[i]);
	if (bench->failed)
		buf_printf(out, "; %s", bench->err.message);
}

#define STEP "'tranche.dev/step':'1'"
#define HOLD "'tranche.dev/hold':'true'"

static void test_outcomes(void **state)
{
	(void)state;
	static const struct {
		const char *git, *live, *applied;
		int64_t partition; /* that is sent */
		const char *outcome;
	} cases[] = {
		{GIT("", 5, 2, "i:1"), LIVE("", 5, 2, "i:1"), GIT("", 5, 2, "i:1"), 2, "in sync"},
		/* The first step of a walk. */
		{GIT(STEP, 5, 0, "i:2"), LIVE(STEP, 5, 0, "i:1"), GIT(STEP, 5, 0, "i:1"), 4,
		 "replace, written: " PARTITION ", spec.template.spec.containers[c].image; "
		 "partition 4 is the next step down to 0"},
		/* On its way; nobody can tell whether the gate is open. */
		{GIT(STEP, 5, 0, "i:1"), LIVE(STEP, 5, 3, "i:1"), GIT(STEP, 5, 0, "i:1"), 3,
		 "on its way; its Pods cannot be seen; partition 2 waits for it"},
		/* Without steps a lower partition is blocked. */
		{GIT("", 5, 0, "i:1"), LIVE("", 5, 3, "i:1"), GIT("", 5, 3, "i:1"), 3,
		 "blocked; its Pods cannot be seen; partition 0 waits for it"},
		{GIT(HOLD, 5, 0, "i:1"), LIVE(HOLD, 5, 3, "i:1"), GIT(HOLD, 5, 0, "i:1"), 3,
		 "blocked; tranche.dev/hold keeps partition 3; Git has 0"},
		/* Held, but the rest is written. */
		{GIT(HOLD, 6, 0, "i:1"), LIVE(HOLD, 5, 3, "i:1"), GIT(HOLD, 5, 0, "i:1"), 3,
		 "replace, written: spec.replicas; tranche.dev/hold keeps partition 3; Git has 0"},
		/* Somebody else's change stays drift, on the way too. */
		{GIT("", 5, 2, "i:1"), LIVE("", 5, 2, "i:9"), GIT("", 5, 2, "i:1"), 2,
		 "drift: spec.template.spec.containers[c].image"},
		/* A step would undo it. */
		{GIT(STEP, 5, 0, "i:1"), LIVE(STEP, 5, 3, "i:9"), GIT(STEP, 5, 0, "i:1"), 4,
		 "drift: " PARTITION ", spec.template.spec.containers[c].image; partition 4 is the "
		 "next step down to 0; its rollout waits: the next step would write what Git says "
		 "over the drift"},
		{GIT("'tranche.dev/max-promotion':'1'", 5, 0, "i:2"), LIVE("", 5, 5, "i:1"), NULL,
		 0,
		 "replace: metadata.annotations, " PARTITION
		 ", spec.template.spec.containers[c].image; promotes 5 ordinals at once (4..0), "
		 "which is more than "
		 "tranche.dev/max-promotion: \"1\"; commit partition 4 first, or raise the limit"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf outcome = BUF_INIT(4096);
		CLEANUP(close_bench) struct bench bench;
		char other[] = "of something else";

		open_bench(&bench, cases[i].git, cases[i].live, cases[i].applied);
		if (cases[i].applied && strstr(cases[i].outcome, "drift")) {
			entry_of(&bench)->live = other;
		}
		decide(&bench);
		print_outcome(&bench, &outcome);
		assert_string_equal(buf_str(&outcome), cases[i].outcome);
		assert_int_equal(json_int_or(target_desired(&bench.target), PARTITION, -1),
				 cases[i].partition);
		assert_int_equal(json_int_or(bench.target.predicted, PARTITION, -1),
				 cases[i].partition);
	}
}

static void test_replicas(void **state)
{
	(void)state;
	static const struct {
		const char *annotations;
		bool replicas_from_git, self_heal;
		const char *outcome;
		int64_t replicas; /* that are sent */
	} cases[] = {
		{"", false, false,
		 "drift: spec.replicas; somebody scaled to 5 replicas, and Git still has 3: kept, "
		 "because "
		 "scaling down would delete 4, 3; commit replicas: 5 to keep them, or scale down "
		 "with "
		 "the annotation tranche.dev/replicas: git (or --replicas=git)",
		 5},
		{"", true, false, "replace, written: spec.replicas", 3},
		{"", false, true, "replace, written: spec.replicas", 3},
		{"'tranche.dev/replicas':'git'", false, false, "replace, written: spec.replicas",
		 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf outcome = BUF_INIT(4096);
		CLEANUP(cJSON_Delete_p) cJSON *scaled = value_of(LIVE("", 5, 0, "i:1"));
		CLEANUP(close_bench) struct bench bench;
		struct err err;

		open_bench(&bench, GIT("", 3, 0, "i:1"), LIVE("", 3, 0, "i:1"),
			   GIT("", 3, 0, "i:1"));
		entry_of(&bench)->rollout.has_replicas = true;
		entry_of(&bench)->rollout.replicas = 3;
		bench.app.replicas_from_git = cases[i].replicas_from_git;
		bench.app.self_heal = cases[i].self_heal;
		if (*cases[i].annotations) {
			CLEANUP(cJSON_Delete_p)
			cJSON *annotations = value_of("{'tranche.dev/replicas':'git'}");
			cJSON *const objects[] = {bench.manifest.desired, bench.target.predicted,
						  scaled};
			for (size_t k = 0; k < 3; k++)
				assert_ok(json_set(objects[k], "metadata.annotations",
						   json_copy(annotations), &err),
					  err);
			assert_ok(inventory_put(&bench.app.inventory, &bench.target.ref,
						bench.manifest.desired, bench.manifest.desired,
						bench.target.live, &err),
				  err);
		}
		cJSON_Delete(bench.target.live);
		bench.target.live = STEAL(scaled);
		decide(&bench);
		print_outcome(&bench, &outcome);
		assert_string_equal(buf_str(&outcome), cases[i].outcome);
		assert_int_equal(json_int_or(target_desired(&bench.target), "spec.replicas", -1),
				 cases[i].replicas);
	}
}

/* A generation that is seen for the first time begins a step, once. */
static void test_steps_are_timed(void **state)
{
	(void)state;
	CLEANUP(close_bench) struct bench bench;
	bool changed = false;
	struct err err;

	open_bench(&bench, GIT(STEP, 5, 0, "i:1"), LIVE(STEP, 5, 3, "i:1"), GIT(STEP, 5, 0, "i:1"));
	decide(&bench);
	assert_ok(steer_record(&bench.steer, &bench.target, NOW_MS + 5, &bench.app.inventory,
			       &changed, &err),
		  err);
	assert_true(changed);
	const struct promotion_record *record = &entry_of(&bench)->rollout;
	assert_int_equal(record->step_since_ms, NOW_MS);
	assert_int_equal(record->step_generation, 7);
	assert_int_equal(record->partition, 0);
	assert_int_equal(record->replicas, 5);
	changed = false;
	assert_ok(steer_record(&bench.steer, &bench.target, NOW_MS + 5, &bench.app.inventory,
			       &changed, &err),
		  err);
	assert_false(changed);
	bench.target.written = value_of("{'metadata':{'generation':8}}");
	assert_ok(steer_record(&bench.steer, &bench.target, NOW_MS + 5, &bench.app.inventory,
			       &changed, &err),
		  err);
	assert_true(changed);
	assert_int_equal(entry_of(&bench)->rollout.step_since_ms, NOW_MS + 5);
	assert_int_equal(entry_of(&bench)->rollout.step_generation, 8);
}

/* What was rejected is so until Git says something else. */
static void test_rejection_ends_with_git(void **state)
{
	(void)state;
	CLEANUP(close_bench) struct bench bench;
	bool changed = false;
	struct err err;

	open_bench(&bench, GIT("", 5, 0, "i:1"), LIVE("", 5, 0, "i:1"), GIT("", 5, 0, "i:2"));
	assert_ok(promotion_record_set_rejected(&entry_of(&bench)->rollout, "of i:2", "c", "why",
						"web-1", &err),
		  err);
	decide(&bench);
	assert_int_equal(bench.steer.promotion.verdict, PROMOTION_AS_GIT);
	assert_false(bench.steer.must_record);
	assert_ok(steer_record(&bench.steer, &bench.target, NOW_MS, &bench.app.inventory, &changed,
			       &err),
		  err);
	assert_string_equal(entry_of(&bench)->rollout.rejected_digest, "");
	assert_string_equal(entry_of(&bench)->rollout.rejected_reason, "");
}

/* Without a dry run Git's numbers are those of the answer; what is steered after all is seen. */
static void test_without_a_dry_run(void **state)
{
	(void)state;
	CLEANUP(close_bench) struct bench bench;
	const char *const before = GIT("", 5, 0, "i:1");

	open_bench(&bench, GIT("", 5, 0, "i:2"), LIVE("", 5, 0, "i:1"), before);
	cJSON_Delete(STEAL(bench.target.predicted));
	json_remove(bench.manifest.desired, "spec.updateStrategy");
	bench.target.direct = true;
	decide(&bench);
	assert_true(bench.write);
	assert_true(steer_is_as_git(&bench.steer));
	bench.target.written = value_of(LIVE("", 5, 3, "i:2"));
	steer_take_answer(&bench.steer, &bench.target);
	assert_true(bench.steer.record.has_partition);
	assert_int_equal(bench.steer.record.partition, 3);
	assert_int_equal(bench.steer.record.replicas, 5);

	CLEANUP(close_bench) struct bench held;
	open_bench(&held, GIT(HOLD, 5, 0, "i:2"), LIVE("", 5, 3, "i:1"), before);
	decide(&held);
	assert_false(steer_is_as_git(&held.steer));
}

static void test_what_is_wanted(void **state)
{
	(void)state;
	CLEANUP(close_bench) struct bench bench;
	const char *const same = GIT("", 5, 0, "i:1");

	open_bench(&bench, same, LIVE("", 5, 0, "i:1"), same);
	assert_true(steer_wants_pods(&bench.target));
	assert_false(steer_wants_revisions(&bench.app, &bench.target));
	cJSON_Delete(bench.target.predicted);
	bench.target.predicted = value_of(GIT("", 5, 0, "i:2"));
	assert_true(steer_wants_revisions(&bench.app, &bench.target));
	cJSON_Delete(bench.target.predicted);
	bench.target.predicted = value_of(GIT("'tranche.dev/on-stuck':'rollback'", 5, 0, "i:1"));
	bench.target.desired = value_of(GIT("'tranche.dev/on-stuck':'rollback'", 5, 0, "i:1"));
	assert_true(steer_wants_revisions(&bench.app, &bench.target));
	cJSON_Delete(STEAL(bench.target.live));
	assert_false(steer_wants_pods(&bench.target));
	assert_false(steer_wants_revisions(&bench.app, &bench.target));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_replicas),
		cmocka_unit_test(test_steps_are_timed),
		cmocka_unit_test(test_rejection_ends_with_git),
		cmocka_unit_test(test_without_a_dry_run),
		cmocka_unit_test(test_what_is_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
