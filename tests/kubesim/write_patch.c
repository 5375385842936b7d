#include "tests/kubesim/write.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/body.h"
#include "tests/kubesim/convert.h"
#include "tests/kubesim/managed_fields.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/patch.h"
#include "tests/kubesim/patch_print.h"
#include "tests/kubesim/patch_strategic.h"
#include "tests/kubesim/read.h"

#define MAX_PRINTED_PATCH (1024u * 1024)

enum patch_type { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_APPLY };

static int read_type(const struct request *request, enum patch_type *ret_type,
		     struct status *status)
{
	static const struct {
		const char *content_type;
		enum patch_type type;
	} types[] = {
		{"application/json-patch+json", PATCH_JSON},
		{"application/merge-patch+json", PATCH_MERGE},
		{"application/strategic-merge-patch+json", PATCH_STRATEGIC},
		{"application/apply-patch+yaml", PATCH_APPLY},
	};
	size_t length = strcspn(request->content_type, "; ");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].content_type) != length ||
		    strncmp(types[i].content_type, request->content_type, length) != 0)
			continue;
		*ret_type = types[i].type;
		if (*ret_type != PATCH_STRATEGIC || request->kind->schema)
			return 0;
	}
	return status_set(status, 415, "UnsupportedMediaType",
			  "the body of the request was in an unknown format - accepted media "
			  "types include: application/json-patch+json, "
			  "application/merge-patch+json, application/apply-patch+yaml%s",
			  request->kind->schema ? ", application/strategic-merge-patch+json" : "");
}

/* What went wrong in the patch rooms, as their headers say it is answered. */
static int patch_failed(const struct err *err, struct status *status)
{
	switch (err->class) {
	case ERR_LIMIT: return status_set(status, 413, "RequestEntityTooLarge", "%s", err->message);
	case ERR_UNSUPPORTED: return status_set(status, 422, "Invalid", PATCH_REJECTED);
	case ERR_INVALID: return status_bad_request(status, "%s", err->message);
	default: return status_set(status, 500, "InternalError", "%s", err->message);
	}
}

static int apply_patch(const struct request *request, enum patch_type type, const cJSON *current,
		       const cJSON *patch, cJSON **ret_object, struct status *status)
{
	struct err err = {0};
	int result;

	switch (type) {
	case PATCH_JSON: result = patch_json(current, patch, ret_object, &err); break;
	case PATCH_MERGE: result = patch_merge(current, patch, ret_object, &err); break;
	default:
		result = patch_strategic(current, patch, request->kind->schema, ret_object, &err);
		break;
	}
	return result < 0 ? patch_failed(&err, status) : 0;
}

/*
 * Fields that the kind does not have: the whole patch is the invalid value, a strategic one as Go
 * prints its map, the others as the patched object.
 */
static int refuse_fields(enum patch_type type, const cJSON *patch, const cJSON *object,
			 const char *faults, struct status *status)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(MAX_PRINTED_PATCH);
	CLEANUP(causes_release) struct causes causes = {0};

	if (type == PATCH_STRATEGIC)
		patch_print_go(patch, &text);
	else
		json_print(object, &text);
	causes_add(&causes, "FieldValueInvalid", "patch",
		   "Invalid value: \"%s\": strict decoding error: %s", buf_str(&text), faults);
	return causes_check(&causes, "", "", "", status);
}

/* The object with the patch applied to it, its fields checked. */
static int patched(const struct request *request, enum patch_type type, const cJSON *current,
		   struct response *response, cJSON **ret_object, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *patch = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(free_p) char *faults = NULL;
	struct err err = {0};

	if (json_parse(request->body, request->body_length, &patch, &err) < 0)
		return status_bad_request(status, "error decoding patch: %s", err.message);
	if (apply_patch(request, type, current, patch, &object, status) < 0)
		return -1;
	if (!cJSON_IsObject(object))
		return status_bad_request(status, "the patched value is not an object");
	if (body_check_fields(request, response, object, &faults, status) < 0)
		return -1;
	if (faults)
		return refuse_fields(type, patch, object, faults, status);
	*ret_object = STEAL(object);
	return 0;
}

/* --- server-side apply ----------------------------------------------------------------------- */

static int check_apply(const struct request *request, const cJSON *config, struct status *status)
{
	if (!request_param(request, "fieldManager")[0])
		return status_set(
			status, 422, "Invalid",
			"PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required "
			"value: is required for apply patch");
	if (json_at(config, "metadata.managedFields"))
		return status_bad_request(status, "metadata.managedFields must be nil");
	return 0;
}

/* Creates the object where there is none. */
static int apply(struct api *api, const struct request *request, const struct record *found,
		 struct write *by, struct response *response, struct record **ret_written,
		 struct status *status)
{
	const struct kind *kind = request->kind;
	CLEANUP(cJSON_Delete_p) cJSON *config = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *current = found ? convert_to(kind, found->object) : NULL;
	cJSON *object;

	by->apply = true;
	if (body_decode(request, response, &config, status) < 0 ||
	    check_apply(request, config, status) < 0)
		return -1;
	if (found && !current)
		current = obj_copy(found->object);
	if (managed_fields_apply(current, config, kind, by, request_param_true(request, "force"),
				 loop_wall_us(api->cluster->loop), &object, status) < 0)
		return -1;
	if (found)
		return registry_update(api->cluster, object, by, ret_written, status);
	return registry_create(api->cluster, object, by, ret_written, status);
}

int write_patch(struct api *api, const struct request *request, struct response *response,
		struct status *status)
{
	struct key key = read_key(request);
	CLEANUP(record_drop_p) struct record *found = store_get(api->cluster->store, &key);
	CLEANUP(record_drop_p) struct record *written = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *current = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	char manager[WRITE_MAX_MANAGER];
	struct write by;
	enum patch_type type;

	if (write_by(request, manager, &by, status) < 0 || read_type(request, &type, status) < 0)
		return -1;
	if (type == PATCH_APPLY) {
		if (apply(api, request, found, &by, response, &written, status) < 0)
			return -1;
		return read_respond(api, request, found ? 200 : 201, written, response, status);
	}
	if (!found)
		return status_not_found(status, &key);
	current = convert_to(request->kind, found->object);
	if (!current)
		current = obj_copy(found->object);
	if (patched(request, type, current, response, &object, status) < 0 ||
	    body_check_place(request, object, status) < 0 ||
	    registry_update(api->cluster, STEAL(object), &by, &written, status) < 0)
		return -1;
	return read_respond(api, request, 200, written, response, status);
}
