/*
 * cluster.h - one embedded cluster: what its rooms share.
 *
 * A cluster is complete without HTTP: a test makes one on a virtual loop, writes objects through
 * registry.h and advances the clock.
 */
#ifndef TESTS_KUBESIM_CLUSTER_H
#define TESTS_KUBESIM_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/kubesim/kinds.h"
#include "tests/kubesim/loop.h"
#include "tests/kubesim/pod_status.h"
#include "tests/kubesim/store.h"

struct cluster_options {
	int64_t ready_after_ms; /* from a Pod's start to its being Ready */
	const struct fail_image *fail_images;
	size_t fail_image_count;
	size_t history;      /* changes that watches can resume from; 0: STORE_DEFAULT_HISTORY */
	bool no_controllers; /* neither StatefulSet controller nor kubelet */
};

struct cluster {
	struct loop *loop;
	struct store *store;
	struct kinds *kinds;
	struct cluster_options options; /* what it points to outlives the cluster */
	struct gc *gc;
	struct namespaces *namespaces;
	struct crds *crds;
	struct controllers *controllers; /* NULL with no_controllers */
};

/*
 * An empty cluster with the namespaces default, kube-node-lease, kube-public and kube-system, the
 * Service `kubernetes` and, unless there are no controllers, one Node. The loop is borrowed and outlives the cluster.
 */
struct cluster *cluster_new(struct loop *loop, const struct cluster_options *options);
void cluster_free(struct cluster *cluster);
DEFINE_FREE_P(struct cluster, cluster_free);

#endif
