/*
 * patch_strategic.h - strategic merge patch: what `kubectl apply`, `set image`, `rollout restart`
 * and `patch` without --type send.
 *
 * As a merge patch, but lists whose field has patchStrategy merge are merged item by item, told
 * apart by the field's merge key, and a patch may carry directives:
 *
 *	$patch: replace | delete          in an object, or in an item of a merged list
 *	$deleteFromPrimitiveList/FIELD    the values to take out of a merged list of scalars
 *	$setElementOrder/FIELD            the order of the items that the client knows
 *	$retainKeys                       the only members that stay beside the patch's own
 *
 * Follows k8s.io/apimachinery/pkg/util/strategicpatch with the options the server uses: parallel
 * lists are merged, nulls that match nothing are dropped.
 */
#ifndef TESTS_KUBESIM_PATCH_STRATEGIC_H
#define TESTS_KUBESIM_PATCH_STRATEGIC_H

#include "diff/json.h"
#include "diff/schema.h"

/*
 * Merges `patch` into a copy of `target`, an object whose fields `schema` describes; the caller
 * owns *ret_result. Below what the schema does not know, objects merge and lists replace. Error
 * classes as in patch.h, messages the server's.
 */
int patch_strategic(const cJSON *target, const cJSON *patch, const struct schema_object *schema,
		    cJSON **ret_result, struct err *err);

#endif
