/*
 * replace.h - desired objects written to the cluster: PUT where they exist, POST where not.
 *
 * `kubectl replace` semantics: the whole object as the manifest has it (diff/replacement.h adds
 * the documented exceptions), with fieldManager=tranche, fieldValidation=Strict, and always with
 * the resourceVersion of `live`, so that a change which nobody here has seen is never overwritten.
 * There is no merge.
 */
#ifndef APPLY_REPLACE_H
#define APPLY_REPLACE_H

#include "apply/cluster.h"
#include "apply/discovery.h"
#include "apply/target.h"

#define REPLACE_WAIT_MS 30000 /* for a Namespace to be Active, a CRD to be Established and served */

/*
 * Writes the targets that are marked `write` and have no error, in the order of order.h: by wave
 * and rank, those of one rank in parallel. After the first wave it waits until new Namespaces are
 * Active and CRDs Established, and resolves the targets that await a CRD. What depends on a
 * Namespace or CRD that failed fails with it; nothing else is held up by a failure.
 *
 * Fills `result`, `written`, `warnings`, or `error`:
 *   ERR_CONFLICT  changed or deleted since it was read: read, compare and decide again
 *   ERR_EXISTS    created by somebody meanwhile: likewise
 *   ERR_TRANSIENT the answer was lost: the write may have happened; reading again tells
 *   others        the server's words
 * `written` with the resourceVersion of `live` is TARGET_UNCHANGED.
 *
 * `on_target` (may be NULL) is called as each target is done, for lines that people watch.
 * Returns the stage's id, 0 with *err when memory runs out. Cancelling leaves requests that are on
 * their way to arrive or not.
 */
uint64_t replace(struct cluster *cluster, struct discovery *discovery, struct targets *targets,
		 void (*on_target)(void *ctx, struct target *target), stage_done *done, void *ctx,
		 struct err *err);

#endif
