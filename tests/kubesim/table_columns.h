/*
 * table_columns.h - which columns each kind has.
 */
#ifndef TESTS_KUBESIM_TABLE_COLUMNS_H
#define TESTS_KUBESIM_TABLE_COLUMNS_H

#include <stddef.h>

#include "tests/kubesim/table_cells.h"

struct table_column {
	const char *name;
	const char *type;   /* "string", "integer", "boolean", "date" */
	const char *format; /* "name" or "" */
	int priority;
	cell_fn *cell;
	const char *argument;
};

/* The columns of one of Kubernetes' own kinds; those of the default where it has none. */
const struct table_column *table_columns(const char *kind, size_t *ret_count);

#endif
