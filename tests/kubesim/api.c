#include "tests/kubesim/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/discovery.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/openapi.h"
#include "tests/kubesim/read.h"
#include "tests/kubesim/review.h"
#include "tests/kubesim/subresource.h"
#include "tests/kubesim/watch.h"
#include "tests/kubesim/write.h"

/* --- requests and responses ------------------------------------------------------------------ */

static const struct param *find_param(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->param_count; i++) {
		if (strcmp(request->params[i].name, name) == 0)
			return &request->params[i];
	}
	return NULL;
}

const char *request_param(const struct request *request, const char *name)
{
	const struct param *param = find_param(request, name);

	return param ? param->value : "";
}

bool request_has_param(const struct request *request, const char *name)
{
	return find_param(request, name) != NULL;
}

bool request_param_true(const struct request *request, const char *name)
{
	const struct param *param = find_param(request, name);

	return param && strcmp(param->value, "false") != 0 && strcmp(param->value, "0") != 0;
}

void response_release(struct response *response)
{
	free(response->body);
	watch_free(response->watch);
	for (size_t i = 0; i < response->warning_count; i++)
		free(response->warnings[i]);
	*response = (struct response){0};
}

static void set_body(struct response *response, int code, const char *content_type, char *take_body)
{
	free(response->body);
	response->code = code;
	response->content_type = content_type;
	response->body = take_body;
	response->body_length = strlen(take_body);
}

void response_json(struct response *response, int code, const cJSON *value)
{
	set_body(response, code, "application/json", obj_print(value));
}

void response_status(struct response *response, const struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *json = status_json(status);

	response_json(response, status->code, json);
}

void response_text(struct response *response, int code, const char *content_type, const char *text)
{
	set_body(response, code, content_type, alloc_copy(text));
}

void response_warn(struct response *response, const char *text)
{
	if (response->warning_count < RESPONSE_MAX_WARNINGS)
		response->warnings[response->warning_count++] = alloc_copy(text);
}

/* --- what is not a resource ------------------------------------------------------------------ */

static void handle_version(struct response *response)
{
	response_text(response, 200, "application/json",
		      "{\"major\":\"" API_MAJOR "\",\"minor\":\"" API_MINOR
		      "\",\"gitVersion\":\"" API_VERSION
		      "\",\"gitCommit\":\"\",\"gitTreeState\":\"clean\",\"buildDate\":"
		      "\"2025-01-01T00:00:00Z\",\"goVersion\":\"\",\"compiler\":\"cc\","
		      "\"platform\":\"linux/amd64\"}");
}

#define FAULTS_PATH "/kubesim/faults"

/* Not Kubernetes: a test changes what goes wrong while the server runs. */
static int replace_faults(struct api *api, const struct request *request, struct response *response,
			  struct status *status)
{
	struct err err = {0};

	if (faults_replace(api->faults, request->body, &err) < 0)
		return status_bad_request(status, "%s", err.message);
	response_text(response, 200, "text/plain; charset=utf-8", "ok\n");
	return 0;
}

static int handle_other(struct api *api, const struct request *request, struct response *response,
			struct status *status)
{
	const char *path = request->path;

	if (strcmp(path, "/version") == 0)
		handle_version(response);
	else if (strcmp(path, "/healthz") == 0 || strcmp(path, "/livez") == 0 ||
		 strcmp(path, "/readyz") == 0)
		response_text(response, 200, "text/plain; charset=utf-8", "ok");
	else if (strcmp(path, FAULTS_PATH) == 0 && strcmp(request->method, "PUT") == 0)
		return replace_faults(api, request, response, status);
	else if (strncmp(path, "/openapi/", 9) == 0)
		return openapi_handle(api, request, response, status);
	else
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	return 0;
}

/* --- authorization --------------------------------------------------------------------------- */

bool api_is_denied(const struct api *api, const struct route *route, const char *verb)
{
	for (size_t i = 0; i < api->denial_count; i++) {
		if (rule_matches(&api->denials[i], route, verb))
			return true;
	}
	return false;
}

/* The words of the API server's RBAC authorizer. */
static int refuse(const struct request *request, const char *verb, struct status *status)
{
	const struct route *route = &request->route;
	CLEANUP(free_p) char *scope = NULL;
	char resource[512], qualified[512];

	snprintf(resource, sizeof(resource), "%s%s%s", route->resource,
		 route->subresource[0] ? "/" : "", route->subresource);
	snprintf(qualified, sizeof(qualified), "%s%s%s", route->resource,
		 route->group[0] ? "." : "", route->group);
	scope = route->namespace[0] ? alloc_printf("in the namespace \"%s\"", route->namespace)
				    : alloc_copy("at the cluster scope");
	status_set(status, 403, "Forbidden",
		   "%s%s%s%s is forbidden: User \"%s\" cannot %s resource \"%s\" in API group "
		   "\"%s\" %s",
		   qualified, route->name[0] ? " \"" : "", route->name, route->name[0] ? "\"" : "",
		   API_USER, verb, resource, route->group, scope);
	status_name(status, route->name, route->group, route->resource);
	return -1;
}

/* --- faults ---------------------------------------------------------------------------------- */

struct fault api_take_fault(struct api *api, const struct request *request)
{
	struct route route;

	if (!route_parse(request->path, &route))
		return (struct fault){.action = FAULT_NONE};
	return faults_take(
		api->faults, &route,
		route_verb(&route, request->method, request_param_true(request, "watch")));
}

void api_fail(int code, struct response *response)
{
	static const struct {
		int code;
		const char *reason;
	} reasons[] = {
		{401, "Unauthorized"},  {403, "Forbidden"},
		{404, "NotFound"},      {409, "Conflict"},
		{410, "Expired"},       {422, "Invalid"},
		{500, "InternalError"}, {503, "ServiceUnavailable"},
		{504, "Timeout"},
	};
	CLEANUP(status_release) struct status status = {0};
	const char *reason = "";

	if (code == 429) {
		response_text(response, 429, "text/plain; charset=utf-8",
			      "Too many requests, please try again later.\n");
		response->retry_after_s = 1;
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].code == code)
			reason = reasons[i].reason;
	}
	status_set(&status, code, reason, "kubesim was told to answer %d", code);
	response_status(response, &status);
}

/* --- resources ------------------------------------------------------------------------------- */

static int dispatch(struct api *api, struct request *request, const char *verb,
		    struct response *response, struct status *status)
{
	if (request->kind->review)
		return review_handle(api, request, response, status);
	if (request->route.subresource[0] && strcmp(request->route.subresource, "status") != 0)
		return subresource_handle(api, request, verb, response, status);
	if (strcmp(verb, "get") == 0)
		return read_get(api, request, response, status);
	if (strcmp(verb, "list") == 0)
		return read_list(api, request, response, status);
	if (strcmp(verb, "watch") == 0)
		return read_watch(api, request, response, status);
	if (strcmp(verb, "create") == 0 && !request->route.name[0])
		return write_create(api, request, response, status);
	if (strcmp(verb, "update") == 0 && request->route.name[0])
		return write_update(api, request, response, status);
	if (strcmp(verb, "patch") == 0 && request->route.name[0])
		return write_patch(api, request, response, status);
	if (strcmp(verb, "delete") == 0)
		return write_delete(api, request, response, status);
	if (strcmp(verb, "deletecollection") == 0)
		return write_delete_collection(api, request, response, status);
	return status_set(status, 405, "MethodNotAllowed",
			  "the server does not allow this method on the requested resource");
}

static int handle_resource(struct api *api, struct request *request, struct response *response,
			   struct status *status)
{
	const struct route *route = &request->route;
	const char *verb = route_verb(route, request->method, request_param_true(request, "watch"));

	request->kind =
		kinds_find(api->cluster->kinds, route->group, route->version, route->resource);
	if (!request->kind || (route->namespace[0] && !request->kind->namespaced))
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	if (api_is_denied(api, route, verb))
		return refuse(request, verb, status);
	return dispatch(api, request, verb, response, status);
}

void api_handle(struct api *api, struct request *request, struct response *ret_response)
{
	CLEANUP(status_release) struct status status = {0};
	int result;

	if (!route_parse(request->path, &request->route))
		result = status_set(&status, 404, "NotFound",
				    "the server could not find the requested resource");
	else if (request->route.type == ROUTE_RESOURCE)
		result = handle_resource(api, request, ret_response, &status);
	else if (request->route.type == ROUTE_DISCOVERY)
		result = discovery_handle(api, request, ret_response, &status);
	else
		result = handle_other(api, request, ret_response, &status);
	if (result < 0)
		response_status(ret_response, &status);
}
