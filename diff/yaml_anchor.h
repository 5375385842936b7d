/*
 * yaml_anchor.h - the anchors of a document, and how far their aliases may expand it. Internal to
 * the YAML room.
 */
#ifndef DIFF_YAML_ANCHOR_H
#define DIFF_YAML_ANCHOR_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/yaml_scalar.h"

struct yaml_anchor {
	char *name;
	bool open;         /* its node is still being read, so that an alias now would be a cycle */
	const cJSON *node; /* borrowed; NULL for a key */
	size_t decodes;    /* how many decoding steps go-yaml takes for the node */

	/* For a scalar, so that an alias can be a key: what JSON keeps of it is not enough. */
	bool is_scalar;
	struct yaml_scalar scalar;
	char *text; /* where the scalar is a string */
};

struct yaml_anchors {
	void *tree; /* of struct yaml_anchor by name (see tsearch) */
};

void yaml_anchors_release(struct yaml_anchors *anchors);

/* The anchor of that name, or NULL. */
struct yaml_anchor *yaml_anchor_find(const struct yaml_anchors *anchors, const char *name);

/*
 * The anchor of that name, new or emptied for its new meaning, and open. It stays where it is
 * until the release. NULL when memory runs out.
 */
struct yaml_anchor *yaml_anchor_define(struct yaml_anchors *anchors, const char *name);

/* Counts decoding steps the way go-yaml does, to refuse what it refuses. */
struct yaml_expansion {
	size_t decodes;       /* all of them */
	size_t alias_decodes; /* those an alias caused */
};

/* Counts an alias whose node takes `decodes` steps; false where the document passes the bound. */
bool yaml_expansion_add(struct yaml_expansion *expansion, size_t decodes);

/* Whether what was counted up to now is within the bound. */
bool yaml_expansion_check(const struct yaml_expansion *expansion);

#endif
