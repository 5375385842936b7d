/*
 * managed_fields.h - who owns which field: metadata.managedFields.
 *
 * Follows k8s.io/apimachinery/pkg/util/managedfields and structured-merge-diff: one entry for each
 * manager, operation, apiVersion and subresource, with the fields as fieldsV1. An update gains the
 * fields whose value it changed or added and takes them from everybody else; its time moves only
 * then. What it removed loses its owners.
 */
#ifndef TESTS_KUBESIM_MANAGED_FIELDS_H
#define TESTS_KUBESIM_MANAGED_FIELDS_H

#include <stdint.h>

#include "tests/kubesim/kinds.h"
#include "tests/kubesim/registry.h"

/*
 * Sets the object's managedFields to what they are after this write. `old` is NULL when the object
 * is created. An explicit empty list in the object resets them, as the real server does.
 */
void managed_fields_update(cJSON *object, const cJSON *old, const struct kind *kind,
			   const struct write *write, int64_t wall_us);

#endif
