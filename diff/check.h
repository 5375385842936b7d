/*
 * check.h - what is wrong with one object, told without a cluster.
 *
 * Errors, because the server would refuse them or, worse, an old server would not:
 *   - names that the server would not take, of objects, namespaces, containers, labels, ... (names.h);
 *   - a Deployment, DaemonSet or ReplicaSet with a `partition`: only StatefulSets have ordinals;
 *   - unknown, ill-typed and missing fields of the kinds that schema.h knows, with a suggestion
 *     (what the file says under `status` is never sent and not looked at);
 *   - a StatefulSet, Deployment, DaemonSet or ReplicaSet whose selector is empty or does not match
 *     its template's labels, or whose template has no container;
 *   - negative replicas, a negative partition or ordinals.start, an updateStrategy that is neither
 *     RollingUpdate nor OnDelete, a rollingUpdate (partition) that comes with OnDelete;
 *   - a word, number or combination of fields that the server would refuse (check_types.h), in Pods
 *     above all: no server looks at those of a StatefulSet's template before it creates them;
 *   - an annotation under tranche.dev/ with a value that it cannot have (policy.h, ignore.h).
 * Warnings: a partition at or above replicas, for no Pod would take a new template (one left out is
 * none, that is the default); a volume that is mounted but not there; a StatefulSet's name that is too
 * long for its Pods' labels; annotations under tranche.dev/ that nobody knows, with a suggestion,
 * or that mean nothing where they stand.
 */
#ifndef DIFF_CHECK_H
#define DIFF_CHECK_H

#include "diff/finding.h"
#include "diff/manifest.h"

#define CHECK_MAX_FINDINGS 20 /* of one object */

/*
 * Appends a finding per fault, placed at the field; its message begins with the object's kind and
 * name. Fails only for memory.
 */
int check_object(const struct manifest *manifest, struct findings *findings, struct err *err);

#endif
