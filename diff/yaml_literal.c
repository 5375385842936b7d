#include "diff/yaml_literal.h"

#include <string.h>

struct literal {
	const struct yaml_page *page;
	const char *content;
	size_t first, indent; /* where the first line starts; how far lines are indented */
};

static size_t next_line(const struct yaml_page *page, size_t at)
{
	at = yaml_line_end(page, at);
	return at + yaml_break_size(page, at);
}

/* The first line that is not empty tells how far the block is indented. */
static int measure(struct literal *literal, const struct yaml_node *node, struct err *err)
{
	size_t empty = strspn(literal->content, "\n");
	size_t at = literal->first = next_line(literal->page, node->start);

	for (size_t i = 0; i < empty; i++)
		at = next_line(literal->page, at);
	size_t outer = strspn(literal->page->text + at, " ");
	size_t inner = strspn(literal->content + empty, " ");
	if (outer < inner || !literal->content[empty])
		return err_set(err, ERR_UNSUPPORTED, "this text cannot be changed in place");
	literal->indent = outer - inner;
	return 0;
}

/* Where a byte of the content stands in the page; *ret_inside: in a line that is there. */
static size_t offset_of(const struct literal *literal, size_t offset, bool *ret_inside)
{
	const char *at = literal->content, *stop = at + offset, *newline;
	size_t line = literal->first;

	while ((newline = memchr(at, '\n', (size_t)(stop - at)))) {
		at = newline + 1;
		line = next_line(literal->page, line);
	}
	*ret_inside = *at != '\0';
	if (!*ret_inside || *at == '\n')
		return line + (size_t)(stop - at);
	return line + literal->indent + (size_t)(stop - at);
}

int yaml_literal_splice(const struct yaml_page *page, const struct yaml_node *node,
			const char *content, const struct yaml_splice *inner, size_t *ret_at,
			size_t *ret_end, struct buf *out, struct err *err)
{
	struct literal literal = {.page = page, .content = content};
	const char *eol = yaml_break_at(page, node->start);
	size_t length = inner->inserted_length;
	bool inside, end_inside;

	if (measure(&literal, node, err) < 0)
		return -1;
	*ret_at = offset_of(&literal, inner->at, &inside);
	*ret_end = offset_of(&literal, inner->at + inner->removed, &end_inside);
	if (!inside && *ret_at == page->length && yaml_break_size(page, *ret_at - 1) == 0 &&
	    length && inner->inserted[length - 1] == '\n') {
		length--; /* the last line of the file has no end, and gets none */
		buf_puts(out, eol);
	}
	if (!inside)
		buf_fill(out, ' ', literal.indent);
	for (size_t i = 0; i < length; i++) {
		if (inner->inserted[i] != '\n') {
			buf_putc(out, inner->inserted[i]);
			continue;
		}
		buf_puts(out, eol);
		if (inside || i + 1 < length)
			buf_fill(out, ' ', literal.indent);
	}
	return 0;
}
