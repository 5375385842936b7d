/*
 * controller_budget.h - PodDisruptionBudgets: their status, and what they forbid.
 *
 * After pkg/controller/disruption and pkg/registry/core/pod/storage/eviction.go. Percentages and
 * maxUnavailable are of the replicas that the Pods' StatefulSets want.
 */
#ifndef TESTS_KUBESIM_CONTROLLER_BUDGET_H
#define TESTS_KUBESIM_CONTROLLER_BUDGET_H

#include "tests/kubesim/cluster.h"

struct budgets;

/* Keeps the status of all budgets; the cluster is borrowed and outlives it. */
struct budgets *budgets_new(struct cluster *cluster);
void budgets_free(struct budgets *budgets);

/*
 * Whether the Pod may be evicted now: 0, or -1 with 429 where a budget has nothing left for it, or
 * 500 where several cover it. One that never ran, has ended or is being deleted always may.
 */
int budgets_admit(const struct cluster *cluster, const cJSON *pod, struct status *status);

#endif
