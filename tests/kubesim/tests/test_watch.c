#include "tests/kubesim/watch.h"

#include <stdio.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/simworld.h"
#include "tests/support/values.h"

#define MAPS "/api/v1/namespaces/default/configmaps"

static int set_up(void **state)
{
	static const struct cluster_options options = {.no_controllers = true, .history = 8};

	*state = alloc_zero(sizeof(struct simworld));
	simworld_init(*state, &options);
	return 0;
}

static void make(struct simworld *world, const char *name, const char *label)
{
	char body[256];

	snprintf(body, sizeof(body),
		 "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'%s','labels':{'l':'%s'}"
		 "}}",
		 name, label);
	simworld_send(world, 201, "POST", MAPS, body);
}

static struct answer watch(struct simworld *world, const char *query)
{
	char path[256];
	struct answer answer;

	snprintf(path, sizeof(path), MAPS "?watch=1&%s", query);
	answer = simworld_ask(world, "GET", path, NULL);
	assert_int_equal(answer.code, 200);
	assert_non_null(answer.watch);
	return answer;
}

/* One event: "ADDED a@9", "BOOKMARK @12", "ERROR 410 Expired: ...". */
static void print_event(const char *line, size_t length, struct buf *out)
{
	CLEANUP(cJSON_Delete_p) cJSON *event = NULL;
	const cJSON *object;
	struct err err = {0};

	assert_ok(json_parse(line, length, &event, &err), err);
	object = json_get(event, "object");
	if (strcmp(obj_text(event, "type"), "ERROR") == 0)
		buf_printf(out, "ERROR %d %s: %s|", (int)json_int_or(object, "code", 0),
			   obj_text(object, "reason"), obj_text(object, "message"));
	else
		buf_printf(out, "%s %s@%s|", obj_text(event, "type"), obj_name(object),
			   obj_version(object));
}

/* What the watch has to say now; ends with "END" if that was the end. A few bytes at a time. */
static void assert_events(struct watch *from, const char *expected)
{
	CLEANUP(buf_release) struct buf stream = BUF_INIT(1024 * 1024);
	CLEANUP(buf_release) struct buf events = BUF_INIT(1024 * 1024);
	const char *line;
	char piece[7];
	ssize_t length;

	while ((length = watch_read(from, piece, sizeof(piece))) > 0)
		buf_append(&stream, piece, (size_t)length);
	line = buf_str(&stream);
	while (*line) {
		size_t size = strcspn(line, "\n");

		print_event(line, size, &events);
		line += size + 1;
	}
	if (length < 0)
		buf_puts(&events, "END");
	assert_string_equal(buf_str(&events), expected);
}

static void test_from_a_version(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = {0};
	char query[64];

	make(world, "a", "x");
	snprintf(query, sizeof(query), "resourceVersion=%d",
		 (int)store_version(world->cluster->store));
	answer = watch(world, query);
	assert_events(answer.watch, "");
	make(world, "b", "x");
	simworld_send(world, 200, "PATCH merge", MAPS "/a", "{'data':{'k':'v'}}");
	simworld_send(world, 200, "DELETE", MAPS "/b", NULL);
	assert_events(answer.watch, "ADDED b@8|MODIFIED a@9|DELETED b@10|");
	assert_events(answer.watch, "");
}

static void test_from_the_beginning(void **state)
{
	static const struct {
		const char *query, *events;
	} cases[] = {
		{"", "ADDED a@7|ADDED b@8|"},
		{"resourceVersion=0", "ADDED a@7|ADDED b@8|"},
		{"sendInitialEvents=true&resourceVersionMatch=NotOlderThan&"
		 "allowWatchBookmarks=true",
		 "ADDED a@7|ADDED b@8|BOOKMARK @8|"},
	};
	struct simworld *world = *state;

	make(world, "a", "x");
	make(world, "b", "x");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(answer_release) struct answer answer = watch(world, cases[i].query);

		assert_events(answer.watch, cases[i].events);
	}
	assert_refused(world, "GET", MAPS "?watch=1&sendInitialEvents=true", NULL, 422,
		       "ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: "
		       "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
}

/* What begins to match is added, what ceases to is deleted. */
static void test_selected(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = {0};

	make(world, "a", "x");
	make(world, "b", "y");
	answer = watch(world, "labelSelector=l=x");
	assert_events(answer.watch, "ADDED a@7|");
	simworld_send(world, 200, "PATCH merge", MAPS "/b", "{'metadata':{'labels':{'l':'x'}}}");
	simworld_send(world, 200, "PATCH merge", MAPS "/a", "{'metadata':{'labels':{'l':'y'}}}");
	simworld_send(world, 200, "DELETE", MAPS "/a", NULL);
	assert_events(answer.watch, "ADDED b@9|DELETED a@10|");
}

static void test_only_its_namespace_and_resource(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = watch(world, "resourceVersion=6");

	simworld_send(world, 201, "POST", "/api/v1/namespaces/kube-system/configmaps",
		      "{'kind':'ConfigMap','apiVersion':'v1','metadata':{'name':'a'}}");
	simworld_send(world, 201, "POST", "/api/v1/namespaces/default/secrets",
		      "{'kind':'Secret','apiVersion':'v1','metadata':{'name':'a'}}");
	assert_events(answer.watch, "");
}

static void test_too_old(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = {0};
	CLEANUP(answer_release) struct answer idle = watch(world, "");

	for (int i = 0; i < 20; i++) {
		char path[128];

		snprintf(path, sizeof(path), "{'metadata':{'labels':{'n':'%d'}}}", i);
		simworld_send(world, 200, "PATCH merge", "/api/v1/namespaces/default", path);
	}
	answer = watch(world, "resourceVersion=3");
	assert_events(answer.watch, "ERROR 410 Expired: too old resource version: 3 (26)|END");
	/* One that has missed nothing goes on, although much has been forgotten. */
	make(world, "a", "x");
	assert_events(idle.watch, "ADDED a@27|");
}

static void test_bookmarks_and_the_end(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release)
	struct answer answer = watch(world, "allowWatchBookmarks=true&timeoutSeconds=90");
	CLEANUP(answer_release) struct answer plain = watch(world, "timeoutSeconds=90");

	loop_advance(world->loop, 61000);
	assert_events(answer.watch, "BOOKMARK @6|");
	simworld_send(world, 200, "PATCH merge", "/api/v1/namespaces/default",
		      "{'metadata':{'labels':{'n':'1'}}}");
	loop_advance(world->loop, 30000);
	assert_events(answer.watch, "BOOKMARK @7|END");
	assert_events(plain.watch, "END");
}

static void count_wakes(void *context)
{
	++*(int *)context;
}

static void test_wakes_its_reader(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = watch(world, "");
	int wakes = 0;

	watch_notify(answer.watch, count_wakes, &wakes);
	make(world, "a", "x");
	assert_int_equal(wakes, 1);
	watch_end(answer.watch);
	assert_int_equal(wakes, 2);
	assert_events(answer.watch, "ADDED a@7|END");
}

static void test_tables(void **state)
{
	struct simworld *world = *state;
	CLEANUP(answer_release) struct answer answer = {0};
	char text[8192];
	ssize_t length;

	world->accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
	make(world, "a", "x");
	make(world, "b", "x");
	answer = watch(world, "");
	for (int i = 0; i < 2; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *event = NULL;
		struct err err = {0};

		length = watch_read(answer.watch, text, sizeof(text));
		assert_ok(json_parse(text, (size_t)length, &event, &err), err);
		assert_string_equal(obj_text(event, "object.kind"), "Table");
		/* The headers come once. */
		assert_int_equal(cJSON_IsArray(json_at(event, "object.columnDefinitions")), i == 0);
		assert_int_equal(cJSON_GetArraySize(json_at(event, "object.rows")), 1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, simworld_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_from_a_version),   TEST(test_from_the_beginning),
		TEST(test_selected),         TEST(test_only_its_namespace_and_resource),
		TEST(test_too_old),          TEST(test_bookmarks_and_the_end),
		TEST(test_wakes_its_reader), TEST(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
