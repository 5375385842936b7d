#include "diff/yaml_events.h"

#include <inttypes.h>
#include <string.h>

#include "diff/text.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* --- feeding --------------------------------------------------------------------------------- */

static bool ends_with_newline(const struct yaml_chunk *chunk)
{
	return chunk->length && chunk->text[chunk->length - 1] == '\n';
}

/* Feeds the chunk; every line that Kubernetes' reader hands on ends with a newline. */
static int feed(void *context, unsigned char *out, size_t size, size_t *ret_size)
{
	struct yaml_events *events = context;
	const struct yaml_chunk *chunk = events->chunk;

	*ret_size = 0;
	if (events->fed < chunk->length) {
		size_t left = chunk->length - events->fed;

		*ret_size = left < size ? left : size;
		memcpy(out, chunk->text + events->fed, *ret_size);
	} else if (events->fed == chunk->length && !ends_with_newline(chunk)) {
		*ret_size = 1;
		*out = '\n';
	}
	events->fed += *ret_size;
	return 1;
}

/* --- places and errors ----------------------------------------------------------------------- */

static struct yaml_mark place_of(const struct yaml_events *events, const yaml_mark_t *mark)
{
	uint32_t first_column = mark->line == 0 ? events->chunk->column : 1;

	return (struct yaml_mark){events->chunk->line + (uint32_t)mark->line,
				  first_column + (uint32_t)mark->column};
}

struct yaml_mark yaml_events_place(const struct yaml_events *events)
{
	return place_of(events, &events->event.start_mark);
}

int yaml_fail_at(struct yaml_mark place, struct err *err)
{
	return err_prefix(err, "%" PRIu32 ":%" PRIu32, place.line, place.column);
}

int yaml_events_fail(const struct yaml_events *events, struct err *err)
{
	return yaml_fail_at(yaml_events_place(events), err);
}

static int fail_here(const struct yaml_events *events, struct err *err, const char *message)
{
	err_set(err, ERR_INVALID, "%s", message);
	return yaml_events_fail(events, err);
}

/* The place of a byte. */
static struct yaml_mark place_at(const struct yaml_chunk *chunk, size_t offset)
{
	struct yaml_mark place;

	text_position(chunk->text, offset < chunk->length ? offset : chunk->length, &place.line,
		      &place.column);
	place.column += place.line == 1 ? chunk->column - 1 : 0;
	place.line += chunk->line - 1;
	return place;
}

static int fail_reader(const struct yaml_events *events, struct err *err)
{
	struct yaml_mark place = place_at(events->chunk, events->parser.problem_offset);

	err_set(err, ERR_INVALID, "%s (U+%04X)", events->parser.problem,
		(unsigned)events->parser.problem_value);
	return yaml_fail_at(place, err);
}

static int fail_parser(const struct yaml_events *events, struct err *err)
{
	const yaml_parser_t *parser = &events->parser;
	struct yaml_mark place = place_of(events, &parser->problem_mark);
	struct yaml_mark began = place_of(events, &parser->context_mark);

	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		return err_no_memory(err);
	if (parser->error == YAML_READER_ERROR)
		return fail_reader(events, err);
	if (parser->context && began.line != place.line)
		err_set(err, ERR_INVALID, "%s, %s that began at %" PRIu32 ":%" PRIu32,
			parser->problem, parser->context, began.line, began.column);
	else
		err_set(err, ERR_INVALID, "%s", parser->problem);
	return yaml_fail_at(place, err);
}

/* --- the text behind an event ---------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *chunk_end(const struct yaml_events *events)
{
	return events->chunk->text + events->chunk->length;
}

static const char *skip_characters(const char *at, const char *end, size_t count)
{
	for (; count && at < end; count--) {
		do
			at++;
		while (at < end && ((unsigned char)*at & 0xC0) == 0x80);
	}
	return at;
}

static void rewind_cursor(struct yaml_events *events)
{
	const struct yaml_chunk *chunk = events->chunk;
	bool marked = chunk->length >= 3 && memcmp(chunk->text, BYTE_ORDER_MARK, 3) == 0;

	events->cursor_index = 0;
	events->cursor_offset = marked ? 3 : 0; /* libyaml does not count it */
}

/* libyaml counts in characters. */
const char *yaml_events_text(struct yaml_events *events, const char **ret_end)
{
	const yaml_event_t *event = &events->event;
	const char *text = events->chunk->text, *end = text + events->chunk->length;

	if (event->start_mark.index < events->cursor_index)
		rewind_cursor(events);
	const char *at = skip_characters(text + events->cursor_offset, end,
					 event->start_mark.index - events->cursor_index);

	events->cursor_index = event->start_mark.index;
	events->cursor_offset = (size_t)(at - text);
	*ret_end = skip_characters(at, end, event->end_mark.index - event->start_mark.index);
	return at;
}

static const char *skip_to_blank(const char *at, const char *end)
{
	while (at < end && !is_blank(*at))
		at++;
	return at;
}

/*
 * Skips the properties of a node, and what may stand among them, up to its text. A tag that is
 * found is handed out: its start, and the byte after it.
 */
static const char *skip_properties(const char *at, const char *end, const char **ret_tag,
				   const char **ret_tag_end)
{
	*ret_tag = *ret_tag_end = NULL;
	while (at < end) {
		if (*at == '!' && !*ret_tag) {
			*ret_tag = at;
			at = *ret_tag_end = skip_to_blank(at, end);
		} else if (*at == '&') {
			at = skip_to_blank(at, end);
		} else if (*at == '#') {
			while (at < end && *at != '\n' && *at != '\r')
				at++;
		} else if (is_blank(*at)) {
			at++;
		} else {
			break;
		}
	}
	return at;
}

static bool find_escaped_slash(const struct yaml_chunk *chunk)
{
	const char *end = chunk->text + chunk->length, *at = chunk->text;

	while ((at = memchr(at, '\\', (size_t)(end - at)))) {
		if (++at < end && *at == '/')
			return true;
	}
	return false;
}

static bool find_bare_tag(const struct yaml_chunk *chunk)
{
	const char *end = chunk->text + chunk->length, *at = chunk->text;

	while ((at = memchr(at, '!', (size_t)(end - at)))) {
		at++;
		if (at == end || is_blank(*at) || *at == ',')
			return true;
	}
	return false;
}

const char *yaml_events_content(struct yaml_events *events, const char **ret_end)
{
	const char *tag, *tag_end, *at = yaml_events_text(events, ret_end);

	return skip_properties(at, *ret_end, &tag, &tag_end);
}

bool yaml_events_has_bare_tag(struct yaml_events *events)
{
	const char *tag, *tag_end, *end, *at;

	if (!events->may_have_bare_tags)
		return false;
	at = yaml_events_text(events, &end);
	skip_properties(at, end, &tag, &tag_end);
	return tag;
}

/* --- where go-yaml differs ------------------------------------------------------------------- */

static bool has_escaped_slash(struct yaml_events *events)
{
	const char *tag, *tag_end, *end, *at = yaml_events_text(events, &end);

	at = skip_properties(at, end, &tag, &tag_end);
	for (at++; at < end; at++) {
		if (*at == '\\' && at + 1 < end && *++at == '/')
			return true;
	}
	return false;
}

/* Of an empty scalar in a flow collection. */
static bool has_tag_before_comma(struct yaml_events *events)
{
	const char *tag, *tag_end, *end, *at;

	if (!events->event.data.scalar.tag && !events->may_have_bare_tags)
		return false;
	at = yaml_events_text(events, &end);
	skip_properties(at, end, &tag, &tag_end);
	return tag && tag_end == end && end < chunk_end(events) && *end == ',';
}

static int check_scalar(struct yaml_events *events, struct err *err)
{
	const char *text = (const char *)events->event.data.scalar.value;
	size_t length = events->event.data.scalar.length;
	yaml_scalar_style_t style = events->event.data.scalar.style;

	if (style == YAML_PLAIN_SCALAR_STYLE && events->flow_level) {
		if (memchr(text, '?', length))
			return fail_here(
				events, err,
				"a plain scalar with a question mark in a flow collection");
		if (length == 0 && has_tag_before_comma(events))
			return fail_here(events, err, "a tag that runs into a comma");
	}
	if (style == YAML_DOUBLE_QUOTED_SCALAR_STYLE && events->may_have_escaped_slashes &&
	    memchr(text, '/', length) && has_escaped_slash(events))
		return fail_here(events, err, "unknown escape \"\\/\"");
	return 0;
}

static int enter_flow(struct yaml_events *events, struct err *err)
{
	if (events->flow_level++ < YAML_MAX_FLOW_DEPTH)
		return 0;
	err_set(err, ERR_LIMIT,
		"more than %d flow collections inside of each other; write some as blocks",
		YAML_MAX_FLOW_DEPTH);
	return yaml_events_fail(events, err);
}

static int check_event(struct yaml_events *events, struct err *err)
{
	const yaml_event_t *event = &events->event;

	switch (event->type) {
	case YAML_SCALAR_EVENT: return check_scalar(events, err);
	case YAML_SEQUENCE_START_EVENT:
		if (events->flow_level ||
		    event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE)
			return enter_flow(events, err);
		return 0;
	case YAML_MAPPING_START_EVENT:
		if (events->flow_level ||
		    event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
			return enter_flow(events, err);
		return 0;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		if (events->flow_level)
			events->flow_level--;
		return 0;
	default: return 0;
	}
}

/* Whether a line break of YAML's, which has five of them, ends just before `at`. */
static bool ends_line(const char *text, const char *at)
{
	return at[-1] == '\n' || at[-1] == '\r' ||
	       (at - text >= 2 && memcmp(at - 2, "\xC2\x85", 2) == 0) ||
	       (at - text >= 3 &&
		(memcmp(at - 3, "\xE2\x80\xA8", 3) == 0 || memcmp(at - 3, "\xE2\x80\xA9", 3) == 0));
}

/*
 * Looks at the lines that begin with a percent sign, which may be directives (libyaml compares each
 * with all before it), or with a byte order mark (which libyaml skips at any line, go-yaml only at
 * the first one).
 */
static int check_lines(const struct yaml_chunk *chunk, struct err *err)
{
	const char *end = chunk->text + chunk->length, *at;
	unsigned directives = 0;

	for (at = chunk->text; (at = memchr(at, '%', (size_t)(end - at))); at++) {
		if (at > chunk->text && at[-1] != '\n' && at[-1] != '\r')
			continue;
		if (directives++ < YAML_MAX_DIRECTIVES)
			continue;
		err_set(err, ERR_LIMIT, "more than %d lines that begin with %%; remove some",
			YAML_MAX_DIRECTIVES);
		return yaml_fail_at(place_at(chunk, (size_t)(at - chunk->text)), err);
	}
	for (at = chunk->text + 1; at < end && (at = memchr(at, 0xEF, (size_t)(end - at))); at++) {
		if (memcmp(at, BYTE_ORDER_MARK, 3) != 0 || !ends_line(chunk->text, at))
			continue;
		err_set(err, ERR_INVALID, "a byte order mark at the start of a line");
		return yaml_fail_at(place_at(chunk, (size_t)(at - chunk->text)), err);
	}
	return 0;
}

/* --- public ---------------------------------------------------------------------------------- */

int yaml_events_init(struct yaml_events *events, const struct yaml_chunk *chunk, struct err *err)
{
	*events = (struct yaml_events){.chunk = chunk};
	rewind_cursor(events);
	if (!yaml_parser_initialize(&events->parser))
		return err_no_memory(err);
	yaml_parser_set_input(&events->parser, feed, events);
	events->may_have_bare_tags = find_bare_tag(chunk);
	events->may_have_escaped_slashes = find_escaped_slash(chunk);
	return check_lines(chunk, err);
}

void yaml_events_release(struct yaml_events *events)
{
	yaml_event_delete(&events->event);
	yaml_parser_delete(&events->parser);
}

int yaml_events_next(struct yaml_events *events, struct err *err)
{
	yaml_event_delete(&events->event);
	if (!yaml_parser_parse(&events->parser, &events->event)) {
		events->event.type = YAML_NO_EVENT;
		return fail_parser(events, err);
	}
	return check_event(events, err);
}

int yaml_events_expect_end(struct yaml_events *events, struct err *err)
{
	struct yaml_mark place;

	if (yaml_events_next(events, err) == 0) {
		if (events->event.type == YAML_STREAM_END_EVENT)
			return 0;
		place = yaml_events_place(events);
	} else {
		if (err->class == ERR_NO_MEMORY || events->parser.error == YAML_READER_ERROR)
			return -1;
		place = place_of(events, &events->parser.problem_mark);
	}
	err_set(err, ERR_INVALID, "text after the end of the document");
	return yaml_fail_at(place, err);
}
