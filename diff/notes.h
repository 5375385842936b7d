/*
 * notes.h - what of Git is not done in one object, noted on its item of the plan.
 */
#ifndef DIFF_NOTES_H
#define DIFF_NOTES_H

#include "diff/plan.h"

/*
 * Notes each field that the manifest's tranche.dev/ignore leaves to the cluster and that differs
 * there (ignore_print). `live` NULL: nothing to note. Errors as of ignore_read.
 */
int notes_ignored(struct plan_item *item, const cJSON *desired, const cJSON *live, struct err *err);

#endif
