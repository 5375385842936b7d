#include "tests/kubesim/discovery.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"

/* --- parts ----------------------------------------------------------------------------------- */

static cJSON *text_list(const char *const *items)
{
	cJSON *list = cJSON_CreateArray();

	for (; *items; items++)
		obj_append(list, obj_new_text(*items));
	return list;
}

static cJSON *split_list(const char *names)
{
	cJSON *list = cJSON_CreateArray();

	while (names[0]) {
		size_t length = strcspn(names, ",");
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)length, names);
		obj_append(list, obj_new_text(name));
		names += length;
		names += names[0] == ',';
	}
	return list;
}

/* What can be done with a resource; a review is only ever posted, a subresource has no list. */
static cJSON *verbs_of(const struct kind *kind, const char *subresource)
{
	static const char *const all[] = {"create", "delete", "deletecollection",
					  "get",    "list",   "patch",
					  "update", "watch",  NULL};
	static const char *const part[] = {"get", "patch", "update", NULL};
	static const char *const post[] = {"create", NULL};
	static const char *const proxied[] = {"create", "delete", "get", "patch", "update", NULL};

	if (kind->review || strcmp(subresource, "eviction") == 0 ||
	    strcmp(subresource, "binding") == 0)
		return text_list(post);
	if (strcmp(subresource, "proxy") == 0)
		return text_list(proxied);
	return text_list(subresource[0] ? part : all);
}

struct subresource {
	const char *name, *group, *version, *kind;
};

#define MAX_SUBRESOURCES 5

/* The subresources of a kind and the kinds they have; their number. */
static size_t subresources_of(const struct kind *kind, struct subresource ret[MAX_SUBRESOURCES])
{
	size_t count = 0;

	if (kind->has_status)
		ret[count++] =
			(struct subresource){"status", kind->group, kind->version, kind->kind};
	if (kind->has_scale)
		ret[count++] = (struct subresource){"scale", "autoscaling", "v1", "Scale"};
	if (strcmp(kind->plural, "pods") == 0 && !kind->group[0]) {
		ret[count++] = (struct subresource){"eviction", "policy", "v1", "Eviction"};
		ret[count++] = (struct subresource){"binding", "", "v1", "Binding"};
		ret[count++] = (struct subresource){"proxy", "", "v1", "PodProxyOptions"};
	}
	if (strcmp(kind->plural, "services") == 0 && !kind->group[0])
		ret[count++] = (struct subresource){"proxy", "", "v1", "ServiceProxyOptions"};
	return count;
}

/* --- one document for each group and version ------------------------------------------------- */

static cJSON *new_resource(const struct kind *kind, const char *name, const char *kind_name)
{
	cJSON *resource = obj_new();

	obj_set_text(resource, "name", name);
	obj_set_text(resource, "singularName", "");
	obj_set_bool(resource, "namespaced", kind->namespaced);
	obj_set_text(resource, "kind", kind_name);
	return resource;
}

static void add_resources(const struct kind *kind, cJSON *list)
{
	cJSON *resource = new_resource(kind, kind->plural, kind->kind);
	struct subresource parts[MAX_SUBRESOURCES];
	size_t count = subresources_of(kind, parts);

	obj_set_text(resource, "singularName", kind->singular);
	obj_set(resource, "verbs", verbs_of(kind, ""));
	if (kind->short_names[0])
		obj_set(resource, "shortNames", split_list(kind->short_names));
	if (kind->categories[0])
		obj_set(resource, "categories", split_list(kind->categories));
	obj_append(list, resource);
	for (size_t i = 0; i < count; i++) {
		char name[128];

		snprintf(name, sizeof(name), "%s/%s", kind->plural, parts[i].name);
		resource = new_resource(kind, name, parts[i].kind);
		if (strcmp(parts[i].group, kind->group) != 0 ||
		    strcmp(parts[i].version, kind->version) != 0) {
			obj_set_text(resource, "group", parts[i].group);
			obj_set_text(resource, "version", parts[i].version);
		}
		obj_set(resource, "verbs", verbs_of(kind, parts[i].name));
		obj_append(list, resource);
	}
}

static int respond_resources(const struct kinds *kinds, const struct route *route,
			     struct response *response, struct status *status)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *answer = obj_parse("{\"kind\":\"APIResourceList\",\"apiVersion\":\"v1\"}");
	cJSON *list = obj_array_at(answer, "resources");

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		char api_version[128];

		if (strcmp(kind->group, route->group) != 0 ||
		    strcmp(kind->version, route->version) != 0)
			continue;
		obj_set_text(answer, "groupVersion",
			     kind_api_version(kind, api_version, sizeof(api_version)));
		add_resources(kind, list);
	}
	if (!list->child)
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	response_json(response, 200, answer);
	return 0;
}

/* Adds the version to the group's list unless it stands there. */
static void add_version(cJSON *group, const struct kind *kind)
{
	cJSON *versions = obj_array_at(group, "versions"), *entry;
	char api_version[128];

	kind_api_version(kind, api_version, sizeof(api_version));
	json_each (entry, versions) {
		if (strcmp(obj_text(entry, "groupVersion"), api_version) == 0)
			return;
	}
	entry = obj_new();
	obj_set_text(entry, "groupVersion", api_version);
	obj_set_text(entry, "version", kind->version);
	if (!versions->child)
		obj_set(group, "preferredVersion", obj_copy(entry));
	obj_append(versions, entry);
}

static cJSON *find_named(cJSON *list, const char *path, const char *name)
{
	cJSON *entry;

	json_each (entry, list) {
		if (strcmp(obj_text(entry, path), name) == 0)
			return entry;
	}
	return NULL;
}

/* All groups but the core one, with their versions; kinds of a group stand together. */
static cJSON *list_groups(const struct kinds *kinds)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		cJSON *group;

		if (!kind->group[0])
			continue;
		group = find_named(list, "name", kind->group);
		if (!group) {
			group = obj_new();
			obj_set_text(group, "name", kind->group);
			obj_append(list, group);
		}
		add_version(group, kind);
	}
	return list;
}

static int respond_group(const struct kinds *kinds, const char *name, struct response *response,
			 struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *list = list_groups(kinds);
	cJSON *group = find_named(list, "name", name);

	if (!group)
		return status_set(status, 404, "NotFound",
				  "the server could not find the requested resource");
	obj_set_text(group, "kind", "APIGroup");
	obj_set_text(group, "apiVersion", "v1");
	response_json(response, 200, group);
	return 0;
}

/* --- aggregated ------------------------------------------------------------------------------ */

static cJSON *response_kind(const char *group, const char *version, const char *kind)
{
	cJSON *value = obj_new();

	obj_set_text(value, "group", group);
	obj_set_text(value, "version", version);
	obj_set_text(value, "kind", kind);
	return value;
}

static cJSON *aggregated_resource(const struct kind *kind)
{
	cJSON *resource = obj_new(), *list;
	struct subresource parts[MAX_SUBRESOURCES];
	size_t count = subresources_of(kind, parts);

	obj_set_text(resource, "resource", kind->plural);
	obj_set(resource, "responseKind", response_kind(kind->group, kind->version, kind->kind));
	obj_set_text(resource, "scope", kind->namespaced ? "Namespaced" : "Cluster");
	obj_set_text(resource, "singularResource", kind->singular);
	obj_set(resource, "verbs", verbs_of(kind, ""));
	if (kind->short_names[0])
		obj_set(resource, "shortNames", split_list(kind->short_names));
	if (kind->categories[0])
		obj_set(resource, "categories", split_list(kind->categories));
	if (count == 0)
		return resource;
	list = obj_array_at(resource, "subresources");
	for (size_t i = 0; i < count; i++) {
		cJSON *part = obj_new();

		obj_set_text(part, "subresource", parts[i].name);
		obj_set(part, "responseKind",
			response_kind(parts[i].group, parts[i].version, parts[i].kind));
		obj_set(part, "verbs", verbs_of(kind, parts[i].name));
		obj_append(list, part);
	}
	return resource;
}

static cJSON *aggregated_groups(const struct kinds *kinds, bool core)
{
	cJSON *list = cJSON_CreateArray();

	for (size_t i = 0; i < kinds_count(kinds); i++) {
		const struct kind *kind = kinds_at(kinds, i);
		cJSON *group, *version;

		if (core != !kind->group[0])
			continue;
		group = find_named(list, "metadata.name", kind->group);
		if (!group) {
			group = obj_new();
			obj_at(group, "metadata");
			if (kind->group[0])
				obj_set_text(group, "metadata.name", kind->group);
			obj_append(list, group);
		}
		version = find_named(obj_array_at(group, "versions"), "version", kind->version);
		if (!version) {
			version = obj_new();
			obj_set_text(version, "version", kind->version);
			obj_set_text(version, "freshness", "Current");
			obj_append(json_get(group, "versions"), version);
		}
		obj_append(obj_array_at(version, "resources"), aggregated_resource(kind));
	}
	return list;
}

/* The version of the aggregated form that the client takes, or NULL. */
static const char *aggregated_version(const char *accept)
{
	if (!strstr(accept, "as=APIGroupDiscoveryList"))
		return NULL;
	if (strstr(accept, "v=v2;") || strstr(accept, ";v=v2,"))
		return "v2";
	return strstr(accept, "v=v2beta1") ? "v2beta1" : NULL;
}

static void respond_aggregated(const struct kinds *kinds, bool core, const char *version,
			       struct response *response)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *answer = obj_parse("{\"kind\":\"APIGroupDiscoveryList\",\"metadata\":{}}");
	bool v2 = strcmp(version, "v2") == 0;

	obj_set_text(answer, "apiVersion",
		     v2 ? "apidiscovery.k8s.io/v2" : "apidiscovery.k8s.io/v2beta1");
	obj_set(answer, "items", aggregated_groups(kinds, core));
	response_json(response, 200, answer);
	response->content_type =
		v2 ? "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
		   : "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";
}

int discovery_handle(struct api *api, const struct request *request, struct response *response,
		     struct status *status)
{
	const struct kinds *kinds = api->cluster->kinds;
	const struct route *route = &request->route;
	const char *aggregated = aggregated_version(request->accept);
	bool is_root = !route->version[0] && !route->group[0];
	CLEANUP(cJSON_Delete_p) cJSON *answer = NULL;

	if (is_root && aggregated) {
		respond_aggregated(kinds, route->is_core, aggregated, response);
		return 0;
	}
	if (route->version[0])
		return respond_resources(kinds, route, response, status);
	if (route->group[0])
		return respond_group(kinds, route->group, response, status);
	if (route->is_core) {
		response_text(response, 200, "application/json",
			      "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
			      "\"serverAddressByClientCIDRs\":[]}");
		return 0;
	}
	answer = obj_parse("{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\"}");
	obj_set(answer, "groups", list_groups(kinds));
	response_json(response, 200, answer);
	return 0;
}
