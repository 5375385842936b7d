#include "tests/kubesim/route.h"

#include <string.h>

#define MAX_PARTS 9

/* Cuts the path into its parts; -1 if there are too many. */
static int split(char *text, const char *ret_parts[MAX_PARTS])
{
	int count = 0;
	char *rest = text, *part;

	while ((part = strsep(&rest, "/"))) {
		if (part[0] == '\0')
			continue;
		if (count == MAX_PARTS)
			return -1;
		ret_parts[count++] = part;
	}
	return count;
}

/* These two are subresources of a Namespace; everything else is a resource inside it. */
static bool is_namespace_subresource(const char *part)
{
	return strcmp(part, "status") == 0 || strcmp(part, "finalize") == 0;
}

/*
 * Where what a proxy passes on begins in the path: behind /api/v1/namespaces/NAMESPACE/services/NAME/proxy
 * (or pods); its end if it is no such path.
 */
static size_t find_rest(const char *path)
{
	static const char *const wanted[] = {"api", "v1", "namespaces", NULL, NULL, NULL, "proxy"};
	const char *part = path;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (*part++ != '/')
			return strlen(path);
		size_t length = strcspn(part, "/");
		if (wanted[i] &&
		    (strlen(wanted[i]) != length || strncmp(part, wanted[i], length) != 0))
			return strlen(path);
		part += length;
	}
	return (size_t)(part - path);
}

bool route_parse(const char *path, struct route *ret_route)
{
	const char *parts[MAX_PARTS] = {0};
	struct route *route = ret_route;
	int count, at;

	if (strlen(path) >= sizeof(route->text))
		return false;
	strcpy(route->text, path);
	route->rest = path + find_rest(path);
	route->text[route->rest - path] = '\0';
	route->type = ROUTE_OTHER;
	route->is_core = false;
	route->group = route->version = route->resource = "";
	route->namespace = route->name = route->subresource = "";
	count = split(route->text, parts);
	if (count < 0)
		return false;
	if (count == 0 || (strcmp(parts[0], "api") != 0 && strcmp(parts[0], "apis") != 0))
		return true;

	route->is_core = strcmp(parts[0], "api") == 0;
	at = 1;
	if (!route->is_core && at < count)
		route->group = parts[at++];
	if (at < count)
		route->version = parts[at++];
	if (at == count) {
		route->type = ROUTE_DISCOVERY;
		return true;
	}

	route->type = ROUTE_RESOURCE;
	if (strcmp(parts[at], "namespaces") == 0 && count > at + 2 &&
	    !is_namespace_subresource(parts[at + 2])) {
		route->namespace = parts[at + 1];
		at += 2;
	}
	route->resource = parts[at++];
	if (at < count)
		route->name = parts[at++];
	if (at < count)
		route->subresource = parts[at++];
	return at >= count;
}

const char *route_verb(const struct route *route, const char *method, bool watch)
{
	static const struct {
		const char *method, *named, *unnamed;
	} verbs[] = {
		{"GET", "get", "list"},       {"HEAD", "get", "list"},
		{"POST", "create", "create"}, {"PUT", "update", "update"},
		{"PATCH", "patch", "patch"},  {"DELETE", "delete", "deletecollection"},
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].method, method) != 0)
			continue;
		if (route->type != ROUTE_RESOURCE)
			return verbs[i].named;
		if (watch && i == 0)
			return "watch";
		return route->name[0] ? verbs[i].named : verbs[i].unnamed;
	}
	return "";
}
