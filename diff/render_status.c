#include "diff/render.h"

#include <inttypes.h>
#include <string.h>

#include "diff/render_style.h"

#define MAX_CELL    (1024u * 1024)
#define MIN_RUN     5  /* so many ordinals in the same state are drawn as "0..4" */
#define MIN_COLUMNS 24 /* that a last column gets however narrow the terminal is */

/* --- Pods ------------------------------------------------------------------------------------ */

/* What a Pod looks like in the row of ordinals. */
enum look { LOOK_PLAIN, LOOK_UPDATED, LOOK_MOVING, LOOK_TROUBLE, LOOK_LEAVING };

static const struct {
	const char *mark;
	enum style style;
	const char *meaning;
} looks[] = {
	[LOOK_PLAIN] = {"", STYLE_PLAIN, NULL},
	[LOOK_UPDATED] = {"+", STYLE_ADD, "updated"},
	[LOOK_MOVING] = {"~", STYLE_WARN, "on its way"},
	[LOOK_TROUBLE] = {"!", STYLE_REMOVE, "in trouble"},
	[LOOK_LEAVING] = {"-", STYLE_WARN, "to be deleted"},
};

#define LOOK_COUNT (sizeof(looks) / sizeof(*looks))

/* When nothing tells Pods apart, "updated" is said of none of them. */
static bool has_two_revisions(const struct rollout *rollout)
{
	return rollout->updated_count < (size_t)rollout->replicas;
}

static enum look look_of(const struct rollout *rollout, const struct rollout_pod *pod)
{
	if (pod->trouble)
		return LOOK_TROUBLE;
	if (pod->condemned)
		return LOOK_LEAVING;
	if (!pod->available)
		return LOOK_MOVING;
	return pod->updated && has_two_revisions(rollout) ? LOOK_UPDATED : LOOK_PLAIN;
}

static bool is_to_be_replaced(const struct rollout *rollout, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->held && !pod->updated && !pod->terminating &&
	       !rollout->on_delete;
}

/* On the old revision, because the partition is above it. */
static bool is_held_back(const struct rollout *rollout, const struct rollout_pod *pod)
{
	return pod->exists && pod->held && !pod->updated && !pod->condemned && !pod->terminating &&
	       has_two_revisions(rollout);
}

static void print_state(const struct rollout *rollout, const struct rollout_pod *pod,
			struct buf *out)
{
	if (!pod->exists)
		buf_puts(out, "missing");
	else if (pod->terminating)
		buf_puts(out, "terminating");
	else if (pod->trouble)
		style_escape(pod->trouble, strlen(pod->trouble), out);
	else if (!pod->ready)
		buf_puts(out, "not ready");
	else
		buf_puts(out, pod->available ? "ready" : "ready, not yet available");
	if (pod->condemned && !pod->terminating)
		buf_puts(out, ", to be deleted");
	if (is_to_be_replaced(rollout, pod))
		buf_puts(out, ", to be replaced");
	if (is_held_back(rollout, pod))
		buf_puts(out, ", held");
}

/* The hash of "web-6d4f8c7b9", "-" for none. */
static const char *short_revision(const struct rollout *rollout, const struct rollout_pod *pod)
{
	size_t length = strlen(rollout->name);

	if (strncmp(pod->revision, rollout->name, length) == 0 && pod->revision[length] == '-')
		return pod->revision + length + 1;
	return *pod->revision ? pod->revision : "-";
}

/* --- the row of ordinals --------------------------------------------------------------------- */

/* How many Pods from the first on look the same, stand on one side and follow each other. */
static size_t run_of_looks(const struct rollout *rollout, size_t first)
{
	const struct rollout_pod *pods = rollout->pods;
	size_t end = first + 1;

	while (end < rollout->pod_count && pods[end].ordinal == pods[end - 1].ordinal + 1 &&
	       look_of(rollout, &pods[end]) == look_of(rollout, &pods[first]) &&
	       pods[end].held == pods[first].held && pods[end].condemned == pods[first].condemned)
		end++;
	return end - first;
}

static void print_ordinals(const struct rollout *rollout, const struct rollout_pod *first,
			   const struct rollout_pod *last, struct buf *out)
{
	buf_truncate(out, 0);
	buf_printf(out, "%" PRId64, first->ordinal);
	if (last != first)
		buf_printf(out, "..%" PRId64, last->ordinal);
	buf_puts(out, looks[look_of(rollout, first)].mark);
}

/* "0 1 | 2 3~ 4+": held ordinals, the partition, the others. Wrapped at the width. */
static void print_row(const struct rollout *rollout, const struct render_options *options,
		      struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_CELL);
	static const char label[] = "  pods  ";
	size_t used = strlen(label);

	buf_puts(out, label);
	for (size_t i = 0; i < rollout->pod_count;) {
		const struct rollout_pod *first = &rollout->pods[i];
		bool at_partition = i > 0 && first[-1].held && !first->held;
		size_t length = run_of_looks(rollout, i);
		size_t shown = length >= MIN_RUN ? length : 1;

		print_ordinals(rollout, first, first + shown - 1, &text);
		size_t columns = 1 + (at_partition ? 2 : 0) + text.length;
		if (options->width > 0 && used + columns > (size_t)options->width &&
		    used > strlen(label)) {
			buf_putc(out, '\n');
			buf_fill(out, ' ', strlen(label));
			used = strlen(label);
		}
		if (at_partition)
			style_puts(options, STYLE_PLACE, " |", out);
		buf_putc(out, ' ');
		style_puts(options, looks[look_of(rollout, first)].style, buf_str(&text), out);
		used += columns;
		i += shown;
	}
	if (rollout->pods[rollout->pod_count - 1].held)
		style_puts(options, STYLE_PLACE, " |", out);
	buf_putc(out, '\n');
	buf_break_with(out, &text);
}

static void print_legend(const struct rollout *rollouts, size_t count, struct buf *out)
{
	bool seen[LOOK_COUNT] = {false}, any = false;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < rollouts[i].pod_count; k++)
			seen[look_of(&rollouts[i], &rollouts[i].pods[k])] = true;
	}
	for (size_t i = 0; i < LOOK_COUNT; i++) {
		if (!seen[i] || !looks[i].meaning)
			continue;
		buf_printf(out, "%s%s %s", any ? ", " : "\n", looks[i].mark, looks[i].meaning);
		any = true;
	}
	if (any)
		buf_putc(out, '\n');
}

/* --- tables ---------------------------------------------------------------------------------- */

#define COLUMNS 6

/* Rows of escaped cells are measured first and printed later; both go through this. */
struct table {
	size_t widths[COLUMNS];
};

static void measure(struct table *table, size_t column, const char *cell)
{
	size_t columns = style_columns(cell, strlen(cell));

	if (columns > table->widths[column])
		table->widths[column] = columns;
}

static void print_cell(const struct table *table, size_t column, enum style style,
		       const struct render_options *options, const char *cell, struct buf *out)
{
	style_begin(options, style, out);
	buf_puts(out, cell);
	style_end(options, style, out);
	buf_fill(out, ' ', table->widths[column] - style_columns(cell, strlen(cell)) + 2);
}

/* The last cell of a row: cut where the terminal ends. */
static void print_last(size_t used, enum style style, const struct render_options *options,
		       const char *cell, struct buf *out)
{
	size_t columns = style_columns(cell, strlen(cell));

	if (options->width > 0 && used + columns > (size_t)options->width)
		columns = (size_t)options->width > used + MIN_COLUMNS
				  ? (size_t)options->width - used
				  : MIN_COLUMNS;
	style_begin(options, style, out);
	style_cut_end(cell, columns, out);
	style_end(options, style, out);
	buf_putc(out, '\n');
}

/* The escaped text of a cell, in a buffer that is reused. */
static const char *cell_of(const char *text, struct buf *cell)
{
	buf_truncate(cell, 0);
	style_escape(text, strlen(text), cell);
	return buf_str(cell);
}

static void print_pods(const struct rollout *rollout, const struct render_options *options,
		       struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(MAX_CELL);
	struct table table = {{strlen("POD"), strlen("REVISION"), strlen("IMAGE")}};

	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		measure(&table, 0, cell_of(pod->name, &cell));
		measure(&table, 1, cell_of(short_revision(rollout, pod), &cell));
		measure(&table, 2, cell_of(*pod->images ? pod->images : "-", &cell));
	}
	size_t used = 2 + table.widths[0] + table.widths[1] + table.widths[2] + 6;
	buf_puts(out, "\n  ");
	print_cell(&table, 0, STYLE_PLAIN, options, "POD", out);
	print_cell(&table, 1, STYLE_PLAIN, options, "REVISION", out);
	print_cell(&table, 2, STYLE_PLAIN, options, "IMAGE", out);
	buf_puts(out, "STATE\n");
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		enum style style = looks[look_of(rollout, pod)].style;

		if (i > 0 && rollout->pods[i - 1].held && !pod->held) {
			buf_truncate(&cell, 0);
			buf_printf(&cell, "-- partition %" PRId64 " --", rollout->partition);
			buf_puts(out, "  ");
			style_puts(options, STYLE_PLACE, buf_str(&cell), out);
			buf_putc(out, '\n');
		}
		buf_puts(out, "  ");
		print_cell(&table, 0, STYLE_PLAIN, options, cell_of(pod->name, &cell), out);
		print_cell(&table, 1, STYLE_PLAIN, options,
			   cell_of(short_revision(rollout, pod), &cell), out);
		print_cell(&table, 2, STYLE_PLAIN, options,
			   cell_of(*pod->images ? pod->images : "-", &cell), out);
		buf_truncate(&cell, 0);
		print_state(rollout, pod, &cell);
		print_last(used, style, options, buf_str(&cell), out);
	}
	buf_break_with(out, &cell);
}

/* --- StatefulSets ---------------------------------------------------------------------------- */

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

enum { NAMESPACE, NAME, PHASE, READY, UPDATED, PARTITION };

static const char *const headings[COLUMNS] = {
	[NAMESPACE] = "NAMESPACE", [NAME] = "NAME",       [PHASE] = "PHASE",
	[READY] = "READY",         [UPDATED] = "UPDATED", [PARTITION] = "PARTITION",
};

/* What a column says of a StatefulSet, in `cell`. */
static const char *print_column(const struct rollout *rollout, size_t column, struct buf *cell)
{
	buf_truncate(cell, 0);
	switch (column) {
	case NAMESPACE: return cell_of(rollout->namespace, cell);
	case NAME: return cell_of(rollout->name, cell);
	case PHASE: buf_puts(cell, rollout_phase_name(rollout->phase)); break;
	case READY:
		buf_printf(cell, "%zu/%" PRId64, rollout->ready_count, rollout->replicas);
		break;
	case UPDATED:
		buf_printf(cell, "%zu/%" PRId64, rollout->updated_count, rollout->replicas);
		break;
	case PARTITION: buf_printf(cell, "%" PRId64, rollout->partition); break;
	}
	return buf_str(cell);
}

static void print_images(const struct rollout *rollout, const struct render_options *options,
			 struct buf *out)
{
	bool two = has_two_revisions(rollout) && *rollout->current_images &&
		   strcmp(rollout->current_images, rollout->update_images) != 0;

	buf_puts(out, "  image  ");
	if (two) {
		style_puts(options, STYLE_PLAIN, rollout->current_images, out);
		buf_puts(out, " -> ");
	}
	style_puts(options, two ? STYLE_ADD : STYLE_PLAIN, rollout->update_images, out);
	buf_putc(out, '\n');
}

static void print_rollout(const struct rollout *rollout, const struct table *table,
			  size_t first_column, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(MAX_CELL);

	for (size_t column = first_column; column < COLUMNS; column++) {
		const char *text = print_column(rollout, column, &cell);
		enum style style = column == NAME    ? STYLE_BOLD
				   : column == PHASE ? phase_style(rollout->phase)
						     : STYLE_PLAIN;
		if (column < COLUMNS - 1)
			print_cell(table, column, style, options, text, out);
		else
			buf_printf(out, "%s\n", text);
	}
	buf_break_with(out, &cell);
	buf_puts(out, "  ");
	style_escape(rollout->reason, strlen(rollout->reason), out);
	buf_putc(out, '\n');
	if (rollout->pod_count == 0)
		return;
	print_images(rollout, options, out);
	print_row(rollout, options, out);
	print_pods(rollout, options, out);
}

static bool has_several_namespaces(const struct rollout *rollouts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (strcmp(rollouts[i].namespace, rollouts[0].namespace) != 0)
			return true;
	}
	return false;
}

void render_status_table(const struct rollout *rollouts, size_t count,
			 const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(MAX_CELL);
	size_t first = has_several_namespaces(rollouts, count) ? NAMESPACE : NAME;
	struct table table = {0};

	if (count == 0) {
		buf_puts(out, "no StatefulSets\n");
		return;
	}
	for (size_t column = first; column < COLUMNS; column++) {
		measure(&table, column, headings[column]);
		for (size_t i = 0; i < count; i++)
			measure(&table, column, print_column(&rollouts[i], column, &cell));
	}
	buf_break_with(out, &cell);
	for (size_t column = first; column < COLUMNS - 1; column++)
		print_cell(&table, column, STYLE_PLAIN, options, headings[column], out);
	buf_printf(out, "%s\n", headings[COLUMNS - 1]);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_putc(out, '\n');
		print_rollout(&rollouts[i], &table, first, options, out);
	}
	print_legend(rollouts, count, out);
}
