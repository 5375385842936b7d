#include "diff/yaml_edit.h"

#include <inttypes.h>
#include <string.h>

#include "diff/text.h"
#include "diff/yaml_literal.h"
#include "diff/yaml_split.h"
#include "diff/yaml_style.h"

#define EDIT_MAX_BYTES (2u * YAML_MAX_BYTES) /* of what is inserted, and of the new text */
#define MAX_CHAIN      32                    /* keys that are inserted at once */

/* One edit of one document. */
struct editor {
	const char *text; /* past a byte order mark */
	size_t length;
	struct yaml_docs old;
	size_t document;
	const struct yaml_doc *doc;
	cJSON *expected; /* the document's root as it has to be */
	const struct yaml_step *steps;
	size_t step_count;
	const cJSON *value;
	struct yaml_node *root;
	struct yaml_page page; /* the document's part of the text */
	struct yaml_splice *splice;
	bool done;
};

/* Where a walk along the steps ends. */
struct spot {
	struct yaml_node *node; /* a value that stands there; NULL: a key is missing in `mapping` */
	struct yaml_node *mapping;
	size_t depth; /* steps that were taken */
};

static void editor_release(struct editor *editor)
{
	yaml_docs_release(&editor->old);
	cJSON_Delete(editor->expected);
	yaml_node_free(editor->root);
}

void yaml_splice_release(struct yaml_splice *splice)
{
	free(splice->inserted);
	*splice = (struct yaml_splice){0};
}

void yaml_splice_apply(const struct yaml_splice *splice, const char *text, size_t length,
		       struct buf *out)
{
	size_t rest = splice->at + splice->removed;

	buf_append(out, text, splice->at);
	buf_append(out, splice->inserted, splice->inserted_length);
	buf_append(out, text + rest, length - rest);
}

/* Puts the place of a byte of the document in front of the message; returns -1. */
static int fail_at(const struct editor *editor, size_t offset, struct err *err)
{
	uint32_t line, column;

	text_position(editor->text, editor->doc->offset + offset, &line, &column);
	return err_prefix(err, "%" PRIu32 ":%" PRIu32, line, column);
}

/* What has to come out, and the layout of what is there. */
static int open_editor(struct editor *editor, struct err *err)
{
	editor->page = (struct yaml_page){.text = editor->text + editor->doc->offset,
					  .length = editor->doc->length,
					  .json = editor->doc->json};
	if (yaml_steps_set(editor->doc, editor->steps, editor->step_count, editor->value,
			   &editor->expected, err) < 0 ||
	    yaml_layout(editor->page.text, editor->page.length, editor->page.json, &editor->root,
			err) < 0)
		return -1;
	editor->page.root = editor->root;
	return 0;
}

/* --- trying ---------------------------------------------------------------------------------- */

/* Whether the new text has every document as it was, and the edited one as it has to be. */
static int check(const struct editor *editor, const struct buf *text, bool *ret_right,
		 struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct err fault;

	*ret_right = false;
	if (yaml_load_values(buf_str(text), text->length, &docs, &fault) < 0) {
		if (fault.class != ERR_NO_MEMORY)
			return 0;
		*err = fault;
		return -1;
	}
	if (docs.count != editor->old.count)
		return 0;
	for (size_t i = 0; i < docs.count; i++) {
		const cJSON *expected =
			i == editor->document ? editor->expected : editor->old.items[i].root;

		if (docs.items[i].json != editor->old.items[i].json ||
		    !json_equal(docs.items[i].root, expected))
			return 0;
	}
	*ret_right = true;
	return 0;
}

/* Takes the splice (of the document's bytes) if it does what it has to. */
static int try(struct editor *editor, size_t at, size_t end, const struct buf *inserted,
	       struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
	CLEANUP(yaml_splice_release)
	struct yaml_splice splice = {
		.at = editor->doc->offset + at,
		.removed = end - at,
		.inserted_length = inserted->length,
	};

	if (editor->done)
		return 0;
	if (buf_check(inserted, "what is inserted", err) < 0)
		return -1;
	splice.inserted = strdup(buf_str(inserted));
	if (!splice.inserted)
		return err_no_memory(err);
	yaml_splice_apply(&splice, editor->text, editor->length, &text);
	if (buf_check(&text, "the new text", err) < 0 ||
	    check(editor, &text, &editor->done, err) < 0)
		return -1;
	if (editor->done) {
		*editor->splice = splice;
		splice = (struct yaml_splice){0};
	}
	return 0;
}

/* --- finding the place ----------------------------------------------------------------------- */

static struct yaml_node *find_child(const struct yaml_node *node, const struct yaml_step *step)
{
	size_t index = 0;

	for (struct yaml_node *child = node->first; child; child = child->next) {
		if (step->kind == YAML_STEP_KEY ? child->key && strcmp(child->key, step->key) == 0
						: index++ == step->index)
			return child;
	}
	return NULL;
}

static struct spot find_spot(const struct editor *editor)
{
	struct spot spot = {.node = editor->root};

	while (spot.node && spot.depth < editor->step_count && spot.node->kind != YAML_NODE_ALIAS &&
	       !spot.node->null) {
		spot.mapping = spot.node;
		spot.node = find_child(spot.node, &editor->steps[spot.depth]);
		spot.depth += spot.node != NULL;
	}
	return spot;
}

/* The keys from the spot to the value; false where a list item is among them, or too many. */
static bool chain_of(const struct editor *editor, const struct spot *spot, const char **keys,
		     struct yaml_chain *ret_chain)
{
	size_t count = editor->step_count - spot->depth;

	if (count > MAX_CHAIN)
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct yaml_step *step = &editor->steps[spot->depth + i];

		if (step->kind != YAML_STEP_KEY)
			return false;
		keys[i] = step->key;
	}
	*ret_chain = (struct yaml_chain){.keys = keys, .count = count};
	return true;
}

/* --- scalars that are there ------------------------------------------------------------------ */

/* What has to stand before a value where there was none: white space, unless it is there. */
static void print_gap(const struct editor *editor, const struct yaml_node *node, struct buf *out)
{
	char before = node->start ? editor->page.text[node->start - 1] : '\n';

	if (node->start == node->end && before != ' ' && before != '\t')
		buf_putc(out, ' ');
}

static int replace_scalar(struct editor *editor, const struct yaml_node *node, char quote,
			  struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);

	print_gap(editor, node, &text);
	yaml_style_scalar(editor->value, quote, &text);
	return try(editor, node->start, node->end, &text, err);
}

/* A key without so much as a colon, in a flow mapping. */
static int complete_key(struct editor *editor, const struct yaml_node *node, char quote,
			struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);

	if (node->start != node->end)
		return 0;
	buf_puts(&text, ": ");
	yaml_style_scalar(editor->value, quote, &text);
	return try(editor, node->start, node->end, &text, err);
}

static int set_scalar(struct editor *editor, const struct yaml_node *node, struct err *err)
{
	bool text = cJSON_IsString(editor->value);
	char quote = node->quote;

	if (node->kind == YAML_NODE_MAPPING || node->kind == YAML_NODE_SEQUENCE) {
		err_set(err, ERR_INVALID, "a %s stands here, not a single value",
			node->kind == YAML_NODE_MAPPING ? "mapping" : "list");
		return fail_at(editor, node->start, err);
	}
	if (quote == '|' || quote == '>') {
		err_set(err, ERR_UNSUPPORTED,
			"a value in a block of its own (%c) is not changed in place", quote);
		return fail_at(editor, node->start, err);
	}
	if (quote && (text || node->tagged) && replace_scalar(editor, node, quote, err) < 0)
		return -1;
	if (replace_scalar(editor, node, 0, err) < 0 || complete_key(editor, node, 0, err) < 0)
		return -1;
	if (!text)
		return 0;
	return replace_scalar(editor, node, '"', err) < 0 ? -1
							  : complete_key(editor, node, '"', err);
}

/* --- keys that are missing ------------------------------------------------------------------- */

static int insert_flow(struct editor *editor, const struct yaml_node *mapping,
		       const struct yaml_chain *chain, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
	size_t at, end;

	yaml_style_flow(&editor->page, mapping, chain, &at, &end, &text);
	return try(editor, at, end, &text, err);
}

static int insert_block(struct editor *editor, const struct yaml_node *mapping,
			const struct yaml_chain *chain, struct err *err)
{
	for (int past_blank = 0; past_blank < 2; past_blank++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
		size_t at = yaml_style_block_end(&editor->page, mapping, past_blank);

		yaml_style_block(&editor->page, mapping, at, chain, &text);
		if (try(editor, at, at, &text, err) < 0)
			return -1;
	}
	return 0;
}

/* In place of `*name`, a mapping that merges it; in place of null, a mapping. */
static int fill_flow(struct editor *editor, const struct yaml_node *node,
		     const struct yaml_chain *chain, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
	const char *alias = editor->page.text + node->start;

	print_gap(editor, node, &text);
	yaml_style_flow_value(&editor->page, node, node->kind == YAML_NODE_ALIAS ? alias : NULL,
			      node->end - node->start, chain, &text);
	return try(editor, node->start, node->end, &text, err);
}

/* Null in a block mapping becomes lines below it; a comment behind it stays in its line. */
static int fill_block(struct editor *editor, const struct yaml_node *node,
		      const struct yaml_chain *chain, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
	const struct yaml_node *mapping = node->parent;
	const char *page = editor->page.text;
	size_t start = node->start, end = yaml_line_end(&editor->page, node->end);

	if (!node->null || !mapping || mapping->kind != YAML_NODE_MAPPING || mapping->flow)
		return 0;
	while (start > node->key_end && (page[start - 1] == ' ' || page[start - 1] == '\t'))
		start--;
	buf_append(&text, page + node->end, end - node->end);
	if (node->end == end)
		buf_clear(&text);
	yaml_style_block_value(&editor->page, node, chain, &text);
	return try(editor, start, end, &text, err);
}

static int insert(struct editor *editor, const struct spot *spot, struct yaml_chain *chain,
		  char quote, struct err *err)
{
	CLEANUP(buf_release) struct buf value = BUF_INIT(EDIT_MAX_BYTES);

	yaml_style_scalar(editor->value, quote, &value);
	if (buf_check(&value, "the value", err) < 0)
		return -1;
	chain->value = buf_str(&value);
	if (spot->node)
		return fill_block(editor, spot->node, chain, err) < 0
			       ? -1
			       : fill_flow(editor, spot->node, chain, err);
	if (spot->mapping->flow || !spot->mapping->first)
		return insert_flow(editor, spot->mapping, chain, err);
	return insert_block(editor, spot->mapping, chain, err);
}

/* The quotation marks of the last value of the mapping that has some. */
static char sibling_quote(const struct yaml_node *mapping)
{
	char quote = 0;

	for (const struct yaml_node *child = mapping ? mapping->first : NULL; child;
	     child = child->next)
		if (child->quote == '"' || child->quote == '\'')
			quote = child->quote;
	return quote;
}

static int set_missing(struct editor *editor, const struct spot *spot, struct err *err)
{
	const char *keys[MAX_CHAIN];
	struct yaml_chain chain;
	char quote = sibling_quote(spot->node ? NULL : spot->mapping);

	if (!spot->node && spot->mapping->kind != YAML_NODE_MAPPING)
		return 0; /* a null in another guise, such as !!null: refused */
	if (!chain_of(editor, spot, keys, &chain)) {
		err_set(err, ERR_NOT_FOUND, "what leads there is not written here");
		return fail_at(editor, (spot->node ? spot->node : spot->mapping)->start, err);
	}
	if (!cJSON_IsString(editor->value))
		return insert(editor, spot, &chain, 0, err);
	if (quote && insert(editor, spot, &chain, quote, err) < 0)
		return -1;
	if (insert(editor, spot, &chain, 0, err) < 0)
		return -1;
	return insert(editor, spot, &chain, '"', err);
}

/* --- refusing -------------------------------------------------------------------------------- */

/* The first node of this kind, in the order of the text, that has the anchor. */
static const struct yaml_node *find_anchor(const struct yaml_node *node, const char *anchor,
					   bool alias)
{
	const struct yaml_node *found = NULL;

	if (node->anchor && (node->kind == YAML_NODE_ALIAS) == alias &&
	    strcmp(node->anchor, anchor) == 0)
		return node;
	for (const struct yaml_node *child = node->first; child && !found; child = child->next)
		found = find_anchor(child, anchor, alias);
	return found;
}

static int refuse_shared(const struct editor *editor, const struct yaml_node *node,
			 const struct yaml_node *alias, struct err *err)
{
	uint32_t line, column;

	text_position(editor->text, editor->doc->offset + alias->start, &line, &column);
	err_set(err, ERR_UNSUPPORTED,
		"what stands here has the anchor &%s, which %" PRIu32 ":%" PRIu32
		" uses: the value would change there too",
		node->anchor, line, column);
	return fail_at(editor, node->key ? node->key_start : node->start, err);
}

static bool is_merge(const struct editor *editor, const struct yaml_node *member)
{
	return !member->key && member->key_end - member->key_start == 2 &&
	       memcmp(editor->page.text + member->key_start, "<<", 2) == 0;
}

/* Nothing that was tried gives the text that is wanted: says what stands in the way. */
static int refuse(const struct editor *editor, const struct spot *spot, struct err *err)
{
	const struct yaml_node *place = spot->node ? spot->node : spot->mapping;

	if (place->kind == YAML_NODE_ALIAS && spot->depth < editor->step_count) {
		err_set(err, ERR_UNSUPPORTED,
			"the alias *%s stands for more than the value: write out here what it "
			"stands for",
			place->anchor);
		return fail_at(editor, place->start, err);
	}
	for (const struct yaml_node *node = place; node; node = node->parent) {
		const struct yaml_node *alias =
			node->anchor && node->kind != YAML_NODE_ALIAS
				? find_anchor(editor->root, node->anchor, true)
				: NULL;

		if (alias)
			return refuse_shared(editor, node, alias, err);
		for (const struct yaml_node *child = node->first; child; child = child->next) {
			if (!is_merge(editor, child))
				continue;
			err_set(err, ERR_UNSUPPORTED,
				"a merge (<<) has a say in the value: write out here what it "
				"brings in");
			return fail_at(editor, child->key_start, err);
		}
	}
	err_set(err, ERR_UNSUPPORTED, "this cannot be changed in place: edit it by hand");
	return fail_at(editor, place->start, err);
}

/* --- texts within texts ---------------------------------------------------------------------- */

/* Sets a value within the text that `prefix` steps lead to. */
static int edit_within(struct editor *editor, size_t prefix, struct err *err)
{
	CLEANUP(yaml_splice_release) struct yaml_splice inner = {0};
	CLEANUP(buf_release) struct buf changed = BUF_INIT(EDIT_MAX_BYTES);
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDIT_MAX_BYTES);
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	const struct yaml_step *rest = editor->steps + prefix;
	const cJSON *holder = yaml_steps_follow(editor->doc->root, editor->steps, prefix);
	size_t rest_count = editor->step_count - prefix - 1;
	const char *content = holder ? holder->valuestring : NULL;
	size_t at, end;

	if (!cJSON_IsString(holder))
		return yaml_steps_fail(editor->doc, editor->steps, prefix, err);
	if (yaml_edit(content, strlen(content), rest->index, rest + 1, rest_count, editor->value,
		      &inner, err) < 0) {
		struct yaml_mark mark = yaml_mark_of(editor->doc, holder);

		return err_prefix(err, "%" PRIu32 ":%" PRIu32 ": in the text there", mark.line,
				  mark.column);
	}
	if (inner.removed == 0 && inner.inserted_length == 0)
		return 0;
	yaml_splice_apply(&inner, content, strlen(content), &changed);
	if (buf_check(&changed, "the text", err) < 0)
		return -1;
	value = cJSON_CreateString(buf_str(&changed));
	if (!value)
		return err_no_memory(err);
	editor->value = value;
	editor->step_count = prefix;
	if (open_editor(editor, err) < 0)
		return -1;
	const struct spot spot = find_spot(editor);
	if (!spot.node || spot.depth < prefix || spot.node->quote != '|') {
		err_set(err, ERR_UNSUPPORTED,
			"a text is changed in place only in a literal block (|)");
		return fail_at(editor, (spot.node ? spot.node : spot.mapping)->start, err);
	}
	if (yaml_literal_splice(&editor->page, spot.node, content, &inner, &at, &end, &text, err) <
	    0)
		return fail_at(editor, spot.node->start, err);
	if (try(editor, at, end, &text, err) < 0)
		return -1;
	return editor->done ? 0 : refuse(editor, &spot, err);
}

/* --- public ---------------------------------------------------------------------------------- */

static int edit_here(struct editor *editor, struct err *err)
{
	int status;

	if (json_equal(yaml_steps_follow(editor->doc->root, editor->steps, editor->step_count),
		       editor->value))
		return 0;
	if (open_editor(editor, err) < 0)
		return -1;
	const struct spot spot = find_spot(editor);
	if (spot.node && spot.depth == editor->step_count)
		status = set_scalar(editor, spot.node, err);
	else
		status = set_missing(editor, &spot, err);
	if (status < 0)
		return -1;
	return editor->done ? 0 : refuse(editor, &spot, err);
}

/* The text as its documents' offsets have it; refuses one that the reader has to rewrite first. */
static int open_text(const char *text, size_t length, struct editor *editor, struct err *err)
{
	CLEANUP(buf_release) struct buf storage = BUF_INIT((size_t)YAML_MAX_BYTES * 3);
	CLEANUP(buf_release) struct buf returns = BUF_INIT((size_t)YAML_MAX_BYTES * 3);
	const char *plain;

	if (yaml_load_values(text, length, &editor->old, err) < 0 ||
	    yaml_to_utf8(text, length, &storage, &editor->text, &editor->length, err) < 0)
		return -1;
	plain = editor->text;
	if (storage.length)
		return err_set(err, ERR_UNSUPPORTED,
			       "1:1: the text is not UTF-8, and is not changed in place");
	if (yaml_drop_returns(&returns, &editor->text, &editor->length, err) < 0)
		return -1;
	if (editor->text != plain)
		return err_set(err, ERR_UNSUPPORTED,
			       "1:1: lines end with two carriage returns, and are not changed in "
			       "place");
	return 0;
}

int yaml_edit(const char *text, size_t length, size_t document, const struct yaml_step *steps,
	      size_t step_count, const cJSON *value, struct yaml_splice *ret_splice,
	      struct err *err)
{
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(editor_release)
	struct editor editor = {
		.document = document,
		.steps = steps,
		.step_count = step_count,
		.value = value,
		.splice = &splice,
	};
	size_t prefix = 0;
	int status;

	if (open_text(text, length, &editor, err) < 0)
		return -1;
	if (document >= editor.old.count || step_count == 0)
		return err_set(err, ERR_NOT_FOUND, "there is no document %zu in the text",
			       document + 1);
	editor.doc = &editor.old.items[document];
	while (prefix < step_count && steps[prefix].kind != YAML_STEP_TEXT)
		prefix++;
	status = prefix < step_count ? edit_within(&editor, prefix, err) : edit_here(&editor, err);
	if (status < 0)
		return -1;
	splice.at += (size_t)(editor.text - text);
	*ret_splice = splice;
	splice = (struct yaml_splice){0};
	return 0;
}
