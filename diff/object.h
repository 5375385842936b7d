/*
 * object.h - Kubernetes objects: what identifies one, and how it is called.
 *
 * An object is a JSON tree (see json.h); there is no typed model. A ref is the identity: group,
 * version, kind, namespace, name. Two refs mean the same object when all but the version agree.
 */
#ifndef DIFF_OBJECT_H
#define DIFF_OBJECT_H

#include <stdbool.h>

#include "diff/json.h"

struct ref {
	char *group; /* "" for the core group */
	char *version;
	char *kind;
	char *namespace; /* "" where the object names none, and for cluster-scoped kinds */
	char *name;
};

/*
 * Reads apiVersion, kind, metadata.namespace and metadata.name. ERR_INVALID where apiVersion, kind
 * or name is missing, empty or not a string, or apiVersion has more than one slash; the message
 * begins with the field's path ("metadata.name is missing"). generateName without a name is
 * refused: Git must name its objects. *ret_ref is released with ref_release.
 */
int ref_of(const cJSON *object, struct ref *ret_ref, struct err *err);

/* A ref for looking something up: the texts stay the caller's, and it is not released. */
struct ref ref_view(const char *group, const char *version, const char *kind, const char *namespace,
		    const char *name);

int ref_copy(const struct ref *ref, struct ref *ret_copy, struct err *err);
void ref_release(struct ref *ref);

/* Same group, kind, namespace and name. */
bool ref_equal(const struct ref *a, const struct ref *b);

/* Orders by namespace, group, kind, name. */
int ref_compare(const struct ref *a, const struct ref *b);

/* Whether the ref is of this group and kind, in any version. */
bool ref_is(const struct ref *ref, const char *group, const char *kind);

/* Appends "statefulset.apps/web", "service/web": the lower-case kind, its group, the name. */
void ref_print(const struct ref *ref, struct buf *out);

/* Appends "apps/v1" or "v1". */
void ref_print_api_version(const struct ref *ref, struct buf *out);

/*
 * Takes away what the server owns and a manifest cannot set: status, and from metadata uid,
 * resourceVersion, generation, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds,
 * selfLink, managedFields.
 */
void object_strip(cJSON *object);

/*
 * object_strip, and takes away the annotations and labels that the server or its controllers write
 * back whenever a replace drops them (last-applied-configuration, a Deployment's revision, a
 * claim's binding, a Namespace's own name, ...). Within StatefulSets also the status, apiVersion,
 * kind and creationTimestamp of volumeClaimTemplates. Empty metadata.annotations and labels go too.
 * What is left is what a replace decides.
 */
void object_normalise(cJSON *object);

/*
 * A copy without status and managedFields, which are half of a live object and never compared; NULL
 * when memory runs out.
 */
cJSON *object_copy_stripped(const cJSON *object);

/* object_normalise of a copy; NULL when memory runs out. */
cJSON *object_normalised(const cJSON *object);

/*
 * The same as a view of the object (json_view), for who only looks at it: members of the spec may be removed
 * from it, and nothing below them changed.
 */
cJSON *object_view_normalised(const cJSON *object);

/*
 * Appends the images of a Pod spec's containers, "nginx:1.25.4,sidecar:2" in their order, as
 * `kubectl get -o wide` does (init containers are not among them); nothing if there are none.
 */
void object_print_images(const cJSON *pod_spec, struct buf *out);

#endif
