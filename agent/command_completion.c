#include "agent/commands.h"

#include "agent/completion.h"
#include "agent/session.h"

int command_completion(const struct options *options)
{
	CLEANUP(buf_release) struct buf script = BUF_INIT(COMPLETION_MAX_BYTES);
	struct err err;

	if (completion_print_script(options->name, &script, &err) == 0)
		return print_result(&script);
	tell_error(&err);
	return EXIT_USAGE;
}
