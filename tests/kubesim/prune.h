/*
 * prune.h - what an object loses on its way through the server's typed decoder and encoder.
 */
#ifndef TESTS_KUBESIM_PRUNE_H
#define TESTS_KUBESIM_PRUNE_H

#include "diff/json.h"
#include "diff/schema.h"

/*
 * Removes, where the schema knows the fields, null members, lists and maps without content, and what
 * is "", false or 0 in a field whose Go type cannot tell that from absent; writes base64 in its one
 * canonical form. What the schema does not know stays as it is.
 */
void prune(const struct schema_object *schema, cJSON *object);

#endif
