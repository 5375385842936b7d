#include "tests/kubesim/alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *must_have(void *pointer)
{
	if (!pointer) {
		fputs("kubesim: out of memory\n", stderr);
		exit(1);
	}
	return pointer;
}

void must_do(int result, const struct err *err)
{
	if (result != 0) {
		fprintf(stderr, "kubesim: %s\n", err->message);
		exit(1);
	}
}

void *alloc_zero(size_t size)
{
	return must_have(calloc(1, size));
}

void *alloc_grow(void *pointer, size_t count, size_t item_size)
{
	return must_have(reallocarray(pointer, count ? count : 1, item_size));
}

char *alloc_copy(const char *text)
{
	return must(strdup(text));
}

char *alloc_printf(const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	return must(length < 0 ? NULL : text);
}
