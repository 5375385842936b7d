#include "diff/status.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)

bool standing_walks(const struct standing *standing)
{
	const struct rollout *rollout = standing->rollout;

	if (rollout->on_delete || rollout->partition == 0)
		return false;
	return standing->git_partition >= 0 ? standing->git_partition < rollout->partition
					    : standing->policy.step > 0;
}

int64_t standing_bake_left_ms(const struct standing *standing, int64_t now_ms)
{
	const struct rollout *rollout = standing->rollout;
	int64_t left_ms = 0;

	if (standing->policy.bake_ms == 0 || !standing_walks(standing))
		return 0;
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		int64_t until_ms = pod->ready_since_ms + standing->policy.bake_ms;

		if (pod->condemned || pod->held)
			continue;
		if (!pod->updated || !pod->available || pod->ready_since_ms == 0)
			return -1;
		if (until_ms - now_ms > left_ms)
			left_ms = until_ms - now_ms;
	}
	/* A clock ahead of ours makes no bake longer than it is. */
	return left_ms < standing->policy.bake_ms ? left_ms : standing->policy.bake_ms;
}

int64_t standing_deadline_left_ms(const struct standing *standing, int64_t now_ms)
{
	enum rollout_phase phase = standing->rollout->phase;

	if ((phase != ROLLOUT_PROGRESSING && phase != ROLLOUT_SETTLING) || !standing->record ||
	    !standing->record->step_since_ms)
		return -1;
	int64_t left_ms = standing->record->step_since_ms + standing->policy.deadline_ms - now_ms;
	return left_ms > 0 ? left_ms : 0;
}

int64_t standing_step_age_ms(const struct standing *standing, int64_t now_ms)
{
	if (!standing->record || !standing->record->step_since_ms)
		return -1;
	int64_t age_ms = now_ms - standing->record->step_since_ms;
	return age_ms > 0 ? age_ms : 0;
}

/* Ages below an hour are shown with their seconds. */
static int64_t tick_of_age(int64_t age_ms)
{
	return age_ms < 0 ? 0 : age_ms < HOUR_MS ? SECOND_MS : MINUTE_MS;
}

int64_t status_tick_ms(const struct status *status)
{
	int64_t tick_ms = 0;

	for (size_t i = 0; i < status->count; i++) {
		const struct standing *standing = &status->items[i];
		int64_t its_ms = 0;

		if (standing_bake_left_ms(standing, status->now_ms) > 0 ||
		    standing_deadline_left_ms(standing, status->now_ms) >= 0)
			its_ms = SECOND_MS;
		else if (standing->rollout->phase != ROLLOUT_COMPLETE)
			its_ms = tick_of_age(standing_step_age_ms(standing, status->now_ms));
		if (its_ms > 0 && (tick_ms == 0 || its_ms < tick_ms))
			tick_ms = its_ms;
	}
	return tick_ms;
}
