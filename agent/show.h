/*
 * show.h - a plan on standard output, as `diff` and `sync --dry-run` end; and what failed of one.
 */
#ifndef AGENT_SHOW_H
#define AGENT_SHOW_H

#include "agent/exit_code.h"
#include "agent/options.h"
#include "diff/plan.h"

/*
 * Prints the plan as --output and --color say. EXIT_OK if nothing differs, EXIT_DIFFERENT,
 * EXIT_OBJECTS if an object failed, or EXIT_INTERNAL after saying why.
 */
int show_plan(const struct plan *plan, const struct options *options);

/* Prints what failed on standard error, a line an object. */
void print_failures(const struct plan *plan);

#endif
