/*
 * rfc3339.h - the moments that Kubernetes objects carry.
 */
#ifndef DIFF_RFC3339_H
#define DIFF_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/buf.h"

/*
 * Reads "2026-01-02T03:04:05Z", with or without a fraction (cut to milliseconds), at any offset
 * ("+01:00"), as Unix time. False, and nothing set, for anything else.
 */
bool rfc3339_read(const char *text, int64_t *ret_ms);

/* Appends Unix time as "2026-01-02T03:04:05.678Z", always with milliseconds; years 0 to 9999. */
void rfc3339_print(int64_t ms, struct buf *out);

/* The same as a MicroTime, which the API server reads with exactly six digits: "...:05.678000Z". */
void rfc3339_print_micro(int64_t ms, struct buf *out);

#endif
