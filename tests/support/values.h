/*
 * values.h - JSON values in tests: written short, compared whole.
 *
 * Texts are JSON with ' in place of ", so that they stand in C strings as they are.
 */
#ifndef TESTS_SUPPORT_VALUES_H
#define TESTS_SUPPORT_VALUES_H

#include "diff/json.h"

/* Reads the text; the test fails if it is not JSON. The caller frees the value. */
cJSON *value_of(const char *text);

/* Fails, and shows both, unless the value equals the text's. */
void assert_value(const cJSON *value, const char *expected);

#endif
