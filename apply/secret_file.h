/*
 * secret_file.h - a small file with a token, certificate or key, read again when it changes.
 *
 * What rotates such files replaces them (a Secret's volume by swapping a symbolic link) or writes
 * over them; either shows in the file's status, which costs one system call to look at.
 */
#ifndef APPLY_SECRET_FILE_H
#define APPLY_SECRET_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "diff/err.h"

#define SECRET_FILE_MAX_BYTES (1024u * 1024)

struct secret_file {
	const char *path; /* borrowed; NULL: there is no such file, and never a text */
	/* Makes what was read, in place, into what is kept. ERR_INVALID: it is no such thing. */
	int (*tidy)(const char *path, char *text, size_t length, struct err *err);
	char *text;       /* NULL: not read yet */
	struct stat seen; /* of the file that `text` was read from */
};

/*
 * Reads the file if it is another one now. Returns 1 if the text is another one, 0 if not. A file
 * that cannot be read, or holds no such thing, leaves the text as it is, for it may be about to be
 * written; where there is no text yet that is an error: ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID,
 * ERR_LIMIT.
 */
int secret_file_refresh(struct secret_file *file, struct err *err);

/* Has the next refresh read the file even if it seems to be the same. */
void secret_file_distrust(struct secret_file *file);

void secret_file_release(struct secret_file *file);

/* What may be kept of a file with a token, and of one with certificates or a key. */
int secret_file_tidy_token(const char *path, char *text, size_t length, struct err *err);
int secret_file_tidy_pem(const char *path, char *text, size_t length, struct err *err);

#endif
