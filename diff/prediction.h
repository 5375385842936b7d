/*
 * prediction.h - what a write would leave, told without the server.
 */
#ifndef DIFF_PREDICTION_H
#define DIFF_PREDICTION_H

#include "diff/compare.h"

/*
 * The body of the write (replacement.h), a Secret's stringData folded, with the defaults that hold
 * without a cluster (defaults.h). What admission and the server's own fields would add is not in it.
 * Parameters, ownership and errors as of replacement_build.
 */
int prediction_build(const cJSON *desired, const cJSON *live, const char *namespace,
		     cJSON **ret_predicted, struct err *err);

/*
 * The changes from `live` to `predicted`, both normalised (object.h), of the fields that the latter
 * sets (compare_set_fields); the others are then filled in from `live`, so that nothing else seems to
 * go where the two are shown side by side.
 */
int prediction_compare(cJSON *predicted, const cJSON *live, struct changes *ret_changes,
		       struct err *err);

#endif
