/*
 * preview.h - what the server would make of each desired object, without writing it.
 *
 * A PUT of the replacement (diff/replacement.h), or a POST where there is no live object, with
 * dryRun=All, fieldManager=tranche, fieldValidation=Strict: admission, defaults and validation run
 * and nothing is stored.
 */
#ifndef APPLY_PREVIEW_H
#define APPLY_PREVIEW_H

#include "apply/cluster.h"
#include "apply/target.h"

/*
 * Fills `predicted` of each target without error, or sets client_side where the server cannot say:
 *   - an object of a kind whose CRD, or in a Namespace that, is itself only to be created;
 *   - with `allow_client_side`: no permission to write (403), or an admission webhook that does
 *     not support dry runs.
 * A live object that turns out to have changed since it was read (controllers write status all the
 * time) is read again, `live` with it, a few times over. Errors: the server's words. It previews
 * every target: leaving out those where nothing can differ is for the caller, who sets client_side
 * or hands in fewer.
 *
 * Returns the stage's id, 0 with *err when memory runs out.
 */
uint64_t preview(struct cluster *cluster, struct targets *targets, bool allow_client_side,
		 stage_done *done, void *ctx, struct err *err);

#endif
