/*
 * rollout_trouble.h - why a Pod is not ready, as its conditions and its containers tell it.
 *
 * The rooms of rollout.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_TROUBLE_H
#define DIFF_ROLLOUT_TROUBLE_H

#include "diff/json.h"

/* The condition of this type in the Pod's status, or NULL. */
const cJSON *rollout_condition(const cJSON *pod, const char *type);

/*
 * Prints why a Pod that is not ready will not become so by itself: "Unschedulable: ...",
 * "ImagePullBackOff: ...", "CrashLoopBackOff: exit code 1, 7 restarts". A container that has ended
 * again and again is in its crash loop also while it runs for a moment, so that the words stay the
 * same between two crashes. Returns whether there is such a reason; *ret_may_pass is whether it may
 * end after all: at the kubelet's next try, with a node that is added, a Secret that comes late.
 */
bool rollout_print_trouble(const cJSON *pod, int64_t now_ms, bool *ret_may_pass, struct buf *out);

/*
 * Prints what a Pod without such a reason waits for, to be followed by " since ...": "running, but
 * its readiness probe fails", "its containers are being created". Nothing where it tells nothing.
 */
void rollout_print_wait(const cJSON *pod, struct buf *out);

#endif
