#include "tests/kubesim/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff/yaml.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/custom.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/protobuf.h"
#include "tests/kubesim/prune.h"

#define MAX_FAULTS_BYTES (256u * 1024)

enum validation { VALIDATE_IGNORE, VALIDATE_WARN, VALIDATE_STRICT };

/* --- decoding -------------------------------------------------------------------------------- */

static bool has_type(const struct request *request, const char *type)
{
	size_t length = strlen(type);

	return strncmp(request->content_type, type, length) == 0 &&
	       (!request->content_type[length] || strchr("; ", request->content_type[length]));
}

static int decode_yaml(const struct request *request, cJSON **ret_object, struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load(request->body, request->body_length, &docs, err) < 0)
		return -1;
	if (docs.count != 1)
		return err_set(err, ERR_INVALID, "one document is wanted, not %zu", docs.count);
	*ret_object = STEAL(docs.items[0].root);
	return 0;
}

static int unknown_format(struct status *status)
{
	return status_set(status, 415, "UnsupportedMediaType",
			  "the body of the request was in an unknown format - accepted media types "
			  "include: application/json, application/yaml, " PROTOBUF_TYPE);
}

int body_decode_any(const struct request *request, cJSON **ret_object, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct err err = {0};
	int result;

	if (has_type(request, PROTOBUF_TYPE))
		result = protobuf_decode(request->body, request->body_length, &object, &err);
	else if (has_type(request, "application/yaml") ||
		 has_type(request, "application/apply-patch+yaml"))
		result = decode_yaml(request, &object, &err);
	else if (!request->content_type[0] || has_type(request, "application/json"))
		result = json_parse(request->body, request->body_length, &object, &err);
	else
		return unknown_format(status);
	if (result < 0 && err.class == ERR_UNSUPPORTED)
		return unknown_format(status);
	if (result == 0 && !cJSON_IsObject(object))
		result = err_set(&err, ERR_INVALID, "an object is wanted");
	if (result < 0)
		return status_bad_request(status, "couldn't get version/kind; json parse error: %s",
					  err.message);
	*ret_object = STEAL(object);
	return 0;
}

/* --- fields ---------------------------------------------------------------------------------- */

static enum validation validation_of(const struct request *request)
{
	const char *text = request_param(request, "fieldValidation");

	if (strcmp(text, "Strict") == 0)
		return VALIDATE_STRICT;
	return strcmp(text, "Ignore") == 0 ? VALIDATE_IGNORE : VALIDATE_WARN;
}

/* The faults of one object: unknown fields to refuse, warn of and drop, the first wrong type. */
struct field_faults {
	struct response *response; /* where warnings go; NULL: nowhere */
	struct buf unknown;
	const cJSON **nodes;
	size_t node_count;
	struct buf wrong_type;
};

static void field_faults_release(struct field_faults *faults)
{
	buf_release(&faults->unknown);
	buf_release(&faults->wrong_type);
	free(faults->nodes);
}

static void add_unknown(struct field_faults *faults, const char *text)
{
	buf_printf(&faults->unknown, "%s%s", faults->unknown.length > 0 ? ", " : "", text);
	if (faults->response)
		response_warn(faults->response, text);
}

/* A field that custom_prune has removed. */
static void note_unknown(const char *path, void *context)
{
	CLEANUP(free_p) char *text = alloc_printf("unknown field \"%s\"", path);

	add_unknown(context, text);
}

static int note_fault(const struct schema_finding *finding, void *context)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_FAULTS_BYTES);
	struct field_faults *faults = context;

	if (finding->fault == SCHEMA_MISSING)
		return 0; /* validation, which comes later, says so in its own words */
	schema_explain_as_server(finding, &text);
	if (finding->fault != SCHEMA_UNKNOWN_FIELD && finding->fault != SCHEMA_DUPLICATE_FIELD) {
		buf_puts(&faults->wrong_type, buf_str(&text));
		return 1;
	}
	add_unknown(faults, buf_str(&text));
	faults->nodes = alloc_grow(faults->nodes, faults->node_count + 1, sizeof(*faults->nodes));
	faults->nodes[faults->node_count++] = finding->node;
	return 0;
}

/* Takes the nodes out of the tree they are in. */
static void drop_nodes(cJSON *container, const cJSON *const *nodes, size_t count)
{
	cJSON *item = container->child;

	while (item) {
		cJSON *next = item->next;
		bool unknown = false;

		for (size_t i = 0; i < count && !unknown; i++)
			unknown = nodes[i] == item;
		if (unknown)
			cJSON_Delete(cJSON_DetachItemViaPointer(container, item));
		else
			drop_nodes(item, nodes, count);
		item = next;
	}
}

int body_check_fields(const struct request *request, struct response *response, cJSON *object,
		      char **ret_faults, struct status *status)
{
	const struct kind *kind = request->kind;
	enum validation validation = validation_of(request);
	CLEANUP(field_faults_release)
	struct field_faults faults = {
		.response = validation == VALIDATE_WARN ? response : NULL,
		.unknown = BUF_INIT(MAX_FAULTS_BYTES),
		.wrong_type = BUF_INIT(MAX_FAULTS_BYTES),
	};
	struct err err = {0};

	*ret_faults = NULL;
	if (kind->custom)
		custom_prune(kind, object, note_unknown, &faults);
	if (kind->schema)
		must_do(schema_check(kind->schema, kind->kind, object, note_fault, &faults, &err),
			&err);
	if (faults.wrong_type.length > 0)
		return status_bad_request(
			status, "%s in version \"%s\" cannot be handled as a %s: %s", kind->kind,
			kind->version, kind->kind, buf_str(&faults.wrong_type));
	if (faults.node_count > 0)
		drop_nodes(object, faults.nodes, faults.node_count);
	prune(kind->schema, object);
	if (faults.unknown.length > 0 && validation == VALIDATE_STRICT)
		*ret_faults = must(buf_steal(&faults.unknown));
	return 0;
}

/* --- checking against the path --------------------------------------------------------------- */

static int check_kind(const struct request *request, const cJSON *object, struct status *status)
{
	const struct kind *kind = request->kind;
	char expected[128];

	kind_api_version(kind, expected, sizeof(expected));
	if (!json_str(object, "kind") || !obj_text(object, "kind")[0])
		return status_bad_request(status, "Object 'Kind' is missing in '%.200s'",
					  request->body);
	if (strcmp(obj_text(object, "apiVersion"), expected) != 0)
		return status_bad_request(status,
					  "the API version in the data (%s) does not match the "
					  "expected API version (%s)",
					  obj_text(object, "apiVersion"), expected);
	if (strcmp(obj_text(object, "kind"), kind->kind) != 0)
		return status_bad_request(status,
					  "%s in version \"%s\" cannot be handled as a %s: "
					  "converting (%s) to (%s): unknown conversion",
					  obj_text(object, "kind"), kind->version, kind->kind,
					  obj_text(object, "kind"), kind->kind);
	return 0;
}

int body_check_place(const struct request *request, cJSON *object, struct status *status)
{
	const struct route *route = &request->route;
	const char *name = obj_name(object), *namespace = obj_namespace(object);

	if (request->kind->namespaced && !namespace[0])
		obj_set_text(object, "metadata.namespace", route->namespace);
	else if (strcmp(namespace, route->namespace) != 0)
		return status_bad_request(status, "the namespace of the provided object does not "
						  "match the namespace sent on the request");
	if (!route->name[0])
		return 0;
	if (!name[0])
		return status_bad_request(status, "name must be provided");
	if (strcmp(name, route->name) != 0)
		return status_bad_request(status,
					  "the name of the object (%s) does not match the name on "
					  "the URL (%s)",
					  name, route->name);
	return 0;
}

int body_decode(const struct request *request, struct response *response, cJSON **ret_object,
		struct status *status)
{
	const struct kind *kind = request->kind;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(free_p) char *faults = NULL;

	if (body_decode_any(request, &object, status) < 0 ||
	    check_kind(request, object, status) < 0 ||
	    body_check_fields(request, response, object, &faults, status) < 0 ||
	    body_check_place(request, object, status) < 0)
		return -1;
	if (faults)
		return status_bad_request(status,
					  "%s in version \"%s\" cannot be handled as a %s: strict "
					  "decoding error: %s",
					  kind->kind, kind->version, kind->kind, faults);
	*ret_object = STEAL(object);
	return 0;
}

int body_dry_run(const struct request *request, bool *ret_dry_run, struct status *status)
{
	*ret_dry_run = strcmp(request_param(request, "dryRun"), "All") == 0;
	if (!request_has_param(request, "dryRun") || *ret_dry_run)
		return 0;
	return status_bad_request(status,
				  "invalid dryRun value: \"%s\": the supported value is \"All\"",
				  request_param(request, "dryRun"));
}
