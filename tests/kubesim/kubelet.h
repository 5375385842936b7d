/*
 * kubelet.h - the scheduler and the one node's kubelet: Pods get a node, start, become Ready, end.
 *
 * Pods become Ready options.ready_after_ms after they were bound to the node. Those with an image
 * that matches one of options.fail_images get stuck for its reason:
 *
 *	Unschedulable       never bound to the node
 *	NotReady            running, never Ready
 *	CrashLoopBackOff    started again and again, ever more seldom
 *	any other           waiting for ever, for that reason (ImagePullBackOff, ...)
 *
 * An image that is changed in place starts the Pod afresh. A Pod that is deleted is gone after a
 * fifth of ready_after_ms and KUBELET_MIN_END_MS at least, whatever its grace period.
 */
#ifndef TESTS_KUBESIM_KUBELET_H
#define TESTS_KUBESIM_KUBELET_H

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/events.h"

#define KUBELET_NODE "kubesim"

/*
 * `kubectl delete pod` reads the Pod and then watches its name; a new Pod of the name must not be
 * there by then, or it waits for ever.
 */
#define KUBELET_MIN_END_MS 100

struct kubelet;

/* Registers the node. The cluster and the events are borrowed; freed before them. */
struct kubelet *kubelet_new(struct cluster *cluster, struct events *events);
void kubelet_free(struct kubelet *kubelet);

#endif
