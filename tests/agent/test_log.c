#include "agent/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "diff/json.h"
#include "tests/support/check.h"

static char seen[16384];

/* What a call writes to standard error. */
#define CAPTURE_CALL(call)                                                \
	do {                                                              \
		int file_ = begin_capture(), saved_ = dup(STDERR_FILENO); \
		dup2(file_, STDERR_FILENO);                               \
		call;                                                     \
		dup2(saved_, STDERR_FILENO);                              \
		close(saved_);                                            \
		end_capture(file_);                                       \
	} while (0)

#define CAPTURE(...) CAPTURE_CALL(log_line(__VA_ARGS__))

static int begin_capture(void)
{
	char path[] = "/tmp/tranche-test-XXXXXX";
	int file = mkstemp(path);

	assert_true(file >= 0);
	unlink(path);
	return file;
}

static void end_capture(int file)
{
	ssize_t length;

	lseek(file, 0, SEEK_SET);
	length = read(file, seen, sizeof(seen) - 1);
	assert_true(length >= 0);
	seen[length] = '\0';
	close(file);
}

static const struct log_subject subject = {
	.app = "shop", .revision = "3f2c1ab", .object = "statefulset.apps/web"};

static void test_text(void **state)
{
	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	CAPTURE(LOG_INFO, &subject, "replaced: %s", "x");
	assert_int_equal(seen[4], '-');
	assert_int_equal(seen[10], 'T');
	assert_int_equal(seen[23], 'Z');
	assert_string_equal(seen + 24, " info    shop@3f2c1ab statefulset.apps/web: replaced: x\n");
	CAPTURE(LOG_WARNING, NULL, "alone");
	assert_string_equal(seen + 24, " warning alone\n");
}

static void test_levels(void **state)
{
	(void)state;
	log_setup(LOG_WARNING, LOG_TEXT);
	CAPTURE(LOG_INFO, &subject, "no");
	assert_string_equal(seen, "");
	CAPTURE(LOG_ERROR, NULL, "yes");
	assert_string_equal(seen + 24, " error   yes\n");
	assert_int_equal(log_level_of("debug"), LOG_DEBUG);
	assert_int_equal(log_level_of("error"), LOG_ERROR);
}

static void test_control_characters_reach_no_terminal(void **state)
{
	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	CAPTURE(LOG_INFO, NULL, "a\x1b[31m\nb\x7f \xc3\xa9");
	assert_string_equal(seen + 24, " info    a\\x1b[31m\\nb\\x7f \xc3\xa9\n");
}

static void test_json(void **state)
{
	CLEANUP(cJSON_Delete_p) cJSON *line = NULL;
	struct err err;

	(void)state;
	log_setup(LOG_INFO, LOG_JSON);
	CAPTURE(LOG_INFO, &subject, "say \"x\"\n");
	assert_int_equal(seen[strlen(seen) - 1], '\n');
	assert_ok(json_parse(seen, strlen(seen), &line, &err), err);
	assert_string_equal(json_str(line, "level"), "info");
	assert_string_equal(json_str(line, "app"), "shop");
	assert_string_equal(json_str(line, "revision"), "3f2c1ab");
	assert_string_equal(json_str(line, "object"), "statefulset.apps/web");
	assert_string_equal(json_str(line, "msg"), "say \"x\"\n");
	assert_int_equal(strlen(json_str(line, "time")), 24);
}

static void test_limit(void **state)
{
	static const struct {
		uint64_t now_ms;
		const char *line; /* after the time */
	} steps[] = {
		{5, " warning refused\n"},
		{6, ""},
		{5 + LOG_LIMIT_MS - 1, ""},
		{5 + LOG_LIMIT_MS, " warning refused (and 2 like it before)\n"},
		{5 + LOG_LIMIT_MS, ""},
		{5 + 3 * LOG_LIMIT_MS, " warning refused (and 1 like it before)\n"},
		{5 + 4 * LOG_LIMIT_MS, " warning refused\n"},
	};
	struct log_limiter limiter = {0}, other = {0};

	(void)state;
	log_setup(LOG_INFO, LOG_TEXT);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		CAPTURE_CALL(log_limited(&limiter, steps[i].now_ms, "%s", "refused"));
		assert_string_equal(*seen ? seen + 24 : seen, steps[i].line);
	}
	CAPTURE_CALL(log_limited(&other, 5, "another"));
	assert_string_equal(seen + 24, " warning another\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_control_characters_reach_no_terminal),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
