/*
 * prediction.h - what a write would leave, told without the server.
 */
#ifndef DIFF_PREDICTION_H
#define DIFF_PREDICTION_H

#include "diff/json.h"

/*
 * The body of the write (replacement.h), a Secret's stringData folded, with the defaults that hold
 * without a cluster (defaults.h). What admission and the server's own fields would add is not in it:
 * compare it with compare_set_fields. Parameters, ownership and errors as of replacement_build.
 */
int prediction_build(const cJSON *desired, const cJSON *live, const char *namespace,
		     cJSON **ret_predicted, struct err *err);

#endif
