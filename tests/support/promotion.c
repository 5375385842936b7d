#include "tests/support/promotion.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

static const char *const verdicts[] = {
	[PROMOTION_AS_GIT] = "as-git",           [PROMOTION_WALKING] = "walking",
	[PROMOTION_BLOCKED] = "blocked",         [PROMOTION_HELD] = "held",
	[PROMOTION_REFUSED] = "refused",         [PROMOTION_STUCK] = "stuck",
	[PROMOTION_ROLLED_BACK] = "rolled-back",
};

static void read_record_word(struct promotion_world *world, const char *word)
{
	static char digest[32], good[32];
	static char commit[] = "3f2c1ab9e8d7", reason[] = "it was bad";
	int64_t seconds;

	if (sscanf(word, "replicas=%" SCNd64, &world->record.replicas) == 1) {
		world->record.has_replicas = true;
	} else if (sscanf(word, "partition=%" SCNd64, &world->record.partition) == 1) {
		world->record.has_partition = true;
	} else if (sscanf(word, "step=%" SCNd64, &seconds) == 1) {
		world->record.step_since_ms = TEST_NOW_MS - seconds * 1000;
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

void promotion_world_init(struct promotion_world *world, const struct promotion_case *the_case)
{
	char words[256], *save = NULL;

	*world = (struct promotion_world){
		.pods = test_pods_of(the_case->pods ? the_case->pods : "")};
	world->git = statefulset_of(the_case->git, NULL);
	world->live = the_case->live ? statefulset_of(the_case->live, &world->pods) : NULL;
	for (size_t i = 0; i < PROMOTION_REVISIONS; i++)
		world->revisions[i] = revision_of((char)('a' + i), (int)i + 1);
	world->facts = (struct promotion_facts){
		.wanted = world->git,
		.live = world->live,
		.pods_known = the_case->pods != NULL,
		.pods = CONST_PODS(world->pods),
		.pod_count = world->pods.count,
		.revisions = (const cJSON *const *)world->revisions,
		.revision_count = PROMOTION_REVISIONS,
		.record = &world->record,
		.wanted_digest = PROMOTION_DIGEST,
		.commit = "c0ffee0c0ffee",
		.now_ms = TEST_NOW_MS,
	};
	snprintf(words, sizeof(words), "%s", the_case->record ? the_case->record : "");
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		read_record_word(world, word);
}

void promotion_world_release(struct promotion_world *world)
{
	test_pods_release(&world->pods);
	cJSON_Delete(world->git);
	cJSON_Delete(world->live);
	for (size_t i = 0; i < PROMOTION_REVISIONS; i++)
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
	CLEANUP(promotion_world_release) struct promotion_world world;
	struct err err;

	print_message("%s | %s | %s\n", the_case->git, the_case->live ? the_case->live : "-",
		      the_case->pods ? the_case->pods : "-");
	promotion_world_init(&world, the_case);
	assert_ok(promotion_decide(&world.facts, &promotion, &err), err);
	print_promotion(&promotion, &out);
	buf_puts(&reason, promotion.reason ? promotion.reason : "");
	if (promotion.drift)
		buf_printf(&reason, "%s%s", reason.length ? "\n" : "", promotion.drift);
	assert_string_equal(buf_str(&out), the_case->expected);
	assert_string_equal(buf_str(&reason), the_case->reason);
}

void check_promotions(const struct promotion_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_case(&cases[i]);
}
