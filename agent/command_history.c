#include "agent/commands.h"

#include <stdio.h>
#include <string.h>

#include "agent/history_show.h"
#include "agent/remembered.h"
#include "agent/remote.h"
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

static void tell_suspended(const struct inventory *inventory)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	inventory_print_suspended(inventory, &text);
	if (text.length)
		fprintf(stderr, "tranche: %s is %s\n", inventory->app, buf_str(&text));
}

int command_history(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(free_p) char *app = NULL;
	int code;

	if (options->agent)
		return remote_history(options);
	code = session_open(&session, options);

	if (code == EXIT_OK)
		code = remembered_name(&session, options->name, &app);
	if (code == EXIT_OK)
		code = remembered_load(&session, app, &inventory);
	if (code != EXIT_OK)
		return code;
	tell_suspended(&inventory);
	return history_show(&inventory.history, app, options);
}
