#include "diff/yaml.h"

#include <string.h>

#include "tests/support/check.h"

#define OUT_MAX (1024u * 1024)

static void print(const char *json, struct buf *out)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	struct err err;

	assert_ok(json_parse(json, strlen(json), &value, &err), err);
	assert_ok(yaml_print(value, out, &err), err);
}

static void assert_prints(const char *json, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);

	print(json, &out);
	assert_string_equal(buf_str(&out), expected);
}

static void test_containers(void **state)
{
	(void)state;
	assert_prints("{}", "{}\n");
	assert_prints("[]", "[]\n");
	assert_prints("null", "null\n");
	assert_prints("\"a\\nb\"", "|-\n  a\n  b\n");
	assert_prints("{\"b\":[{\"c\":[],\"d\":{}},[1,[2]],\"x\"],\"a\":{\"e\":{\"f\":null}}}",
		      "a:\n"
		      "  e:\n"
		      "    f: null\n"
		      "b:\n"
		      "- c: []\n"
		      "  d: {}\n"
		      "- - 1\n"
		      "  - - 2\n"
		      "- x\n");
	assert_prints("[{\"a\":[{\"b\":[1]}]},[]]", "- a:\n"
						    "  - b:\n"
						    "    - 1\n"
						    "- []\n");
}

static void test_numbers(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"0", "0"},
		{"-0.0", "0"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		{"9223372036854775808", "9223372036854776000"},
		{"18446744073709551615", "1.8446744073709552e+19"},
		{"-9223372036854775809", "-9.223372036854776e+18"},
		{"1e20", "1e+20"},
		{"1.0", "1"},
		{"1e6", "1000000"},
		{"1.5", "1.5"},
		{"999999.5", "999999.5"},
		{"1000000.5", "1.0000005e+06"},
		{"0.0001", "0.0001"},
		{"0.00001", "1e-05"},
		{"1e-100", "1e-100"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);

		print(cases[i][0], &out);
		buf_truncate(&out, out.length - 1);
		assert_string_equal(buf_str(&out), cases[i][1]);
	}
}

/* Strings as values of `v`. */
static void test_strings(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
		{"", "\"\""},
		{"a b", "a b"},
		{" a", "' a'"},
		{"a ", "'a '"},
		{"it's: x", "'it''s: x'"},
		{"a:b", "a:b"},
		{"a:", "'a:'"},
		{"a #b", "'a #b'"},
		{"a#b", "a#b"},
		{"#a", "'#a'"},
		{"- a", "'- a'"},
		{"-a", "-a"},
		{"-", "'-'"},
		{"?", "'?'"},
		{"---", "'---'"},
		{"...x", "'...x'"},
		{"*a", "'*a'"},
		{"{a}", "'{a}'"},
		{"a{", "a{"},
		{"<<", "<<"},
		{"=", "="},
		{"true", "\"true\""},
		{"y", "\"y\""},
		{"yEs", "yEs"},
		{"null", "\"null\""},
		{"~", "\"~\""},
		{"~a", "~a"},
		{"1", "\"1\""},
		{"1.5e3", "\"1.5e3\""},
		{"1e400", "1e400"},
		{"0x1F", "\"0x1F\""},
		{"08", "\"08\""},
		{"1_0", "\"1_0\""},
		{"1.2.3", "1.2.3"},
		{".inf", "\".inf\""},
		{"12:30:45", "\"12:30:45\""},
		{"12:70", "12:70"},
		{"2001-12-14", "\"2001-12-14\""},
		{"2001-2-30", "2001-2-30"},
		{"2004-02-29", "\"2004-02-29\""},
		{"2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\""},
		{"2001-12-14t21:59:43.1+01:00", "\"2001-12-14t21:59:43.1+01:00\""},
		{"2001-12-14  21:59:43.1", "\"2001-12-14  21:59:43.1\""},
		{"2001-12-14T21:59:43", "2001-12-14T21:59:43"},
		{"2001-12-14T24:59:43Z", "2001-12-14T24:59:43Z"},
		{"\\t", "\"\\t\""},
		{"a\\u0001\\u007f\\u0085\\u00a0\\ufeff\\ufffe",
		 "\"a\\x01\\x7F\\N\xC2\xA0\\uFEFF\\uFFFE\""},
		{"\\ufeffa", "\"\\uFEFF\\x61\""},
		{"\xC3\xA4", "\xC3\xA4"},
		{"\xF0\x9F\x98\x80", "\"\\U0001F600\""},
		{"\\\"a\\\\", "'\"a\\'"},
		{"a\\nb", "|-\n  a\n  b"},
		{"a\\nb\\n", "|\n  a\n  b"},
		{"a\\n\\n", "|+\n  a\n"},
		{"\\n", "|2+\n"},
		{" a\\nb\\n", "|2\n   a\n  b"},
		{"a \\nb", "\"a \\nb\""},
		{"a\\tb\\n", "\"a\\tb\\n\""},
		{"a\\r\\nb", "\"a\\r\\nb\""},
		{"a\\u2028b", "'a\xE2\x80\xA8  b'"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf json = BUF_INIT(OUT_MAX);
		CLEANUP(buf_release) struct buf yaml = BUF_INIT(OUT_MAX);

		buf_printf(&json, "{\"v\":\"%s\"}", cases[i][0]);
		buf_printf(&yaml, "v: %s\n", cases[i][1]);
		assert_prints(buf_str(&json), buf_str(&yaml));
	}
}

static void test_folding(void **state)
{
	(void)state;
#define W10 "aaaaaaaaa "
#define W70 W10 W10 W10 W10 W10 W10 W10
	assert_prints("{\"v\":\"" W70 "aaaaaaaaa b c d e\"}", "v: " W70 "aaaaaaaaa\n  b c d e\n");
	assert_prints("{\"v\":\"" W70 W10 "  b: c\"}", "v: '" W70 W10 "  b:\n  c'\n");
	assert_prints("{\"v\":\"" W70 W10 "\\tb  c d\"}", "v: \"" W70 "aaaaaaaaa\n  \\tb  c d\"\n");
	assert_prints("{\"v\":\"" W70 W10 "\\nb c\"}", "v: \"" W70 "aaaaaaaaa\n  \\nb c\"\n");
	/* Keys never fold; a long one or one of several lines stands after a question mark. */
	assert_prints("{\"" W70 W10 W10 "b c\":1}", W70 W10 W10 "b c: 1\n");
	assert_prints("{\"" W70 W70 "b\":[1],\"a\\nb\":{\"c\":2}}",
		      "? |-\n"
		      "  a\n"
		      "  b\n"
		      ": c: 2\n"
		      "? " W70 "aaaaaaaaa\n  " W10 W10 W10 W10 W10 W10 "b\n"
		      ": - 1\n");
}

static void test_order_of_keys(void **state)
{
	(void)state;
	/* Each before the next. */
	static const char *const keys[] = {
		"",    "-",  ".",        "/",  "0",   "00",   "1",
		"1a",  "2",  "10",       "A",  "B",   "a",    "a-b",
		"a.b", "a1", "a01",      "a2", "a10", "a10b", "a99999999999999999999",
		"ab",  "b",  "\xC3\xA4",
	};

	for (size_t i = 0; i + 1 < sizeof(keys) / sizeof(*keys); i++) {
		CLEANUP(buf_release) struct buf json = BUF_INIT(OUT_MAX);
		CLEANUP(buf_release) struct buf yaml = BUF_INIT(OUT_MAX);
		struct yaml_docs docs = {0};
		struct err err;

		buf_printf(&json, "{\"%s\":1,\"%s\":0}", keys[i + 1], keys[i]);
		print(buf_str(&json), &yaml);
		assert_ok(yaml_load(yaml.data, yaml.length, &docs, &err), err);
		if (strcmp(docs.items[0].root->child->string, keys[i]) != 0)
			fail_msg("\"%s\" should come before \"%s\"", keys[i], keys[i + 1]);
		yaml_docs_release(&docs);
	}
}

static void test_cap_of_the_buffer(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf out = BUF_INIT(3);
	CLEANUP(cJSON_Delete_p) cJSON *value = cJSON_CreateString("text");
	struct err err;

	assert_error(yaml_print(value, &out, &err), err, ERR_LIMIT,
		     "the YAML is larger than 3 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_containers),    cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),       cmocka_unit_test(test_folding),
		cmocka_unit_test(test_order_of_keys), cmocka_unit_test(test_cap_of_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
