/*
 * promotion_decide in a loop with a StatefulSet controller and a kubelet, both small and pure: from
 * random states, under random policies, with a seed that is fixed. What has to hold at every write
 * and at the end is checked against the model itself, not against what promotion_decide thinks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/promotion.h"

#include "tests/support/check.h"
#include "tests/support/model.h"
#include "tests/support/statefulset.h"

#define TICK_MS     5000
#define MAX_TICKS   1000
#define DEADLINE_S  60
#define STILL_TICKS (DEADLINE_S * 1000 / TICK_MS + 8)
#define RUNS        60

/* --- the agent -------------------------------------------------------------------------------- */

struct agent {
	struct model_spec git, applied; /* what it was told; what it recorded as applied */
	char words[200];                /* Git's annotations */
	int step, bake_ms;              /* of them; step in ordinals, 0: none */
	struct promotion_record record;
	cJSON *revisions[MODEL_REVISIONS];
	int kill_one_in; /* a pass ends before what it learned is recorded; 0: never */
	int kills;
};

static void digest_of(const struct agent *agent, char digest[64])
{
	snprintf(digest, 64, "%c/%d/%d", agent->git.template, agent->git.partition,
		 agent->git.replicas);
}

/* What must be true of the Pods when the partition is lowered under the same template. */
static void check_gate(const struct model *model, const struct agent *agent, int from, int to)
{
	bool work = false;

	for (int i = 0; i < model->spec.replicas; i++)
		work |= model->pods[i].revision != model->update;
	if (!work)
		return;
	if (from > model->spec.replicas)
		from = model->spec.replicas;
	if (agent->step && from - to > agent->step)
		fail_msg("a step from %d to %d", from, to);
	for (int i = from; i < model->spec.replicas; i++) {
		const struct model_pod *pod = &model->pods[i];

		if (!model_is_available(model, pod) || pod->revision != model->update ||
		    model->now_ms - pod->turned_ms < agent->bake_ms)
			fail_msg("partition %d to %d over web-%d: %c, ready %d for %d ms", from, to,
				 i, pod->exists ? pod->revision : '-', pod->ready,
				 (int)(model->now_ms - pod->turned_ms));
	}
}

static char letter_of(const cJSON *object)
{
	const char *image =
		json_str(json_at(object, "spec.template.spec.containers")->child, "image");

	return strcmp(image, "nginx:1.25.4") == 0   ? 'a'
	       : strcmp(image, "nginx:1.26.1") == 0 ? 'b'
						    : 'c';
}

static struct model_spec spec_of(const cJSON *object)
{
	return (struct model_spec){
		letter_of(object),
		(int)json_int_or(object, "spec.updateStrategy.rollingUpdate.partition", 0),
		(int)json_int_or(object, "spec.replicas", 1),
	};
}

/* Whether it wrote the template or the partition. */
static bool write_spec(struct model *model, const struct agent *agent,
		       const struct model_spec *sent)
{
	bool same_template = sent->template == model->spec.template;
	bool step = !same_template || sent->partition != model->spec.partition;

	if (!step && sent->replicas == model->spec.replicas)
		return false;
	if (same_template && sent->partition < model->spec.partition &&
	    sent->replicas == model->spec.replicas)
		check_gate(model, agent, model->spec.partition, sent->partition);
	/* Up only to where Git is, or to begin anew. */
	if (same_template && sent->partition > model->spec.partition)
		assert_int_equal(sent->partition, agent->git.partition);
	model->spec = *sent;
	model->generation++;
	return step;
}

static void unstick(struct model *model, const struct promotion *promotion)
{
	int ordinal;

	if (!promotion->unstick_pod)
		return;
	assert_int_equal(sscanf(promotion->unstick_pod, "web-%d", &ordinal), 1);
	struct model_pod *pod = &model->pods[ordinal - model->start];
	assert_false(pod->ready);
	for (int i = 0; i < MODEL_MAX_PODS; i++)
		assert_false(model->pods[i].terminating);
	assert_int_equal(model->observed, model->generation);
	char back = ordinal - model->start < model->spec.partition ? model->current : model->update;
	assert_int_not_equal(back, pod->revision);
	model_delete_pod(model, ordinal - model->start);
}

static void set_rejected(struct agent *agent, const char *digest, const char *reason,
			 const char *good)
{
	free(agent->record.rejected_digest);
	free(agent->record.rejected_reason);
	free(agent->record.good_revision);
	agent->record.rejected_digest = strdup(digest);
	agent->record.rejected_reason = strdup(reason);
	agent->record.good_revision = strdup(good);
}

static void record_pass(struct agent *agent, const struct promotion *promotion, bool step,
			int64_t now_ms)
{
	char digest[64];

	digest_of(agent, digest);
	agent->applied = agent->git;
	agent->record.has_replicas = agent->record.has_partition = true;
	agent->record.replicas = agent->git.replicas;
	agent->record.partition = agent->git.partition;
	if (step)
		agent->record.step_since_ms = now_ms;
	if (promotion->rejection)
		set_rejected(agent, digest, promotion->rejection, promotion->good_revision);
	else if (promotion->verdict != PROMOTION_ROLLED_BACK)
		set_rejected(agent, "", "", "");
}

static enum promotion_verdict pass(struct agent *agent, struct model *model)
{
	CLEANUP(cJSON_Delete_p) cJSON *live = model_live_json(model, agent->words);
	CLEANUP(cJSON_Delete_p) cJSON *git = model_git_json(model, &agent->git, agent->words);
	CLEANUP(promotion_release) struct promotion promotion = {0};
	cJSON *pods[MODEL_MAX_PODS];
	size_t count = 0;
	char digest[64];
	struct err err;

	for (int i = 0; i < MODEL_MAX_PODS; i++) {
		if (model->pods[i].exists)
			pods[count++] = model_pod_json(model, i);
	}
	digest_of(agent, digest);
	const struct promotion_facts facts = {
		.wanted = git,
		.live = live,
		.pods_known = true,
		.pods = (const cJSON *const *)pods,
		.pod_count = count,
		.revisions = (const cJSON *const *)agent->revisions,
		.revision_count = MODEL_REVISIONS,
		.record = &agent->record,
		.wanted_digest = digest,
		.commit = "",
		.git_unchanged = memcmp(&agent->git, &agent->applied, sizeof(agent->git)) == 0,
		.now_ms = model->now_ms,
	};
	assert_ok(promotion_decide(&facts, &promotion, &err), err);
	assert_ok(promotion_apply(&promotion, git, &err), err);
	for (size_t i = 0; i < count; i++)
		cJSON_Delete(pods[i]);
	if (promotion.verdict == PROMOTION_REFUSED)
		return promotion.verdict;

	const struct model_spec sent = spec_of(git);
	bool step = write_spec(model, agent, &sent);
	if (agent->kill_one_in && chance_one_in(&model->noise, agent->kill_one_in)) {
		agent->kills++;
		return promotion.verdict;
	}
	unstick(model, &promotion);
	record_pass(agent, &promotion, step, model->now_ms);
	return promotion.verdict;
}

/* Whether the Pods and the spec are what they were. */
static bool is_still(const struct model *now, const struct model *before)
{
	return now->generation == before->generation && now->observed == before->observed &&
	       memcmp(now->pods, before->pods, sizeof(now->pods)) == 0;
}

/* Until nothing has moved for longer than any deadline and bake. */
static enum promotion_verdict run(struct agent *agent, struct model *model)
{
	enum promotion_verdict verdict = PROMOTION_AS_GIT;
	int still = 0;

	for (int tick = 0; still < STILL_TICKS; tick++) {
		const struct model before = *model;

		assert_true(tick < MAX_TICKS);
		if (!chance_one_in(&model->noise, 4))
			model_controller(model);
		model_kubelet(model);
		if (!chance_one_in(&model->noise, 4))
			verdict = pass(agent, model);
		model->now_ms += TICK_MS;
		still = is_still(model, &before) ? still + 1 : 0;
	}
	return verdict;
}

/* --- worlds ----------------------------------------------------------------------------------- */

static void agent_init(struct agent *agent, struct chance *chance, const struct model *model,
		       const char *words)
{
	static const int bakes_s[] = {0, 0, 10, 30};
	int bake_s = bakes_s[chance_below(chance, 4)];
	char bake[32] = "";

	*agent = (struct agent){.step = 1 + chance_below(chance, 3), .bake_ms = bake_s * 1000};
	if (bake_s)
		snprintf(bake, sizeof(bake), "@bake=%ds", bake_s);
	snprintf(agent->words, sizeof(agent->words), "@step=%d %s @deadline=%ds %s", agent->step,
		 bake, DEADLINE_S, words);
	for (int i = 0; i < MODEL_REVISIONS; i++)
		agent->revisions[i] = revision_of((char)('a' + i), i + 1);
	agent->git = agent->applied = model->spec;
	set_rejected(agent, "", "", "");
}

static void agent_release(struct agent *agent)
{
	for (int i = 0; i < MODEL_REVISIONS; i++)
		cJSON_Delete(agent->revisions[i]);
	free(agent->record.rejected_digest);
	free(agent->record.rejected_reason);
	free(agent->record.good_revision);
}

/* Everything on `a`, all well. */
static void model_init(struct model *model, uint64_t seed)
{
	*model = (struct model){.noise = {seed * 40503u + 7},
				.choices = {seed * 2654435761u + 1},
				.now_ms = TEST_NOW_MS,
				.current = 'a',
				.update = 'a',
				.generation = 1,
				.observed = 1};
	for (int i = 0; i < 8; i++)
		chance_draw(&model->choices);
	model->ordered = chance_one_in(&model->choices, 2);
	model->start = chance_one_in(&model->choices, 3) ? 10 : 0;
	model->min_ready_ms = chance_one_in(&model->choices, 3) ? 15000 : 0;
	model->spec.template = 'a';
	model->spec.replicas = 1 + chance_below(&model->choices, 6);
	model->spec.partition = chance_below(&model->choices, model->spec.replicas + 3);
	for (int i = 0; i < model->spec.replicas; i++) {
		model_create_pod(model, i);
		model->pods[i].ready = true;
		model->pods[i].turned_ms -= 3600000;
	}
	memset(model->ran, 0, sizeof(model->ran));
}

/* Some of the upper ones have `b` already, and somebody may have been about. */
static void begin_in_the_middle(struct model *model)
{
	int updated = chance_below(&model->choices, model->spec.replicas + 1);

	model->update = model->spec.template = 'b';
	for (int i = model->spec.replicas - updated; i < model->spec.replicas; i++)
		model->pods[i].revision = 'b';
	model->spec.partition =
		model->spec.replicas - updated + chance_below(&model->choices, 3) - 1;
	if (model->spec.partition < 0)
		model->spec.partition = 0;
	int hit = chance_below(&model->choices, model->spec.replicas);
	if (chance_one_in(&model->choices, 2))
		model_delete_pod(model, hit);
	else
		model->pods[hit] = (struct model_pod){0};
	model_complete(model);
}

static void assert_all_on(const struct model *model, char revision, int from)
{
	for (int i = 0; i < MODEL_MAX_PODS; i++) {
		const struct model_pod *pod = &model->pods[i];

		assert_int_equal(pod->exists, i < model->spec.replicas);
		if (i >= from && i < model->spec.replicas) {
			assert_int_equal(pod->revision, revision);
			assert_true(model_is_available(model, pod));
		}
	}
}

static void assert_as_git(const struct model *model, const struct agent *agent)
{
	assert_int_equal(model->spec.template, agent->git.template);
	assert_int_equal(model->spec.partition, agent->git.partition);
	assert_int_equal(model->spec.replicas, agent->git.replicas);
	assert_all_on(model, agent->git.template, agent->git.partition);
}

static int count_ran(const struct model *model, char revision)
{
	int count = 0;

	for (int i = 0; i < MODEL_MAX_PODS; i++)
		count += model->ran[i][revision - 'a'];
	return count;
}

/* A world runs twice, once with an agent that is killed all the time: the same end. */
typedef void scenario(struct model *model, struct agent *agent);

static int run_world(uint64_t seed, int kill_one_in, scenario *play, const char *words,
		     struct model *ret_model)
{
	CLEANUP(agent_release) struct agent agent;

	model_init(ret_model, seed);
	agent_init(&agent, &ret_model->choices, ret_model, words);
	agent.kill_one_in = kill_one_in;
	play(ret_model, &agent);
	return agent.kills;
}

static void check_worlds(scenario *play, const char *words)
{
	int kills = 0;

	for (uint64_t seed = 1; seed <= RUNS; seed++) {
		struct model calm, killed;

		print_message("seed %d\n", (int)seed);
		run_world(seed, 0, play, words, &calm);
		kills += run_world(seed, 3, play, words, &killed);
		assert_int_equal(calm.spec.template, killed.spec.template);
		assert_int_equal(calm.spec.partition, killed.spec.partition);
		assert_int_equal(calm.spec.replicas, killed.spec.replicas);
		for (int i = 0; i < MODEL_MAX_PODS; i++) {
			assert_int_equal(calm.pods[i].exists, killed.pods[i].exists);
			assert_int_equal(calm.pods[i].revision, killed.pods[i].revision);
			assert_int_equal(calm.pods[i].ready, killed.pods[i].ready);
		}
	}
	assert_true(kills > RUNS * 5);
}

/* --- what has to hold ------------------------------------------------------------------------- */

static void commit(struct agent *agent, struct model *model, char template)
{
	agent->git.template = template;
	agent->git.partition = chance_below(&model->choices, agent->git.replicas + 1);
}

static void good_template(struct model *model, struct agent *agent)
{
	commit(agent, model, 'b');
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
	/* Down to 0 by a second commit. */
	agent->git.partition = 0;
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
	assert_int_equal(model->current, 'b');
}

static void from_the_middle(struct model *model, struct agent *agent)
{
	begin_in_the_middle(model);
	agent->git = agent->applied = model->spec;
	agent->git.partition = chance_below(&model->choices, agent->git.replicas + 1);
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
}

/* Scaled by a commit, and a third template, while it walks. */
static void changes_on_the_way(struct model *model, struct agent *agent)
{
	commit(agent, model, 'b');
	for (int i = 0; i < 10; i++) {
		model_controller(model);
		model_kubelet(model);
		pass(agent, model);
		model->now_ms += TICK_MS;
	}
	agent->git.replicas = 1 + chance_below(&model->choices, 8);
	if (chance_one_in(&model->choices, 2))
		agent->git.template = 'c';
	agent->git.partition = chance_below(&model->choices, agent->git.replicas + 1);
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
	/* Which template the held ones are on depends on when it came. */
	agent->git.partition = 0;
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
}

static void bad_template(struct model *model, struct agent *agent)
{
	model->bad = 'b';
	agent->git.template = 'b';
	agent->git.partition = chance_below(&model->choices, agent->git.replicas);
	assert_int_equal(run(agent, model), PROMOTION_STUCK);
	assert_true(count_ran(model, 'b') >= 1);
	assert_true(count_ran(model, 'b') <= agent->step);
	/* The others never noticed. */
	assert_all_on(model, 'a', agent->git.replicas);
	for (int i = 0; i < agent->git.replicas - agent->step; i++) {
		assert_int_equal(model->pods[i].revision, 'a');
		assert_true(model->pods[i].ready);
	}
}

static void bad_template_then_fix(struct model *model, struct agent *agent)
{
	bad_template(model, agent);
	agent->git.template = chance_one_in(&model->choices, 2) ? 'a' : 'c';
	agent->git.partition = chance_below(&model->choices, agent->git.replicas);
	run(agent, model);
	/* Pods on the bad one below the partition come back when it goes down. */
	agent->git.partition = 0;
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
}

static void bad_template_rolled_back(struct model *model, struct agent *agent)
{
	model->bad = 'b';
	agent->git.template = 'b';
	agent->git.partition = chance_below(&model->choices, agent->git.replicas);
	assert_int_equal(run(agent, model), PROMOTION_ROLLED_BACK);
	assert_true(count_ran(model, 'b') <= agent->step);
	assert_int_equal(model->spec.template, 'a');
	assert_all_on(model, 'a', 0);
	/* Git goes back itself, or on to a fix. */
	agent->git.template = chance_one_in(&model->choices, 2) ? 'a' : 'c';
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
	assert_all_on(model, 'a', agent->git.template == 'a' ? 0 : agent->git.replicas);
}

static void test_a_good_template_arrives(void **state)
{
	(void)state;
	check_worlds(good_template, "");
}

static void test_from_any_state(void **state)
{
	(void)state;
	check_worlds(from_the_middle, "");
}

static void test_commits_on_the_way(void **state)
{
	(void)state;
	check_worlds(changes_on_the_way, "");
}

static void test_a_bad_template_stops_at_the_first_step(void **state)
{
	(void)state;
	check_worlds(bad_template, "");
}

static void test_a_fix_gets_past_it(void **state)
{
	(void)state;
	check_worlds(bad_template_then_fix, "@unstick=true");
}

static void test_a_rollback_restores_all(void **state)
{
	(void)state;
	check_worlds(bad_template_rolled_back, "@on-stuck=rollback");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_good_template_arrives),
		cmocka_unit_test(test_from_any_state),
		cmocka_unit_test(test_commits_on_the_way),
		cmocka_unit_test(test_a_bad_template_stops_at_the_first_step),
		cmocka_unit_test(test_a_fix_gets_past_it),
		cmocka_unit_test(test_a_rollback_restores_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
