#include "agent/commands.h"

#include "agent/session.h"
#include "diff/version.h"

int command_version(const struct options *options)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	(void)options;
	buf_printf(&text, "tranche %s\n", tranche_version);
	return print_result(&text);
}
