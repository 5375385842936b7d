/*
 * offline_rollout.h - what a StatefulSet's change would do to its Pods, told without a server.
 *
 * A part of offline.h; nobody else includes it.
 */
#ifndef DIFF_OFFLINE_ROLLOUT_H
#define DIFF_OFFLINE_ROLLOUT_H

#include "diff/plan.h"

struct offline_rollout {
	const cJSON *manifest;                       /* as Git has it */
	const cJSON *live;                           /* NULL: it would be created */
	const cJSON *expected;                       /* what Git's manifest would leave */
	const cJSON *const *pods, *const *revisions; /* of the namespace */
	size_t pod_count, revision_count;
	bool has_base;      /* `live` is an earlier revision's, as supposed.h has it */
	bool says_replicas; /* the manifest does */
	int64_t now_ms;
};

/*
 * Fills in the item's forecast and steps, and notes what a policy keeps back; nothing where `live`
 * does not tell of its Pods. ERR_INVALID for what a policy refuses, and as rollout_forecast and
 * promotion_decide.
 */
int offline_rollout_foretell(const struct offline_rollout *rollout, struct plan_item *item,
			     struct err *err);

#endif
