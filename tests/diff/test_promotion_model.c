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
#include "diff/rfc3339.h"

#include "tests/support/check.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

#define MAX_PODS    12
#define TICK_MS     5000
#define MAX_TICKS   1000
#define DEADLINE_S  60
#define GRACE_MS    10000
#define REVISIONS   3 /* a, b, c */
#define STILL_TICKS (DEADLINE_S * 1000 / TICK_MS + 8)
#define RUNS        60

/* --- chance ----------------------------------------------------------------------------------- */

struct chance {
	uint64_t state;
};

static uint64_t draw(struct chance *chance)
{
	chance->state ^= chance->state << 13;
	chance->state ^= chance->state >> 7;
	chance->state ^= chance->state << 17;
	return chance->state;
}

static int draw_below(struct chance *chance, int bound)
{
	return (int)(draw(chance) % (uint64_t)bound);
}

static bool draw_one_in(struct chance *chance, int many)
{
	return draw_below(chance, many) == 0;
}

/* --- the cluster ------------------------------------------------------------------------------ */

struct model_pod {
	bool exists, terminating, ready;
	char revision;
	int64_t created_ms, turned_ms, ends_ms;
	int uid;
};

/* What the agent may ask for, and Git says. */
struct spec {
	char template;
	int partition, replicas;
};

struct model {
	struct chance noise;   /* what comes when */
	struct chance choices; /* what the world is like, and what is committed */
	int64_t now_ms;
	struct spec spec;
	int start, min_ready_ms;
	bool ordered;
	int64_t generation, observed;
	char current, update;
	int counted; /* status.replicas */
	char bad;    /* Pods on this revision never become ready; 0: all do */
	struct model_pod pods[MAX_PODS];
	int next_uid;
	bool ran[MAX_PODS][REVISIONS]; /* which ordinals ran which revision */
};

static bool is_available(const struct model *model, const struct model_pod *pod)
{
	return pod->exists && pod->ready && !pod->terminating &&
	       model->now_ms - pod->turned_ms >= model->min_ready_ms;
}

static void create_pod(struct model *model, int index)
{
	char revision = index < model->spec.partition ? model->current : model->update;

	model->pods[index] = (struct model_pod){.exists = true,
						.revision = revision,
						.created_ms = model->now_ms,
						.turned_ms = model->now_ms,
						.uid = ++model->next_uid};
	model->ran[index][revision - 'a'] = true;
}

static void delete_pod(struct model *model, int index)
{
	model->pods[index].terminating = true;
	model->pods[index].ends_ms = model->now_ms + GRACE_MS;
}

/* Step 1 of a sync; false: the sync ends here. */
static bool sync_wanted(struct model *model)
{
	for (int i = 0; i < model->spec.replicas; i++) {
		if (!model->pods[i].exists) {
			create_pod(model, i);
			if (model->ordered)
				return false;
		} else if (model->ordered && !is_available(model, &model->pods[i])) {
			return false;
		}
	}
	return true;
}

static bool sync_condemned(struct model *model)
{
	for (int i = MAX_PODS - 1; i >= model->spec.replicas; i--) {
		if (!model->pods[i].exists)
			continue;
		if (!model->pods[i].terminating)
			delete_pod(model, i);
		if (model->ordered)
			return false;
	}
	return true;
}

static void sync_update(struct model *model)
{
	for (int i = model->spec.replicas - 1; i >= model->spec.partition && i >= 0; i--) {
		struct model_pod *pod = &model->pods[i];

		if (pod->revision != model->update && !pod->terminating) {
			delete_pod(model, i);
			return;
		}
		if (!is_available(model, pod))
			return;
	}
}

static void complete(struct model *model)
{
	for (int i = 0; i < MAX_PODS; i++) {
		const struct model_pod *pod = &model->pods[i];

		if (i < model->spec.replicas ? !pod->exists || !pod->ready || pod->terminating ||
						       pod->revision != model->update
					     : pod->exists)
			return;
	}
	model->current = model->update;
}

static void controller(struct model *model)
{
	model->observed = model->generation;
	model->update = model->spec.template;
	if (sync_wanted(model) && sync_condemned(model))
		sync_update(model);
	complete(model);
	model->counted = 0;
	for (int i = 0; i < MAX_PODS; i++)
		model->counted += model->pods[i].exists;
}

/* Pods start within a while, unless their revision is bad; those on their way out end. */
static void kubelet(struct model *model)
{
	for (int i = 0; i < MAX_PODS; i++) {
		struct model_pod *pod = &model->pods[i];

		if (pod->exists && pod->terminating && pod->ends_ms <= model->now_ms)
			*pod = (struct model_pod){0};
		if (!pod->exists || pod->terminating || pod->ready || pod->revision == model->bad ||
		    !draw_one_in(&model->noise, 3))
			continue;
		pod->ready = true;
		pod->turned_ms = model->now_ms;
	}
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static const char *time_text(int64_t ms, char text[40])
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(64);

	rfc3339_print(ms, &out);
	snprintf(text, 40, "%s", buf_str(&out));
	return text;
}

static cJSON *pod_json(const struct model *model, int index)
{
	const struct model_pod *pod = &model->pods[index];
	bool lost = pod->revision == model->bad && model->now_ms - pod->created_ms > 15000;
	char text[1200], created[40], turned[40], ends[80] = "", end_time[40];

	if (pod->terminating)
		snprintf(ends, sizeof(ends), "'deletionTimestamp':'%s',",
			 time_text(pod->ends_ms, end_time));
	snprintf(text, sizeof(text),
		 "{'kind':'Pod','metadata':{'name':'web-%d','namespace':'default','uid':'uid-%d',%s"
		 "'creationTimestamp':'%s','labels':{'app':'web',"
		 "'controller-revision-hash':'web-%c'},'ownerReferences':[{'kind':'StatefulSet',"
		 "'name':'web','uid':'u1','controller':true}]},"
		 "'spec':{'containers':[{'name':'nginx','image':'x:%c'}]},"
		 "'status':{'phase':'%s','conditions':[{'type':'Ready','status':'%s',"
		 "'lastTransitionTime':'%s'}],'containerStatuses':[{'name':'nginx',"
		 "'restartCount':0,'state':{'waiting':{'reason':'%s'}}}]}}",
		 index + model->start, pod->uid, ends, time_text(pod->created_ms, created),
		 pod->revision, pod->revision, pod->ready ? "Running" : "Pending",
		 pod->ready ? "True" : "False", time_text(pod->turned_ms, turned),
		 lost ? "ImagePullBackOff" : "ContainerCreating");
	return value_of(text);
}

static cJSON *live_json(const struct model *model, const char *words)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "replicas=%d partition=%d start=%d minReady=%d policy=%s generation=%d "
		 "observed=%d current=%c update=%c template=%c %s",
		 model->spec.replicas, model->spec.partition, model->start,
		 model->min_ready_ms / 1000, model->ordered ? "OrderedReady" : "Parallel",
		 (int)model->generation, (int)model->observed, model->current, model->update,
		 model->spec.template, words);
	cJSON *live = statefulset_of(text, NULL);
	struct err err;
	assert_ok(json_set_int(live, "status.replicas", model->counted, &err), err);
	return live;
}

static cJSON *git_json(const struct model *model, const struct spec *git, const char *words)
{
	char text[400];

	snprintf(text, sizeof(text),
		 "replicas=%d partition=%d start=%d minReady=%d policy=%s template=%c %s",
		 git->replicas, git->partition, model->start, model->min_ready_ms / 1000,
		 model->ordered ? "OrderedReady" : "Parallel", git->template, words);
	return statefulset_of(text, NULL);
}

/* --- the agent -------------------------------------------------------------------------------- */

struct agent {
	struct spec git, applied; /* what it was told; what it recorded as applied */
	char words[200];          /* Git's annotations */
	int step, bake_ms;        /* of them; step in ordinals, 0: none */
	struct promotion_record record;
	cJSON *revisions[REVISIONS];
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

		if (!is_available(model, pod) || pod->revision != model->update ||
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

static struct spec spec_of(const cJSON *object)
{
	return (struct spec){
		letter_of(object),
		(int)json_int_or(object, "spec.updateStrategy.rollingUpdate.partition", 0),
		(int)json_int_or(object, "spec.replicas", 1),
	};
}

/* Whether it wrote the template or the partition. */
static bool write_spec(struct model *model, const struct agent *agent, const struct spec *sent)
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
	for (int i = 0; i < MAX_PODS; i++)
		assert_false(model->pods[i].terminating);
	assert_int_equal(model->observed, model->generation);
	char back = ordinal - model->start < model->spec.partition ? model->current : model->update;
	assert_int_not_equal(back, pod->revision);
	delete_pod(model, ordinal - model->start);
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
	CLEANUP(cJSON_Delete_p) cJSON *live = live_json(model, agent->words);
	CLEANUP(cJSON_Delete_p) cJSON *git = git_json(model, &agent->git, agent->words);
	CLEANUP(promotion_release) struct promotion promotion = {0};
	cJSON *pods[MAX_PODS];
	size_t count = 0;
	char digest[64];
	struct err err;

	for (int i = 0; i < MAX_PODS; i++) {
		if (model->pods[i].exists)
			pods[count++] = pod_json(model, i);
	}
	digest_of(agent, digest);
	const struct promotion_facts facts = {
		.wanted = git,
		.live = live,
		.pods_known = true,
		.pods = (const cJSON *const *)pods,
		.pod_count = count,
		.revisions = (const cJSON *const *)agent->revisions,
		.revision_count = REVISIONS,
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

	const struct spec sent = spec_of(git);
	bool step = write_spec(model, agent, &sent);
	if (agent->kill_one_in && draw_one_in(&model->noise, agent->kill_one_in)) {
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
		if (!draw_one_in(&model->noise, 4))
			controller(model);
		kubelet(model);
		if (!draw_one_in(&model->noise, 4))
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
	int bake_s = bakes_s[draw_below(chance, 4)];
	char bake[32] = "";

	*agent = (struct agent){.step = 1 + draw_below(chance, 3), .bake_ms = bake_s * 1000};
	if (bake_s)
		snprintf(bake, sizeof(bake), "@bake=%ds", bake_s);
	snprintf(agent->words, sizeof(agent->words), "@step=%d %s @deadline=%ds %s", agent->step,
		 bake, DEADLINE_S, words);
	for (int i = 0; i < REVISIONS; i++)
		agent->revisions[i] = revision_of((char)('a' + i), i + 1);
	agent->git = agent->applied = model->spec;
	set_rejected(agent, "", "", "");
}

static void agent_release(struct agent *agent)
{
	for (int i = 0; i < REVISIONS; i++)
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
		draw(&model->choices);
	model->ordered = draw_one_in(&model->choices, 2);
	model->start = draw_one_in(&model->choices, 3) ? 10 : 0;
	model->min_ready_ms = draw_one_in(&model->choices, 3) ? 15000 : 0;
	model->spec.template = 'a';
	model->spec.replicas = 1 + draw_below(&model->choices, 6);
	model->spec.partition = draw_below(&model->choices, model->spec.replicas + 3);
	for (int i = 0; i < model->spec.replicas; i++) {
		create_pod(model, i);
		model->pods[i].ready = true;
		model->pods[i].turned_ms -= 3600000;
	}
	memset(model->ran, 0, sizeof(model->ran));
}

/* Some of the upper ones have `b` already, and somebody may have been about. */
static void begin_in_the_middle(struct model *model)
{
	int updated = draw_below(&model->choices, model->spec.replicas + 1);

	model->update = model->spec.template = 'b';
	for (int i = model->spec.replicas - updated; i < model->spec.replicas; i++)
		model->pods[i].revision = 'b';
	model->spec.partition = model->spec.replicas - updated + draw_below(&model->choices, 3) - 1;
	if (model->spec.partition < 0)
		model->spec.partition = 0;
	int hit = draw_below(&model->choices, model->spec.replicas);
	if (draw_one_in(&model->choices, 2))
		delete_pod(model, hit);
	else
		model->pods[hit] = (struct model_pod){0};
	complete(model);
}

static void assert_all_on(const struct model *model, char revision, int from)
{
	for (int i = 0; i < MAX_PODS; i++) {
		const struct model_pod *pod = &model->pods[i];

		assert_int_equal(pod->exists, i < model->spec.replicas);
		if (i >= from && i < model->spec.replicas) {
			assert_int_equal(pod->revision, revision);
			assert_true(is_available(model, pod));
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

	for (int i = 0; i < MAX_PODS; i++)
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
		for (int i = 0; i < MAX_PODS; i++) {
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
	agent->git.partition = draw_below(&model->choices, agent->git.replicas + 1);
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
	agent->git.partition = draw_below(&model->choices, agent->git.replicas + 1);
	assert_int_equal(run(agent, model), PROMOTION_AS_GIT);
	assert_as_git(model, agent);
}

/* Scaled by a commit, and a third template, while it walks. */
static void changes_on_the_way(struct model *model, struct agent *agent)
{
	commit(agent, model, 'b');
	for (int i = 0; i < 10; i++) {
		controller(model);
		kubelet(model);
		pass(agent, model);
		model->now_ms += TICK_MS;
	}
	agent->git.replicas = 1 + draw_below(&model->choices, 8);
	if (draw_one_in(&model->choices, 2))
		agent->git.template = 'c';
	agent->git.partition = draw_below(&model->choices, agent->git.replicas + 1);
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
	agent->git.partition = draw_below(&model->choices, agent->git.replicas);
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
	agent->git.template = draw_one_in(&model->choices, 2) ? 'a' : 'c';
	agent->git.partition = draw_below(&model->choices, agent->git.replicas);
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
	agent->git.partition = draw_below(&model->choices, agent->git.replicas);
	assert_int_equal(run(agent, model), PROMOTION_ROLLED_BACK);
	assert_true(count_ran(model, 'b') <= agent->step);
	assert_int_equal(model->spec.template, 'a');
	assert_all_on(model, 'a', 0);
	/* Git goes back itself, or on to a fix. */
	agent->git.template = draw_one_in(&model->choices, 2) ? 'a' : 'c';
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
