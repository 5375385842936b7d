/*
 * json_names.h - the names that members of Kubernetes' objects bear all the time, kept once.
 *
 * A tree of JSON is names for the most part. The frequent ones stand in a table, and the members
 * point there (cJSON_StringIsConst), which saves each an allocation. Everybody who gives a member
 * its name, or takes it away, does so here.
 */
#ifndef DIFF_JSON_NAMES_H
#define DIFF_JSON_NAMES_H

#include "diff/json.h"

/* The table's copy of that text; NULL: it has none. It need not end with a NUL. */
const char *json_known_name(const char *text, size_t length);

/* Names a value in place of an earlier name; takes one from malloc. */
void json_name(cJSON *value, char *take_name);

/* The same with one of the table. */
void json_name_known(cJSON *value, const char *known);

/* Takes the name away. */
void json_unname(cJSON *value);

#endif
