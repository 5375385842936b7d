#include "agent/notice.h"

#include <string.h>

#include "agent/notice_board.h"
#include "agent/sink.h"
#include "tests/support/check.h"

#define NOW_MS 1767322989042 /* 2026-01-02T03:03:09.042Z */

static char version[] = "v1", group[] = "apps", kind[] = "StatefulSet", shop[] = "shop",
	    web[] = "web", db[] = "db";
static const struct ref web_ref = {group, version, kind, shop, web};
static const struct ref db_ref = {group, version, kind, shop, db};

static struct notice *drift(const struct ref *ref, enum notice_state state, int64_t now_ms)
{
	struct notice *notice =
		notice_new(NOTICE_DRIFT, state, "shop", ref, "spec.replicas 3 -> 5", now_ms);
	struct err err;

	assert_non_null(notice);
	assert_ok(notice_set_commit(notice, "main@3f2c1ab", "3f2c1ab0", "Ann <a@b> & Co",
				    "Three Pods", &err),
		  err);
	assert_ok(notice_set_uid(notice, "u-1", &err), err);
	return notice;
}

/* --- the table -------------------------------------------------------------------------------- */

static void test_names_are_unique_and_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < NOTICE_KIND_COUNT; i++) {
		enum notice_kind found;

		assert_true(notice_kind_find(notice_kinds[i].name, &found));
		assert_int_equal(found, i);
		assert_true(strlen(notice_kinds[i].help) > 20);
		assert_null(strpbrk(notice_kinds[i].camel_name, "- _"));
	}
	enum notice_kind ignored;
	assert_false(notice_kind_find("Drift", &ignored));
	for (int i = 0; i < NOTICE_SEVERITY_COUNT; i++) {
		enum notice_severity found;

		assert_true(notice_severity_find(notice_severity_name((enum notice_severity)i),
						 &found));
		assert_int_equal(found, i);
	}
}

static void test_the_key_is_stable(void **state)
{
	CLEANUP(notice_drop_p) struct notice *a = drift(&web_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(notice_drop_p) struct notice *b = notice_again(a, NOTICE_ENDS, NOW_MS + 5000);
	CLEANUP(notice_drop_p)
	struct notice *c = notice_new(NOTICE_CONFIG_REFUSED, NOTICE_BEGINS, NULL, NULL, "x", 1);

	(void)state;
	assert_string_equal(a->key, "drift shop shop/statefulset.apps/web");
	assert_string_equal(b->key, a->key);
	assert_string_equal(notice_object(b), "shop/statefulset.apps/web");
	assert_int_equal(b->since_ms, NOW_MS);
	assert_int_equal(b->time_ms, NOW_MS + 5000);
	assert_string_equal(c->key, "config-refused");
	assert_string_equal(notice_object(c), "");
}

/* --- what sinks make of it -------------------------------------------------------------------- */

static void test_slack(void **state)
{
	CLEANUP(notice_drop_p) struct notice *a = drift(&web_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(notice_drop_p) struct notice *b = notice_again(a, NOTICE_ENDS, NOW_MS + 5000);
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct err err;

	(void)state;
	assert_ok(notice_add_field(a, "spec.replicas", "3 -> 5 by kubectl", &err), err);
	assert_ok(sink_slack_print(&a, 1, &out, &err), err);
	assert_string_equal(
		buf_str(&out),
		"{\"text\":\"shop: Drift: shop/statefulset.apps/web\",\"attachments\":[{"
		"\"color\":\"warning\",\"fallback\":\"spec.replicas 3 -&gt; "
		"5\",\"title\":\"Drift\","
		"\"text\":\"spec.replicas 3 -&gt; 5\",\"fields\":["
		"{\"title\":\"Object\",\"value\":\"shop/statefulset.apps/web\",\"short\":true},"
		"{\"title\":\"Commit\",\"value\":\"main@3f2c1ab by Ann &lt;a@b&gt; &amp; Co: Three "
		"Pods\",\"short\":true},"
		"{\"title\":\"spec.replicas\",\"value\":\"3 -&gt; 5 by kubectl\",\"short\":false}],"
		"\"ts\":1767322989}]}");

	buf_clear(&out);
	struct notice *const both[] = {a, b};
	assert_ok(sink_slack_print(both, 2, &out, &err), err);
	assert_non_null(strstr(buf_str(&out), "{\"text\":\"shop: 2 messages\""));
	assert_non_null(strstr(buf_str(&out), "\"color\":\"good\""));
	assert_non_null(strstr(buf_str(&out), "\"title\":\"Resolved: Drift\""));
	assert_non_null(strstr(buf_str(&out), "{\"title\":\"Since\",\"value\":\"2026-01-02T"));
}

static void test_several_objects_are_one_message(void **state)
{
	CLEANUP(notice_drop_p) struct notice *a = drift(&web_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(notice_drop_p) struct notice *b = drift(&db_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct notice *const both[] = {a, b};
	struct err err;

	(void)state;
	assert_ok(sink_slack_print(both, 2, &out, &err), err);
	assert_non_null(strstr(buf_str(&out), "{\"text\":\"shop: Drift: 2 objects\""));
}

/* The ids of events about the same are the same, those of others are others. */
static void test_cloudevents(void **state)
{
	CLEANUP(notice_drop_p) struct notice *a = drift(&web_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(notice_drop_p) struct notice *again = notice_again(a, NOTICE_BEGINS, NOW_MS + 9);
	CLEANUP(notice_drop_p) struct notice *end = notice_again(a, NOTICE_ENDS, NOW_MS + 9);
	CLEANUP(cJSON_Delete_p) cJSON *event = NULL, *same = NULL, *other = NULL;
	struct notice *const notices[] = {a, again, end};
	cJSON **const events[] = {&event, &same, &other};
	struct err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(65536);

		assert_ok(sink_cloudevents_print(&notices[i], 1, &out, &err), err);
		assert_ok(json_parse(buf_str(&out), out.length, events[i], &err), err);
	}
	assert_string_equal(json_str(event, "specversion"), "1.0");
	assert_string_equal(json_str(event, "type"), "dev.tranche.drift.begins");
	assert_string_equal(json_str(event, "source"), "/tranche/apps/shop");
	assert_string_equal(json_str(event, "subject"), "shop/statefulset.apps/web");
	assert_string_equal(json_str(event, "time"), "2026-01-02T03:03:09.042Z");
	assert_string_equal(json_str(event, "datacontenttype"), "application/json");
	assert_string_equal(json_str(event, "data.severity"), "warning");
	const cJSON *notice = json_at(event, "data.notices")->child;
	assert_string_equal(json_str(notice, "object.uid"), "u-1");
	assert_string_equal(json_str(notice, "commit.author"), "Ann <a@b> & Co");
	assert_string_equal(json_str(event, "id"), json_str(same, "id"));
	assert_string_not_equal(json_str(event, "id"), json_str(other, "id"));
}

static void test_alertmanager(void **state)
{
	CLEANUP(notice_drop_p) struct notice *a = drift(&web_ref, NOTICE_BEGINS, NOW_MS);
	CLEANUP(notice_drop_p) struct notice *b = notice_again(a, NOTICE_ENDS, NOW_MS);
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	struct notice *const both[] = {a, b};
	struct err err;

	(void)state;
	assert_ok(sink_alertmanager_print(both, 2, &out, &err), err);
#define LABELS                                                                               \
	"{\"labels\":{\"alertname\":\"TrancheDrift\",\"severity\":\"warning\",\"app\":"      \
	"\"shop\",\"namespace\":\"shop\",\"object\":\"statefulset.apps/web\"},"              \
	"\"annotations\":{\"summary\":\"Drift: shop/statefulset.apps/web\",\"description\":" \
	"\"spec.replicas 3 -> 5\",\"revision\":\"main@3f2c1ab\",\"author\":\"Ann <a@b> & "   \
	"Co\",\"commit\":\"Three Pods\"},\"startsAt\":\"2026-01-02T03:03:09.042Z\""
	assert_string_equal(buf_str(&out),
			    "[" LABELS "}," LABELS ",\"endsAt\":\"2026-01-02T03:03:09.043Z\"}]");
#undef LABELS
}

/* --- the board -------------------------------------------------------------------------------- */

/* "begins shop/statefulset.apps/web since 0", what is to be told; then it is forgotten. */
static void check_batch(struct notice_board *board, const char *expected)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < board->batch_count; i++)
		buf_printf(&text, "%s%s %s since %lld", i ? ", " : "",
			   notice_state_name(board->batch[i]->state), board->batch[i]->ref.name,
			   (long long)(board->batch[i]->since_ms - NOW_MS));
	assert_string_equal(buf_str(&text), expected);
	notice_board_tell(board);
}

static void test_told_once_each(void **state)
{
	CLEANUP(notice_board_release) struct notice_board board = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		notice_board_begin(&board);
		notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS + round), false);
		notice_board_put(&board, drift(&db_ref, NOTICE_BEGINS, NOW_MS + round), false);
		notice_board_end(&board, NOW_MS + round);
		check_batch(&board, round == 0 ? "begins web since 0, begins db since 0" : "");
	}
	notice_board_begin(&board);
	notice_board_put(&board, drift(&db_ref, NOTICE_BEGINS, NOW_MS + 9), false);
	notice_board_end(&board, NOW_MS + 9);
	check_batch(&board, "ends web since 0");
	notice_board_lift(&board, "drift shop shop/statefulset.apps/db", NOW_MS + 10);
	check_batch(&board, "ends db since 0");
	assert_int_equal(board.count, 0);
}

static bool is_web(void *context, const struct notice *notice)
{
	(void)context;
	return strcmp(notice->ref.name, "web") == 0;
}

static void test_what_is_not_looked_at_holds_on(void **state)
{
	CLEANUP(notice_board_release) struct notice_board board = {0};

	(void)state;
	notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS), false);
	notice_board_put(&board, drift(&db_ref, NOTICE_BEGINS, NOW_MS), false);
	check_batch(&board, "begins web since 0, begins db since 0");
	notice_board_begin(&board);
	notice_board_keep(&board, is_web, NULL);
	notice_board_end(&board, NOW_MS);
	check_batch(&board, "ends db since 0");
}

static void test_what_may_pass_is_told_when_it_does_not(void **state)
{
	CLEANUP(notice_board_release) struct notice_board board = {0};

	(void)state;
	notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS), true);
	check_batch(&board, "");
	notice_board_lift(&board, "drift shop shop/statefulset.apps/web", NOW_MS + 1);
	check_batch(&board, ""); /* nor is its end */

	notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS), true);
	notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS + NOTICE_PATIENCE_MS), true);
	check_batch(&board, "begins web since 0");
}

static void test_the_next_process_knows(void **state)
{
	CLEANUP(notice_board_release) struct notice_board board = {0}, next = {0};
	CLEANUP(cJSON_Delete_p) cJSON *kept = NULL, *again = NULL;
	struct err err;

	(void)state;
	assert_ok(notice_board_to_json(&board, "shop", &kept, &err), err);
	assert_null(kept);
	notice_board_put(&board, drift(&web_ref, NOTICE_BEGINS, NOW_MS), false);
	notice_board_put(&board, drift(&db_ref, NOTICE_BEGINS, NOW_MS), false);
	notice_board_tell(&board);
	assert_ok(notice_board_to_json(&board, "shop", &kept, &err), err);

	notice_board_restore(&next, "shop", kept);
	check_batch(&next, "holds web since 0, holds db since 0");
	assert_ok(notice_board_to_json(&next, "shop", &again, &err), err);
	assert_true(json_equal(kept, again));
	notice_board_begin(&next);
	notice_board_put(&next, drift(&web_ref, NOTICE_BEGINS, NOW_MS + 5000), false);
	notice_board_end(&next, NOW_MS + 5000);
	check_batch(&next, "ends db since 0");
}

/* What somebody wrote into the inventory by hand, or a newer version. */
static void test_what_cannot_be_read_is_left_out(void **state)
{
	static const char text[] =
		"[1,{},{\"kind\":\"drift\"},{\"kind\":\"other\",\"since\":\"2026-01-02T03:03:09Z\","
		"\"text\":\"x\"},{\"kind\":\"drift\",\"since\":\"yesterday\",\"text\":\"x\"},"
		"{\"kind\":\"synced\",\"since\":\"2026-01-02T03:03:09Z\",\"text\":\"x\"},"
		"{\"kind\":\"drift\",\"since\":\"2026-01-02T03:03:09Z\",\"text\":\"x\",\"object\":"
		"7},"
		"{\"kind\":\"source-failed\",\"since\":\"2026-01-02T03:03:09Z\",\"text\":\"x\"}]";
	CLEANUP(notice_board_release) struct notice_board board = {0};
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	struct err err;

	(void)state;
	assert_ok(json_parse(text, sizeof(text) - 1, &json, &err), err);
	notice_board_restore(&board, "shop", json);
	assert_int_equal(board.count, 1);
	assert_string_equal(board.items[0].notice->key, "source-failed shop");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_unique_and_found),
		cmocka_unit_test(test_the_key_is_stable),
		cmocka_unit_test(test_slack),
		cmocka_unit_test(test_several_objects_are_one_message),
		cmocka_unit_test(test_cloudevents),
		cmocka_unit_test(test_alertmanager),
		cmocka_unit_test(test_told_once_each),
		cmocka_unit_test(test_what_is_not_looked_at_holds_on),
		cmocka_unit_test(test_what_may_pass_is_told_when_it_does_not),
		cmocka_unit_test(test_the_next_process_knows),
		cmocka_unit_test(test_what_cannot_be_read_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
