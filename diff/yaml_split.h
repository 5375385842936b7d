/*
 * yaml_split.h - the text of a file as Kubernetes' decoders see it: its encoding, and where its
 * documents begin and end. Internal to the YAML room.
 */
#ifndef DIFF_YAML_SPLIT_H
#define DIFF_YAML_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/buf.h"
#include "diff/err.h"

/*
 * Brings a text to UTF-8: a byte order mark decides between UTF-8 and the two UTF-16s and goes
 * away; what cannot be decoded becomes U+FFFD. *ret_text is `text` itself (past its mark) where
 * nothing needs to change, else `storage`, which the caller releases.
 */
int yaml_to_utf8(const char *text, size_t length, struct buf *storage, const char **ret_text,
		 size_t *ret_length, struct err *err);

/*
 * Kubernetes' reader drops one CR before each LF, and what is then still CRLF is one line break to
 * YAML. Only where that makes a difference, at CR CR LF, is the text rewritten, into `storage`.
 */
int yaml_drop_returns(struct buf *storage, const char **text, size_t *length, struct err *err);

/* Whether the first character that is not white space, within the first 4096 bytes, is `{`. */
bool yaml_looks_like_json(const char *text, size_t length);

/* The bytes of the white space character (as Go's unicode.IsSpace has it) at `text`; 0 if none. */
size_t yaml_space_at(const char *text, size_t length);

/* One document, or several where a `...` line ends the first. */
struct yaml_chunk {
	const char *text;
	size_t length;
	uint32_t line, column; /* of its first byte, from 1 */
};

struct yaml_splitter {
	const char *text;
	size_t length, at;
	uint32_t line, column; /* of `at` */
};

/*
 * Cuts the text at lines that start with `---`, as k8s.io/apimachinery's YAMLReader does: before
 * any parsing, so even inside a block scalar. Returns 1 and the next chunk, 0 at the end, or -1
 * with ERR_INVALID at a separator that is followed by something else than a comment.
 */
int yaml_split_next(struct yaml_splitter *splitter, struct yaml_chunk *ret_chunk, struct err *err);

#endif
