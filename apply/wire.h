/*
 * wire.h - how a target is read, written (for real or as a dry run) and deleted: the one place that
 * knows.
 */
#ifndef APPLY_WIRE_H
#define APPLY_WIRE_H

#include "apply/fanout.h"
#include "apply/target.h"

#define WIRE_FIELD_MANAGER "tranche" /* as managedFields names us */

/* Sends a GET for the item of the slot. -1 with *err where that cannot be sent. */
int wire_read(const struct target *target, struct fanout_slot *slot, struct err *err);

/*
 * Sends a PUT in place of `live` or, where there is none or it is to be recreated, a POST, for the
 * item of the slot, which proceeds with the answer. The dry run of a recreation goes by a generated
 * name, for its own is taken. -1 with *err where the body cannot be built; nothing was sent then.
 */
int wire_write(const struct target *target, bool dry_run, struct fanout_slot *slot,
	       struct err *err);

/* What becomes of the objects that a deleted one owns (DeleteOptions.propagationPolicy). */
#define WIRE_BACKGROUND "Background" /* deleted after it, as kubectl delete does */
#define WIRE_ORPHAN     "Orphan"     /* left, without an owner */

/*
 * Sends a DELETE for the item of the slot, with the uid and resourceVersion of `live` as
 * preconditions: ERR_CONFLICT where they no longer hold. -1 with *err where it cannot be sent.
 */
int wire_delete(const struct target *target, const char *propagation, struct fanout_slot *slot,
		struct err *err);

/* Puts the answer's warnings into the target, in place of earlier ones. */
void wire_keep_warnings(struct target *target, const struct cluster_answer *answer);

#endif
