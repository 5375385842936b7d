/*
 * rollout_facts.h - what the StatefulSet controller reads from a StatefulSet and from its Pods.
 *
 * The rooms of rollout.h and promotion.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_FACTS_H
#define DIFF_ROLLOUT_FACTS_H

#include "diff/rollout.h"

/* Everything is borrowed from the StatefulSet; strings are "" where it has none. */
struct rollout_facts {
	const char *namespace, *name, *uid;
	const cJSON *selector, *template;
	int64_t replicas, start, partition;
	int64_t min_ready_ms;
	bool ordered, on_delete;
	bool has_rolling_update; /* spec.updateStrategy.rollingUpdate is there */
	const char *current_revision, *update_revision; /* status's */
};

/* ERR_INVALID for what is no StatefulSet, ERR_LIMIT for replicas past ROLLOUT_MAX_PODS. */
int rollout_facts_read(const cJSON *statefulset, struct rollout_facts *ret_facts, struct err *err);

/* Whether it controls the object, or would adopt it: owner reference, else selector. */
bool rollout_facts_claim(const struct rollout_facts *facts, const cJSON *object);

static inline bool rollout_facts_wants(const struct rollout_facts *facts, int64_t ordinal)
{
	return ordinal >= facts->start && ordinal < facts->start + facts->replicas;
}

/* Whether the ordinal is below the partition. */
static inline bool rollout_facts_holds(const struct rollout_facts *facts, int64_t ordinal)
{
	return ordinal < facts->start + facts->partition;
}

struct rollout_pods {
	struct rollout_pod *items;
	size_t count;
	int64_t recheck_ms; /* see struct rollout */
};

/*
 * The StatefulSet's own Pods among `pods`, by ordinal, with the wanted ordinals that have none;
 * "updated" are those whose revision is `target_revision` (none if that is "").
 */
int rollout_pods_read(const struct rollout_facts *facts, const char *target_revision,
		      const cJSON *const *pods, size_t pod_count, int64_t now_ms,
		      struct rollout_pods *ret_pods, struct err *err);
void rollout_pods_release(struct rollout_pods *pods);

#endif
