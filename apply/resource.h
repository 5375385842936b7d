/*
 * resource.h - where the API server keeps objects of a kind, and the URL paths that lead there.
 */
#ifndef APPLY_RESOURCE_H
#define APPLY_RESOURCE_H

#include <stdbool.h>

#include "diff/object.h"

enum resource_verb {
	RESOURCE_GET = 1 << 0,
	RESOURCE_LIST = 1 << 1,
	RESOURCE_WATCH = 1 << 2,
	RESOURCE_CREATE = 1 << 3,
	RESOURCE_UPDATE = 1 << 4,
	RESOURCE_PATCH = 1 << 5,
	RESOURCE_DELETE = 1 << 6,
};

struct resource {
	const char *group; /* "" for the core group */
	const char *version;
	const char *kind;   /* "StatefulSet" */
	const char *plural; /* "statefulsets" */
	bool namespaced;
	unsigned verbs; /* enum resource_verb, those that the server offers */
};

/* Kinds that every server has and that need no discovery. */
extern const struct resource resource_pods, resource_statefulsets, resource_controller_revisions,
	resource_config_maps, resource_namespaces, resource_crds, resource_leases;

/*
 * Appends "/apis/apps/v1/namespaces/NS/statefulsets", or of all namespaces where `namespace` is ""
 * or NULL (and for cluster-scoped kinds). Percent-encoded.
 */
void resource_print_collection(const struct resource *resource, const char *namespace,
			       struct buf *out);

/* The same, and "/NAME". A name that is ".", ".." or holds a slash is ERR_INVALID. */
int resource_print_object(const struct resource *resource, const char *namespace, const char *name,
			  struct buf *out, struct err *err);

/* Appends a query parameter's value, percent-encoded (RFC 3986). */
void resource_print_encoded(const char *value, struct buf *out);

#endif
