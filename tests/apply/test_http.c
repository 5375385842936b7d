/* What only shows below the cluster: caps, bounds, timeouts, streams, and TLS. */

#include "apply/http.h"

#include <stdio.h>
#include <string.h>

#include "apply/kubeconfig.h"
#include "diff/buf.h"
#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

struct bench {
	uv_loop_t loop;
	struct server *server;
	struct http *http;
};

/* How a request went. */
struct result {
	bool begun, done, sent;
	int status;
	int64_t retry_after_ms;
	struct err err;
	struct buf body;
};

static void open_bench(struct bench *bench)
{
	struct endpoint endpoint = {0};
	struct err err;

	uv_loop_init(&bench->loop);
	bench->server = server_start();
	endpoint.server = strdup(server_url(bench->server));
	bench->http = http_new(&bench->loop, &endpoint, &err);
	assert_non_null(bench->http);
	endpoint_release(&endpoint);
}

static void close_bench(struct bench *bench)
{
	http_free(bench->http);
	turn_and_close(&bench->loop);
	server_stop(bench->server);
}

static void on_done(void *ctx, const struct err *err, struct http_response *response, bool sent)
{
	struct result *result = ctx;

	assert_false(result->done);
	result->done = true;
	result->sent = sent;
	result->err = err ? *err : (struct err){0};
	if (!response)
		return;
	result->status = response->status;
	result->retry_after_ms = response->retry_after_ms;
	buf_append(&result->body, response->body, response->length);
}

static void on_data(void *ctx, const char *bytes, size_t length)
{
	struct result *result = ctx;

	assert_false(result->done);
	assert_true(length > 0);
	result->begun = true;
	buf_append(&result->body, bytes, length);
}

static struct result new_result(void)
{
	return (struct result){.body = BUF_INIT(1 << 20)};
}

static uint64_t submit(struct bench *bench, struct http_request request, struct result *result)
{
	struct err err;

	request.method = "GET";
	request.target = request.target ? request.target : "/";
	request.on_done = on_done;
	request.ctx = result;
	uint64_t id = http_submit(bench->http, &request, &err);
	assert_true(id != 0);
	return id;
}

static void test_cap(void **state)
{
	(void)state;
	struct bench bench;
	struct result result = new_result(), fits = new_result();

	open_bench(&bench);
	server_add(bench.server, (struct server_rule){.match = "",
						      .raw = HEAD "Content-Length: 10\r\n\r\n"
								  "0123456789"});
	submit(&bench, (struct http_request){.max_response_bytes = 9}, &result);
	turn_until(&bench.loop, &result.done);
	assert_int_equal(result.err.class, ERR_LIMIT);
	assert_words(&result.err, "the answer of URL is larger than 9 bytes",
		     server_url(bench.server));
	assert_true(result.sent);
	submit(&bench, (struct http_request){.max_response_bytes = 10}, &fits);
	turn_until(&bench.loop, &fits.done);
	assert_string_equal(buf_str(&fits.body), "0123456789");
	buf_release(&result.body);
	buf_release(&fits.body);
	close_bench(&bench);
}

static void test_timeout(void **state)
{
	(void)state;
	struct bench bench;
	struct result result = new_result();

	open_bench(&bench);
	server_add(bench.server, (struct server_rule){.match = "", .raw = HEAD, .hang = true});
	submit(&bench, (struct http_request){.timeout_ms = 1000}, &result);
	turn_until(&bench.loop, &result.done);
	assert_int_equal(result.err.class, ERR_TRANSIENT);
	assert_words(&result.err, "no answer from URL within 1 s", server_url(bench.server));
	assert_true(result.sent);
	close_bench(&bench);
}

/* Requests wait for their turn; streams do not. Giving up on some lets others go. */
static void test_bound(void **state)
{
	(void)state;
	struct bench bench;
	static struct result results[40], stream;
	uint64_t ids[40];

	open_bench(&bench);
	server_add(bench.server,
		   (struct server_rule){.match = "", .raw = HEAD "\r\n", .hang = true});
	for (int i = 0; i < 40; i++)
		ids[i] = submit(&bench, (struct http_request){0}, &results[i]);
	turn_until_count(&bench.loop, bench.server, "", HTTP_MAX_IN_FLIGHT_1);
	turn_for(&bench.loop, 50);
	assert_int_equal(server_count(bench.server, ""), HTTP_MAX_IN_FLIGHT_1);
	submit(&bench, (struct http_request){.target = "/stream", .on_data = on_data}, &stream);
	turn_until_count(&bench.loop, bench.server, "GET /stream", 1);
	for (int i = 0; i < 10; i++)
		http_cancel(bench.http, ids[i]);
	turn_until_count(&bench.loop, bench.server, "GET / ", HTTP_MAX_IN_FLIGHT_1 + 10);
	turn_for(&bench.loop, 50);
	assert_int_equal(server_count(bench.server, "GET / "), HTTP_MAX_IN_FLIGHT_1 + 10);
	close_bench(&bench);
}

/* A server that throttles is sent fewer at once, and one that does so no longer more again. */
static void test_overload(void **state)
{
	(void)state;
	struct bench bench;
	size_t before, throttled;

	open_bench(&bench);
	before = http_max_in_flight(bench.http);
	for (int i = 0; i < 3; i++) {
		struct result result = new_result();

		server_answer(bench.server, "", 1, 429, "", "later");
		submit(&bench, (struct http_request){0}, &result);
		turn_until(&bench.loop, &result.done);
		buf_release(&result.body);
	}
	throttled = http_max_in_flight(bench.http);
	assert_int_equal(throttled, before / 8);
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (int i = 0; i < 400 && http_max_in_flight(bench.http) < before; i++) {
		struct result results[] = {new_result(), new_result(), new_result(), new_result()};

		for (size_t k = 0; k < 4; k++)
			submit(&bench, (struct http_request){0}, &results[k]);
		for (size_t k = 0; k < 4; k++) {
			turn_until(&bench.loop, &results[k].done);
			buf_release(&results[k].body);
		}
	}
	assert_true(http_max_in_flight(bench.http) > throttled);
	close_bench(&bench);
}

static void test_streams(void **state)
{
	(void)state;
	struct bench bench;
	struct result result = new_result(), refused = new_result(), cut = new_result();
	struct result open = new_result();

	open_bench(&bench);
	server_add(bench.server,
		   (struct server_rule){.match = "GET /open",
					.raw = HEAD "Content-Length: 20\r\n\r\nabcdefghij",
					.hang = true});
	server_add(bench.server,
		   (struct server_rule){.match = "GET /good",
					.raw = HEAD "Connection: close\r\n\r\nabcdefghij",
					.piece = 1,
					.close = true});
	server_answer(bench.server, "GET /refused", 0, 403, "", "no");
	server_add(bench.server,
		   (struct server_rule){.match = "GET /cut",
					.raw = HEAD "Content-Length: 20\r\n\r\nabcdefghij",
					.close = true});
	submit(&bench, (struct http_request){.target = "/good", .on_data = on_data}, &result);
	turn_until(&bench.loop, &result.done);
	assert_string_equal(buf_str(&result.body), "abcdefghij");
	assert_int_equal(result.status, 200);

	submit(&bench, (struct http_request){.target = "/refused", .on_data = on_data}, &refused);
	turn_until(&bench.loop, &refused.done);
	assert_int_equal(refused.status, 403);
	assert_false(refused.begun);
	assert_string_equal(buf_str(&refused.body), "no");

	/* What came before the cut is handed over before the end is told. */
	submit(&bench, (struct http_request){.target = "/cut", .on_data = on_data}, &cut);
	turn_until(&bench.loop, &cut.done);
	assert_string_equal(buf_str(&cut.body), "abcdefghij");
	assert_int_equal(cut.err.class, ERR_TRANSIENT);

	/* What is there is handed over although there is no end of it yet. */
	uint64_t id =
		submit(&bench, (struct http_request){.target = "/open", .on_data = on_data}, &open);
	turn_until(&bench.loop, &open.begun);
	assert_false(open.done);
	http_cancel(bench.http, id);
	buf_release(&open.body);
	buf_release(&result.body);
	buf_release(&refused.body);
	buf_release(&cut.body);
	close_bench(&bench);
}

/* What a server asks for is believed up to a cap. */
static void test_retry_after(void **state)
{
	(void)state;
	static const struct {
		const char *header;
		int64_t least_ms, most_ms;
	} cases[] = {
		{"", -1, -1},
		{"Retry-After: 0\r\n", 0, 0},
		{"Retry-After: 7\r\n", 7000, 7000},
		{"retry-after:  7  \r\n", 7000, 7000},
		{"Retry-After: 601\r\n", HTTP_MAX_RETRY_AFTER_MS, HTTP_MAX_RETRY_AFTER_MS},
		{"Retry-After: 9223372036854775807\r\n", HTTP_MAX_RETRY_AFTER_MS,
		 HTTP_MAX_RETRY_AFTER_MS},
		{"Retry-After: -9223372036854775808\r\n", 0, 0},
		{"Retry-After: soon\r\n", 0, 0},
		{"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 0, 0},
		{"Retry-After: Fri, 31 Dec 2299 23:59:59 GMT\r\n", HTTP_MAX_RETRY_AFTER_MS,
		 HTTP_MAX_RETRY_AFTER_MS},
	};
	struct bench bench;

	open_bench(&bench);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct result result = new_result();

		server_answer(bench.server, "", 1, 429, cases[i].header, "later");
		submit(&bench, (struct http_request){0}, &result);
		turn_until(&bench.loop, &result.done);
		if (result.retry_after_ms < cases[i].least_ms ||
		    result.retry_after_ms > cases[i].most_ms)
			fail_msg("%s: %lld", cases[i].header, (long long)result.retry_after_ms);
		buf_release(&result.body);
	}
	close_bench(&bench);
}

/* --- TLS -------------------------------------------------------------------------------------- */

static void test_tls(void **state)
{
	(void)state;
	static const struct {
		const char *name, *edit; /* of the kubeconfig, for sed */
		enum err_class class;
		const char *message; /* with the server's URL for URL */
	} cases[] = {
		{"trusted", "", ERR_NONE, ""},
		{"no CA", "/certificate-authority/d", ERR_DENIED,
		 "the certificate of URL is signed by an unknown authority: name its CA as "
		 "certificate-authority in the kubeconfig"},
		{"insecure", "s/certificate-authority-data:.*/insecure-skip-tls-verify: true/",
		 ERR_NONE, ""},
		{"under a name that it bears",
		 "s/server:/tls-server-name: localhost\\n    server:/", ERR_NONE, ""},
		{"under another name", "s/server:/tls-server-name: example.com\\n    server:/",
		 ERR_DENIED,
		 "the certificate of URL is for another name: use a name it bears, or "
		 "tls-server-name in the kubeconfig"},
		{"a wrong token", "s/token:.*/token: wrong/", ERR_DENIED,
		 "the server refused the credentials (Unauthorized): check the token or "
		 "certificate of the kubeconfig's user, or of the service account"},
		{"a proxy that is not there",
		 "s/server:/proxy-url: http:\\/\\/127.0.0.1:1\\n    server:/", ERR_TRANSIENT,
		 "cannot reach URL through its proxy: connection refused"},
	};
	struct sim sim;
	char edited[256];

	sim_start(&sim, NULL);
	snprintf(edited, sizeof(edited), "%s.edited", sim.kubeconfig);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome;
		struct client client;

		sim_shell(&sim, "sed '%s' %s >%s", cases[i].edit, sim.kubeconfig, edited);
		client_open(&client, edited, NULL);
		cluster_set_retry(client.cluster, 0);
		client_send(&client, "GET", "/api/v1/namespaces", NULL, &outcome);
		if (outcome.err.class != cases[i].class)
			fail_msg("%s: %s", cases[i].name,
				 outcome.err.class ? outcome.err.message : "no error");
		if (outcome.err.class)
			assert_words(&outcome.err, cases[i].message,
				     cluster_server(client.cluster));
		outcome_release(&outcome);
		client_close(&client);
	}
	remove(edited);
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cap),     cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_bound),   cmocka_unit_test(test_overload),
		cmocka_unit_test(test_streams), cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
