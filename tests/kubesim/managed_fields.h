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
 * is created. Managers that the object itself brings along are taken as they are; none means the
 * old object's, and an explicit empty list or entry forgets them all.
 */
void managed_fields_update(cJSON *object, const cJSON *old, const struct kind *kind,
			   const struct write *write, int64_t wall_us);

/*
 * Server-side apply: sets *ret_object to what `old` (NULL: nothing) becomes when the manager wants
 * `config`, managedFields included. What the manager applied before and now leaves out goes unless
 * somebody else owns it too. 409 Conflict where a field has another value and another owner and
 * `force` is not set.
 */
int managed_fields_apply(const cJSON *old, const cJSON *config, const struct kind *kind,
			 const struct write *write, bool force, int64_t wall_us, cJSON **ret_object,
			 struct status *status);

#endif
