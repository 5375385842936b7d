#include "diff/json.h"

#include <string.h>

#include "tests/support/check.h"

#define OUT_MAX (1024u * 1024)

/* Reads the text, which must be good, and owns nothing afterwards but the value. */
static cJSON *parse(const char *text)
{
	struct err err;
	cJSON *value = NULL;

	assert_ok(json_parse(text, strlen(text), &value, &err), err);
	return value;
}

static void test_reads_and_writes(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"null", "null"},
		{" [ ] ", "[]"},
		{"\t{\r\n}", "{}"},
		{"[true,false,null]", "[true,false,null]"},
		{"{\"b\":1,\"a\":{\"c\":[1,2]},\"B\":2}", "{\"b\":1,\"a\":{\"c\":[1,2]},\"B\":2}"},
		{"{\"\":0}", "{\"\":0}"},
		{"\"\\u00e4\\ud83d\\ude00\"", "\"\xC3\xA4\xF0\x9F\x98\x80\""},
		{"\"\\ud83d\\ud83d\\ude00\\udc00x\"",
		 "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBDx\""},
		{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\""},
		{"\"<&>\x7F\"", "\"<&>\x7F\""},
		{"\"\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA\"", "\"\\u2028\\u2029\xE2\x80\xAA\""},
		/* Integers over all of int64. */
		{"0", "0"},
		{"-0", "0"},
		{"9007199254740993", "9007199254740993"},
		{"1152921504606846976", "1152921504606846976"},
		{"9223372036854775807", "9223372036854775807"},
		{"-9223372036854775808", "-9223372036854775808"},
		/* Everything else is a double. */
		{"9223372036854775808", "9223372036854776000"},
		{"18446744073709551615", "18446744073709552000"},
		{"123456789012345678901234567890", "1.2345678901234568e+29"},
		{"1.0", "1"},
		{"-0.0", "0"},
		{"1e3", "1000"},
		{"1E+20", "100000000000000000000"},
		{"92233720364740512.0", "92233720364740510"},
		{"1e21", "1e+21"},
		{"0.000001", "0.000001"},
		{"0.0000001", "1e-7"},
		{"1.5e-10", "1.5e-10"},
		{"0.1", "0.1"},
		{"-12.375", "-12.375"},
		{"3.141592653589793", "3.141592653589793"},
		{"5e-324", "5e-324"},
		{"1.7976931348623157e308", "1.7976931348623157e+308"},
		{"1e-400", "0"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = parse(cases[i].in);
		CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);

		json_print(value, &out);
		assert_string_equal(buf_str(&out), cases[i].out);
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "1:1: the text ends where a value should be"},
		{"  \n ", "2:2: the text ends where a value should be"},
		{"[1,]", "1:4: \"]\" where a value should be"},
		{"[1 2]", "1:4: \"2\" where \",\" or \"]\" should be"},
		{"{\"a\" 1}", "1:6: \"1\" where \":\" should be"},
		{"{\"a\":1,}", "1:8: \"}\" where a quoted key should be"},
		{"{a:1}", "1:2: \"a\" where a quoted key should be"},
		{"{\"a\":1 \"b\":2}", "1:8: \"\\\"\" where \",\" or \"}\" should be"},
		{"[1", "1:3: the text ends where \",\" or \"]\" should be"},
		{"1 1", "1:3: \"1\" where the end of the text should be"},
		{"nul", "1:1: \"n\" where a value should be"},
		{"01", "1:1: a number with a leading zero"},
		{"-", "1:2: the text ends where a digit should be"},
		{"1.e1", "1:3: \"e\" where a digit should be"},
		{"1e", "1:3: the text ends where a digit should be"},
		{"1e400", "1:1: a number too large for a double"},
		{"NaN", "1:1: \"N\" where a value should be"},
		{"\"abc", "1:1: a string that does not end"},
		{"\"abc\\\"", "1:1: a string that does not end"},
		{"\"abc\\", "1:1: a string that does not end"},
		{"\"a\\x\"", "1:3: an unknown escape in a string"},
		{"\"\\u12g4\"", "1:2: \"\\u\" is not followed by four hexadecimal digits"},
		{"\"\\u12\"", "1:2: \"\\u\" is not followed by four hexadecimal digits"},
		{"\"\\u0000\"", "1:2: a NUL character in a string"},
		{"[\"\xC3\xA4\", \"a\nb\"]", "1:9: a control character in a string"},
		{"\"\xC0\x80\"", "1:2: bytes that are not UTF-8"},
		{"\"\xED\xA0\x80\"", "1:2: bytes that are not UTF-8"},
		{"\"\xE4\"", "1:2: bytes that are not UTF-8"},
		{"\xFF", "1:1: bytes that are not UTF-8"},
		{"{\"a\":1,\n \"b\":{\"a\":2},\n \"a\":3}",
		 "3:2: duplicate key \"a\", first at 1:2"},
		{"[1,\r2,\r\n3,\n 4,\xC3\xA4]", "4:4: \"\xC3\xA4\" where a value should be"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = {.class = ERR_NONE};
		cJSON *value = NULL;

		assert_error(json_parse(cases[i].text, strlen(cases[i].text), &value, &err), err,
			     ERR_INVALID, cases[i].message);
		assert_null(value);
	}
}

static void test_refuses_nul_bytes(void **state)
{
	(void)state;
	struct err err;
	cJSON *value;

	assert_error(json_parse("[1]\0", 4, &value, &err), err, ERR_INVALID,
		     "1:4: a NUL where the end of the text should be");
	assert_error(json_parse("\"a\0\"", 4, &value, &err), err, ERR_INVALID,
		     "1:3: a NUL character in a string");
}

static void test_keeps_to_its_limits(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf text = BUF_INIT(64u * 1024 * 1024);
	CLEANUP(cJSON_Delete_p) cJSON *deepest = NULL;
	cJSON *value;
	struct err err;

	buf_fill(&text, '[', JSON_MAX_DEPTH);
	buf_fill(&text, ']', JSON_MAX_DEPTH);
	assert_ok(json_parse(text.data, text.length, &deepest, &err), err);

	buf_clear(&text);
	buf_fill(&text, '[', 4u * 1024 * 1024);
	assert_error(json_parse(text.data, text.length, &value, &err), err, ERR_LIMIT,
		     "1:1001: nested deeper than 1000 levels");

	buf_clear(&text);
	buf_puts(&text, "[0");
	for (unsigned i = 1; i < JSON_MAX_NODES; i++)
		buf_puts(&text, ",0");
	buf_puts(&text, "]");
	assert_error(json_parse(text.data, text.length, &value, &err), err, ERR_LIMIT,
		     "1:8388608: more than 4194304 values");

	buf_clear(&text);
	buf_fill(&text, '9', 100000);
	assert_error(json_parse(text.data, text.length, &value, &err), err, ERR_LIMIT,
		     "1:1: a number of more than 511 bytes");
}

/* Many keys must not take the square of their number; two of them that are equal are found. */
static void test_many_keys(void **state)
{
	(void)state;
	enum { COUNT = 200000 };
	CLEANUP(buf_release) struct buf text = BUF_INIT(64u * 1024 * 1024);
	CLEANUP(cJSON_Delete_p) cJSON *forward = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *backward = NULL;
	cJSON *value;
	struct err err;

	for (int i = 0; i < COUNT; i++)
		buf_printf(&text, "%c\"k%d\":%d", i ? ',' : '{', i, i);
	buf_puts(&text, "}");
	assert_ok(json_parse(text.data, text.length, &forward, &err), err);
	assert_int_equal(json_count_nodes(forward), COUNT + 1);

	buf_truncate(&text, text.length - 1);
	buf_puts(&text, ",\n\"k77\":1,\"k5\":1}");
	assert_error(json_parse(text.data, text.length, &value, &err), err, ERR_INVALID,
		     "2:1: duplicate key \"k77\", first at 1:675");

	buf_clear(&text);
	for (int i = COUNT - 1; i >= 0; i--)
		buf_printf(&text, "%c\"k%d\":%d", i == COUNT - 1 ? '{' : ',', i, i);
	buf_puts(&text, "}");
	assert_ok(json_parse(text.data, text.length, &backward, &err), err);
	assert_true(json_equal(forward, backward));
}

static void test_prefixes(void **state)
{
	(void)state;
	static const char text[] = " {\"a\":1}\n {\"b\":2} x";
	struct err err;
	size_t used;
	cJSON *value;

	assert_ok(json_parse_prefix(text, strlen(text), &value, &used, &err), err);
	assert_int_equal(json_int_or(value, "a", 0), 1);
	assert_int_equal(used, 10);
	cJSON_Delete(value);
	assert_ok(json_parse_prefix(text + used, strlen(text) - used, &value, &used, &err), err);
	assert_int_equal(json_int_or(value, "b", 0), 2);
	assert_int_equal(used, 8);
	cJSON_Delete(value);
}

static void test_pretty(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *value = parse("{\"a\":[1,{\"b\":\"x\"}],\"c\":{},\"d\":[],\"e\":null}");
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);

	json_print_pretty(value, &out);
	assert_string_equal(buf_str(&out), "{\n"
					   "  \"a\": [\n"
					   "    1,\n"
					   "    {\n"
					   "      \"b\": \"x\"\n"
					   "    }\n"
					   "  ],\n"
					   "  \"c\": {},\n"
					   "  \"d\": [],\n"
					   "  \"e\": null\n"
					   "}");
}

static void test_looks_into(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *value = parse("{\"A\":1,\"a\":{\"b.c\":\"x\",\"b\":{\"c\":\"y\",\"t\":true,"
			     "\"n\":9007199254740993}},\"f\":1.5,\"g\":2.0,\"h\":1e19,\"l\":[1]}");
	int64_t number = 0;

	assert_int_equal(json_int_or(value, "A", 0), 1);
	assert_null(json_get(value, "F"));
	assert_string_equal(json_get(json_get(value, "a"), "b.c")->valuestring, "x");
	assert_string_equal(json_str(value, "a.b.c"), "y");
	assert_null(json_str(value, "a.b"));
	assert_null(json_at(value, "a.x.c"));
	assert_null(json_at(value, "A.x"));
	assert_null(json_at(value, "l.x"));
	assert_null(json_at(value, "a."));
	assert_null(json_get(NULL, "a"));
	assert_null(json_at(NULL, "a.b"));
	assert_null(json_str(NULL, "a"));
	assert_true(json_true(value, "a.b.t"));
	assert_false(json_true(value, "A"));
	assert_true(json_int(value, "a.b.n", &number));
	assert_true(number == 9007199254740993);
	assert_false(json_int(value, "f", &number));
	assert_false(json_int(value, "h", &number));
	assert_false(json_int(value, "nothing", &number));
	assert_int_equal(json_int_or(value, "g", 0), 2);
	assert_int_equal(json_int_or(value, "f", 7), 7);
	assert_false(json_int_value(NULL, &number));
}

static void test_integers_keep_their_value(void **state)
{
	(void)state;
	static const int64_t values[] = {0,         -1,        INT64_MAX,       INT64_MIN,
					 1LL << 53, 1LL << 60, -(1LL << 53) - 1};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *value = json_new_int(values[i]);
		CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(value);
		int64_t back = 7;

		assert_true(json_int_value(copy, &back));
		assert_true(back == values[i]);
		assert_true(json_equal(value, copy));
	}
}

static void test_changes(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *value = parse("{\"a\":1,\"b\":{\"c\":2},\"l\":[]}");
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);
	struct err err;

	assert_ok(json_set_str(value, "a", "x", &err), err);
	assert_ok(json_set_int(value, "b.d.e", 3, &err), err);
	assert_ok(json_set(value, "b.c", json_copy(json_at(value, "b.d")), &err), err);
	assert_ok(json_set_key(value, "x.y/z", cJSON_CreateTrue(), &err), err);
	assert_ok(json_append(json_get(value, "l"), json_copy(json_get(value, "a")), &err), err);
	assert_ok(json_append(json_get(value, "l"), cJSON_CreateNull(), &err), err);
	json_remove(value, "b.d.e");
	json_remove(value, "b.nothing.e");
	json_remove(value, "nothing");
	json_print(value, &out);
	assert_string_equal(buf_str(&out), "{\"a\":\"x\",\"b\":{\"c\":{\"e\":3},\"d\":{}},"
					   "\"l\":[\"x\",null],\"x.y/z\":true}");

	json_remove_key(value, "x.y/z");
	json_remove_key(value, "x.y/z");
	json_remove(value, "b");
	assert_ok(json_set_int(value, "z", 1, &err), err);
	buf_clear(&out);
	json_print(value, &out);
	assert_string_equal(buf_str(&out), "{\"a\":\"x\",\"l\":[\"x\",null],\"z\":1}");

	assert_error(json_set_int(value, "a.b.c", 1, &err), err, ERR_INVALID,
		     "cannot set \"a.b.c\": \"a\" is not an object");
	assert_error(json_set_int(json_get(value, "a"), "b", 1, &err), err, ERR_INVALID,
		     "cannot set \"b\" in what is not an object");
	assert_error(json_append(value, cJSON_CreateNull(), &err), err, ERR_INVALID,
		     "cannot append to what is not a list");
	assert_error(json_set(value, "q", NULL, &err), err, ERR_NO_MEMORY, "out of memory");
	assert_error(json_append(json_get(value, "l"), NULL, &err), err, ERR_NO_MEMORY,
		     "out of memory");
}

static void test_equality(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"1", "1.0", true},
		{"9007199254740993", "9007199254740992", false},
		{"9223372036854775807", "9223372036854775808", false},
		{"1e19", "10000000000000000000", true},
		{"1.5", "1.5", true},
		{"1", "\"1\"", false},
		{"null", "false", false},
		{"true", "false", false},
		{"\"a\"", "\"A\"", false},
		{"[1,2]", "[2,1]", false},
		{"[1,2]", "[1]", false},
		{"[]", "{}", false},
		{"{\"a\":1,\"b\":[{}]}", "{\"b\":[{}],\"a\":1}", true},
		{"{\"a\":1}", "{\"A\":1}", false},
		{"{\"a\":1}", "{\"a\":2}", false},
		{"{\"a\":1,\"b\":2}", "{\"b\":1,\"a\":2}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
		{"{\"a\":null}", "{}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *a = parse(cases[i].a);
		CLEANUP(cJSON_Delete_p) cJSON *b = parse(cases[i].b);

		if (json_equal(a, b) != cases[i].equal || json_equal(b, a) != cases[i].equal)
			fail_msg("%s and %s should%s be equal", cases[i].a, cases[i].b,
				 cases[i].equal ? "" : " not");
	}
	assert_true(json_equal(NULL, NULL));
	CLEANUP(cJSON_Delete_p) cJSON *null = parse("null");
	assert_false(json_equal(null, NULL));
}

/* What is managedFields of an object, and nothing else, stays the text that it is. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool raw;
	} cases[] = {
		{"{\"metadata\":{\"managedFields\":[ {\"a\":\"]\\\"\"} "
		 "],\"name\":\"x\"},\"spec\":[]}",
		 1},
		{"{\"metadata\":{\"managedFields\":[]}}", true},
		{"{\"items\":[{\"metadata\":{\"managedFields\":[1]}},"
		 "{\"metadata\":{\"managedFields\":[[2]]}}],\"metadata\":{}}",
		 true},
		{"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"managedFields\":[{}]}}}", true},
		{"{\"metadata\":{\"managedFields\":null}}", false},
		{"{\"metadata\":{\"labels\":{\"managedFields\":[1]}}}", false},
		{"{\"metadata\":{},\"own\":{\"managedFields\":[1]}}", false},
		{"{\"spec\":{\"template\":{\"metadata\":{\"managedFields\":[1]}}}}", false},
		{"{\"items\":{\"metadata\":{\"managedFields\":[1]}}}", false},
		{"{\"managedFields\":[1]}", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = cases[i].text;
		CLEANUP(cJSON_Delete_p) cJSON *whole = parse(text);
		CLEANUP(cJSON_Delete_p) cJSON *answer = NULL;
		CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);
		struct err err;

		assert_ok(json_parse_answer(text, strlen(text), &answer, &err), err);
		if (json_equal(whole, answer) == cases[i].raw)
			fail_msg("%s: %s", text, cases[i].raw ? "is a tree" : "is text");
		json_print(answer, &out);
		CLEANUP(cJSON_Delete_p) cJSON *again = parse(buf_str(&out));
		assert_true(json_equal(whole, again));
		CLEANUP(cJSON_Delete_p) cJSON *copy = json_copy(answer);
		assert_true(json_equal(answer, copy));
		if (json_at(answer, "metadata.managedFields")) {
			assert_ok(json_unpack_managed_fields(answer, &err), err);
			assert_true(json_equal(whole, answer));
		}
	}
}

static void test_answers_that_are_broken(void **state)
{
	(void)state;
	static const char nul[] = "{\"metadata\":{\"managedFields\":[\0]}}";
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;
	const char *text;
	struct err err;

	assert_int_equal(json_parse_answer(nul, sizeof(nul) - 1, &value, &err), -1);
	assert_string_equal(err.message, "1:30: a NUL in a list");
	text = "{\"metadata\":{\"managedFields\":[{\"a\":\"]}";
	for (size_t length = 0; length <= strlen(text); length++)
		assert_int_equal(json_parse_answer(text, length, &value, &err), -1);
	assert_string_equal(err.message, "1:30: a list that does not end");
	text = "{\"metadata\":{\"managedFields\":[,]}}";
	assert_ok(json_parse_answer(text, strlen(text), &value, &err), err);
	assert_int_equal(json_unpack_managed_fields(value, &err), -1);
	assert_string_equal(err.message,
			    "metadata.managedFields: 1:2: \",\" where a value should be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_answers_that_are_broken),
		cmocka_unit_test(test_reads_and_writes),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_refuses_nul_bytes),
		cmocka_unit_test(test_keeps_to_its_limits),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_looks_into),
		cmocka_unit_test(test_integers_keep_their_value),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
