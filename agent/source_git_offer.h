/*
 * source_git_offer.h - which of the refs that there are is meant by what the user asked for.
 *
 *	main, v1.2	refs/heads/main, else refs/tags/v1.2
 *	refs/...	that ref
 *	semver:RANGE	the highest version in the range among the tags (diff/semver.h)
 */
#ifndef AGENT_SOURCE_GIT_OFFER_H
#define AGENT_SOURCE_GIT_OFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/cleanup.h"
#include "diff/err.h"

#define SEMVER_PREFIX "semver:"

/* Goes over ref names, such as "refs/tags/v1^{}"; NULL at the end. */
struct ref_names {
	const char *(*at)(const void *context, size_t index);
	const void *context;
};

/*
 * Finds the full name. *ret_ref is NULL where nothing fits and `ref` may be a commit id; the caller
 * frees it. ERR_NOT_FOUND where no tag is in the range; ERR_INVALID for a range that cannot be
 * read.
 */
int git_offer_choose(const struct ref_names *names, const char *ref, char **ret_ref,
		     struct err *err);

/* "refs/heads/main" as "main", "refs/tags/v1" as "v1"; borrowed. */
const char *git_ref_short(const char *ref);

/* What people call a ref that was chosen: as it was asked for (NULL: HEAD), of a range the tag. */
const char *git_ref_label(const char *ref, const char *asked);

#endif
