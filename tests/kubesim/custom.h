/*
 * custom.h - what the schema of a CustomResourceDefinition means for its objects: structural schemas
 * of apiextensions.k8s.io/v1.
 *
 * Understood are properties, items, additionalProperties, default, nullable, type, required, enum,
 * minimum, maximum, x-kubernetes-preserve-unknown-fields and x-kubernetes-int-or-string; everything
 * else in a schema holds nobody back. A kind without a schema takes anything.
 */
#ifndef TESTS_KUBESIM_CUSTOM_H
#define TESTS_KUBESIM_CUSTOM_H

#include "tests/kubesim/kinds.h"
#include "tests/kubesim/status.h"

/*
 * Removes the fields that the schema does not have; `visit` gets the path of each
 * ("spec.list[0].nope").
 */
void custom_prune(const struct kind *kind, cJSON *object,
		  void (*visit)(const char *path, void *context), void *context);

void custom_set_defaults(const struct kind *kind, cJSON *object);

void custom_validate(const struct kind *kind, const cJSON *object, struct causes *causes);

#endif
