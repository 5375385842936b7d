#include "tests/kubesim/openapi.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/openapi_v2.h"

#define V3_PREFIX "/openapi/v3/"

/* "api/v1", "apis/apps/v1" */
static void print_root(const struct kind *kind, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s/%s", kind->group[0] ? "apis" : "api",
		 kind->group[0] ? "/" : "", kind->group, kind->version);
}

void openapi_print_path(const struct kind *kind, char *text, size_t size)
{
	char root[256];

	print_root(kind, root, sizeof(root));
	snprintf(text, size, "/%s%s/%s/{name}", root,
		 kind->namespaced ? "/namespaces/{namespace}" : "", kind->plural);
}

static cJSON *patch_operation(const struct kind *kind)
{
	cJSON *operation = obj_parse("{\"parameters\":["
				     "{\"name\":\"dryRun\",\"in\":\"query\"},"
				     "{\"name\":\"fieldManager\",\"in\":\"query\"},"
				     "{\"name\":\"fieldValidation\",\"in\":\"query\"},"
				     "{\"name\":\"force\",\"in\":\"query\"}],"
				     "\"responses\":{}}");
	cJSON *identity = obj_new();

	obj_set_text(identity, "group", kind->group);
	obj_set_text(identity, "version", kind->version);
	obj_set_text(identity, "kind", kind->kind);
	obj_set_key(operation, "x-kubernetes-group-version-kind", identity);
	return operation;
}

/* The document of one group and version; NULL if it has no kinds. */
static cJSON *v3_document(const struct kinds *kinds, const char *wanted_root)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *document = obj_parse("{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\","
				    "\"version\":\"" API_VERSION "\"},\"paths\":{},"
				    "\"components\":{\"schemas\":{}}}");
	cJSON *paths = json_get(document, "paths");

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		char root[256], path[512];
		cJSON *item;

		print_root(kind, root, sizeof(root));
		if (strcmp(root, wanted_root) != 0)
			continue;
		openapi_print_path(kind, path, sizeof(path));
		item = obj_new();
		if (!kind->review)
			obj_set(item, "patch", patch_operation(kind));
		obj_set_key(paths, path, item);
	}
	return paths->child ? STEAL(document) : NULL;
}

/* Where to find the document of each group and version. */
static cJSON *v3_index(const struct kinds *kinds)
{
	cJSON *index = obj_new(), *paths = obj_at(index, "paths");

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		char root[256], url[300];
		cJSON *entry;

		print_root(kinds_at(kinds, i), root, sizeof(root));
		if (json_get(paths, root))
			continue;
		entry = obj_new();
		snprintf(url, sizeof(url), V3_PREFIX "%s", root);
		obj_set_text(entry, "serverRelativeURL", url);
		obj_set_key(paths, root, entry);
	}
	return index;
}

static void respond_v2(const struct kinds *kinds, const char *accept, struct response *response)
{
	CLEANUP(buf_release) struct buf document = BUF_INIT(API_MAX_BODY);

	if (!strstr(accept, "protobuf")) {
		response_text(response, 200, "application/json",
			      "{\"swagger\":\"2.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
			      "\"" API_VERSION "\"},\"paths\":{},\"definitions\":{}}");
		return;
	}
	openapi_v2_print(kinds, &document);
	response->code = 200;
	response->content_type = OPENAPI_V2_TYPE;
	response->body_length = document.length;
	response->body = must(buf_steal(&document));
}

int openapi_handle(struct api *api, const struct request *request, struct response *response,
		   struct status *status)
{
	const struct kinds *kinds = api->cluster->kinds;
	CLEANUP(cJSON_Delete_p) cJSON *document = NULL;

	if (strcmp(request->path, "/openapi/v2") == 0) {
		respond_v2(kinds, request->accept, response);
		return 0;
	}
	if (strcmp(request->path, "/openapi/v3") == 0)
		document = v3_index(kinds);
	else if (strncmp(request->path, V3_PREFIX, strlen(V3_PREFIX)) == 0)
		document = v3_document(kinds, request->path + strlen(V3_PREFIX));
	if (!document)
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	response_json(response, 200, document);
	return 0;
}
