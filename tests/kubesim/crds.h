/*
 * crds.h - CustomResourceDefinitions: the kinds they define are served as soon as they exist, and go
 * with their objects when they are deleted.
 */
#ifndef TESTS_KUBESIM_CRDS_H
#define TESTS_KUBESIM_CRDS_H

#include "tests/kubesim/cluster.h"

struct crds;

/* The cluster's store and kinds are borrowed and outlive it. */
struct crds *crds_new(struct cluster *cluster);
void crds_free(struct crds *crds);

#endif
