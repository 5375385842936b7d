#include "tests/kubesim/subresource.h"

#include <string.h>

#include "tests/kubesim/body.h"
#include "tests/kubesim/controller_budget.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/patch.h"
#include "tests/kubesim/proxy.h"
#include "tests/kubesim/read.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/scale.h"
#include "tests/kubesim/write.h"

static int not_allowed(struct status *status)
{
	return status_set(status, 405, "MethodNotAllowed",
			  "the server does not allow this method on the requested resource");
}

static void respond_success(struct response *response)
{
	response_text(response, 201, "application/json",
		      "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":"
		      "\"Success\",\"code\":201}");
}

/* --- scale ----------------------------------------------------------------------------------- */

/* The Scale that a PUT or PATCH asks for. */
static int wanted_scale(const struct request *request, const cJSON *current, cJSON **ret_scale,
			struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *patch = NULL;
	struct err err = {0};
	int result;

	if (strcmp(request->method, "PATCH") != 0)
		return body_decode_any(request, ret_scale, status);
	if (json_parse(request->body, request->body_length, &patch, &err) < 0)
		return status_bad_request(status, "%s", err.message);
	result = strstr(request->content_type, "json-patch")
			 ? patch_json(current, patch, ret_scale, &err)
			 : patch_merge(current, patch, ret_scale, &err);
	return result == 0 ? 0 : status_bad_request(status, "%s", err.message);
}

static int check_scale(const cJSON *scale, const char *name, struct status *status)
{
	CLEANUP(causes_release) struct causes causes = {0};
	const cJSON *replicas = json_at(scale, "spec.replicas");
	int64_t value = json_int_or(scale, "spec.replicas", 0);

	if (replicas && !json_int_value(replicas, &value))
		return status_bad_request(status, "Scale in version \"v1\" cannot be handled as a "
						  "Scale: json: cannot unmarshal into Go struct "
						  "field ScaleSpec.spec.replicas of type int32");
	if (value < 0)
		causes_add(&causes, "FieldValueInvalid", "spec.replicas",
			   "Invalid value: %lld: must be greater than or equal to 0",
			   (long long)value);
	return causes_check(&causes, "autoscaling", "Scale", name, status);
}

static int handle_scale(struct api *api, const struct request *request, const char *verb,
			struct response *response, struct status *status)
{
	struct key key = read_key(request);
	CLEANUP(record_drop_p) struct record *record = store_get(api->cluster->store, &key);
	CLEANUP(record_drop_p) struct record *written = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *current = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *scale = NULL;
	char manager[WRITE_MAX_MANAGER];
	struct write by;

	if (!record)
		return status_not_found(status, &key);
	current = scale_of(request->kind, record->object);
	if (strcmp(verb, "get") == 0) {
		response_json(response, 200, current);
		return 0;
	}
	if (strcmp(verb, "update") != 0 && strcmp(verb, "patch") != 0)
		return not_allowed(status);
	if (write_by(request, manager, &by, status) < 0 ||
	    wanted_scale(request, current, &scale, status) < 0 ||
	    check_scale(scale, key.name, status) < 0 ||
	    registry_update(api->cluster, scale_apply(request->kind, record->object, scale), &by,
			    &written, status) < 0)
		return -1;
	cJSON_Delete(STEAL(scale));
	scale = scale_of(request->kind, written->object);
	response_json(response, 200, scale);
	return 0;
}

/* --- Pods ------------------------------------------------------------------------------------ */

static int handle_eviction(struct api *api, const struct request *request,
			   struct response *response, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *eviction = NULL;
	struct key key = read_key(request);
	CLEANUP(record_drop_p) struct record *pod = store_get(api->cluster->store, &key);
	struct delete_options options = {0};
	char manager[WRITE_MAX_MANAGER];
	struct write by;

	if (write_by(request, manager, &by, status) < 0 ||
	    body_decode_any(request, &eviction, status) < 0)
		return -1;
	if (!pod)
		return status_not_found(status, &key);
	options.grace_seconds = json_int_or(eviction, "deleteOptions.gracePeriodSeconds", -1);
	options.has_grace = options.grace_seconds >= 0;
	options.uid = json_str(eviction, "deleteOptions.preconditions.uid");
	options.version = json_str(eviction, "deleteOptions.preconditions.resourceVersion");
	if (budgets_admit(api->cluster, pod->object, status) < 0 ||
	    registry_delete(api->cluster, &key, &options, &by, NULL, NULL, status) < 0)
		return -1;
	respond_success(response);
	return 0;
}

static int handle_binding(struct api *api, const struct request *request, struct response *response,
			  struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *binding = NULL;
	struct key key = read_key(request);
	CLEANUP(record_drop_p) struct record *pod = store_get(api->cluster->store, &key);
	char manager[WRITE_MAX_MANAGER];
	struct write by;
	cJSON *bound;

	if (write_by(request, manager, &by, status) < 0 ||
	    body_decode_any(request, &binding, status) < 0)
		return -1;
	if (!pod)
		return status_not_found(status, &key);
	bound = obj_copy(pod->object);
	obj_set_text(bound, "spec.nodeName", obj_text(binding, "target.name"));
	if (registry_update(api->cluster, bound, &by, NULL, status) < 0)
		return -1;
	respond_success(response);
	return 0;
}

/* --- Namespaces ------------------------------------------------------------------------------ */

static int handle_finalize(struct api *api, const struct request *request,
			   struct response *response, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(record_drop_p) struct record *record = NULL;
	char manager[WRITE_MAX_MANAGER];
	struct write by;

	if (write_by(request, manager, &by, status) < 0 ||
	    body_decode(request, response, &object, status) < 0 ||
	    registry_update(api->cluster, STEAL(object), &by, &record, status) < 0)
		return -1;
	return read_respond(api, request, 200, record, response, status);
}

int subresource_handle(struct api *api, const struct request *request, const char *verb,
		       struct response *response, struct status *status)
{
	const struct kind *kind = request->kind;
	const char *name = request->route.subresource;
	bool is_pod = strcmp(kind->plural, "pods") == 0 && !kind->group[0];
	bool is_namespace = strcmp(kind->plural, "namespaces") == 0 && !kind->group[0];
	bool is_service = strcmp(kind->plural, "services") == 0 && !kind->group[0];

	if (strcmp(name, "scale") == 0 && kind->has_scale)
		return handle_scale(api, request, verb, response, status);
	if (strcmp(name, "eviction") == 0 && is_pod)
		return strcmp(verb, "create") == 0 ? handle_eviction(api, request, response, status)
						   : not_allowed(status);
	if (strcmp(name, "binding") == 0 && is_pod)
		return strcmp(verb, "create") == 0 ? handle_binding(api, request, response, status)
						   : not_allowed(status);
	if (strcmp(name, "finalize") == 0 && is_namespace)
		return strcmp(verb, "update") == 0 ? handle_finalize(api, request, response, status)
						   : not_allowed(status);
	if (strcmp(name, "proxy") == 0 && (is_pod || is_service))
		return proxy_handle(api, request, response, status);
	return status_set(status, 404, "NotFound",
			  "the server could not find the requested resource");
}
