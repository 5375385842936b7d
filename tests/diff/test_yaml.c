#include "diff/yaml.h"

#include <string.h>

#include "tests/support/check.h"

#define OUT_MAX (1024u * 1024)

/* Loads a text that must be good. */
static void load(const char *text, size_t length, struct yaml_docs *docs)
{
	struct err err;

	if (yaml_load(text, length, docs, &err) < 0)
		fail_msg("%s\n-- of:\n%.*s", err.message, (int)length, text);
}

/* The documents as JSON, one a line. */
static void assert_reads(const char *text, size_t length, const char *expected)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);

	load(text, length, &docs);
	for (size_t i = 0; i < docs.count; i++) {
		if (i)
			buf_putc(&out, '\n');
		json_print(docs.items[i].root, &out);
		assert_int_equal(docs.items[i].mark_count, json_count_nodes(docs.items[i].root));
	}
	assert_string_equal(buf_str(&out), expected);
}

static void assert_refuses(const char *text, size_t length, enum err_class class,
			   const char *message)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	struct err err = {.class = ERR_NONE};

	if (yaml_load(text, length, &docs, &err) == 0)
		fail_msg("should be refused with \"%s\":\n%s", message, text);
	assert_string_equal(err.message, message);
	assert_string_equal(err_class_name(err.class), err_class_name(class));
	assert_null(docs.items);
}

/* Each in a document as `v: TEXT`. */
static void test_plain_scalars(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"yes", "true"},
		{"y", "true"},
		{"n", "false"},
		{"OFF", "false"},
		{"yEs", "\"yEs\""},
		{"\"on\"", "\"on\""},
		{"", "null"},
		{"~", "null"},
		{"NULL", "null"},
		{"nULL", "\"nULL\""},
		{"0644", "420"},
		{"-0644", "-420"},
		{"0o17", "15"},
		{"08", "8"},
		{"0789", "789"},
		{"0x_1F", "31"},
		{"-0XfF", "-255"},
		{"0b1010", "10"},
		{"-0b11", "-3"},
		{"0b-11", "-3"},
		{"-0b-11", "\"-0b-11\""},
		{"0x", "\"0x\""},
		{"0b2", "\"0b2\""},
		{"0", "0"},
		{"-0", "0"},
		{"00", "0"},
		{"1_000", "1000"},
		{"_1", "\"_1\""},
		{"1_", "1"},
		{"+12", "12"},
		{"+", "\"+\""},
		{"-_", "\"-_\""},
		{"9007199254740993", "9007199254740993"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775808", "9223372036854776000"},
		{"18446744073709551615", "18446744073709552000"},
		{"+9223372036854775808", "9223372036854776000"},
		{"123456789012345678901234567890", "1.2345678901234568e+29"},
		{"1.0", "1"},
		{"1.10", "1.1"},
		{"1.", "1"},
		{".5", "0.5"},
		{"+.5", "0.5"},
		{".5_5", "0.55"},
		{"._5", "\"._5\""},
		{".5_", "\".5_\""},
		{".", "\".\""},
		{"1e3", "1000"},
		{"1E+3", "1000"},
		{"1e", "\"1e\""},
		{"1.5e-3x", "\"1.5e-3x\""},
		{"0x1p4", "\"0x1p4\""},
		{"1e20", "100000000000000000000"},
		{"1e21", "1e+21"},
		{"1e-7", "1e-7"},
		{"1e400", "\"1e400\""},
		{"1e-400", "0"},
		{"1152921504606846976.0", "1152921504606847000"},
		{"-0.0", "0"},
		{"NaN", "\"NaN\""},
		{"2001-12-14", "\"2001-12-14\""},
		{"2001-12-14T21:59:43.10-05:00", "\"2001-12-14T21:59:43.10-05:00\""},
		{"12:30:45", "\"12:30:45\""},
		{"100m", "\"100m\""},
		{"<<", "\"<<\""},
		{"a b  c", "\"a b  c\""},
		{"!!str 123", "\"123\""},
		{"!!str", "\"\""},
		{"!!int \"12\"", "12"},
		{"!!float 3", "3"},
		{"!!bool \"yes\"", "true"},
		{"!!null ''", "null"},
		{"!!binary aGVsbG8=", "\"hello\""},
		{"!!binary \"aGVs\\nbG8=\"", "\"hello\""},
		{"!!binary /w==", "\"\xEF\xBF\xBD\""},
		{"!!timestamp 2001-1-1", "\"2001-1-1\""},
		{"!mine 12", "\"12\""},
		{"! yes", "\"yes\""},
		{"!  12", "\"12\""},
		{"&x ! 12", "\"12\""},
		{"! &x 12", "\"12\""},
		{"! \"a\"", "\"a\""},
		{"! [yes]", "[true]"},
		{"yes !", "\"yes !\""},
		{"!!map {a: 1}", "{\"a\":1}"},
		{"{a:1}", "{\"a:1\":null}"},
		{"[a, b, ]", "[\"a\",\"b\"]"},
		{"\"\\x41\\u00e4\\U0001F600\\n\\e\"", "\"A\xC3\xA4\xF0\x9F\x98\x80\\n\\u001b\""},
		{"'it''s'", "\"it's\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf text = BUF_INIT(1000);
		CLEANUP(buf_release) struct buf json = BUF_INIT(1000);

		buf_printf(&text, "v: %s", cases[i].text);
		buf_printf(&json, "{\"v\":%s}", cases[i].json);
		assert_reads(text.data, text.length, buf_str(&json));
	}
}

static void test_documents(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"", ""},
		{"# only a comment\n", ""},
		{"---\n---\n# x\n---\nnull\n--- # y\n~\n---\n", ""},
		{"a: 1\n---\nb: 2\n--- # c\nc: 3", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"},
		{"--- \t\r\na: 1\r\n---\r\nb: |\r\n  x\r\n  y\r\n",
		 "{\"a\":1}\n{\"b\":\"x\\ny\\n\"}"},
		{"a: 1\rb: 2\r", "{\"a\":1,\"b\":2}"},
		{"a: |\n  text", "{\"a\":\"text\\n\"}"},
		{"a: 1\n...\n# nothing\n---\nb: 2\n", "{\"a\":1}\n{\"b\":2}"},
		{"a: &x 1\nb: *x\n---\na: &x 2\nb: *x\n", "{\"a\":1,\"b\":1}\n{\"a\":2,\"b\":2}"},
		{"a: &x [&x 1, *x]\nb: *x\n", "{\"a\":[1,1],\"b\":1}"},
		{"&k a: *k\n&n 1.50: {*n : *n}", "{\"a\":\"a\",\"1.5\":{\"1.5\":1.5}}"},
		{"1: a\ntrue: b\n1.5: c\n0x10: d\n1e6: e\n2001-01-01: f\n.5: g\n1e39: h\n",
		 "{\"1\":\"a\",\"true\":\"b\",\"1.5\":\"c\",\"16\":\"d\",\"1e+06\":\"e\","
		 "\"2001-01-01\":\"f\",\"0.5\":\"g\",\".inf\":\"h\"}"},
		{"0.1: a\n16777217.0: b\n", "{\"0.1\":\"a\",\"1.6777216e+07\":\"b\"}"},
		{"a:\n- 1\n-\n  - 2\n- - 3\n  - 4\n", "{\"a\":[1,[2],[3,4]]}"},
		/* Merges. */
		{"a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\n",
		 "{\"a\":{\"x\":1,\"z\":2},\"b\":{\"x\":1,\"z\":3}}"},
		{"a: &a {x: 1, z: 2}\nb: {z: 3, <<: *a}\n",
		 "{\"a\":{\"x\":1,\"z\":2},\"b\":{\"x\":1,\"z\":2}}"},
		{"b: {<<: [{x: 1}, {x: 2, z: 2}], <<: {w: 3}}\n",
		 "{\"b\":{\"z\":2,\"x\":1,\"w\":3}}"},
		{"b: {x: &v 1, <<: {x: &w 2}, c: [*v, *w]}\n", "{\"b\":{\"x\":2,\"c\":[1,2]}}"},
		{"b: {<<: &m {x: 1}, x: 2, c: *m}\n", "{\"b\":{\"x\":2,\"c\":{\"x\":1}}}"},
		{"b: {\"<<\": {x: 1}}\n", "{\"b\":{\"<<\":{\"x\":1}}}"},
		{"b: {!!merge <<: {x: 1}, <<: {}}\n", "{\"b\":{\"x\":1}}"},
		/* JSON, and YAML that looks like it. */
		{" {\"a\": 1e3} {\"b\":\n9007199254740993}\nnull\n",
		 "{\"a\":1000}\n{\"b\":9007199254740993}"},
		{"{a: 1, b: [x]}", "{\"a\":1,\"b\":[\"x\"]}"},
		{"{\"a\": 1}\n---\n{\"b\": 2}\n---\nc: 3\n", "{\"a\":1}\n{\"b\":2}\n{\"c\":3}"},
		{"{\"a\": 1} b: 2", "{\"a\":1}\n{\"b\":2}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_reads(cases[i].text, strlen(cases[i].text), cases[i].json);
	}
}

static void test_encodings(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t length;
		const char *json;
	} cases[] = {
		{"\xEF\xBB\xBF"
		 "a: \xC3\xA4",
		 8, "{\"a\":\"\xC3\xA4\"}"},
		{"\xEF\xBB\xBF{\"a\":1}", 10, "{\"a\":1}"},
		{"\xFF\xFE"
		 "a\0:\0 \0\xE4\0",
		 10, "{\"a\":\"\xC3\xA4\"}"},
		{"\xFE\xFF\0a\0:\0 \xD8\x3D\xDE\x00", 12, "{\"a\":\"\xF0\x9F\x98\x80\"}"},
		{"\xFE\xFF\0a\0:\0 \xD8\x3D\0b\0", 13,
		 "{\"a\":\"\xEF\xBF\xBD"
		 "b\xEF\xBF\xBD\"}"},
		{"a: x\xFFy\xC3", 7, "{\"a\":\"x\xEF\xBF\xBDy\xEF\xBF\xBD\"}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_reads(cases[i].text, cases[i].length, cases[i].json);
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"a: 1\nb: 2\na: 3\n", "3:1: duplicate key \"a\", first at 1:1"},
		{"x:\n  yes: 1\n  \"true\": 2\n", "3:3: duplicate key \"true\", first at 2:3"},
		{"{\"a\": 1,\n \"a\": 2}", "2:2: duplicate key \"a\", first at 1:2"},
		{"a: 1\n---\nb: {c: 1, c: 2}\n", "3:11: duplicate key \"c\", first at 3:5"},
		{"a: 1\n...\nb: 2\n", "3:1: text after the end of the document"},
		{"--- {a: 1}\n", "1:5: \"{a: 1}\" after a document separator"},
		{"a: |\n ---\n---foo\n", "3:4: \"foo\" after a document separator"},
		{"- a\n", "1:1: the document is a list, not a mapping"},
		{"---\n\n hello\n", "3:2: the document is a scalar, not a mapping"},
		{"{\"a\":1}\n [1]", "2:2: the document is a list, not an object"},
		{"a: 1\n b: 2\n", "2:3: mapping values are not allowed in this context"},
		{"---\na: [1\n---\nb: 1\n",
		 "3:1: did not find expected ',' or ']', while parsing a flow sequence that "
		 "began at 2:4"},
		{"a:\n\t- 1\n", "2:1: found character that cannot start any token"},
		{"a: \"b\n\x01\"\n", "2:1: control characters are not allowed (U+0001)"},
		{"a: \"x\\0\"\n", "1:4: a NUL character in a string"},
		{"{\"a\": \"\\u0000\"}", "1:8: a NUL character in a string"},
		{"a: .inf\n", "1:4: infinity and NaN have no JSON form"},
		{"a:\n  ~: b\n", "2:3: null as a key"},
		{"[a]: b\n", "1:1: a list as a key"},
		{"a: {{ .Values.x }}\n",
		 "1:5: a mapping as a key (a template that was not rendered?)"},
		{"9223372036854775808: a\n", "1:1: an integer beyond int64 as a key"},
		{"a: &x [1]\n*x : 1\n", "2:1: an alias of a mapping or a list as a key"},
		{"a: [b?c]\n", "1:5: a plain scalar with a question mark in a flow collection"},
		{"a: [!!str, b]\n", "1:5: a tag that runs into a comma"},
		{"a: \"x\\/y\"\n", "1:4: unknown escape \"\\/\""},
		{"a: b\n\xEF\xBB\xBFz: c\n", "2:1: a byte order mark at the start of a line"},
		{"a: *x\n", "1:4: unknown anchor \"x\""},
		{"a: &x 1\n---\nb: *x\n", "3:4: unknown anchor \"x\""},
		{"a: &x {b: *x}\n", "1:11: alias \"x\" stands inside its own anchor"},
		{"a: {<<: 1}\n",
		 "1:9: what is merged with << must be a mapping or a list of mappings"},
		{"a: {x: &x [{}], <<: *x}\n", "1:21: an alias that is merged must name a mapping"},
		{"a: {<<: [{}, 1]}\n",
		 "1:9: what is merged with << must be a mapping or a list of mappings"},
		{"a: !!int x\n", "1:4: cannot read \"x\" as !!int"},
		{"a: !!float 18446744073709551615\n",
		 "1:4: cannot read \"18446744073709551615\" as !!float"},
		{"a: !!binary $\n", "1:4: !!binary with invalid base64 data"},
		{"a: !!binary AA==\n", "1:4: !!binary with a NUL character"},
		{"a: !!timestamp 2001-02-30\n", "1:4: cannot read \"2001-02-30\" as !!timestamp"},
		{"%YAML 1.1\n---\na: 1\n", "2:1: did not find expected <document start>"},
		/* JSON that is neither. */
		{"{\"a\": 1 \"b\": 2}", "1:9: \"\\\"\" where \",\" or \"}\" should be"},
		{"{\"a\":1}{\"a\":2}{b: 3}", "1:16: \"b\" where a quoted key should be"},
		{"{\"a\": 1e400}", "1:7: a number too large for a double"},
		{"{\"a\":1}\n---\nb: 1\n---\nc: [\n", "6:1: did not find expected node content"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_refuses(cases[i].text, strlen(cases[i].text), ERR_INVALID, cases[i].message);
}

static void test_marks(void **state)
{
	(void)state;
	static const char text[] = "# c\n---\nk: &a\n  \xC3\xA4: [x,\n    {y: z}]\n"
				   "---\nq:\n- r: 1\n-\n  - s\nm: {<<: {o: 1}}\n";
	static const struct {
		const char *path;
		uint32_t line, column;
	} cases[] = {{"q", 7, 1}, {"m", 11, 1}, {"m.o", 11, 10}};
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	load(text, sizeof(text) - 1, &docs);
	assert_int_equal(docs.count, 2);

	const struct yaml_doc *doc = &docs.items[0];
	static const struct yaml_mark first[] = {{3, 1}, {3, 1}, {4, 3}, {4, 7}, {5, 5}, {5, 6}};
	assert_int_equal(doc->mark_count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(doc->marks[i].line, first[i].line);
		assert_int_equal(doc->marks[i].column, first[i].column);
	}

	doc = &docs.items[1];
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct yaml_mark mark = yaml_mark_of(doc, json_at(doc->root, cases[i].path));

		assert_int_equal(mark.line, cases[i].line);
		assert_int_equal(mark.column, cases[i].column);
	}
	const cJSON *item = json_get(doc->root, "q")->child->next;
	assert_int_equal(yaml_mark_of(doc, item).line, 10);
	assert_int_equal(yaml_mark_of(doc, item->child).column, 5);
	assert_int_equal(yaml_mark_of(doc, docs.items[0].root).line, 0);
	assert_int_equal(yaml_mark_of(doc, NULL).line, 0);
}

/* An alias stands where it is used; what it names keeps its place. */
static void test_marks_of_aliases(void **state)
{
	(void)state;
	static const char text[] = "a: &a\n  b: [1]\nc: *a\nd:\n- *a\n";
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	load(text, sizeof(text) - 1, &docs);
	const struct yaml_doc *doc = &docs.items[0];
	assert_int_equal(yaml_mark_of(doc, json_at(doc->root, "c")).line, 3);
	assert_int_equal(yaml_mark_of(doc, json_at(doc->root, "c.b")).line, 2);
	assert_int_equal(yaml_mark_of(doc, json_get(doc->root, "d")->child).line, 5);
}

static void test_marks_of_json(void **state)
{
	(void)state;
	static const char text[] = "\r\n{\"\xC3\xA4\": 1,\r\n  \"b\": [\n 2]}\r{\"c\": 3}";
	static const struct yaml_mark first[] = {{2, 1}, {2, 2}, {3, 3}, {4, 2}};
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	load(text, sizeof(text) - 1, &docs);
	assert_int_equal(docs.count, 2);
	assert_int_equal(docs.items[0].mark_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(docs.items[0].marks[i].line, first[i].line);
		assert_int_equal(docs.items[0].marks[i].column, first[i].column);
	}
	assert_int_equal(docs.items[1].marks[1].line, 5);
	assert_int_equal(docs.items[1].marks[1].column, 2);
}

/* --- bombs ----------------------------------------------------------------------------------- */

static void test_alias_bombs(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);

	/* Nine lists of nine of the one before: 9^9 values. */
	buf_puts(&text, "a: &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 9; i++) {
		buf_printf(&text, "%c: &a%d [", 'a' + i, i);
		for (int j = 0; j < 9; j++)
			buf_printf(&text, "*a%d,", i - 1);
		buf_puts(&text, "]\n");
	}
	assert_refuses(
		text.data, text.length, ERR_LIMIT,
		"4:21: too much of the document comes from aliases; write out what they name");

	/* Two halves, each within the cap. */
	buf_clear(&text);
	buf_puts(&text, "a: &a\n");
	for (int i = 0; i < JSON_MAX_DEPTH / 2; i++)
		buf_puts(&text, "- ");
	buf_puts(&text, "x\nb:\n");
	for (int i = 0; i < JSON_MAX_DEPTH / 2; i++)
		buf_puts(&text, "- ");
	buf_puts(&text, "*a\n");
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "4:1001: nested deeper than 1000 levels; flatten it");

	/* As kubectl: not many aliases are fine, whatever their share. */
	buf_clear(&text);
	buf_puts(&text, "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: [");
	for (int i = 0; i < 80; i++)
		buf_puts(&text, "*a,");
	buf_puts(&text, "]\n");
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	load(text.data, text.length, &docs);
	assert_int_equal(docs.items[0].mark_count, 1 + 11 + 1 + 80 * 11);
}

static void test_other_bombs(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES + 1);

	buf_puts(&text, "a: ");
	buf_fill(&text, '[', 100000);
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "1:204: more than 200 flow collections inside of each other; write some as "
		       "blocks");

	buf_clear(&text);
	buf_puts(&text, "a:\n");
	for (int i = 0; i < 100000; i++)
		buf_puts(&text, "- ");
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "2:1999: nested deeper than 1000 levels; flatten it");

	buf_clear(&text);
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%%TAG !%d! x\n", i);
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "101:1: more than 100 lines that begin with %; remove some");

	buf_clear(&text);
	buf_puts(&text, "a:\n");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "- &a%d x\n", i);
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "10002:3: more than 10000 anchors in one document; split it");

	buf_clear(&text);
	for (unsigned i = 0; i <= 1024; i++) {
		buf_puts(&text, "---\na: [");
		for (int j = 0; j < 1022; j++)
			buf_puts(&text, "1,");
		buf_puts(&text, "]\n");
	}
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "2050:1: more than 1048576 values in one file; split it");

	buf_clear(&text);
	buf_fill(&text, 'x', YAML_MAX_BYTES + 1);
	assert_refuses(text.data, text.length, ERR_LIMIT,
		       "1:1: larger than 16777216 bytes; split it into several files");
}

/* None of these may take the square of its size. */
static void test_long_input(void **state)
{
	(void)state;
	enum { COUNT = 50000, ANCHORS = YAML_MAX_ANCHORS };
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	buf_puts(&text, "anchors:\n");
	for (int i = 0; i < ANCHORS; i++)
		buf_printf(&text, "- &a%d {k%d: 1}\n", i, i);
	buf_puts(&text, "merged:\n");
	for (int i = 0; i < COUNT; i++)
		buf_printf(&text, "  <<: *a%d\n  m%d: 1\n", i % ANCHORS, i);
	buf_puts(&text, "text: ");
	buf_fill(&text, '7', 2000000);
	buf_puts(&text, "\nblock: |\n");
	for (int i = 0; i < COUNT; i++)
		buf_puts(&text, "  line\n");
	load(text.data, text.length, &docs);
	assert_int_equal(cJSON_GetArraySize(json_get(docs.items[0].root, "merged")),
			 ANCHORS + COUNT);

	buf_clear(&text);
	for (int i = 0; i < COUNT; i++)
		buf_printf(&text, "---\nk: %d\n", i);
	yaml_docs_release(&docs);
	load(text.data, text.length, &docs);
	assert_int_equal(docs.count, COUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_scalars), cmocka_unit_test(test_documents),
		cmocka_unit_test(test_encodings),     cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_marks),         cmocka_unit_test(test_marks_of_aliases),
		cmocka_unit_test(test_marks_of_json), cmocka_unit_test(test_alias_bombs),
		cmocka_unit_test(test_other_bombs),   cmocka_unit_test(test_long_input),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
