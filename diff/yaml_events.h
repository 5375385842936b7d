/*
 * yaml_events.h - the events of a chunk from libyaml, held to what go-yaml accepts. Internal to
 * the YAML room.
 *
 * libyaml 0.2.5 reads some things that go-yaml v2, which was ported from an older one, does not,
 * or reads them otherwise. Those are refused here:
 *
 *   [a?b]        a question mark in a plain scalar inside of brackets
 *   "a\/b"       the escape \/ in double quotes
 *   [!!str, b]   a tag that a comma follows: go-yaml takes the comma for part of the tag
 *   a byte order mark at the start of a line but the first: libyaml skips it
 */
#ifndef DIFF_YAML_EVENTS_H
#define DIFF_YAML_EVENTS_H

#include <yaml.h>

#include "diff/yaml.h"
#include "diff/yaml_split.h"

struct yaml_events {
	yaml_event_t event; /* the current one */

	const struct yaml_chunk *chunk;
	size_t fed; /* bytes of the chunk that libyaml has asked for */
	yaml_parser_t parser;
	unsigned flow_level; /* how many flow collections are open */

	/* The byte offset of a character, which mostly moves forward. */
	size_t cursor_index, cursor_offset;

	bool may_have_bare_tags, may_have_escaped_slashes;
};

/*
 * Release it in either case; `chunk` must outlive it. Errors: ERR_INVALID, ERR_LIMIT;
 * ERR_NO_MEMORY.
 */
int yaml_events_init(struct yaml_events *events, const struct yaml_chunk *chunk, struct err *err);
void yaml_events_release(struct yaml_events *events);

/* Moves on to the next event. Errors: ERR_INVALID with its place in front; ERR_NO_MEMORY. */
int yaml_events_next(struct yaml_events *events, struct err *err);

/*
 * Moves past a document's end to the stream's end: what follows `...` is refused, be it well-formed
 * or not, because it would be lost.
 */
int yaml_events_expect_end(struct yaml_events *events, struct err *err);

/* Where the current event begins in the file. */
struct yaml_mark yaml_events_place(const struct yaml_events *events);

/*
 * Where the current event begins, and ends, in the chunk's text: with the anchor and the tag of its
 * node, or without them.
 */
const char *yaml_events_text(struct yaml_events *events, const char **ret_end);
const char *yaml_events_content(struct yaml_events *events, const char **ret_end);

/* Puts the place, or that of the current event, in front of the message; returns -1. */
int yaml_fail_at(struct yaml_mark place, struct err *err);
int yaml_events_fail(const struct yaml_events *events, struct err *err);

/*
 * Whether the current event, an untagged plain scalar, has a lone `!` before it, which makes it a
 * string. libyaml drops that tag.
 */
bool yaml_events_has_bare_tag(struct yaml_events *events);

#endif
