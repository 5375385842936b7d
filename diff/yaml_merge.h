/*
 * yaml_merge.h - the merge key `<<`. Internal to the YAML room.
 *
 * go-yaml reads a merge as if its members stood in its place: whatever is set later in the mapping
 * wins, and so a merge wins over explicit keys before it. Here all members are put down one after
 * the other first and the replaced ones taken out once the mapping ends, so that many merges into
 * one mapping cost no more than sorting it.
 */
#ifndef DIFF_YAML_MERGE_H
#define DIFF_YAML_MERGE_H

#include "diff/json.h"

/*
 * Puts the members of a mapping, or of a list of mappings of which the first one wins, at the end
 * of `object`. Errors: ERR_INVALID for any other value.
 */
int yaml_merge(cJSON *object, cJSON *take_value, struct err *err);

/* Takes out the members that later ones replace, into the attic. Errors: ERR_NO_MEMORY. */
int yaml_merge_settle(cJSON *object, cJSON **attic, struct err *err);

/*
 * Keeps a node that leaves the tree, because an anchor may name it. The attic is an array, made
 * when it is first needed. Errors: ERR_NO_MEMORY.
 */
int yaml_keep(cJSON **attic, cJSON *take_node, struct err *err);

#endif
