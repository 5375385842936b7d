#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/promotion.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

#define MAX_REVISIONS 3
#define DIGEST        "d1" /* of Git's object, in all cases */

static const char *const verdicts[] = {
	[PROMOTION_AS_GIT] = "as-git",           [PROMOTION_WALKING] = "walking",
	[PROMOTION_BLOCKED] = "blocked",         [PROMOTION_HELD] = "held",
	[PROMOTION_REFUSED] = "refused",         [PROMOTION_STUCK] = "stuck",
	[PROMOTION_ROLLED_BACK] = "rolled-back",
};

struct promotion_case {
	/* As tests/support/statefulset.h has them; live NULL: it does not exist; pods NULL: not known */
	const char *git, *live, *pods;
	/* Words: replicas=3 rejected=DIGEST good=a unchanged --replicas=git */
	const char *record;
	/* "VERDICT partition=4 replicas=5 template=nginx:1.25.4 unstick=web-4 recheck=1000" */
	const char *expected;
	const char *reason; /* and the drift's sentence in a line of its own; "" for none */
};

/* What a case is made of, and released as. */
struct world {
	struct test_pods pods;
	cJSON *git, *live, *revisions[MAX_REVISIONS];
	struct promotion_record record;
	struct promotion_facts facts;
};

static void read_record_word(struct world *world, const char *word)
{
	static char digest[32], good[32];
	static char commit[] = "3f2c1ab9e8d7", reason[] = "it was bad";

	if (sscanf(word, "replicas=%" SCNd64, &world->record.replicas) == 1) {
		world->record.has_replicas = true;
	} else if (sscanf(word, "rejected=%31s", digest) == 1) {
		world->record.rejected_digest = digest;
		world->record.rejected_commit = commit;
		world->record.rejected_reason = reason;
	} else if (sscanf(word, "good=%31s", good) == 1) {
		world->record.good_revision = good;
	} else if (strcmp(word, "unchanged") == 0) {
		world->facts.git_unchanged = true;
	} else if (strcmp(word, "--replicas=git") == 0) {
		world->facts.replicas_from_git = true;
	} else if (strcmp(word, "forgotten") == 0) {
		world->facts.revision_count = 0;
	} else {
		fail_msg("no such word: %s", word);
	}
}

static void world_init(struct world *world, const struct promotion_case *the_case)
{
	char words[256], *save = NULL;

	*world = (struct world){.pods = test_pods_of(the_case->pods ? the_case->pods : "")};
	world->git = statefulset_of(the_case->git, NULL);
	world->live = the_case->live ? statefulset_of(the_case->live, &world->pods) : NULL;
	for (size_t i = 0; i < MAX_REVISIONS; i++)
		world->revisions[i] = revision_of((char)('a' + i), (int)i + 1);
	world->facts = (struct promotion_facts){
		.wanted = world->git,
		.live = world->live,
		.pods_known = the_case->pods != NULL,
		.pods = CONST_PODS(world->pods),
		.pod_count = world->pods.count,
		.revisions = (const cJSON *const *)world->revisions,
		.revision_count = MAX_REVISIONS,
		.record = &world->record,
		.wanted_digest = DIGEST,
		.commit = "c0ffee0c0ffee",
		.now_ms = TEST_NOW_MS,
	};
	snprintf(words, sizeof(words), "%s", the_case->record ? the_case->record : "");
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		read_record_word(world, word);
}

static void world_release(struct world *world)
{
	test_pods_release(&world->pods);
	cJSON_Delete(world->git);
	cJSON_Delete(world->live);
	for (size_t i = 0; i < MAX_REVISIONS; i++)
		cJSON_Delete(world->revisions[i]);
}

static void print_promotion(const struct promotion *promotion, struct buf *out)
{
	buf_puts(out, verdicts[promotion->verdict]);
	if (promotion->sets_partition)
		buf_printf(out, " partition=%" PRId64, promotion->partition);
	if (promotion->sets_replicas)
		buf_printf(out, " replicas=%" PRId64, promotion->replicas);
	if (promotion->template)
		buf_printf(
			out, " template=%s",
			json_str(json_at(promotion->template, "spec.containers")->child, "image"));
	if (promotion->good_revision)
		buf_printf(out, " good=%s", promotion->good_revision);
	if (promotion->rejection)
		buf_puts(out, " rejects");
	if (promotion->unstick_pod)
		buf_printf(out, " unstick=%s/%s", promotion->unstick_pod, promotion->unstick_uid);
	if (promotion->recheck_ms)
		buf_printf(out, " recheck=%" PRId64, promotion->recheck_ms);
}

static void check_case(const struct promotion_case *the_case)
{
	CLEANUP(promotion_release) struct promotion promotion = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	CLEANUP(buf_release) struct buf reason = BUF_INIT(65536);
	CLEANUP(world_release) struct world world;
	struct err err;

	print_message("%s | %s | %s\n", the_case->git, the_case->live ? the_case->live : "-",
		      the_case->pods ? the_case->pods : "-");
	world_init(&world, the_case);
	assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
	print_promotion(&promotion, &out);
	buf_puts(&reason, promotion.reason ? promotion.reason : "");
	if (promotion.drift)
		buf_printf(&reason, "%s%s", reason.length ? "\n" : "", promotion.drift);
	assert_string_equal(buf_str(&out), the_case->expected);
	assert_string_equal(buf_str(&reason), the_case->reason);
}

static void check_promotions(const struct promotion_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i]);
}

#define CHECK_PROMOTIONS(cases) check_promotions(cases, sizeof(cases) / sizeof(*(cases)))

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
		 "blocked partition=4 recheck=1000",
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_policy),
		cmocka_unit_test(test_gate_without_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
