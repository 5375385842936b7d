/* What is not written when the fence says no, and requests that overtake others. */

#include <stdio.h>
#include <string.h>

#include "apply/http.h"

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

#define OBJECT "{'kind': 'Pod'}"

/* A write is asked for twice: its headers, then its body. */
struct fence {
	int allowed; /* how many may still pass; -1: all */
	int asked;
};

static int may_write(void *ctx, struct err *err)
{
	struct fence *fence = ctx;

	fence->asked++;
	if (fence->allowed == 0)
		return err_set(err, ERR_DENIED, "not ours to write");
	fence->allowed -= fence->allowed > 0;
	return 0;
}

struct bench {
	struct server *server;
	struct client client;
	struct fence fence;
};

static void bench_open(struct bench *bench, int allowed)
{
	*bench = (struct bench){.server = server_start(), .fence = {.allowed = allowed}};
	client_open(&bench->client, NULL, server_url(bench->server));
	cluster_set_fence(bench->client.cluster, may_write, &bench->fence);
}

static void bench_close(struct bench *bench)
{
	client_close(&bench->client);
	server_stop(bench->server);
}

static void start(struct bench *bench, struct cluster_request request, struct outcome *outcome)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *body = strcmp(request.method, "GET") == 0 ? NULL : value_of(OBJECT);
	struct err err;

	*outcome = (struct outcome){0};
	request.body = body;
	request.on_done = outcome_take;
	request.ctx = outcome;
	if (!cluster_send(bench->client.cluster, &request, &err))
		fail_msg("%s", err.message);
}

static void test_who_is_asked(void **state)
{
	static const struct {
		struct cluster_request request;
		bool asked;
	} cases[] = {
		{{.method = "GET", .path = "/a"}, false},
		{{.method = "POST", .path = "/a"}, true},
		{{.method = "PUT", .path = "/a"}, true},
		{{.method = "DELETE", .path = "/a"}, true},
		{{.method = "PUT", .path = "/a?dryRun=All", .repeatable = true}, false},
		{{.method = "PUT", .path = "/a", .unfenced = true}, false},
		{{.method = "PUT", .path = "/a", .urgent = true, .afresh = true}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;
		struct outcome outcome;

		bench_open(&bench, 0);
		server_answer(bench.server, "", 0, 200, "", "{}");
		start(&bench, cases[i].request, &outcome);
		turn_until(&bench.client.loop, &outcome.done);
		assert_int_equal(bench.fence.asked, cases[i].asked);
		assert_int_equal(server_count(bench.server, ""), !cases[i].asked);
		assert_string_equal(err_class_name(outcome.err.class),
				    err_class_name(cases[i].asked ? ERR_DENIED : ERR_NONE));
		assert_string_equal(outcome.err.message, cases[i].asked ? "not ours to write" : "");
		outcome_release(&outcome);
		bench_close(&bench);
	}
}

/* On a connection that is there, and after a connection that was used again. */
static void test_each_is_asked(void **state)
{
	struct bench bench;
	struct outcome outcome;

	(void)state;
	bench_open(&bench, 2 * 2);
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (int i = 0; i < 4; i++) {
		start(&bench, (struct cluster_request){.method = "PUT", .path = "/a"}, &outcome);
		turn_until(&bench.client.loop, &outcome.done);
		assert_int_equal(outcome.err.class, i < 2 ? ERR_NONE : ERR_DENIED);
		outcome_release(&outcome);
	}
	assert_int_equal(bench.fence.asked, 2 * 2 + 2);
	assert_int_equal(server_count(bench.server, "PUT"), 2);
	bench_close(&bench);
}

/* libcurl sends a write anew when the connection, used before, ends without an answer (cluster.h). */
static void test_one_that_curl_repeats_is_asked_again(void **state)
{
	static const struct {
		int allowed;
		size_t requests;
		const char *message;
		int asked;
	} cases[] = {{3 * 2, 3, "", 3 * 2}, {2 * 2, 2, "not ours to write", 2 * 2 + 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;
		struct outcome outcome;

		bench_open(&bench, cases[i].allowed);
		server_answer(bench.server, "PUT", 1, 200, "", "{}");
		server_add(bench.server, (struct server_rule){.match = "PUT", .times = 1});
		server_answer(bench.server, "PUT", 0, 200, "", "{}");
		for (int turn = 0; turn < 2; turn++) {
			start(&bench,
			      (struct cluster_request){.method = "PUT", .path = "/a", .once = true},
			      &outcome);
			turn_until(&bench.client.loop, &outcome.done);
			assert_string_equal(outcome.err.message, turn ? cases[i].message : "");
			outcome_release(&outcome);
		}
		assert_int_equal(bench.fence.asked, cases[i].asked);
		assert_int_equal(server_count(bench.server, "PUT"), cases[i].requests);
		bench_close(&bench);
	}
}

/* The fence closes when the headers have left: the body does not follow them, and nothing is written. */
static void test_the_body_is_asked_for_too(void **state)
{
	struct bench bench;
	struct outcome outcome;

	(void)state;
	bench_open(&bench, 1);
	server_answer(bench.server, "", 0, 200, "", "{}");
	start(&bench, (struct cluster_request){.method = "PUT", .path = "/a"}, &outcome);
	turn_until(&bench.client.loop, &outcome.done);
	assert_string_equal(outcome.err.message, "not ours to write");
	assert_int_equal(outcome.err.class, ERR_DENIED);
	assert_int_equal(bench.fence.asked, 2);
	outcome_release(&outcome);
	/* And the connection is not used for anything else. */
	start(&bench, (struct cluster_request){.method = "GET", .path = "/b"}, &outcome);
	turn_until(&bench.client.loop, &outcome.done);
	assert_int_equal(outcome.err.class, ERR_NONE);
	assert_int_equal(server_count(bench.server, "PUT"), 0);
	assert_int_equal(server_count(bench.server, "GET /b"), 1);
	outcome_release(&outcome);
	bench_close(&bench);
}

static void test_one_that_is_tried_again_is_asked_again(void **state)
{
	struct bench bench;
	struct outcome outcome;

	(void)state;
	bench_open(&bench, 1 * 2);
	server_answer(bench.server, "PUT", 0, 429, "Retry-After: 0\r\n", "busy");
	start(&bench, (struct cluster_request){.method = "PUT", .path = "/a"}, &outcome);
	turn_until(&bench.client.loop, &outcome.done);
	assert_string_equal(outcome.err.message, "not ours to write");
	assert_int_equal(bench.fence.asked, 1 * 2 + 1);
	assert_int_equal(server_count(bench.server, "PUT"), 1);
	outcome_release(&outcome);
	bench_close(&bench);
}

/* All places are taken by requests that get no answer; then the fence closes, and places become free. */
static void test_one_that_had_to_wait_is_asked_then(void **state)
{
	struct bench bench;
	struct outcome reads[HTTP_MAX_IN_FLIGHT_1], write, urgent;
	uint64_t ids[HTTP_MAX_IN_FLIGHT_1];
	struct err err;

	(void)state;
	bench_open(&bench, -1);
	server_add(bench.server,
		   (struct server_rule){.match = "GET /slow", .raw = "", .hang = true});
	server_answer(bench.server, "", 0, 200, "", "{}");
	for (size_t i = 0; i < HTTP_MAX_IN_FLIGHT_1; i++) {
		const struct cluster_request request = {.method = "GET",
							.path = "/slow",
							.on_done = outcome_take,
							.ctx = &reads[i]};
		reads[i] = (struct outcome){0};
		ids[i] = cluster_send(bench.client.cluster, &request, &err);
		assert_true(ids[i]);
	}
	start(&bench, (struct cluster_request){.method = "PUT", .path = "/a"}, &write);
	turn_until_count(&bench.client.loop, bench.server, "GET /slow", HTTP_MAX_IN_FLIGHT_1);
	/* What is urgent does not wait for a place. */
	start(&bench,
	      (struct cluster_request){
		      .method = "PUT", .path = "/lease", .unfenced = true, .urgent = true},
	      &urgent);
	turn_until(&bench.client.loop, &urgent.done);
	assert_int_equal(urgent.err.class, ERR_NONE);
	assert_int_equal(bench.fence.asked, 0);

	bench.fence.allowed = 0;
	for (size_t i = 0; i < HTTP_MAX_IN_FLIGHT_1; i++)
		cluster_cancel(bench.client.cluster, ids[i]);
	turn_until(&bench.client.loop, &write.done);
	assert_string_equal(write.err.message, "not ours to write");
	assert_int_equal(server_count(bench.server, "PUT /a"), 0);
	outcome_release(&write);
	outcome_release(&urgent);
	bench_close(&bench);
}

/* One after the other on one connection, then one on a connection of its own beside one that hangs. */
static void test_a_dead_connection_is_left(void **state)
{
	struct bench bench;
	struct outcome outcome;

	(void)state;
	bench_open(&bench, -1);
	server_answer(bench.server, "GET /a", 1, 200, "", "{}");
	server_add(bench.server,
		   (struct server_rule){.match = "GET /a", .times = 1, .raw = "", .hang = true});
	server_answer(bench.server, "GET /a", 1, 200, "", "{}");
	for (int i = 0; i < 3; i++) {
		start(&bench,
		      (struct cluster_request){.method = "GET",
					       .path = "/a",
					       .once = true,
					       .afresh = i == 2,
					       .timeout_ms = i == 1 ? 300 : 20000},
		      &outcome);
		turn_until(&bench.client.loop, &outcome.done);
		assert_int_equal(outcome.err.class, i == 1 ? ERR_TRANSIENT : ERR_NONE);
		outcome_release(&outcome);
	}
	bench_close(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_asked),
		cmocka_unit_test(test_each_is_asked),
		cmocka_unit_test(test_one_that_curl_repeats_is_asked_again),
		cmocka_unit_test(test_the_body_is_asked_for_too),
		cmocka_unit_test(test_one_that_is_tried_again_is_asked_again),
		cmocka_unit_test(test_one_that_had_to_wait_is_asked_then),
		cmocka_unit_test(test_a_dead_connection_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
