#include "diff/yaml_style.h"

#include <string.h>

#define DEFAULT_INDENT 2
#define STYLE_MAX      4096 /* bytes of a member's indentation */

/* --- lines ----------------------------------------------------------------------------------- */

static bool is_break(char c)
{
	return c == '\n' || c == '\r';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t line_start(const struct yaml_page *page, size_t at)
{
	while (at > 0 && !is_break(page->text[at - 1]))
		at--;
	return at;
}

size_t yaml_line_end(const struct yaml_page *page, size_t at)
{
	while (at < page->length && !is_break(page->text[at]))
		at++;
	return at;
}

size_t yaml_break_size(const struct yaml_page *page, size_t at)
{
	if (at >= page->length || !is_break(page->text[at]))
		return 0;
	return page->text[at] == '\r' && at + 1 < page->length && page->text[at + 1] == '\n' ? 2
											     : 1;
}

const char *yaml_break_at(const struct yaml_page *page, size_t at)
{
	size_t end = yaml_line_end(page, at), size = yaml_break_size(page, end);

	if (size == 0) {
		end = yaml_line_end(page, 0);
		size = yaml_break_size(page, end);
	}
	if (size == 2)
		return "\r\n";
	return size == 1 && page->text[end] == '\r' ? "\r" : "\n";
}

/* Characters from the start of the line. */
static size_t column_of(const struct yaml_page *page, size_t at)
{
	size_t column = 0;

	for (size_t i = line_start(page, at); i < at; i++)
		column += ((unsigned char)page->text[i] & 0xC0) != 0x80;
	return column;
}

/* --- scalars and keys ------------------------------------------------------------------------ */

static void print_quoted(const char *text, char quote, struct buf *out)
{
	if (quote == '"') {
		json_print_string(text, out);
	} else if (quote == '\'') {
		buf_putc(out, '\'');
		for (; *text; text++) {
			buf_putc(out, *text);
			if (*text == '\'')
				buf_putc(out, '\'');
		}
		buf_putc(out, '\'');
	} else {
		buf_puts(out, text);
	}
}

void yaml_style_scalar(const cJSON *value, char quote, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(out->max_length);

	if (cJSON_IsString(value)) {
		print_quoted(value->valuestring, quote, out);
		return;
	}
	json_print(value, &text);
	print_quoted(buf_str(&text), quote, out);
	buf_break_with(out, &text);
}

/* The quotation marks of the mapping's last key that has a name. */
static char key_quote_of(const struct yaml_node *mapping)
{
	char quote = 0;

	for (const struct yaml_node *child = mapping->first; child; child = child->next)
		if (child->key)
			quote = child->key_quote;
	return quote == '"' || quote == '\'' ? quote : 0;
}

/* --- block style ----------------------------------------------------------------------------- */

static bool is_block_mapping(const struct yaml_node *node)
{
	return node && node->kind == YAML_NODE_MAPPING && !node->flow && node->first;
}

static size_t block_column(const struct yaml_page *page, const struct yaml_node *mapping)
{
	return column_of(page, mapping->first->key_start);
}

/* How far a mapping within `mapping` is indented: as one that is there, or as `mapping` itself. */
static size_t indent_of(const struct yaml_page *page, const struct yaml_node *mapping)
{
	size_t column = block_column(page, mapping);

	for (const struct yaml_node *child = mapping->first; child; child = child->next)
		if (is_block_mapping(child) && block_column(page, child) > column)
			return block_column(page, child) - column;
	for (; is_block_mapping(mapping->parent); mapping = mapping->parent) {
		column = block_column(page, mapping);
		if (block_column(page, mapping->parent) < column)
			return column - block_column(page, mapping->parent);
	}
	return DEFAULT_INDENT;
}

/* The lines of a chain, with `eol` after each of them but the last. */
static void print_block(const struct yaml_chain *chain, size_t column, size_t indent, char quote,
			const char *eol, struct buf *out)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (i)
			buf_puts(out, eol);
		buf_fill(out, ' ', column + i * indent);
		print_quoted(chain->keys[i], quote, out);
		buf_putc(out, ':');
	}
	buf_printf(out, " %s", chain->value);
}

/* The start of the first line from `at` on that is not empty. */
static size_t skip_blank_lines(const struct yaml_page *page, size_t at)
{
	for (;;) {
		size_t end = at;

		while (end < page->length && is_blank(page->text[end]))
			end++;
		size_t size = yaml_break_size(page, end);
		if (size == 0)
			return at;
		at = end + size;
	}
}

/* Past the comments from `at` on, and empty lines before them, that stand deeper than `column`. */
static size_t skip_deeper_comments(const struct yaml_page *page, size_t at, size_t column)
{
	for (;;) {
		size_t start = skip_blank_lines(page, at), mark = start;

		while (mark < page->length && page->text[mark] == ' ')
			mark++;
		if (mark >= page->length || page->text[mark] != '#' || mark - start <= column)
			return at;
		at = yaml_line_end(page, mark);
		at += yaml_break_size(page, at);
	}
}

static bool is_blank_line(const struct yaml_page *page, size_t start)
{
	while (start < page->length && is_blank(page->text[start]))
		start++;
	return yaml_break_size(page, start) > 0;
}

/* Back over empty lines, as far as `first`; `at` is the start of a line. */
static size_t skip_blank_lines_back(const struct yaml_page *page, size_t at, size_t first)
{
	while (at > first) {
		size_t end = at - 1;

		end -= end > first && page->text[end] == '\n' && page->text[end - 1] == '\r';
		size_t start = line_start(page, end);
		if (start < first || !is_blank_line(page, start))
			break;
		at = start;
	}
	return at;
}

size_t yaml_style_block_end(const struct yaml_page *page, const struct yaml_node *mapping,
			    bool past_blank)
{
	size_t at = mapping->end;

	if (at > 0 && is_break(page->text[at - 1])) { /* the end of a block scalar */
		if (!past_blank)
			at = skip_blank_lines_back(page, at, mapping->start);
	} else {
		at = yaml_line_end(page, at);
		at += yaml_break_size(page, at);
	}
	return skip_deeper_comments(page, at, block_column(page, mapping));
}

void yaml_style_block(const struct yaml_page *page, const struct yaml_node *mapping, size_t at,
		      const struct yaml_chain *chain, struct buf *out)
{
	const char *eol = yaml_break_at(page, at ? at - 1 : 0);
	bool line_ended = at > 0 && is_break(page->text[at - 1]);

	if (line_ended && at >= 2 && page->text[at - 1] == '\n' && page->text[at - 2] == '\r')
		eol = "\r\n";
	if (!line_ended)
		buf_puts(out, eol);
	print_block(chain, block_column(page, mapping), indent_of(page, mapping),
		    key_quote_of(mapping), eol, out);
	if (line_ended)
		buf_puts(out, eol);
}

void yaml_style_block_value(const struct yaml_page *page, const struct yaml_node *member,
			    const struct yaml_chain *chain, struct buf *out)
{
	const struct yaml_node *mapping = member->parent;
	size_t indent = indent_of(page, mapping);
	const char *eol = yaml_break_at(page, member->end);

	buf_puts(out, eol);
	print_block(chain, block_column(page, mapping) + indent, indent, key_quote_of(mapping), eol,
		    out);
}

/* --- flow style ------------------------------------------------------------------------------ */

struct flow_style {
	char quote;     /* of keys */
	bool tight;     /* no white space after colons */
	bool multiline; /* a line for each member */
	struct buf lead,
		indent; /* a member's white space on its line; and how much each level adds */
};

static void flow_style_release(struct flow_style *style)
{
	buf_release(&style->lead);
	buf_release(&style->indent);
}

/* Whether only white space stands from `at` to `end`, and whether a line break is in it. */
static bool is_space(const struct yaml_page *page, size_t at, size_t end, bool *ret_break)
{
	*ret_break = false;
	for (; at < end; at++) {
		if (is_break(page->text[at]))
			*ret_break = true;
		else if (!is_blank(page->text[at]))
			return false;
	}
	return true;
}

/* What stands before the first thing of the line. */
static void line_indent(const struct yaml_page *page, size_t at, struct buf *out)
{
	size_t start = line_start(page, at), end = start;

	while (end < at && is_blank(page->text[end]))
		end++;
	buf_append(out, page->text + start, end - start);
}

static void measure_indent(const struct yaml_page *page, const struct yaml_node *mapping,
			   struct flow_style *style)
{
	CLEANUP(buf_release) struct buf outer = BUF_INIT(STYLE_MAX);
	size_t length;

	line_indent(page, mapping->start, &outer);
	length = outer.length;
	if (style->lead.length > length &&
	    memcmp(buf_str(&style->lead), buf_str(&outer), length) == 0)
		buf_append(&style->indent, buf_str(&style->lead) + length,
			   style->lead.length - length);
	else
		buf_fill(&style->indent, ' ', DEFAULT_INDENT);
}

/* How the members of a flow mapping are written; of an empty one as far as what is around it says. */
static void read_flow_style(const struct yaml_page *page, const struct yaml_node *mapping,
			    struct flow_style *style)
{
	const struct yaml_node *last = mapping->last;

	if (!last) {
		if (!mapping->parent || mapping->parent->kind != YAML_NODE_MAPPING ||
		    !mapping->parent->flow) {
			style->quote = page->json ? '"' : 0;
			return;
		}
		read_flow_style(page, mapping->parent, style);
		buf_append(&style->lead, buf_str(&style->indent), style->indent.length);
		return;
	}
	style->quote = page->json ? '"' : key_quote_of(mapping);
	style->tight = style->quote == '"' && last->start == last->key_end + 1;
	if (is_space(page, line_start(page, last->key_start), last->key_start, &style->multiline)) {
		style->multiline = true;
		line_indent(page, last->key_start, &style->lead);
		measure_indent(page, mapping, style);
	}
}

/* "key: {key: value}"; the first key stands at the style's lead. */
static void print_flow(const struct flow_style *style, const struct yaml_chain *chain,
		       const char *eol, struct buf *out)
{
	for (size_t i = 0; i < chain->count; i++) {
		if (i && style->multiline) {
			buf_printf(out, "{%s%s", eol, buf_str(&style->lead));
			for (size_t level = 0; level < i; level++)
				buf_puts(out, buf_str(&style->indent));
		} else if (i) {
			buf_putc(out, '{');
		}
		print_quoted(chain->keys[i], style->quote, out);
		buf_puts(out, style->tight ? ":" : ": ");
	}
	buf_puts(out, chain->value);
	for (size_t i = chain->count - 1; i > 0; i--) {
		if (style->multiline) {
			buf_printf(out, "%s%s", eol, buf_str(&style->lead));
			for (size_t level = 0; level + 1 < i; level++)
				buf_puts(out, buf_str(&style->indent));
		}
		buf_putc(out, '}');
	}
}

/* A line break and the lead of a member of this mapping; a space or nothing where it is one line. */
static void print_gap(const struct flow_style *style, const char *eol, struct buf *out)
{
	if (style->multiline)
		buf_printf(out, "%s%s", eol, buf_str(&style->lead));
	else if (!style->tight)
		buf_putc(out, ' ');
}

/* The line break and the indentation before the brace that closes an empty mapping's new content. */
static void print_closing_gap(const struct flow_style *style, const char *eol, struct buf *out)
{
	size_t lead = style->lead.length, indent = style->indent.length;

	if (style->multiline)
		buf_printf(out, "%s%.*s", eol, (int)(lead > indent ? lead - indent : 0),
			   buf_str(&style->lead));
}

void yaml_style_flow(const struct yaml_page *page, const struct yaml_node *mapping,
		     const struct yaml_chain *chain, size_t *ret_at, size_t *ret_end,
		     struct buf *out)
{
	CLEANUP(flow_style_release)
	struct flow_style style = {.lead = BUF_INIT(STYLE_MAX), .indent = BUF_INIT(STYLE_MAX)};
	const char *eol = yaml_break_at(page, mapping->start);
	bool line_break;

	read_flow_style(page, mapping, &style);
	if (mapping->last) {
		*ret_at = *ret_end = mapping->last->end;
		buf_putc(out, ',');
		print_gap(&style, eol, out);
		print_flow(&style, chain, eol, out);
	} else {
		*ret_at = *ret_end = mapping->start + 1;
		if (is_space(page, *ret_at, mapping->end - 1, &line_break))
			*ret_end = mapping->end - 1;
		if (style.multiline)
			print_gap(&style, eol, out);
		print_flow(&style, chain, eol, out);
		print_closing_gap(&style, eol, out);
	}
	buf_break_with(out, &style.lead);
	buf_break_with(out, &style.indent);
}

void yaml_style_flow_value(const struct yaml_page *page, const struct yaml_node *node,
			   const char *alias, size_t alias_length, const struct yaml_chain *chain,
			   struct buf *out)
{
	/* As an empty mapping at its place would be filled. */
	const struct yaml_node empty = {.kind = YAML_NODE_MAPPING,
					.flow = true,
					.start = node->start,
					.parent = node->parent};
	CLEANUP(flow_style_release)
	struct flow_style style = {.lead = BUF_INIT(STYLE_MAX), .indent = BUF_INIT(STYLE_MAX)};
	const char *eol = yaml_break_at(page, node->start);

	read_flow_style(page, &empty, &style);
	buf_putc(out, '{');
	if (style.multiline)
		print_gap(&style, eol, out);
	if (alias) {
		buf_printf(out, "<<: %.*s,", (int)alias_length, alias);
		print_gap(&style, eol, out);
	}
	print_flow(&style, chain, eol, out);
	print_closing_gap(&style, eol, out);
	buf_putc(out, '}');
	buf_break_with(out, &style.lead);
	buf_break_with(out, &style.indent);
}
