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

static int handle_other(struct api *api, const struct request *request, struct response *response,
			struct status *status)
{
	const char *path = request->path;

	if (strcmp(path, "/version") == 0)
		handle_version(response);
	else if (strcmp(path, "/healthz") == 0 || strcmp(path, "/livez") == 0 ||
		 strcmp(path, "/readyz") == 0)
		response_text(response, 200, "text/plain; charset=utf-8", "ok");
	else if (strncmp(path, "/openapi/", 9) == 0)
		return openapi_handle(api, request, response, status);
	else
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	return 0;
}

/* --- authorization --------------------------------------------------------------------------- */

/* "pods", "statefulsets.apps", "deployments.apps/scale" */
static void print_resource(const struct route *route, bool with_group, char *text, size_t size)
{
	bool group = with_group && route->group[0];

	snprintf(text, size, "%s%s%s%s%s", route->resource, group ? "." : "",
		 group ? route->group : "", route->subresource[0] ? "/" : "", route->subresource);
}

bool api_is_denied(const struct api *api, const struct route *route, const char *verb)
{
	char bare[512], qualified[512];

	print_resource(route, false, bare, sizeof(bare));
	print_resource(route, true, qualified, sizeof(qualified));
	for (size_t i = 0; i < api->deny_count; i++) {
		const struct deny *deny = &api->denials[i];

		if ((strcmp(deny->verb, "*") == 0 || strcmp(deny->verb, verb) == 0) &&
		    (strcmp(deny->resource, "*") == 0 || strcmp(deny->resource, bare) == 0 ||
		     strcmp(deny->resource, qualified) == 0))
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

	print_resource(route, false, resource, sizeof(resource));
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
