#include "diff/status.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)

int64_t standing_target(const struct standing *standing)
{
	const struct rollout *rollout = standing->rollout;

	/* What was rejected is nothing to walk to. */
	return standing->git_partition >= 0 && !rollout->rejection ? standing->git_partition
								   : rollout->target;
}

int64_t standing_bake_left_ms(const struct standing *standing, int64_t now_ms)
{
	int64_t left_ms = standing->rollout->bake_until_ms - now_ms;

	return left_ms > 0 ? left_ms : 0;
}

int64_t standing_deadline_left_ms(const struct standing *standing, int64_t now_ms)
{
	int64_t left_ms = standing->rollout->deadline_at_ms - now_ms;

	if (!standing->rollout->deadline_at_ms)
		return -1;
	return left_ms > 0 ? left_ms : 0;
}

int64_t standing_step_age_ms(const struct standing *standing, int64_t now_ms)
{
	if (!standing->record || !standing->record->step_since_ms)
		return -1;
	int64_t age_ms = now_ms - standing->record->step_since_ms;
	return age_ms > 0 ? age_ms : 0;
}

int64_t standing_suspended_age_ms(const struct standing *standing, int64_t now_ms)
{
	if (!standing->app || !standing->suspended_by)
		return -1;
	int64_t age_ms = now_ms - standing->suspended_ms;
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
		if (its_ms == 0)
			its_ms = tick_of_age(standing_suspended_age_ms(standing, status->now_ms));
		if (its_ms > 0 && (tick_ms == 0 || its_ms < tick_ms))
			tick_ms = its_ms;
	}
	return tick_ms;
}
