/*
 * strategy.h - what the API server does with objects of one kind: the rules of its registries.
 *
 * Kinds that are not here are stored as they come.
 */
#ifndef TESTS_KUBESIM_STRATEGY_H
#define TESTS_KUBESIM_STRATEGY_H

#include <stdbool.h>

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/status.h"

struct strategy {
	const char *group, *kind;
	bool create_on_update; /* a PUT makes what is not there */
	bool has_generation;   /* metadata.generation counts the changes of spec */
	bool annotations_raise_generation;
	bool keeps_status_on_create;
	/* Fill in what the server decides. `old` is NULL when the object is created. */
	void (*prepare)(struct cluster *cluster, cJSON *object, const cJSON *old);
	/* What is wrong with the object, or with its change. */
	void (*validate)(const struct cluster *cluster, const cJSON *object, const cJSON *old,
			 struct causes *causes);
	/* Frees what prepare took from the cluster, and what else follows a deletion. */
	void (*release)(struct cluster *cluster, const cJSON *object);
};

/* The strategy of a kind; one without rules for those that have none. */
const struct strategy *strategy_of(const struct kind *kind);

/* What every kind's metadata must be: names, labels, annotations, finalizers, ownerReferences. */
void strategy_validate_metadata(const struct kind *kind, const cJSON *object, const cJSON *old,
				struct causes *causes);

#endif
