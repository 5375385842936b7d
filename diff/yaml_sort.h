/*
 * yaml_sort.h - the order in which kubectl prints the keys of an object. Internal to the YAML room.
 */
#ifndef DIFF_YAML_SORT_H
#define DIFF_YAML_SORT_H

#include "diff/json.h"

/*
 * Orders two keys as go-yaml v2 does (sorter.go): other characters before letters, and digits by
 * the number they spell. Less than, equal to or greater than 0.
 */
int yaml_compare_keys(const char *a, const char *b);

/*
 * The members of an object in that order, for the caller to free. NULL when memory runs out.
 * `ret_count` receives their number.
 */
const cJSON **yaml_sorted_members(const cJSON *object, size_t *ret_count);

#endif
