#include "diff/render_table.h"

#include <string.h>

#define GAP         2  /* between two columns */
#define MIN_COLUMNS 24 /* that a last cell gets however narrow the terminal is */

const char *table_cell(const char *text, struct buf *cell)
{
	buf_truncate(cell, 0);
	style_escape(text, strlen(text), cell);
	return buf_str(cell);
}

void table_measure(struct table *table, size_t column, const char *cell)
{
	size_t columns = style_columns(cell, strlen(cell));

	if (columns > table->widths[column])
		table->widths[column] = columns;
}

void table_print(const struct table *table, size_t column, enum style style,
		 const struct render_options *options, const char *cell, struct buf *out)
{
	style_begin(options, style, out);
	buf_puts(out, cell);
	style_end(options, style, out);
	buf_fill(out, ' ', table->widths[column] - style_columns(cell, strlen(cell)) + GAP);
}

void table_print_last(size_t used, enum style style, const struct render_options *options,
		      const char *cell, struct buf *out)
{
	size_t columns = style_columns(cell, strlen(cell));

	if (options->width > 0 && used + columns > (size_t)options->width)
		columns = (size_t)options->width > used + MIN_COLUMNS
				  ? (size_t)options->width - used
				  : MIN_COLUMNS;
	style_begin(options, style, out);
	style_cut_end(cell, columns, out);
	style_end(options, style, out);
	buf_putc(out, '\n');
}
