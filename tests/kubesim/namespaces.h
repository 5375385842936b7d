/*
 * namespaces.h - the namespace controller: a Namespace that is deleted takes its contents along.
 *
 * It stays, Terminating, until everything in it is gone; then its finalizer `kubernetes` goes and
 * with it the Namespace.
 */
#ifndef TESTS_KUBESIM_NAMESPACES_H
#define TESTS_KUBESIM_NAMESPACES_H

#include "tests/kubesim/cluster.h"

struct namespaces;

/* The cluster's store is borrowed and outlives it. */
struct namespaces *namespaces_new(struct cluster *cluster);
void namespaces_free(struct namespaces *namespaces);

#endif
