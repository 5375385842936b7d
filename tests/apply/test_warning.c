#include "apply/warning.h"

#include "tests/support/check.h"

static void test_texts(void **state)
{
	(void)state;
	static const struct {
		const char *header, *texts;
	} cases[] = {
		{"299 - \"old\"", "old\n"},
		{"299 kube-apiserver \"say \\\"hi\\\" \\\\\"", "say \"hi\" \\\n"},
		{"299 - \"a, b\", 299 - \"c\"", "a, b\nc\n"},
		{"299 - \"a\" \"Sat, 25 Aug 2012 23:34:45 GMT\", 299 - \"b\"", "a\nb\n"},
		{"112 - \"network down\", 299 - \"b\"", "b\n"},
		{"299 - \"line\x01s\x1b[31m\"", "line s [31m\n"},
		{"299 - \"\"", ""},
		{"299 - \"no end", ""},
		{"299 - \"no end\\", ""},
		{"299 -", ""},
		{"299", ""},
		{"", ""},
		{"  \"", ""},
		{"299 - \"a\" b", "a\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf texts = BUF_INIT(1000);

		warning_print_texts(cases[i].header, &texts);
		assert_string_equal(buf_str(&texts), cases[i].texts);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
