/*
 * replace_file.h - a file's content is another one at once, or stays as it is.
 */
#ifndef AGENT_REPLACE_FILE_H
#define AGENT_REPLACE_FILE_H

#include <stddef.h>

#include "diff/err.h"

/*
 * Replaces the file if it still holds `old`: a new one beside it takes its place, with its mode
 * and, if that is permitted, its owner. A symbolic link is refused. Errors: ERR_CONFLICT for
 * another content, ERR_UNSUPPORTED for what is no regular file, ERR_DENIED, ERR_TRANSIENT (a full
 * disk).
 */
int replace_file(const char *path, const char *old, size_t old_length, const char *text,
		 size_t length, struct err *err);

#endif
