/*
 * json_reader.h - reads JSON values out of a text, and says where each one stood.
 *
 * For json_parse and for the YAML reader's JSON files; everybody else calls json_parse.
 */
#ifndef DIFF_JSON_READER_H
#define DIFF_JSON_READER_H

#include <stddef.h>

#include "diff/json.h"
#include "diff/keys.h"

struct json_reader {
	const char *text;
	size_t length;
	size_t at; /* the next byte to read */
	size_t node_count, max_nodes;
	struct keys keys;

	/* For json_parse_answer: managedFields stays text. `object_depth` is that of its object. */
	bool answer, in_metadata;
	unsigned object_depth;

	bool malformed; /* whether the error was one of grammar, rather than of a cap or a key */

	/*
	 * If set, called for each value in pre-order with the offset of its key, or of itself where
	 * it has none. What it returns, 0 or -1 with *err filled, goes on.
	 */
	int (*on_value)(void *context, size_t offset, struct err *err);
	void *context;
};

void json_reader_init(struct json_reader *reader, const char *text, size_t length);
void json_reader_release(struct json_reader *reader);

void json_reader_skip_space(struct json_reader *reader);

/* Reads the next value, and white space before it. Errors as json_parse. */
int json_reader_value(struct json_reader *reader, cJSON **ret_value, struct err *err);

/* Fills *err with "LINE:COLUMN: MESSAGE" for the place `offset` and returns -1. */
int json_reader_error(const struct json_reader *reader, size_t offset, enum err_class class,
		      struct err *err, const char *format, ...) PRINTF(5, 6);

#endif
