/*
 * prune.h - objects deleted from the cluster, as `kubectl delete` does it.
 *
 * In the reverse of the install order (order.h): one rank after the other, those of a rank in
 * parallel; between ranks nothing is waited for but the answers. What belongs to the objects (a
 * StatefulSet's Pods) is left to the cluster's garbage collector: propagationPolicy Background.
 * Each request demands the uid and the resourceVersion of `live`, so that nothing is deleted that
 * nobody here has seen.
 */
#ifndef APPLY_PRUNE_H
#define APPLY_PRUNE_H

#include "apply/cluster.h"
#include "apply/target.h"

/*
 * Deletes the targets that are marked `write` and have neither an error nor no `live`.
 *
 * Fills `result` (TARGET_DELETED, also where somebody else was faster) and, where the object only
 * began to go because it has finalizers or a grace period, `written`; or `error`:
 *   ERR_CONFLICT  changed since it was read: read and decide again
 *   ERR_TRANSIENT the answer was lost: it may be gone; reading again tells
 *   others        the server's words
 *
 * `on_target` (may be NULL) is called as each target is done. Returns the stage's id, 0 with *err
 * when memory runs out.
 */
uint64_t prune(struct cluster *cluster, struct targets *targets,
	       void (*on_target)(void *ctx, struct target *target), stage_done *done, void *ctx,
	       struct err *err);

#endif
