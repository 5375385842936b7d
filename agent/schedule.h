/*
 * schedule.h - when the next pass begins, and of which kind.
 *
 * Whole passes, which look at the source and at all objects, passes over objects that somebody
 * changed, and passes over rollouts alone (pass.h), which drive them. Of several requests for one
 * kind the earliest counts. A pass that is due while another runs begins when that has ended; a
 * whole pass does the work of all. `start` may find that there is nothing to do: it calls
 * schedule_ended then.
 */
#ifndef AGENT_SCHEDULE_H
#define AGENT_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/err.h"

struct uv_loop_s;
struct schedule;

enum schedule_kind {
	SCHEDULE_WHOLE,
	SCHEDULE_OBJECTS,
	SCHEDULE_ROLLOUTS,
};
#define SCHEDULE_KIND_COUNT (SCHEDULE_ROLLOUTS + 1)

/* `start` begins a pass; it is called from the loop. NULL when memory runs out. */
struct schedule *schedule_new(struct uv_loop_s *loop,
			      void (*start)(void *context, enum schedule_kind kind), void *context,
			      struct err *err);

/* Nothing starts any more. The loop has to turn once more before it is closed. NULL is fine. */
void schedule_free(struct schedule *schedule);

/* Has a pass of the kind begin within `delay_ms`. */
void schedule_request(struct schedule *schedule, enum schedule_kind kind, int64_t delay_ms);

/* Whether a pass of the kind is asked for, or any runs. */
bool schedule_wants(const struct schedule *schedule, enum schedule_kind kind);

/* For how long a pass should have begun already, on the loop's clock; 0: none should. */
int64_t schedule_overdue_ms(const struct schedule *schedule);

/*
 * The pass that was begun as a whole one does not do the work of the others: what was asked for of
 * those before it began is still asked for.
 */
void schedule_keep_others(struct schedule *schedule);

/*
 * In place of schedule_ended, where `start` cannot begin the pass yet: all that it was to do is
 * asked for again, for after `delay_ms` or when it was due.
 */
void schedule_defer(struct schedule *schedule, int64_t delay_ms);

/* The pass that `start` began has ended. */
void schedule_ended(struct schedule *schedule);

#endif
