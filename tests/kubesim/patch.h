/*
 * patch.h - JSON patch (RFC 6902) and JSON merge patch (RFC 7396) as an API server applies them.
 *
 * Pure functions on values. They follow evanphx/json-patch v4, which kube-apiserver uses, where it
 * departs from the RFCs: `replace` of a missing object member adds it, negative array indices count
 * from the end, and nulls are pruned out of what a merge patch adds.
 *
 * The error class tells the HTTP answer:
 *
 *	ERR_INVALID      400 BadRequest, the message as it stands
 *	ERR_LIMIT        413 RequestEntityTooLarge, likewise
 *	ERR_UNSUPPORTED  422 Invalid; the server keeps the message for itself and says
 *	                 PATCH_REJECTED instead
 *	ERR_INTERNAL     500, the message as it stands
 */
#ifndef TESTS_KUBESIM_PATCH_H
#define TESTS_KUBESIM_PATCH_H

#include "diff/json.h"

#define PATCH_MAX_OPERATIONS 10000

#define PATCH_REJECTED "the server rejected our request due to an error in our request"

/*
 * Applies the operations to a copy of `target`; the caller owns *ret_result. The result can be any
 * value: an operation may replace the whole document.
 */
int patch_json(const cJSON *target, const cJSON *operations, cJSON **ret_result, struct err *err);

/* Merges `patch` into a copy of `target`, an object; the caller owns *ret_result. */
int patch_merge(const cJSON *target, const cJSON *patch, cJSON **ret_result, struct err *err);

#endif
