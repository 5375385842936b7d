#include "diff/render.h"

#include <string.h>

#include "tests/support/check.h"

static const char *const entries =
	"{\"version\":1,\"entries\":["
	"{\"at\":\"2026-01-02T04:00:00.000Z\",\"cause\":\"suspend\",\"by\":\"ada@laptop\","
	"\"subject\":\"a "
	"\\u001b[31mmigration\"},"
	"{\"at\":\"2026-01-02T03:30:00.000Z\",\"cause\":\"drift\",\"commit\":\"3f2c1ab0\","
	"\"author\":\"Ann\","
	"\"times\":3,\"replaced\":3},"
	"{\"at\":\"2026-01-02T03:00:00.000Z\",\"cause\":\"commit\",\"commit\":\"3f2c1ab0\","
	"\"author\":\"Ann\","
	"\"subject\":\"A canary of web that has a subject of so many "
	"words\",\"replaced\":1,\"failed\":2,"
	"\"statefulSets\":[{\"namespace\":\"shop\",\"name\":\"web\",\"images\":[\"n:1\",\"n:2\"],"
	"\"partition\":[5,4],\"phase\":\"Stuck\",\"reason\":\"web-4: ImagePullBackOff\","
	"\"since\":\"2026-01-02T03:01:40.000Z\"}],\"more\":2}]}";

static void test_table(void **state)
{
	(void)state;
	const struct render_options options = {0};
	CLEANUP(history_release) struct history history = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(history_parse(entries, strlen(entries), &history, &err), err);
	render_history_table(&history, false, &options, &out);
	assert_string_equal(buf_str(&out),
			    "WHEN                  COMMIT   CAUSE     BY          OUTCOME          "
			    "            SUBJECT\n"
			    "2026-01-02T04:00:00Z  -        suspend   ada@laptop  -                "
			    "            a "
			    "\\x1b[31mmigration\n"
			    "2026-01-02T03:30:00Z  3f2c1ab  drift x3  -           -                "
			    "            -\n"
			    "    3 replaced\n"
			    "2026-01-02T03:00:00Z  3f2c1ab  commit    Ann         2 failed, Stuck "
			    "after 1m40s  A canary of "
			    "web that has a subject of...\n"
			    "    1 replaced, 2 failed\n"
			    "    shop/web: n:1 -> n:2, partition 5 -> 4; web-4: ImagePullBackOff\n"
			    "    and 2 more StatefulSets\n");
}

static void test_wide(void **state)
{
	(void)state;
	const struct render_options options = {0};
	CLEANUP(history_release) struct history history = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(history_parse(entries, strlen(entries), &history, &err), err);
	render_history_table(&history, true, &options, &out);
	assert_non_null(
		strstr(buf_str(&out), "A canary of web that has a subject of so many words\n"));
	assert_non_null(strstr(buf_str(&out),
			       "    shop/web: n:1 -> n:2, partition 5 -> 4; Stuck since "
			       "2026-01-02T03:01:40; web-4: ImagePullBackOff\n"));
}

static void test_nothing(void **state)
{
	(void)state;
	const struct history history = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	assert_ok(render_history_json(&history, "shop", &out, &err), err);
	assert_string_equal(buf_str(&out), "{\n  \"version\": 1,\n  \"app\": \"shop\",\n  "
					   "\"entries\": []\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
