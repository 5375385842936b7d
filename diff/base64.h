/*
 * base64.h - RFC 4648 base64 to bytes, and back.
 */
#ifndef DIFF_BASE64_H
#define DIFF_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/buf.h"

/*
 * Decodes in place, as Go's base64.StdEncoding does: line breaks are ignored, padding is required.
 * *length becomes that of the bytes, which end in a NUL that is not counted. False, with the text
 * spoilt, where it is no base64.
 */
bool base64_decode(char *text, size_t *length);

/* Appends the bytes as base64 with padding, in one line. */
void base64_print(const char *text, size_t length, struct buf *out);

#endif
