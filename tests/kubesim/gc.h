/*
 * gc.h - the garbage collector: what ownerReferences mean.
 *
 * After pkg/controller/garbagecollector: an object whose owners are all gone is deleted; one that
 * has an owner left loses only the reference. An object with the finalizer foregroundDeletion waits
 * for its dependents, one with orphan lets them go first.
 */
#ifndef TESTS_KUBESIM_GC_H
#define TESTS_KUBESIM_GC_H

#include "tests/kubesim/cluster.h"

struct gc;

/* The cluster's store is borrowed and outlives it. */
struct gc *gc_new(struct cluster *cluster);
void gc_free(struct gc *gc);

#endif
