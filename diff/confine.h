/*
 * confine.h - objects that may only be in one namespace (--namespace-only).
 *
 * For tenants of a cluster: who may commit to a repository must not thereby reach what is outside
 * of their namespace. Each object that is, or whose kind belongs to no namespace, is an error
 * finding, and so refuses the whole commit.
 */
#ifndef DIFF_CONFINE_H
#define DIFF_CONFINE_H

#include "diff/manifest.h"

/*
 * Checks every object as far as that can be told without a cluster: the namespace that is written,
 * and the scope of Kubernetes' own kinds. One that names no namespace goes to `namespace` and is
 * fine.
 */
int confine_check(const struct manifest_set *set, const char *namespace, struct findings *findings,
		  struct err *err);

/* Refuses one object whose kind the cluster says belongs to no namespace. */
int confine_refuse_cluster_scoped(const struct manifest *manifest, const char *namespace,
				  struct findings *findings, struct err *err);

#endif
