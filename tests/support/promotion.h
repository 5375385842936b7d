/*
 * promotion.h - decisions on what is sent for a StatefulSet, as tables.
 */
#ifndef TESTS_SUPPORT_PROMOTION_H
#define TESTS_SUPPORT_PROMOTION_H

#include "diff/promotion.h"

#include "tests/support/statefulset.h"

#define PROMOTION_REVISIONS 3    /* web-a, web-b and web-c are remembered */
#define PROMOTION_DIGEST    "d1" /* of Git's object, in all cases */

struct promotion_case {
	/* As statefulset.h has them; live NULL: it does not exist; pods NULL: not known. */
	const char *git, *live, *pods;
	/*
	 * Words: "replicas=3" and "partition=2" that were applied, "step=N" seconds ago, "rejected=d1",
	 * "good=web-a", "unchanged", "--replicas=git", "forgotten" for no ControllerRevisions.
	 */
	const char *record;
	/*
	 * "VERDICT partition=4 replicas=5 template=nginx:1.25.4 good=web-a rejects
	 * unstick=web-4/uid-4 recheck=1000"
	 */
	const char *expected;
	const char *reason; /* and the drift's sentence in a line of its own; "" for none */
};

/* What a case is made of. */
struct promotion_world {
	struct test_pods pods;
	cJSON *git, *live, *revisions[PROMOTION_REVISIONS];
	struct promotion_record record;
	struct promotion_facts facts; /* of all the above */
};

void promotion_world_init(struct promotion_world *world, const struct promotion_case *the_case);
void promotion_world_release(struct promotion_world *world);

void check_promotions(const struct promotion_case *cases, size_t count);

#define CHECK_PROMOTIONS(cases) check_promotions(cases, sizeof(cases) / sizeof(*(cases)))

#endif
