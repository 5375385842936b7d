#include "apply/warning.h"

#include <string.h>

static const char *skip_spaces(const char *at)
{
	return at + strspn(at, " \t");
}

static const char *skip_token(const char *at)
{
	return skip_spaces(at + strcspn(at, " \t"));
}

/* Reads a quoted string, unescaped into `out` (NULL: only past it); NULL if it does not end. */
static const char *read_quoted(const char *at, struct buf *out)
{
	if (*at++ != '"')
		return NULL;
	for (; *at != '"'; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0')
			return NULL;
		if (out)
			buf_putc(out, (unsigned char)*at < 0x20 || *at == 0x7F ? ' ' : *at);
	}
	return at + 1;
}

void warning_print_texts(const char *header_value, struct buf *out)
{
	const char *at = skip_spaces(header_value);

	while (*at) {
		bool wanted = strncmp(at, "299 ", 4) == 0;
		size_t start = out->length;

		at = read_quoted(skip_token(skip_token(at)), wanted ? out : NULL);
		if (!at) {
			buf_truncate(out, start);
			return;
		}
		if (out->length > start)
			buf_putc(out, '\n');
		at = skip_spaces(at);
		if (*at == '"') /* the date */
			at = read_quoted(at, NULL);
		if (!at || *(at = skip_spaces(at)) != ',')
			return;
		at = skip_spaces(at + 1);
	}
}
