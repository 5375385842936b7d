/*
 * yaml_emit.h - writes the scalars and indicators of block YAML as libyaml's emitter does.
 * Internal to the YAML room.
 *
 * libyaml's own emitter is not used because go-yaml's differs from it in what counts as printable
 * and where a plain scalar may break, and kubectl's output is the measure.
 */
#ifndef DIFF_YAML_EMIT_H
#define DIFF_YAML_EMIT_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/buf.h"

#define YAML_INDENT 2
#define YAML_WIDTH  80 /* a space past this column becomes a line break */

struct yaml_emitter {
	struct buf *out;
	int indent, column; /* in characters; the indent is -1 outside of any container */
	bool whitespace;    /* what was written last separates tokens */
	bool indention;     /* the line holds only indicators so far */
};

enum yaml_style { YAML_STYLE_PLAIN, YAML_STYLE_SINGLE, YAML_STYLE_DOUBLE, YAML_STYLE_LITERAL };

/* Goes to a fresh line unless on one already, and in to the indent. */
void yaml_emit_indent(struct yaml_emitter *emitter);

/* Writes punctuation. */
void yaml_emit_indicator(struct yaml_emitter *emitter, const char *text, bool need_whitespace,
			 bool is_whitespace, bool is_indention);

/* What the characters of a scalar allow. */
struct yaml_form {
	size_t length; /* bytes */
	bool multiline, plain, single, literal;
};

struct yaml_form yaml_form_of(const char *text);

/*
 * Writes a scalar in the wanted style, or in the nearest one that its form allows. A simple key
 * stands on one line.
 */
void yaml_emit_scalar(struct yaml_emitter *emitter, const char *text, const struct yaml_form *form,
		      enum yaml_style style, bool simple_key);

#endif
