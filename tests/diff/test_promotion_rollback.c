#include "tests/support/check.h"
#include "tests/support/promotion.h"

#define GIT      "replicas=5 template=b @on-stuck=rollback "
#define CANARY   "replicas=5 partition=4 current=a update=b "
#define ROLLBACK "@on-stuck=rollback"

#define CRASH     "web-4 on nginx:1.26.1: CrashLoopBackOff: exit code 1, 7 restarts"
#define GOES_BACK CRASH "; going back to nginx:1.25.4 (web-a)"

static void test_begins(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "rolled-back template=nginx:1.25.4 good=web-a rejects", GOES_BACK},
		{GIT "@step=1", CANARY ROLLBACK, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "rolled-back partition=4 template=nginx:1.25.4 good=web-a rejects", GOES_BACK},
		/* All that have it go back, also below the partition. */
		{GIT "partition=4", CANARY ROLLBACK, "0=a 1=b 2..3=a 4=b!CrashLoopBackOff", NULL,
		 "rolled-back partition=1 template=nginx:1.25.4 good=web-a rejects", GOES_BACK},
		/* Hold keeps the partition, not the template. */
		{GIT "@hold=true", CANARY ROLLBACK, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "rolled-back partition=4 template=nginx:1.25.4 good=web-a rejects", GOES_BACK},
		/* The policy is to hold. */
		{"replicas=5 template=b @step=1", CANARY, "0..3=a 4=b!CrashLoopBackOff", NULL,
		 "stuck partition=4",
		 "web-4 is in CrashLoopBackOff on nginx:1.26.1 (exit code 1, 7 restarts); fix it, "
		 "or set tranche.dev/force-partition: \"0\""},
		/* Git has another template by now: it may be the fix. */
		{"replicas=5 template=c @step=1 " ROLLBACK, CANARY ROLLBACK,
		 "0..3=a 4=b!CrashLoopBackOff", NULL, "walking partition=4",
		 "partition 4 is the next step down to 0"},
		/* The controller has not seen it: the trouble is an older template's. */
		{GIT "@step=1", CANARY ROLLBACK " generation=3 observed=2",
		 "0..3=a 4=b!CrashLoopBackOff", NULL, "walking partition=4",
		 "the controller has not seen the latest change yet; partition 3 waits for it"},
		/* No earlier state was complete. */
		{"replicas=2 " ROLLBACK, "replicas=2 " ROLLBACK, "0=a!CrashLoopBackOff", NULL,
		 "stuck", "web-0 on nginx:1.25.4: CrashLoopBackOff: exit code 1, 7 restarts"},
		/* A Pod that never got the update is no fault of the update's. */
		{GIT "@step=1", CANARY ROLLBACK, "0=a!CrashLoopBackOff 1..3=a 4=b", NULL,
		 "walking partition=3", "partition 3 is the next step down to 0"},
		{GIT "partition=4", CANARY ROLLBACK, "0=a!CrashLoopBackOff 1..4=a", NULL, "stuck",
		 "web-0 on nginx:1.25.4 blocks the update: CrashLoopBackOff: exit code 1, 7 "
		 "restarts"},
		/* The good template is not remembered. */
		{GIT "@step=1", CANARY ROLLBACK, "0..3=a 4=b!CrashLoopBackOff", "forgotten",
		 "stuck partition=4",
		 CRASH "; cannot roll back, because the ControllerRevision web-a is gone: revert "
		       "the image in Git"},
	};

	CHECK_PROMOTIONS(cases);
}

/* What may end by itself gets until the deadline. */
static void test_waits_while_there_is_hope(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b!60ImagePullBackOff", NULL,
		 "rolled-back template=nginx:1.25.4 good=web-a rejects",
		 "web-4 on nginx:1.26.1: ImagePullBackOff: it said so; going back to nginx:1.25.4 "
		 "(web-a)"},
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b!60ErrImagePull", NULL,
		 "stuck recheck=540000", "web-4 on nginx:1.26.1: ErrImagePull: it said so"},
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b!600ErrImagePull", NULL,
		 "rolled-back template=nginx:1.25.4 good=web-a rejects",
		 "web-4 on nginx:1.26.1: ErrImagePull: it said so; going back to nginx:1.25.4 "
		 "(web-a)"},
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b!60Unschedulable", NULL,
		 "stuck recheck=540000",
		 "web-4 on nginx:1.26.1: Unschedulable: 0/3 nodes are available"},
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b~599", NULL, "as-git recheck=1000",
		 ""},
		{GIT "partition=4", CANARY ROLLBACK, "0..3=a 4=b~600", NULL,
		 "rolled-back template=nginx:1.25.4 good=web-a rejects",
		 "web-4 on nginx:1.26.1: not ready since 2026-01-02T02:50:00Z, which is longer "
		 "than the deadline of 10m; going back to nginx:1.25.4 (web-a)"},
		{GIT "partition=4 @deadline=30s", CANARY ROLLBACK " @deadline=30s", "0..3=a 4=b~40",
		 NULL, "rolled-back template=nginx:1.25.4 good=web-a rejects",
		 "web-4 on nginx:1.26.1: not ready since 2026-01-02T02:59:20Z, which is longer "
		 "than the deadline of 30s; going back to nginx:1.25.4 (web-a)"},
	};

	CHECK_PROMOTIONS(cases);
}

#define REJECTED "rejected=d1 good=web-a"
#define STAYS    "rejected commit 3f2c1ab: it was bad; nginx:1.25.4 (web-a) stays until Git changes"

static void test_goes_on(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		/* It is being put back, and is back. */
		{GIT "partition=4", CANARY, "0..3=a 4=b~60", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a recheck=540000", STAYS},
		{GIT "partition=4", "replicas=5 partition=4 current=a", "0..3=a 4=ax", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a recheck=610000", STAYS},
		{GIT "partition=4", "replicas=5 partition=4 current=a", "0..4=a", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a", STAYS},
		{GIT "@step=1", "replicas=5 partition=4 current=a", "0..4=a", REJECTED,
		 "rolled-back partition=4 template=nginx:1.25.4 good=web-a", STAYS},
		/* The live template is the good one: its revision need not be remembered. */
		{GIT "@step=1", "replicas=5 partition=4 current=a", "0..4=a", REJECTED " forgotten",
		 "rolled-back partition=4 template=nginx:1.25.4 good=web-a", STAYS},
		{GIT "@step=1", CANARY, "0..3=a 4=b~60", REJECTED " forgotten",
		 "stuck partition=4 recheck=540000",
		 "it was bad; cannot roll back, because the ControllerRevision web-a is gone: "
		 "revert the image in Git"},
		/* The rest is as Git says, but for replicas that somebody scaled to. */
		{GIT "partition=4 replicas=3", "replicas=5 partition=4 current=a", "0..4=a",
		 REJECTED " replicas=3", "rolled-back replicas=5 template=nginx:1.25.4 good=web-a",
		 STAYS "\n"
		       "somebody scaled to 5 replicas, and Git still has 3: kept, because scaling "
		       "down would delete 4, 3; commit replicas: 5 to keep them, or scale down "
		       "with the annotation tranche.dev/replicas: git (or --replicas=git)"},
		/* Git's object is another one: a fix, a revert. */
		{"replicas=5 template=c @step=1", "replicas=5 partition=4 current=a", "0..4=a",
		 "rejected=d0 good=web-a", "walking partition=4",
		 "partition 4 is the next step down to 0"},
		{"replicas=5 template=a @step=1", "replicas=5 partition=4 current=a", "0..4=a",
		 "rejected=d0 good=web-a", "as-git", ""},
	};

	CHECK_PROMOTIONS(cases);
}

/* --- unstick ---------------------------------------------------------------------------------- */

#define UNSTICK "@unstick=true "
#define BLOCKS                                                                           \
	"web-4 on nginx:1.26.1 blocks the update: ImagePullBackOff: it said so; delete " \
	"web-4 and it comes back on "

static void test_unstick(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		/* The template is fixed. */
		{UNSTICK "replicas=5 partition=4 template=c",
		 "replicas=5 partition=4 current=a update=c", "0..3=a 4=b!ImagePullBackOff", NULL,
		 "stuck unstick=web-4/uid-4", BLOCKS "nginx:1.26.2"},
		/* It was reverted. */
		{UNSTICK "replicas=5 partition=4", "replicas=5 partition=4 current=a",
		 "0..3=a 4=b!ImagePullBackOff", NULL, "stuck unstick=web-4/uid-4",
		 BLOCKS "nginx:1.25.4"},
		/* Not asked for. */
		{"replicas=5 partition=4", "replicas=5 partition=4 current=a",
		 "0..3=a 4=b!ImagePullBackOff", NULL, "stuck", BLOCKS "nginx:1.25.4"},
		/* Before the template is fixed it would come back broken. */
		{UNSTICK "replicas=5 partition=4 template=b",
		 "replicas=5 partition=4 current=a update=b", "0..3=a 4=b!ImagePullBackOff", NULL,
		 "stuck", "web-4 on nginx:1.26.1: ImagePullBackOff: it said so"},
		/* The fix is written first, */
		{UNSTICK "replicas=5 partition=4 template=c",
		 "replicas=5 partition=4 current=a update=b", "0..3=a 4=b!ImagePullBackOff", NULL,
		 "as-git", ""},
		/* then the controller has to see it, */
		{UNSTICK "replicas=5 partition=4 template=c",
		 "replicas=5 partition=4 current=a update=b template=c generation=2 observed=1",
		 "0..3=a 4=b!ImagePullBackOff", NULL, "as-git", ""},
		/* and nobody else may be on the way. */
		{UNSTICK "replicas=5 partition=4 template=c",
		 "replicas=5 partition=4 current=a update=c", "0..2=a 3=ax 4=b!ImagePullBackOff",
		 NULL, "as-git recheck=610000", ""},
		{UNSTICK "replicas=5 partition=4 template=c",
		 "replicas=5 partition=4 current=a update=c", "0..3=a 4=b!ImagePullBackOff 5=ax",
		 NULL, "stuck", BLOCKS "nginx:1.26.2"},
		/* The partition was raised above it: it returns on the current revision. */
		{UNSTICK "replicas=5 partition=5 template=b",
		 "replicas=5 partition=5 current=a update=b", "0..3=a 4=b!ImagePullBackOff", NULL,
		 "stuck unstick=web-4/uid-4",
		 "web-4 on nginx:1.26.1: ImagePullBackOff: it said so"},
		/* Parallel replaces it without help; below the partition it blocks nothing. */
		{UNSTICK "replicas=5 partition=4 template=c policy=Parallel",
		 "replicas=5 partition=4 current=a update=c policy=Parallel",
		 "0..3=a 4=b!ImagePullBackOff", NULL, "as-git", ""},
		{UNSTICK "replicas=5 partition=5 template=b policy=Parallel",
		 "replicas=5 partition=5 current=a update=b policy=Parallel",
		 "0..3=a 4=b!ImagePullBackOff", NULL, "stuck",
		 "web-4 on nginx:1.26.1: ImagePullBackOff: it said so"},
		/* OnDelete: it is somebody else who deletes. */
		{UNSTICK "replicas=5 strategy=OnDelete template=c",
		 "replicas=5 strategy=OnDelete current=a update=c", "0..3=a 4=b!ImagePullBackOff",
		 NULL, "as-git", ""},
		/* One that is Ready, whatever it runs; one that is only slow; one over its deadline. */
		{UNSTICK "replicas=5 template=c", "replicas=5 current=a update=c", "0..3=a 4=b",
		 NULL, "as-git", ""},
		{UNSTICK "replicas=5 template=c minReady=60",
		 "replicas=5 current=a update=c minReady=60", "0..3=a 4=b?10", NULL,
		 "as-git recheck=50000", ""},
		{UNSTICK "replicas=5 template=c", "replicas=5 current=a update=c", "0..3=a 4=b~60",
		 NULL, "as-git recheck=540000", ""},
		{UNSTICK "replicas=5 template=c", "replicas=5 current=a update=c", "0..3=a 4=b~600",
		 NULL, "stuck unstick=web-4/uid-4",
		 "web-4 on nginx:1.26.1 blocks the update: not ready since 2026-01-02T02:50:00Z, "
		 "which is longer than the deadline of 10m; delete web-4 and it comes back on "
		 "nginx:1.26.2"},
		/* A Pod that is slow below it is what the controller waits for. */
		{UNSTICK "replicas=5 template=c", "replicas=5 current=a update=c",
		 "0..2=a 3=a~60 4=b!ImagePullBackOff", NULL, "as-git recheck=540000", ""},
		/* Several are broken: the one that the controller waits for. */
		{UNSTICK "replicas=5 template=c", "replicas=5 current=a update=c",
		 "0..2=a 3..4=b!ImagePullBackOff", NULL, "stuck unstick=web-3/uid-3",
		 "web-3 on nginx:1.26.1 blocks the update: ImagePullBackOff: it said so; delete "
		 "web-3 and it comes back on nginx:1.26.2"},
		/* It is to go anyway. */
		{UNSTICK "replicas=4", "replicas=4 current=a", "0..3=a 4=b!ImagePullBackOff", NULL,
		 "as-git", ""},
		/* Without rollingUpdate its revision is not sure, unless it is neither. */
		{UNSTICK "replicas=5 template=c partition=none",
		 "replicas=5 current=a update=c partition=none", "0..3=a 4=b!ImagePullBackOff",
		 NULL, "stuck unstick=web-4/uid-4", BLOCKS "nginx:1.26.2"},
		{UNSTICK "replicas=5 template=c partition=none",
		 "replicas=5 current=b update=c partition=none", "0..3=b 4=b!ImagePullBackOff",
		 NULL, "stuck", BLOCKS "nginx:1.26.2"},
	};

	CHECK_PROMOTIONS(cases);
}

/* A rollback implies it, for Pods on the revision that was rejected. */
static void test_rollback_unsticks(void **state)
{
	(void)state;
	static const struct promotion_case cases[] = {
		{GIT "partition=4", "replicas=5 partition=4 current=a",
		 "0..3=a 4=b!ImagePullBackOff", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a unstick=web-4/uid-4", STAYS},
		/* However it is: it need not be lost. */
		{GIT "partition=4", "replicas=5 partition=4 current=a", "0..3=a 4=b~10", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a unstick=web-4/uid-4 recheck=590000",
		 STAYS},
		{GIT "partition=4", "replicas=5 partition=4 current=a", "0..3=a 4=b", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a", STAYS},
		/* Not before the good template is back. */
		{GIT "partition=4", CANARY, "0..3=a 4=b!ImagePullBackOff", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a", STAYS},
		{GIT "partition=4", "replicas=5 partition=4 current=a generation=2 observed=1",
		 "0..3=a 4=b!ImagePullBackOff", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a", STAYS},
		{GIT "partition=4", "replicas=5 partition=4 current=a",
		 "0..2=a 3=ax 4=b!ImagePullBackOff", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a recheck=610000", STAYS},
		/* Others that are broken are not its business. */
		{GIT "partition=4", "replicas=5 partition=4 current=a",
		 "0..3=a 4=a!ImagePullBackOff", REJECTED,
		 "rolled-back template=nginx:1.25.4 good=web-a", STAYS},
	};

	CHECK_PROMOTIONS(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins),
		cmocka_unit_test(test_waits_while_there_is_hope),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_unstick),
		cmocka_unit_test(test_rollback_unsticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
