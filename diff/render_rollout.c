#include "diff/render_rollout.h"

#include <inttypes.h>

#include "diff/duration.h"

size_t rollout_first_step_to_come(const struct plan_item *item)
{
	return plan_action_writes(item->action) && item->steps.count > 0 ? 1 : 0;
}

static int64_t size_of(const struct promotion_step *step)
{
	return step->last - step->first + 1;
}

/* The ordinals from `last` down to `first`, as lists of ordinals are written. */
static void print_descending(int64_t last, int64_t first, struct buf *out)
{
	if (last - first >= 2) {
		buf_printf(out, "%" PRId64 "..%" PRId64, last, first);
		return;
	}
	buf_printf(out, "%" PRId64, last);
	if (last > first)
		buf_printf(out, ", %" PRId64, first);
}

/* "then 3..0, one at a time, 1m of bake between: at the earliest done in 4m" */
static void print_steps(const struct plan_item *item, struct buf *out)
{
	const struct plan_steps *steps = &item->steps;
	size_t first = rollout_first_step_to_come(item);

	if (first >= steps->count)
		return;
	const struct promotion_step *next = &steps->items[first];
	buf_puts(out, first > 0 ? "then " : "takes ");
	print_descending(next->last, steps->items[steps->count - 1].first, out);
	if (steps->total > steps->count)
		buf_puts(out, " and so on");
	if (first + 1 < steps->total && size_of(next) == 1)
		buf_puts(out, ", one at a time");
	else if (first + 1 < steps->total)
		buf_printf(out, ", %" PRId64 " at a time", size_of(next));
	if (steps->bake_ms > 0 && steps->total > 1) {
		buf_puts(out, first + 1 < steps->total ? ", " : " after ");
		duration_print(steps->bake_ms, out);
		buf_puts(out, first + 1 < steps->total ? " of bake between" : " of bake");
	}
	if (steps->earliest_ms > 0) {
		buf_puts(out, ": at the earliest done in ");
		duration_print_age(steps->earliest_ms, out);
	}
}

/* The kept Pods that no step takes; those of `kept` are borrowed. */
static struct ordinals kept_for_good(const struct plan_item *item)
{
	struct ordinals kept = item->forecast.keeps;
	const struct plan_steps *steps = &item->steps;

	/* They ascend, and steps take them from above. */
	while (steps->count > 0 && kept.count > 0 &&
	       kept.items[kept.count - 1] >= steps->items[steps->count - 1].first)
		kept.count--;
	return kept;
}

static void print_part(const struct rollout_forecast *part, struct buf *out)
{
	size_t start = out->length;

	rollout_forecast_print(part, out);
	if (out->length > start)
		buf_puts(out, "; ");
}

void rollout_print_plan(const struct plan_item *item, struct buf *out)
{
	struct rollout_forecast now = item->forecast, kept = item->forecast;
	size_t start = out->length;

	now.keeps = (struct ordinals){0};
	kept.keeps = kept_for_good(item);
	kept.creates = kept.deletes = kept.replaces = (struct ordinals){0};
	if (item->has_forecast)
		print_part(&now, out);
	if (rollout_first_step_to_come(item) < item->steps.count) {
		print_steps(item, out);
		buf_puts(out, "; ");
	}
	if (item->has_forecast)
		print_part(&kept, out);
	if (out->length > start)
		buf_truncate(out, out->length - 2);
}
