/*
 * file.h - whole files of test data.
 */
#ifndef TESTS_SUPPORT_FILE_H
#define TESTS_SUPPORT_FILE_H

#include "diff/buf.h"

/* Replaces what `out` holds by the file's bytes; the test fails where they cannot be read. */
void read_file(const char *path, struct buf *out);

/*
 * Calls back for each file of the folder that does not begin with a dot, in the order of their
 * names, and returns how many there were. `name` is the file's own, without the folder.
 */
size_t each_file(const char *folder, void (*visit)(const char *name, const struct buf *content));

#endif
