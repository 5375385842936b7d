/*
 * fault.h - what goes wrong on purpose: the rules of --fault, and of PUT /kubesim/faults.
 *
 *	503@update:statefulsets*2	the next two such PUTs are answered 503
 *	lose@create:configmaps*1	the write happens, its answer gets lost
 *	cut=100@watch:pods		each such stream breaks after 100 bytes
 *	delay=2s			every request waits
 *	hold@update:secrets*1		the next such PUT waits until the rules are replaced
 *
 * A fault is ACTION[@VERB:RESOURCE[:NAMESPACE]][*TIMES]: without a rule it is about every request for a
 * resource, without TIMES it stays. Of several that match the first one counts. Actions:
 *
 *	CODE	    answer with this HTTP status (400 to 599), a Status body, or for 429 plain text and
 *		    Retry-After: 1, without doing anything
 *	refuse	    close the connection without doing or answering anything
 *	lose	    do it, then close the connection without an answer
 *	cut=N	    do it, and close the connection after N bytes of the answer's body
 *	delay=TIME  answer that much later ("300ms")
 *	hang	    never answer
 *	hold	    do and answer it once the rules have been replaced
 */
#ifndef TESTS_KUBESIM_FAULT_H
#define TESTS_KUBESIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"
#include "tests/kubesim/rule.h"

enum fault_action {
	FAULT_NONE,
	FAULT_CODE,
	FAULT_REFUSE,
	FAULT_LOSE,
	FAULT_CUT,
	FAULT_DELAY,
	FAULT_HANG,
	FAULT_HOLD,
};

struct fault {
	enum fault_action action;
	int64_t amount; /* the code, the bytes, the milliseconds; of a FAULT_HOLD that was taken: `replaced` */
	struct rule rule;
	int64_t times; /* left; -1: for ever */
	char *text;    /* what the rule's strings stand in */
};

struct faults {
	struct fault *items;
	size_t count;
	int64_t replaced; /* how often all of them were */
};

/* Adds one. ERR_INVALID if the text is not a fault. */
int faults_add(struct faults *faults, const char *text, struct err *err);

/* Replaces all by those of `text`, one a line; on an error nothing is changed. */
int faults_replace(struct faults *faults, const char *text, struct err *err);

/* Whether a request with this fault has to wait on: it is a FAULT_HOLD, and nothing was replaced since. */
bool faults_hold(const struct faults *faults, const struct fault *fault);

void faults_release(struct faults *faults);

/* What happens to this request (FAULT_NONE: nothing), counted as having happened. */
struct fault faults_take(struct faults *faults, const struct route *route, const char *verb);

#endif
