#include "tests/kubesim/rule.h"

#include <stdio.h>
#include <string.h>

#define MAX_RESOURCE 512

/* "pods", "deployments/scale"; with the group "statefulsets.apps", "deployments.apps/scale". */
static void print_resource(const struct route *route, bool with_group, char text[MAX_RESOURCE])
{
	bool group = with_group && route->group[0];

	snprintf(text, MAX_RESOURCE, "%s%s%s%s%s", route->resource, group ? "." : "",
		 group ? route->group : "", route->subresource[0] ? "/" : "", route->subresource);
}

bool rule_matches(const struct rule *rule, const struct route *route, const char *verb)
{
	char bare[MAX_RESOURCE], qualified[MAX_RESOURCE];

	if ((strcmp(rule->verb, "*") != 0 && strcmp(rule->verb, verb) != 0) ||
	    (rule->namespace && strcmp(rule->namespace, route->namespace) != 0))
		return false;
	print_resource(route, false, bare);
	print_resource(route, true, qualified);
	return strcmp(rule->resource, "*") == 0 || strcmp(rule->resource, bare) == 0 ||
	       strcmp(rule->resource, qualified) == 0;
}

bool rule_read(char *text, struct rule *ret_rule)
{
	char *colon = strchr(text, ':');

	if (!colon || colon == text || !colon[1])
		return false;
	*colon = '\0';
	*ret_rule = (struct rule){text, colon + 1, NULL};
	colon = strchr(colon + 1, ':');
	if (colon) {
		*colon = '\0';
		ret_rule->namespace = colon + 1;
	}
	return *ret_rule->resource;
}
