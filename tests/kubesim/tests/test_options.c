#include "tests/kubesim/options.h"

#include <string.h>

#include "tests/support/check.h"

/* Reads words separated by spaces as a command line; they are cut in place, in `text`. */
static int read_words(char *text, struct options *ret_options, struct err *err)
{
	char *argv[16] = {text}, *rest = text, *word;
	int argc = 1;

	while ((word = strsep(&rest, " ")) && word[0])
		argv[argc++] = word;
	return options_read(argc, argv, ret_options, err);
}

static void test_read(void **state)
{
	char text[] = "--port 8001 --kubeconfig=k --ready-after 250ms --fail-image a:*=NotReady "
		      "--deny get:pods --fault 503*1 --verbose --plain-http --no-controllers";
	CLEANUP(options_release) struct options options = {0};
	struct err err = {0};

	(void)state;
	assert_ok(read_words(text, &options, &err), err);
	assert_int_equal(options.http.port, 8001);
	assert_string_equal(options.kubeconfig, "k");
	assert_int_equal(options.cluster.ready_after_ms, 250);
	assert_string_equal(options.cluster.fail_images[0].pattern, "a:*");
	assert_string_equal(options.cluster.fail_images[0].reason, "NotReady");
	assert_string_equal(options.denials[0].resource, "pods");
	assert_int_equal(options.faults.count, 1);
	assert_true(options.http.verbose && options.http.plain && options.cluster.no_controllers);
	assert_true(options.parent_death);
}

static void test_refused(void **state)
{
	static const struct {
		const char *words, *message;
	} cases[] = {
		{"--nope", "unknown option \"--nope\"; see --help"},
		{"serve", "unknown option \"serve\"; see --help"},
		{"--port", "--port needs N"},
		{"--port 65536", "--port: \"65536\" is not a number from 0 to 65535"},
		{"--port -1", "--port: \"-1\" is not a number from 0 to 65535"},
		{"--verbose=yes", "--verbose takes no value"},
		{"--fail-image x", "--fail-image: \"x\" is not PATTERN=REASON"},
		{"--deny x", "--deny: \"x\" is not VERB:RESOURCE"},
		{"--parent-death maybe", "--parent-death: \"maybe\" is neither true nor false"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options options;
		struct err err = {0};
		char text[64];

		strcpy(text, cases[i].words);
		assert_error(read_words(text, &options, &err), err, ERR_INVALID, cases[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
