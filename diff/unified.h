/*
 * unified.h - the lines that differ between two texts, as `diff -u` prints them.
 */
#ifndef DIFF_UNIFIED_H
#define DIFF_UNIFIED_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/buf.h"

#define UNIFIED_CONTEXT   3
#define UNIFIED_MAX_LINES (1024u * 1024) /* of one text */

/*
 * Appends the hunks (`@@ -1,3 +1,4 @@`), without file headers; nothing for equal texts. "\ No
 * newline at end of file" as diff has it. Where several shortest scripts exist, the same one is
 * chosen as by GNU diff, so that the output is the same for ordinary manifests (unified_edit.h).
 * `colour` paints lines as git does. Errors: ERR_LIMIT past UNIFIED_MAX_LINES, ERR_NO_MEMORY; `out`
 * says for itself whether it held.
 */
int unified_diff(const char *from, size_t from_length, const char *to, size_t to_length,
		 bool colour, struct buf *out, struct err *err);

#endif
