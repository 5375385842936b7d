/* Pods by ordinal, revision and time: the controller against what a real one did. */
#include "tests/support/setworld.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

struct step {
	const char *edits;  /* of the set; or "delete POD"; or "wait" */
	const char *log;    /* what happens until nothing more does */
	const char *status; /* the set's then; NULL: not looked at */
};

struct scenario {
	const char *name;
	const char *set; /* edits of the set before it is created */
	struct step steps[8];
};

#define BEGIN3                       \
	{                            \
		"wait", START3, ALL3 \
	}

/*
 * The same steps on a kube-controller-manager 1.20.2 went the same way, Pod by Pod and status by
 * status (ordinals.start, which it does not have, apart; under Parallel Pods that move together do so
 * in any order there).
 */
static const struct scenario scenarios[] = {
	{"OrderedReady creates one after the other and deletes from the top",
	 "",
	 {BEGIN3,
	  {"replicas=5", "+3:1 !3 +4:1 !4", "5 ready 5 available 5 current 5 updated 5 complete"},
	  {"replicas=2", "~4 -4 ~3 -3 ~2 -2", "2 ready 2 available 2 current 2 updated 2 complete"},
	  {"replicas=0", "~1 -1 ~0 -0", "0 ready 0 available 0 current 0 updated 0 complete"}}},
	{"Parallel does all at once",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"replicas=0", "~2 ~1 ~0 -2 -1 -0",
	   "0 ready 0 available 0 current 0 updated 0 complete"}}},
	{"the update goes from the top down, one at a time",
	 "",
	 {BEGIN3, {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"also under Parallel",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"the canary walkthrough",
	 "partition=2",
	 {BEGIN3,
	  {"replicas=5", "+3:1 !3 +4:1 !4", "5 ready 5 available 5 current 5 updated 5 complete"},
	  {"image=2", "~4 -4 +4:2 !4 ~3 -3 +3:2 !3 ~2 -2 +2:2 !2",
	   "5 ready 5 available 5 current 2 updated 3 updating"},
	  {"partition=1", "~1 -1 +1:2 !1", "5 ready 5 available 5 current 1 updated 4 updating"},
	  {"partition=0", "~0 -0 +0:2 !0", "5 ready 5 available 5 current 5 updated 5 complete"}}},
	{"a partition at or above replicas touches no Pod",
	 "partition=3",
	 {BEGIN3,
	  {"image=2", "", "3 ready 3 available 3 current 3 updated 0 updating"},
	  {"partition=7", "", "3 ready 3 available 3 current 3 updated 0 updating"}}},
	{"template and partition in one write",
	 "partition=3",
	 {BEGIN3,
	  {"image=2 partition=2", "~2 -2 +2:2 !2",
	   "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"raising the partition brings nothing back, recreating does",
	 "partition=1",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1", NULL},
	  {"partition=3", "", "3 ready 3 available 3 current 1 updated 2 updating"},
	  {"delete web-2", "~2 -2 +2:1 !2", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"a Pod below the partition comes back on the current revision",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", NULL},
	  {"delete web-0", "~0 -0 +0:1 !0", NULL},
	  {"delete web-2", "~2 -2 +2:2 !2", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"scaling up during a rollout starts on the update revision",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", NULL},
	  {"replicas=5", "+3:2 !3 +4:2 !4", "5 ready 5 available 5 current 2 updated 3 updating"},
	  {"replicas=1", "~4 -4 ~3 -3 ~2 -2 ~1 -1",
	   "1 ready 1 available 1 current 1 updated 0 updating"}}},
	{"scaling comes before updating",
	 "",
	 {BEGIN3,
	  {"image=2 replicas=4", "+3:2 !3 ~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0",
	   "4 ready 4 available 4 current 4 updated 4 complete"},
	  {"image=3 replicas=2", "~3 -3 ~2 -2 ~1 -1 +1:3 !1 ~0 -0 +0:3 !0",
	   "2 ready 2 available 2 current 2 updated 2 complete"}}},
	{"going back to an old template",
	 "partition=2",
	 {BEGIN3,
	  {"image=2", "~2 -2 +2:2 !2", "3 ready 3 available 3 current 2 updated 1 updating"},
	  {"image=1", "~2 -2 +2:1 !2", ALL3}}},
	{"OnDelete waits for the user",
	 "strategy='OnDelete' rolling=none",
	 {{"wait", START3, "3 ready 3 available 3 current 3 updated 3 complete"},
	  {"image=2", "", "3 ready 3 available 3 current 3 updated 0 updating"},
	  {"delete web-1", "~1 -1 +1:2 !1", "3 ready 3 available 3 current 2 updated 1 updating"}}},
	{"RollingUpdate without rollingUpdate",
	 "rolling=none",
	 {BEGIN3, {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"ordinals.start",
	 "start=5 partition=1 replicas=2",
	 {{"wait", "+5:1 !5 +6:1 !6", "2 ready 2 available 2 current 2 updated 2 complete"},
	  {"image=2", "~6 -6 +6:2 !6", "2 ready 2 available 2 current 1 updated 1 updating"},
	  {"start=6", "+7:2 !7 ~5 -5", "2 ready 2 available 2 current 2 updated 2 complete"}}},
	/* kubernetes#67250 and what frees it. */
	{"a stuck Pod stays stuck when the template is mended, until it is deleted",
	 "",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"image=2", "", "3 ready 2 available 2 current 2 updated 0 updating"},
	  {"delete web-2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"deleted before the template is mended it comes back broken",
	 "",
	 {BEGIN3, {"image=bad", "~2 -2 +2:bad", NULL}, {"delete web-2", "~2 -2 +2:bad", NULL}}},
	{"raising the partition above a stuck Pod and deleting it brings the old revision",
	 "",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"partition=3", "", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"delete web-2", "~2 -2 +2:1 !2", "3 ready 3 available 3 current 3 updated 0 updating"}}},
	{"a stuck Pod blocks scaling, up and down, anywhere",
	 "partition=2",
	 {BEGIN3,
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"replicas=5", "", "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"replicas=1", "~2 -2 ~1 -1", "1 ready 1 available 1 current 1 updated 0 updating"}}},
	{"Parallel replaces a stuck Pod once the template is mended",
	 "policy='Parallel'",
	 {{"wait", "+0:1 +1:1 +2:1 !0 !1 !2", ALL3},
	  {"image=bad", "~2 -2 +2:bad", NULL},
	  {"image=2", "~2 -2 +2:2 !2 ~1 -1 +1:2 !1 ~0 -0 +0:2 !0", ALL3}}},
	{"a Pod that crashes, and one that never becomes ready, are stuck too",
	 "",
	 {BEGIN3,
	  {"image=badcrash", "~2 -2 +2:badcrash",
	   "3 ready 2 available 2 current 2 updated 1 updating"},
	  {"image=1", "", NULL},
	  {"delete web-2", "~2 -2 +2:1 !2", ALL3},
	  {"image=badready", "~2 -2 +2:badready",
	   "3 ready 2 available 2 current 2 updated 1 updating"}}},
	{"the first Pod is bad: nothing follows",
	 "image=bad",
	 {{"wait", "+0:bad", "1 ready 0 available 0 current 1 updated 1 complete"},
	  {"image=1", "", "1 ready 0 available 0 current 1 updated 0 updating"},
	  {"delete web-0", "~0 -0 +0:1 !0 +1:1 !1 +2:1 !2", ALL3}}},
};

static void test_scenarios(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *scenario = &scenarios[i];
		CLEANUP(setworld_release) struct setworld world;

		print_message("         %s\n", scenario->name);
		setworld_init(&world);
		setworld_create(&world, scenario->set);
		for (const struct step *step = scenario->steps; step->edits; step++) {
			char name[200];

			snprintf(name, sizeof name, "%s: %s", scenario->name, step->edits);
			if (strncmp(step->edits, "delete ", 7) == 0)
				setworld_delete_pod(&world, step->edits + 7);
			else if (strcmp(step->edits, "wait") != 0)
				setworld_update(&world, step->edits);
			setworld_wait(&world, SETWORLD_LONG_MS);
			setworld_assert_log(&world, name, step->log);
			if (step->status)
				setworld_assert_status(&world, name, step->status);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
