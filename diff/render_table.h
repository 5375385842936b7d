/*
 * render_table.h - rows of cells whose columns are aligned: measured first, printed later.
 *
 * The rooms of `status` share this; nobody else includes it.
 */
#ifndef DIFF_RENDER_TABLE_H
#define DIFF_RENDER_TABLE_H

#include "diff/render_style.h"

#define TABLE_MAX_COLUMNS 8
#define TABLE_MAX_CELL    (1024u * 1024) /* bytes */

/* Cells are escaped texts. Zero-initialised has no columns yet. */
struct table {
	size_t widths[TABLE_MAX_COLUMNS];
};

/* The escaped text of a cell, in a buffer that is reused. */
const char *table_cell(const char *text, struct buf *cell);

void table_measure(struct table *table, size_t column, const char *cell);

/* A cell that others follow: filled up to where the next column begins. */
void table_print(const struct table *table, size_t column, enum style style,
		 const struct render_options *options, const char *cell, struct buf *out);

/* The last cell of a row, which begins in column `used`: cut where the terminal ends. */
void table_print_last(size_t used, enum style style, const struct render_options *options,
		      const char *cell, struct buf *out);

#endif
