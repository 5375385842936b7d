/*
 * route.h - what a request's path means.
 *
 * Follows k8s.io/apiserver's RequestInfoFactory: /api/VERSION and /apis/GROUP/VERSION, then
 * namespaces/NAMESPACE, RESOURCE, NAME, SUBRESOURCE as far as they are there.
 */
#ifndef TESTS_KUBESIM_ROUTE_H
#define TESTS_KUBESIM_ROUTE_H

#include <stdbool.h>

#define ROUTE_MAX_PATH 2048

enum route_type {
	ROUTE_OTHER,     /* /version, /healthz, /openapi/v2, ... */
	ROUTE_DISCOVERY, /* /api, /apis, /api/v1, /apis/apps, /apis/apps/v1 */
	ROUTE_RESOURCE,
};

/* Strings stand in `text` (so a route cannot be copied); "" where the path has no such part. */
struct route {
	enum route_type type;
	const char *group, *version, *resource, *namespace, *name, *subresource;
	const char *rest; /* behind the subresource "proxy": "/metrics"; borrowed from the path */
	bool is_core;     /* below /api */
	char text[ROUTE_MAX_PATH];
};

/* Reads a path (decoded, without the query). False if it is too long or has too many parts. */
bool route_parse(const char *path, struct route *ret_route);

/*
 * The verb that authorization and --deny know: get, list, watch, create, update, patch, delete,
 * deletecollection.
 */
const char *route_verb(const struct route *route, const char *method, bool watch);

#endif
