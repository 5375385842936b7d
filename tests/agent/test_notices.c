/* The hub with its sinks against real receivers: a server that answers as told, and programs. */

#include "agent/notices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/alert_queue.h"
#include "agent/config.h"
#include "agent/notice_board.h"
#include "diff/digest_mac.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/server.h"
#include "tests/support/turn.h"

struct bench {
	uv_loop_t loop;
	struct server *server;
	struct notices *notices;
	struct folder folder;
};

static struct cluster *no_cluster(void *context, const char *app)
{
	(void)context;
	(void)app;
	return NULL;
}

static int open_bench(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	const struct notices_options options = {.loop = &bench->loop, .cluster_of = no_cluster};
	struct err err;

	uv_loop_init(&bench->loop);
	bench->server = server_start();
	folder_make(&bench->folder);
	assert_ok(notices_new(&options, &bench->notices, &err), err);
	*state = bench;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *bench = *state;

	notices_free(bench->notices);
	turn_and_close(&bench->loop);
	server_stop(bench->server);
	folder_remove(&bench->folder);
	free(bench);
	return 0;
}

/* --- helpers ---------------------------------------------------------------------------------- */

/* Writes a file into the bench's folder; its path. */
static char *write_file(const struct bench *bench, const char *name, const char *text)
{
	folder_write(&bench->folder, name, text);
	return (char *)(uintptr_t)folder_file(&bench->folder, name); /* only read */
}

static char *url_of(const struct bench *bench, const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url), "%s%s", server_url(bench->server), path);
	return url;
}

static void configure(struct bench *bench, const struct config_sink *sinks, size_t count)
{
	struct err err;

	assert_ok(notices_configure(bench->notices, sinks, count, &err), err);
}

static struct notice *make(enum notice_kind kind, enum notice_state state, const char *app,
			   const char *name)
{
	char version[] = "v1", config_map[] = "ConfigMap", none[] = "", namespace_name[] = "shop";
	char own[64];

	snprintf(own, sizeof(own), "%s", name);
	const struct ref ref = {none, version, config_map, namespace_name, own};
	struct notice *notice = notice_new(kind, state, app, &ref, "it is so", 1000);
	assert_non_null(notice);
	return notice;
}

static void tell(struct bench *bench, enum notice_kind kind, enum notice_state state,
		 const char *app, const char *name)
{
	CLEANUP(notice_drop_p) struct notice *notice = make(kind, state, app, name);

	uv_update_time(&bench->loop);
	notices_tell(bench->notices, &notice, 1);
}

static struct notices_count count_of(const struct bench *bench)
{
	return notices_count(bench->notices, 0);
}

/* Turns the loop until so many were sent, refused and dropped, and nothing waits. */
static void wait_for_counts(struct bench *bench, uint64_t sent, uint64_t failed)
{
	uint64_t deadline = uv_hrtime() + TURN_DEADLINE_MS * 1000000ull;

	for (;;) {
		const struct notices_count count = count_of(bench);

		if (count.sent == sent && count.failed == failed && count.queued == 0)
			return;
		if (uv_hrtime() > deadline)
			fail_msg("sent %llu, failed %llu, queued %zu: %s",
				 (unsigned long long)count.sent, (unsigned long long)count.failed,
				 count.queued, count.error);
		turn_for(&bench->loop, 10);
	}
}

static void check_holds(const struct bench *bench, const char *match, size_t index,
			const char *part)
{
	const char *request = server_request(bench->server, match, index);

	if (!strstr(request, part))
		fail_msg("request %zu has no %s: %s", index, part, request);
}

/* --- what goes over HTTP ---------------------------------------------------------------------- */

static void check_signature(const struct bench *bench, size_t index, const char *key)
{
	const char *request = server_request(bench->server, "POST /hook?a=b ", index);
	const char *body = strstr(request, "\r\n\r\n") + 4;
	char mac[DIGEST_SHA256_HEX], expected[128];
	struct err err;

	assert_ok(digest_hmac_sha256(key, strlen(key), body, strlen(body), mac, &err), err);
	snprintf(expected, sizeof(expected), "\r\nX-Signature: sha256=%s\r\n", mac);
	check_holds(bench, "POST /hook?a=b ", index, expected);
}

static void test_signed_and_rotated(void **state)
{
	struct bench *bench = *state;
	char name[] = "hook";
	const struct config_sink sink = {
		.name = name,
		.type = SINK_CLOUDEVENTS,
		.url = url_of(bench, "/hook?a=b"),
		.secret_file = write_file(bench, "secret", "  first key\n"),
		.token_file = write_file(bench, "token", "first-token\n"),
	};

	server_answer(bench->server, "POST", 0, 202, "", "");
	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	wait_for_counts(bench, 1, 0);
	check_signature(bench, 0, "first key");
	check_holds(bench, "POST", 0, "\r\nAuthorization: Bearer first-token\r\n");
	check_holds(bench, "POST", 0,
		    "\r\nContent-Type: application/cloudevents+json; charset=utf-8\r\n");

	write_file(bench, "secret", "second key");
	write_file(bench, "token", "second-token");
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	wait_for_counts(bench, 2, 0);
	check_signature(bench, 1, "second key");
	check_holds(bench, "POST", 1, "\r\nAuthorization: Bearer second-token\r\n");
	check_holds(bench, "POST", 1, "\"type\":\"dev.tranche.drift.ends\"");
}

/* What a receiver answers first, and what becomes of the notice. Then all is well. */
static void test_answers(void **state)
{
	static const struct {
		const char *raw; /* NULL: the connection is closed */
		bool again;
		const char *error; /* behind the server's URL */
	} cases[] = {
		{"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", true, " answers with HTTP 500"},
		{"HTTP/1.1 503 X\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", true,
		 " answers with HTTP 503"},
		{"HTTP/1.1 429 X\r\nRetry-After: 1\r\nContent-Length: 4\r\n\r\nslow", true,
		 " answers with HTTP 429: slow"},
		{"HTTP/1.1 408 X\r\nContent-Length: 0\r\n\r\n", true, " answers with HTTP 408"},
		{NULL, true, " closed the connection without an answer"},
		{"HTTP/1.1 404 X\r\nContent-Type: text/plain\r\nContent-Length: "
		 "14\r\n\r\nno_service\nabc",
		 false, " answers with HTTP 404: no_service"},
		/* A page is not for a log, nor is anything that has the address in it. */
		{"HTTP/1.1 403 X\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>", false,
		 " answers with HTTP 403"},
		{"HTTP/1.1 400 X\r\nContent-Length: 21\r\n\r\nno hook SECRET-PATH-1!", false,
		 " answers with HTTP 400"},
		{"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
		 false, " answers with HTTP 302: redirects are not followed"},
	};
	struct bench *bench = *state;
	char name[] = "chat";
	uint64_t sent = 0, failed = 0;
	char text[512], object[16];

	snprintf(text, sizeof(text), "http://ann:pass@%s/services/SECRET-PATH-1?token=SECRETVALUE",
		 server_url(bench->server) + 7);
	const struct config_sink sink = {
		.name = name,
		.type = SINK_CLOUDEVENTS,
		.url_file = write_file(bench, "url", text),
	};
	configure(bench, &sink, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t before = server_count(bench->server, "POST");

		server_add(bench->server,
			   (struct server_rule){.match = "POST", .raw = cases[i].raw, .times = 1});
		snprintf(object, sizeof(object), "o%zu", i);
		tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", object);
		turn_until_count(&bench->loop, bench->server, "POST", before + 1);
		uint64_t deadline = uv_hrtime() + TURN_DEADLINE_MS * 1000000ull;
		while (!count_of(bench).failing && uv_hrtime() < deadline)
			turn_for(&bench->loop, 5);
		snprintf(text, sizeof(text), "%s%s", server_url(bench->server), cases[i].error);
		assert_string_equal(count_of(bench).error, text);
		assert_int_equal(count_of(bench).queued, cases[i].again);

		/* Well again; a notice that was refused for good does not come back. */
		server_answer(bench->server, "POST", cases[i].again ? 1 : 2, 200, "", "ok");
		if (!cases[i].again) {
			failed++;
			tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "another");
			tell(bench, NOTICE_SYNC_FAILED, NOTICE_BEGINS, "shop", "another");
			sent++;
		}
		sent++;
		wait_for_counts(bench, sent, failed);
		assert_false(count_of(bench).failing);
	}
	check_holds(bench, "POST /services/SECRET-PATH-1?token=SECRETVALUE ", 0,
		    "Authorization: Basic YW5uOnBhc3M=");
}

/* Nobody listens: nothing arrived, so what is over meanwhile is nobody's business. */
static void test_over_before_it_could_be_told(void **state)
{
	struct bench *bench = *state;
	char name[] = "hook", url[] = "http://127.0.0.1:1/secret-path";
	const struct config_sink sink = {.name = name, .type = SINK_CLOUDEVENTS, .url = url};

	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	tell(bench, NOTICE_SYNCED, NOTICE_ONCE, "shop", "b");
	while (!count_of(bench).failing)
		turn_for(&bench->loop, 10);
	assert_string_equal(count_of(bench).error,
			    "cannot reach http://127.0.0.1:1: connection refused");
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	assert_int_equal(count_of(bench).queued, 1);
}

static void test_files_that_are_not_there_yet(void **state)
{
	struct bench *bench = *state;
	char name[] = "chat", text[256];
	const struct config_sink sink = {
		.name = name,
		.type = SINK_SLACK,
		.url_file = (char *)(uintptr_t)folder_file(&bench->folder, "late")};

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	while (!count_of(bench).failing)
		turn_for(&bench->loop, 10);
	snprintf(text, sizeof(text), "cannot read %s: no such file",
		 folder_file(&bench->folder, "late"));
	assert_string_equal(count_of(bench).error, text);
	write_file(bench, "late", url_of(bench, "/x"));
	wait_for_counts(bench, 1, 0);
}

static void test_slack_joins_and_pauses(void **state)
{
	struct bench *bench = *state;
	char name[] = "chat";
	const struct config_sink sink = {
		.name = name, .type = SINK_SLACK, .url = url_of(bench, "/x")};
	struct notice *notices[3];

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, &sink, 1);
	for (int i = 0; i < 3; i++)
		notices[i] =
			make(NOTICE_DRIFT, NOTICE_BEGINS, i < 2 ? "shop" : "bank", i ? "b" : "a");
	notices_tell(bench->notices, notices, 3);
	for (int i = 0; i < 3; i++)
		notice_drop(notices[i]);
	uv_update_time(&bench->loop);
	uint64_t began_ms = uv_now(&bench->loop);
	wait_for_counts(bench, 3, 0);
	/* Of another app is another message, a second later. */
	assert_int_equal(server_count(bench->server, "POST"), 2);
	assert_true(uv_hrtime() / 1000000 - began_ms >= 1000);
	check_holds(bench, "POST", 0, "{\"text\":\"shop: Drift: 2 objects\"");
	check_holds(bench, "POST", 1, "{\"text\":\"bank: Drift: shop/configmap/b\"");
}

static void test_filters(void **state)
{
	struct bench *bench = *state;
	char name[] = "hook", warning[] = "warning", shop[] = "shop", drift[] = "drift",
	     failed[] = "sync-failed";
	char *apps[] = {shop}, *kinds[] = {drift, failed};
	const struct config_sink sink = {
		.name = name,
		.type = SINK_CLOUDEVENTS,
		.url = url_of(bench, "/x"),
		.severity = warning,
		.apps = {apps, 1},
		.kinds = {kinds, 2},
	};

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, &sink, 1);
	tell(bench, NOTICE_SYNCED, NOTICE_ONCE, "shop", "a");          /* not severe enough */
	tell(bench, NOTICE_SOURCE_FAILED, NOTICE_BEGINS, "shop", "a"); /* another kind */
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "bank", "a");         /* another app */
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");           /* never told of */
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "b");
	wait_for_counts(bench, 1, 0);
	assert_int_equal(server_count(bench->server, "POST"), 1);
	/* A test passes all filters. */
	assert_int_equal(notices_test(bench->notices, "other"), 0);
	assert_int_equal(notices_test(bench->notices, "hook"), 1);
	wait_for_counts(bench, 2, 0);
	check_holds(bench, "POST", 1, "dev.tranche.test.once");
}

static void test_reminders(void **state)
{
	struct bench *bench = *state;
	char name[] = "hook";
	const struct config_sink sink = {.name = name,
					 .type = SINK_CLOUDEVENTS,
					 .url = url_of(bench, "/x"),
					 .reminder_ms = 300};

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	tell(bench, NOTICE_SYNCED, NOTICE_ONCE, "shop", "b");
	turn_until_count(&bench->loop, bench->server, "POST", 4);
	check_holds(bench, "POST", 2, "dev.tranche.drift.holds");
	check_holds(bench, "POST", 3, "dev.tranche.drift.holds");
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	uint64_t deadline = uv_hrtime() + TURN_DEADLINE_MS * 1000000ull;
	while (count_of(bench).queued && uv_hrtime() < deadline)
		turn_for(&bench->loop, 10);
	size_t count = server_count(bench->server, "POST");
	check_holds(bench, "POST", count - 1, "dev.tranche.drift.ends");
	turn_for(&bench->loop, 700);
	assert_int_equal(server_count(bench->server, "POST"), count);
}

/* --- Alertmanager ----------------------------------------------------------------------------- */

static void test_alertmanagers(void **state)
{
	struct bench *bench = *state;
	char name[] = "am", urls[256];

	snprintf(urls, sizeof(urls), "%s/am/\nhttp://127.0.0.1:1/down\n",
		 server_url(bench->server));
	const struct config_sink sink = {
		.name = name,
		.type = SINK_ALERTMANAGER,
		.url_file = write_file(bench, "urls", urls),
	};
	server_answer(bench->server, "POST /am/api/v2/alerts ", 0, 200, "", "");
	configure(bench, &sink, 1);
	tell(bench, NOTICE_SYNCED, NOTICE_ONCE, "shop", "a"); /* is no alert */
	tell(bench, NOTICE_DRIFT, NOTICE_HOLDS, "shop",
	     "a"); /* told before a restart: it is told */
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "b");
	wait_for_counts(bench, 1, 0); /* what is only told anew does not count */
	assert_int_equal(server_count(bench->server, "POST"), 1);
	check_holds(bench, "POST", 0, "\"object\":\"configmap/a\"");
	check_holds(bench, "POST", 0, "\"object\":\"configmap/b\"");
	assert_true(count_of(bench).failing);
	assert_string_equal(count_of(bench).error,
			    "1 of 2 take the messages: cannot reach http://127.0.0.1:1: "
			    "connection refused");
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	wait_for_counts(bench, 2, 0);
	check_holds(bench, "POST", 1, "\"endsAt\":");
}

/* --- commands --------------------------------------------------------------------------------- */

static void test_command(void **state)
{
	struct bench *bench = *state;
	char name[] = "cmd", argument[] = "an argument";
	char text[1024];

	/* Once it is not ready, then it takes a message, then it refuses one. */
	snprintf(text, sizeof(text),
		 "cd '%s' && cat >>messages && echo >>messages && echo \"$1\" >>args\n"
		 "env >environment\ncase $(wc -l <args) in\n1) exit 75 ;;\n2) exit 0 ;;\n"
		 "*) echo 'that is wrong' >&2; echo more >&2; exit 3 ;;\nesac\n",
		 bench->folder.path);
	folder_script(&bench->folder, "script", text);
	char *script = (char *)(uintptr_t)folder_file(&bench->folder, "script");
	char *command[] = {script, argument};
	const struct config_sink sink = {
		.name = name, .type = SINK_COMMAND, .command = {command, 2}};

	setenv("VERY_SECRET", "value", 1);
	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	wait_for_counts(bench, 1, 0);
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	wait_for_counts(bench, 1, 1);
	snprintf(text, sizeof(text), "%s ended with exit code 3: that is wrong",
		 folder_file(&bench->folder, "script"));
	assert_string_equal(count_of(bench).error, text);

	assert_string_equal(folder_read(&bench->folder, "args"),
			    "an argument\nan argument\nan argument\n");
	assert_null(strstr(folder_read(&bench->folder, "environment"), "VERY_SECRET"));
	const char *messages = folder_read(&bench->folder, "messages");
	CLEANUP(cJSON_Delete_p) cJSON *event = NULL;
	struct err err;
	size_t used;
	assert_ok(json_parse_prefix(messages, strlen(messages), &event, &used, &err), err);
	assert_string_equal(json_str(event, "type"), "dev.tranche.drift.begins");
}

static void test_command_that_is_not_there(void **state)
{
	struct bench *bench = *state;
	char name[] = "cmd", program[] = "/does/not/exist";
	char *command[] = {program};
	const struct config_sink sink = {
		.name = name, .type = SINK_COMMAND, .command = {command, 1}};

	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	while (!count_of(bench).failing)
		turn_for(&bench->loop, 10);
	assert_string_equal(count_of(bench).error,
			    "/does/not/exist cannot be run: no such file or directory");
}

/* --- the life of the hub ---------------------------------------------------------------------- */

static void on_flushed(void *context)
{
	bool *flushed = context;

	*flushed = true;
}

static void test_flush(void **state)
{
	struct bench *bench = *state;
	char good_name[] = "good", bad_name[] = "bad", dead[] = "http://127.0.0.1:1/";
	const struct config_sink sinks[] = {
		{.name = good_name, .type = SINK_SLACK, .url = url_of(bench, "/x")},
		{.name = bad_name, .type = SINK_SLACK, .url = dead},
	};
	bool flushed = false;

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, sinks, 2);
	/* Two apps: two messages, which do not wait for Slack's pause now. */
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "bank", "a");
	notices_flush(bench->notices, TURN_DEADLINE_MS, on_flushed, &flushed);
	assert_false(flushed);
	turn_until(&bench->loop, &flushed);
	assert_int_equal(server_count(bench->server, "POST"), 2);
	assert_int_equal(notices_count(bench->notices, 1).failed, 2);
}

static void test_flush_has_a_deadline(void **state)
{
	struct bench *bench = *state;
	char name[] = "slow";
	const struct config_sink sink = {
		.name = name, .type = SINK_SLACK, .url = url_of(bench, "/x")};
	bool flushed = false;

	server_add(bench->server, (struct server_rule){.match = "POST", .raw = "", .hang = true});
	configure(bench, &sink, 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	notices_flush(bench->notices, 100, on_flushed, &flushed);
	turn_until(&bench->loop, &flushed);
	assert_int_equal(notices_count(bench->notices, 0).queued, 1);
}

/* Another configuration: who is as before goes on, who is new hears of what holds if it needs to. */
static void test_configured_anew(void **state)
{
	struct bench *bench = *state;
	char chat[] = "chat", am[] = "am", hook[] = "hook";
	struct config_sink sinks[] = {
		{.name = chat, .type = SINK_SLACK, .url = strdup(url_of(bench, "/chat"))},
		{.name = am, .type = SINK_ALERTMANAGER, .url = strdup(url_of(bench, "/am"))},
		{.name = hook, .type = SINK_CLOUDEVENTS, .url = strdup(url_of(bench, "/hook"))},
	};

	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, &sinks[0], 1);
	tell(bench, NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a");
	wait_for_counts(bench, 1, 0);
	configure(bench, sinks, 3);
	assert_int_equal(notices_sink_count(bench->notices), 3);
	assert_int_equal(count_of(bench).sent, 1);
	turn_until_count(&bench->loop, bench->server, "POST /am", 1);
	check_holds(bench, "POST /am", 0, "\"object\":\"configmap/a\"");
	assert_int_equal(server_count(bench->server, "POST /hook"), 0);
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "a");
	turn_until_count(&bench->loop, bench->server, "POST /am", 2);
	turn_until_count(&bench->loop, bench->server, "POST /chat", 2);
	turn_until_count(&bench->loop, bench->server, "POST /hook", 1);
	for (size_t i = 0; i < 3; i++)
		free(sinks[i].url);
}

/* What a board would keep, as text. */
static char *kept_of(const struct notice_board *board)
{
	CLEANUP(cJSON_Delete_p) cJSON *kept = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(65536);
	struct err err;

	assert_ok(notice_board_to_json(board, "shop", &kept, &err), err);
	if (kept)
		json_print(kept, &text);
	return buf_steal(&text);
}

/* As if the process ended: a new hub, a new board, and what was kept. */
static void restart(struct bench *bench, struct notice_board *board,
		    const struct config_sink *sinks, size_t count)
{
	const struct notices_options options = {.loop = &bench->loop, .cluster_of = no_cluster};
	CLEANUP(cJSON_Delete_p) cJSON *kept = NULL;
	struct err err;

	assert_ok(notice_board_to_json(board, "shop", &kept, &err), err);
	notice_board_release(board);
	notices_free(bench->notices);
	assert_ok(notices_new(&options, &bench->notices, &err), err);
	configure(bench, sinks, count);
	board->notices = bench->notices;
	notice_board_restore(board, "shop", kept);
	notice_board_tell(board);
}

#define DRIFT_OF_A                                                                               \
	"{\"kind\":\"drift\",\"since\":\"1970-01-01T00:00:01.000Z\",\"text\":\"it is so\"%s,"    \
	"\"object\":{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"," \
	"\"namespace\":\"shop\"}}}"

static void check_kept(const struct notice_board *board, const char *more)
{
	CLEANUP(free_p) char *kept = kept_of(board);
	char expected[1024] = "";

	if (more)
		snprintf(expected, sizeof(expected), "[" DRIFT_OF_A "]", more);
	assert_string_equal(kept ? kept : "", expected);
}

#define NOT_NOW "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"

/* The process ends before a sink was told: the next one tells it, and that one alone. */
static void test_owed_over_a_restart(void **state)
{
	struct bench *bench = *state;
	char well[] = "well", down[] = "down";
	struct config_sink sinks[] = {
		{.name = well, .type = SINK_CLOUDEVENTS, .url = strdup(url_of(bench, "/well"))},
		{.name = down, .type = SINK_CLOUDEVENTS, .url = strdup(url_of(bench, "/down"))},
	};
	struct notice_board board = {.notices = bench->notices};

	/* However often it is tried: the beginning is never taken, the end not at once. */
	server_add(bench->server, (struct server_rule){.match = "POST /down",
						       .holds = "dev.tranche.drift.begins",
						       .raw = NOT_NOW});
	server_add(bench->server, (struct server_rule){.match = "POST /down",
						       .holds = "dev.tranche.drift.ends",
						       .raw = NOT_NOW,
						       .times = 1});
	server_answer(bench->server, "POST", 0, 200, "", "ok");
	configure(bench, sinks, 2);
	notice_board_put(&board, make(NOTICE_DRIFT, NOTICE_BEGINS, "shop", "a"), false);
	notice_board_tell(&board);
	check_kept(&board, ",\"untold\":[\"well\",\"down\"]");
	turn_until_count(&bench->loop, bench->server, "POST /down", 1);
	wait_for_counts(bench, 1, 0);
	check_kept(&board, ",\"untold\":[\"down\"]");

	size_t tried = server_count(bench->server, "POST /down");
	restart(bench, &board, sinks, 2);
	turn_until_count(&bench->loop, bench->server, "POST /down", tried + 1);
	check_holds(bench, "POST /down", tried, "\"type\":\"dev.tranche.drift.begins\"");
	/* It may have arrived, so that its end is told, too. */
	notice_board_begin(&board);
	notice_board_end(&board, 2000);
	notice_board_tell(&board);
	turn_until_count(&bench->loop, bench->server, "POST /well", 2);
	wait_for_counts(bench, 1, 0);
	check_kept(&board, ",\"ended\":\"1970-01-01T00:00:02.000Z\",\"untold\":[\"down\"]");

	tried = server_count(bench->server, "POST /down");
	restart(bench, &board, sinks, 2);
	turn_until_count(&bench->loop, bench->server, "POST /down", tried + 1);
	while (notices_count(bench->notices, 1).queued)
		turn_for(&bench->loop, 10);
	tried = server_count(bench->server, "POST /down");
	check_holds(bench, "POST /down", tried - 1, "\"type\":\"dev.tranche.drift.ends\"");
	check_kept(&board, NULL);
	assert_int_equal(server_count(bench->server, "POST /well"), 2);
	notice_board_release(&board);
	free(sinks[0].url);
	free(sinks[1].url);
}

/* A storm while nobody answers: the severe ones are kept, the others counted. */
static void test_a_storm(void **state)
{
	struct bench *bench = *state;
	char name[] = "hook", url[] = "http://127.0.0.1:1/", object[32];
	const struct config_sink sink = {.name = name, .type = SINK_CLOUDEVENTS, .url = url};

	configure(bench, &sink, 1);
	tell(bench, NOTICE_SYNC_FAILED, NOTICE_BEGINS, "shop", "severe");
	for (int i = 0; i < 1000; i++) {
		snprintf(object, sizeof(object), "o%d", i);
		tell(bench, i % 2 ? NOTICE_SYNCED : NOTICE_DRIFT,
		     i % 2 ? NOTICE_ONCE : NOTICE_BEGINS, "shop", object);
	}
	assert_int_equal(count_of(bench).queued, ALERT_QUEUE_MAX);
	assert_int_equal(count_of(bench).dropped, 1001 - ALERT_QUEUE_MAX);
	/* Whose beginning was dropped, its end is not told either. */
	tell(bench, NOTICE_DRIFT, NOTICE_ENDS, "shop", "o0");
	assert_int_equal(count_of(bench).dropped, 1001 - ALERT_QUEUE_MAX);
	notices_forget(bench->notices, "shop");
	assert_int_equal(count_of(bench).queued, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_bench, close_bench)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_signed_and_rotated),
		TEST(test_answers),
		TEST(test_over_before_it_could_be_told),
		TEST(test_files_that_are_not_there_yet),
		TEST(test_slack_joins_and_pauses),
		TEST(test_filters),
		TEST(test_reminders),
		TEST(test_alertmanagers),
		TEST(test_command),
		TEST(test_command_that_is_not_there),
		TEST(test_flush),
		TEST(test_flush_has_a_deadline),
		TEST(test_configured_anew),
		TEST(test_owed_over_a_restart),
		TEST(test_a_storm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
