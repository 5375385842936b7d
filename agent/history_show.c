#include "agent/history_show.h"

#include <stdio.h>
#include <string.h>

#include "agent/session.h"
#include "agent/terminal.h"

int history_show(const struct history *history, const char *app, const struct options *options)
{
	const struct render_options look = terminal_options(options->color);
	CLEANUP(buf_release) struct buf text = BUF_INIT((4u * HISTORY_MAX_BYTES));
	bool wide = strcmp(options->output, "wide") == 0;
	struct err err;

	if (strcmp(options->output, "json") == 0) {
		if (render_history_json(history, app, &text, &err) == 0)
			return print_result(&text);
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	if (!history->entries || !history->entries->child) {
		fprintf(stderr, "tranche: nothing is remembered yet of what %s changed\n", app);
		return EXIT_OK;
	}
	render_history_table(history, wide, &look, &text);
	return print_result(&text);
}
