/*
 * timestamp.h - the API's two ways to write a moment: Time (whole seconds) and MicroTime.
 *
 * Moments are microseconds since 1970 UTC.
 */
#ifndef TESTS_KUBESIM_TIMESTAMP_H
#define TESTS_KUBESIM_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#define TIMESTAMP_SIZE 32

/* "2026-01-02T03:04:05Z", cut to the second. */
void timestamp_print(int64_t wall_us, char ret_text[static TIMESTAMP_SIZE]);

/* "2026-01-02T03:04:05.000006Z", always six digits. */
void timestamp_print_micro(int64_t wall_us, char ret_text[static TIMESTAMP_SIZE]);

/* Reads RFC 3339 with or without a fraction and with any offset; false if it is not that. */
bool timestamp_read(const char *text, int64_t *ret_wall_us);

#endif
