/*
 * controller_statefulset.h - the StatefulSet controller.
 *
 * Level-triggered: a change of a StatefulSet or of one of its Pods brings one sync of the set, which
 * adopts and releases Pods, keeps the history of templates (controller_revision.h), creates, deletes
 * and replaces Pods and writes the status (controller_set.h).
 */
#ifndef TESTS_KUBESIM_CONTROLLER_STATEFULSET_H
#define TESTS_KUBESIM_CONTROLLER_STATEFULSET_H

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/events.h"

struct statefulsets;

/* The cluster and the events are borrowed; freed before them. */
struct statefulsets *statefulsets_new(struct cluster *cluster, struct events *events);
void statefulsets_free(struct statefulsets *statefulsets);

#endif
