#include "agent/commands.h"

#include "agent/agent.h"
#include "agent/session.h"

int command_run(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(config_release) struct config config = {0};
	struct err err;
	int code = session_open_bare(&session);

	if (code != EXIT_OK)
		return code;
	if (config_of_options(options, &config, &err) < 0) {
		tell_error(&err);
		return EXIT_USAGE;
	}
	return agent_run(session.loop, &config);
}
