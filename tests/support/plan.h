/*
 * plan.h - plans in tests: items made from the objects before and after.
 */
#ifndef TESTS_SUPPORT_PLAN_H
#define TESTS_SUPPORT_PLAN_H

#include "diff/plan.h"

/*
 * Adds an item for an object that is `from` and becomes `to` (JSON texts as in values.h; NULL: does
 * not exist), with their changes. The item may be changed until the next one is added.
 */
struct plan_item *add_item(struct plan *plan, enum plan_action action, const char *from,
			   const char *to, const char *file, uint32_t line);

/* The plan of the canary walkthrough's second commit, at main@3f2c1ab. */
void make_walkthrough_plan(struct plan *plan);

#endif
