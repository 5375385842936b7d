/*
 * semver.h - versions by Semantic Versioning 2.0.0 and ranges of them as Flux's ref.semver has them
 * (Masterminds/semver).
 *
 * A range is alternatives with "||" between, each of which is comparisons that must all hold, with
 * blanks or commas between:
 *
 *	=1.2.3  1.2.3  !=1.2.3  >1.2  >=1.2.0  <2  <=2.1	compared; a part left out is any
 *	~1.2.3  ~1.2  ~1	from there, below the next minor (where one is given, else the next major)
 *	^1.2.3  ^0.2.3  ^0.0.3	from there, below what changes the left-most part that is not 0
 *	1.2.x  1.*  *		any in that place
 *	1.2 - 2.3.4		>=1.2 <=2.3.4
 *
 * A pre-release (1.3.0-rc.1) is in an alternative only if that names one in at least one of its
 * comparisons: ">=1.2.0-0" takes them in.
 */
#ifndef DIFF_SEMVER_H
#define DIFF_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/cleanup.h"
#include "diff/err.h"

#define SEMVER_MAX_BYTES 256  /* of a version */
#define SEMVER_MAX_RANGE 1024 /* bytes */

struct semver {
	uint64_t major, minor, patch;
	char pre[SEMVER_MAX_BYTES]; /* "rc.1"; "": none */
};

/*
 * Reads "1.2.3", "v1.2.3-rc.1+build": all three numbers, no leading zeros; build metadata is
 * dropped, for it does not count. False for anything else.
 */
bool semver_parse(const char *text, struct semver *ret_version);

/* Precedence, section 11 of the specification: below 0, 0, or above 0. */
int semver_compare(const struct semver *a, const struct semver *b);

struct semver_range;

/* ERR_INVALID with what cannot be read; ERR_LIMIT; ERR_NO_MEMORY. */
int semver_range_parse(const char *text, struct semver_range **ret_range, struct err *err);
void semver_range_free(struct semver_range *range);
DEFINE_FREE_P(struct semver_range, semver_range_free);

bool semver_range_has(const struct semver_range *range, const struct semver *version);

/*
 * Whether the tag `name` is a better choice than `best` (NULL: none yet): a version in the range,
 * and a higher one; of equal versions (1.0.0+a, 1.0.0+b) the name that is last in byte order.
 */
bool semver_is_better(const struct semver_range *range, const char *name, const char *best);

#endif
