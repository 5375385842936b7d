/*
 * past.h - the manifests of an earlier revision, and of those before it as far as rollouts need
 * them.
 */
#ifndef AGENT_PAST_H
#define AGENT_PAST_H

#include "agent/fetch.h"

#define PAST_MAX_COMMITS 200 /* that are read; what came before them is not known */

/* Newest first. Zero-initialised is empty. */
struct past {
	struct fetched *commits;
	size_t count, capacity;
};

void past_release(struct past *past);

/*
 * Reads the revision, and from its history what tells which templates the Pods below a partition
 * run (diff/supposed.h). Blocks, and touches the source as source.h has it. Errors as for
 * source_read.
 */
int past_read(struct source *source, const char *rev, const char *default_namespace,
	      struct past *past, struct err *err);

/* The live set that diff/offline.h compares with; the caller releases it. As supposed_live. */
int past_live(const struct past *past, const char *default_namespace, struct manifest_set *ret_live,
	      struct err *err);

#endif
