/*
 * A value is set somewhere in a document: every other byte stays, every other value stays, and the
 * one is the new one. The input is a byte that chooses what is done, one that chooses where, and the
 * text.
 */
#include "diff/yaml_edit.h"

#include <string.h>

#include "diff/yaml.h"

#include "tests/fuzz/fuzz.h"

#define EDITED_MAX (64u * 1024 * 1024)
#define MAX_STEPS  16

static const char *const values[] = {"4711", "true", "\"word\"", "\"it's\\n#1: \\\"\\u0001\""};

/* A way to some value of the tree: `where` counts the turns. */
static size_t choose_steps(const cJSON *node, size_t where, struct yaml_step *steps)
{
	size_t depth = 0;

	while (depth < MAX_STEPS - 3 && node->child) {
		const cJSON *item = node->child;
		size_t index = 0;

		for (size_t turns = where % 5; turns && item->next; turns--, index++)
			item = item->next;
		steps[depth++] = cJSON_IsObject(node) ? YAML_KEY(item->string) : YAML_INDEX(index);
		if (where % 7 == 6)
			break;
		where = where / 2 + 1;
		node = item;
	}
	return depth;
}

/* Another way: to a key that may not be there. */
static size_t add_keys(size_t how, size_t depth, struct yaml_step *steps)
{
	if (how & 4) {
		if (depth && how & 8)
			depth--;
		steps[depth++] = YAML_KEY("new");
		if (how & 16)
			steps[depth++] = YAML_KEY("tranche.dev/k");
	}
	return depth;
}

/* What the steps lead to. */
static const cJSON *follow(const cJSON *node, const struct yaml_step *steps, size_t count)
{
	for (size_t i = 0; i < count && node; i++)
		node = steps[i].kind == YAML_STEP_KEY
			       ? json_get(node, steps[i].key)
			       : cJSON_GetArrayItem(node, (int)steps[i].index);
	return node;
}

static void check_result(const struct buf *text, const struct yaml_docs *old, size_t document,
			 const struct yaml_step *steps, size_t count, const cJSON *value)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(yaml_splice_release) struct yaml_splice again = {0};
	struct err err;

	must(yaml_load_values(buf_str(text), text->length, &docs, &err) == 0);
	must(docs.count == old->count);
	for (size_t i = 0; i < docs.count; i++)
		must(i == document || json_equal(docs.items[i].root, old->items[i].root));
	must(json_equal(follow(docs.items[document].root, steps, count), value));
	must(yaml_edit(buf_str(text), text->length, document, steps, count, value, &again, &err) ==
	     0);
	must(again.removed == 0 && again.inserted_length == 0);
}

int fuzz_yaml_edit(const uint8_t *data, size_t size)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(EDITED_MAX);
	struct yaml_step steps[MAX_STEPS];
	struct err err;

	if (size < 2)
		return 0;
	size_t how = data[0], where = data[1];
	const char *input = (const char *)data + 2;
	size -= 2;
	const char *new_value = values[how % 4];
	must(json_parse(new_value, strlen(new_value), &value, &err) == 0);
	if (yaml_load_values(input, size, &docs, &err) < 0 || docs.count == 0)
		return 0;
	size_t document = where % docs.count;
	size_t count = add_keys(how, choose_steps(docs.items[document].root, where, steps), steps);
	if (count == 0)
		return 0;
	if (how & 32)
		steps[count - 1] = YAML_TEXT(0);
	if (yaml_edit(input, size, document, steps, count, value, &splice, &err) < 0) {
		must(err.message[0]);
		return 0;
	}
	must(splice.at <= size && splice.removed <= size - splice.at);
	yaml_splice_apply(&splice, input, size, &text);
	if (!(how & 32))
		check_result(&text, &docs, document, steps, count, value);
	return 0;
}
