#include "agent/drive.h"

#include <stdlib.h>
#include <string.h>

#include "agent/steer_words.h"

#define MIN_NEXT_MS      10   /* what time alone brings was not there a moment ago */
#define UNSTICK_RETRY_MS 5000 /* a disruption budget may have room by then */
#define UNSTICK_AGAIN_MS 100  /* the Pod changed while it was judged */
#define DIFFER_FIRST_MS  1000 /* the watch is behind, or ahead; doubles up to */
#define DIFFER_MAX_MS    60000

static void driven_release(struct driven *driven)
{
	free(driven->namespace);
	free(driven->name);
	free(driven->reason);
}

void drive_release(struct drive *drive)
{
	for (size_t i = 0; i < drive->count; i++)
		driven_release(&drive->items[i]);
	free(drive->items);
	*drive = (struct drive){0};
}

static struct driven *find(const struct drive *drive, const char *namespace, const char *name)
{
	for (size_t i = 0; i < drive->count; i++)
		if (strcmp(drive->items[i].name, name) == 0 &&
		    strcmp(drive->items[i].namespace, namespace) == 0)
			return &drive->items[i];
	return NULL;
}

static struct driven *add(struct drive *drive, const char *namespace, const char *name,
			  struct err *err)
{
	if (drive->count == drive->capacity) {
		size_t capacity = drive->capacity ? 2 * drive->capacity : 8;
		struct driven *items = reallocarray(drive->items, capacity, sizeof(*items));

		if (!items) {
			err_no_memory(err);
			return NULL;
		}
		drive->items = items;
		drive->capacity = capacity;
	}
	struct driven added = {
		.namespace = strdup(namespace), .name = strdup(name), .reason = strdup("")};
	if (!added.namespace || !added.name || !added.reason) {
		driven_release(&added);
		err_no_memory(err);
		return NULL;
	}
	drive->items[drive->count] = added;
	return &drive->items[drive->count++];
}

/* --- after a pass ----------------------------------------------------------------------------- */

static void call_within(struct drive *drive, int64_t delay_ms)
{
	if (delay_ms < MIN_NEXT_MS)
		delay_ms = MIN_NEXT_MS;
	if (drive->next_ms == 0 || delay_ms < drive->next_ms)
		drive->next_ms = delay_ms;
}

static void plan_next(struct drive *drive, const struct steer *steer)
{
	if (steer->promotion.recheck_ms > 0)
		call_within(drive, steer->promotion.recheck_ms);
	if (steer->unstuck && steer->unstick_result != UNSTICK_EVICTED)
		call_within(drive, steer->unstick_result == UNSTICK_CHANGED ? UNSTICK_AGAIN_MS
									    : UNSTICK_RETRY_MS);
}

/* How one stands that the pass steered; *ret_ending says how it has ended. */
static enum drive_state judge_steered(const struct steer *steer, const char **ret_ending)
{
	const struct promotion *promotion = &steer->promotion;
	bool still = !steer->written && !promotion->unstick_pod;

	switch (promotion->verdict) {
	case PROMOTION_STUCK: *ret_ending = "is stuck"; return still ? DRIVE_ENDED : DRIVE_GOES_ON;
	case PROMOTION_BLOCKED:
		*ret_ending = "is blocked";
		return still && steer->failed ? DRIVE_ENDED : DRIVE_GOES_ON;
	case PROMOTION_ROLLED_BACK:
		*ret_ending = "was rolled back";
		/* What nobody remembers would be begun again by the next pass. */
		return !steer->is_remembered || (still && (steer->settled || steer->failed))
			       ? DRIVE_ENDED
			       : DRIVE_GOES_ON;
	case PROMOTION_AS_GIT:
	case PROMOTION_HELD: return still && steer->settled ? DRIVE_ARRIVED : DRIVE_GOES_ON;
	case PROMOTION_WALKING:
	case PROMOTION_REFUSED: break;
	}
	return DRIVE_GOES_ON;
}

static int take(struct drive *drive, struct driven *driven, const struct steer *steer,
		struct err *err)
{
	const struct promotion *promotion = &steer->promotion;
	const struct policy *policy = &steer->policy;
	const char *why = promotion->reason ? promotion->reason : steer->rollout_reason;
	char *reason = strdup(why ? why : "");

	if (!reason)
		return err_no_memory(err);
	free(driven->reason);
	driven->reason = reason;
	driven->generation = steer->generation;
	driven->steered = true;
	driven->seen = steer->seen;
	driven->stance = steer->stance;
	driven->state = judge_steered(steer, &driven->ending);
	driven->pending =
		(promotion->verdict != PROMOTION_AS_GIT && promotion->verdict != PROMOTION_HELD) ||
		promotion->unstick_pod || policy->step || policy->rolls_back || policy->unsticks;
	plan_next(drive, steer);
	return 0;
}

static bool is_in_plan(const struct plan *plan, const struct driven *driven)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->file && ref_is(&item->ref, "apps", "StatefulSet") &&
		    strcmp(item->ref.name, driven->name) == 0 &&
		    strcmp(item->ref.namespace, driven->namespace) == 0)
			return true;
	}
	return false;
}

/* Those that left Git are nobody's to wait for. */
static void drop_others(struct drive *drive, const struct plan *plan)
{
	for (size_t i = drive->count; i-- > 0;) {
		if (is_in_plan(plan, &drive->items[i]))
			continue;
		driven_release(&drive->items[i]);
		drive->items[i] = drive->items[--drive->count];
	}
}

/* The generation of its StatefulSet that the watch has seen; 0: none. */
static int64_t watched_generation(const struct driven *driven, const struct rollouts *rollouts)
{
	return json_int_or(rollouts_statefulset(rollouts, driven->namespace, driven->name),
			   "metadata.generation", 0);
}

/* Whether the watch has a rollout whose moves count otherwise than the pass that judged it. */
static bool differs(const struct drive *drive, const struct driven *driven,
		    const struct rollouts *rollouts)
{
	bool counts = driven->pending ||
		      (drive->waits && driven->steered && driven->state == DRIVE_GOES_ON);
	const struct rollout *rollout = rollouts_find(rollouts, driven->namespace, driven->name);

	return counts && driven->seen && rollout &&
	       (watched_generation(driven, rollouts) < driven->generation ||
		!rollout_stance_equal(rollout_stance(rollout), driven->stance));
}

static void plan_another_look(struct drive *drive, const struct rollouts *rollouts)
{
	bool any = false;

	for (size_t i = 0; i < drive->count && rollouts; i++)
		any |= differs(drive, &drive->items[i], rollouts);
	drive->differ_ms = !any ? 0 : drive->differ_ms ? 2 * drive->differ_ms : DIFFER_FIRST_MS;
	if (drive->differ_ms > DIFFER_MAX_MS)
		drive->differ_ms = DIFFER_MAX_MS;
	if (any)
		call_within(drive, drive->differ_ms);
}

int drive_take(struct drive *drive, const struct pass *pass, const struct rollouts *rollouts,
	       struct err *err)
{
	const struct plan *plan = pass_plan(pass);

	drive->next_ms = 0;
	if (pass_looks_at_all(pass)) /* else nothing has left Git */
		drop_others(drive, plan);
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct steer *steer = pass_steer(pass, i);

		if (!item->file || !ref_is(&item->ref, "apps", "StatefulSet") ||
		    item->action == PLAN_FAILED)
			continue;
		struct driven *driven = find(drive, item->ref.namespace, item->ref.name);
		if (!driven && !(driven = add(drive, item->ref.namespace, item->ref.name, err)))
			return -1;
		if (!steer)
			driven->steered = driven->pending = false;
		else if (take(drive, driven, steer, err) < 0)
			return -1;
	}
	plan_another_look(drive, rollouts);
	return 0;
}

const struct driven *drive_find(const struct drive *drive, const struct rollout *rollout)
{
	return find(drive, rollout->namespace, rollout->name);
}

/* --- where the whole stands ------------------------------------------------------------------- */

/* One at rest, by the watch, if that has seen what the passes left. */
static enum drive_state judge_at_rest(const struct driven *driven, const struct rollouts *rollouts,
				      const char **ret_reason)
{
	const struct rollout *rollout = rollouts_find(rollouts, driven->namespace, driven->name);

	if (!rollout || watched_generation(driven, rollouts) < driven->generation)
		return DRIVE_GOES_ON;
	*ret_reason = rollout->reason;
	return rollout_has_failed(rollout)   ? DRIVE_ENDED
	       : rollout_is_settled(rollout) ? DRIVE_ARRIVED
					     : DRIVE_GOES_ON;
}

enum drive_state drive_judge(const struct drive *drive, const struct rollouts *rollouts,
			     bool timed_out,
			     void (*tell)(void *context, const char *name, const char *how),
			     void *context)
{
	enum drive_state whole = DRIVE_ARRIVED;

	for (size_t i = 0; i < drive->count; i++) {
		const struct driven *driven = &drive->items[i];
		CLEANUP(buf_release) struct buf how = BUF_INIT(8192);
		const char *reason = driven->reason;
		enum drive_state state =
			driven->steered ? driven->state : judge_at_rest(driven, rollouts, &reason);

		if (state == DRIVE_ENDED || whole == DRIVE_ARRIVED)
			whole = state;
		if (state == DRIVE_ARRIVED || (state == DRIVE_GOES_ON && !timed_out))
			continue;
		buf_printf(&how, "%s: %s",
			   state == DRIVE_GOES_ON ? "did not end in time"
			   : driven->steered      ? driven->ending
						  : "is stuck",
			   reason);
		tell(context, driven->name, buf_str(&how));
	}
	return whole;
}
