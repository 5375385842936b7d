/*
 * marks.h - the labels and annotations by which tools say whose an object is, and the one by which
 * users say whether it may be pruned.
 *
 * The inventory keeps those of the manifest that was applied: what the live object has besides came
 * from somebody else.
 */
#ifndef DIFF_MARKS_H
#define DIFF_MARKS_H

#include "diff/json.h"

#define MARKS_PRUNE "tranche.dev/prune" /* an annotation: "enabled" or "disabled" */

/* Those that the object has, as {"KEY": "VALUE", ...}. *ret_marks is NULL where it has none. */
int marks_of(const cJSON *object, cJSON **ret_marks, struct err *err);

/* The value of the object's tranche.dev/prune, or NULL. Borrowed. */
const char *marks_prune(const cJSON *object);

/*
 * Whether `live` bears another manager's mark that is not, with this value, among `applied` (of
 * marks_of; NULL: none). Appends which: `its label app.kubernetes.io/managed-by is "Helm"`.
 */
bool marks_find_foreign(const cJSON *live, const cJSON *applied, struct buf *out);

#endif
