#include "diff/render.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/render_rollout.h"
#include "diff/render_style.h"
#include "diff/unified.h"

#define MAX_CELL       (1024u * 1024) /* bytes of a cell */
#define MAX_PATH       72 /* columns: longer paths do not push the values of all others away */
#define MIN_VALUES     32 /* columns that values get however narrow the terminal is */
#define MAX_TEXT_LINES 24 /* of the difference of two multi-line strings */
#define MAX_TEXT_BYTES (64u * 1024)

#define CLIENT_SIDE "compared without the server: only fields that the manifest sets"

/* --- columns --------------------------------------------------------------------------------- */

/* Where the columns begin, the same over the whole plan. */
struct layout {
	bool namespaces;      /* objects of several: names say which */
	bool all_client_side; /* said once, at the end */
	size_t action, place; /* of the action; of file:line and of the values of changes */
};

static bool is_all_client_side(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (!plan->items[i].client_side)
			return false;
	}
	return plan->count > 0;
}

static bool has_several_namespaces(const struct plan *plan)
{
	const char *first = NULL;

	for (size_t i = 0; i < plan->count; i++) {
		const char *namespace = plan->items[i].ref.namespace;
		if (!namespace || !*namespace)
			continue;
		if (first && strcmp(first, namespace) != 0)
			return true;
		first = namespace;
	}
	return false;
}

/* "statefulset.apps/web", "shop/statefulset.apps/web" */
static void print_name(const struct plan_item *item, const struct layout *layout, struct buf *out)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_CELL);

	if (layout->namespaces && *item->ref.namespace)
		buf_printf(&name, "%s/", item->ref.namespace);
	ref_print(&item->ref, &name);
	buf_break_with(out, &name);
	style_escape(buf_str(&name), name.length, out);
}

/* How many columns that takes; `out` breaks where memory runs out. */
static size_t name_columns(const struct plan_item *item, const struct layout *layout,
			   struct buf *out)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_CELL);

	print_name(item, layout, &name);
	buf_break_with(out, &name);
	return style_columns(buf_str(&name), name.length);
}

static size_t max(size_t a, size_t b)
{
	return a > b ? a : b;
}

static struct layout lay_out(const struct plan *plan, struct buf *out)
{
	struct layout layout = {.namespaces = has_several_namespaces(plan),
				.all_client_side = is_all_client_side(plan)};
	size_t names = 0, actions = 0, paths = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		names = max(names, name_columns(item, &layout, out));
		actions = max(actions, strlen(plan_action_words[item->action].name));
		for (size_t k = 0; k < item->changes.count; k++) {
			const char *path = item->changes.items[k].path;
			size_t columns = style_columns(path, strlen(path));
			if (columns <= MAX_PATH)
				paths = max(paths, columns);
		}
	}
	layout.action = names + 2;
	layout.place = max(layout.action + actions + 2, 2 + paths + 1);
	return layout;
}

/* Fills the line that began at `start` up to the column; at least one space. */
static void pad_to(size_t columns_so_far, size_t column, struct buf *out)
{
	buf_fill(out, ' ', columns_so_far < column ? column - columns_so_far : 1);
}

/* --- changes --------------------------------------------------------------------------------- */

static bool is_multi_line(const cJSON *value)
{
	return cJSON_IsString(value) && strchr(value->valuestring, '\n');
}

static size_t line_count(const char *text)
{
	size_t lines = 0;

	for (const char *end; *text; text = *end ? end + 1 : end, lines++)
		end = strchrnul(text, '\n');
	return lines;
}

/* One value of a change, escaped; multi-line text by its size only. */
static void print_cell(const struct change *change, const cJSON *value, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_CELL);

	if (!change->secret && is_multi_line(value)) {
		size_t lines = line_count(value->valuestring);
		buf_printf(out, "(%zu line%s)", lines, lines == 1 ? "" : "s");
		return;
	}
	change_print_value(change, value, &text);
	buf_break_with(out, &text);
	style_escape(buf_str(&text), text.length, out);
}

/* Shares `columns` between two texts: who needs less than half leaves the rest to the other. */
static void share_columns(size_t columns, size_t from, size_t to, size_t *ret_from, size_t *ret_to)
{
	size_t half = columns / 2;

	*ret_from = from <= half ? from : to <= half ? columns - to : half;
	*ret_to = columns - *ret_from;
}

static void print_values(const struct change *change, const struct render_options *options,
			 size_t column, struct buf *out)
{
	CLEANUP(buf_release) struct buf from = BUF_INIT(MAX_CELL);
	CLEANUP(buf_release) struct buf to = BUF_INIT(MAX_CELL);
	static const char arrow[] = " -> ";

	print_cell(change, change->from, &from);
	print_cell(change, change->to, &to);
	buf_break_with(out, &from);
	buf_break_with(out, &to);
	size_t from_columns = style_columns(buf_str(&from), from.length);
	size_t to_columns = style_columns(buf_str(&to), to.length);
	if (options->width > 0) {
		size_t width = (size_t)options->width;
		size_t room = width > column + MIN_VALUES ? width - column : MIN_VALUES;

		if (from_columns + strlen(arrow) + to_columns > room)
			share_columns(room - strlen(arrow), from_columns, to_columns, &from_columns,
				      &to_columns);
	}
	style_begin(options, STYLE_REMOVE, out);
	style_cut(buf_str(&from), from_columns, out);
	style_end(options, STYLE_REMOVE, out);
	buf_puts(out, arrow);
	style_begin(options, STYLE_ADD, out);
	style_cut(buf_str(&to), to_columns, out);
	style_end(options, STYLE_ADD, out);
}

static void print_text_line(const struct render_options *options, const char *line, size_t length,
			    struct buf *out)
{
	enum style style = *line == '+'   ? STYLE_ADD
			   : *line == '-' ? STYLE_REMOVE
			   : *line == '@' ? STYLE_PLACE
					  : STYLE_PLAIN;

	buf_puts(out, "    ");
	style_begin(options, style, out);
	style_escape(line, length, out);
	style_end(options, style, out);
	buf_putc(out, '\n');
}

/* What differs between two multi-line texts, as the hunks of `diff -u`, a screenful at most. */
static void print_text_difference(const struct change *change, const struct render_options *options,
				  struct buf *out)
{
	CLEANUP(buf_release) struct buf hunks = BUF_INIT(MAX_TEXT_BYTES);
	const char *from = change->from->valuestring, *to = change->to->valuestring;
	size_t lines = 0, left = 0;
	struct err err;

	if (unified_diff(from, strlen(from), to, strlen(to), false, &hunks, &err) < 0 ||
	    buf_check(&hunks, "text", &err) < 0) {
		if (err.class == ERR_NO_MEMORY)
			out->broken_memory = true;
		return; /* too large to be read here */
	}
	for (const char *line = buf_str(&hunks); *line; lines++) {
		const char *end = strchrnul(line, '\n');
		if (lines < MAX_TEXT_LINES)
			print_text_line(options, line, (size_t)(end - line), out);
		else
			left++;
		line = *end ? end + 1 : end;
	}
	if (left > 0)
		buf_printf(out, "    (%zu more line%s; -o unified shows all)\n", left,
			   left == 1 ? "" : "s");
}

static void print_change(const struct change *change, const struct layout *layout,
			 const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_CELL);

	style_escape(change->path, strlen(change->path), &path);
	buf_break_with(out, &path);
	size_t used = 2 + style_columns(buf_str(&path), path.length);
	buf_printf(out, "  %s", buf_str(&path));
	pad_to(used, layout->place, out);
	if (change->op == CHANGE_MOVE) {
		int64_t from = 0, to = 0;

		json_int_value(change->from, &from);
		json_int_value(change->to, &to);
		buf_printf(out, "moved from %" PRId64 " to %" PRId64 "\n", from, to);
		return;
	}
	print_values(change, options, max(used + 1, layout->place), out);
	buf_putc(out, '\n');
	if (!change->secret && cJSON_IsString(change->from) && cJSON_IsString(change->to) &&
	    (is_multi_line(change->from) || is_multi_line(change->to)))
		print_text_difference(change, options, out);
}

static void print_culprit(const struct culprit *culprit, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_CELL);

	if (!culprit)
		return;
	culprit_print(culprit, &text);
	buf_break_with(out, &text);
	style_begin(options, STYLE_WARN, out);
	buf_puts(out, "    ");
	style_escape(buf_str(&text), text.length, out);
	style_end(options, STYLE_WARN, out);
	buf_putc(out, '\n');
}

/* --- blocks ---------------------------------------------------------------------------------- */

static enum style action_style(enum plan_action action)
{
	switch (action) {
	case PLAN_CREATE: return STYLE_ADD;
	case PLAN_ORPHAN:
	case PLAN_BLOCKED:
	case PLAN_DRIFT: return STYLE_WARN;
	case PLAN_PRUNE:
	case PLAN_FAILED: return STYLE_REMOVE;
	case PLAN_IN_SYNC:
	case PLAN_WALK:
	case PLAN_RECREATE:
	case PLAN_REPLACE: break;
	}
	return STYLE_PLAIN;
}

static void print_head(const struct plan_item *item, const struct layout *layout,
		       const struct render_options *options, struct buf *out)
{
	const char *action = plan_action_words[item->action].name;

	style_begin(options, STYLE_BOLD, out);
	print_name(item, layout, out);
	style_end(options, STYLE_BOLD, out);
	pad_to(name_columns(item, layout, out), layout->action, out);
	style_puts(options, action_style(item->action), action, out);
	if (item->file) {
		pad_to(layout->action + strlen(action), layout->place, out);
		style_escape(item->file, strlen(item->file), out);
		if (item->mark.line > 0)
			buf_printf(out, ":%" PRIu32, item->mark.line);
	}
	buf_putc(out, '\n');
}

static void print_line(const struct render_options *options, enum style style, const char *label,
		       const char *text, struct buf *out)
{
	buf_puts(out, "  ");
	style_puts(options, style, label, out);
	buf_puts(out, ": ");
	style_escape(text, strlen(text), out);
	buf_putc(out, '\n');
}

static void print_rollout(const struct plan_item *item, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_CELL);

	rollout_print_plan(item, &text);
	buf_break_with(out, &text);
	const char *label = item->action == PLAN_DRIFT ? "rollout, if undone" : "rollout";
	if (text.length > 0)
		print_line(options, STYLE_PLAIN, label, buf_str(&text), out);
	for (size_t i = 0; i < item->forecast.warning_count; i++)
		print_line(options, STYLE_WARN, "warning", item->forecast.warnings[i], out);
}

static void print_item(const struct plan_item *item, const struct layout *layout,
		       const struct render_options *options, struct buf *out)
{
	bool acts = item->action != PLAN_IN_SYNC && item->action != PLAN_FAILED;

	print_head(item, layout, options, out);
	if (item->action == PLAN_FAILED)
		print_line(options, STYLE_REMOVE, "error", item->error.message, out);
	if (item->action == PLAN_DRIFT && !item->from)
		print_line(options, STYLE_WARN, "note", "deleted since it was applied", out);
	for (size_t i = 0; acts && i < item->changes.count; i++) {
		print_change(&item->changes.items[i], layout, options, out);
		print_culprit(plan_item_culprit(item, i), options, out);
	}
	if (acts)
		print_rollout(item, options, out);
	for (size_t i = 0; i < item->note_count; i++)
		print_line(options, STYLE_WARN, "note", item->notes[i], out);
	if (item->client_side && !layout->all_client_side)
		print_line(options, STYLE_WARN, "note", CLIENT_SIDE, out);
}

static void print_summary(const struct plan *plan, const struct layout *layout, struct buf *out)
{
	plan_print_counts(plan, out);
	if (plan->base) {
		buf_puts(out, ", from ");
		style_escape(plan->base, strlen(plan->base), out);
		buf_puts(out, " to ");
		style_escape(plan->revision, strlen(plan->revision), out);
	} else if (plan->revision && *plan->revision) {
		buf_puts(out, ", at ");
		style_escape(plan->revision, strlen(plan->revision), out);
	}
	buf_putc(out, '\n');
	if (layout->all_client_side)
		buf_puts(out, CLIENT_SIDE "\n");
	if (plan->base)
		buf_puts(out, "told from Git alone, as if the former were rolled out to its end\n");
}

/* Those that are in sync, or all the others. */
static void print_items(const struct plan *plan, bool in_sync, const struct layout *layout,
			const struct render_options *options, struct buf *out)
{
	for (size_t i = 0; i < plan->count; i++)
		if ((plan->items[i].action == PLAN_IN_SYNC) == in_sync)
			print_item(&plan->items[i], layout, options, out);
}

void render_plan_text(const struct plan *plan, const struct render_options *options,
		      struct buf *out)
{
	struct layout layout = lay_out(plan, out);

	print_items(plan, false, &layout, options, out);
	print_items(plan, true, &layout, options, out);
	print_summary(plan, &layout, out);
}
