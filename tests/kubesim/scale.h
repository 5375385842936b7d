/*
 * scale.h - autoscaling/v1 Scale: the replicas of an object without the rest of it.
 */
#ifndef TESTS_KUBESIM_SCALE_H
#define TESTS_KUBESIM_SCALE_H

#include "diff/json.h"
#include "tests/kubesim/kinds.h"

/* The Scale of an object; the caller frees it. */
cJSON *scale_of(const struct kind *kind, const cJSON *object);

/* A copy of the object with the replicas (and the resourceVersion, if any) of the Scale. */
cJSON *scale_apply(const struct kind *kind, const cJSON *object, const cJSON *scale);

#endif
