/*
 * file.h - a small file as a string.
 */
#ifndef APPLY_FILE_H
#define APPLY_FILE_H

#include <stddef.h>

#include "diff/err.h"

/*
 * Reads it whole. The caller frees *ret_text, which ends in a NUL that is not counted. Errors have
 * "cannot read PATH: " in front: ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID (a folder),
 * ERR_LIMIT above max_bytes, ERR_TRANSIENT (a disk's), ERR_NO_MEMORY.
 */
int file_read(const char *path, size_t max_bytes, char **ret_text, size_t *ret_length,
	      struct err *err);

#endif
