#include "tests/support/shell.h"

#include <stdio.h>
#include <stdlib.h>

#include "diff/cleanup.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"

static struct folder folder;

const char *shell_begin(void)
{
	folder_make(&folder);
	setenv("HOME", folder.path, 1);
	return folder.path;
}

void shell(const char *script)
{
	CLEANUP(free_p) char *command = NULL;

	assert_true(asprintf(&command, "cd '%s' && set -e && %s", folder.path, script) > 0);
	if (system(command) != 0)
		fail_msg("failed: %s", script);
}

void shell_end(void)
{
	folder_remove(&folder);
}
