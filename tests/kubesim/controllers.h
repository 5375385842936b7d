/*
 * controllers.h - everything in a cluster that acts by itself: controllers, scheduler, kubelet.
 */
#ifndef TESTS_KUBESIM_CONTROLLERS_H
#define TESTS_KUBESIM_CONTROLLERS_H

#include "tests/kubesim/cluster.h"

struct controllers;

/* Starts them; the cluster, its store and its kinds are borrowed and outlive them. */
struct controllers *controllers_new(struct cluster *cluster);
void controllers_free(struct controllers *controllers);

#endif
