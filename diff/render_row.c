#include "diff/render_row.h"

#include <inttypes.h>
#include <string.h>

#define MAX_OLD_IMAGES 4
#define MAX_TEXT       (1024u * 1024)
#define LABEL_COLUMNS  12
#define MIN_RUN        5 /* so many ordinals in the same state are drawn as "0..4" */
#define BAR_MIN        10
#define BAR_MAX        50

const struct look_words look_words[LOOK_COUNT] = {
	[LOOK_PLAIN] = {"", STYLE_PLAIN, NULL},
	[LOOK_UPDATED] = {"+", STYLE_ADD, "updated"},
	[LOOK_MOVING] = {"~", STYLE_WARN, "on its way"},
	[LOOK_TROUBLE] = {"!", STYLE_REMOVE, "in trouble"},
	[LOOK_LEAVING] = {"-", STYLE_WARN, "to be deleted"},
};

bool row_has_two_revisions(const struct rollout *rollout)
{
	return rollout->updated_count < (size_t)rollout->replicas;
}

enum look row_look(const struct rollout *rollout, const struct rollout_pod *pod)
{
	if (pod->trouble)
		return LOOK_TROUBLE;
	if (pod->condemned)
		return LOOK_LEAVING;
	if (!pod->available)
		return LOOK_MOVING;
	return pod->updated && row_has_two_revisions(rollout) ? LOOK_UPDATED : LOOK_PLAIN;
}

size_t row_print_label(const char *label, const struct render_options *options, struct buf *out)
{
	buf_puts(out, "  ");
	style_puts(options, STYLE_DIM, label, out);
	buf_fill(out, ' ', LABEL_COLUMNS - 2 - strlen(label));
	return LABEL_COLUMNS;
}

/* --- ordinals -------------------------------------------------------------------------------- */

/* A run of ordinals that is drawn as one: its first Pod, how many it stands for, and its columns. */
struct run {
	size_t first, count, columns;
};

/* How many Pods from the first on look the same, stand on one side and follow each other. */
static size_t same_looks(const struct rollout *rollout, size_t first)
{
	const struct rollout_pod *pods = rollout->pods;
	size_t end = first + 1;

	while (end < rollout->pod_count && pods[end].ordinal == pods[end - 1].ordinal + 1 &&
	       row_look(rollout, &pods[end]) == row_look(rollout, &pods[first]) &&
	       pods[end].held == pods[first].held && pods[end].condemned == pods[first].condemned)
		end++;
	return end - first;
}

static void print_run(const struct rollout *rollout, const struct run *run, struct buf *out)
{
	const struct rollout_pod *pods = rollout->pods + run->first;

	buf_printf(out, "%" PRId64, pods[0].ordinal);
	if (run->count > 1)
		buf_printf(out, "..%" PRId64, pods[run->count - 1].ordinal);
	buf_puts(out, look_words[row_look(rollout, pods)].mark);
}

static struct run run_at(const struct rollout *rollout, size_t first)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(256);
	size_t same = same_looks(rollout, first);
	struct run run = {.first = first, .count = same >= MIN_RUN ? same : 1};

	print_run(rollout, &run, &text);
	run.columns = text.length;
	return run;
}

static void draw_run(const struct rollout *rollout, const struct run *run,
		     const struct render_options *options, struct buf *out)
{
	const struct rollout_pod *pod = &rollout->pods[run->first];
	enum style style = look_words[row_look(rollout, pod)].style;

	style_begin(options, style, out);
	print_run(rollout, run, out);
	style_end(options, style, out);
}

/* How many of the Pods are drawn on the left of the partition; 0: none is held, so it is not drawn. */
static size_t held_end(const struct rollout *rollout)
{
	size_t end = rollout->pod_count;

	while (end > 0 && !rollout->pods[end - 1].held)
		end--;
	return end;
}

static void draw_partition(const struct render_options *options, struct buf *out)
{
	style_begin(options, STYLE_PLACE, out);
	buf_puts(out, options->utf8 ? "\u2502" : "|");
	style_end(options, STYLE_PLACE, out);
}

/* The columns of the Pods from `first` up to `end`, with a space between two runs. */
static size_t measure(const struct rollout *rollout, size_t first, size_t end)
{
	size_t columns = 0;

	for (size_t i = first; i < end;) {
		struct run run = run_at(rollout, i);
		columns += run.columns + (i > first);
		i += run.count;
	}
	return columns;
}

static void draw_line(const struct rollout *rollout, size_t first, size_t end,
		      const struct render_options *options, struct buf *out)
{
	for (size_t i = first; i < end;) {
		struct run run = run_at(rollout, i);
		if (i > first)
			buf_putc(out, ' ');
		draw_run(rollout, &run, options, out);
		i += run.count;
	}
}

static void draw_wrapped(const struct rollout *rollout, const struct render_options *options,
			 struct buf *out)
{
	size_t used = row_print_label("pods", options, out), held = held_end(rollout);

	for (size_t i = 0; i < rollout->pod_count;) {
		struct run run = run_at(rollout, i);
		bool at_partition = i > 0 && i == held;
		size_t columns = run.columns + (at_partition ? 2 : 0);
		bool first_in_line = used == LABEL_COLUMNS;

		if (!first_in_line && options->width > 0 &&
		    used + 1 + columns > (size_t)options->width) {
			buf_putc(out, '\n');
			used = row_print_label("", options, out);
			first_in_line = true;
		}
		if (!first_in_line)
			buf_putc(out, ' ');
		if (at_partition) {
			draw_partition(options, out);
			buf_putc(out, ' ');
		}
		draw_run(rollout, &run, options, out);
		used += columns + !first_in_line;
		i += run.count;
	}
	if (held > 0 && held == rollout->pod_count) {
		buf_putc(out, ' ');
		draw_partition(options, out);
	}
	buf_putc(out, '\n');
}

/* --- images ---------------------------------------------------------------------------------- */

/*
 * What the Pods run that are not updated yet: several where an earlier canary was overtaken before it
 * had come down to all of them.
 */
static void print_old_images(const struct rollout *rollout, struct buf *out)
{
	const char *shown[MAX_OLD_IMAGES];
	size_t count = 0;

	for (size_t i = 0; i < rollout->pod_count && count < MAX_OLD_IMAGES; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		bool is_new = pod->exists && !pod->updated && !pod->condemned && *pod->images;

		for (size_t n = 0; n < count; n++)
			is_new &= strcmp(shown[n], pod->images) != 0;
		if (!is_new)
			continue;
		shown[count++] = pod->images;
		buf_puts(out, count > 1 ? ", " : "");
		style_escape(pod->images, strlen(pod->images), out);
	}
	if (count == 0)
		style_escape(rollout->current_images, strlen(rollout->current_images), out);
}

static bool has_two_images(const struct rollout *rollout)
{
	return row_has_two_revisions(rollout) && *rollout->current_images &&
	       strcmp(rollout->current_images, rollout->update_images) != 0;
}

static void draw_images(const struct rollout *rollout, const struct render_options *options,
			struct buf *out)
{
	CLEANUP(buf_release) struct buf old = BUF_INIT(MAX_TEXT);
	CLEANUP(buf_release) struct buf new = BUF_INIT(MAX_TEXT);
	size_t used = row_print_label("images", options, out);

	print_old_images(rollout, &old);
	style_escape(rollout->update_images, strlen(rollout->update_images), &new);
	buf_break_with(out, &old);
	buf_break_with(out, &new);
	buf_puts(out, buf_str(&old));
	used += style_columns(buf_str(&old), old.length) + 4;
	if (options->width > 0 &&
	    used + style_columns(buf_str(&new), new.length) > (size_t)options->width) {
		buf_putc(out, '\n');
		row_print_label("", options, out);
		buf_puts(out, "-> ");
	} else {
		buf_puts(out, " -> ");
	}
	style_begin(options, STYLE_ADD, out);
	buf_puts(out, buf_str(&new));
	style_end(options, STYLE_ADD, out);
	buf_putc(out, '\n');
}

/* Both lines, with the partition at the same column. False, and nothing, where they are too long. */
static bool draw_beside(const struct rollout *rollout, const struct render_options *options,
			struct buf *out)
{
	CLEANUP(buf_release) struct buf old = BUF_INIT(MAX_TEXT);
	size_t held = held_end(rollout), left = measure(rollout, 0, held);
	size_t right = measure(rollout, held, rollout->pod_count);
	size_t new = style_columns(rollout->update_images, strlen(rollout->update_images));

	if (held == 0 || !has_two_images(rollout))
		return false;
	print_old_images(rollout, &old);
	buf_break_with(out, &old);
	size_t old_columns = style_columns(buf_str(&old), old.length);
	size_t column = left > old_columns ? left : old_columns;
	if (options->width > 0 &&
	    LABEL_COLUMNS + column + 3 + (right > new ? right : new) > (size_t)options->width)
		return false;

	row_print_label("pods", options, out);
	buf_fill(out, ' ', column - left);
	draw_line(rollout, 0, held, options, out);
	buf_putc(out, ' ');
	draw_partition(options, out);
	if (held < rollout->pod_count)
		buf_putc(out, ' ');
	draw_line(rollout, held, rollout->pod_count, options, out);
	buf_putc(out, '\n');
	row_print_label("images", options, out);
	buf_fill(out, ' ', column - old_columns);
	buf_printf(out, "%s ", buf_str(&old));
	draw_partition(options, out);
	buf_putc(out, ' ');
	style_puts(options, STYLE_ADD, rollout->update_images, out);
	buf_putc(out, '\n');
	return true;
}

void row_print(const struct rollout *rollout, const struct render_options *options, struct buf *out)
{
	if (draw_beside(rollout, options, out))
		return;
	draw_wrapped(rollout, options, out);
	if (has_two_images(rollout))
		draw_images(rollout, options, out);
}

/* --- the bar --------------------------------------------------------------------------------- */

/* So many cells for a part of the Pods: none only for none, all only for all. */
static size_t cells_of(size_t part, size_t whole, size_t cells)
{
	size_t share = part * cells / whole;

	if (part > 0 && share == 0)
		return 1;
	return share;
}

static void draw_cells(const struct render_options *options, enum style style, const char *cell,
		       size_t count, struct buf *out)
{
	if (count == 0)
		return;
	style_begin(options, style, out);
	while (count-- > 0)
		buf_puts(out, cell);
	style_end(options, style, out);
}

void row_print_bar(const struct rollout *rollout, const struct render_options *options,
		   struct buf *out)
{
	static const struct {
		const char *begin, *done, *moving, *rest, *end;
	} ascii = {"[", "#", "=", "-", "]"}, blocks = {"", "\u2588", "\u2593", "\u2591", ""};
	CLEANUP(buf_release) struct buf count = BUF_INIT(64);
	size_t all = (size_t)rollout->replicas, cells = BAR_MAX / 2;
	bool stuck = rollout->phase == ROLLOUT_STUCK;

	if (all == 0)
		return;
	buf_printf(&count, "  %zu/%zu promoted", rollout->promoted_count, all);
	size_t used = row_print_label("progress", options, out) + count.length + 2;
	if (options->width > 0) {
		cells = (size_t)options->width > used ? ((size_t)options->width - used) / 2 : 0;
		cells = cells < BAR_MIN ? BAR_MIN : cells > BAR_MAX ? BAR_MAX : cells;
	}
	size_t done = cells_of(rollout->promoted_count, all, cells);
	size_t moving = cells_of(rollout->updated_count, all, cells);
	moving = moving > done ? moving - done : rollout->updated_count > rollout->promoted_count;
	if (done + moving > cells)
		done = cells - moving;
	const char *begin = options->utf8 ? blocks.begin : ascii.begin;
	const char *end = options->utf8 ? blocks.end : ascii.end;
	buf_puts(out, begin);
	draw_cells(options, STYLE_ADD, options->utf8 ? blocks.done : ascii.done, done, out);
	draw_cells(options, stuck ? STYLE_REMOVE : STYLE_WARN,
		   options->utf8 ? blocks.moving : ascii.moving, moving, out);
	draw_cells(options, STYLE_DIM, options->utf8 ? blocks.rest : ascii.rest,
		   cells - done - moving, out);
	buf_puts(out, end);
	buf_puts(out, buf_str(&count));
	buf_putc(out, '\n');
}
