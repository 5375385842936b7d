#include "tests/kubesim/table.h"

#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/table_columns.h"

/* --- columns --------------------------------------------------------------------------------- */

static void add_column(cJSON *columns, const char *name, const char *type, const char *format,
		       int64_t priority)
{
	cJSON *column = obj_new();

	obj_set_text(column, "name", name);
	obj_set_text(column, "type", type);
	obj_set_text(column, "format", format);
	obj_set_text(column, "description", "");
	obj_set_int(column, "priority", priority);
	obj_append(columns, column);
}

static const cJSON *custom_columns(const struct kind *kind)
{
	return json_get(kind->definition, "additionalPrinterColumns");
}

static void add_custom_columns(cJSON *columns, const struct kind *kind)
{
	const cJSON *column;

	add_column(columns, "Name", "string", "name", 0);
	if (!custom_columns(kind))
		add_column(columns, "Age", "date", "", 0);
	json_each (column, custom_columns(kind)) {
		add_column(columns, obj_text(column, "name"), obj_text(column, "type"),
			   obj_text(column, "format"), json_int_or(column, "priority", 0));
	}
}

/* --- cells ----------------------------------------------------------------------------------- */

/* The value of a column's JSONPath: plain member names only, null for all else. */
static cJSON *custom_cell(const struct table_row *row, const cJSON *column)
{
	const char *path = obj_text(column, "jsonPath");
	const cJSON *value = *path == '.' ? json_at(row->object, path + 1) : NULL;

	if (!value)
		return must(cJSON_CreateNull());
	if (strcmp(obj_text(column, "type"), "date") == 0)
		return cell_age(row, path + 1);
	return obj_copy(value);
}

static void add_custom_cells(cJSON *cells, const struct kind *kind, const struct table_row *row)
{
	const cJSON *column;

	obj_append(cells, obj_new_text(obj_name(row->object)));
	if (!custom_columns(kind))
		obj_append(cells, cell_age(row, "metadata.creationTimestamp"));
	json_each (column, custom_columns(kind)) {
		obj_append(cells, custom_cell(row, column));
	}
}

/* What marks a finished Pod in its row. */
static void add_conditions(cJSON *row, const struct kind *kind, const cJSON *object)
{
	const char *phase = obj_text(object, "status.phase");
	bool succeeded = strcmp(phase, "Succeeded") == 0;
	cJSON *condition;

	if (strcmp(kind->kind, "Pod") != 0 || !(succeeded || strcmp(phase, "Failed") == 0))
		return;
	condition = obj_new();
	obj_set_text(condition, "type", "Completed");
	obj_set_text(condition, "status", "True");
	obj_set_text(condition, "reason", phase);
	obj_set_text(condition, "message",
		     succeeded ? "The pod has completed successfully." : "The pod failed.");
	obj_append(obj_array_at(row, "conditions"), condition);
}

static cJSON *included(const cJSON *object, enum table_include include)
{
	cJSON *partial;

	if (include == TABLE_INCLUDE_NONE)
		return must(cJSON_CreateNull());
	if (include == TABLE_INCLUDE_OBJECT)
		return obj_copy(object);
	partial = obj_new();
	obj_set_text(partial, "kind", "PartialObjectMetadata");
	obj_set_text(partial, "apiVersion", "meta.k8s.io/v1");
	obj_carry(partial, object, "metadata");
	return partial;
}

/* --- tables ---------------------------------------------------------------------------------- */

cJSON *table_new(const struct kind *kind, const struct table_options *options)
{
	cJSON *table = obj_new();
	const struct table_column *column;
	size_t count;

	obj_set_text(table, "kind", "Table");
	obj_set_text(table, "apiVersion", "meta.k8s.io/v1");
	obj_set(table, "metadata", obj_new());
	obj_array_at(table, "columnDefinitions");
	obj_array_at(table, "rows");
	if (options->no_headers) {
		obj_set(table, "columnDefinitions", must(cJSON_CreateNull()));
		return table;
	}
	if (kind->custom) {
		add_custom_columns(json_get(table, "columnDefinitions"), kind);
		return table;
	}
	column = table_columns(kind->kind, &count);
	for (; count; count--, column++)
		add_column(json_get(table, "columnDefinitions"), column->name, column->type,
			   column->format, column->priority);
	return table;
}

void table_add(cJSON *table, const struct kind *kind, const cJSON *object,
	       const struct table_options *options)
{
	const struct table_row source = {.object = object, .now_us = options->now_us};
	cJSON *row = obj_new(), *cells = obj_array_at(row, "cells");
	const struct table_column *column;
	size_t count;

	if (kind->custom) {
		add_custom_cells(cells, kind, &source);
	} else {
		column = table_columns(kind->kind, &count);
		for (; count; count--, column++)
			obj_append(cells, column->cell(&source, column->argument));
	}
	add_conditions(row, kind, object);
	obj_set(row, "object", included(object, options->include));
	obj_append(json_get(table, "rows"), row);
}
