#include "agent/commands.h"

#include "agent/agent.h"
#include "agent/config_load.h"
#include "agent/memory.h"
#include "agent/session.h"

/* The configuration that is asked for, or the code to end with after telling why there is none. */
static int load(const struct options *options, struct config *ret_config)
{
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;
	int result = config_load(options, ret_config, &findings, &err);

	print_findings(&findings);
	if (result == 0)
		return EXIT_OK;
	if (!findings.error_count)
		tell_error(&err);
	if (err.class == ERR_NO_MEMORY)
		return EXIT_INTERNAL;
	return err.class == ERR_INVALID || err.class == ERR_LIMIT ? EXIT_USAGE : EXIT_SOURCE;
}

int command_run(const struct options *options)
{
	CLEANUP(session_close) struct session session = {0};
	CLEANUP(config_release) struct config config = {0};

	memory_begin();
	int code = load(options, &config);

	if (code == EXIT_OK)
		code = session_open_bare(&session);
	return code == EXIT_OK ? agent_run(session.loop, options, &config) : code;
}
