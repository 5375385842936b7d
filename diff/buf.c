#include "diff/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64

/* Makes room for `extra` more bytes and a NUL. */
static bool reserve(struct buf *buf, size_t extra)
{
	if (buf->broken_memory || buf->broken_cap)
		return false;
	if (extra > buf->max_length || buf->length > buf->max_length - extra) {
		buf->broken_cap = true;
		return false;
	}
	size_t need = buf->length + extra + 1;
	if (need <= buf->capacity)
		return true;

	size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
	while (capacity < need)
		capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
	char *data = realloc(buf->data, capacity);
	if (!data) {
		buf->broken_memory = true;
		return false;
	}
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

void buf_init(struct buf *buf, size_t max_length)
{
	*buf = (struct buf)BUF_INIT(max_length);
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	buf_init(buf, buf->max_length);
}

void buf_clear(struct buf *buf)
{
	buf->length = 0;
	buf->broken_memory = buf->broken_cap = false;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_append(struct buf *buf, const void *bytes, size_t length)
{
	if (!reserve(buf, length))
		return;
	if (length)
		memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	if (buf->length + 1 < buf->capacity && buf->length < buf->max_length &&
	    !buf->broken_memory && !buf->broken_cap) {
		buf->data[buf->length++] = c;
		buf->data[buf->length] = '\0';
		return;
	}
	buf_append(buf, &c, 1);
}

void buf_put_int(struct buf *buf, int64_t value)
{
	char digits[24], *first = digits + sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		*--first = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--first = '-';
	buf_append(buf, first, (size_t)(digits + sizeof(digits) - first));
}

void buf_fill(struct buf *buf, char c, size_t times)
{
	if (!reserve(buf, times))
		return;
	memset(buf->data + buf->length, c, times);
	buf->length += times;
	buf->data[buf->length] = '\0';
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	if (length < 0)
		buf->broken_memory = true;
	else if (reserve(buf, (size_t)length)) {
		vsnprintf(buf->data + buf->length, (size_t)length + 1, format, again);
		buf->length += (size_t)length;
	}
	va_end(again);
	va_end(args);
}

void buf_break_with(struct buf *buf, const struct buf *part)
{
	buf->broken_memory |= part->broken_memory;
	buf->broken_cap |= part->broken_cap;
}

void buf_truncate(struct buf *buf, size_t length)
{
	if (length >= buf->length)
		return;
	buf->length = length;
	buf->data[length] = '\0';
}

const char *buf_str(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
	if (!reserve(buf, 0))
		return NULL;
	buf->data[buf->length] = '\0';
	char *data = buf->data;
	buf_init(buf, buf->max_length);
	return data;
}

int buf_check(const struct buf *buf, const char *what, struct err *err)
{
	if (buf->broken_memory)
		return err_no_memory(err);
	if (buf->broken_cap)
		return err_set(err, ERR_LIMIT, "%s is larger than %zu bytes", what,
			       buf->max_length);
	return 0;
}
