/*
 * render_style.h - text on a terminal: escaped, coloured, measured, cut.
 *
 * The rooms of render.h share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_STYLE_H
#define DIFF_RENDER_STYLE_H

#include <stddef.h>

#include "diff/render.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_ADD, STYLE_REMOVE, STYLE_WARN, STYLE_PLACE, STYLE_DIM };

/* Appends the text in the style's colour, or as it is without colour. The text is escaped. */
void style_puts(const struct render_options *options, enum style style, const char *text,
		struct buf *out);

/* What style_puts puts around a text, for a text that is appended by other means. */
void style_begin(const struct render_options *options, enum style style, struct buf *out);
void style_end(const struct render_options *options, enum style style, struct buf *out);

/*
 * Appends the text so that it can do nothing to a terminal or to the line it stands in: control
 * characters as \n, \t, \x1b; characters that reorder a line and bad UTF-8 likewise.
 */
void style_escape(const char *text, size_t length, struct buf *out);

/* How many columns the text takes, one a character. */
size_t style_columns(const char *text, size_t length);

/*
 * Appends an escaped text that begins in column `used` (from 0): broken between words where the
 * terminal ends, with what follows indented. A word that is longer than a line stays whole.
 */
void style_wrap(const struct render_options *options, const char *text, size_t used, size_t indent,
		struct buf *out);

/* Cuts an escaped text to `columns` (at least 5), with "..." in its middle, or at its end. */
void style_cut(const char *text, size_t columns, struct buf *out);
void style_cut_end(const char *text, size_t columns, struct buf *out);

#endif
