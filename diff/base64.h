/*
 * base64.h - RFC 4648 base64 to bytes.
 */
#ifndef DIFF_BASE64_H
#define DIFF_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes in place, as Go's base64.StdEncoding does: line breaks are ignored, padding is required.
 * *length becomes that of the bytes, which end in a NUL that is not counted. False, with the text
 * spoilt, where it is no base64.
 */
bool base64_decode(char *text, size_t *length);

#endif
