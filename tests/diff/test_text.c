#include "diff/text.h"

#include <string.h>

#include "tests/support/check.h"

static void test_decodes_and_encodes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint32_t character;
	} cases[] = {
		{"a", 'a'},
		{"\x7F", 0x7F},
		{"\xC2\x80", 0x80},
		{"\xDF\xBF", 0x7FF},
		{"\xE0\xA0\x80", 0x800},
		{"\xED\x9F\xBF", 0xD7FF},
		{"\xEE\x80\x80", 0xE000},
		{"\xEF\xBF\xBF", 0xFFFF},
		{"\xF0\x90\x80\x80", 0x10000},
		{"\xF4\x8F\xBF\xBF", 0x10FFFF},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t length = strlen(cases[i].text);
		uint32_t character = 0;
		char bytes[4];

		assert_int_equal(text_decode(cases[i].text, length, &character), length);
		assert_int_equal(character, cases[i].character);
		assert_int_equal(text_encode(character, bytes), length);
		assert_memory_equal(bytes, cases[i].text, length);
		assert_int_equal(text_decode(cases[i].text, length - 1, &character), 0);
	}
}

static void test_refuses_what_is_no_utf8(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"\x80",         "\xBF",         "\xC0\x80",         "\xC1\xBF",
		"\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
		"\xF8\x88\x80", "\xC3\x28",     "\xE2\x82\x28",     "\xFF",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t character;

		assert_int_equal(text_decode(cases[i], strlen(cases[i]), &character), 0);
	}
}

static void test_positions(void **state)
{
	(void)state;
	static const char text[] = "a\n\xC3\xA4z\r\nb\rc";
	static const struct {
		char at;
		uint32_t line, column;
	} cases[] = {{'a', 1, 1}, {'z', 2, 2}, {'b', 3, 1}, {'c', 4, 1}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t line, column;

		text_position(text, (size_t)(strchr(text, cases[i].at) - text), &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
	}
}

static void test_quotes(void **state)
{
	(void)state;
	char out[TEXT_QUOTE_MAX];
	char text[200];

	assert_string_equal(text_quote("", out), "\"\"");
	assert_string_equal(text_quote("a\"b\\\n\t\x01\x7F", out),
			    "\"a\\\"b\\\\\\n\\t\\u0001\\u007f\"");
	assert_string_equal(text_quote("\xC3\xA4\xFFz", out), "\"\xC3\xA4\xEF\xBF\xBDz\"");
	assert_string_equal(text_quote("\xC2\x9B[31m", out), "\"\\u009b[31m\"");

	/* Cut at a character, never past the room there is. */
	for (size_t length = 80; length < sizeof(text); length++) {
		memset(text, 'x', length);
		memcpy(text + length - 2, "\xC3\xA4", 3);
		size_t quoted = strlen(text_quote(text, out));
		assert_true(quoted < TEXT_QUOTE_MAX);
		assert_int_equal(out[quoted - 1], '"');
		if (length > TEXT_QUOTE_MAX)
			assert_string_equal(out + quoted - 5, "x...\"");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decodes_and_encodes),
		cmocka_unit_test(test_refuses_what_is_no_utf8),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_quotes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
