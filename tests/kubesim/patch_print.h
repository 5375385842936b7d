/*
 * patch_print.h - a value as Go's fmt prints it with %v, which is how it stands in the messages
 * about patches: map[spec:map[replicas:3]], [a b], <nil>. Keys are sorted.
 */
#ifndef TESTS_KUBESIM_PATCH_PRINT_H
#define TESTS_KUBESIM_PATCH_PRINT_H

#include "diff/json.h"

void patch_print_go(const cJSON *value, struct buf *out);

#endif
