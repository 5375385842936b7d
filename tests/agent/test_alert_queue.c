#include "agent/alert_queue.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

/* "Web": the notice's object is web, its state the letter: Begins, Ends, Holds, Once (by a kind). */
static struct notice *make(enum notice_kind kind, enum notice_state state, const char *name)
{
	char version[] = "v1", config_map[] = "ConfigMap", none[] = "", namespace_name[] = "shop";
	char own[64];

	snprintf(own, sizeof(own), "%s", name);
	const struct ref ref = {none, version, config_map, namespace_name, own};
	struct notice *notice = notice_new(kind, state, "shop", &ref, "text", 1000);
	assert_non_null(notice);
	return notice;
}

static enum alert_added add(struct alert_queue *queue, enum notice_kind kind,
			    enum notice_state state, const char *name)
{
	struct notice *notice = make(kind, state, name), *dropped = NULL;
	enum alert_added added = alert_queue_add(queue, notice, &dropped);

	notice_drop(dropped);
	notice_drop(notice);
	return added;
}

/* "begins a, ends b" */
static void check_queue(const struct alert_queue *queue, const char *expected)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);

	for (size_t i = 0; i < queue->count; i++)
		buf_printf(&text, "%s%s %s", i ? ", " : "",
			   notice_state_name(queue->entries[i].notice->state),
			   queue->entries[i].notice->ref.name);
	assert_string_equal(buf_str(&text), expected);
}

static bool joins(const struct notice *first, const struct notice *other)
{
	return first->state == other->state;
}

static void test_begins_and_ends_while_queued(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};

	(void)state;
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "a"), ALERT_ADDED);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "b"), ALERT_ADDED);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_HOLDS, "a"), ALERT_COLLAPSED);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_ENDS, "a"), ALERT_COLLAPSED);
	check_queue(&queue, "begins b");
	/* Another condition of the same object is another one. */
	assert_int_equal(add(&queue, NOTICE_SYNC_FAILED, NOTICE_ENDS, "b"), ALERT_ADDED);
	check_queue(&queue, "begins b, ends b");
}

static void test_what_may_have_arrived_is_ended(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};
	struct notice *message[ALERT_MESSAGE_MAX];

	(void)state;
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "a");
	assert_int_equal(alert_queue_take(&queue, 10, joins, message), 1);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_ENDS, "a"), ALERT_ADDED);
	check_queue(&queue, "begins a, ends a");
	alert_queue_settle(&queue, true, false);
	check_queue(&queue, "ends a");

	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "b");
	alert_queue_take(&queue, 10, joins, message);
	alert_queue_settle(&queue, true, false);
	alert_queue_take(&queue, 10, joins, message);
	alert_queue_settle(&queue, false, true); /* no answer: who knows */
	add(&queue, NOTICE_DRIFT, NOTICE_ENDS, "b");
	check_queue(&queue, "begins b, ends b");
}

static void test_what_surely_did_not_arrive_collapses(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};
	struct notice *message[ALERT_MESSAGE_MAX];

	(void)state;
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "a");
	alert_queue_take(&queue, 10, joins, message);
	alert_queue_settle(&queue, false, false);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_ENDS, "a"), ALERT_COLLAPSED);
	check_queue(&queue, "");
	assert_false(alert_queue_waits(&queue));
}

static void test_a_message_takes_what_joins(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};
	struct notice *message[ALERT_MESSAGE_MAX];

	(void)state;
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "a");
	add(&queue, NOTICE_SYNC_FAILED, NOTICE_ENDS, "x");
	add(&queue, NOTICE_SYNC_FAILED, NOTICE_BEGINS, "x"); /* must not overtake its end */
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "b");
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "c");
	assert_int_equal(alert_queue_take(&queue, 2, joins, message), 2);
	assert_string_equal(message[0]->ref.name, "a");
	assert_string_equal(message[1]->ref.name, "b");
	assert_int_equal(alert_queue_take(&queue, 2, joins, message), 0); /* one at a time */
	assert_true(alert_queue_waits(&queue));
	alert_queue_settle(&queue, true, true);
	check_queue(&queue, "ends x, begins x, begins c");
}

static void test_the_least_severe_goes_first(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};
	struct notice *notice, *dropped = NULL;
	char name[16];

	(void)state;
	add(&queue, NOTICE_SYNC_FAILED, NOTICE_BEGINS, "critical");
	add(&queue, NOTICE_SYNCED, NOTICE_ONCE, "first");
	add(&queue, NOTICE_SYNCED, NOTICE_ONCE, "second");
	for (int i = 3; i < ALERT_QUEUE_MAX; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, name);
	}
	notice = make(NOTICE_SYNCED, NOTICE_ONCE, "third");
	assert_int_equal(alert_queue_add(&queue, notice, &dropped), ALERT_REPLACED);
	assert_string_equal(dropped->ref.name, "first");
	notice_drop(dropped);
	notice_drop(notice);

	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "new"), ALERT_REPLACED);
	assert_int_equal(add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "new2"), ALERT_REPLACED);
	for (size_t i = 0; i < queue.count; i++)
		assert_int_not_equal(queue.entries[i].notice->kind, NOTICE_SYNCED);

	/* Nothing is less severe than a newcomer that is a mere information: it is not taken. */
	notice = make(NOTICE_SYNCED, NOTICE_ONCE, "late");
	assert_int_equal(alert_queue_add(&queue, notice, &dropped), ALERT_REPLACED);
	assert_ptr_equal(dropped, notice);
	notice_drop(dropped);
	notice_drop(notice);

	/* And the critical one is there still. */
	assert_string_equal(queue.entries[0].notice->ref.name, "critical");
	assert_int_equal(queue.count, ALERT_QUEUE_MAX);
}

static void test_an_app_is_forgotten(void **state)
{
	CLEANUP(alert_queue_release) struct alert_queue queue = {.count = 0};

	(void)state;
	add(&queue, NOTICE_DRIFT, NOTICE_BEGINS, "a");
	alert_queue_forget(&queue, "other");
	check_queue(&queue, "begins a");
	alert_queue_forget(&queue, "shop");
	check_queue(&queue, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begins_and_ends_while_queued),
		cmocka_unit_test(test_what_may_have_arrived_is_ended),
		cmocka_unit_test(test_what_surely_did_not_arrive_collapses),
		cmocka_unit_test(test_a_message_takes_what_joins),
		cmocka_unit_test(test_the_least_severe_goes_first),
		cmocka_unit_test(test_an_app_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
