/*
 * backoff.h - how long to wait before what failed is tried again: exponential, capped, with jitter.
 */
#ifndef DIFF_BACKOFF_H
#define DIFF_BACKOFF_H

#include <stdint.h>

/*
 * The pause after so many failures in a row (from 1; 0 counts as 1): first_ms, doubled with each,
 * max_ms at most, less up to a quarter of it at random, so that many who failed together do not
 * come back together. Both times are positive. *random is the state of the jitter: any seed, which
 * it moves on.
 */
int64_t backoff_ms(int64_t first_ms, int64_t max_ms, unsigned failures, uint64_t *random);

#endif
