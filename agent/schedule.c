#include "agent/schedule.h"

#include <stdlib.h>
#include <uv.h>

struct schedule {
	uv_timer_t timer;
	struct {
		bool wanted;
		uint64_t at_ms; /* of the loop's clock */
	} kinds[SCHEDULE_KIND_COUNT],
		settled[SCHEDULE_KIND_COUNT]; /* what was asked for as the pass that runs began */
	bool runs;                            /* a pass does, from `start` to schedule_ended */
	void (*start)(void *context, enum schedule_kind kind);
	void *context;
};

static void arm(struct schedule *schedule);

static bool is_due(const struct schedule *schedule, enum schedule_kind kind)
{
	return schedule->kinds[kind].wanted &&
	       schedule->kinds[kind].at_ms <= uv_now(schedule->timer.loop);
}

static void on_timer(uv_timer_t *timer)
{
	struct schedule *schedule = timer->data;
	int kind = SCHEDULE_WHOLE;

	while (kind < SCHEDULE_KIND_COUNT && !is_due(schedule, (enum schedule_kind)kind))
		kind++;
	if (kind == SCHEDULE_KIND_COUNT) {
		arm(schedule); /* the timer was a moment early */
		return;
	}
	for (int other = 0; other < SCHEDULE_KIND_COUNT; other++) {
		schedule->settled[other] = schedule->kinds[other];
		if (kind == SCHEDULE_WHOLE || kind == other)
			schedule->kinds[other].wanted = false;
	}
	schedule->runs = true;
	schedule->start(schedule->context, (enum schedule_kind)kind);
}

static void arm(struct schedule *schedule)
{
	uint64_t now = uv_now(schedule->timer.loop), earliest = UINT64_MAX;

	if (schedule->runs)
		return;
	for (int kind = 0; kind < SCHEDULE_KIND_COUNT; kind++)
		if (schedule->kinds[kind].wanted && schedule->kinds[kind].at_ms < earliest)
			earliest = schedule->kinds[kind].at_ms;
	if (earliest != UINT64_MAX)
		uv_timer_start(&schedule->timer, on_timer, earliest > now ? earliest - now : 0, 0);
}

struct schedule *schedule_new(struct uv_loop_s *loop,
			      void (*start)(void *context, enum schedule_kind kind), void *context,
			      struct err *err)
{
	struct schedule *schedule = calloc(1, sizeof(*schedule));

	if (!schedule) {
		err_no_memory(err);
		return NULL;
	}
	schedule->start = start;
	schedule->context = context;
	uv_timer_init(loop, &schedule->timer);
	schedule->timer.data = schedule;
	return schedule;
}

static void on_closed(uv_handle_t *timer)
{
	free(timer->data);
}

void schedule_free(struct schedule *schedule)
{
	if (schedule)
		uv_close((uv_handle_t *)&schedule->timer, on_closed);
}

void schedule_request(struct schedule *schedule, enum schedule_kind kind, int64_t delay_ms)
{
	uv_update_time(schedule->timer.loop);
	uint64_t at_ms = uv_now(schedule->timer.loop) + (uint64_t)(delay_ms > 0 ? delay_ms : 0);

	if (schedule->kinds[kind].wanted && schedule->kinds[kind].at_ms <= at_ms)
		return;
	schedule->kinds[kind].wanted = true;
	schedule->kinds[kind].at_ms = at_ms;
	arm(schedule);
}

bool schedule_wants(const struct schedule *schedule, enum schedule_kind kind)
{
	return schedule->runs || schedule->kinds[kind].wanted;
}

int64_t schedule_overdue_ms(const struct schedule *schedule)
{
	uint64_t now = uv_now(schedule->timer.loop), earliest = now;

	for (int kind = 0; kind < SCHEDULE_KIND_COUNT && !schedule->runs; kind++)
		if (schedule->kinds[kind].wanted && schedule->kinds[kind].at_ms < earliest)
			earliest = schedule->kinds[kind].at_ms;
	return (int64_t)(now - earliest);
}

/* The kind is asked for then, unless it is sooner. */
static void ask_for(struct schedule *schedule, int kind, uint64_t at_ms)
{
	if (!schedule->kinds[kind].wanted || schedule->kinds[kind].at_ms > at_ms)
		schedule->kinds[kind].at_ms = at_ms;
	schedule->kinds[kind].wanted = true;
}

void schedule_keep_others(struct schedule *schedule)
{
	for (int kind = 0; kind < SCHEDULE_KIND_COUNT; kind++)
		if (kind != SCHEDULE_WHOLE && schedule->settled[kind].wanted)
			ask_for(schedule, kind, schedule->settled[kind].at_ms);
}

void schedule_defer(struct schedule *schedule, int64_t delay_ms)
{
	uint64_t earliest = uv_now(schedule->timer.loop) + (uint64_t)delay_ms;

	for (int kind = 0; kind < SCHEDULE_KIND_COUNT; kind++) {
		uint64_t at_ms = schedule->settled[kind].at_ms;

		if (schedule->settled[kind].wanted)
			ask_for(schedule, kind, at_ms > earliest ? at_ms : earliest);
	}
	schedule_ended(schedule);
}

void schedule_ended(struct schedule *schedule)
{
	schedule->runs = false;
	arm(schedule);
}
