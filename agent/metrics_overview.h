/*
 * metrics_overview.h - the overview as metrics.
 */
#ifndef AGENT_METRICS_OVERVIEW_H
#define AGENT_METRICS_OVERVIEW_H

#include "agent/overview.h"

/* Sets what metrics_table.c has of apps and rollouts, the leader and the build; for a collector. */
void metrics_overview_collect(const struct overview *overview);

#endif
