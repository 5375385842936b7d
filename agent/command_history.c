#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "agent/remembered.h"
#include "agent/show.h"
#include "agent/terminal.h"

static int print(const struct inventory *inventory, const struct options *options)
{
	const struct render_options look = terminal_options(options->color);
	CLEANUP(buf_release) struct buf text = BUF_INIT((4u * HISTORY_MAX_BYTES));
	CLEANUP(buf_release) struct buf suspended = BUF_INIT(4096);
	bool wide = strcmp(options->output, "wide") == 0;
	struct err err;

	if (strcmp(options->output, "json") == 0) {
		if (render_history_json(&inventory->history, inventory->app, &text, &err) == 0)
			return print_result(&text);
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	inventory_print_suspended(inventory, &suspended);
	if (suspended.length)
		fprintf(stderr, "tranche: %s is %s\n", inventory->app, buf_str(&suspended));
	if (!inventory->history.entries || !inventory->history.entries->child) {
		fprintf(stderr, "tranche: nothing is remembered yet of what %s changed\n",
			inventory->app);
		return EXIT_OK;
	}
	render_history_table(&inventory->history, wide, &look, &text);
	return print_result(&text);
}

int command_history(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(free_p) char *app = NULL;
	int code = session_open(&session, options);

	if (code == EXIT_OK)
		code = remembered_name(&session, options->name, &app);
	if (code == EXIT_OK)
		code = remembered_load(&session, app, &inventory);
	return code == EXIT_OK ? print(&inventory, options) : code;
}
