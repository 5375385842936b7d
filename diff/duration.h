/*
 * duration.h - Go-style durations: "300ms", "90s", "1h30m", "1.5h", "0".
 */
#ifndef DIFF_DURATION_H
#define DIFF_DURATION_H

#include <stdint.h>

#include "diff/buf.h"

#define DURATION_MAX_MS (10LL * 365 * 24 * 3600 * 1000) /* 10 years */

/*
 * Reads numbers with the units h, m, s and ms, added up; digits finer than a millisecond are cut
 * off. ERR_INVALID for anything else, for a missing unit (but in "0"), for a sign, and for more
 * than DURATION_MAX_MS.
 */
int duration_parse(const char *text, int64_t *ret_ms, struct err *err);

/*
 * Appends the shortest such text: "0s", "350ms", "1.5s", "1m30s", "2h"; cut down to whole seconds
 * from 10 s on. A negative time prints as "0s".
 */
void duration_print(int64_t ms, struct buf *out);

/*
 * Appends how old something is, cut down to two units that say enough: "0s", "59s", "2m10s",
 * "3h5m", "12d4h", "400d". A negative age is "0s": clocks differ.
 */
void duration_print_age(int64_t ms, struct buf *out);

#endif
