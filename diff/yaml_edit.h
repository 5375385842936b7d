/*
 * yaml_edit.h - sets one scalar in a YAML or JSON text and leaves every other byte as it is.
 *
 * Comments, order, quotation marks, indentation, line endings, a byte order mark and a missing
 * final newline stay. A scalar that is written is replaced where it stands, in its own quotation
 * marks. One that is missing is inserted, with the mappings that lead to it, in the style of what
 * is around it: block or flow, indentation, line ending, quoted keys or not, one line or several.
 *
 *   what stands at the place           what becomes of it
 *   a scalar, or an alias of one       the new scalar (the anchor stays as it is)
 *   nothing, or null                   the scalar; keys that are missing are inserted
 *   what a merge (`<<`) brings in      an override in the mapping that merges
 *   below an alias of a mapping        `*name` becomes `{<<: *name, key: ...}`
 *   a scalar in `|` or `>`             refused
 *   a mapping or a list                refused
 *
 * The new text is read again, and is handed out only if every document is what it was and the one
 * value is the new one. So what others share through an anchor is never changed for them: such an
 * edit is refused with the places.
 */
#ifndef DIFF_YAML_EDIT_H
#define DIFF_YAML_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/yaml_step.h"

/* `removed` bytes at `at` become `inserted`. Zero-initialised: nothing changes. */
struct yaml_splice {
	size_t at, removed;
	char *inserted;
	size_t inserted_length;
};

void yaml_splice_release(struct yaml_splice *splice);

/* Appends the text with the splice made. */
void yaml_splice_apply(const struct yaml_splice *splice, const char *text, size_t length,
		       struct buf *out);

/*
 * Finds how to set what `steps` lead to, from the root of document `document` (counted as
 * yaml_load_values counts them), to `value`: a string, a number, true or false. *ret_splice is
 * empty (removed 0, inserted "") where the value is that already; release it.
 *
 * Errors, with "LINE:COLUMN: " in front: ERR_INVALID for a text that cannot be read, or a step into
 * what is no mapping or list; ERR_NOT_FOUND for a document or list item that is not there;
 * ERR_UNSUPPORTED for what cannot be changed in place: a shared anchor, a block scalar, a text that
 * is not UTF-8; ERR_NO_MEMORY.
 */
int yaml_edit(const char *text, size_t length, size_t document, const struct yaml_step *steps,
	      size_t step_count, const cJSON *value, struct yaml_splice *ret_splice,
	      struct err *err);

#endif
