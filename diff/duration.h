/*
 * duration.h - Go-style durations: "300ms", "90s", "1h30m", "0".
 */
#ifndef DIFF_DURATION_H
#define DIFF_DURATION_H

#include <stdint.h>

#include "diff/buf.h"

/* ERR_INVALID for anything else, for a missing unit, for negative or more than 10 years. */
int duration_parse(const char *text, int64_t *ret_ms, struct err *err);

/* The shortest such text: "1m30s"; whole seconds from 10 s on. */
void duration_print(int64_t ms, struct buf *out);

#endif
