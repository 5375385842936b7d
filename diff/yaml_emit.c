#include "diff/yaml_emit.h"

#include <stdint.h>
#include <string.h>

#include "diff/text.h"

/* --- characters ------------------------------------------------------------------------------ */

static size_t width(char lead)
{
	unsigned char c = (unsigned char)lead;

	return c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
}

/* CR, LF, NEL, LS or PS. */
static bool is_break(const char *at)
{
	return *at == '\n' || *at == '\r' || (at[0] == '\xC2' && at[1] == '\x85') ||
	       (at[0] == '\xE2' && at[1] == '\x80' && (at[2] == '\xA8' || at[2] == '\xA9'));
}

/* As go-yaml has it: no tab, nothing outside of the basic multilingual plane. */
static bool is_printable(const char *at)
{
	uint32_t c;

	if (text_decode(at, 4, &c) == 0)
		return false;
	return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xFFFD && c != 0xFEFF);
}

static bool is_blank_or_end(char c)
{
	return c == ' ' || c == '\t' || c == '\0';
}

/* --- writing --------------------------------------------------------------------------------- */

static void put(struct yaml_emitter *emitter, char c)
{
	buf_putc(emitter->out, c);
	emitter->column++;
}

static void put_break(struct yaml_emitter *emitter)
{
	buf_putc(emitter->out, '\n');
	emitter->column = 0;
}

/* Writes the character at *at, and moves past it. */
static void put_character(struct yaml_emitter *emitter, const char **at)
{
	size_t size = width(**at);

	buf_append(emitter->out, *at, size);
	*at += size;
	emitter->column++;
}

static void put_text_break(struct yaml_emitter *emitter, const char **at)
{
	put_character(emitter, at);
	emitter->column = 0;
}

void yaml_emit_indent(struct yaml_emitter *emitter)
{
	int indent = emitter->indent < 0 ? 0 : emitter->indent;

	if (!emitter->indention || emitter->column > indent ||
	    (emitter->column == indent && !emitter->whitespace))
		put_break(emitter);
	if (emitter->column < indent) {
		buf_fill(emitter->out, ' ', (size_t)(indent - emitter->column));
		emitter->column = indent;
	}
	emitter->whitespace = emitter->indention = true;
}

void yaml_emit_indicator(struct yaml_emitter *emitter, const char *text, bool need_whitespace,
			 bool is_whitespace, bool is_indention)
{
	if (need_whitespace && !emitter->whitespace)
		put(emitter, ' ');
	while (*text)
		put(emitter, *text++);
	emitter->whitespace = is_whitespace;
	emitter->indention = emitter->indention && is_indention;
}

/* --- analysis -------------------------------------------------------------------------------- */

/* Whether the character reads as punctuation where it stands. */
static bool is_indicator(const char *text, const char *at, bool after_whitespace)
{
	bool before_whitespace = is_blank_or_end(at[1]);

	if (*at == ':')
		return before_whitespace;
	if (*at == '#')
		return at == text || after_whitespace;
	if (at > text)
		return false;
	if (*at == '?' || *at == '-')
		return before_whitespace;
	return strchr(",[]{}&*!|>'\"%@`", *at);
}

struct yaml_form yaml_form_of(const char *text)
{
	struct yaml_form form = {.plain = true, .single = true, .literal = true};
	bool special = false, break_space = false, space_break = false;
	bool after_space = false, after_break = false, after_whitespace = true;
	const char *at = text;

	if (*text == '\0') {
		form.literal = false;
		return form;
	}
	if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
		form.plain = false;
	while (*at) {
		bool space = *at == ' ', line_break = is_break(at);
		const char *next = at + width(*at);

		if (is_indicator(text, at, after_whitespace))
			form.plain = false;
		special = special || !is_printable(at);
		form.multiline = form.multiline || line_break;
		if ((space || line_break) && (at == text || *next == '\0'))
			form.plain = false;
		if (space && *next == '\0')
			form.literal = false;
		break_space = break_space || (space && after_break);
		space_break = space_break || (line_break && after_space);
		after_space = space;
		after_break = line_break;
		after_whitespace = space || line_break || *at == '\t';
		at = next;
	}
	form.length = (size_t)(at - text);
	form.plain = form.plain && !form.multiline && !break_space && !special;
	form.single = form.single && !break_space && !space_break && !special;
	form.literal = form.literal && !space_break && !special;
	return form;
}

/* --- scalars --------------------------------------------------------------------------------- */

/* Whether a space may become a line break: past the width, and one that stands alone. */
static bool folds(const struct yaml_emitter *emitter, bool breaks_allowed, bool after_space)
{
	return breaks_allowed && !after_space && emitter->column > YAML_WIDTH;
}

/* What plain and single-quoted scalars share; only the latter holds breaks and quotes. */
static void emit_flow_text(struct yaml_emitter *emitter, const char *text, bool single_quoted,
			   bool breaks_allowed)
{
	bool after_space = false, after_break = false;
	const char *at = text;

	while (*at) {
		if (*at == ' ') {
			bool inside = !single_quoted || (at > text && at[1]);

			if (folds(emitter, breaks_allowed, after_space) && inside && at[1] != ' ') {
				yaml_emit_indent(emitter);
				at++;
			} else {
				put_character(emitter, &at);
			}
			after_space = true;
		} else if (is_break(at)) {
			if (!after_break && *at == '\n')
				put_break(emitter);
			put_text_break(emitter, &at);
			emitter->indention = true;
			after_break = true;
		} else {
			if (after_break)
				yaml_emit_indent(emitter);
			if (single_quoted && *at == '\'')
				put(emitter, '\'');
			put_character(emitter, &at);
			emitter->indention = false;
			after_space = after_break = false;
		}
	}
}

static void emit_plain(struct yaml_emitter *emitter, const char *text, bool breaks_allowed)
{
	if (!emitter->whitespace)
		put(emitter, ' ');
	emit_flow_text(emitter, text, false, breaks_allowed);
	emitter->whitespace = emitter->indention = false;
}

static void emit_single_quoted(struct yaml_emitter *emitter, const char *text, bool breaks_allowed)
{
	yaml_emit_indicator(emitter, "'", true, false, false);
	emit_flow_text(emitter, text, true, breaks_allowed);
	yaml_emit_indicator(emitter, "'", false, false, false);
}

static void emit_escape(struct yaml_emitter *emitter, uint32_t c)
{
	static const char named[] = "\aa\bb\tt\nn\vv\ff\rr\033e\"\"\\\\";
	size_t before = emitter->out->length;

	buf_putc(emitter->out, '\\');
	for (size_t i = 0; named[i]; i += 2) {
		if ((uint32_t)named[i] == c) {
			buf_putc(emitter->out, named[i + 1]);
			emitter->column += 2;
			return;
		}
	}
	switch (c) {
	case 0x85: buf_putc(emitter->out, 'N'); break;
	case 0xA0: buf_putc(emitter->out, '_'); break;
	case 0x2028: buf_putc(emitter->out, 'L'); break;
	case 0x2029: buf_putc(emitter->out, 'P'); break;
	default:
		if (c <= 0xFF)
			buf_printf(emitter->out, "x%02X", c);
		else if (c <= 0xFFFF)
			buf_printf(emitter->out, "u%04X", c);
		else
			buf_printf(emitter->out, "U%08X", c);
	}
	emitter->column += (int)(emitter->out->length - before);
}

static void emit_double_quoted(struct yaml_emitter *emitter, const char *text, bool breaks_allowed)
{
	/* go-yaml looks for a byte order mark at the text's start whatever character it is at. */
	bool escape_all = strncmp(text, "\xEF\xBB\xBF", 3) == 0;
	bool after_space = false;
	const char *at = text;

	yaml_emit_indicator(emitter, "\"", true, false, false);
	while (*at) {
		if (escape_all || !is_printable(at) || is_break(at) || *at == '"' || *at == '\\') {
			uint32_t c = TEXT_REPLACEMENT;

			text_decode(at, width(*at), &c);
			emit_escape(emitter, c);
			at += width(*at);
			after_space = false;
		} else if (*at == ' ') {
			if (folds(emitter, breaks_allowed, after_space) && at > text && at[1]) {
				yaml_emit_indent(emitter);
				if (at[1] == ' ')
					put(emitter, '\\');
				at++;
			} else {
				put_character(emitter, &at);
			}
			after_space = true;
		} else {
			put_character(emitter, &at);
			after_space = false;
		}
	}
	yaml_emit_indicator(emitter, "\"", false, false, false);
}

/* The last character before `end`. */
static const char *character_before(const char *end)
{
	do
		end--;
	while (((unsigned char)*end & 0xC0) == 0x80);
	return end;
}

/* What tells a reader how much indentation and how many breaks at the end belong to the text. */
static void emit_literal_hints(struct yaml_emitter *emitter, const char *text, size_t length)
{
	const char *last = character_before(text + length);

	if (*text == ' ' || is_break(text))
		yaml_emit_indicator(emitter, "2", false, false, false);
	if (!is_break(last))
		yaml_emit_indicator(emitter, "-", false, false, false);
	else if (last == text || is_break(character_before(last)))
		yaml_emit_indicator(emitter, "+", false, false, false);
}

static void emit_literal(struct yaml_emitter *emitter, const char *text, size_t length)
{
	const char *at = text;
	bool after_break = true;

	yaml_emit_indicator(emitter, "|", true, false, false);
	emit_literal_hints(emitter, text, length);
	put_break(emitter);
	emitter->indention = emitter->whitespace = true;
	while (*at) {
		if (is_break(at)) {
			put_text_break(emitter, &at);
			emitter->indention = true;
			after_break = true;
		} else {
			if (after_break)
				yaml_emit_indent(emitter);
			put_character(emitter, &at);
			emitter->indention = false;
			after_break = false;
		}
	}
}

void yaml_emit_scalar(struct yaml_emitter *emitter, const char *text, const struct yaml_form *form,
		      enum yaml_style style, bool simple_key)
{
	int outer = emitter->indent;

	if (style == YAML_STYLE_PLAIN && !form->plain)
		style = YAML_STYLE_SINGLE;
	if (style == YAML_STYLE_SINGLE && !form->single)
		style = YAML_STYLE_DOUBLE;
	if (style == YAML_STYLE_LITERAL && !form->literal)
		style = YAML_STYLE_DOUBLE;
	emitter->indent = outer < 0 ? YAML_INDENT : outer + YAML_INDENT;
	switch (style) {
	case YAML_STYLE_PLAIN: emit_plain(emitter, text, !simple_key); break;
	case YAML_STYLE_SINGLE: emit_single_quoted(emitter, text, !simple_key); break;
	case YAML_STYLE_DOUBLE: emit_double_quoted(emitter, text, !simple_key); break;
	case YAML_STYLE_LITERAL: emit_literal(emitter, text, form->length); break;
	}
	emitter->indent = outer;
}
