/*
 * A document that is read has a mark for each node; what is printed of it, as YAML or JSON, is read
 * back as the same document.
 */
#include "diff/yaml.h"

#include "tests/fuzz/fuzz.h"

#define OUTPUT_MAX (256u * 1024 * 1024)

static void check_read(const struct buf *text, const cJSON *expected)
{
	struct yaml_docs docs = {0};
	struct err err;

	if (yaml_load(buf_str(text), text->length, &docs, &err) < 0) {
		/* An alias can make a key or a depth that is too much once it is written out. */
		must(err.class == ERR_LIMIT);
		return;
	}
	must(docs.count == 1);
	must(json_equal(docs.items[0].root, expected));
	yaml_docs_release(&docs);
}

/* kubectl prints the key "<<" without quotes, and so do we: it comes back as a merge. */
static bool has_merge_key(const cJSON *value)
{
	const cJSON *item;

	if (json_get(value, "<<"))
		return true;
	json_each (item, value) {
		if (has_merge_key(item))
			return true;
	}
	return false;
}

static void check_document(const struct yaml_doc *doc)
{
	CLEANUP(buf_release) struct buf json = BUF_INIT(OUTPUT_MAX);
	CLEANUP(buf_release) struct buf yaml = BUF_INIT(OUTPUT_MAX);
	struct err err;

	must(cJSON_IsObject(doc->root));
	must(doc->mark_count == json_count_nodes(doc->root));
	for (size_t i = 0; i < doc->mark_count; i++)
		must(doc->marks[i].line > 0 && doc->marks[i].column > 0);
	json_print(doc->root, &json);
	check_read(&json, doc->root);
	buf_puts(&yaml,
		 "---\n"); /* or a first key of white space and a brace would look like JSON */
	must(yaml_print(doc->root, &yaml, &err) == 0);
	if (!has_merge_key(doc->root))
		check_read(&yaml, doc->root);
}

int fuzz_yaml(const uint8_t *data, size_t size)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct err err;

	if (yaml_load((const char *)data, size, &docs, &err) < 0)
		return 0;
	for (size_t i = 0; i < docs.count; i++)
		check_document(&docs.items[i]);
	return 0;
}
