/*
 * buf.h - a growing byte buffer with a cap.
 *
 * Appending never fails loudly: when memory runs out or the cap would be passed, the buffer turns
 * "broken", drops every later append, and buf_check says so once at the end. Code that renders
 * therefore reads as a run of appends.
 *
 *	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_BYTES);
 *	buf_printf(&out, "%s/%s", kind, name);
 *	if (buf_check(&out, "plan", err) < 0)
 *		return -1;
 */
#ifndef DIFF_BUF_H
#define DIFF_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

struct buf {
	char *data;      /* always NUL-terminated once something was appended; may be NULL before */
	size_t length;   /* bytes, without the NUL */
	size_t capacity; /* bytes allocated */
	size_t max_length; /* appends that would pass this break the buffer */
	bool broken_memory, broken_cap;
};

#define BUF_INIT(max_bytes)               \
	{                                 \
		.max_length = (max_bytes) \
	}

void buf_init(struct buf *buf, size_t max_length);
void buf_release(struct buf *buf);

/* Empties the buffer and mends it; the allocation stays. */
void buf_clear(struct buf *buf);

void buf_append(struct buf *buf, const void *bytes, size_t length);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_fill(struct buf *buf, char c, size_t times);
void buf_put_int(struct buf *buf, int64_t value); /* in decimal */
void buf_printf(struct buf *buf, const char *format, ...) PRINTF(2, 3);

/*
 * Breaks `buf` too if `part` is broken: for what is printed from a text that was built in a buffer
 * of its own.
 */
void buf_break_with(struct buf *buf, const struct buf *part);

/* Cuts the content down to `length` bytes; longer than the content is a no-op. */
void buf_truncate(struct buf *buf, size_t length);

/* The content as a string: "" when empty, valid until the next append. */
const char *buf_str(const struct buf *buf);

/* Moves the content out; the caller frees it. NULL if the buffer is broken or memory runs out. */
char *buf_steal(struct buf *buf);

/* 0 if every append held, else -1: ERR_NO_MEMORY, or ERR_LIMIT "WHAT is larger than N bytes". */
int buf_check(const struct buf *buf, const char *what, struct err *err);

#endif
