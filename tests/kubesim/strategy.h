/*
 * strategy.h - what the API server does with objects of one kind: the rules of its registries.
 *
 * Kinds that are not in the table are stored as they come, with their defaults and their required
 * fields checked. Messages are the server's.
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
	/* Fills in what the server decides. `old` is NULL when the object is created. */
	void (*prepare)(struct cluster *cluster, cJSON *object, const cJSON *old);
	/* What is wrong with the object, or with its change. */
	void (*validate)(const cJSON *object, const cJSON *old, struct causes *causes);
};

/* The strategy of a kind; one without rules for those that have none. */
const struct strategy *strategy_of(const struct kind *kind);

/* Everything that is wrong with the object: its metadata, then what its kind says. */
void strategy_validate(const struct kind *kind, const cJSON *object, const cJSON *old,
		       struct causes *causes);

/* --- the rules, by room ---------------------------------------------------------------------- */

/* strategy_workload.c */
void strategy_validate_statefulset(const cJSON *object, const cJSON *old, struct causes *causes);
void strategy_validate_workload(const cJSON *object, const cJSON *old, struct causes *causes);

void strategy_prepare_daemonset(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_prepare_job(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_validate_job(const cJSON *object, const cJSON *old, struct causes *causes);

/* strategy_pod.c */
void strategy_prepare_pod(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_validate_pod(const cJSON *object, const cJSON *old, struct causes *causes);

/* The Pod spec at `path` ("spec", "spec.template.spec") of some object. */
void strategy_validate_pod_spec(const cJSON *spec, const char *path, struct causes *causes);

/* strategy_service.c */
void strategy_prepare_service(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_validate_service(const cJSON *object, const cJSON *old, struct causes *causes);

/* strategy_core.c */
void strategy_prepare_namespace(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_prepare_crd(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_prepare_claim(struct cluster *cluster, cJSON *object, const cJSON *old);
void strategy_validate_data(const cJSON *object, const cJSON *old, struct causes *causes);
void strategy_validate_crd(const cJSON *object, const cJSON *old, struct causes *causes);

#endif
