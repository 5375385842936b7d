/*
 * overview_json.h - the overview as JSON: docs/json.md, "status" of an agent.
 */
#ifndef AGENT_OVERVIEW_JSON_H
#define AGENT_OVERVIEW_JSON_H

#include "agent/overview.h"
#include "diff/json.h"

/* Everything: the agent, its apps, and all their StatefulSets as `status -o json` has them. */
int overview_json(const struct overview *overview, cJSON **ret_value, struct err *err);

/* The apps alone. */
int overview_json_apps(const struct overview *overview, cJSON **ret_value, struct err *err);

/* One app and its StatefulSets. ERR_NOT_FOUND. */
int overview_json_app(const struct overview *overview, const char *name, cJSON **ret_value,
		      struct err *err);

#endif
