#include "agent/commands.h"

#include <stdio.h>

#include "agent/history_show.h"
#include "agent/remembered.h"
#include "agent/remote.h"

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
