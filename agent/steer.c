#include "agent/steer.h"

#include <stdlib.h>
#include <string.h>

#include "diff/prediction.h"

#define REPLICAS  "spec.replicas"
#define PARTITION "spec.updateStrategy.rollingUpdate.partition"

void steer_release(struct steer *steer)
{
	promotion_release(&steer->promotion);
	promotion_record_release(&steer->record);
	free(steer->steps.items);
	cJSON_Delete(steer->wanted);
	free(steer->unstick_version);
	free(steer->unstick_error);
	free(steer->rollout_reason);
	*steer = (struct steer){0};
}

static bool is_statefulset(const struct target *target)
{
	return ref_is(&target->ref, "apps", "StatefulSet");
}

/* --- what has to be known --------------------------------------------------------------------- */

bool steer_wants_pods(const struct target *target)
{
	return is_statefulset(target) && target->live && !target->error;
}

/* Whether the object asks for rollbacks. What it asks for that cannot be read is told elsewhere. */
static bool rolls_back(const cJSON *object)
{
	struct policy policy;
	struct err ignored;

	return policy_read(object, &policy, NULL, &ignored) == 0 && policy.rolls_back;
}

/* Whether it gets another template, which may be one that there was before. */
static bool gets_template(const struct target *target)
{
	return !json_equal(json_at(target->predicted, "spec.template"),
			   json_at(target->live, "spec.template"));
}

static bool was_rejected(const struct inventory_entry *entry)
{
	return entry && entry->rollout.rejected_digest && *entry->rollout.rejected_digest;
}

bool steer_wants_revisions(const struct app *app, const struct target *target)
{
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);

	return steer_wants_pods(target) &&
	       (gets_template(target) || rolls_back(target_desired(target)) ||
		rolls_back(target->live) || was_rejected(entry));
}

/* --- deciding --------------------------------------------------------------------------------- */

static int64_t generation_of(const cJSON *object)
{
	return json_int_or(object, "metadata.generation", 0);
}

/* The step begins when a generation is seen for the first time. */
static void note_generation(struct promotion_record *record, const cJSON *object, int64_t now_ms)
{
	int64_t generation = generation_of(object);

	if (record->step_generation == generation && record->step_since_ms)
		return;
	record->step_generation = generation;
	record->step_since_ms = now_ms;
}

/* What Git says of the numbers that a promotion may send others of. */
static void note_numbers(struct steer *steer, const cJSON *desired, const cJSON *wanted)
{
	struct promotion_record *record = &steer->record;

	record->has_partition = json_int(wanted, PARTITION, &record->partition);
	/* A number that was not applied is remembered when it is. */
	if (!steer->promotion.sets_replicas)
		record->has_replicas = json_int(desired, REPLICAS, &record->replicas);
}

/* Remembers a rollback, as it began, until Git says something else. */
static int note_rejection(struct steer *steer, const char *digest, const char *commit,
			  struct err *err)
{
	const struct promotion *promotion = &steer->promotion;
	struct promotion_record *record = &steer->record;
	bool is_known = strcmp(record->rejected_digest, digest) == 0;

	if (is_known || (promotion->verdict != PROMOTION_ROLLED_BACK && !*record->rejected_digest))
		return 0;
	if (promotion->verdict != PROMOTION_ROLLED_BACK)
		return promotion_record_set_rejected(record, "", "", "", "", err);
	steer->must_record = true;
	return promotion_record_set_rejected(record, digest, commit, promotion->rejection,
					     promotion->good_revision, err);
}

static int list_steps(const struct promotion_facts *facts, struct steer *steer, struct err *err)
{
	int64_t replicas = json_int_or(facts->wanted, REPLICAS, 1);
	int64_t target = json_int_or(facts->wanted, PARTITION, 0);
	int64_t size = policy_step_size(&steer->policy, replicas);

	if (plan_steps_foretell(facts, &steer->promotion, &steer->policy, &steer->steps, err) < 0)
		return -1;
	if (!steer->policy.step)
		return 0;
	if (target < replicas)
		steer->walk_length = (size_t)((replicas - target + size - 1) / size);
	if (steer->walk_length < steer->steps.total)
		steer->walk_length = steer->steps.total; /* it was scaled, or began elsewhere */
	return 0;
}

/* The dry run's answer, or what can be told without the server. */
static int wanted_of(const struct target *target, cJSON **ret_wanted, struct err *err)
{
	if (!target->predicted)
		return prediction_build(target_desired(target), target_base(target),
					target->ref.namespace, ret_wanted, err);
	*ret_wanted = json_copy(target->predicted);
	return *ret_wanted ? 0 : err_no_memory(err);
}

/* Has the target send, and leave, what the promotion says. */
static int apply(const struct promotion *promotion, struct target *target, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *desired = json_copy(target_desired(target));

	if (!desired)
		return err_no_memory(err);
	if (promotion_apply(promotion, desired, err) < 0 ||
	    (target->predicted && promotion_apply(promotion, target->predicted, err) < 0))
		return -1;
	cJSON_Delete(target->desired);
	target->desired = STEAL(desired);
	return 0;
}

/* The state of the Pod that is to go, as it was judged. */
static int note_unstick(const struct promotion_facts *facts, struct steer *steer, struct err *err)
{
	for (size_t i = 0; i < facts->pod_count && steer->promotion.unstick_pod; i++) {
		const char *uid = json_str(facts->pods[i], "metadata.uid");
		const char *version = json_str(facts->pods[i], "metadata.resourceVersion");

		if (!uid || !version || strcmp(uid, steer->promotion.unstick_uid) != 0)
			continue;
		steer->unstick_version = strdup(version);
		return steer->unstick_version ? 0 : err_no_memory(err);
	}
	return 0;
}

static int decide(const struct promotion_facts *facts, struct target *target, struct steer *steer,
		  struct err *err)
{
	struct promotion *promotion = &steer->promotion;

	if (policy_read(target->manifest->desired, &steer->policy, NULL, err) < 0 ||
	    promotion_decide(facts, promotion, err) < 0)
		return -1;
	steer->decided = true;
	steer->replicas_from_git = facts->replicas_from_git || steer->policy.replicas_from_git;
	note_numbers(steer, target_desired(target), facts->wanted);
	if (note_rejection(steer, facts->wanted_digest, facts->commit, err) < 0 ||
	    list_steps(facts, steer, err) < 0 || note_unstick(facts, steer, err) < 0)
		return -1;
	if (!promotion->sets_partition && !promotion->sets_replicas && !promotion->template)
		return 0;
	return apply(promotion, target, err);
}

static int look_at_pods(const struct target *target, const struct rollouts *rollouts,
			struct promotion_facts *facts, struct steer *steer, struct err *err)
{
	const char *namespace = target->ref.namespace, *name = target->ref.name;
	CLEANUP(rollout_release) struct rollout seen = {0};

	if (!rollouts)
		return 0;
	facts->pods_known = true;
	facts->pods = rollouts_pods(rollouts, namespace, name, &facts->pod_count);
	facts->revisions = rollouts_revisions(rollouts, namespace, name, &facts->revision_count);
	if (!target->live)
		return 0;
	if (rollout_observe(target->live, facts->pods, facts->pod_count, NULL, facts->now_ms, &seen,
			    err) < 0)
		return err->class == ERR_NO_MEMORY ? -1 : 0; /* not to be judged: not settled */
	steer->seen = true;
	steer->stance = rollout_stance(&seen);
	steer->settled = rollout_is_settled(&seen);
	steer->failed = rollout_has_failed(&seen);
	(void)rollout_has_moved(&seen, &steer->mark);
	steer->rollout_reason = STEAL(seen.reason);
	return 0;
}

int steer_target(const struct app *app, struct target *target, const struct rollouts *rollouts,
		 bool undo, int64_t now_ms, struct steer *steer, struct err *err)
{
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);
	static const struct promotion_record nothing;
	CLEANUP(cJSON_Delete_p) cJSON *wanted = NULL;
	CLEANUP(free_p) char *digest = NULL;

	if (!is_statefulset(target))
		return 0;
	if (wanted_of(target, &wanted, err) < 0 ||
	    inventory_digest_desired(&target->ref, target->manifest->desired, &digest, err) < 0 ||
	    promotion_record_copy(entry ? &entry->rollout : &nothing, &steer->record, err) < 0)
		return -1;
	if (target->live)
		note_generation(&steer->record, target->live, now_ms);
	steer->is_remembered = app->owns;
	steer->git_unchanged = entry && strcmp(entry->desired, digest) == 0;
	struct promotion_facts facts = {
		.wanted = wanted,
		.live = target->live,
		.record = entry ? &steer->record : NULL,
		.wanted_digest = digest,
		.commit = app->fetched.snapshot.commit ? app->fetched.snapshot.commit : "",
		.git_unchanged = steer->git_unchanged,
		.client_side = !target->predicted,
		.replicas_from_git = app->replicas_from_git || undo,
		.now_ms = now_ms,
	};
	if (look_at_pods(target, rollouts, &facts, steer, err) < 0 ||
	    decide(&facts, target, steer, err) < 0)
		return -1;
	steer->wanted = STEAL(wanted);
	return 0;
}

/* --- what the verdict makes of the item ------------------------------------------------------- */

/* Has the object say what the live one does, where both have a number. */
static int yield(cJSON *object, const cJSON *live, const char *path, struct err *err)
{
	int64_t number;

	if (!json_at(object, path) || !json_int(live, path, &number))
		return 0;
	return json_set_int(object, path, number, err);
}

/* The changes between live and what Git's manifest would leave, apart from what is driven. */
static int other_changes(const struct steer *steer, const struct target *target,
			 struct changes *ret_changes, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *wanted = object_normalised(steer->wanted);
	CLEANUP(cJSON_Delete_p) cJSON *live = object_normalised(target->live);

	if (!wanted || !live)
		return err_no_memory(err);
	if ((steer->policy.step || steer->promotion.template) &&
	    yield(wanted, live, PARTITION, err) < 0)
		return -1;
	if ((steer->promotion.sets_replicas || steer->replicas_from_git) &&
	    yield(wanted, live, REPLICAS, err) < 0)
		return -1;
	return target_compare(target, wanted, live, ret_changes, err);
}

/*
 * Whether the item's changes are steps of a walk, a rollback, or replicas that are Git's, and nothing
 * else. Such a write is never drift, whoever wrote the live object last: an agent that was killed may
 * not have noted it.
 */
static int is_driven(const struct steer *steer, const struct target *target,
		     const struct plan_item *item, bool *ret_driven, struct err *err)
{
	CLEANUP(changes_release) struct changes changes = {0};

	const struct promotion *promotion = &steer->promotion;
	bool drives = steer->policy.step || steer->replicas_from_git || promotion->template ||
		      promotion->sets_partition || promotion->sets_replicas;

	*ret_driven = false;
	if (!drives || !target->live || item->changes.count == 0)
		return 0;
	if (other_changes(steer, target, &changes, err) < 0)
		return -1;
	*ret_driven = changes.count == 0;
	return 0;
}

/* Whether nothing but the partition moves, on the way to where Git had it before. */
static bool is_on_its_way(const struct steer *steer, const struct plan_item *item)
{
	return steer->git_unchanged && item->changes.count == 1 &&
	       strcmp(item->changes.items[0].path, PARTITION) == 0;
}

static int add_notes(const struct steer *steer, struct plan_item *item, struct err *err)
{
	const struct promotion *promotion = &steer->promotion;

	/* Its reason tells how to help oneself, where that is asked of us. */
	bool helps = promotion->unstick_pod && promotion->verdict != PROMOTION_ROLLED_BACK;
	if (helps && plan_item_note(item, err,
				    "%s blocks the rollout: it is evicted, and comes back on the "
				    "new template",
				    promotion->unstick_pod) < 0)
		return -1;
	if (promotion->reason && !helps && plan_item_note(item, err, "%s", promotion->reason) < 0)
		return -1;
	return promotion->drift ? plan_item_note(item, err, "%s", promotion->drift) : 0;
}

static int add_steps(const struct steer *steer, struct plan_item *item, struct err *err)
{
	const struct plan_steps *steps = &steer->steps;

	if (steps->count == 0)
		return 0;
	struct promotion_step *items = calloc(steps->count, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	memcpy(items, steps->items, steps->count * sizeof(*items));
	item->steps = *steps;
	item->steps.items = items;
	return 0;
}

/* Nothing else differs than the replicas that are kept: as drift, with Git's number. */
static int show_replicas(const struct steer *steer, const struct target *target,
			 struct plan_item *item, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *to = json_copy(item->to);

	if (!to)
		return err_no_memory(err);
	if (json_set_int(to, REPLICAS, json_int_or(steer->wanted, REPLICAS, 1), err) < 0)
		return -1;
	changes_release(&item->changes);
	item->changes = (struct changes){0};
	cJSON_Delete(item->to);
	item->to = STEAL(to);
	item->action = PLAN_DRIFT;
	return target_compare(target, item->to, item->from, &item->changes, err);
}

static enum plan_action action_at_rest(const struct promotion *promotion)
{
	if (promotion->verdict == PROMOTION_WALKING)
		return PLAN_WALK;
	return promotion->sets_partition || promotion->template ? PLAN_BLOCKED : PLAN_IN_SYNC;
}

bool steer_waits_for_drift(const struct steer *steer, const struct plan_item *item)
{
	return steer->decided && item->action == PLAN_DRIFT &&
	       steer->promotion.verdict == PROMOTION_WALKING;
}

int steer_item(const struct steer *steer, const struct target *target, struct plan_item *item,
	       bool *ret_write, struct err *err)
{
	const struct promotion *promotion = &steer->promotion;
	bool driven;

	*ret_write = plan_action_writes(item->action);
	if (!steer->decided)
		return 0;
	if (promotion->verdict == PROMOTION_REFUSED) {
		*ret_write = false;
		return err_set(err, ERR_INVALID, "%s", promotion->reason);
	}
	if (is_driven(steer, target, item, &driven, err) < 0 || add_notes(steer, item, err) < 0 ||
	    add_steps(steer, item, err) < 0)
		return -1;
	if (driven) {
		*ret_write = true;
		item->action = is_on_its_way(steer, item) ? PLAN_WALK : PLAN_REPLACE;
	} else if (item->action == PLAN_IN_SYNC) {
		item->action = action_at_rest(promotion);
		if (promotion->drift && item->action == PLAN_IN_SYNC)
			return show_replicas(steer, target, item, err);
	} else if (steer_waits_for_drift(steer, item)) {
		return plan_item_note(
			item, err,
			"its rollout waits: the next step would write what Git says over "
			"the drift");
	}
	return 0;
}

bool steer_is_as_git(const struct steer *steer)
{
	const struct promotion *promotion = &steer->promotion;

	return promotion->verdict == PROMOTION_AS_GIT && !promotion->sets_partition &&
	       !promotion->sets_replicas && !promotion->template;
}

void steer_take_answer(struct steer *steer, const struct target *target)
{
	if (steer->decided)
		note_numbers(steer, target_desired(target), target->written);
}

void steer_settle(struct steer *steer, const struct target *target)
{
	steer->written = target->result == TARGET_CREATED || target->result == TARGET_REPLACED ||
			 target->result == TARGET_RECREATED;
	steer->generation = generation_of(target->written ? target->written : target->live);
}

/* --- remembering ------------------------------------------------------------------------------ */

bool steer_applies(const struct steer *steer)
{
	return !steer->decided || steer->promotion.verdict != PROMOTION_BLOCKED;
}

int steer_record(const struct steer *steer, const struct target *target, int64_t now_ms,
		 struct inventory *inventory, bool *ret_changed, struct err *err)
{
	CLEANUP(promotion_record_release) struct promotion_record record = {0};
	const struct inventory_entry *known = inventory_find(inventory, &target->ref);

	if (!steer->decided || !known)
		return 0;
	if (promotion_record_copy(&steer->record, &record, err) < 0)
		return -1;
	note_generation(&record, target->written ? target->written : target->live, now_ms);
	if (promotion_record_equal(&record, &known->rollout))
		return 0;
	struct inventory_entry *entry = inventory_edit(inventory, &target->ref);
	promotion_record_release(&entry->rollout);
	entry->rollout = record;
	record = (struct promotion_record){0};
	*ret_changed = true;
	return 0;
}
