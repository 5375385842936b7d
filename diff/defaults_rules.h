/*
 * defaults_rules.h - the defaults that are more than a value: those which depend on other fields.
 *
 * What defaults.c uses besides its table; not for others.
 */
#ifndef DIFF_DEFAULTS_RULES_H
#define DIFF_DEFAULTS_RULES_H

#include <stdbool.h>

#include "diff/json.h"
#include "diff/schema.h"

/* Which values give way to a default: null only, or what Go calls the zero value too. */
enum absent { IF_NULL, IF_ZERO };

bool defaults_is_absent(const cJSON *object, const char *key, enum absent rule);

/* Applies the rules of one type to one object of it, not to what is below. ERR_NO_MEMORY. */
int defaults_apply_rules(const struct schema_object *type, cJSON *object, struct err *err);

#endif
