/*
 * autoscalers.h - which objects have their replicas decided by a HorizontalPodAutoscaler.
 *
 * Asked where it matters only: where manifest and live object have different numbers of replicas.
 * The autoscalers of such an object's namespace are listed then, in autoscaling/v1, which every
 * server has. What was found is remembered for as long as the commit and the live number stay as
 * they are, so that a pass in which nothing happens asks for nothing.
 */
#ifndef APPLY_AUTOSCALERS_H
#define APPLY_AUTOSCALERS_H

#include "apply/cluster.h"
#include "apply/target.h"

/* An object, and the autoscaler that scaled it when somebody looked. */
struct autoscaled {
	struct ref ref;
	char *autoscaler;
	int64_t replicas; /* the live number at that time; -1: looked at for another commit */
};

/* Zero-initialised: nothing is known. */
struct autoscalers {
	struct autoscaled *items;
	size_t count;
	struct err denied; /* class ERR_DENIED: a namespace's could not be listed, and why */
};

void autoscalers_release(struct autoscalers *autoscalers);

/* A new commit: what is known has to be looked at again where it matters. */
void autoscalers_doubt(struct autoscalers *autoscalers);

/*
 * Fills `autoscaler` of the targets that have been read and are scaled by one, and has their
 * `desired` leave the number to the cluster. The autoscalers are those of the cluster and, in their
 * place or besides, those among `manifests` (objects without a namespace are in
 * `default_namespace`). Where they may not be listed, or the server has none, there are none:
 * `denied` then says so. Where the list fails otherwise, the targets that wait for it fail: a
 * guess might scale them down.
 *
 * `autoscalers` is what earlier passes found, and is brought up to date. It and the manifests have
 * to stay until the stage is done. Returns the stage's id, 0 with *err when memory runs out.
 */
uint64_t autoscalers_find(struct cluster *cluster, struct autoscalers *autoscalers,
			  const struct manifest_set *manifests, const char *default_namespace,
			  struct targets *targets, stage_done *done, void *ctx, struct err *err);

#endif
