/* Who we are to a server: what requests carry, and when files are read and plugins run again. */

#include "apply/credentials.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "apply/http.h"
#include "diff/buf.h"
#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/server.h"
#include "tests/support/turn.h"

#define POLL_MS 20

/* Prints a credential; notes each run in the file "runs". STATUS is what the test puts there. */
#define PLUGIN(status)                                                                             \
	"echo x >>\"$(dirname \"$0\")/runs\"; n=$(grep -c x \"$(dirname \"$0\")/runs\")\n"         \
	"printf '{\"kind\":\"ExecCredential\",\"apiVersion\":\"" EXEC_API_GROUP "/v1\",\"status\"" \
	":{%s}}' \"" status "\"\n"
#define TOKEN      "\\\"token\\\":\\\"token-$n\\\""
#define EXPIRES(s) ",\\\"expirationTimestamp\\\":\\\"$(date -u -d " s " +%FT%TZ)\\\""

struct bench {
	uv_loop_t loop;
	struct server *server;
	struct folder folder;
	struct exec_config exec;
	struct http *http;
	char command[256], url[64];
};

struct result {
	bool done;
	int status;
	struct err err;
};

static void open_bench(struct bench *bench, struct endpoint endpoint)
{
	struct err err;

	uv_loop_init(&bench->loop);
	bench->server = server_start();
	snprintf(bench->url, sizeof(bench->url), "%s", server_url(bench->server));
	endpoint.server = bench->url;
	bench->http = http_new(&bench->loop, &endpoint, &err);
	assert_non_null(bench->http);
}

static void open_with_plugin(struct bench *bench, const char *script)
{
	static char origin[] = "PLUGIN";

	folder_make(&bench->folder);
	folder_script(&bench->folder, "plugin", script);
	snprintf(bench->command, sizeof(bench->command), "%s",
		 folder_file(&bench->folder, "plugin"));
	bench->exec = (struct exec_config){
		.origin = origin, .api_version = EXEC_API_GROUP "/v1", .command = bench->command};
	open_bench(bench, (struct endpoint){.exec = &bench->exec});
}

static void close_bench(struct bench *bench)
{
	http_free(bench->http);
	turn_and_close(&bench->loop);
	server_stop(bench->server);
	folder_remove(&bench->folder);
}

static void on_done(void *ctx, const struct err *err, struct http_response *response, bool sent)
{
	struct result *result = ctx;

	(void)sent;
	assert_false(result->done);
	result->done = true;
	result->err = err ? *err : (struct err){0};
	result->status = response ? response->status : 0;
}

static uint64_t submit(struct bench *bench, const char *target, struct result *result)
{
	const struct http_request request = {
		.method = "GET", .target = target, .on_done = on_done, .ctx = result};
	struct err err;

	*result = (struct result){0};
	uint64_t id = http_submit(bench->http, &request, &err);
	assert_true(id != 0);
	return id;
}

static struct result ask(struct bench *bench, const char *target)
{
	struct result result;

	submit(bench, target, &result);
	turn_until(&bench->loop, &result.done);
	return result;
}

static size_t runs(struct bench *bench)
{
	return strlen(folder_read(&bench->folder, "runs")) / 2;
}

/* Fails unless the n-th request that begins so bears this token. */
static void assert_token(struct bench *bench, const char *match, size_t index, const char *token)
{
	char header[128];

	snprintf(header, sizeof(header), "\r\nAuthorization: Bearer %s\r\n", token);
	if (!strstr(server_request(bench->server, match, index), header))
		fail_msg("no token %s in %s", token, server_request(bench->server, match, index));
}

/* --- plugins ---------------------------------------------------------------------------------- */

static void test_one_run_for_many(void **state)
{
	(void)state;
	struct bench bench;
	struct result results[20];

	open_with_plugin(&bench, PLUGIN(TOKEN));
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (size_t i = 0; i < 20; i++)
		submit(&bench, "/many", &results[i]);
	for (size_t i = 0; i < 20; i++)
		turn_until(&bench.loop, &results[i].done);
	assert_int_equal(ask(&bench, "/later").status, 200);
	assert_int_equal(runs(&bench), 1);
	for (size_t i = 0; i < 20; i++)
		assert_token(&bench, "GET /many", i, "token-1");
	assert_token(&bench, "GET /later", 0, "token-1");
	close_bench(&bench);
}

/* Asks until the plugin has been run that often; every request is answered. */
static void ask_until_runs(struct bench *bench, size_t wanted)
{
	for (int waited = 0; runs(bench) < wanted; waited += POLL_MS) {
		if (waited > TURN_DEADLINE_MS)
			fail_msg("%zu runs instead of %zu", runs(bench), wanted);
		turn_for(&bench->loop, POLL_MS);
		assert_int_equal(ask(bench, "/again").status, 200);
	}
}

static void test_expiry(void **state)
{
	(void)state;
	struct bench bench;

	open_with_plugin(&bench, PLUGIN(TOKEN EXPIRES("3sec")));
	server_answer(bench.server, "", 0, 200, "", "{}");
	assert_int_equal(ask(&bench, "/first").status, 200);
	assert_int_equal(ask(&bench, "/second").status, 200);
	assert_int_equal(runs(&bench), 1);
	ask_until_runs(&bench, 2);
	size_t last = server_count(bench.server, "GET /again") - 1;
	assert_token(&bench, "GET /again", last, "token-2");
	close_bench(&bench);
}

/* It is used all the same, and the plugin not run for each request. */
static void test_expired_from_the_start(void **state)
{
	(void)state;
	struct bench bench;

	open_with_plugin(&bench, PLUGIN(TOKEN EXPIRES("2000-01-01")));
	server_answer(bench.server, "", 0, 200, "", "{}");
	assert_int_equal(ask(&bench, "/first").status, 200);
	assert_int_equal(ask(&bench, "/second").status, 200);
	assert_true(runs(&bench) <= 2);
	close_bench(&bench);
}

/* Asked early it failed: what it gave before is good until it expires. */
static void test_early_failure(void **state)
{
	(void)state;
	struct bench bench;

	open_with_plugin(&bench, PLUGIN(TOKEN EXPIRES("8sec")));
	server_answer(bench.server, "", 0, 200, "", "{}");
	assert_int_equal(ask(&bench, "/first").status, 200);
	folder_script(&bench.folder, "plugin", "echo x >>\"$(dirname \"$0\")/runs\"; exit 1");
	ask_until_runs(&bench, 2);
	folder_script(&bench.folder, "plugin", PLUGIN(TOKEN));
	ask_until_runs(&bench, 3);
	size_t last = server_count(bench.server, "GET /again") - 1;
	assert_token(&bench, "GET /again", last, "token-3");
	close_bench(&bench);
}

static void test_refused_once(void **state)
{
	(void)state;
	struct bench bench;

	open_with_plugin(&bench, PLUGIN(TOKEN));
	server_answer(bench.server, "GET /one", 1, 401, "", "no");
	server_answer(bench.server, "GET /two", 0, 401, "", "no");
	server_answer(bench.server, "", 0, 200, "", "{}");
	assert_int_equal(ask(&bench, "/one").status, 200);
	assert_token(&bench, "GET /one", 0, "token-1");
	assert_token(&bench, "GET /one", 1, "token-2");
	assert_int_equal(runs(&bench), 2);

	/* Once: a server that goes on refusing has the last word. */
	assert_int_equal(ask(&bench, "/two").status, 401);
	assert_int_equal(server_count(bench.server, "GET /two"), 2);
	assert_int_equal(runs(&bench), 3);
	close_bench(&bench);
}

/* Those that were under way with the refused credential do not each run the plugin. */
static void test_many_refused(void **state)
{
	(void)state;
	struct bench bench;
	struct result results[HTTP_MAX_IN_FLIGHT_1];

	open_with_plugin(&bench, PLUGIN(TOKEN));
	server_add(bench.server,
		   (struct server_rule){.match = "GET /many",
					.holds = "Bearer token-1\r\n",
					.raw = "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"});
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (size_t i = 0; i < HTTP_MAX_IN_FLIGHT_1; i++)
		submit(&bench, "/many", &results[i]);
	for (size_t i = 0; i < HTTP_MAX_IN_FLIGHT_1; i++) {
		turn_until(&bench.loop, &results[i].done);
		assert_int_equal(results[i].status, 200);
	}
	assert_int_equal(runs(&bench), 2);
	close_bench(&bench);
}

static void test_failure(void **state)
{
	(void)state;
	struct bench bench;
	struct result results[3];

	open_with_plugin(&bench, "echo x >>\"$(dirname \"$0\")/runs\"; echo 'log in' >&2; exit 7");
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (size_t i = 0; i < 3; i++)
		submit(&bench, "/", &results[i]);
	for (size_t i = 0; i < 3; i++) {
		turn_until(&bench.loop, &results[i].done);
		assert_string_equal(results[i].err.message,
				    "PLUGIN ended with exit code 7: log in");
		assert_int_equal(results[i].err.class, ERR_DENIED);
	}
	assert_string_equal(ask(&bench, "/").err.message, "PLUGIN ended with exit code 7: log in");
	assert_int_equal(runs(&bench), 1);
	assert_int_equal(server_count(bench.server, ""), 0);

	/* Once it works, it is believed. */
	folder_script(&bench.folder, "plugin", PLUGIN(TOKEN));
	struct result result = {0};
	for (int i = 0; !result.status && i < TURN_DEADLINE_MS / POLL_MS; i++) {
		turn_for(&bench.loop, POLL_MS);
		result = ask(&bench, "/");
	}
	assert_int_equal(result.status, 200);
	close_bench(&bench);
}

static void test_nonsense(void **state)
{
	(void)state;
	struct bench bench;

	open_with_plugin(&bench, "echo '{\"kind\":\"hunter2'");
	struct result result = ask(&bench, "/");
	assert_string_equal(result.err.message, "PLUGIN: what it printed is no ExecCredential");
	assert_int_equal(result.err.class, ERR_DENIED);
	close_bench(&bench);
}

/* Nobody waits for it any more: it is killed, and the loop can end. */
static void test_cancel(void **state)
{
	(void)state;
	struct bench bench;
	struct result result;

	open_with_plugin(&bench, "echo x >>\"$(dirname \"$0\")/runs\"; exec sleep 60");
	uint64_t id = submit(&bench, "/", &result);
	for (int i = 0; runs(&bench) == 0 && i < TURN_DEADLINE_MS / POLL_MS; i++)
		turn_for(&bench.loop, POLL_MS);
	assert_int_equal(runs(&bench), 1);
	http_cancel(bench.http, id);
	uint64_t before = uv_hrtime();
	uv_run(&bench.loop, UV_RUN_DEFAULT);
	assert_true(uv_hrtime() - before < 10000000000u);
	assert_false(result.done);
	close_bench(&bench);
}

/* --- files ------------------------------------------------------------------------------------ */

static void test_token_file(void **state)
{
	(void)state;
	char token[256], never[] = "never";
	struct bench bench;

	folder_make(&bench.folder);
	snprintf(token, sizeof(token), "%s", folder_file(&bench.folder, "token"));
	open_bench(&bench, (struct endpoint){.token_file = token, .token = never});
	server_answer(bench.server, "", 0, 200, "", "{}");

	ask(&bench, "/none");
	assert_token(&bench, "GET /none", 0, "never");
	folder_write(&bench.folder, "token", "first\n");
	ask(&bench, "/first");
	assert_token(&bench, "GET /first", 0, "first");
	folder_write(&bench.folder, "token", "second\n");
	ask(&bench, "/second");
	assert_token(&bench, "GET /second", 0, "second");

	/* What is no token, or not there, does not take the last one away. */
	folder_write(&bench.folder, "token", "");
	ask(&bench, "/empty");
	assert_token(&bench, "GET /empty", 0, "second");
	folder_write(&bench.folder, "token", "a b\n");
	ask(&bench, "/broken");
	assert_token(&bench, "GET /broken", 0, "second");
	unlink(token);
	ask(&bench, "/gone");
	assert_token(&bench, "GET /gone", 0, "second");
	close_bench(&bench);
}

/* The answer comes byte by byte, so that the file changes between the request and its end. */
static void test_token_file_after_a_refusal(void **state)
{
	(void)state;
	static const char refusal[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 200\r\n\r\n"
				      "0123456789012345678901234567890123456789012345678901234567"
				      "0123456789012345678901234567890123456789012345678901234567"
				      "0123456789012345678901234567890123456789012345678901234567"
				      "01234567890123456789012345";
	char token[256];
	struct result result;
	struct bench bench;

	folder_make(&bench.folder);
	snprintf(token, sizeof(token), "%s", folder_file(&bench.folder, "token"));
	folder_write(&bench.folder, "token", "first\n");
	open_bench(&bench, (struct endpoint){.token_file = token});
	server_add(
		bench.server,
		(struct server_rule){.match = "GET /one", .raw = refusal, .piece = 1, .times = 1});
	server_answer(bench.server, "GET /two", 0, 401, "", "no");
	server_answer(bench.server, "", 0, 200, "", "{}");
	submit(&bench, "/one", &result);
	turn_until_count(&bench.loop, bench.server, "GET /one", 1);
	folder_write(&bench.folder, "token", "second\n");
	turn_until(&bench.loop, &result.done);
	assert_int_equal(result.status, 200);
	assert_token(&bench, "GET /one", 0, "first");
	assert_token(&bench, "GET /one", 1, "second");

	/* The same token again would not help. */
	assert_int_equal(ask(&bench, "/two").status, 401);
	assert_int_equal(server_count(bench.server, "GET /two"), 1);
	close_bench(&bench);
}

static void test_file_that_was_never_there(void **state)
{
	(void)state;
	char token[] = "/nowhere/token";
	struct bench bench;

	folder_make(&bench.folder);
	open_bench(&bench, (struct endpoint){.token_file = token});
	struct result result = ask(&bench, "/");
	assert_string_equal(result.err.message, "cannot read /nowhere/token: no such file");
	assert_int_equal(result.err.class, ERR_DENIED);
	assert_int_equal(server_count(bench.server, ""), 0);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_run_for_many),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_expired_from_the_start),
		cmocka_unit_test(test_early_failure),
		cmocka_unit_test(test_refused_once),
		cmocka_unit_test(test_many_refused),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_token_file),
		cmocka_unit_test(test_token_file_after_a_refusal),
		cmocka_unit_test(test_file_that_was_never_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
