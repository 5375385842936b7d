/*
 * source_git_remote.h - asks a remote repository for refs, and fetches them into a bare clone.
 *
 * Runs in a process of its own (source_git_child.c), because libgit2 has no deadline for a server
 * that does not answer, and whom it trusts (CA file, HOME with its known_hosts) is set for the
 * whole process.
 */
#ifndef AGENT_SOURCE_GIT_REMOTE_H
#define AGENT_SOURCE_GIT_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"

/* What to fetch. Strings are borrowed. */
struct remote_request {
	const char *url;
	const char *name;        /* the URL as messages have it */
	const char *const *refs; /* each as source_options.ref: NULL for HEAD */
	size_t ref_count;
	const char *folder;             /* of the bare clone; nobody else writes to it meanwhile */
	const char *credentials;        /* folder, or NULL */
	int64_t max_bytes, max_objects; /* of one fetch */
	int64_t many_packs;             /* in the clone: then they are merged; 0: never */
};

/* One ref's. The commit is in the clone now, and the tag object of an annotated tag, too. */
struct remote_answer {
	struct err err; /* of this ref alone: then there is nothing else */
	char *commit;   /* 40 digits */
	char *tag;      /* 40 digits of the tag object; NULL: none */
	char *label;    /* as people call the ref: "main"; NULL where a commit was asked for */
};

void remote_answers_free(struct remote_answer *answers, size_t count);

/*
 * One connection, one listing, and at most one fetch whatever the number of refs. *ret_answers has
 * one a ref; the caller frees it. Errors as source_read's; no secret is in the message.
 * *ret_damaged is set in every case, also where it is a ref's error (of class ERR_INVALID): whether
 * it looks as if the clone is at fault.
 */
int git_remote_read(const struct remote_request *request, struct remote_answer **ret_answers,
		    bool *ret_damaged, struct err *err);

#endif
