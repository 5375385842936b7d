/*
 * unstick.h - Pods that block a rollout, taken away so that their controller makes them anew.
 *
 * Always by eviction (policy/v1 Eviction; v1beta1 on servers before 1.22), never by DELETE: where
 * a PodDisruptionBudget covers the Pod the server honours it, and where none does an eviction is a
 * deletion. The preconditions are the uid and resourceVersion that were judged, so a Pod that has
 * become Ready meanwhile, or another one of its name, is left alone.
 */
#ifndef APPLY_UNSTICK_H
#define APPLY_UNSTICK_H

#include "apply/cluster.h"
#include "apply/target.h"

enum unstick_result {
	UNSTICK_FAILED,  /* `err` says why */
	UNSTICK_EVICTED, /* it is being deleted */
	UNSTICK_CHANGED, /* it is not what it was: gone, or to be judged again */
	UNSTICK_GUARDED, /* a disruption budget forbids it at present; `err` has the server's words */
};

struct unstick_order {
	/* Borrowed as long as the stage runs. */
	const char *namespace, *pod, *uid, *resource_version;
	enum unstick_result result;
	struct err err;
};

/*
 * Evicts the Pods, many at once, each one once, and fills in how it went. The stage itself does not
 * fail. Its id, or 0 with *err when memory runs out.
 */
uint64_t unstick(struct cluster *cluster, struct unstick_order *orders, size_t count,
		 stage_done *done, void *ctx, struct err *err);

#endif
