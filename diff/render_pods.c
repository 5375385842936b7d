#include "diff/render_pods.h"

#include <inttypes.h>
#include <string.h>

#include "diff/duration.h"
#include "diff/render_row.h"
#include "diff/render_table.h"

#define MAX_TROUBLES 5 /* that are listed */

static bool is_to_be_replaced(const struct rollout *rollout, const struct rollout_pod *pod)
{
	return pod->exists && !pod->condemned && !pod->held && !pod->updated && !pod->terminating &&
	       !rollout->on_delete;
}

/* On the old revision, because the partition is above it. */
static bool is_held_back(const struct rollout *rollout, const struct rollout_pod *pod)
{
	return pod->exists && pod->held && !pod->updated && !pod->condemned && !pod->terminating &&
	       row_has_two_revisions(rollout);
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

enum { POD, REVISION, IMAGE, AGE, RESTARTS, NODE, STATE };

static const char *const headings[] = {
	[POD] = "POD",           [REVISION] = "REVISION", [IMAGE] = "IMAGE", [AGE] = "AGE",
	[RESTARTS] = "RESTARTS", [NODE] = "NODE",         [STATE] = "STATE",
};

/* What a column says of a Pod, in `cell`. */
static const char *print_column(const struct rollout *rollout, const struct rollout_pod *pod,
				size_t column, int64_t now_ms, struct buf *cell)
{
	buf_truncate(cell, 0);
	switch (column) {
	case POD: return table_cell(pod->name, cell);
	case REVISION: return table_cell(short_revision(rollout, pod), cell);
	case IMAGE: return table_cell(*pod->images ? pod->images : "-", cell);
	case AGE:
		if (!pod->created_ms)
			return "-";
		duration_print_age(now_ms - pod->created_ms, cell);
		break;
	case RESTARTS:
		if (!pod->exists)
			return "-";
		buf_printf(cell, "%" PRId64, pod->restarts);
		break;
	case NODE: return table_cell(*pod->node ? pod->node : "-", cell);
	case STATE: print_state(rollout, pod, cell); break;
	}
	return buf_str(cell);
}

void pods_print_table(const struct rollout *rollout, int64_t now_ms,
		      const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf cell = BUF_INIT(TABLE_MAX_CELL);
	struct table table = {0};
	size_t used = 2;

	for (size_t column = 0; column < STATE; column++) {
		table_measure(&table, column, headings[column]);
		for (size_t i = 0; i < rollout->pod_count; i++)
			table_measure(
				&table, column,
				print_column(rollout, &rollout->pods[i], column, now_ms, &cell));
		used += table.widths[column] + 2;
	}
	buf_puts(out, "\n  ");
	for (size_t column = 0; column < STATE; column++)
		table_print(&table, column, STYLE_DIM, options, headings[column], out);
	table_print_last(used, STYLE_DIM, options, headings[STATE], out);
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (i > 0 && rollout->pods[i - 1].held && !pod->held) {
			buf_puts(out, "  ");
			style_begin(options, STYLE_PLACE, out);
			buf_printf(out, "-- partition %" PRId64 " --", rollout->partition);
			style_end(options, STYLE_PLACE, out);
			buf_putc(out, '\n');
		}
		buf_puts(out, "  ");
		for (size_t column = 0; column < STATE; column++)
			table_print(&table, column, STYLE_PLAIN, options,
				    print_column(rollout, pod, column, now_ms, &cell), out);
		table_print_last(used, look_words[row_look(rollout, pod)].style, options,
				 print_column(rollout, pod, STATE, now_ms, &cell), out);
	}
	buf_break_with(out, &cell);
}

void pods_print_troubles(const struct rollout *rollout, const struct render_options *options,
			 struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(TABLE_MAX_CELL);
	size_t listed = 0, left = 0;

	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (!pod->trouble ||
		    (rollout->stuck_pod && strcmp(pod->name, rollout->stuck_pod) == 0))
			continue;
		if (listed == MAX_TROUBLES) {
			left++;
			continue;
		}
		buf_truncate(&line, 0);
		buf_printf(&line, "%s: ", pod->name);
		style_escape(pod->trouble, strlen(pod->trouble), &line);
		size_t used = row_print_label(listed ? "" : "trouble", options, out);
		table_print_last(used, STYLE_REMOVE, options, buf_str(&line), out);
		listed++;
	}
	buf_break_with(out, &line);
	if (left > 0) {
		row_print_label("", options, out);
		buf_printf(out, "and %zu more\n", left);
	}
}
