#include "diff/yaml_layout.h"

#include <string.h>

#include "diff/yaml_events.h"
#include "diff/yaml_scalar.h"

#define MERGE_KEY "<<"

void yaml_node_free(struct yaml_node *node)
{
	if (!node)
		return;
	for (struct yaml_node *child = node->first, *next; child; child = next) {
		next = child->next;
		yaml_node_free(child);
	}
	free(node->anchor);
	free(node->key);
	free(node);
}

static void append(struct yaml_node *parent, struct yaml_node *node)
{
	node->parent = parent;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

/* --- YAML ------------------------------------------------------------------------------------ */

static int read_node(struct yaml_events *events, struct yaml_node **ret_node, struct err *err);

/* Fills in the bytes of the current event. */
static void place_node(struct yaml_events *events, struct yaml_node *node)
{
	const char *text = events->chunk->text, *end;

	node->start = (size_t)(yaml_events_content(events, &end) - text);
	node->end = (size_t)(end - text);
}

static int take_anchor(struct yaml_node *node, const yaml_char_t *anchor, struct err *err)
{
	node->anchor = anchor ? strdup((const char *)anchor) : NULL;
	return anchor && !node->anchor ? err_no_memory(err) : 0;
}

static char quote_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE: return '\'';
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return '"';
	case YAML_LITERAL_SCALAR_STYLE: return '|';
	case YAML_FOLDED_SCALAR_STYLE: return '>';
	default: return 0;
	}
}

/* What the scalar of the current event means, as far as an editor needs to know. */
static int kind_of(struct yaml_events *events, enum yaml_kind *ret_kind, struct err *err)
{
	const char *text = (const char *)events->event.data.scalar.value;
	struct yaml_scalar scalar = {.kind = YAML_KIND_STRING};

	if (events->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    !events->event.data.scalar.tag && !yaml_events_has_bare_tag(events) &&
	    yaml_scalar_plain(text, events->event.data.scalar.length, &scalar, err) < 0)
		return -1;
	*ret_kind = scalar.kind;
	return 0;
}

static int read_scalar(struct yaml_events *events, struct yaml_node *node, struct err *err)
{
	enum yaml_kind kind;

	if (kind_of(events, &kind, err) < 0)
		return -1;
	node->kind = YAML_NODE_SCALAR;
	node->quote = quote_of(events->event.data.scalar.style);
	node->null = kind == YAML_KIND_NULL;
	node->tagged = events->event.data.scalar.tag;
	return take_anchor(node, events->event.data.scalar.anchor, err);
}

/* Reads the key that is the current event, and its value. */
static int read_member(struct yaml_events *events, struct yaml_node *mapping, struct err *err)
{
	CLEANUP(free_p) char *key = NULL;
	CLEANUP(yaml_node_free_p) struct yaml_node *node = NULL;
	const char *text = events->chunk->text, *end;
	size_t start = (size_t)(yaml_events_text(events, &end) - text);
	size_t key_end = (size_t)(end - text);
	char quote = 0;

	if (events->event.type == YAML_SCALAR_EVENT) {
		enum yaml_kind kind;

		if (kind_of(events, &kind, err) < 0)
			return -1;
		quote = quote_of(events->event.data.scalar.style);
		key = strdup((const char *)events->event.data.scalar.value);
		if (!key)
			return err_no_memory(err);
		if (kind != YAML_KIND_STRING || (!quote && strcmp(key, MERGE_KEY) == 0))
			free_p(&key);
	}
	if (yaml_events_next(events, err) < 0 || read_node(events, &node, err) < 0)
		return -1;
	node->key = STEAL(key);
	node->key_quote = quote;
	node->key_start = start;
	node->key_end = key_end;
	append(mapping, STEAL(node));
	return 0;
}

static int read_item(struct yaml_events *events, struct yaml_node *sequence, struct err *err)
{
	struct yaml_node *node;

	if (read_node(events, &node, err) < 0)
		return -1;
	append(sequence, node);
	return 0;
}

static int read_collection(struct yaml_events *events, struct yaml_node *node, struct err *err)
{
	bool mapping = events->event.type == YAML_MAPPING_START_EVENT;
	yaml_event_type_t last = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	const char *end;

	node->kind = mapping ? YAML_NODE_MAPPING : YAML_NODE_SEQUENCE;
	if (mapping)
		node->flow = events->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
	else
		node->flow = events->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	if (take_anchor(node,
			mapping ? events->event.data.mapping_start.anchor
				: events->event.data.sequence_start.anchor,
			err) < 0)
		return -1;
	for (;;) {
		if (yaml_events_next(events, err) < 0)
			return -1;
		if (events->event.type == last)
			break;
		if ((mapping ? read_member : read_item)(events, node, err) < 0)
			return -1;
	}
	if (node->flow) {
		yaml_events_text(events, &end);
		node->end = (size_t)(end - events->chunk->text);
	} else if (node->last) {
		node->end = node->last->end;
	}
	return 0;
}

/* Reads the value that begins with the current event. */
static int read_node(struct yaml_events *events, struct yaml_node **ret_node, struct err *err)
{
	CLEANUP(yaml_node_free_p) struct yaml_node *node = calloc(1, sizeof(*node));
	int status;

	if (!node)
		return err_no_memory(err);
	place_node(events, node);
	switch (events->event.type) {
	case YAML_SCALAR_EVENT: status = read_scalar(events, node, err); break;
	case YAML_ALIAS_EVENT:
		node->kind = YAML_NODE_ALIAS;
		status = take_anchor(node, events->event.data.alias.anchor, err);
		break;
	default: status = read_collection(events, node, err); break;
	}
	if (status < 0)
		return -1;
	*ret_node = STEAL(node);
	return 0;
}

static int read_yaml(const char *text, size_t length, struct yaml_node **ret_root, struct err *err)
{
	const struct yaml_chunk chunk = {text, length, 1, 1};
	CLEANUP(yaml_events_release) struct yaml_events events;

	/* The starts of the stream and of the document. */
	if (yaml_events_init(&events, &chunk, err) < 0 || yaml_events_next(&events, err) < 0 ||
	    yaml_events_next(&events, err) < 0 || yaml_events_next(&events, err) < 0)
		return -1;
	return read_node(&events, ret_root, err);
}

/* --- JSON ------------------------------------------------------------------------------------ */

/* A text that the JSON reader has accepted. */
struct scanner {
	const char *text;
	size_t length, at;
};

static char skip_space(struct scanner *scanner)
{
	while (scanner->at < scanner->length && strchr(" \t\r\n,:", scanner->text[scanner->at]))
		scanner->at++;
	return scanner->at < scanner->length ? scanner->text[scanner->at] : '\0';
}

static void skip_string(struct scanner *scanner)
{
	while (++scanner->at < scanner->length && scanner->text[scanner->at] != '"')
		scanner->at += scanner->text[scanner->at] == '\\';
	scanner->at++;
}

static int scan_value(struct scanner *scanner, struct yaml_node **ret_node, struct err *err);

/* A key as the JSON reader has it, escapes and all. */
static int scan_key(struct scanner *scanner, struct yaml_node *node, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *key = NULL;

	node->key_quote = '"';
	node->key_start = scanner->at;
	skip_string(scanner);
	node->key_end = scanner->at;
	if (json_parse(scanner->text + node->key_start, node->key_end - node->key_start, &key,
		       err) < 0)
		return -1;
	node->key = STEAL(key->valuestring);
	return 0;
}

static int scan_collection(struct scanner *scanner, struct yaml_node *node, struct err *err)
{
	bool mapping = scanner->text[scanner->at++] == '{';
	char close = mapping ? '}' : ']';

	node->kind = mapping ? YAML_NODE_MAPPING : YAML_NODE_SEQUENCE;
	node->flow = true;
	while (skip_space(scanner) != close) {
		CLEANUP(yaml_node_free_p) struct yaml_node *child = NULL;
		struct yaml_node key = {0};

		if (scanner->at >= scanner->length)
			return err_set(err, ERR_INTERNAL, "a JSON text ends too early");
		if (mapping && scan_key(scanner, &key, err) < 0)
			return -1;
		if (scan_value(scanner, &child, err) < 0) {
			free(key.key);
			return -1;
		}
		child->key = key.key;
		child->key_quote = key.key_quote;
		child->key_start = key.key_start;
		child->key_end = key.key_end;
		append(node, STEAL(child));
	}
	scanner->at++;
	return 0;
}

static int scan_value(struct scanner *scanner, struct yaml_node **ret_node, struct err *err)
{
	CLEANUP(yaml_node_free_p) struct yaml_node *node = calloc(1, sizeof(*node));
	char c;

	if (!node)
		return err_no_memory(err);
	c = skip_space(scanner);
	node->start = scanner->at;
	if (c == '{' || c == '[') {
		if (scan_collection(scanner, node, err) < 0)
			return -1;
	} else if (c == '"') {
		node->quote = '"';
		skip_string(scanner);
	} else {
		node->null = c == 'n';
		while (scanner->at < scanner->length &&
		       !strchr(" \t\r\n,:]}", scanner->text[scanner->at]))
			scanner->at++;
	}
	node->end = scanner->at;
	*ret_node = STEAL(node);
	return 0;
}

/* --- public ---------------------------------------------------------------------------------- */

int yaml_layout(const char *text, size_t length, bool json, struct yaml_node **ret_root,
		struct err *err)
{
	struct scanner scanner = {text, length, 0};

	return json ? scan_value(&scanner, ret_root, err) : read_yaml(text, length, ret_root, err);
}
