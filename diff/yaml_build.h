/*
 * yaml_build.h - one chunk of YAML to one JSON tree. Internal to the YAML room.
 */
#ifndef DIFF_YAML_BUILD_H
#define DIFF_YAML_BUILD_H

#include "diff/yaml.h"
#include "diff/yaml_split.h"

/*
 * Reads the chunk's document. *ret_doc has a NULL root where there is none or where it is null;
 * otherwise its root is an object, or a list where `any_root` permits it, and the caller releases
 * it. *node_count, the values of the file so far, grows by those of the document. Errors as
 * yaml_load.
 */
int yaml_build(const struct yaml_chunk *chunk, bool any_root, size_t *node_count,
	       struct yaml_doc *ret_doc, struct err *err);

#endif
