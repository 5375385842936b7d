/*
 * yaml_step.h - the way to a value of a document, step by step.
 */
#ifndef DIFF_YAML_STEP_H
#define DIFF_YAML_STEP_H

#include <stddef.h>

#include "diff/yaml.h"

enum yaml_step_kind {
	YAML_STEP_KEY,   /* into the member `key` of a mapping */
	YAML_STEP_INDEX, /* into an item of a list */
	YAML_STEP_TEXT, /* into document `index` of the YAML text that a literal block (`|`) holds */
};

struct yaml_step {
	enum yaml_step_kind kind;
	const char *key;
	size_t index;
};

#define YAML_KEY(name)                               \
	(struct yaml_step)                           \
	{                                            \
		.kind = YAML_STEP_KEY, .key = (name) \
	}
#define YAML_INDEX(number)                                 \
	(struct yaml_step)                                 \
	{                                                  \
		.kind = YAML_STEP_INDEX, .index = (number) \
	}
#define YAML_TEXT(number)                                 \
	(struct yaml_step)                                \
	{                                                 \
		.kind = YAML_STEP_TEXT, .index = (number) \
	}

/* What the steps lead to, keys and indexes all of them; NULL where they lead nowhere. */
cJSON *yaml_steps_follow(const cJSON *root, const struct yaml_step *steps, size_t count);

/*
 * A copy of the document's root in which the value that the steps lead to is `value`; keys that are
 * missing are added, null on the way becomes an object. Errors, with "LINE:COLUMN: " in front:
 * ERR_INVALID for a step into what is no object, ERR_NOT_FOUND for an item that is not there;
 * ERR_NO_MEMORY.
 */
int yaml_steps_set(const struct yaml_doc *doc, const struct yaml_step *steps, size_t count,
		   const cJSON *value, cJSON **ret_root, struct err *err);

/* Says that the step of this number leads nowhere, at the place where the way to it ends; -1. */
int yaml_steps_fail(const struct yaml_doc *doc, const struct yaml_step *steps, size_t index,
		    struct err *err);

#endif
