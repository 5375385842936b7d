/* Requests against a server that misbehaves as it is told. */

#include "apply/cluster.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

#define POD    "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}"
#define HEADER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct server_rule rule;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"JSON", {.raw = HEADER "Content-Length: 38\r\n\r\n" POD}, ERR_NONE, ""},
		{"chunked",
		 {.raw = HEADER "Transfer-Encoding: chunked\r\n\r\n26\r\n" POD "\r\n0\r\n\r\n"},
		 ERR_NONE,
		 ""},
		{"byte by byte",
		 {.raw = HEADER "Content-Length: 38\r\n\r\n" POD, .piece = 1},
		 ERR_NONE,
		 ""},
		{"until the connection is closed",
		 {.raw = HEADER "\r\n" POD, .close = true},
		 ERR_NONE,
		 ""},
		{"truncated",
		 {.raw = HEADER "Content-Length: 380\r\n\r\n" POD, .close = true},
		 ERR_TRANSIENT,
		 "the connection to URL was cut off within the answer"},
		{"truncated chunks",
		 {.raw = HEADER "Transfer-Encoding: chunked\r\n\r\n26\r\n{\"ki", .close = true},
		 ERR_TRANSIENT,
		 "the connection to URL was cut off within the answer"},
		{"cut within its head",
		 {.raw = "HTTP/1.1 200 OK\r\nConte", .close = true},
		 ERR_TRANSIENT,
		 "the answer to GET /api is empty"},
		{"closed",
		 {.raw = NULL},
		 ERR_TRANSIENT,
		 "URL closed the connection without an answer"},
		{"no HTTP",
		 {.raw = "SSH-2.0-OpenSSH_9.2\r\n", .close = true},
		 ERR_INVALID,
		 "URL does not speak HTTP: should its URL begin with https://?"},
		{"a page",
		 {.raw = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"},
		 ERR_INVALID,
		 "the answer to GET /api is no JSON object: is URL a Kubernetes API server?"},
		{"a list of nothing",
		 {.raw = HEADER "Content-Length: 2\r\n\r\n[]"},
		 ERR_INVALID,
		 "the answer to GET /api is no JSON object: is URL a Kubernetes API server?"},
		{"broken JSON",
		 {.raw = HEADER "Content-Length: 2\r\n\r\n{]"},
		 ERR_INVALID,
		 "the answer to GET /api is no JSON object: is URL a Kubernetes API server?"},
		{"a gateway's page",
		 {.raw = "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"},
		 ERR_TRANSIENT,
		 "the server answered 502 (bad gateway)"},
		{"plain text",
		 {.raw = "HTTP/1.1 400 Bad\r\nContent-Length: 49\r\n\r\n"
			 "Client sent an HTTP request to an HTTPS server.\r\n"},
		 ERR_INVALID,
		 "Client sent an HTTP request to an HTTPS server."},
		{"a redirect",
		 {.raw = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
			 "Content-Length: 0\r\n\r\n"},
		 ERR_INVALID,
		 "the server answered 302 (a redirect)"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = server_start();
		struct server_rule rule = cases[i].rule;
		struct outcome outcome;
		struct client client;

		rule.match = "";
		server_add(server, rule);
		client_open(&client, NULL, server_url(server));
		cluster_set_retry(client.cluster, 0);
		client_send(&client, "GET", "/api?limit=1", NULL, &outcome);
		assert_words(&outcome.err, cases[i].message, server_url(server));
		assert_string_equal(err_class_name(outcome.err.class),
				    err_class_name(cases[i].class));
		if (cases[i].class == ERR_NONE)
			assert_value(outcome.body, "{'kind':'Pod','metadata':{'name':'a'}}");
		outcome_release(&outcome);
		client_close(&client);
		server_stop(server);
	}
}

static void test_unreachable(void **state)
{
	(void)state;
	static const struct {
		const char *server;
		enum err_class class;
		const char *message;
	} cases[] = {
		{"http://127.0.0.1:1", ERR_TRANSIENT,
		 "cannot reach http://127.0.0.1:1: connection refused"},
		{"https://127.0.0.1:1/with/path/", ERR_TRANSIENT,
		 "cannot reach https://127.0.0.1:1/with/path: connection refused"},
		{"http://nowhere.invalid:80", ERR_TRANSIENT,
		 "cannot reach http://nowhere.invalid:80: no such host"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct outcome outcome;
		struct client client;

		client_open(&client, NULL, cases[i].server);
		cluster_set_retry(client.cluster, 0);
		client_send(&client, "GET", "/api", NULL, &outcome);
		assert_string_equal(outcome.err.message, cases[i].message);
		assert_int_equal(outcome.err.class, cases[i].class);
		client_close(&client);
	}
}

static void test_tls_that_does_not_come_about(void **state)
{
	(void)state;
	static const struct {
		struct server_rule rule;
		const char *message;
	} cases[] = {
		{{.match = "", .raw = "HTTP/1.1 400 no\r\n\r\n", .close = true},
		 "URL does not speak TLS: should its URL begin with http://?"},
		{{.match = ""}, "cannot reach URL: it was closed within the TLS handshake"},
		{{.match = "", .reset = true},
		 "cannot reach URL: it was closed within the TLS handshake"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = server_start();
		struct outcome outcome;
		struct client client;
		char url[64];

		snprintf(url, sizeof(url), "https%s", server_url(server) + 4);
		server_add(server, cases[i].rule);
		client_open(&client, NULL, url);
		cluster_set_retry(client.cluster, 0);
		client_send(&client, "GET", "/api", NULL, &outcome);
		assert_words(&outcome.err, cases[i].message, url);
		client_close(&client);
		server_stop(server);
	}
}

static void test_no_such_url(void **state)
{
	(void)state;
	static const char *const urls[] = {"127.0.0.1:6443", "ftp://h", "http:", "kubernetes"};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
		const struct kubeconfig_options options = {.server = urls[i]};
		char message[256];
		struct err err;
		uv_loop_t loop;

		setenv("HOME", "/nonexistent", 1);
		uv_loop_init(&loop);
		assert_ok(kubeconfig_load(&options, &config, &err), err);
		assert_null(cluster_new(&loop, &config, &err));
		snprintf(message, sizeof(message),
			 "the server \"%s\" is no URL such as https://10.0.0.1:6443", urls[i]);
		assert_string_equal(err.message, message);
		turn_and_close(&loop);
	}
}

/* What is tried again, and what is not. */
static void test_retries(void **state)
{
	(void)state;
	static const struct {
		const char *name, *method;
		int status; /* of the first answer; 0: closed without one */
		const char *headers;
		size_t requests; /* that are made in all */
		enum err_class class;
	} cases[] = {
		{"throttled read", "GET", 429, "Retry-After: 1\r\n", 2, ERR_NONE},
		{"throttled write", "PUT", 429, "Retry-After: 1\r\n", 2, ERR_NONE},
		{"throttled write without a word", "POST", 429, "", 2, ERR_NONE},
		{"throttled for too long", "GET", 429, "Retry-After: 3600\r\n", 1, ERR_TRANSIENT},
		{"throttled until a time that is past", "GET", 429,
		 "Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 2, ERR_NONE},
		{"throttled until a far day", "GET", 429,
		 "Retry-After: Fri, 31 Dec 2299 23:59:59 GMT\r\n", 1, ERR_TRANSIENT},
		{"throttled for longer than there is time", "PUT", 429,
		 "Retry-After: 9223372036854775807\r\n", 1, ERR_TRANSIENT},
		{"throttled for more than a number", "PUT", 429,
		 "Retry-After: 99999999999999999999\r\n", 2, ERR_NONE},
		{"throttled for less than nothing", "PUT", 429,
		 "Retry-After: -9223372036854775808\r\n", 2, ERR_NONE},
		{"throttled for a while", "PUT", 429, "Retry-After: a while\r\n", 2, ERR_NONE},
		{"failed read", "GET", 500, "", 2, ERR_NONE},
		{"failed write", "PUT", 500, "", 1, ERR_TRANSIENT},
		{"read through a gateway", "GET", 502, "", 2, ERR_NONE},
		{"unavailable for a read", "GET", 503, "", 2, ERR_NONE},
		{"unavailable for a write", "POST", 503, "", 1, ERR_TRANSIENT},
		{"cut read", "GET", 0, "", 2, ERR_NONE},
		{"empty read", "GET", 200, "Empty: 1\r\n", 2, ERR_NONE},
		{"empty answer to a write", "PUT", 200, "Empty: 1\r\n", 1, ERR_TRANSIENT},
		{"cut write", "PUT", 0, "", 1, ERR_TRANSIENT},
		{"refused read", "GET", 403, "", 1, ERR_DENIED},
		{"conflict", "PUT", 409, "", 1, ERR_CONFLICT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = server_start();
		struct outcome outcome;
		struct client client;

		if (cases[i].status)
			server_answer(server, "", 1, cases[i].status, cases[i].headers,
				      cases[i].status == 200
					      ? ""
					      : "too many requests, please try again later");
		else
			server_add(server, (struct server_rule){.match = "", .times = 1});
		server_answer(server, "", 0, 200, "", POD);
		client_open(&client, NULL, server_url(server));
		client_send(&client, cases[i].method, "/api",
			    strcmp(cases[i].method, "GET") == 0 ? NULL : "{'a':1}", &outcome);
		if (outcome.err.class != cases[i].class ||
		    server_count(server, "") != cases[i].requests)
			fail_msg("%s: %zu requests, %s", cases[i].name, server_count(server, ""),
				 outcome.err.class ? outcome.err.message : "well");
		outcome_release(&outcome);
		client_close(&client);
		server_stop(server);
	}
}

/* A read whose connection was cut is tried again twice even if there is no time left. */
static void test_what_was_cut_late(void **state)
{
	(void)state;
	static const struct {
		int cuts;
		size_t requests;
		enum err_class class;
	} cases[] = {{2, 3, ERR_NONE}, {3, 3, ERR_TRANSIENT}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct server *server = server_start();
		struct outcome outcome;
		struct client client;

		server_add(server, (struct server_rule){.match = "", .times = cases[i].cuts});
		server_answer(server, "", 0, 200, "", POD);
		client_open(&client, NULL, server_url(server));
		cluster_set_retry(client.cluster, 1);
		client_send(&client, "GET", "/api", NULL, &outcome);
		assert_int_equal(outcome.err.class, cases[i].class);
		assert_int_equal(server_count(server, ""), cases[i].requests);
		outcome_release(&outcome);
		client_close(&client);
		server_stop(server);
	}
}

/* A server closes a connection that was idle, and a request comes that moment: it is sent anew, a write too. */
static void test_connections_that_are_used_again(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct server_rule rule; /* of the second request over a connection */
		size_t requests;         /* that are made then */
	} cases[] = {
		{"closed", {.close = true}, 2},
		{"reset", {.reset = true}, 2},
		{"reset after the answer",
		 {.raw = HEADER "Content-Length: 38\r\n\r\n" POD, .reset = true},
		 1},
	};
	static const char *const methods[] = {"GET", "PUT"};

	for (size_t i = 0; i < 2 * (sizeof(cases) / sizeof(cases[0])); i++) {
		const char *method = methods[i % 2];
		struct server_rule rule = cases[i / 2].rule;
		struct server *server = server_start();
		struct outcome outcome;
		struct client client;
		char match[32];

		snprintf(match, sizeof(match), "%s /apis", method);
		rule.match = match;
		rule.times = 1;
		server_add(server, rule);
		server_answer(server, "", 0, 200, "", POD);
		client_open(&client, NULL, server_url(server));
		cluster_set_retry(client.cluster, 0);
		client_send(&client, "GET", "/api", NULL, &outcome);
		outcome_release(&outcome);
		client_send(&client, method, "/apis", i % 2 ? POD : NULL, &outcome);
		assert_words(&outcome.err, "", server_url(server));
		assert_value(outcome.body, "{'kind':'Pod','metadata':{'name':'a'}}");
		assert_int_equal(server_count(server, match), cases[i / 2].requests);
		outcome_release(&outcome);
		client_close(&client);
		server_stop(server);
	}
}

static void test_sends_what_it_should(void **state)
{
	(void)state;
	struct server *server = server_start();
	struct outcome outcome;
	struct client client;

	server_answer(server, "", 0, 200, "", POD);
	client_open(&client, NULL, server_url(server));
	client_send(&client, "PUT", "/api/v1/x?a=b%20c", "{'a':[1,2]}", &outcome);
	assert_int_equal(outcome.err.class, ERR_NONE);
	outcome_release(&outcome);
	const char *request = server_request(server, "PUT /api/v1/x?a=b%20c HTTP/1.1\r\n", 0);
	assert_non_null(strstr(request, "\r\nAccept: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(request, "\r\nUser-Agent: tranche/0.1.0\r\n"));
	assert_null(strstr(request, "Expect:"));
	assert_non_null(strstr(request, "\r\n\r\n{\"a\":[1,2]}"));
	client_close(&client);
	server_stop(server);
}

/* --- warnings --------------------------------------------------------------------------------- */

static void on_warning(void *ctx, const char *text)
{
	buf_printf(ctx, "%s\n", text);
}

static void test_warnings(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf told = BUF_INIT(4096);
	struct server *server = server_start();
	struct outcome outcome;
	struct client client;

	server_answer(server, "", 0, 200,
		      "Warning: 299 - \"policy/v1beta1 is deprecated\"\r\n"
		      "Warning: 299 - \"second\"\r\n",
		      POD);
	client_open(&client, NULL, server_url(server));
	cluster_on_warning(client.cluster, on_warning, &told);
	for (int i = 0; i < 2; i++) {
		client_send(&client, "GET", "/api", NULL, &outcome);
		assert_string_equal(outcome.warnings, "policy/v1beta1 is deprecated\nsecond");
		outcome_release(&outcome);
	}
	assert_string_equal(buf_str(&told), "policy/v1beta1 is deprecated\nsecond\n");
	client_close(&client);
	server_stop(server);
}

/* A server that quotes what it is sent, in whatever it has to say. */
static void test_quoted_secrets(void **state)
{
	(void)state;
	struct server *server = server_start();
	CLEANUP(buf_release) struct buf told = BUF_INIT(1000);
	struct client client;
	struct outcome outcome;
	const char *secret = "{'apiVersion':'v1','kind':'Secret','stringData':{'a':'hunter2'}}";

	server_answer(server, "POST /status", 0, 422, "Warning: 299 - \"weak: aHVudGVyMg==\"\r\n",
		      "{\"kind\":\"Status\",\"message\":\"denied: hunter2 is weak\"}");
	server_answer(server, "POST /text", 0, 400, "", "hunter2 is bad");
	server_answer(server, "POST /fine", 0, 201, "Warning: 299 - \"hunter2!\"\r\n",
		      "{\"kind\":\"Secret\",\"data\":{\"a\":\"aHVudGVyMg==\"}}");
	client_open(&client, NULL, server_url(server));
	cluster_on_warning(client.cluster, on_warning, &told);
	client_send(&client, "POST", "/status", secret, &outcome);
	assert_string_equal(outcome.err.message, "denied: *** is weak");
	assert_string_equal(outcome.warnings, "weak: ***");
	outcome_release(&outcome);
	client_send(&client, "POST", "/text", secret, &outcome);
	assert_string_equal(outcome.err.message, "*** is bad");
	outcome_release(&outcome);
	client_send(&client, "POST", "/fine", secret, &outcome);
	assert_string_equal(json_str(outcome.body, "data.a"), "aHVudGVyMg==");
	outcome_release(&outcome);
	assert_string_equal(buf_str(&told), "weak: ***\n***!\n");
	client_close(&client);
	server_stop(server);
}

/* --- giving up -------------------------------------------------------------------------------- */

static uint64_t start_request(struct client *client, struct outcome *outcome)
{
	const struct cluster_request request = {
		.method = "GET",
		.path = "/api",
		.on_done = outcome_take,
		.ctx = outcome,
	};
	struct err err;
	uint64_t id = cluster_send(client->cluster, &request, &err);

	assert_true(id != 0);
	return id;
}

static void test_cancel(void **state)
{
	(void)state;
	struct server *server = server_start();
	struct outcome outcome = {0}, last = {0};
	struct client client;

	server_add(server, (struct server_rule){.match = "", .raw = HEADER, .hang = true});
	client_open(&client, NULL, server_url(server));
	/* Before it is sent, in mid-flight, and again after it is over. */
	cluster_cancel(client.cluster, start_request(&client, &outcome));
	uint64_t id = start_request(&client, &outcome);
	turn_until_count(&client.loop, server, "", 1);
	cluster_cancel(client.cluster, id);
	cluster_cancel(client.cluster, id);
	cluster_cancel(client.cluster, 0);
	turn_for(&client.loop, 20);
	assert_false(outcome.done);
	/* While it waits to be tried again. */
	cluster_free(client.cluster);
	turn_and_close(&client.loop);
	client_open(&client, NULL, "http://127.0.0.1:1");
	id = start_request(&client, &last);
	turn_for(&client.loop, 50);
	cluster_cancel(client.cluster, id);
	turn_for(&client.loop, 300);
	assert_false(last.done);
	client_close(&client);
	server_stop(server);
}

/* More requests than may be in flight, all given up by freeing the connection in a callback. */
struct crowd {
	struct client client;
	int answered;
	bool freed;
};

static void free_at_third(void *ctx, const struct err *err, struct cluster_answer *answer)
{
	struct crowd *crowd = ctx;

	(void)answer;
	assert_null(err);
	assert_false(crowd->freed);
	if (++crowd->answered == 3) {
		crowd->freed = true;
		cluster_free(crowd->client.cluster);
	}
}

static void test_free_in_a_callback(void **state)
{
	(void)state;
	struct server *server = server_start();
	struct crowd crowd = {0};
	const struct cluster_request request = {
		.method = "GET", .path = "/api", .on_done = free_at_third, .ctx = &crowd};
	struct err err;

	server_answer(server, "", 0, 200, "", POD);
	client_open(&crowd.client, NULL, server_url(server));
	for (int i = 0; i < 100; i++)
		assert_true(cluster_send(crowd.client.cluster, &request, &err) != 0);
	turn_until(&crowd.client.loop, &crowd.freed);
	assert_int_equal(crowd.answered, 3);
	turn_and_close(&crowd.client.loop);
	server_stop(server);
}

/* --- credentials ------------------------------------------------------------------------------ */

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_tls_that_does_not_come_about),
		cmocka_unit_test(test_no_such_url),
		cmocka_unit_test(test_retries),
		cmocka_unit_test(test_what_was_cut_late),
		cmocka_unit_test(test_connections_that_are_used_again),
		cmocka_unit_test(test_sends_what_it_should),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_free_in_a_callback),
		cmocka_unit_test(test_quoted_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
