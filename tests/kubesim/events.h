/*
 * events.h - the Events that controllers and the kubelet record about objects.
 *
 * Core v1 Events as client-go's recorder makes them: one that repeats (same object, reporter, type,
 * reason and message) raises the count of the first.
 */
#ifndef TESTS_KUBESIM_EVENTS_H
#define TESTS_KUBESIM_EVENTS_H

#include "diff/json.h"
#include "tests/kubesim/cluster.h"

struct events;

struct events *events_new(struct cluster *cluster);
void events_free(struct events *events);

/* What is told, by whom, about what. */
struct event {
	const cJSON *object;   /* bears apiVersion, kind and metadata */
	const char *field;     /* a part of it, "spec.containers{web}"; NULL: the whole */
	const char *component; /* "statefulset-controller", "kubelet" */
	const char *host;      /* the node of a kubelet; NULL for others */
	const char *type;      /* "Normal", "Warning" */
	const char *reason;    /* "SuccessfulCreate" */
};

/* Records it; an Event that cannot be written (its namespace is going away) is dropped. */
void events_record(struct events *events, const struct event *event, const char *format, ...)
	PRINTF(3, 4);

#endif
