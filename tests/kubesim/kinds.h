/*
 * kinds.h - the resources that the cluster serves: those diff/schema knows, and custom ones.
 *
 * A custom resource comes and goes with its CustomResourceDefinition (crds.h).
 */
#ifndef TESTS_KUBESIM_KINDS_H
#define TESTS_KUBESIM_KINDS_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/json.h"
#include "diff/schema.h"

/* One kind in one version; lives as long as the table, even when it is no longer served. */
struct kind {
	const char *group, *version; /* group "" is the core group */
	const char *kind;            /* "StatefulSet" */
	const char *list_kind;       /* "StatefulSetList" */
	const char *plural;          /* "statefulsets", as in URLs */
	const char *singular;        /* "statefulset" */
	const char *short_names;     /* separated by commas, "" if none */
	const char *categories;      /* separated by commas, "" if none */
	bool namespaced;
	bool has_status, has_scale; /* subresources */
	bool review;                /* only POST, nothing is stored: SelfSubjectAccessReview, ... */
	bool custom;
	const struct schema_object *schema; /* NULL for custom resources */
	cJSON *definition;                  /* custom resources: the CRD's spec.versions entry */
	char *strings;                      /* private */
};

struct kinds;

struct kinds *kinds_new(void);
void kinds_free(struct kinds *kinds);

/* All kinds, by group, then version, then as listed. */
size_t kinds_count(const struct kinds *kinds);
const struct kind *kinds_at(const struct kinds *kinds, size_t index);

/* As URLs name it, and as objects do. NULL where it is not served. */
const struct kind *kinds_find(const struct kinds *kinds, const char *group, const char *version,
			      const char *plural);
const struct kind *kinds_find_kind(const struct kinds *kinds, const char *group,
				   const char *version, const char *kind);

/* The kind of an object that bears apiVersion and kind. */
const struct kind *kinds_find_for(const struct kinds *kinds, const cJSON *object);

/* "apps/v1", "v1"; `size` bytes at `text` are enough at 128. */
const char *kind_api_version(const struct kind *kind, char *text, size_t size);

/*
 * Under which group and resource the store keeps the objects. That is their own, but for Events,
 * which the core group and events.k8s.io share (see convert.h).
 */
const char *kind_storage_group(const struct kind *kind);

/* Adds or replaces what a CustomResourceDefinition defines; removes it. */
void kinds_define(struct kinds *kinds, const cJSON *crd);
void kinds_undefine(struct kinds *kinds, const cJSON *crd);

#endif
