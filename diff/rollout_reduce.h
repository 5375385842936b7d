/*
 * rollout_reduce.h - a StatefulSet or a Pod without what no verdict on its rollout looks at.
 *
 * Whoever follows thousands of them keeps these: the images of the containers, but not their
 * probes, environments and mounts; no volumes, no claims, no managedFields.
 */
#ifndef DIFF_ROLLOUT_REDUCE_H
#define DIFF_ROLLOUT_REDUCE_H

#include "diff/json.h"

/* rollout_observe (rollout.h) says the same of what is left; a forecast wants the whole. */
void rollout_reduce_statefulset(cJSON *statefulset);
void rollout_reduce_pod(cJSON *pod);

#endif
