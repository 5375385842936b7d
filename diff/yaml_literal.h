/*
 * yaml_literal.h - a change of the text that a literal block (`|`) holds, as one of the block's
 * lines. Internal to the YAML room.
 */
#ifndef DIFF_YAML_LITERAL_H
#define DIFF_YAML_LITERAL_H

#include "diff/yaml_edit.h"
#include "diff/yaml_style.h"

/*
 * `node` is a literal block of the page and `content` what it holds; `inner` is a splice of the
 * content. Tells which bytes of the page have to go, and appends what comes in their place, with
 * the block's indentation and line ends. ERR_UNSUPPORTED for a block that has no line with anything
 * in it.
 */
int yaml_literal_splice(const struct yaml_page *page, const struct yaml_node *node,
			const char *content, const struct yaml_splice *inner, size_t *ret_at,
			size_t *ret_end, struct buf *out, struct err *err);

#endif
