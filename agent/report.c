#include "agent/report.h"

#include <string.h>

#include "diff/duration.h"

#define MAX_CHANGES_SHOWN 8
#define MAX_NAMES_SHOWN   8

/* One change: "PATH OLD -> NEW", with a dash for nothing. */
static void print_change(const struct change *change, const cJSON *old, const cJSON *new,
			 struct buf *out)
{
	buf_printf(out, "%s ", change->path);
	if (old)
		change_print_value(change, old, out);
	else
		buf_putc(out, '-');
	buf_puts(out, " -> ");
	if (new)
		change_print_value(change, new, out);
	else
		buf_putc(out, '-');
}

/* Whether the n-th change and the next were made by one writer at one time. */
static bool is_made_with_next(const struct plan_item *item, size_t index)
{
	const struct culprit *mine = plan_item_culprit(item, index);
	const struct culprit *next = plan_item_culprit(item, index + 1);

	return mine && next && culprit_equal(mine, next) && strcmp(mine->time, next->time) == 0;
}

/* With `to_live` from what was applied to what is there, and who made it so. */
static void print_changes(const struct plan_item *item, bool to_live, struct buf *out)
{
	size_t count = item->changes.count;
	size_t shown = count > MAX_CHANGES_SHOWN ? MAX_CHANGES_SHOWN : count;

	for (size_t i = 0; i < shown; i++) {
		const struct change *change = &item->changes.items[i];
		const struct culprit *culprit = to_live ? plan_item_culprit(item, i) : NULL;

		buf_puts(out, i ? ", " : "");
		/* Of a secret no more is told than which is the earlier one. */
		bool flips = to_live && !(change->secret && change->op == CHANGE_REPLACE);
		print_change(change, flips ? change->to : change->from,
			     flips ? change->from : change->to, out);
		if (!culprit || (i + 1 < shown && is_made_with_next(item, i)))
			continue;
		buf_putc(out, ' ');
		culprit_print(culprit, out);
	}
	if (count > shown)
		buf_printf(out, ", and %zu more", count - shown);
}

static void report_deleted(const struct target *target, struct buf *out)
{
	const char *separator = "; the deletion waits for finalizers: ";
	const cJSON *finalizer;

	buf_puts(out, "pruned");
	json_each (finalizer, json_at(target->written, "metadata.finalizers")) {
		buf_printf(out, "%s%s", separator,
			   cJSON_IsString(finalizer) ? finalizer->valuestring : "");
		separator = ", ";
	}
}

void report_written(const struct plan_item *item, const struct target *target, struct buf *out)
{
	switch (target->result) {
	case TARGET_CREATED: buf_puts(out, "created"); break;
	case TARGET_REPLACED:
		buf_puts(out, "replaced: ");
		print_changes(item, false, out);
		break;
	case TARGET_RECREATED:
		buf_puts(out, "recreated: ");
		print_changes(item, false, out);
		break;
	case TARGET_UNCHANGED: buf_puts(out, "unchanged"); break;
	case TARGET_DELETED: report_deleted(target, out); break;
	case TARGET_NONE: buf_puts(out, "not written"); break;
	}
}

void report_drift(const struct plan_item *item, struct buf *out)
{
	if (!item->from)
		buf_puts(out, "deleted");
	else
		print_changes(item, true, out);
}

void report_drift_fate(const struct plan_item *item, struct buf *out)
{
	if (item->action != PLAN_DRIFT) {
		buf_puts(out, "put back");
	} else if (item->undo_in_ms > 0) {
		buf_puts(out, "put back in ");
		duration_print(item->undo_in_ms, out);
	} else {
		buf_puts(out, "left alone (--self-heal undoes it)");
	}
}

void report_item_drift(const struct plan_item *item, const struct steer *steer, struct buf *out)
{
	const char *kept = steer ? steer->promotion.drift : NULL;

	if (item->action != PLAN_DRIFT && !kept)
		return;
	if (item->action == PLAN_DRIFT)
		report_drift(item, out);
	else
		buf_printf(out, "spec.replicas %lld -> %lld", (long long)steer->record.replicas,
			   (long long)steer->promotion.replicas);
	buf_puts(out, "; ");
	if (kept)
		buf_puts(out, kept);
	else
		report_drift_fate(item, out);
	if (steer && steer_waits_for_drift(steer, item))
		buf_puts(out, "; its rollout waits for that");
}

void report_place(const struct plan_item *item, struct buf *out)
{
	if (item->file)
		buf_printf(out, "%s:%u: ", item->file, item->mark.line);
}

/* Why an object that left Git stays; NULL for other items. */
static const char *reason_of(const struct plan_item *item)
{
	return !item->file && (item->action == PLAN_ORPHAN || item->action == PLAN_BLOCKED) &&
			       item->note_count
		       ? item->notes[0]
		       : NULL;
}

/* The names of the items with this reason from `first` on; nothing if an earlier one has it. */
static void print_left(const struct plan *plan, size_t first, const char *reason, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const char *other = reason_of(&plan->items[i]);

		if (!other || strcmp(other, reason) != 0)
			continue;
		if (i < first)
			return;
		if (count++ < MAX_NAMES_SHOWN) {
			buf_puts(out, count > 1 ? ", " : "");
			ref_print(&plan->items[i].ref, out);
		}
	}
	if (count > MAX_NAMES_SHOWN)
		buf_printf(out, " and %zu more", count - MAX_NAMES_SHOWN);
}

void report_left(const struct plan *plan,
		 void (*tell)(void *context, const char *reason, const char *line), void *context)
{
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf line = BUF_INIT(65536);
		const char *reason = reason_of(&plan->items[i]);

		if (reason)
			print_left(plan, i, reason, &line);
		if (line.length == 0)
			continue;
		buf_printf(&line, " left Git, %s", reason);
		tell(context, reason, buf_str(&line));
	}
}

void report_key(const struct ref *ref, struct buf *out)
{
	if (*ref->namespace)
		buf_printf(out, "%s/", ref->namespace);
	ref_print(ref, out);
}
