#include "diff/rollout_phase.h"

#include <inttypes.h>

#include "diff/rollout_words.h"

static const struct promotion_record no_record;

/* --- deadlines -------------------------------------------------------------------------------- */

/* The last moment at which something is known to have happened to a Pod. */
static int64_t last_event_ms(const struct rollout *rollout)
{
	int64_t last_ms = 0;

	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		const int64_t events[] = {pod->created_ms, pod->ready_since_ms,
					  pod->waiting_since_ms};

		for (size_t k = 0; k < sizeof(events) / sizeof(*events); k++) {
			if (events[k] > last_ms)
				last_ms = events[k];
		}
	}
	return last_ms;
}

/*
 * Since when a Pod that is missing should be there: nothing says so but the last write of a step and
 * what its neighbours did. While the controller has not yet counted that it is missing it is just
 * being made anew.
 */
static int64_t missing_since_ms(const struct rollout *rollout, const cJSON *statefulset,
				const struct promotion_record *record)
{
	int64_t last_ms = last_event_ms(rollout);
	int64_t existing = 0;

	for (size_t i = 0; i < rollout->pod_count; i++)
		existing += rollout->pods[i].exists;
	if (record->step_since_ms == 0 ||
	    json_int_or(statefulset, "status.replicas", 0) != existing)
		return 0;
	return last_ms > record->step_since_ms ? last_ms : record->step_since_ms;
}

/* The Pod whose deadline counts: the one that the controller waits for, else one that has to be well. */
static const struct rollout_pod *awaited_pod(const struct rollout *rollout,
					     struct rollout_step step)
{
	if (step.kind == STEP_WAIT && step.pod->waiting_since_ms)
		return step.pod;
	if (step.kind == STEP_CREATE)
		return step.pod;
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (rollout_has_to_be_available(pod) && pod->waiting_since_ms && pod->updated)
			return pod;
	}
	return NULL;
}

/* --- phases ----------------------------------------------------------------------------------- */

struct judgement {
	struct rollout *rollout;
	const cJSON *statefulset;
	const struct promotion_record *record;
	int64_t now_ms;
	struct rollout_step step;
	const struct rollout_pod *awaited; /* NULL: no deadline runs */
	int64_t awaited_since_ms;
	struct buf *reason;
};

/* When the Pod that has been waited for since then is over its deadline; 0: never. */
static int64_t deadline_of(const struct judgement *judgement, int64_t since_ms)
{
	return since_ms ? since_ms + judgement->rollout->policy.deadline_ms : 0;
}

static bool is_overdue(const struct judgement *judgement, int64_t since_ms)
{
	return since_ms && deadline_of(judgement, since_ms) <= judgement->now_ms;
}

static void set_stuck(const struct judgement *judgement, const struct rollout_pod *pod)
{
	struct rollout *rollout = judgement->rollout;

	rollout->phase = ROLLOUT_STUCK;
	rollout->stuck_pod = pod->name;
	rollout->since_ms = pod->exists ? pod->waiting_since_ms : judgement->awaited_since_ms;
	rollout->stuck_for_good = is_overdue(judgement, rollout->since_ms) ||
				  (pod->trouble && !pod->trouble_may_pass);
	if (!rollout->stuck_for_good)
		rollout->deadline_at_ms = deadline_of(judgement, rollout->since_ms);
	rollout_explain_stuck(rollout, pod, judgement->reason);
}

static void set_progressing(const struct judgement *judgement)
{
	struct rollout *rollout = judgement->rollout;
	const struct rollout_pod *pod = judgement->step.pod;

	rollout->phase = ROLLOUT_PROGRESSING;
	if (!pod || !pod->exists)
		rollout->since_ms = judgement->record->step_since_ms;
	else
		rollout->since_ms =
			pod->waiting_since_ms ? pod->waiting_since_ms : pod->ready_since_ms;
	/* The end of a grace that is not over yet says nothing of when it began. */
	if (rollout->since_ms > judgement->now_ms)
		rollout->since_ms = 0;
	rollout->deadline_at_ms = deadline_of(judgement, judgement->awaited_since_ms);
	rollout_explain_progress(rollout, judgement->step, judgement->reason);
}

/* The updated Pod that became well last; NULL: none is. */
static const struct rollout_pod *youngest_updated(const struct rollout *rollout)
{
	const struct rollout_pod *youngest = NULL;

	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (!pod->condemned && pod->updated && pod->available &&
		    (!youngest || pod->ready_since_ms > youngest->ready_since_ms))
			youngest = pod;
	}
	return youngest;
}

/* Whether Git's partition, as far as is known, is further down than the live one. */
static bool is_walking(const struct rollout *rollout)
{
	return rollout->target < rollout->partition && rollout->target < rollout->replicas &&
	       !rollout->policy.holds;
}

/* Between two steps of a walk: all that the update has reached is well. */
static void set_between_steps(const struct judgement *judgement)
{
	struct rollout *rollout = judgement->rollout;
	const struct rollout_pod *pod = youngest_updated(rollout);

	rollout->phase = ROLLOUT_PROGRESSING;
	rollout->since_ms = pod ? pod->ready_since_ms : judgement->record->step_since_ms;
	if (pod)
		rollout->bake_until_ms = rollout_bake_until_ms(pod, &rollout->policy);
	rollout_explain_between_steps(rollout, pod, judgement->now_ms, judgement->reason);
}

/* Everything that was to happen has happened. */
static void set_settled(const struct judgement *judgement)
{
	struct rollout *rollout = judgement->rollout;
	const struct rollout_pod *youngest = youngest_updated(rollout);

	rollout->since_ms = youngest ? youngest->ready_since_ms : 0;
	if (rollout->updated_count == (size_t)rollout->replicas) {
		rollout->phase = ROLLOUT_COMPLETE;
		rollout_explain_complete(rollout, judgement->reason);
	} else if (rollout->on_delete) {
		rollout->phase = ROLLOUT_ON_DELETE;
		rollout_explain_on_delete(rollout, judgement->reason);
	} else if (is_walking(rollout)) {
		set_between_steps(judgement);
	} else {
		bool no_effect = rollout->updated_count == 0;

		rollout->phase = rollout->policy.holds ? ROLLOUT_HELD
				 : no_effect           ? ROLLOUT_NO_EFFECT
						       : ROLLOUT_CANARY;
		if (no_effect)
			rollout_explain_no_effect(rollout, judgement->reason);
		else
			rollout_explain_canary(rollout, judgement->reason);
		if (rollout->policy.holds)
			rollout_explain_hold(rollout, judgement->reason);
	}
}

static void judge_update(const struct judgement *judgement)
{
	struct rollout *rollout = judgement->rollout;
	const cJSON *statefulset = judgement->statefulset;
	int64_t generation = json_int_or(statefulset, "metadata.generation", 0);
	int64_t observed = json_int_or(statefulset, "status.observedGeneration", -1);
	const struct rollout_pod *stuck = rollout_stuck_pod(rollout, judgement->step);

	if (json_at(statefulset, "metadata.deletionTimestamp")) {
		rollout->phase = ROLLOUT_PROGRESSING;
		buf_puts(judgement->reason, "the StatefulSet is being deleted");
	} else if (observed < generation || !*rollout->update_revision) {
		rollout->phase = ROLLOUT_SETTLING;
		buf_printf(judgement->reason,
			   "the controller has not seen generation %" PRId64 " yet", generation);
	} else if (!rollout_highest_work(rollout)) {
		set_settled(judgement);
	} else if (stuck) {
		set_stuck(judgement, stuck);
	} else if (is_overdue(judgement, judgement->awaited_since_ms)) {
		set_stuck(judgement, judgement->awaited);
	} else {
		set_progressing(judgement);
	}
}

/* --- walks and rollbacks ---------------------------------------------------------------------- */

/* Only what is still on its way down is a walk; Git's partition is not what a rollback goes by. */
static void set_walk(struct rollout *rollout, const struct promotion_record *record)
{
	rollout->target = rollout->next_partition = rollout->partition;
	if (!record->has_partition || rollout->on_delete || rollout->rejection)
		return;
	rollout->target = record->partition;
	if (is_walking(rollout))
		rollout->next_partition = policy_next_partition(
			&rollout->policy, rollout->replicas, rollout->partition, rollout->target);
}

/* What became of a rollback, in front of the reason that is there. */
static void judge_rollback(const struct judgement *judgement)
{
	CLEANUP(buf_release) struct buf now = BUF_INIT(judgement->reason->max_length);
	struct rollout *rollout = judgement->rollout;

	if (rollout_is_settled(rollout))
		rollout->phase = ROLLOUT_ROLLED_BACK;
	buf_puts(&now, buf_str(judgement->reason));
	buf_break_with(judgement->reason, &now);
	buf_truncate(judgement->reason, 0);
	rollout_explain_rollback(rollout, buf_str(&now), judgement->reason);
}

/* How long until the moment, if that is sooner than what else time will change. */
static void recheck_at(struct rollout *rollout, int64_t moment_ms, int64_t now_ms)
{
	int64_t wait_ms = moment_ms - now_ms;

	if (moment_ms && wait_ms > 0 && (rollout->recheck_ms == 0 || wait_ms < rollout->recheck_ms))
		rollout->recheck_ms = wait_ms;
}

void rollout_judge(struct rollout *rollout, const cJSON *statefulset,
		   const struct promotion_record *record, int64_t now_ms, struct buf *reason)
{
	struct judgement judgement = {
		.rollout = rollout,
		.statefulset = statefulset,
		.record = record ? record : &no_record,
		.now_ms = now_ms,
		.step = rollout_next_step(rollout),
		.reason = reason,
	};

	judgement.awaited = awaited_pod(rollout, judgement.step);
	if (judgement.awaited)
		judgement.awaited_since_ms =
			judgement.awaited->exists
				? judgement.awaited->waiting_since_ms
				: missing_since_ms(rollout, statefulset, judgement.record);
	set_walk(rollout, judgement.record);
	judge_update(&judgement);
	if (rollout->rejection)
		judge_rollback(&judgement);
	recheck_at(rollout, rollout->bake_until_ms, now_ms);
	recheck_at(rollout, rollout->deadline_at_ms, now_ms);
}
