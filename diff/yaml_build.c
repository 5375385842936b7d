#include "diff/yaml_build.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/keys.h"
#include "diff/json_names.h"
#include "diff/text.h"
#include "diff/yaml_anchor.h"
#include "diff/yaml_events.h"
#include "diff/yaml_merge.h"
#include "diff/yaml_scalar.h"

#define FIRST_MARKS 32
#define SHRINK_MIN  256 /* libyaml's buffers are up to twice too large: give back from here on */
#define MERGE_TAG   "tag:yaml.org,2002:merge"

struct builder {
	struct yaml_events events;

	struct yaml_mark *marks; /* of each node by its valueint */
	size_t mark_count, mark_capacity;
	bool any_root; /* a list may be the root */
	bool shuffled; /* an alias or a merge put nodes out of pre-order */

	struct keys keys;
	struct yaml_anchors anchors;
	struct yaml_expansion expansion;
	size_t anchor_count; /* definitions so far */
	size_t node_count;
	cJSON *attic; /* an array of nodes that left the tree though an anchor may name them */
};

static int build_value(struct builder *b, unsigned depth, struct yaml_mark place, cJSON **ret_value,
		       struct err *err);

static int fail_here(const struct builder *b, struct err *err, const char *message)
{
	err_set(err, ERR_INVALID, "%s", message);
	return yaml_events_fail(&b->events, err);
}

/* --- nodes ----------------------------------------------------------------------------------- */

static int count_nodes(struct builder *b, size_t count, struct yaml_mark place, struct err *err)
{
	b->node_count += count;
	if (b->node_count <= YAML_MAX_NODES)
		return 0;
	err_set(err, ERR_LIMIT, "more than %u values in one file; split it", YAML_MAX_NODES);
	return yaml_fail_at(place, err);
}

static int check_depth(unsigned depth, struct yaml_mark place, struct err *err)
{
	if (depth <= YAML_MAX_DEPTH)
		return 0;
	err_set(err, ERR_LIMIT, "nested deeper than %d levels; flatten it", YAML_MAX_DEPTH);
	return yaml_fail_at(place, err);
}

static int mark_node(struct builder *b, cJSON *node, struct yaml_mark place, struct err *err)
{
	if (b->mark_count == b->mark_capacity) {
		size_t capacity = b->mark_capacity ? b->mark_capacity * 2 : FIRST_MARKS;
		struct yaml_mark *marks = reallocarray(b->marks, capacity, sizeof(*marks));

		if (!marks)
			return err_no_memory(err);
		b->marks = marks;
		b->mark_capacity = capacity;
	}
	node->valueint = (int)b->mark_count;
	b->marks[b->mark_count++] = place;
	return 0;
}

static int new_node(struct builder *b, struct yaml_mark place, cJSON **ret_node, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *node = cJSON_CreateNull();

	if (!node)
		return err_no_memory(err);
	if (count_nodes(b, 1, place, err) < 0 || mark_node(b, node, place, err) < 0)
		return -1;
	*ret_node = STEAL(node);
	return 0;
}

/* --- scalars --------------------------------------------------------------------------------- */

/* Says what the scalar of the current event means, and takes its text. */
static int take_scalar(struct builder *b, struct yaml_scalar *ret_scalar, char **ret_text,
		       struct err *err)
{
	char *text = (char *)b->events.event.data.scalar.value;
	size_t length = b->events.event.data.scalar.length;
	const char *tag = (const char *)b->events.event.data.scalar.tag;
	int status = 0;

	if (memchr(text, '\0', length))
		return fail_here(b, err, "a NUL character in a string");
	if (tag)
		status = yaml_scalar_tagged(tag, &text, &length, ret_scalar, err);
	else if (b->events.event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		 !yaml_events_has_bare_tag(&b->events))
		status = yaml_scalar_plain(text, length, ret_scalar, err);
	else
		ret_scalar->kind = YAML_KIND_STRING;
	b->events.event.data.scalar.value = (yaml_char_t *)text; /* a tag may have replaced it */
	if (status < 0)
		return yaml_events_fail(&b->events, err);

	if (length >= SHRINK_MIN) {
		char *shrunk = realloc(text, length + 1);

		text = shrunk ? shrunk : text;
	}
	b->events.event.data.scalar.value = NULL;
	*ret_text = text;
	return 0;
}

/* The anchor of that name with a new meaning. */
static int define_anchor(struct builder *b, const yaml_char_t *name,
			 struct yaml_anchor **ret_anchor, struct err *err)
{
	if (b->anchor_count++ == YAML_MAX_ANCHORS) {
		err_set(err, ERR_LIMIT, "more than %d anchors in one document; split it",
			YAML_MAX_ANCHORS);
		return yaml_events_fail(&b->events, err);
	}
	*ret_anchor = yaml_anchor_define(&b->anchors, (const char *)name);
	return *ret_anchor ? 0 : err_no_memory(err);
}

/* Remembers a scalar under the name of its anchor. */
static int define_scalar(struct builder *b, const yaml_char_t *name,
			 const struct yaml_scalar *scalar, const char *text, struct err *err)
{
	struct yaml_anchor *anchor;

	if (define_anchor(b, name, &anchor, err) < 0)
		return -1;
	anchor->open = false;
	anchor->decodes = 1;
	anchor->is_scalar = true;
	anchor->scalar = *scalar;
	if (scalar->kind == YAML_KIND_STRING) {
		anchor->text = strdup(text);
		if (!anchor->text)
			return err_no_memory(err);
	}
	return 0;
}

/* The scalar of the current event, with its anchor taken care of. */
static int read_scalar(struct builder *b, struct yaml_scalar *ret_scalar, char **ret_text,
		       struct err *err)
{
	CLEANUP(free_p) char *text = NULL;

	if (take_scalar(b, ret_scalar, &text, err) < 0)
		return -1;
	if (b->events.event.data.scalar.anchor &&
	    define_scalar(b, b->events.event.data.scalar.anchor, ret_scalar, text, err) < 0)
		return -1;
	*ret_text = STEAL(text);
	return 0;
}

static int build_scalar(struct builder *b, cJSON *node, struct err *err)
{
	struct yaml_scalar scalar;
	char *text;

	if (read_scalar(b, &scalar, &text, err) < 0)
		return -1;
	if (yaml_scalar_to_node(&scalar, text, node, err) < 0)
		return yaml_events_fail(&b->events, err);
	return 0;
}

/* --- aliases --------------------------------------------------------------------------------- */

static int find_alias(struct builder *b, struct yaml_anchor **ret_anchor, struct err *err)
{
	const char *name = (const char *)b->events.event.data.alias.anchor;
	struct yaml_anchor *anchor = yaml_anchor_find(&b->anchors, name);
	char quoted[TEXT_QUOTE_MAX];

	if (anchor && !anchor->open) {
		if (yaml_expansion_add(&b->expansion, anchor->decodes)) {
			*ret_anchor = anchor;
			return 0;
		}
		err_set(err, ERR_LIMIT,
			"too much of the document comes from aliases; write out what they name");
	} else if (anchor) {
		err_set(err, ERR_INVALID, "alias %s stands inside its own anchor",
			text_quote(name, quoted));
	} else {
		err_set(err, ERR_INVALID, "unknown anchor %s", text_quote(name, quoted));
	}
	return yaml_events_fail(&b->events, err);
}

/* How many levels of containers the node has. */
static unsigned height_of(const cJSON *node)
{
	unsigned height = 0;
	const cJSON *item;

	json_each (item, node) {
		unsigned inner = height_of(item);

		height = inner > height ? inner : height;
	}
	return cJSON_IsObject(node) || cJSON_IsArray(node) ? height + 1 : 0;
}

/* A copy for another place in the tree; what is inside keeps the marks of the original. */
static int copy_node(struct builder *b, unsigned depth, const cJSON *node, struct yaml_mark place,
		     cJSON **ret_copy, struct err *err)
{
	if (count_nodes(b, json_count_nodes(node), place, err) < 0 ||
	    check_depth(depth + height_of(node), place, err) < 0)
		return -1;
	CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(node);
	if (!copy)
		return err_no_memory(err);
	if (mark_node(b, copy, place, err) < 0)
		return -1;
	b->shuffled = true;
	*ret_copy = STEAL(copy);
	return 0;
}

static int build_alias(struct builder *b, unsigned depth, struct yaml_mark place, cJSON **ret_value,
		       struct err *err)
{
	struct yaml_anchor *anchor;

	if (find_alias(b, &anchor, err) < 0)
		return -1;
	if (!anchor->is_scalar)
		return copy_node(b, depth, anchor->node, place, ret_value, err);

	CLEANUP(cJSON_Delete_p) cJSON *node = NULL;
	char *text = NULL;
	if (new_node(b, place, &node, err) < 0)
		return -1;
	if (anchor->text && !(text = strdup(anchor->text)))
		return err_no_memory(err);
	if (yaml_scalar_to_node(&anchor->scalar, text, node, err) < 0)
		return yaml_fail_at(place, err);
	*ret_value = STEAL(node);
	return 0;
}

/* --- containers ------------------------------------------------------------------------------ */

static int build_sequence(struct builder *b, unsigned depth, cJSON *array, struct err *err)
{
	array->type = cJSON_Array;
	for (;;) {
		cJSON *item;

		if (yaml_events_next(&b->events, err) < 0)
			return -1;
		if (b->events.event.type == YAML_SEQUENCE_END_EVENT)
			return 0;
		if (build_value(b, depth, yaml_events_place(&b->events), &item, err) < 0)
			return -1;
		json_link(array, item);
	}
}

static int alias_to_key(struct builder *b, char **ret_key, struct err *err)
{
	struct yaml_anchor *anchor;
	char *text = NULL;

	if (find_alias(b, &anchor, err) < 0)
		return -1;
	if (!anchor->is_scalar)
		return fail_here(b, err, "an alias of a mapping or a list as a key");
	if (anchor->text && !(text = strdup(anchor->text)))
		return err_no_memory(err);
	if (yaml_scalar_to_key(&anchor->scalar, text, ret_key, err) < 0)
		return yaml_events_fail(&b->events, err);
	return 0;
}

static int build_key(struct builder *b, char **ret_key, struct err *err)
{
	struct yaml_scalar scalar;
	char *text;

	b->expansion.decodes++;
	switch (b->events.event.type) {
	case YAML_ALIAS_EVENT: return alias_to_key(b, ret_key, err);
	case YAML_SEQUENCE_START_EVENT: return fail_here(b, err, "a list as a key");
	case YAML_MAPPING_START_EVENT:
		return fail_here(b, err, "a mapping as a key (a template that was not rendered?)");
	default: break;
	}
	if (read_scalar(b, &scalar, &text, err) < 0)
		return -1;
	if (yaml_scalar_to_key(&scalar, text, ret_key, err) < 0)
		return yaml_events_fail(&b->events, err);
	return 0;
}

static bool is_merge_key(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT &&
	       strcmp((const char *)event->data.scalar.value, "<<") == 0 &&
	       (event->data.scalar.plain_implicit ||
		(event->data.scalar.tag &&
		 strcmp((const char *)event->data.scalar.tag, MERGE_TAG) == 0));
}

/* Reads what follows a merge key. */
static int build_merge(struct builder *b, unsigned depth, cJSON *object, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct yaml_mark place = yaml_events_place(&b->events);
	size_t anchors_before = b->anchor_count;
	bool alias = b->events.event.type == YAML_ALIAS_EVENT;

	if (build_value(b, depth, place, &value, err) < 0)
		return -1;
	if (alias && !cJSON_IsObject(value)) {
		err_set(err, ERR_INVALID, "an alias that is merged must name a mapping");
		return yaml_fail_at(place, err);
	}
	b->shuffled = true;
	if (b->anchor_count != anchors_before) {
		cJSON *original = STEAL(value);

		if (yaml_keep(&b->attic, original, err) < 0 ||
		    copy_node(b, depth, original, place, &value, err) < 0)
			return -1;
	}
	if (yaml_merge(object, STEAL(value), err) < 0)
		return yaml_fail_at(place, err);
	return 0;
}

static int check_duplicates(struct builder *b, size_t base, struct err *err)
{
	struct key first, second;
	char quoted[TEXT_QUOTE_MAX];

	if (!keys_pop(&b->keys, base, &first, &second))
		return 0;
	err_set(err, ERR_INVALID, "duplicate key %s, first at %" PRIu32 ":%" PRIu32,
		text_quote(second.name, quoted), (uint32_t)(first.place >> 32),
		(uint32_t)first.place);
	return yaml_fail_at(
		(struct yaml_mark){(uint32_t)(second.place >> 32), (uint32_t)second.place}, err);
}

static int build_member(struct builder *b, unsigned depth, cJSON *object, struct err *err)
{
	CLEANUP(free_p) char *key = NULL;
	struct yaml_mark place = yaml_events_place(&b->events);
	cJSON *value;

	if (build_key(b, &key, err) < 0 || yaml_events_next(&b->events, err) < 0 ||
	    build_value(b, depth, place, &value, err) < 0)
		return -1;
	json_name(value, STEAL(key));
	json_link(object, value);
	return keys_push(&b->keys, value->string, (uint64_t)place.line << 32 | place.column, err);
}

static int build_mapping(struct builder *b, unsigned depth, cJSON *object, struct err *err)
{
	size_t base = b->keys.count;
	bool merged = false;

	object->type = cJSON_Object;
	for (;;) {
		if (yaml_events_next(&b->events, err) < 0)
			return -1;
		if (b->events.event.type == YAML_MAPPING_END_EVENT)
			break;
		if (is_merge_key(&b->events.event)) {
			merged = true;
			if (yaml_events_next(&b->events, err) < 0 ||
			    build_merge(b, depth, object, err) < 0)
				return -1;
		} else if (build_member(b, depth, object, err) < 0) {
			return -1;
		}
	}
	if (check_duplicates(b, base, err) < 0)
		return -1;
	return merged ? yaml_merge_settle(object, &b->attic, err) : 0;
}

static int build_container(struct builder *b, unsigned depth, struct yaml_mark place, cJSON *node,
			   struct err *err)
{
	bool mapping = b->events.event.type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *name = mapping ? b->events.event.data.mapping_start.anchor
					  : b->events.event.data.sequence_start.anchor;
	size_t decodes_before = b->expansion.decodes - 1;
	struct yaml_anchor *anchor = NULL;

	if (check_depth(depth + 1, place, err) < 0)
		return -1;
	if (name) {
		if (define_anchor(b, name, &anchor, err) < 0)
			return -1;
		anchor->node = node;
	}
	if ((mapping ? build_mapping : build_sequence)(b, depth + 1, node, err) < 0)
		return -1;
	if (anchor && anchor->node == node) { /* nothing inside took the name over */
		anchor->open = false;
		anchor->decodes = b->expansion.decodes - decodes_before;
	}
	return 0;
}

/* Reads the value that begins with the current event; `depth` containers are around it. */
static int build_value(struct builder *b, unsigned depth, struct yaml_mark place, cJSON **ret_value,
		       struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *node = NULL;
	int status;

	b->expansion.decodes++;
	if (b->events.event.type == YAML_ALIAS_EVENT)
		return build_alias(b, depth, place, ret_value, err);
	if (new_node(b, place, &node, err) < 0)
		return -1;
	if (b->events.event.type == YAML_SCALAR_EVENT)
		status = build_scalar(b, node, err);
	else
		status = build_container(b, depth, place, node, err);
	if (status < 0)
		return -1;
	*ret_value = STEAL(node);
	return 0;
}

/* --- documents ------------------------------------------------------------------------------- */

static void number_nodes(const struct yaml_mark *marks, cJSON *node, struct yaml_mark *out,
			 int *next)
{
	cJSON *item;

	out[*next] = marks[node->valueint];
	node->valueint = (*next)++;
	json_each (item, node)
		number_nodes(marks, item, out, next);
}

/* Puts the marks into the pre-order of the tree. */
static int finish_marks(struct builder *b, struct yaml_doc *doc, struct err *err)
{
	if (b->shuffled) {
		size_t count = json_count_nodes(doc->root);
		struct yaml_mark *ordered = calloc(count, sizeof(*ordered));
		int next = 0;

		if (!ordered)
			return err_no_memory(err);
		number_nodes(b->marks, doc->root, ordered, &next);
		free(b->marks);
		b->marks = ordered;
		b->mark_count = count;
	}
	struct yaml_mark *fitted = reallocarray(b->marks, b->mark_count, sizeof(*fitted));
	if (fitted)
		b->marks = fitted;
	doc->marks = STEAL(b->marks);
	doc->mark_count = b->mark_count;
	return 0;
}

static int check_root(const struct builder *b, const cJSON *root, struct yaml_mark place,
		      struct err *err)
{
	if (cJSON_IsObject(root) || cJSON_IsNull(root) || (b->any_root && cJSON_IsArray(root)))
		return 0;
	err_set(err, ERR_INVALID, "the document is a %s, not a mapping",
		cJSON_IsArray(root) ? "list" : "scalar");
	return yaml_fail_at(place, err);
}

/* Reads the document whose start is the current event, and makes sure that it is the only one. */
static int build_document(struct builder *b, struct yaml_doc *doc, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;

	b->expansion.decodes++;
	if (yaml_events_next(&b->events, err) < 0)
		return -1;
	struct yaml_mark place = yaml_events_place(&b->events);
	if (build_value(b, 0, place, &root, err) < 0)
		return -1;
	if (check_root(b, root, place, err) < 0)
		return -1;
	if (!yaml_expansion_check(&b->expansion)) {
		err_set(err, ERR_LIMIT,
			"too much of the document comes from aliases; write out what they name");
		return yaml_fail_at(place, err);
	}
	if (yaml_events_next(&b->events, err) < 0 || yaml_events_expect_end(&b->events, err) < 0)
		return -1;
	if (cJSON_IsNull(root))
		return 0;
	doc->root = STEAL(root);
	return finish_marks(b, doc, err);
}

static void builder_release(struct builder *b)
{
	yaml_events_release(&b->events);
	keys_release(&b->keys);
	yaml_anchors_release(&b->anchors);
	cJSON_Delete(b->attic);
	free(b->marks);
}

int yaml_build(const struct yaml_chunk *chunk, bool any_root, size_t *node_count,
	       struct yaml_doc *ret_doc, struct err *err)
{
	CLEANUP(yaml_doc_release) struct yaml_doc doc = {0};
	CLEANUP(builder_release)
	struct builder b = {.any_root = any_root, .node_count = *node_count};

	/* The stream's start, then a document's start, or the stream's end. */
	if (yaml_events_init(&b.events, chunk, err) < 0 || yaml_events_next(&b.events, err) < 0 ||
	    yaml_events_next(&b.events, err) < 0)
		return -1;
	if (b.events.event.type == YAML_DOCUMENT_START_EVENT && build_document(&b, &doc, err) < 0)
		return -1;
	*node_count = b.node_count;
	*ret_doc = doc;
	doc = (struct yaml_doc){0};
	return 0;
}
