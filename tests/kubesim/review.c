#include "tests/kubesim/review.h"

#include <string.h>

#include "tests/kubesim/body.h"
#include "tests/kubesim/obj.h"

/* Whether the attributes of an access review are allowed. */
static bool is_allowed(const struct api *api, const cJSON *spec)
{
	const cJSON *attributes = json_get(spec, "resourceAttributes");
	const struct route route = {
		.type = ROUTE_RESOURCE,
		.group = obj_text(attributes, "group"),
		.version = "",
		.resource = obj_text(attributes, "resource"),
		.namespace = obj_text(attributes, "namespace"),
		.name = obj_text(attributes, "name"),
		.subresource = obj_text(attributes, "subresource"),
	};

	return !attributes || !api_is_denied(api, &route, obj_text(attributes, "verb"));
}

static void set_user(cJSON *object, const char *path)
{
	cJSON *user = obj_parse("{\"username\":\"" API_USER "\",\"groups\":[\"system:masters\","
				"\"system:authenticated\"]}");

	obj_set(object, path, user);
}

int review_handle(struct api *api, const struct request *request, struct response *response,
		  struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *review = NULL;
	const char *kind = request->kind->kind;
	bool allowed;

	if (strcmp(request->method, "POST") != 0)
		return status_set(
			status, 405, "MethodNotAllowed",
			"the server does not allow this method on the requested resource");
	if (body_decode(request, response, &review, status) < 0)
		return -1;
	if (strcmp(kind, "SelfSubjectReview") == 0) {
		set_user(review, "status.userInfo");
	} else if (strcmp(kind, "TokenReview") == 0) {
		obj_set_bool(review, "status.authenticated", true);
		set_user(review, "status.user");
	} else if (strcmp(kind, "SelfSubjectRulesReview") == 0) {
		obj_set(review, "status",
			obj_parse(
				"{\"resourceRules\":[{\"verbs\":[\"*\"],\"apiGroups\":[\"*\"],"
				"\"resources\":[\"*\"]}],\"nonResourceRules\":[{\"verbs\":[\"*\"],"
				"\"nonResourceURLs\":[\"*\"]}],\"incomplete\":false}"));
	} else {
		allowed = is_allowed(api, json_get(review, "spec"));
		obj_set_bool(review, "status.allowed", allowed);
		if (!allowed)
			obj_set_text(review, "status.reason", "a rule of --deny says so");
	}
	response_json(response, 201, review);
	return 0;
}
