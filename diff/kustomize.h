/*
 * kustomize.h - which texts have a say in the objects of a kustomization, and in which order.
 *
 * Nothing is built: no object is merged or printed. Each object of the kustomization and of those
 * that it names gets its layers (origin.h) in the order in which kustomize applies them
 * (sigs.k8s.io/kustomize, api/internal/target):
 *
 *   resources (and bases), components, patchesStrategicMerge, patches, namespace, namePrefix and
 *   nameSuffix, commonAnnotations, patchesJson6902, replicas, images
 *
 * Not understood are `transformers` and `replacements`: they obscure all objects. Generators,
 * helmCharts and resources by URL bring in objects that have no text here. Whether a target that
 * selects by labels or annotations takes in an object is left open (origin_layer.conditional).
 */
#ifndef DIFF_KUSTOMIZE_H
#define DIFF_KUSTOMIZE_H

#include "diff/origin.h"

#define KUSTOMIZE_MAX_DEPTH   32     /* kustomizations that name each other */
#define KUSTOMIZE_MAX_FILES   10000u /* asked for, each time; those that are not there too */
#define KUSTOMIZE_MAX_BYTES   (32u * 1024 * 1024) /* of them together */
#define KUSTOMIZE_MAX_MATCHES 2000000u            /* of a patch or entry with an object */

/* The files that a kustomization may name, by their path from the top of the repository. */
struct kustomize_files {
	void *context;
	/* *ret_text is NULL where there is no such file; else borrowed until the next call. */
	int (*find)(void *context, const char *path, const char **ret_text, size_t *ret_length,
		    struct err *err);
};

/* Whether a file of this name is a kustomization: kustomization.yaml, .yml, Kustomization. */
bool kustomize_is_file_name(const char *name);

/*
 * Adds the objects of the kustomization in a folder ("" is the top). Errors, with the file in
 * front: ERR_NOT_FOUND for a file that is not there, ERR_INVALID for one that cannot be read,
 * ERR_LIMIT, ERR_UNSUPPORTED; ERR_NO_MEMORY.
 */
int kustomize_read(const struct kustomize_files *files, const char *folder, struct origins *origins,
		   struct err *err);

#endif
