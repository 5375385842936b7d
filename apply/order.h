/*
 * order.h - in which order kinds are installed, as Flux and others do it.
 */
#ifndef APPLY_ORDER_H
#define APPLY_ORDER_H

#include "diff/object.h"

#define ORDER_WAVES 2

/* 0: CRDs, Namespaces, ClusterRoles, which are waited for; 1: everything else. */
int order_wave(const struct ref *ref);

/*
 * The place in the install order, from 0: CRD, Namespace, RuntimeClass, ..., StatefulSet, CronJob,
 * PodDisruptionBudget, other kinds, webhook configurations. Objects of one rank do not depend on
 * each other. Deletion goes the other way.
 */
int order_rank(const struct ref *ref);

#endif
