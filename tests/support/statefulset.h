/*
 * statefulset.h - StatefulSets and their Pods in tests, written short.
 *
 * Revisions are letters: "a" is the revision web-a with the image nginx:1.25.4, "b" web-b with
 * nginx:1.26.1, "c" web-c with nginx:1.26.2. Time stands at TEST_NOW_MS.
 */
#ifndef TESTS_SUPPORT_STATEFULSET_H
#define TESTS_SUPPORT_STATEFULSET_H

#include "diff/rollout.h"

#define TEST_NOW_MS 1767322800000 /* 2026-01-02T03:00:00Z */

#define TEST_MAX_PODS 400

struct test_pods {
	cJSON *items[TEST_MAX_PODS];
	size_t count;
};

/*
 * The Pods of the StatefulSet "web": words "ORDINAL=REVISION" or "FIRST..LAST=REVISION", each with
 * what is the matter: "~" not ready for a minute ("~N": for N seconds), "x" terminating (and ready still), "?N"
 * ready for N seconds only, "!REASON" a container waits for that reason ("!NREASON": and is not
 * ready for N seconds), "!Unschedulable". Ready, or in trouble, for an hour otherwise. Their uids are
 * "uid-ORDINAL".
 * Each is two hours old and runs on one of node-1 to node-3.
 */
struct test_pods test_pods_of(const char *words);
void test_pods_release(struct test_pods *pods);

/* `pods.items` as the functions under test take them. */
#define CONST_PODS(pods) ((const cJSON *const *)(pods).items)

/*
 * The StatefulSet "web": words "replicas=5 partition=2 start=1 minReady=30 policy=Parallel
 * strategy=OnDelete generation=4 observed=3 current=a update=b template=c". Defaults: one replica,
 * partition 0, OrderedReady, RollingUpdate, generation 1 and observed, update as current, the
 * template as update. "partition=none" leaves rollingUpdate out, "@step=1" is the annotation
 * tranche.dev/step. Counters in status are what the controller would make of the Pods (NULL: none are there).
 */
cJSON *statefulset_of(const char *words, const struct test_pods *pods);

/* rollout_observe of the two, at TEST_NOW_MS; fails where they have another verdict once reduced. */
void observe_words(const char *statefulset_words, const char *pod_words,
		   struct rollout *ret_rollout);

/* The ControllerRevision web-LETTER, the number-th. */
cJSON *revision_of(char letter, int number);

#endif
