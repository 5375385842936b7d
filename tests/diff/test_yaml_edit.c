/*
 * Files in many styles, each with one value set (tests/diff/data/edit), compared byte for byte; and
 * every value of every file that tests have, set to another one.
 */
#include "diff/yaml_edit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "diff/yaml.h"

#include "tests/support/check.h"
#include "tests/support/file.h"

#define DATA       "tests/diff/data/edit/"
#define FEWEST     60
#define MAX_STEPS  64
#define PATH_BYTES 512

/* --- the cases ------------------------------------------------------------------------------- */

/*
 * A line of cases.txt: NAME DOCUMENT PATH VALUE [! MESSAGE]
 * PATH has its steps joined by '>': a key, the index of a list item, or |N for document N of a text.
 */
struct edit_case {
	char *name;
	size_t document;
	struct yaml_step steps[MAX_STEPS];
	size_t step_count;
	cJSON *value;
	const char *error; /* NULL: it works */
};

static struct yaml_step step_of(const char *text)
{
	if (text[0] == '|')
		return YAML_TEXT(strtoul(text + 1, NULL, 10));
	if (isdigit((unsigned char)text[0]))
		return YAML_INDEX(strtoul(text, NULL, 10));
	return YAML_KEY(text);
}

/* Cuts the line up; what it points to is the line's. */
static void parse_case(char *line, struct edit_case *ret_case)
{
	struct edit_case c = {0};
	struct err err;
	char *rest = line, *steps;

	c.name = strsep(&rest, " ");
	c.document = strtoul(strsep(&rest, " "), NULL, 10);
	steps = strsep(&rest, " ");
	assert_non_null(rest);
	char *error = strstr(rest, " ! ");
	if (error) {
		*error = '\0';
		c.error = error + 3;
	}
	assert_ok(json_parse(rest, strlen(rest), &c.value, &err), err);
	while (steps)
		c.steps[c.step_count++] = step_of(strsep(&steps, ">"));
	*ret_case = c;
}

static void check_case(const struct edit_case *c)
{
	CLEANUP(buf_release) struct buf before = BUF_INIT(YAML_MAX_BYTES);
	CLEANUP(buf_release) struct buf after = BUF_INIT(YAML_MAX_BYTES);
	CLEANUP(buf_release) struct buf seen = BUF_INIT(YAML_MAX_BYTES);
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0}, again = {0};
	char path[PATH_BYTES];
	struct err err;

	snprintf(path, sizeof(path), DATA "before/%s", c->name);
	read_file(path, &before);
	int status = yaml_edit(buf_str(&before), before.length, c->document, c->steps,
			       c->step_count, c->value, &splice, &err);
	if (c->error) {
		if (status == 0)
			fail_msg("%s: was not refused", c->name);
		assert_string_equal(err.message, c->error);
		return;
	}
	if (status < 0)
		fail_msg("%s: %s", c->name, err.message);
	yaml_splice_apply(&splice, buf_str(&before), before.length, &seen);
	snprintf(path, sizeof(path), DATA "after/%s", c->name);
	read_file(path, &after);
	if (seen.length != after.length ||
	    memcmp(buf_str(&seen), buf_str(&after), seen.length) != 0)
		fail_msg("%s:\n--- expected\n%s\n--- seen\n%s", c->name, buf_str(&after),
			 buf_str(&seen));

	/* Once more there is nothing left to do. */
	assert_ok(yaml_edit(buf_str(&seen), seen.length, c->document, c->steps, c->step_count,
			    c->value, &again, &err),
		  err);
	assert_int_equal(again.removed + again.inserted_length, 0);
}

static void test_files(void **state)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	size_t count = 0;

	(void)state;
	read_file(DATA "cases.txt", &text);
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));) {
		struct edit_case c;

		if (!*line || *line == '#')
			continue;
		parse_case(line, &c);
		check_case(&c);
		cJSON_Delete(c.value);
		count++;
	}
	assert_true(count >= FEWEST);
}

/* --- every value of every file --------------------------------------------------------------- */

#define MAX_EDITS     400 /* of one file */
#define FEWEST_EDITS  7000
#define MOST_REFUSALS 15 /* one edit in so many */

/* One text, and what was done to it. */
struct trial {
	const char *name;
	const struct buf *text;
	size_t document, edits;
	struct yaml_docs docs;
	struct yaml_step steps[MAX_STEPS];
};

static size_t edit_count, refusal_count;

/* The tree with the value set, made without the editor's help. */
static void set_value(cJSON *root, const struct yaml_step *steps, size_t count, cJSON *take_value)
{
	struct err err;

	for (size_t i = 0; i + 1 < count; i++) {
		cJSON *child = steps[i].kind == YAML_STEP_KEY
				       ? json_get(root, steps[i].key)
				       : cJSON_GetArrayItem(root, (int)steps[i].index);

		if (!child) {
			child = cJSON_CreateObject();
			assert_ok(json_set_key(root, steps[i].key, child, &err), err);
		}
		if (cJSON_IsNull(child))
			child->type = (child->type & ~0xFF) | cJSON_Object;
		root = child;
	}
	if (steps[count - 1].kind == YAML_STEP_KEY)
		assert_ok(json_set_key(root, steps[count - 1].key, take_value, &err), err);
	else
		assert_true(
			cJSON_ReplaceItemInArray(root, (int)steps[count - 1].index, take_value));
}

static void check_documents(const struct trial *trial, size_t count, const char *value,
			    const struct buf *seen)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct err err;

	if (yaml_load_values(buf_str(seen), seen->length, &docs, &err) < 0)
		fail_msg("%s: %s\n%s", trial->name, err.message, buf_str(seen));
	assert_int_equal(docs.count, trial->docs.count);
	for (size_t i = 0; i < docs.count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *expected = json_copy(trial->docs.items[i].root);
		cJSON *parsed;

		assert_ok(json_parse(value, strlen(value), &parsed, &err), err);
		if (i == trial->document)
			set_value(expected, trial->steps, count, parsed);
		else
			cJSON_Delete(parsed);
		if (!json_equal(docs.items[i].root, expected))
			fail_msg("%s: document %zu is not what it has to be:\n%s", trial->name, i,
				 buf_str(seen));
	}
}

/* Sets what the first `count` steps lead to. */
static void try_value(struct trial *trial, size_t count, const char *value)
{
	CLEANUP(buf_release) struct buf seen = BUF_INIT(2 * YAML_MAX_BYTES);
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(cJSON_Delete_p) cJSON *parsed = NULL;
	struct err err;

	if (trial->edits++ >= MAX_EDITS)
		return;
	edit_count++;
	assert_ok(json_parse(value, strlen(value), &parsed, &err), err);
	if (yaml_edit(buf_str(trial->text), trial->text->length, trial->document, trial->steps,
		      count, parsed, &splice, &err) < 0) {
		if (err.class != ERR_UNSUPPORTED)
			fail_msg("%s: %s", trial->name, err.message);
		refusal_count++;
		return;
	}
	yaml_splice_apply(&splice, buf_str(trial->text), trial->text->length, &seen);
	check_documents(trial, count, value, &seen);
}

static void try_node(struct trial *trial, const cJSON *node, size_t depth)
{
	const cJSON *item;
	size_t index = 0;

	if (depth + 2 > MAX_STEPS)
		return;
	if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
		try_value(trial, depth, "4711");
		try_value(trial, depth, "\"it's\\t#1: no\"");
		return;
	}
	if (cJSON_IsObject(node)) {
		trial->steps[depth] = YAML_KEY("new");
		trial->steps[depth + 1] = YAML_KEY("tranche.dev/new");
		if (!json_get(node, "new")) {
			try_value(trial, depth + 1, "true");
			try_value(trial, depth + 2, "\"true\"");
		}
	}
	json_each (item, node) {
		trial->steps[depth] =
			cJSON_IsObject(node) ? YAML_KEY(item->string) : YAML_INDEX(index);
		index++;
		try_node(trial, item, depth + 1);
	}
}

static void try_text(const char *name, const struct buf *text)
{
	struct trial trial = {.name = name, .text = text};
	struct err err;

	if (yaml_load_values(buf_str(text), text->length, &trial.docs, &err) < 0)
		return;
	for (trial.document = 0; trial.document < trial.docs.count; trial.document++)
		try_node(&trial, trial.docs.items[trial.document].root, 0);
	yaml_docs_release(&trial.docs);
}

/* Appends a text of the oracle's with what its marks stand for. */
static void expand_marks(const char *text, size_t length, struct buf *out)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '@' && text[i + 1] == 'H')
			buf_puts(out, "apiVersion: o/v1\nkind: O\nmetadata: {name: n}");
		else if (text[i] == '@' && text[i + 1] == 'J')
			buf_puts(out, "\"apiVersion\":\"o/v1\",\"kind\":\"O\",\"metadata\":{}");
		else
			buf_putc(out, text[i]);
		i += text[i] == '@' && (text[i + 1] == 'H' || text[i + 1] == 'J');
	}
}

/* The files of the YAML oracle, one after the other behind lines of "== NAME". */
static void try_oracle_files(void)
{
	CLEANUP(buf_release) struct buf all = BUF_INIT(YAML_MAX_BYTES);
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	size_t count = 0;

	read_file("tests/diff/data/yaml/files.txt", &all);
	for (const char *at = strstr(buf_str(&all), "\n== "); at;) {
		const char *start = strchr(at + 1, '\n'),
			   *next = start ? strstr(start, "\n== ") : NULL;

		if (!start)
			break;
		buf_clear(&text);
		start++;
		expand_marks(start, next && next > start ? (size_t)(next - start) : 0, &text);
		try_text("oracle", &text);
		count++;
		at = next;
	}
	assert_true(count > 50);
}

static void test_every_value(void **state)
{
	(void)state;
	each_file(DATA "before", try_text);
	each_file("tests/fuzz/corpus/yaml", try_text);
	each_file("tests/fuzz/corpus/json", try_text);
	each_file("tests/e2e/zoo/all", try_text);
	each_file("examples/canary", try_text);
	try_oracle_files();
	if (edit_count < FEWEST_EDITS || refusal_count * MOST_REFUSALS > edit_count)
		fail_msg("%zu edits, %zu of them refused", edit_count, refusal_count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_every_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
