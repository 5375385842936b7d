/*
 * rule.h - which requests something is about: a verb and a resource, "*" for any; of a namespace, or of all.
 */
#ifndef TESTS_KUBESIM_RULE_H
#define TESTS_KUBESIM_RULE_H

#include <stdbool.h>

#include "tests/kubesim/route.h"

struct rule {
	const char *verb;      /* get, list, watch, create, update, patch, delete, ... */
	const char *resource;  /* "pods", "statefulsets.apps", "deployments.apps/scale" */
	const char *namespace; /* NULL: any */
};

bool rule_matches(const struct rule *rule, const struct route *route, const char *verb);

/* Cuts "VERB:RESOURCE[:NAMESPACE]" in place; false if it is not that. */
bool rule_read(char *text, struct rule *ret_rule);

#endif
