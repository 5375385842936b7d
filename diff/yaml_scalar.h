/*
 * yaml_scalar.h - what a YAML scalar means to kubectl. Internal to the YAML room.
 *
 * The rules are those of go-yaml v2 (resolve.go): YAML 1.1 with y/n/on/off, Go's integer syntax,
 * no base 60; timestamps are recognised and stay strings.
 */
#ifndef DIFF_YAML_SCALAR_H
#define DIFF_YAML_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff/err.h"
#include "diff/json.h"

enum yaml_kind {
	YAML_KIND_NULL,
	YAML_KIND_BOOL,
	YAML_KIND_INT,  /* fits int64 */
	YAML_KIND_UINT, /* fits uint64 only */
	YAML_KIND_FLOAT,
	YAML_KIND_STRING,
};

/* A string's characters stay with whoever resolved it. */
struct yaml_scalar {
	enum yaml_kind kind;
	union {
		bool truth;
		int64_t integer;
		uint64_t natural;
		double real; /* may be infinite or NaN */
	};
};

/* What an untagged plain scalar (without NUL) means. Errors: ERR_NO_MEMORY. */
int yaml_scalar_plain(const char *text, size_t length, struct yaml_scalar *ret_scalar,
		      struct err *err);

/*
 * What a scalar with this tag (in its long form) means. A !!binary's text is replaced by what it
 * decodes to. Errors: ERR_INVALID for a text that is not of the tag's type; ERR_NO_MEMORY.
 */
int yaml_scalar_tagged(const char *tag, char **text, size_t *length, struct yaml_scalar *ret_scalar,
		       struct err *err);

/* Whether the text has one of the timestamp forms that go-yaml knows. */
bool yaml_is_timestamp(const char *text);

/*
 * Fills a fresh node. `take_text` is the scalar's text from malloc; it becomes a string's value
 * and is freed otherwise. Errors: ERR_INVALID for infinity and NaN, which JSON lacks.
 */
int yaml_scalar_to_node(const struct yaml_scalar *scalar, char *take_text, cJSON *node,
			struct err *err);

/*
 * The scalar as the key of a JSON object: a number's or boolean's canonical form. `take_text` as
 * above. Errors: ERR_INVALID for null and for integers past int64.
 */
int yaml_scalar_to_key(const struct yaml_scalar *scalar, char *take_text, char **ret_key,
		       struct err *err);

#endif
