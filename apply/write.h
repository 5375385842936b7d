/*
 * write.h - how a target is written, for real or as a dry run: the one place that knows.
 */
#ifndef APPLY_WRITE_H
#define APPLY_WRITE_H

#include "apply/fanout.h"
#include "apply/target.h"

#define WRITE_FIELD_MANAGER "tranche" /* as managedFields names us */

/*
 * Sends a PUT in place of `live` or, where there is none, a POST, for the item of the slot, which
 * proceeds with the answer. -1 with *err where the body cannot be built; nothing was sent then.
 */
int write_send(const struct target *target, bool dry_run, struct fanout_slot *slot,
	       struct err *err);

/* Puts the answer's warnings into the target, in place of earlier ones. */
void write_keep_warnings(struct target *target, const struct cluster_answer *answer);

#endif
