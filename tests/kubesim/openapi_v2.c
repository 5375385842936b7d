#include "tests/kubesim/openapi_v2.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tests/kubesim/openapi.h"

/* Field numbers of gnostic's OpenAPIv2.proto. */
enum {
	DOCUMENT_SWAGGER = 1,
	DOCUMENT_INFO = 2,
	DOCUMENT_PATHS = 8,
	INFO_TITLE = 1,
	INFO_VERSION = 2,
	PATHS_PATH = 2,
	NAMED_NAME = 1,
	NAMED_VALUE = 2,
	ITEM_PATCH = 8,
	OPERATION_PARAMETERS = 8,
	OPERATION_EXTENSION = 13,
	PARAMETERS_ITEM_PARAMETER = 1,
	PARAMETER_NON_BODY = 2,
	NON_BODY_QUERY = 3,
	QUERY_NAME = 4,
	ANY_YAML = 2,
};

#define MAX_PART_BYTES   (64u * 1024)
#define WIRE_WITH_LENGTH 2u

static void put_varint(struct buf *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		buf_putc(out, (char)(0x80 | (value & 0x7f)));
	buf_putc(out, (char)value);
}

static void put_bytes(struct buf *out, unsigned field, const char *bytes, size_t length)
{
	put_varint(out, field << 3 | WIRE_WITH_LENGTH);
	put_varint(out, length);
	buf_append(out, bytes, length);
}

static void put_text(struct buf *out, unsigned field, const char *text)
{
	put_bytes(out, field, text, strlen(text));
}

/* Appends the part as a field of `out` and empties it. */
static void put_part(struct buf *out, unsigned field, struct buf *part)
{
	put_bytes(out, field, buf_str(part), part->length);
	buf_clear(part);
}

/* A query parameter, through the four messages that gnostic wraps it in. */
static void put_parameter(struct buf *operation, const char *name)
{
	CLEANUP(buf_release) struct buf inner = BUF_INIT(MAX_PART_BYTES);
	CLEANUP(buf_release) struct buf outer = BUF_INIT(MAX_PART_BYTES);

	put_text(&inner, QUERY_NAME, name);
	put_part(&outer, NON_BODY_QUERY, &inner);
	put_part(&inner, PARAMETER_NON_BODY, &outer);
	put_part(&outer, PARAMETERS_ITEM_PARAMETER, &inner);
	put_part(operation, OPERATION_PARAMETERS, &outer);
}

static void put_identity(struct buf *operation, const struct kind *kind)
{
	CLEANUP(buf_release) struct buf yaml = BUF_INIT(MAX_PART_BYTES);
	CLEANUP(buf_release) struct buf any = BUF_INIT(MAX_PART_BYTES);
	CLEANUP(buf_release) struct buf named = BUF_INIT(MAX_PART_BYTES);

	buf_printf(&yaml, "group: \"%s\"\nkind: %s\nversion: %s\n", kind->group, kind->kind,
		   kind->version);
	put_part(&any, ANY_YAML, &yaml);
	put_text(&named, NAMED_NAME, "x-kubernetes-group-version-kind");
	put_part(&named, NAMED_VALUE, &any);
	put_part(operation, OPERATION_EXTENSION, &named);
}

static void put_path(struct buf *paths, const struct kind *kind)
{
	static const char *const parameters[] = {"dryRun", "fieldManager", "fieldValidation"};
	CLEANUP(buf_release) struct buf operation = BUF_INIT(MAX_PART_BYTES);
	CLEANUP(buf_release) struct buf item = BUF_INIT(MAX_PART_BYTES);
	CLEANUP(buf_release) struct buf named = BUF_INIT(MAX_PART_BYTES);
	char path[512];

	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		put_parameter(&operation, parameters[i]);
	put_identity(&operation, kind);
	put_part(&item, ITEM_PATCH, &operation);
	openapi_print_path(kind, path, sizeof(path));
	put_text(&named, NAMED_NAME, path);
	put_part(&named, NAMED_VALUE, &item);
	put_part(paths, PATHS_PATH, &named);
}

void openapi_v2_print(const struct kinds *kinds, struct buf *out)
{
	CLEANUP(buf_release) struct buf part = BUF_INIT(API_MAX_BODY);

	put_text(out, DOCUMENT_SWAGGER, "2.0");
	put_text(&part, INFO_TITLE, "Kubernetes");
	put_text(&part, INFO_VERSION, API_VERSION);
	put_part(out, DOCUMENT_INFO, &part);
	for (size_t i = 0; i < kinds_count(kinds); i++) {
		if (!kinds_at(kinds, i)->review)
			put_path(&part, kinds_at(kinds, i));
	}
	put_part(out, DOCUMENT_PATHS, &part);
}
