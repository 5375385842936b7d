#include "agent/show.h"

#include <string.h>

#include "agent/report.h"
#include "agent/session.h"
#include "agent/terminal.h"
#include "diff/render.h"

#define OUTPUT_MAX_BYTES (256u * 1024 * 1024)

/* Prints the plan in the format asked for. */
static int show(const struct plan *plan, const struct options *options)
{
	const struct render_options render = terminal_options(options->color);
	const char *format = options->output ? options->output : "text";
	CLEANUP(buf_release) struct buf text = BUF_INIT(OUTPUT_MAX_BYTES);
	struct err err;
	int result = 0;

	if (strcmp(format, "unified") == 0)
		result = render_plan_unified(plan, &render, &text, &err);
	else if (strcmp(format, "markdown") == 0)
		result = render_plan_markdown(plan, &text, &err);
	else if (strcmp(format, "json") == 0)
		result = render_plan_json(plan, &text, &err);
	else
		render_plan_text(plan, &render, &text);
	if (result < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	return print_result(&text);
}

void print_failures(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		CLEANUP(buf_release) struct buf subject = BUF_INIT(8192);
		struct err err = item->error;

		if (item->action != PLAN_FAILED)
			continue;
		report_place(item, &subject);
		ref_print(&item->ref, &subject);
		err_prefix(&err, "%s", buf_str(&subject));
		tell_error(&err);
	}
}

int show_plan(const struct plan *plan, const struct options *options)
{
	int code = show(plan, options);

	if (code != EXIT_OK)
		return code;
	if (plan_count(plan, PLAN_FAILED)) {
		/* In text and JSON the plan itself says what failed; diff -u has no place for it. */
		if (options->output && strcmp(options->output, "unified") == 0)
			print_failures(plan);
		return EXIT_OBJECTS;
	}
	return plan_has_differences(plan) ? EXIT_DIFFERENT : EXIT_OK;
}
