/*
 * prune.h - what an object loses on its way through the server's typed decoder and encoder.
 */
#ifndef TESTS_KUBESIM_PRUNE_H
#define TESTS_KUBESIM_PRUNE_H

#include "diff/json.h"
#include "diff/schema.h"

/*
 * Removes null members, and lists and maps without content, where the schema knows the fields (their
 * Go types are marked omitempty). What it does not know stays as it is.
 */
void prune(const struct schema_object *schema, cJSON *object);

#endif
