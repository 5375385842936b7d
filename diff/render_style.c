#include "diff/render_style.h"

#include <string.h>

#include "diff/text.h"

static const char ellipsis[] = "...";

/* SGR parameters (ECMA-48), those of git's diff. */
static const char *const codes[] = {
	[STYLE_PLAIN] = "",  [STYLE_BOLD] = "1",   [STYLE_ADD] = "32", [STYLE_REMOVE] = "31",
	[STYLE_WARN] = "33", [STYLE_PLACE] = "36", [STYLE_DIM] = "2",
};

void style_begin(const struct render_options *options, enum style style, struct buf *out)
{
	if (options->colour && style != STYLE_PLAIN)
		buf_printf(out, "\033[%sm", codes[style]);
}

void style_end(const struct render_options *options, enum style style, struct buf *out)
{
	if (options->colour && style != STYLE_PLAIN)
		buf_puts(out, "\033[m");
}

void style_puts(const struct render_options *options, enum style style, const char *text,
		struct buf *out)
{
	style_begin(options, style, out);
	style_escape(text, strlen(text), out);
	style_end(options, style, out);
}

/* Whether the character changes the direction or place of those around it (Unicode bidi controls). */
static bool reorders(uint32_t c)
{
	return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) ||
	       (c >= 0x2066 && c <= 0x2069);
}

static void escape_character(uint32_t c, struct buf *out)
{
	if (c == '\n')
		buf_puts(out, "\\n");
	else if (c == '\t')
		buf_puts(out, "\\t");
	else if (c == '\r')
		buf_puts(out, "\\r");
	else if (c < 0x100)
		buf_printf(out, "\\x%02x", (unsigned int)c);
	else
		buf_printf(out, "\\u%04x", (unsigned int)c);
}

void style_escape(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length;) {
		uint32_t c;
		size_t used = text_decode(text + i, length - i, &c);

		if (used == 0) {
			escape_character((unsigned char)text[i], out);
			used = 1;
		} else if (c < 0x20 || (c >= 0x7F && c < 0xA0) || reorders(c)) {
			escape_character(c, out);
		} else {
			buf_append(out, text + i, used);
		}
		i += used;
	}
}

static bool begins_character(char byte)
{
	return ((unsigned char)byte & 0xC0) != 0x80;
}

size_t style_columns(const char *text, size_t length)
{
	size_t columns = 0;

	for (size_t i = 0; i < length; i++)
		columns += begins_character(text[i]);
	return columns;
}

/* The bytes of the first so many characters. */
static size_t bytes_of(const char *text, size_t characters)
{
	size_t i = 0;

	while (text[i] && characters > 0) {
		do {
			i++;
		} while (!begins_character(text[i]));
		characters--;
	}
	return i;
}

/* Leaves out what stands between the first `head` and the last `tail` characters. */
static void cut(const char *text, size_t head, size_t tail, struct buf *out)
{
	size_t length = strlen(text), all = style_columns(text, length);

	if (all <= head + strlen(ellipsis) + tail) {
		buf_append(out, text, length);
		return;
	}
	buf_append(out, text, bytes_of(text, head));
	buf_puts(out, ellipsis);
	buf_puts(out, text + bytes_of(text, all - tail));
}

void style_cut(const char *text, size_t columns, struct buf *out)
{
	size_t kept = columns - strlen(ellipsis);

	cut(text, kept - kept / 2, kept / 2, out);
}

void style_cut_end(const char *text, size_t columns, struct buf *out)
{
	cut(text, columns - strlen(ellipsis), 0, out);
}

void style_wrap(const struct render_options *options, const char *text, size_t used, size_t indent,
		struct buf *out)
{
	bool at_start = true;

	while (*text) {
		size_t length = strcspn(text, " ");
		size_t columns = style_columns(text, length);

		if (!at_start && options->width > 0 &&
		    used + 1 + columns > (size_t)options->width) {
			buf_putc(out, '\n');
			buf_fill(out, ' ', indent);
			used = indent;
		} else if (!at_start) {
			buf_putc(out, ' ');
			used++;
		}
		buf_append(out, text, length);
		used += columns;
		at_start = false;
		text += length + strspn(text + length, " ");
	}
}
