/*
 * yaml_style.h - new members of a mapping, written the way their neighbours are. Internal to the
 * YAML room.
 */
#ifndef DIFF_YAML_STYLE_H
#define DIFF_YAML_STYLE_H

#include "diff/yaml_layout.h"

/* A text and its layout. */
struct yaml_page {
	const char *text;
	size_t length;
	bool json;
	const struct yaml_node *root;
};

/* Keys that lead from a mapping to a scalar, of which `value` is the text. At least one. */
struct yaml_chain {
	const char *const *keys;
	size_t count;
	const char *value;
};

/* Appends a scalar with these quotation marks ('"', '\'', or 0: none). */
void yaml_style_scalar(const cJSON *value, char quote, struct buf *out);

/*
 * Where new lines go behind the last member of a block mapping, and what they are: `at` is the
 * start of a line or the end of the text. Comments that are indented deeper than the members stay
 * with the one that they follow. `past_blank`: behind empty lines too, which belong to a `|+`
 * scalar.
 */
size_t yaml_style_block_end(const struct yaml_page *page, const struct yaml_node *mapping,
			    bool past_blank);
void yaml_style_block(const struct yaml_page *page, const struct yaml_node *mapping, size_t at,
		      const struct yaml_chain *chain, struct buf *out);

/*
 * The lines that become the value of `member`, which stands in a block mapping and has none yet:
 * each with a line break before it.
 */
void yaml_style_block_value(const struct yaml_page *page, const struct yaml_node *member,
			    const struct yaml_chain *chain, struct buf *out);

/*
 * The new member of a flow mapping, its comma included: it replaces the bytes from *ret_at to
 * *ret_end, which are none or the white space of an empty mapping.
 */
void yaml_style_flow(const struct yaml_page *page, const struct yaml_node *mapping,
		     const struct yaml_chain *chain, size_t *ret_at, size_t *ret_end,
		     struct buf *out);

/*
 * A flow mapping as the value of `node`, which is null or an alias; `*name` is merged where it is
 * not NULL (`length` bytes).
 */
void yaml_style_flow_value(const struct yaml_page *page, const struct yaml_node *node,
			   const char *alias, size_t alias_length, const struct yaml_chain *chain,
			   struct buf *out);

/* The end of the line at `at`, without its line break; and that line break's bytes. */
size_t yaml_line_end(const struct yaml_page *page, size_t at);
size_t yaml_break_size(const struct yaml_page *page, size_t at);

/* The line break that the text uses at `at`; where there is none, the text's first one, or LF. */
const char *yaml_break_at(const struct yaml_page *page, size_t at);

#endif
