/*
 * rollout_assume.h - objects of a StatefulSet that nobody has seen, for a forecast.
 *
 * Only what rollouts and promotions are judged by is filled in. The rooms of rollout.h and
 * supposed.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_ASSUME_H
#define DIFF_ROLLOUT_ASSUME_H

#include "diff/rollout_facts.h"

/* A Pod that has been well for ever, on a revision with this template; NULL: nobody knows it. */
int rollout_assume_pod(const struct rollout_facts *facts, int64_t ordinal, const char *revision,
		       const cJSON *template, cJSON **ret_pod, struct err *err);

/* The number-th ControllerRevision of this name. */
int rollout_assume_revision(const struct rollout_facts *facts, const char *name, int64_t number,
			    const cJSON *template, cJSON **ret_revision, struct err *err);

#endif
