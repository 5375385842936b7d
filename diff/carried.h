/*
 * carried.h - what a PUT takes over from the live object although the manifest does not say it.
 *
 * All of it was put there by the server, an admission plug-in or a controller when the object was
 * created or later. A PUT without it would be refused, because the field cannot be taken back (a
 * Job's selector), or would undo somebody's work, who does it again, so that the object would never
 * be in sync (a ServiceAccount's token). What a manifest says itself is never touched. The list is
 * the table in carried.c, for users the one in docs/semantics.md.
 */
#ifndef DIFF_CARRIED_H
#define DIFF_CARRIED_H

#include "diff/json.h"

/*
 * Completes `body`, a manifest of the same kind and name as `live`, in place. A null counts as left
 * out. ERR_NO_MEMORY; ERR_INVALID where metadata, or another object that has to hold what is
 * carried over, is something else.
 */
int carried_fill(cJSON *body, const cJSON *live, struct err *err);

#endif
