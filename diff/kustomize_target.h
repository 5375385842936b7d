/*
 * kustomize_target.h - which objects a kustomization's patches and entries are for. Internal to
 * kustomize.
 */
#ifndef DIFF_KUSTOMIZE_TARGET_H
#define DIFF_KUSTOMIZE_TARGET_H

#include "diff/origin.h"

#define KUSTOMIZE_MAX_PATTERN 512 /* bytes of a regular expression */

/*
 * Whether a patch is for the object: by its target, whose group, version, kind, name and namespace
 * are anchored regular expressions; without one (NULL), by the group, kind and name that the merge
 * patch has itself. An object answers to each name that it had on the way. Errors: ERR_UNSUPPORTED
 * for an expression that cannot be read.
 */
int kustomize_matches(const struct origin *origin, const cJSON *target, const cJSON *patch,
		      bool *ret_matches, struct err *err);

/* Whether the target also selects by what is not looked at: labels and annotations. */
bool kustomize_is_conditional(const cJSON *target);

/* Whether an entry of `replicas` or `images`, or commonAnnotations, is for the object. */
bool kustomize_takes(const struct origin *origin, enum origin_kind kind, const cJSON *entry);

#endif
