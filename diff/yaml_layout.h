/*
 * yaml_layout.h - one document as it is written: which bytes each node takes, in which style.
 * Internal to the YAML room.
 */
#ifndef DIFF_YAML_LAYOUT_H
#define DIFF_YAML_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "diff/yaml.h"

enum yaml_node_kind {
	YAML_NODE_SCALAR,
	YAML_NODE_MAPPING, /* its children are members: values that have a key */
	YAML_NODE_SEQUENCE,
	YAML_NODE_ALIAS,
};

/* A value. Offsets are bytes of the document's text. */
struct yaml_node {
	enum yaml_node_kind kind;
	/* Without its anchor and tag. A block collection ends with its last child. */
	size_t start, end;
	char *anchor; /* its own, or the one that an alias names; NULL: none */
	bool tagged;
	bool flow;  /* a collection in brackets */
	char quote; /* a scalar's: '"', '\'', '|', '>', or 0: plain */
	bool null;  /* a plain scalar that reads as null; an empty one has start == end */

	/* Of a member: */
	char *key;        /* NULL where the key is no string, or a merge */
	char key_quote;   /* as `quote` */
	size_t key_start; /* with its anchor and tag */
	size_t key_end;

	struct yaml_node *parent, *next, *first, *last;
};

/*
 * Reads the layout of a document that yaml_load_values has read; `text` is the document's own part
 * (offset and length of struct yaml_doc). Free it with yaml_node_free. Errors: as yaml_load.
 */
int yaml_layout(const char *text, size_t length, bool json, struct yaml_node **ret_root,
		struct err *err);

void yaml_node_free(struct yaml_node *node);
DEFINE_FREE_P(struct yaml_node, yaml_node_free);

#endif
