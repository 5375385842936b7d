#include "apply/lines.h"

#include <string.h>

#include "tests/support/check.h"

struct seen {
	struct buf text; /* the lines, each in brackets */
	size_t stop_after;
	size_t count;
};

static bool on_line(void *ctx, const char *line, size_t length)
{
	struct seen *seen = ctx;

	buf_printf(&seen->text, "[%.*s]", (int)length, line);
	return ++seen->count != seen->stop_after;
}

/* Fed in two pieces, cut at every byte, and byte by byte: the lines are the same. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	static const char text[] = "one\ntwo\r\n\n\nthree and more\n\r\nfour\nrest";
	const char *expected = "[one][two][three and more][four]";
	struct err err;

	for (size_t cut = 0; cut <= strlen(text); cut++) {
		struct lines lines = LINES_INIT(100);
		struct seen seen = {.text = BUF_INIT(1000)};

		assert_ok(lines_feed(&lines, text, cut, on_line, &seen, &err), err);
		assert_ok(lines_feed(&lines, text + cut, strlen(text) - cut, on_line, &seen, &err),
			  err);
		assert_string_equal(buf_str(&seen.text), expected);
		assert_ok(lines_feed(&lines, "!\n", 2, on_line, &seen, &err), err);
		assert_string_equal(buf_str(&seen.text) + strlen(expected), "[rest!]");
		lines_release(&lines);
		buf_release(&seen.text);
	}

	struct lines lines = LINES_INIT(100);
	struct seen seen = {.text = BUF_INIT(1000)};
	for (size_t i = 0; i < strlen(text); i++)
		assert_ok(lines_feed(&lines, text + i, 1, on_line, &seen, &err), err);
	assert_string_equal(buf_str(&seen.text), expected);
	lines_clear(&lines);
	assert_ok(lines_feed(&lines, "new\n", 4, on_line, &seen, &err), err);
	assert_string_equal(buf_str(&seen.text) + strlen(expected), "[new]");
	lines_release(&lines);
	buf_release(&seen.text);
}

static void test_too_long(void **state)
{
	(void)state;
	struct seen seen = {.text = BUF_INIT(1000)};
	struct err err;

	/* Whole, in pieces with its end, and in pieces without one. */
	struct lines lines = LINES_INIT(8);
	assert_ok(lines_feed(&lines, "12345678\n", 9, on_line, &seen, &err), err);
	assert_error(lines_feed(&lines, "123456789\n", 10, on_line, &seen, &err), err, ERR_LIMIT,
		     "a line is larger than 8 bytes");
	lines_clear(&lines);
	assert_ok(lines_feed(&lines, "1234", 4, on_line, &seen, &err), err);
	assert_error(lines_feed(&lines, "56789\n", 6, on_line, &seen, &err), err, ERR_LIMIT,
		     "a line is larger than 8 bytes");
	lines_clear(&lines);
	assert_ok(lines_feed(&lines, "12345678", 8, on_line, &seen, &err), err);
	assert_error(lines_feed(&lines, "9", 1, on_line, &seen, &err), err, ERR_LIMIT,
		     "a line is larger than 8 bytes");
	assert_string_equal(buf_str(&seen.text), "[12345678]");
	lines_release(&lines);
	buf_release(&seen.text);
}

static void test_stops(void **state)
{
	(void)state;
	struct lines lines = LINES_INIT(100);
	struct seen seen = {.text = BUF_INIT(1000), .stop_after = 2};
	struct err err;

	assert_ok(lines_feed(&lines, "a\nb\nc\n", 6, on_line, &seen, &err), err);
	assert_string_equal(buf_str(&seen.text), "[a][b]");
	lines_release(&lines);
	buf_release(&seen.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
