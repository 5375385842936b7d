#include "agent/commands.h"

#include <string.h>

#include "agent/session.h"
#include "agent/terminal.h"
#include "diff/render.h"

#define OUTPUT_MAX_BYTES (256u * 1024 * 1024)

static void keep_pass(void *context, struct pass *pass)
{
	(void)context;
	(void)pass; /* the command looks at it when the loop has ended */
}

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

/* In text and JSON the plan itself says what failed; diff -u has no place for it. */
static void print_failures(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		CLEANUP(buf_release) struct buf name = BUF_INIT(1024);
		struct err err = item->error;

		if (item->action != PLAN_FAILED)
			continue;
		ref_print(&item->ref, &name);
		err_prefix(&err, "%s:%u: %s", item->file, item->mark.line, buf_str(&name));
		tell_error(&err);
	}
}

static int conclude(const struct plan *plan, const struct options *options)
{
	int code = show(plan, options);

	if (code != EXIT_OK)
		return code;
	if (plan_count(plan, PLAN_FAILED)) {
		if (options->output && strcmp(options->output, "unified") == 0)
			print_failures(plan);
		return EXIT_OBJECTS;
	}
	return plan_has_differences(plan) ? EXIT_DIFFERENT : EXIT_OK;
}

/* Also `sync --dry-run`. */
int command_diff(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	struct pass *pass;
	struct err err;
	int code = session_open(&session, options);

	if (code != EXIT_OK)
		return code;
	const struct pass_options pass_options = {
		.loop = session.loop,
		.cluster = session.cluster,
		.discovery = session.discovery,
		.app = &session.app,
		.dry_run = true,
		.forecast = true,
		.on_done = keep_pass,
	};
	if (pass_start(&pass_options, &pass, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	session_run(&session);
	code = print_pass_fault(pass, &session.app);
	if (code == EXIT_OK && pass_trouble(pass))
		tell_warning("%s", pass_trouble(pass)->message);
	if (code == EXIT_OK)
		code = conclude(pass_plan(pass), options);
	pass_free(pass);
	return code;
}
