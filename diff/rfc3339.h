/*
 * rfc3339.h - the moments that Kubernetes objects carry.
 */
#ifndef DIFF_RFC3339_H
#define DIFF_RFC3339_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads "2026-01-02T03:04:05Z", with or without a fraction (cut to milliseconds), at any offset
 * ("+01:00"), as Unix time. False, and nothing set, for anything else.
 */
bool rfc3339_read(const char *text, int64_t *ret_ms);

#endif
