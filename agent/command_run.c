#include "agent/commands.h"

#include "agent/agent.h"

int command_run(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	struct err err;
	int code = session_open(&session, options);

	if (code != EXIT_OK)
		return code;
	if (agent_run(&session, options, &err) < 0) {
		tell_error(&err);
		return EXIT_INTERNAL;
	}
	return EXIT_OK;
}
