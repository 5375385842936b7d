/*
 * complete.h - a manifest with what it leaves out taken from the live object, to be shown.
 */
#ifndef DIFF_COMPLETE_H
#define DIFF_COMPLETE_H

#include "diff/json.h"

/*
 * Fills in the fields that compare_set_fields does not look at: those that `desired` leaves out, or
 * sets to null, and `live` has; within lists, those of the items that have the same label. So what
 * still differs is what compare_set_fields reports. Both are of the same kind. ERR_NO_MEMORY;
 * ERR_LIMIT where a label is longer than PATH_MAX_BYTES; the object is then partly filled.
 */
int complete_from_live(cJSON *desired, const cJSON *live, struct err *err);

#endif
