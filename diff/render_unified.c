#include "diff/render.h"

#include <string.h>

#include "diff/render_hunks.h"
#include "diff/render_rollout.h"
#include "diff/render_style.h"

#define MAX_LINE (64u * 1024 * 1024)

/* "--- live/shop/statefulset.apps/web"; /dev/null for the side that is not there. */
static void print_header(const struct plan_item *item, const char *sign, const char *side,
			 bool exists, const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_LINE);

	if (exists) {
		buf_printf(&line, "%s %s/", sign, side);
		if (item->ref.namespace && *item->ref.namespace)
			buf_printf(&line, "%s/", item->ref.namespace);
		ref_print(&item->ref, &line);
	} else {
		buf_printf(&line, "%s /dev/null", sign);
	}
	buf_break_with(out, &line);
	style_puts(options, STYLE_BOLD, buf_str(&line), out);
	buf_putc(out, '\n');
}

/* A line that patch(1) passes over. */
static void print_remark(const struct plan_item *item, const char *label, const char *text,
			 const struct render_options *options, struct buf *out)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(MAX_LINE);

	buf_puts(&line, "# ");
	ref_print(&item->ref, &line);
	buf_printf(&line, ": %s: %s", label, text);
	buf_break_with(out, &line);
	style_puts(options, STYLE_WARN, buf_str(&line), out);
	buf_putc(out, '\n');
}

static void print_rollout(const struct plan_item *item, const struct render_options *options,
			  struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_LINE);

	rollout_print_plan(item, &text);
	buf_break_with(out, &text);
	if (text.length > 0)
		print_remark(item, "rollout", buf_str(&text), options, out);
	for (size_t i = 0; i < item->forecast.warning_count; i++)
		print_remark(item, "warning", item->forecast.warnings[i], options, out);
}

static int print_item(const struct plan_item *item, bool has_base,
		      const struct render_options *options, struct buf *out, struct err *err)
{
	CLEANUP(buf_release) struct buf hunks = BUF_INIT(HUNKS_MAX_BYTES);

	if (item->action == PLAN_FAILED) {
		print_remark(item, "error", item->error.message, options, out);
		return 0;
	}
	if (hunks_print(item, options->colour, &hunks, err) < 0)
		return -1;
	for (size_t i = 0; i < item->note_count; i++)
		print_remark(item, "note", item->notes[i], options, out);
	print_rollout(item, options, out);
	if (hunks.length == 0)
		return 0;
	if (item->client_side)
		print_remark(item, "note", "compared without the server", options, out);
	print_header(item, "---", has_base ? "from" : "live", item->from != NULL, options, out);
	print_header(item, "+++", has_base ? "to" : "git", item->to != NULL, options, out);
	buf_append(out, hunks.data, hunks.length);
	return 0;
}

int render_plan_unified(const struct plan *plan, const struct render_options *options,
			struct buf *out, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];

		if (item->action == PLAN_IN_SYNC)
			continue;
		if (print_item(item, plan->base != NULL, options, out, err) < 0) {
			CLEANUP(buf_release) struct buf name = BUF_INIT(MAX_LINE);
			ref_print(&item->ref, &name);
			return err_prefix(err, "%s", buf_str(&name));
		}
	}
	return 0;
}
