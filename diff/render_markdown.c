#include "diff/render.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "diff/render_hunks.h"
#include "diff/render_rollout.h"
#include "diff/render_style.h"

#define MAX_TEXT (1024u * 1024)

/*
 * What a comment may hold is counted in characters; counting bytes instead never passes it. Some are kept
 * for what is said last.
 */
#define MAX_ROWS_BYTES (RENDER_MARKDOWN_MAX / 4) /* of the table */
#define REMARK_BYTES   512
#define MIN_FENCE      3

/* --- text ------------------------------------------------------------------------------------- */

/*
 * Appends a text so that it is nothing but text: punctuation as character references, which make no
 * Markdown and no HTML. Outside of code no "@name" calls anybody.
 */
static void put_escaped(const char *text, bool in_code, struct buf *out)
{
	CLEANUP(buf_release) struct buf plain = BUF_INIT(MAX_TEXT);

	style_escape(text, strlen(text), &plain);
	buf_break_with(out, &plain);
	for (const char *p = buf_str(&plain); *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x80 || isalnum(c) || strchr(" ,.;:/-=()%+", c))
			buf_putc(out, *p);
		else
			buf_printf(out, "&#%d;", c);
		if (c == '@' && !in_code)
			buf_puts(out, "&#8203;");
	}
}

static void put_code(const char *text, struct buf *out)
{
	buf_puts(out, "<code>");
	put_escaped(text, true, out);
	buf_puts(out, "</code>");
}

static void put_name(const struct plan_item *item, struct buf *out)
{
	CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_TEXT);

	if (item->ref.namespace && *item->ref.namespace)
		buf_printf(&name, "%s/", item->ref.namespace);
	ref_print(&item->ref, &name);
	buf_break_with(out, &name);
	put_code(buf_str(&name), out);
}

static void put_place(const struct plan_item *item, struct buf *out)
{
	CLEANUP(buf_release) struct buf place = BUF_INIT(MAX_TEXT);

	if (!item->file)
		return;
	buf_puts(&place, item->file);
	if (item->mark.line > 0)
		buf_printf(&place, ":%" PRIu32, item->mark.line);
	buf_break_with(out, &place);
	put_code(buf_str(&place), out);
}

/* --- parts ------------------------------------------------------------------------------------ */

static void print_title(const struct plan *plan, struct buf *out)
{
	CLEANUP(buf_release) struct buf summary = BUF_INIT(MAX_TEXT);

	plan_print_counts(plan, &summary);
	buf_break_with(out, &summary);
	buf_printf(out, "### tranche: %s\n", buf_str(&summary));
	if (plan->base) {
		buf_puts(out, "\nFrom ");
		put_code(plan->base, out);
		buf_puts(out, " to ");
		put_code(plan->revision, out);
		buf_puts(out, ". Told from Git alone: as if the former were rolled out to its "
			      "end.\n");
	} else if (plan->revision && *plan->revision) {
		buf_puts(out, "\nAt ");
		put_code(plan->revision, out);
		buf_puts(out, ".\n");
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (!plan->items[i].client_side)
			continue;
		buf_puts(out, "\nCompared without the server: only fields that the manifests "
			      "set.\n");
		break;
	}
}

static void print_row(const struct plan_item *item, struct buf *out)
{
	size_t count = item->changes.count;

	buf_printf(out, "| %s | ", plan_action_words[item->action].name);
	put_name(item, out);
	buf_puts(out, " | ");
	if (count > 0)
		buf_printf(out, "%zu", count);
	buf_puts(out, " | ");
	put_place(item, out);
	buf_puts(out, " |\n");
}

/* What is in sync is counted in the title. */
static void print_table(const struct plan *plan, struct buf *out)
{
	size_t start = out->length, left = 0;

	if (plan_count(plan, PLAN_IN_SYNC) == plan->count)
		return;
	buf_puts(out, "\n| | Object | Changes | File |\n|---|---|---|---|\n");
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].action == PLAN_IN_SYNC)
			continue;
		if (out->length - start < MAX_ROWS_BYTES)
			print_row(&plan->items[i], out);
		else
			left++;
	}
	if (left > 0)
		buf_printf(out, "| | and %zu more | | |\n", left);
}

static void print_point(const char *label, const char *text, struct buf *out)
{
	buf_printf(out, "- %s", label);
	put_escaped(text, false, out);
	buf_putc(out, '\n');
}

static void print_culprits(const struct plan_item *item, struct buf *out)
{
	for (size_t i = 0; i < item->changes.count; i++) {
		const struct culprit *culprit = plan_item_culprit(item, i);
		CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_TEXT);

		if (!culprit)
			continue;
		buf_printf(&text, "%s ", item->changes.items[i].path);
		culprit_print(culprit, &text);
		buf_break_with(out, &text);
		print_point("changed in the cluster: ", buf_str(&text), out);
	}
}

/* What a person should know of an object before it is applied. */
static void print_points(const struct plan_item *item, struct buf *out)
{
	CLEANUP(buf_release) struct buf rollout = BUF_INIT(MAX_TEXT);
	CLEANUP(buf_release) struct buf points = BUF_INIT(MAX_TEXT);

	if (item->action == PLAN_IN_SYNC)
		return;
	if (item->action == PLAN_FAILED)
		print_point("**error:** ", item->error.message, &points);
	print_culprits(item, &points);
	rollout_print_plan(item, &rollout);
	buf_break_with(out, &rollout);
	if (rollout.length > 0)
		print_point(item->action == PLAN_DRIFT ? "rollout, if undone: " : "rollout: ",
			    buf_str(&rollout), &points);
	for (size_t i = 0; i < item->forecast.warning_count; i++)
		print_point("**warning:** ", item->forecast.warnings[i], &points);
	for (size_t i = 0; i < item->note_count; i++)
		print_point("", item->notes[i], &points);
	buf_break_with(out, &points);
	if (points.length == 0)
		return;
	buf_putc(out, '\n');
	put_name(item, out);
	buf_printf(out, "\n\n%s", buf_str(&points));
}

/* One backtick more than stand together anywhere in the text. */
static size_t fence_length(const char *text)
{
	size_t longest = 0;

	for (const char *p = text; *p;) {
		size_t run = strspn(p, "`");

		longest = run > longest ? run : longest;
		p += run ? run : strcspn(p, "`");
	}
	return longest < MIN_FENCE ? MIN_FENCE : longest + 1;
}

/* The lines, each with nothing in it that a terminal or an editor would obey. */
static void put_lines(const char *text, struct buf *out)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		style_escape(text, length, out);
		buf_putc(out, '\n');
		text += length + (text[length] == '\n');
	}
}

static int print_details(const struct plan_item *item, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf hunks = BUF_INIT(HUNKS_MAX_BYTES);

	if (item->action == PLAN_IN_SYNC || item->action == PLAN_FAILED)
		return 0;
	if (hunks_print(item, false, &hunks, err) < 0)
		return -1;
	if (hunks.length == 0)
		return 0;
	size_t fence = fence_length(buf_str(&hunks));
	buf_printf(out, "\n<details><summary>%s ", plan_action_words[item->action].name);
	put_name(item, out);
	buf_puts(out, "</summary>\n\n");
	buf_fill(out, '`', fence);
	buf_puts(out, "diff\n");
	put_lines(buf_str(&hunks), out);
	buf_fill(out, '`', fence);
	buf_puts(out, "\n\n</details>\n");
	return 0;
}

/* --- all of it -------------------------------------------------------------------------------- */

/* Appends a part if there is room for it; else counts it as left out. */
static void append_part(const struct buf *part, size_t start, size_t *left, struct buf *out)
{
	buf_break_with(out, part);
	if (out->length - start + part->length + REMARK_BYTES <= RENDER_MARKDOWN_MAX)
		buf_append(out, part->data, part->length);
	else
		(*left)++;
}

static int append_details(const struct plan *plan, size_t start, size_t *left, struct buf *out,
			  struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf part = BUF_INIT(2 * HUNKS_MAX_BYTES);

		if (print_details(&plan->items[i], &part, err) < 0)
			return -1;
		append_part(&part, start, left, out);
	}
	return 0;
}

int render_plan_markdown(const struct plan *plan, struct buf *out, struct err *err)
{
	size_t start = out->length, points_left = 0, details_left = 0;

	print_title(plan, out);
	print_table(plan, out);
	for (size_t i = 0; i < plan->count; i++) {
		CLEANUP(buf_release) struct buf part = BUF_INIT(2 * MAX_TEXT);

		print_points(&plan->items[i], &part);
		append_part(&part, start, &points_left, out);
	}
	if (append_details(plan, start, &details_left, out, err) < 0)
		return -1;
	if (points_left > 0)
		buf_printf(out, "\n_Rollouts and remarks of %zu object%s are left out._\n",
			   points_left, points_left == 1 ? "" : "s");
	if (details_left > 0)
		buf_printf(out, "\n_The differences of %zu object%s are left out._\n", details_left,
			   details_left == 1 ? "" : "s");
	if (points_left + details_left > 0)
		buf_printf(out, "\n_A comment holds %d characters; `tranche diff` shows all._\n",
			   RENDER_MARKDOWN_MAX);
	return 0;
}
