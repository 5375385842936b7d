/*
 * token.h - a bearer token, fixed or from a file that is rotated.
 */
#ifndef APPLY_TOKEN_H
#define APPLY_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/err.h"

#define TOKEN_MAX_BYTES (64u * 1024)

struct token {
	const char *file;   /* borrowed; NULL: `value` is fixed */
	char *value;        /* NULL: none (yet) */
	int64_t read_at_ms; /* when the file was read last; monotonic */
};

/* Whether a text could be a token: printable ASCII without blanks, and not empty. */
bool token_is_fit(const char *text);

/* `value` is copied, `file` is borrowed; either may be NULL. */
int token_init(struct token *token, const char *value, const char *file, struct err *err);
void token_release(struct token *token);

/*
 * Reads the file again if it was last read at least `max_age_ms` before `now_ms`. Returns 1 if the
 * token is another one now, 0 if not. A file that cannot be read leaves the token as it is; without
 * one it is an error: ERR_NOT_FOUND, ERR_DENIED, ERR_INVALID (empty, or no token).
 */
int token_refresh(struct token *token, int64_t now_ms, int64_t max_age_ms, struct err *err);

#endif
