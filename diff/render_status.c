#include "diff/render.h"

#include <inttypes.h>
#include <string.h>

#include "diff/duration.h"
#include "diff/render_pods.h"
#include "diff/render_row.h"
#include "diff/render_table.h"

#define SHORT_COMMIT 7
#define SECOND_MS    1000

/* --- what is waited for ---------------------------------------------------------------------- */

/* How long it takes yet: rounded up, so that a countdown ends at 1s. */
static void print_left(int64_t ms, struct buf *out)
{
	duration_print_age(ms + SECOND_MS - 1, out);
}

static void begin_clause(struct buf *out)
{
	if (out->length > 0)
		buf_puts(out, "; ");
}

/* "2m10s ago; 48s of bake left, then partition 2" */
static void print_step(const struct standing *standing, int64_t now_ms, struct buf *out)
{
	const struct rollout *rollout = standing->rollout;
	int64_t age_ms = standing_step_age_ms(standing, now_ms);
	int64_t deadline_ms = standing_deadline_left_ms(standing, now_ms);
	int64_t bake_ms = standing_bake_left_ms(standing, now_ms);

	if (rollout->phase == ROLLOUT_COMPLETE)
		return;
	if (age_ms >= 0) {
		duration_print_age(age_ms, out);
		buf_puts(out, " ago");
	}
	if (rollout->phase == ROLLOUT_STUCK && rollout->since_ms) {
		begin_clause(out);
		buf_puts(out, "stuck for ");
		duration_print_age(now_ms - rollout->since_ms, out);
	}
	if (deadline_ms > 0) {
		begin_clause(out);
		buf_puts(out, "deadline in ");
		print_left(deadline_ms, out);
	}
	if (bake_ms > 0) {
		begin_clause(out);
		print_left(bake_ms, out);
		buf_printf(out, " of bake left, then partition %" PRId64, rollout->next_partition);
	}
}

static bool was_rejected(const struct standing *standing)
{
	return standing->record && standing->record->rejected_digest &&
	       *standing->record->rejected_digest;
}

/* "3f2c1ab: web-4 on nginx:bad: ImagePullBackOff; back on web-6d4f8c7b9", the reason said once. */
static void print_rejected(const struct standing *standing, struct buf *out)
{
	const struct promotion_record *record = standing->record;
	const char *reason = record->rejected_reason ? record->rejected_reason : "";

	if (record->rejected_commit && *record->rejected_commit)
		buf_printf(out, "%.*s", SHORT_COMMIT, record->rejected_commit);
	if (*reason && !strstr(standing->rollout->reason, reason))
		buf_printf(out, ": %s", reason);
	if (record->good_revision && *record->good_revision)
		buf_printf(out, "; back on %s until Git changes", record->good_revision);
}

/* "shop is suspended by ann for 2m10s: restoring a backup" */
static void print_suspended(const struct standing *standing, int64_t now_ms, struct buf *out)
{
	int64_t age_ms = standing_suspended_age_ms(standing, now_ms);

	if (age_ms < 0)
		return;
	buf_printf(out, "%s is suspended by %s for ", standing->app, standing->suspended_by);
	duration_print_age(age_ms, out);
	if (standing->suspended_reason && *standing->suspended_reason)
		buf_printf(out, ": %s", standing->suspended_reason);
}

/* A labelled line; none where there is nothing to say. */
static void print_line(const char *label, enum style style, const struct buf *text,
		       const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf escaped = BUF_INIT(TABLE_MAX_CELL);

	buf_break_with(out, text);
	if (text->length == 0)
		return;
	style_escape(buf_str(text), text->length, &escaped);
	buf_break_with(out, &escaped);
	size_t used = row_print_label(label, options, out);
	style_begin(options, style, out);
	style_wrap(options, buf_str(&escaped), used, used, out);
	style_end(options, style, out);
	buf_putc(out, '\n');
}

static void print_lines(const struct standing *standing, const struct status *status,
			const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf step = BUF_INIT(TABLE_MAX_CELL);
	CLEANUP(buf_release) struct buf rejected = BUF_INIT(TABLE_MAX_CELL);
	CLEANUP(buf_release) struct buf git = BUF_INIT(TABLE_MAX_CELL);
	CLEANUP(buf_release) struct buf suspended = BUF_INIT(TABLE_MAX_CELL);

	print_step(standing, status->now_ms, &step);
	print_line("step", STYLE_PLAIN, &step, options, out);
	if (was_rejected(standing))
		print_rejected(standing, &rejected);
	print_line("rejected", STYLE_REMOVE, &rejected, options, out);
	if (!status->revision && standing->app && standing->applied && *standing->applied)
		buf_printf(&git, "%.*s, applied by %s", SHORT_COMMIT, standing->applied,
			   standing->app);
	print_line("git", STYLE_PLAIN, &git, options, out);
	print_suspended(standing, status->now_ms, &suspended);
	print_line("app", STYLE_WARN, &suspended, options, out);
}

/* --- a StatefulSet's first line -------------------------------------------------------------- */

static enum style phase_style(enum rollout_phase phase)
{
	switch (phase) {
	case ROLLOUT_COMPLETE:
	case ROLLOUT_CANARY: return STYLE_ADD;
	case ROLLOUT_STUCK:
	case ROLLOUT_ROLLED_BACK: return STYLE_REMOVE;
	case ROLLOUT_SETTLING:
	case ROLLOUT_PROGRESSING:
	case ROLLOUT_NO_EFFECT:
	case ROLLOUT_ON_DELETE:
	case ROLLOUT_HELD: break;
	}
	return STYLE_WARN;
}

enum { NAMESPACE, NAME, PHASE, READY, UPDATED, PARTITION, CURRENT, UPDATE, COLUMNS };

static const char *const headings[COLUMNS] = {
	[NAMESPACE] = "NAMESPACE", [NAME] = "NAME",       [PHASE] = "PHASE",
	[READY] = "READY",         [UPDATED] = "UPDATED", [PARTITION] = "PARTITION",
	[CURRENT] = "CURRENT",     [UPDATE] = "UPDATE",
};

static void print_partition(const struct standing *standing, struct buf *out)
{
	int64_t partition = standing->rollout->partition, target = standing_target(standing);

	buf_printf(out, "%" PRId64, partition);
	if (target != partition)
		buf_printf(out, " -> %" PRId64, target);
}

/* What a column says of a StatefulSet, in `cell`. */
static const char *print_column(const struct standing *standing, size_t column, struct buf *cell)
{
	const struct rollout *rollout = standing->rollout;

	buf_truncate(cell, 0);
	switch (column) {
	case NAMESPACE: return table_cell(rollout->namespace, cell);
	case NAME: return table_cell(rollout->name, cell);
	case PHASE: buf_puts(cell, rollout_phase_name(rollout->phase)); break;
	case READY:
		buf_printf(cell, "%zu/%" PRId64, rollout->ready_count, rollout->replicas);
		break;
	case UPDATED:
		buf_printf(cell, "%zu/%" PRId64, rollout->updated_count, rollout->replicas);
		break;
	case PARTITION: print_partition(standing, cell); break;
	case CURRENT: return table_cell(rollout->current_revision, cell);
	case UPDATE: return table_cell(rollout->update_revision, cell);
	}
	return buf_str(cell);
}

/* The columns that are shown: from `first` up to `end`. */
struct columns {
	struct table table;
	size_t first, end;
};

static bool has_several_namespaces(const struct status *status)
{
	for (size_t i = 1; i < status->count; i++) {
		if (strcmp(status->items[i].rollout->namespace,
			   status->items[0].rollout->namespace) != 0)
			return true;
	}
	return false;
}

/* On a narrow terminal the last ones are left out. The rest of the block says the same. */
static struct columns lay_out(const struct status *status, bool wide,
			      const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);
	struct columns columns = {.first = has_several_namespaces(status) ? NAMESPACE : NAME,
				  .end = wide ? COLUMNS : CURRENT};
	size_t used = 0;

	for (size_t column = columns.first; column < columns.end; column++) {
		table_measure(&columns.table, column, headings[column]);
		for (size_t i = 0; i < status->count; i++)
			table_measure(&columns.table, column,
				      print_column(&status->items[i], column, &cell));
		used += columns.table.widths[column] + 2;
		if (options->width > 0 && used > (size_t)options->width + 2 && column > PHASE)
			columns.end = column;
	}
	buf_break_with(out, &cell);
	return columns;
}

static void print_columns(const struct standing *standing, const struct columns *columns,
			  const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);

	for (size_t column = columns->first; column < columns->end; column++) {
		const char *text =
			standing ? print_column(standing, column, &cell) : headings[column];
		enum style style = !standing         ? STYLE_DIM
				   : column == NAME  ? STYLE_BOLD
				   : column == PHASE ? phase_style(standing->rollout->phase)
						     : STYLE_PLAIN;
		if (column + 1 < columns->end) {
			table_print(&columns->table, column, style, options, text, out);
		} else {
			style_begin(options, style, out);
			buf_puts(out, text);
			style_end(options, style, out);
			buf_putc(out, '\n');
		}
	}
	buf_break_with(out, &cell);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void print_reason(const struct rollout *rollout, const struct render_options *options,
			 struct buf *out)
{
	CLEANUP(buf_release) struct buf reason = BUF_INIT(TABLE_MAX_CELL);

	style_escape(rollout->reason, strlen(rollout->reason), &reason);
	buf_break_with(out, &reason);
	buf_puts(out, "  ");
	style_wrap(options, buf_str(&reason), 2, 2, out);
	buf_putc(out, '\n');
}

static void print_block(const struct standing *standing, const struct status *status, bool wide,
			const struct render_options *options, struct buf *out)
{
	const struct rollout *rollout = standing->rollout;

	print_reason(rollout, options, out);
	if (rollout->pod_count > 0)
		row_print(rollout, options, out);
	if (rollout->phase != ROLLOUT_COMPLETE)
		row_print_bar(rollout, options, out);
	print_lines(standing, status, options, out);
	if (wide && rollout->pod_count > 0)
		pods_print_table(rollout, status->now_ms, options, out);
	else
		pods_print_troubles(rollout, options, out);
}

static void print_legend(const struct status *status, struct buf *out)
{
	bool seen[LOOK_COUNT] = {false}, any = false;

	for (size_t i = 0; i < status->count; i++) {
		const struct rollout *rollout = status->items[i].rollout;
		for (size_t k = 0; k < rollout->pod_count; k++)
			seen[row_look(rollout, &rollout->pods[k])] = true;
	}
	for (size_t i = 0; i < LOOK_COUNT; i++) {
		if (!seen[i] || !look_words[i].meaning)
			continue;
		buf_printf(out, "%s%s %s", any ? ", " : "\n", look_words[i].mark,
			   look_words[i].meaning);
		any = true;
	}
	if (any)
		buf_putc(out, '\n');
}

/* "statefulset.apps/web", escaped, in `cell`. */
static const char *missing_name(const struct missing *missing, struct buf *cell)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(TABLE_MAX_CELL);

	ref_print(missing->ref, &name);
	buf_break_with(cell, &name);
	return table_cell(buf_str(&name), cell);
}

static void print_missing(const struct status *status, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);
	struct table table = {0};

	if (status->missing_count == 0)
		return;
	for (size_t i = 0; i < status->missing_count; i++)
		table_measure(&table, 0, missing_name(&status->missing[i], &cell));
	buf_puts(out, "\nnot in the cluster:\n");
	for (size_t i = 0; i < status->missing_count; i++) {
		const struct missing *missing = &status->missing[i];

		buf_puts(out, "  ");
		table_print(&table, 0, STYLE_WARN, options, missing_name(missing, &cell), out);
		table_cell(missing->file, &cell);
		if (missing->line > 0)
			buf_printf(&cell, ":%" PRIu32, missing->line);
		table_print_last(4 + table.widths[0], STYLE_PLAIN, options, buf_str(&cell), out);
	}
	buf_break_with(out, &cell);
}

/* Whether what the source says is what was applied last. */
static void print_revision(const struct status *status, struct buf *out)
{
	if (!status->revision || !*status->revision)
		return;
	buf_putc(out, '\n');
	style_escape(status->revision, strlen(status->revision), out);
	if (!status->applied)
		buf_putc(out, '\n');
	else if (!*status->applied)
		buf_puts(out, " is not applied yet\n");
	else if (strcmp(status->applied, status->commit) == 0)
		buf_puts(out, " is applied\n");
	else
		buf_printf(out, " is not applied yet: %.*s is\n", SHORT_COMMIT, status->applied);
}

void render_status_table(const struct status *status, bool wide,
			 const struct render_options *options, struct buf *out)
{
	struct columns columns = lay_out(status, wide, options, out);

	if (status->count == 0)
		buf_puts(out, "no StatefulSets\n");
	else
		print_columns(NULL, &columns, options, out);
	for (size_t i = 0; i < status->count; i++) {
		if (i > 0)
			buf_putc(out, '\n');
		print_columns(&status->items[i], &columns, options, out);
		print_block(&status->items[i], status, wide, options, out);
	}
	print_legend(status, out);
	print_missing(status, options, out);
	print_revision(status, out);
	if (status->trouble) {
		buf_putc(out, '\n');
		style_puts(options, STYLE_REMOVE, status->trouble, out);
		buf_putc(out, '\n');
	}
}

void render_status_line(const struct standing *standing, struct buf *out)
{
	const struct rollout *rollout = standing->rollout;

	buf_printf(out, "%s/%s %s, %zu/%" PRId64 " ready, %zu/%" PRId64 " updated, partition ",
		   rollout->namespace, rollout->name, rollout_phase_name(rollout->phase),
		   rollout->ready_count, rollout->replicas, rollout->updated_count,
		   rollout->replicas);
	print_partition(standing, out);
	buf_puts(out, ": ");
	style_escape(rollout->reason, strlen(rollout->reason), out);
}

void render_missing_line(const struct missing *missing, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);

	if (*missing->ref->namespace)
		buf_printf(out, "%s/", missing->ref->namespace);
	buf_printf(out, "%s is not in the cluster (", missing_name(missing, &cell));
	buf_printf(out, "%s:%" PRIu32 ")", table_cell(missing->file, &cell), missing->line);
	buf_break_with(out, &cell);
}
