/*
 * check.h - what is wrong with one object, told without a cluster.
 *
 * Errors, because the server would refuse them or, worse, an old server would not:
 *   - a Deployment (DaemonSet, ReplicaSet) with a `partition`: only StatefulSets have ordinals;
 *   - unknown and ill-typed fields of the kinds that schema.h knows, with a suggestion;
 *   - a StatefulSet, Deployment, ... whose selector does not match its template's labels, or is empty;
 *   - a negative partition, negative replicas, a partition on updateStrategy OnDelete;
 *   - a StatefulSet without containers.
 * Warnings: partition omitted on a RollingUpdate StatefulSet is not one (that is the default);
 * partition at or above replicas is: no Pod would be updated.
 */
#ifndef DIFF_CHECK_H
#define DIFF_CHECK_H

#include "diff/finding.h"
#include "diff/manifest.h"

/* Appends a finding per fault, placed at the field. Fails only for memory and caps. */
int check_object(const struct manifest *manifest, struct findings *findings, struct err *err);

#endif
