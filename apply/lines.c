#include "apply/lines.h"

#include <string.h>

#include "diff/cleanup.h"

void lines_release(struct lines *lines)
{
	buf_release(&lines->partial);
}

void lines_clear(struct lines *lines)
{
	buf_clear(&lines->partial);
}

static bool hand_over(const char *line, size_t length,
		      bool (*on_line)(void *ctx, const char *line, size_t length), void *ctx)
{
	if (length > 0 && line[length - 1] == '\r')
		length--;
	return length == 0 || on_line(ctx, line, length);
}

int lines_feed(struct lines *lines, const char *bytes, size_t length,
	       bool (*on_line)(void *ctx, const char *line, size_t length), void *ctx,
	       struct err *err)
{
	const char *end = bytes + length, *newline;

	for (; (newline = memchr(bytes, '\n', (size_t)(end - bytes))); bytes = newline + 1) {
		/* Most lines come whole and need no copy. */
		if (lines->partial.length == 0) {
			if ((size_t)(newline - bytes) > lines->partial.max_length)
				break;
			if (!hand_over(bytes, (size_t)(newline - bytes), on_line, ctx))
				return 0;
			continue;
		}
		buf_append(&lines->partial, bytes, (size_t)(newline - bytes));
		if (buf_check(&lines->partial, "a line", err) < 0)
			return -1;
		CLEANUP(buf_release) struct buf whole = lines->partial;
		buf_init(&lines->partial, whole.max_length);
		if (!hand_over(buf_str(&whole), whole.length, on_line, ctx))
			return 0;
	}
	buf_append(&lines->partial, bytes, (size_t)(end - bytes));
	return buf_check(&lines->partial, "a line", err);
}
