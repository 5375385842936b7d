#include "diff/yaml.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/json_reader.h"
#include "diff/text.h"
#include "diff/yaml_build.h"
#include "diff/yaml_split.h"

/* --- lists of documents ---------------------------------------------------------------------- */

static int add_doc(struct yaml_docs *docs, struct yaml_doc *take_doc, struct err *err)
{
	/* The capacity is the next power of two. */
	if ((docs->count & (docs->count - 1)) == 0) {
		size_t capacity = docs->count ? docs->count * 2 : 1;
		struct yaml_doc *items = reallocarray(docs->items, capacity, sizeof(*items));

		if (!items) {
			yaml_doc_release(take_doc);
			return err_no_memory(err);
		}
		docs->items = items;
	}
	docs->items[docs->count++] = *take_doc;
	*take_doc = (struct yaml_doc){0};
	return 0;
}

void yaml_doc_release(struct yaml_doc *doc)
{
	cJSON_Delete(doc->root);
	free(doc->marks);
	*doc = (struct yaml_doc){0};
}

void yaml_docs_release(struct yaml_docs *docs)
{
	for (size_t i = 0; i < docs->count; i++)
		yaml_doc_release(&docs->items[i]);
	free(docs->items);
	*docs = (struct yaml_docs){0};
}

/* --- files of YAML --------------------------------------------------------------------------- */

/* Whether the chunk is a separator and empty lines, which needs no parser to see. */
static bool is_blank(const struct yaml_chunk *chunk)
{
	size_t at = chunk->length >= 3 && memcmp(chunk->text, "---", 3) == 0 ? 3 : 0;

	while (at < chunk->length && strchr(" \r\n", chunk->text[at]))
		at++;
	return at == chunk->length;
}

/* A file on its way to documents. */
struct loader {
	const char *text;
	size_t length;
	bool any_root; /* a list may be the root of a document */
	struct yaml_docs *docs;
};

/* `node_count`: the values that the file has before. */
static int load_yaml(struct loader *loader, struct yaml_splitter *splitter, size_t node_count,
		     struct err *err)
{
	struct yaml_chunk chunk;
	int more;

	while ((more = yaml_split_next(splitter, &chunk, err)) > 0) {
		struct yaml_doc doc = {0};

		if (is_blank(&chunk))
			continue;
		if (yaml_build(&chunk, loader->any_root, &node_count, &doc, err) < 0)
			return -1;
		doc.offset = (size_t)(chunk.text - loader->text);
		doc.length = chunk.length;
		if (doc.root && add_doc(loader->docs, &doc, err) < 0)
			return -1;
	}
	return more;
}

/* --- files of JSON --------------------------------------------------------------------------- */

/* Turns the offsets of values, which only grow, into marks. */
struct marker {
	const char *text;
	size_t at;
	struct yaml_mark here; /* the place of `at` */
	struct yaml_mark *marks;
	size_t count, capacity;
};

static void marker_release(struct marker *marker)
{
	free(marker->marks);
}

static void marker_advance(struct marker *marker, size_t offset)
{
	for (; marker->at < offset; marker->at++) {
		unsigned char c = (unsigned char)marker->text[marker->at];

		if (c == '\n' && marker->at > 0 && marker->text[marker->at - 1] == '\r')
			continue;
		if (c == '\n' || c == '\r')
			marker->here = (struct yaml_mark){marker->here.line + 1, 1};
		else if ((c & 0xC0) != 0x80)
			marker->here.column++;
	}
}

static int add_mark(void *context, size_t offset, struct err *err)
{
	struct marker *marker = context;

	if (marker->count == marker->capacity) {
		size_t capacity = marker->capacity ? marker->capacity * 2 : 64;
		struct yaml_mark *marks = reallocarray(marker->marks, capacity, sizeof(*marks));

		if (!marks)
			return err_no_memory(err);
		marker->marks = marks;
		marker->capacity = capacity;
	}
	marker_advance(marker, offset);
	marker->marks[marker->count++] = marker->here;
	return 0;
}

/* Reads one JSON value as a document. */
static int load_json_value(struct json_reader *reader, struct marker *marker,
			   struct yaml_docs *docs, struct err *err)
{
	CLEANUP(yaml_doc_release) struct yaml_doc doc = {0};
	size_t start = reader->at;

	marker->count = 0;
	if (json_reader_value(reader, &doc.root, err) < 0)
		return -1;
	if (cJSON_IsNull(doc.root))
		return 0;
	if (!cJSON_IsObject(doc.root)) {
		err_set(err, ERR_INVALID, "the document is a %s, not an object",
			cJSON_IsArray(doc.root) ? "list" : "scalar");
		return err_prefix(err, "%" PRIu32 ":%" PRIu32, marker->marks[0].line,
				  marker->marks[0].column);
	}
	doc.marks = reallocarray(NULL, marker->count, sizeof(*doc.marks));
	if (!doc.marks)
		return err_no_memory(err);
	memcpy(doc.marks, marker->marks, marker->count * sizeof(*doc.marks));
	doc.mark_count = marker->count;
	doc.offset = start;
	doc.length = reader->at - start;
	doc.json = true;
	return add_doc(docs, &doc, err);
}

/* The white space that Kubernetes' decoder drops before it turns from JSON to YAML. */
static size_t skip_to_yaml(const char *text, size_t length, size_t at)
{
	size_t size;

	while ((size = yaml_space_at(text + at, length - at))) {
		at += size;
		if (text[at - 1] == '\n')
			break;
	}
	return at;
}

/* The rest of a text of which `json_err` says why it is no JSON, as YAML. */
static int load_rest_as_yaml(struct loader *loader, const struct json_reader *json, size_t start,
			     const struct err *json_err, struct err *err)
{
	struct yaml_splitter splitter = {.text = json->text, .length = json->length};
	size_t json_count = loader->docs->count;

	start = skip_to_yaml(json->text, json->length, start);
	text_position(json->text, start, &splitter.line, &splitter.column);
	splitter.at = start;
	if (load_yaml(loader, &splitter, json->node_count, err) == 0)
		return 0;
	if (loader->docs->count == json_count && err->class == ERR_INVALID)
		*err = *json_err;
	return -1;
}

/*
 * Reads a stream of JSON values. Flow YAML also begins with `{`, so up to the second value what
 * is no JSON is tried as YAML from there on; if that fails too, the JSON error is the one to show.
 */
static int load_json(struct loader *loader, struct err *err)
{
	CLEANUP(json_reader_release) struct json_reader reader;
	CLEANUP(marker_release) struct marker marker = {.text = loader->text, .here = {1, 1}};
	struct err json_err;
	size_t values = 0, ended;

	json_reader_init(&reader, loader->text, loader->length);
	reader.max_nodes = YAML_MAX_NODES;
	reader.on_value = add_mark;
	reader.context = &marker;
	for (;;) {
		ended = reader.at;
		json_reader_skip_space(&reader);
		if (reader.at == loader->length)
			return 0;
		if (load_json_value(&reader, &marker, loader->docs, &json_err) < 0)
			break;
		values++;
	}
	if (values <= 1 && reader.malformed)
		return load_rest_as_yaml(loader, &reader, ended, &json_err, err);
	*err = json_err;
	return -1;
}

/* --- public ---------------------------------------------------------------------------------- */

static int load(const char *text, size_t length, bool any_root, struct yaml_docs *ret_docs,
		struct err *err)
{
	CLEANUP(buf_release) struct buf storage = BUF_INIT((size_t)YAML_MAX_BYTES * 3);
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct yaml_splitter splitter = {.line = 1, .column = 1};
	struct loader loader = {.any_root = any_root, .docs = &docs};

	if (length > YAML_MAX_BYTES)
		return err_set(err, ERR_LIMIT,
			       "1:1: larger than %u bytes; split it into several files",
			       YAML_MAX_BYTES);
	if (yaml_to_utf8(text, length, &storage, &loader.text, &loader.length, err) < 0)
		return -1;
	if (yaml_looks_like_json(loader.text, loader.length)) {
		if (load_json(&loader, err) < 0)
			return -1;
	} else {
		if (yaml_drop_returns(&storage, &loader.text, &loader.length, err) < 0)
			return -1;
		splitter.text = loader.text;
		splitter.length = loader.length;
		if (load_yaml(&loader, &splitter, 0, err) < 0)
			return -1;
	}
	*ret_docs = docs;
	docs = (struct yaml_docs){0};
	return 0;
}

int yaml_load(const char *text, size_t length, struct yaml_docs *ret_docs, struct err *err)
{
	return load(text, length, false, ret_docs, err);
}

int yaml_load_values(const char *text, size_t length, struct yaml_docs *ret_docs, struct err *err)
{
	return load(text, length, true, ret_docs, err);
}

/* Walks the tree in pre-order until it meets `node`. */
static bool find_index(const cJSON *tree, const cJSON *node, size_t *index)
{
	const cJSON *item;

	if (tree == node)
		return true;
	++*index;
	json_each (item, tree) {
		if (find_index(item, node, index))
			return true;
	}
	return false;
}

struct yaml_mark yaml_mark_of(const struct yaml_doc *doc, const cJSON *node)
{
	size_t index = 0;

	if (!node || !doc->root || !find_index(doc->root, node, &index) || index >= doc->mark_count)
		return (struct yaml_mark){0, 0};
	return doc->marks[index];
}
