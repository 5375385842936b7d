#include "diff/err.h"

#include <stdio.h>
#include <string.h>

/* Drops a UTF-8 sequence that the limit cut in the middle. */
static void trim_partial_character(char *text, size_t length)
{
	size_t start = length;

	while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start == 0)
		return;
	unsigned char lead = (unsigned char)text[start - 1];
	size_t expected = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	if (length - (start - 1) < expected)
		text[start - 1] = '\0';
}

PRINTF(2, 0)
static void set_message(struct err *err, const char *format, va_list args)
{
	int length = vsnprintf(err->message, sizeof(err->message), format, args);

	if (length < 0)
		err->message[0] = '\0';
	else if ((size_t)length >= sizeof(err->message))
		trim_partial_character(err->message, sizeof(err->message) - 1);
}

int err_set(struct err *err, enum err_class class, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	err_vset(err, class, format, args);
	va_end(args);
	return -1;
}

int err_vset(struct err *err, enum err_class class, const char *format, va_list args)
{
	err->class = class;
	set_message(err, format, args);
	return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
	char old[ERR_MESSAGE_MAX];
	va_list args;

	memcpy(old, err->message, sizeof(old));
	va_start(args, format);
	set_message(err, format, args);
	va_end(args);

	size_t used = strlen(err->message);
	int length = snprintf(err->message + used, sizeof(err->message) - used, ": %s", old);
	if (length >= 0 && (size_t)length >= sizeof(err->message) - used)
		trim_partial_character(err->message, sizeof(err->message) - 1);
	return -1;
}

int err_no_memory(struct err *err)
{
	return err_set(err, ERR_NO_MEMORY, "out of memory");
}

const char *err_class_name(enum err_class class)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_INVALID] = "invalid",
		[ERR_NOT_FOUND] = "not-found",
		[ERR_DENIED] = "denied",
		[ERR_UNTRUSTED] = "untrusted",
		[ERR_CONFLICT] = "conflict",
		[ERR_EXISTS] = "exists",
		[ERR_EXPIRED] = "expired",
		[ERR_TRANSIENT] = "transient",
		[ERR_LIMIT] = "limit",
		[ERR_UNSUPPORTED] = "unsupported",
		[ERR_CANCELLED] = "cancelled",
		[ERR_NO_MEMORY] = "no-memory",
		[ERR_INTERNAL] = "internal",
	};

	return names[class];
}
