/*
 * starve.h - allocations that fail on purpose.
 *
 * For a test that is linked as the Makefile's STARVED are: malloc and its like, called from our own
 * objects and from cJSON, then go through here. Those of other libraries do not.
 */
#ifndef TESTS_SUPPORT_STARVE_H
#define TESTS_SUPPORT_STARVE_H

#include "diff/buf.h"

/* What a scenario does is written to `out`; 0, or -1 with *err. It cleans up after itself. */
struct starve_scenario {
	const char *name;
	int (*run)(struct buf *out, struct err *err);
	size_t stride; /* every so many-th allocation is tried */
};

/*
 * Runs the scenario once with all memory, and then for its allocations: each time one fails, and each time that one and all after it. Whatever happens then, it must end with ERR_NO_MEMORY,
 * or with the very same output. Returns how many allocations there were.
 */
size_t starve(const struct starve_scenario *scenario);

#endif
