/*
 * watch.h - one watch: the changes of a resource from a version on, as lines of JSON.
 *
 * Follows k8s.io/apiserver's watch handler and cacher: an object that begins to match a selector is
 * ADDED, one that ceases to is DELETED; a version that the history has forgotten ends the watch
 * with an ERROR event (410 Expired).
 */
#ifndef TESTS_KUBESIM_WATCH_H
#define TESTS_KUBESIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/kubesim/cluster.h"
#include "tests/kubesim/output.h"
#include "tests/kubesim/selector.h"

struct watch;

struct watch_options {
	const struct kind *kind;
	const char *namespace; /* "": all */
	const char *name;      /* "": all */
	bool send_initial;     /* begin with an ADDED event for each object that exists */
	bool mark_initial_end; /* then send the bookmark k8s.io/initial-events-end */
	uint64_t version;      /* without send_initial: changes after this one */
	bool bookmarks;
	int64_t timeout_ms;
};

/* Takes over what the selectors and the output hold. */
struct watch *watch_new(struct cluster *cluster, const struct watch_options *options,
			struct selector *take_selector, const struct output *output);
void watch_free(struct watch *watch);

/* Calls `ready` whenever there is something to read, and at the end. */
void watch_notify(struct watch *watch, timer_fn *ready, void *context);

/* Up to `size` bytes of the stream: their number, 0 if there are none yet, -1 at its end. */
ssize_t watch_read(struct watch *watch, char *out, size_t size);

/* Ends the stream after what is already waiting. */
void watch_end(struct watch *watch);

#endif
