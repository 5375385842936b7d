#include <string.h>

#include "tests/support/check.h"
#include "tests/support/promotion.h"
#include "tests/support/values.h"

#define FIVE_A "replicas=5 current=a"
#define CANARY "replicas=5 partition=4 current=a update=b"

static void test_without_policy(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=3 partition=2", NULL, "", NULL, "as-git", ""},
		/* A new template goes where Git says. */
		{"replicas=5 partition=2 template=b", FIVE_A " partition=0", "0..4=a", NULL,
		 "as-git", ""},
		{"replicas=5 partition=0 template=b", FIVE_A " partition=4", "0..4=a", NULL,
		 "as-git", ""},
		/* Arrived. */
		{"replicas=5 partition=4 template=b", CANARY, "0..3=a 4=b", NULL, "as-git", ""},
		/* Raised. */
		{"replicas=5 partition=5 template=b", CANARY, "0..3=a 4=b", NULL, "as-git", ""},
		/* Lowered, the gate is open. */
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a 4=b", NULL, "as-git", ""},
	};

	CHECK_PROMOTIONS(cases);
}

static void test_gate_without_steps(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "blocked partition=4",
		 "web-4 is in CrashLoopBackOff on nginx:1.26.1 (exit code 1, 7 restarts); fix it, "
		 "or set tranche.dev/force-partition: \"2\""},
		{"replicas=5 partition=2 template=b @force-partition=2", CANARY,
		 "0..3=a 4=b!CrashLoopBackOff", NULL, "stuck",
		 "web-4 on nginx:1.26.1: CrashLoopBackOff: exit code 1, 7 restarts"},
		/* It was forced for another partition. */
		{"replicas=5 partition=2 template=b @force-partition=3", CANARY,
		 "0..3=a 4=b!CrashLoopBackOff", NULL, "blocked partition=4",
		 "web-4 is in CrashLoopBackOff on nginx:1.26.1 (exit code 1, 7 restarts); fix it, "
		 "or set tranche.dev/force-partition: \"2\""},
		/* The template changes too: it may be the fix. */
		{"replicas=5 partition=2 template=c", CANARY, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "as-git", ""},
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a 4=a", NULL,
		 "blocked partition=4", "web-4 is still on nginx:1.25.4; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a 4=ax", NULL,
		 "blocked partition=4 recheck=610000",
		 "web-4 is terminating; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a", NULL, "blocked partition=4",
		 "web-4 is not there yet; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b", CANARY, "0..3=a 4=b~60", NULL,
		 "blocked partition=4 recheck=540000",
		 "web-4 is not ready yet on nginx:1.26.1; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b minReady=30", CANARY " minReady=30",
		 "0..3=a 4=b?10", NULL, "blocked partition=4 recheck=20000",
		 "web-4 is ready, but not for minReadySeconds yet; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b @bake=60s", CANARY, "0..3=a 4=b?59", NULL,
		 "blocked partition=4 recheck=2000",
		 "web-4 updated and ready, baking 1m before partition 2"},
		{"replicas=5 partition=2 template=b", CANARY " generation=3 observed=2",
		 "0..3=a 4=b", NULL, "blocked partition=4",
		 "the controller has not seen the latest change yet; partition 2 waits for it"},
		{"replicas=5 partition=2 template=b", CANARY, NULL, NULL, "blocked partition=4",
		 "its Pods cannot be seen; partition 2 waits for it"},
		/* A Pod that the update has not reached does not matter to it. */
		{"replicas=5 partition=2 template=b policy=Parallel", CANARY " policy=Parallel",
		 "0=a~ 1..3=a 4=b", NULL, "as-git", ""},
		/* No Pod is on an older revision: there is nothing to promote. */
		{"replicas=5 partition=0", FIVE_A " partition=4", "0..3=a 4=a~60", NULL,
		 "as-git recheck=540000", ""},
		{"replicas=5 partition=0 template=b", CANARY, "0..3=b 4=b~60", NULL,
		 "as-git recheck=540000", ""},
	};

	CHECK_PROMOTIONS(cases);
}

#define WALK "@step=1"

static void test_walk(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		/* A new template begins at the top, wherever the live partition stands. */
		{"replicas=5 template=b " WALK, FIVE_A, "0..4=a", NULL, "walking partition=4",
		 "partition 4 is the next step down to 0"},
		{"replicas=5 template=b " WALK, FIVE_A " partition=5", "0..4=a", NULL,
		 "walking partition=4", "partition 4 is the next step down to 0"},
		{"replicas=5 partition=4 template=b " WALK, FIVE_A, "0..4=a", NULL, "as-git", ""},
		{"replicas=5 partition=3 template=b @step=3", FIVE_A, "0..4=a", NULL, "as-git", ""},
		{"replicas=5 template=b @step=2", FIVE_A, "0..4=a", NULL, "walking partition=3",
		 "partition 3 is the next step down to 0"},
		{"replicas=5 template=b @step=25%", FIVE_A, "0..4=a", NULL, "walking partition=3",
		 "partition 3 is the next step down to 0"},
		{"replicas=5 template=b @step=100%", FIVE_A, "0..4=a", NULL, "as-git", ""},
		/* It begins whatever the Pods do: it may be the fix. */
		{"replicas=5 template=b " WALK, FIVE_A, "0..3=a 4=a!CrashLoopBackOff", NULL,
		 "walking partition=4", "partition 4 is the next step down to 0"},
		{"replicas=5 template=b " WALK, FIVE_A, NULL, NULL, "walking partition=4",
		 "partition 4 is the next step down to 0"},
		/* A step is under way. */
		{"replicas=5 template=b " WALK, CANARY " " WALK, "0..3=a 4=a", NULL,
		 "walking partition=4", "web-4 is still on nginx:1.25.4; partition 3 waits for it"},
		{"replicas=5 template=b " WALK, CANARY " " WALK, "0..3=a 4=b~60", NULL,
		 "walking partition=4 recheck=540000",
		 "web-4 is not ready yet on nginx:1.26.1; partition 3 waits for it"},
		{"replicas=5 template=b " WALK " @bake=1m", CANARY " " WALK " @bake=1m",
		 "0..3=a 4=b?20", NULL, "walking partition=4 recheck=41000",
		 "web-4 updated and ready, baking 1m before partition 3"},
		/* The next step, and the last. */
		{"replicas=5 template=b " WALK " @bake=1m", CANARY " " WALK " @bake=1m",
		 "0..3=a 4=b?61", NULL, "walking partition=3",
		 "partition 3 is the next step down to 0"},
		{"replicas=5 template=b " WALK, "replicas=5 partition=1 current=a update=b",
		 "0=a 1..4=b", NULL, "as-git", ""},
		{"replicas=5 template=b @step=2", CANARY, "0..3=a 4=b", NULL, "walking partition=2",
		 "partition 2 is the next step down to 0"},
		/* The Pod that became Ready last is the one that bakes. */
		{"replicas=5 template=b @step=2 @bake=1m",
		 "replicas=5 partition=3 current=a update=b", "0..2=a 3=b?50 4=b?55", NULL,
		 "walking partition=3 recheck=11000",
		 "web-3 updated and ready, baking 1m before partition 1"},
		/* One that broke at an earlier step closes the gate again. */
		{"replicas=5 template=b " WALK, "replicas=5 partition=2 current=a update=b",
		 "0..1=a 2..3=b 4=b~30", NULL, "walking partition=2 recheck=570000",
		 "web-4 is not ready yet on nginx:1.26.1; partition 1 waits for it"},
		/* So does one that somebody promoted below the partition. */
		{"replicas=5 template=b " WALK, "replicas=5 partition=4 current=a update=b",
		 "0=b~30 1..3=a 4=b", NULL, "walking partition=4 recheck=570000",
		 "web-0 is not ready yet on nginx:1.26.1; partition 3 waits for it"},
		/* All Pods have it already: straight to Git's. */
		{"replicas=5 template=b " WALK, "replicas=5 partition=3 current=a update=b",
		 "0..4=b", NULL, "as-git", ""},
		{"replicas=5 partition=0 " WALK, FIVE_A " partition=5", "0..4=a", NULL, "as-git",
		 ""},
		/* Below Git's already: Git's, and nobody is brought back. */
		{"replicas=5 partition=3 template=b " WALK,
		 "replicas=5 partition=1 current=a update=b", "0=a 1..4=b", NULL, "as-git", ""},
		/* Nothing is promoted above the replicas. */
		{"replicas=5 partition=0 template=b " WALK,
		 "replicas=5 partition=999 current=a update=b", "0..4=a", NULL,
		 "walking partition=4", "partition 4 is the next step down to 0"},
		{"replicas=5 partition=7 template=b " WALK,
		 "replicas=5 partition=999 current=a update=b", "0..4=a", NULL, "as-git", ""},
		/* Forced: no steps and no gate. */
		{"replicas=5 template=b " WALK " @force-partition=0", FIVE_A, "0..4=a", NULL,
		 "as-git", ""},
		{"replicas=5 template=b " WALK " @force-partition=0", CANARY, "0..3=a 4=b~60", NULL,
		 "as-git recheck=540000", ""},
	};

	CHECK_PROMOTIONS(cases);
}

/* New templates and new replicas on the way. */
static void test_changes_in_mid_walk(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 template=c " WALK, "replicas=5 partition=2 current=a update=b",
		 "0..1=a 2..4=b", NULL, "walking partition=4",
		 "partition 4 is the next step down to 0"},
		/* Back to what the others run: not in steps. */
		{"replicas=5 template=a " WALK, "replicas=5 partition=2 current=a update=b",
		 "0..1=a 2..4=b", NULL, "as-git", ""},
		{"replicas=5 template=a " WALK, "replicas=5 partition=2 current=a update=b",
		 "0..1=a 2..4=b", "forgotten", "walking partition=4",
		 "partition 4 is the next step down to 0"},
		/* Back to one that was complete before: an update like any other. */
		{"replicas=5 template=a " WALK, "replicas=5 current=b", "0..4=b", NULL,
		 "walking partition=4", "partition 4 is the next step down to 0"},
		/* Percentages are of the replicas that are sent. */
		{"replicas=10 template=b @step=20%", CANARY, "0..3=a 4=b", NULL,
		 "walking partition=2", "partition 2 is the next step down to 0"},
		/* Scaled down below the live partition: of those that are left none has it. */
		{"replicas=3 template=b " WALK, CANARY, "0..3=a 4=b", "replicas=5",
		 "walking partition=2", "partition 2 is the next step down to 0"},
		/* A new ordinal above the partition is part of the update, and has to be well. */
		{"replicas=6 template=b " WALK, "replicas=6 partition=4 current=a update=b",
		 "0..3=a 4=b", NULL, "walking partition=4",
		 "web-5 is not there yet; partition 3 waits for it"},
		/* One that is to go has not. */
		{"replicas=5 template=b " WALK, CANARY, "0..3=a 4=b 5=b!ErrImagePull", NULL,
		 "walking partition=3", "partition 3 is the next step down to 0"},
		{"replicas=0 template=b " WALK, CANARY, "0..3=a 4=b", "replicas=5", "as-git", ""},
		{"replicas=0 template=b " WALK, "replicas=0 partition=4 current=a update=b", "",
		 NULL, "as-git", ""},
		{"replicas=3 start=10 template=b " WALK,
		 "replicas=3 start=10 partition=2 current=a update=b", "10..11=a 12=b", NULL,
		 "walking partition=1", "partition 1 is the next step down to 0"},
		{"replicas=3 start=10 template=b " WALK,
		 "replicas=3 start=10 partition=2 current=a update=b", "10..11=a 12=b~60", NULL,
		 "walking partition=2 recheck=540000",
		 "web-12 is not ready yet on nginx:1.26.1; partition 1 waits for it"},
	};

	CHECK_PROMOTIONS(cases);
}

static void test_on_delete(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 strategy=OnDelete template=b " WALK, FIVE_A " strategy=OnDelete",
		 "0..4=a", NULL, "as-git", ""},
		{"replicas=5 strategy=OnDelete template=b @on-stuck=rollback @unstick=true",
		 "replicas=5 strategy=OnDelete current=a update=b", "0..3=a 4=b!CrashLoopBackOff",
		 NULL, "as-git", ""},
		/* Under OnDelete nobody was promoted: it is from the top that it walks. */
		{"replicas=5 template=b " WALK, "replicas=5 strategy=OnDelete current=a update=b",
		 "0..4=a", NULL, "walking partition=4", "partition 4 is the next step down to 0"},
		{"replicas=5 template=b @hold=true",
		 "replicas=5 strategy=OnDelete current=a update=b", "0..4=a", NULL,
		 "held partition=5", "tranche.dev/hold keeps partition 5; Git has 0"},
	};

	CHECK_PROMOTIONS(cases);
}

static void test_hold(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 partition=2 template=b @hold=true", CANARY, "0..3=a 4=b", NULL,
		 "held partition=4", "tranche.dev/hold keeps partition 4; Git has 2"},
		{"replicas=5 partition=2 template=b @hold=true " WALK, CANARY, "0..3=a 4=b", NULL,
		 "held partition=4", "tranche.dev/hold keeps partition 4; Git has 2"},
		/* Neither up. */
		{"replicas=5 partition=5 template=b @hold=true", CANARY, "0..3=a 4=b", NULL,
		 "held partition=4", "tranche.dev/hold keeps partition 4; Git has 5"},
		{"replicas=5 partition=4 template=b @hold=true", CANARY, "0..3=a 4=b", NULL,
		 "as-git", ""},
		/* Everything else is as Git says, the template too. */
		{"replicas=7 partition=2 template=c @hold=true " WALK, CANARY, "0..3=a 4=b", NULL,
		 "held partition=4", "tranche.dev/hold keeps partition 4; Git has 2"},
		/* It is stronger than the force. */
		{"replicas=5 partition=2 template=b @hold=true @force-partition=2", CANARY,
		 "0..3=a 4=b", NULL, "held partition=4",
		 "tranche.dev/hold keeps partition 4; Git has 2"},
		{"replicas=5 partition=2 template=b @hold=false", CANARY, "0..3=a 4=b", NULL,
		 "as-git", ""},
	};

	CHECK_PROMOTIONS(cases);
}

#define MAX2 "@max-promotion=2"

static void test_max_promotion(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 partition=2 template=b " MAX2, CANARY, "0..3=a 4=b", NULL, "as-git",
		 ""},
		{"replicas=5 partition=1 template=b " MAX2, CANARY, "0..3=a 4=b", NULL, "refused",
		 "promotes 3 ordinals at once (3..1), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 2 first, or raise the limit"},
		{"replicas=5 partition=1 template=b " MAX2 " " WALK, CANARY, "0..3=a 4=b", NULL,
		 "refused",
		 "promotes 3 ordinals at once (3..1), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 2 first, or raise the limit"},
		{"replicas=5 template=b " MAX2, FIVE_A, "0..4=a", NULL, "refused",
		 "promotes 5 ordinals at once (4..0), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 3 first, or raise the limit"},
		{"replicas=5 partition=3 template=b " MAX2, FIVE_A, "0..4=a", NULL, "as-git", ""},
		/* What the commit before promotes is not counted again. */
		{"replicas=5 partition=1 template=b " MAX2,
		 "replicas=5 partition=3 current=a update=b", "0..4=a", NULL, "blocked partition=3",
		 "web-4 is still on nginx:1.25.4; partition 1 waits for it"},
		/* New Pods are not promoted, nor those that have it already. */
		{"replicas=9 partition=3 template=b " MAX2, FIVE_A, "0..4=a", NULL, "as-git", ""},
		{"replicas=5 template=b " MAX2, "replicas=5 partition=4 current=a update=b",
		 "0..1=a 2..4=b", NULL, "as-git", ""},
		/* Going back is never refused; nor what was applied before. */
		{"replicas=5 template=a " MAX2, "replicas=5 partition=1 current=a update=b",
		 "0=a 1..4=b", NULL, "as-git", ""},
		{"replicas=5 partition=0 template=b " MAX2 " " WALK, CANARY, "0..3=a 4=b",
		 "unchanged", "walking partition=3", "partition 3 is the next step down to 0"},
		{"replicas=5 template=b " MAX2, FIVE_A, NULL, NULL, "refused",
		 "promotes 5 ordinals at once (4..0), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 3 first, or raise the limit"},
		{"replicas=3 start=10 template=b " MAX2, "replicas=3 start=10 current=a",
		 "10..12=a", NULL, "refused",
		 "promotes 3 ordinals at once (12..10), which is more than "
		 "tranche.dev/max-promotion: \"2\"; commit partition 1 first, or raise the limit"},
		{"replicas=3 template=b strategy=OnDelete " MAX2,
		 "replicas=3 current=a strategy=OnDelete", "0..2=a", NULL, "as-git", ""},
	};

	CHECK_PROMOTIONS(cases);
}

#define TRAPPED                                                                           \
	"somebody scaled to 5 replicas, and Git still has 3: kept, because scaling down " \
	"would delete 4, 3; commit replicas: 5 to keep them, or scale down with the "     \
	"annotation tranche.dev/replicas: git (or --replicas=git)"

static void test_three_places_trap(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=3", "replicas=5", "0..4=a", "replicas=3", "as-git replicas=5", TRAPPED},
		/* The commit is about something else. */
		{"replicas=3 partition=2 template=b", "replicas=5 partition=2 current=a", "0..4=a",
		 "replicas=3", "as-git replicas=5", TRAPPED},
		{"replicas=3 template=b " WALK, "replicas=5 current=a", "0..4=a", "replicas=3",
		 "walking partition=4 replicas=5",
		 "partition 4 is the next step down to 0\n" TRAPPED},
		/* The commit touched replicas. */
		{"replicas=3", "replicas=5", "0..4=a", "replicas=4", "as-git", ""},
		{"replicas=3", "replicas=5", "0..4=a", "replicas=5", "as-git", ""},
		/* Scaling up deletes nothing. */
		{"replicas=5", "replicas=3", "0..2=a", "replicas=5", "as-git", ""},
		{"replicas=5", "replicas=5", "0..4=a", "replicas=3", "as-git", ""},
		/* It is meant. */
		{"replicas=3 @replicas=git", "replicas=5", "0..4=a", "replicas=3", "as-git", ""},
		{"replicas=3", "replicas=5", "0..4=a", "replicas=3 --replicas=git", "as-git", ""},
		/* Nobody knows what was applied. */
		{"replicas=3", "replicas=5", "0..4=a", NULL, "as-git", ""},
		{"replicas=3 strategy=OnDelete", "replicas=5 strategy=OnDelete", "0..4=a",
		 "replicas=3", "as-git replicas=5", TRAPPED},
	};

	CHECK_PROMOTIONS(cases);
}

/* kubectl remembers what was applied before tranche came. */
static void test_trap_at_first_sight(void **state)
{
	(void)state;
	static const struct {
		const char *annotation;
		bool keeps;
	} cases[] = {
		{"{\"spec\":{\"replicas\":3}}", true},
		{"{\"spec\":{\"replicas\":4}}", false},
		{"{\"spec\":{}}", false},
		{"{", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		static const struct promotion_case the_case = {"replicas=3", "replicas=5 @x=y",
							       "0..4=a"};
		CLEANUP(promotion_release) struct promotion promotion = {0};
		CLEANUP(promotion_world_release) struct promotion_world world;
		struct err err;

		promotion_world_init(&world, &the_case);
		assert_ok(json_set_key(json_at(world.live, "metadata.annotations"),
				       "kubectl.kubernetes.io/last-applied-configuration",
				       cJSON_CreateString(cases[i].annotation), &err),
			  err);
		assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
		assert_int_equal(promotion.sets_replicas, cases[i].keeps);
	}
}

/* The server fills in more than is known without it: that is no other template. */
static void test_client_side(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{"replicas=5 template=b " WALK, CANARY, "0..3=a 4=b"},
		{"replicas=5 template=c " WALK, CANARY, "0..3=a 4=b"},
	};
	static const int64_t partitions[] = {3, 4};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(promotion_release) struct promotion promotion = {0};
		CLEANUP(promotion_world_release) struct promotion_world world;
		struct err err;

		promotion_world_init(&world, &cases[i]);
		assert_ok(json_set_str(world.live, "spec.template.spec.newIn137", "x", &err), err);
		world.facts.client_side = true;
		assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
		assert_int_equal(promotion.partition, partitions[i]);
	}
}

static void test_being_deleted(void **state)
{
	(void)state;
	static const struct promotion_case the_case = {"replicas=5 template=b " WALK, FIVE_A,
						       "0..4=a"};
	CLEANUP(promotion_release) struct promotion promotion = {0};
	CLEANUP(promotion_world_release) struct promotion_world world;
	struct err err;

	promotion_world_init(&world, &the_case);
	assert_ok(json_set_str(world.live, "metadata.deletionTimestamp", "2026-01-02T03:00:00Z",
			       &err),
		  err);
	assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
	assert_int_equal(promotion.verdict, PROMOTION_AS_GIT);
	assert_false(promotion.sets_partition);
}

static void test_refuses_bad_annotations(void **state)
{
	(void)state;
	static const struct promotion_case the_case = {"replicas=5 @step=no", FIVE_A, "0..4=a"};
	CLEANUP(promotion_world_release) struct promotion_world world;
	struct promotion promotion;
	struct err err;

	promotion_world_init(&world, &the_case);
	assert_error(promotion_decide(&world.facts, &promotion, &err), err, ERR_INVALID,
		     "tranche.dev/step is \"no\", but must be a number of ordinals from 1 on, or a "
		     "percentage from 1% to 100%");
}

/* --- what is done with it --------------------------------------------------------------------- */

static void test_apply(void **state)
{
	(void)state;
	static const struct {
		const char *object, *expected;
	} cases[] = {
		{"{'spec':{'replicas':3,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':"
		 "{'partition':0,'maxUnavailable':1}}}}",
		 "{'spec':{'replicas':5,'updateStrategy':{'type':'RollingUpdate','rollingUpdate':"
		 "{'partition':4,'maxUnavailable':1}},'template':{'x':1}}}"},
		{"{'spec':{}}", "{'spec':{'replicas':5,'updateStrategy':{'rollingUpdate':"
				"{'partition':4}},'template':{'x':1}}}"},
		{"{'spec':{'updateStrategy':{'rollingUpdate':null}}}",
		 "{'spec':{'updateStrategy':{'rollingUpdate':{'partition':4}},'replicas':5,"
		 "'template':{'x':1}}}"},
		{"{'spec':{'updateStrategy':null}}",
		 "{'spec':{'updateStrategy':{'rollingUpdate':{'partition':4}},'replicas':5,"
		 "'template':{'x':1}}}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		CLEANUP(promotion_release)
		struct promotion promotion = {.sets_partition = true,
					      .partition = 4,
					      .sets_replicas = true,
					      .replicas = 5,
					      .template = value_of("{'x':1}")};
		struct promotion nothing = {.partition = 7, .replicas = 7};
		struct err err;

		assert_ok(promotion_apply(&promotion, object, &err), err);
		assert_value(object, cases[i].expected);
		assert_ok(promotion_apply(&nothing, object, &err), err);
		assert_value(object, cases[i].expected);
	}
}

static void test_idle(void **state)
{
	(void)state;
	static const struct {
		const char *git, *live, *pods;
		const char *rejected;
		bool idle, plain;
	} cases[] = {
		{"replicas=5", FIVE_A, "0..4=a", NULL, true, true},
		{"replicas=5 template=b", FIVE_A, "0..4=a", NULL, true, true},
		{"replicas=5", FIVE_A, "0..4=a", "d0", false, false},
		{"replicas=5 partition=4 template=b", CANARY, "0..3=a 4=b", NULL, true, false},
		{"replicas=5 partition=3 template=b", CANARY, "0..3=a 4=b", NULL, false, false},
		{"replicas=5 partition=5 template=b", CANARY, "0..3=a 4=b", NULL, false, false},
		{"replicas=3", FIVE_A, "0..4=a", NULL, false, false},
		{"replicas=6", FIVE_A, "0..4=a", NULL, false, false},
		{"replicas=5 partition=3", FIVE_A, "0..4=a", NULL, false, false},
		{"replicas=5", FIVE_A " generation=2 observed=1", "0..4=a", NULL, false, false},
		/* Somebody may have to be helped, or to go back. */
		{"replicas=5 partition=4 template=b @unstick=true", CANARY, "0..3=a 4=b", NULL,
		 false},
		{"replicas=5 partition=4 template=b @on-stuck=rollback", CANARY, "0..3=a 4=b", NULL,
		 false},
		{"replicas=5 @unstick=true", FIVE_A, "0..4=a", NULL, true, false},
		{"replicas=5 @unstick=true", FIVE_A, "0..3=a 4=b", NULL, false, false},
		{"replicas=5 @unstick=true", FIVE_A, "0..3=a 4=a~", NULL, false, false},
		{"replicas=5", FIVE_A, "0..3=a 4=a~", NULL, true, false},
		{"replicas=5 @step=bad", FIVE_A, "0..4=a", NULL, false, false},
		{"replicas=5 strategy=OnDelete", FIVE_A " strategy=OnDelete", "0..4=a", NULL, true,
		 true},
		/* What is to be kept takes the server's word. */
		{"replicas=5 @step=1", FIVE_A, "0..4=a", NULL, true, false},
		{"replicas=5 @hold=true", FIVE_A, "0..4=a", NULL, true, false},
		{"replicas=5 @max-promotion=1", FIVE_A, "0..4=a", NULL, true, false},
		{"replicas=5 @on-stuck=rollback", FIVE_A, "0..4=a", NULL, true, false},
		{"replicas=5 @bake=1m", FIVE_A, "0..4=a", NULL, true, true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct test_pods pods = test_pods_of(cases[i].pods);
		CLEANUP(cJSON_Delete_p) cJSON *git = statefulset_of(cases[i].git, NULL);
		CLEANUP(cJSON_Delete_p) cJSON *live = statefulset_of(cases[i].live, &pods);
		char digest[8] = "";
		struct promotion_record record = {.rejected_digest = digest};

		if (cases[i].rejected)
			strcpy(digest, cases[i].rejected);
		if (promotion_is_idle(git, live, &record) != cases[i].idle ||
		    promotion_is_plain(git, live, &record) != cases[i].plain)
			fail_msg("%s | %s", cases[i].git, cases[i].live);
		assert_false(promotion_is_idle(git, NULL, &record));
		assert_false(promotion_is_plain(git, NULL, &record));
		test_pods_release(&pods);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_policy),
		cmocka_unit_test(test_gate_without_steps),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_changes_in_mid_walk),
		cmocka_unit_test(test_on_delete),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_max_promotion),
		cmocka_unit_test(test_three_places_trap),
		cmocka_unit_test(test_trap_at_first_sight),
		cmocka_unit_test(test_client_side),
		cmocka_unit_test(test_being_deleted),
		cmocka_unit_test(test_refuses_bad_annotations),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
