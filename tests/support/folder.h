/*
 * folder.h - a temporary folder with files in it, for tests.
 */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <stdbool.h>

struct folder {
	char path[64];
};

void folder_make(struct folder *folder);

/* Removes it with all that is in it. */
void folder_remove(struct folder *folder);

/* The path of a file in it; valid for the next eight calls. */
const char *folder_file(const struct folder *folder, const char *name);

/* Writes a file, in place of one that is there. */
void folder_write(const struct folder *folder, const char *name, const char *text);

/* Writes a shell script that can be run; `text` is what follows "#!/bin/sh\n". */
void folder_script(const struct folder *folder, const char *name, const char *text);

/* The file's text, "" where there is none; valid until the next call. */
const char *folder_read(const struct folder *folder, const char *name);

#endif
