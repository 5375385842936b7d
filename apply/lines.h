/*
 * lines.h - lines out of a stream that arrives in any pieces.
 */
#ifndef APPLY_LINES_H
#define APPLY_LINES_H

#include "diff/buf.h"

struct lines {
	struct buf partial; /* the beginning of a line whose end has not come */
};

/* A line that is longer than the cap is an error. */
#define LINES_INIT(max_line_bytes)                  \
	{                                           \
		.partial = BUF_INIT(max_line_bytes) \
	}

void lines_release(struct lines *lines);

/* Forgets a line that has only begun. */
void lines_clear(struct lines *lines);

/*
 * Takes the next piece. `on_line` gets each line that is complete now, without its end (LF or
 * CRLF), valid during the call; false stops, and drops the rest of the piece. Empty lines are
 * passed over. It must not touch `lines`, which may be gone when it returns false.
 * Errors: ERR_LIMIT, ERR_NO_MEMORY.
 */
int lines_feed(struct lines *lines, const char *bytes, size_t length,
	       bool (*on_line)(void *ctx, const char *line, size_t length), void *ctx,
	       struct err *err);

#endif
