/*
 * warning.h - the texts within Warning headers (RFC 7234 5.5), as the API server sends them.
 */
#ifndef APPLY_WARNING_H
#define APPLY_WARNING_H

#include "diff/buf.h"

/*
 * Appends the text of each warning with code 299 in one header's value, one a line:
 * `299 - "policy/v1beta1 is deprecated"`. Control characters become spaces. What does not parse
 * is passed over, as are other codes.
 */
void warning_print_texts(const char *header_value, struct buf *out);

#endif
