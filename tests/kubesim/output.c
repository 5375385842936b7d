#include "tests/kubesim/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/convert.h"
#include "tests/kubesim/obj.h"

/* --- negotiation ----------------------------------------------------------------------------- */

/* Whether the media range has this parameter: "as=Table" in "application/json;as=Table;v=v1". */
static bool has_parameter(const char *range, size_t length, const char *parameter)
{
	size_t wanted = strlen(parameter);

	for (const char *at = range; at < range + length; at++) {
		if (*at != ';')
			continue;
		for (at++; *at == ' '; at++)
			;
		if ((size_t)(range + length - at) >= wanted &&
		    strncmp(at, parameter, wanted) == 0 &&
		    (at + wanted == range + length || strchr("; ", at[wanted])))
			return true;
		at--;
	}
	return false;
}

static bool is_json(const char *range, size_t length)
{
	static const char *const types[] = {"application/json", "*/*", "application/*"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t type = strlen(types[i]);

		if (length >= type && strncmp(range, types[i], type) == 0 &&
		    (length == type || range[type] == ';' || range[type] == ' '))
			return true;
	}
	return false;
}

/* One media range of the header; false if it asks for what the server does not have. */
static bool choose_range(const char *range, size_t length, struct output *ret_output)
{
	bool is_list = has_parameter(range, length, "as=PartialObjectMetadataList");

	if (!is_json(range, length))
		return false;
	if (!memmem(range, length, ";as=", 4)) {
		ret_output->form = OUTPUT_WHOLE;
		return true;
	}
	if (!has_parameter(range, length, "g=meta.k8s.io") || !has_parameter(range, length, "v=v1"))
		return false;
	if (has_parameter(range, length, "as=Table"))
		ret_output->form = OUTPUT_TABLE;
	else if (is_list || has_parameter(range, length, "as=PartialObjectMetadata"))
		ret_output->form = OUTPUT_METADATA;
	else
		return false;
	return true;
}

int output_choose(const char *accept, const char *include, const struct kind *kind,
		  struct loop *loop, struct output *ret_output, struct status *status)
{
	const char *range = accept;

	*ret_output = (struct output){.kind = kind, .loop = loop};
	if (strcmp(include, "Object") == 0)
		ret_output->include = TABLE_INCLUDE_OBJECT;
	else if (strcmp(include, "None") == 0)
		ret_output->include = TABLE_INCLUDE_NONE;
	if (!accept[0])
		return 0;
	while (range[0]) {
		size_t length;

		range += strspn(range, ", ");
		length = strcspn(range, ",");
		if (choose_range(range, length, ret_output))
			return 0;
		range += length;
	}
	return status_set(status, 406, "NotAcceptable",
			  "only the following media types are accepted: application/json");
}

/* --- writing --------------------------------------------------------------------------------- */

static struct table_options table_options(const struct output *output, bool headers)
{
	return (struct table_options){
		.now_us = loop_wall_us(output->loop),
		.include = output->include,
		.no_headers = !headers,
	};
}

/* The object's metadata under the name of a kind of its own. */
static cJSON *metadata_only(const cJSON *object)
{
	cJSON *partial = obj_parse("{\"kind\":\"PartialObjectMetadata\","
				   "\"apiVersion\":\"meta.k8s.io/v1\"}");

	obj_carry(partial, object, "metadata");
	return partial;
}

static void write_whole(const struct kind *kind, struct record *record, struct buf *out)
{
	CLEANUP(cJSON_Delete_p) cJSON *converted = convert_to(kind, record->object);
	size_t length;
	const char *text;

	if (converted) {
		json_print(converted, out);
		return;
	}
	text = record_text(record, &length);
	buf_append(out, text, length);
}

static void add_row(const struct output *output, struct record *record, bool headers, cJSON *table)
{
	CLEANUP(cJSON_Delete_p) cJSON *converted = convert_to(output->kind, record->object);
	struct table_options options = table_options(output, headers);

	table_add(table, output->kind, converted ? converted : record->object, &options);
}

static cJSON *new_table(const struct output *output, bool headers)
{
	struct table_options options = table_options(output, headers);

	return must(table_new(output->kind, &options));
}

void output_object(const struct output *output, struct record *record, bool headers,
		   struct buf *out)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	switch (output->form) {
	case OUTPUT_WHOLE: write_whole(output->kind, record, out); return;
	case OUTPUT_METADATA: value = metadata_only(record->object); break;
	case OUTPUT_TABLE:
		value = new_table(output, headers);
		obj_set_text(value, "metadata.resourceVersion", obj_version(record->object));
		add_row(output, record, headers, value);
		break;
	}
	json_print(value, out);
}

/* A list's metadata; the members that are empty are left out. */
static cJSON *list_metadata(uint64_t version, const char *continue_token, size_t remaining)
{
	cJSON *metadata = obj_new();
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	obj_set_text(metadata, "resourceVersion", text);
	if (continue_token)
		obj_set_text(metadata, "continue", continue_token);
	if (continue_token && remaining > 0)
		obj_set_int(metadata, "remainingItemCount", (int64_t)remaining);
	return metadata;
}

/*
 * Written piece by piece, so that each object's own text is used. Items of a list have no kind and
 * apiVersion in a real server's answer to typed kinds, but kubectl and client-go take both.
 */
static void write_list(const struct output *output, const struct records *records,
		       const cJSON *metadata, struct buf *out)
{
	char api_version[128] = "meta.k8s.io/v1";
	bool whole = output->form == OUTPUT_WHOLE;

	if (whole)
		kind_api_version(output->kind, api_version, sizeof(api_version));
	buf_printf(out, "{\"kind\":\"%s\",\"apiVersion\":\"%s\",\"metadata\":",
		   whole ? output->kind->list_kind : "PartialObjectMetadataList", api_version);
	json_print(metadata, out);
	buf_puts(out, ",\"items\":[");
	for (size_t i = 0; i < records->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		output_object(output, records->items[i], false, out);
	}
	buf_puts(out, "]}");
}

void output_list(const struct output *output, const struct records *records, uint64_t version,
		 const char *continue_token, size_t remaining, struct buf *out)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *metadata = list_metadata(version, continue_token, remaining);
	CLEANUP(cJSON_Delete_p) cJSON *table = NULL;

	if (output->form != OUTPUT_TABLE) {
		write_list(output, records, metadata, out);
		return;
	}
	table = new_table(output, true);
	obj_set(table, "metadata", STEAL(metadata));
	for (size_t i = 0; i < records->count; i++)
		add_row(output, records->items[i], true, table);
	json_print(table, out);
}
