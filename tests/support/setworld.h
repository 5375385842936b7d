/*
 * setworld.h - the embedded cluster with one StatefulSet, and a log of what happens to its Pods.
 *
 * The set is "web": three replicas, OrderedReady, RollingUpdate with partition 0. Edits of it are
 * written "replicas=5 image=2 partition=1": replicas, partition, strategy, policy, min
 * (minReadySeconds), start, history, image, rolling (nothing: rollingUpdate goes). Images are app:1,
 * app:2, ...; those of app:bad... are never ready.
 *
 * The log: "+0:1" Pod 0 was made with image 1, "!0" is ready, "~0" terminating, "-0" gone.
 */
#ifndef TESTS_SUPPORT_SETWORLD_H
#define TESTS_SUPPORT_SETWORLD_H

#include "diff/buf.h"
#include "tests/support/simworld.h"

#define SETWORLD_READY_AFTER_MS 500
#define SETWORLD_LONG_MS        (10 * 60 * 1000)

#define SETS   "/apis/apps/v1/namespaces/default/statefulsets"
#define SET    SETS "/web"
#define PODS   "/api/v1/namespaces/default/pods"
#define CLAIMS "/api/v1/namespaces/default/persistentvolumeclaims"

/* How a set of three starts, and what its status is then. */
#define START3 "+0:1 !0 +1:1 !1 +2:1 !2"
#define ALL3   "3 ready 3 available 3 current 3 updated 3 complete"

struct setworld {
	struct simworld sim;
	struct buf log;
};

void setworld_init(struct setworld *world);
void setworld_release(struct setworld *world);

/* Sends a request that has to succeed. */
void setworld_send(struct setworld *world, int code, const char *method, const char *path,
		   const char *body);

/* The object; the caller frees it. */
cJSON *setworld_get(struct setworld *world, const char *path);

void setworld_delete_pod(struct setworld *world, const char *name);
void setworld_wait(struct setworld *world, int64_t ms);

/* The set before any edit, for value_of. */
extern const char setworld_json[];

void setworld_create(struct setworld *world, const char *edits);
void setworld_update(struct setworld *world, const char *edits);

/* What happened since the last time; the log starts anew. `name` is shown where it is something else. */
void setworld_assert_log(struct setworld *world, const char *name, const char *expected);

/* The set's status: "3 ready 3 available 3 current 3 updated 3 complete", or "... updating". */
void setworld_assert_status(struct setworld *world, const char *name, const char *expected);

#endif
