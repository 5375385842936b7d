#include "apply/unstick.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/server.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

#define PATH "POST /api/v1/namespaces/default/pods/web-0/eviction"

static const char done_body[] = "{\"kind\":\"Status\",\"status\":\"Success\",\"code\":201}";

static void on_done(void *ctx, const struct err *err)
{
	assert_null(err);
	*(bool *)ctx = true;
}

static void run(struct client *client, struct unstick_order *orders, size_t count)
{
	bool done = false;
	struct err err;

	assert_true(unstick(client->cluster, orders, count, on_done, &done, &err) != 0);
	turn_until(&client->loop, &done);
}

static struct unstick_order order_for(const char *pod)
{
	return (struct unstick_order){
		.namespace = "default", .pod = pod, .uid = "u", .resource_version = "7"};
}

/* What is sent, and what an answer means. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		enum unstick_result result;
		const char *message;
	} cases[] = {
		{201, done_body, UNSTICK_EVICTED, ""},
		{404, "{\"message\":\"pods \\\"web-0\\\" not found\",\"code\":404}",
		 UNSTICK_CHANGED, "pods \"web-0\" not found"},
		{409, "{\"message\":\"another uid\",\"reason\":\"Conflict\"}", UNSTICK_CHANGED,
		 "another uid"},
		{429, "{\"message\":\"Cannot evict\"}", UNSTICK_GUARDED, "Cannot evict"},
		{403, "{\"message\":\"no\"}", UNSTICK_FAILED, "no"},
		{500, "{\"message\":\"more than one\"}", UNSTICK_FAILED, "more than one"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct server *server = server_start();
		struct unstick_order order = order_for("web-0");
		struct client client;

		server_answer(server, PATH, 0, cases[i].status, "", cases[i].body);
		client_open(&client, NULL, server_url(server));
		run(&client, &order, 1);
		assert_int_equal(order.result, cases[i].result);
		assert_string_equal(order.err.message, cases[i].message);
		/* Once: whoever was refused is judged anew first. */
		assert_int_equal(server_count(server, ""), 1);
		assert_non_null(
			strstr(server_request(server, PATH "?fieldManager=tranche", 0),
			       "{\"apiVersion\":\"policy/v1\",\"kind\":\"Eviction\","
			       "\"metadata\":{\"name\":\"web-0\",\"namespace\":\"default\"},"
			       "\"deleteOptions\":{\"preconditions\":{\"uid\":\"u\","
			       "\"resourceVersion\":\"7\"}}}"));
		client_close(&client);
		server_stop(server);
	}
}

static void test_old_server(void **state)
{
	(void)state;
	struct server *server = server_start();
	struct unstick_order order = order_for("web-0");
	struct client client;

	server_answer(server, PATH, 1, 400, "",
		      "{\"message\":\"Eviction in version \\\"v1\\\" cannot be handled as a "
		      "Eviction: no kind \\\"Eviction\\\" is registered for version "
		      "\\\"policy/v1\\\" in scheme\",\"reason\":\"BadRequest\",\"code\":400}");
	server_answer(server, PATH, 1, 201, "", done_body);
	client_open(&client, NULL, server_url(server));
	run(&client, &order, 1);
	assert_int_equal(order.result, UNSTICK_EVICTED);
	assert_non_null(strstr(server_request(server, PATH, 1), "\"policy/v1beta1\""));
	client_close(&client);
	server_stop(server);
}

/* "UID VERSION" of a Pod. */
static void read_pod(struct client *client, const char *path, char ret_uid[64],
		     char ret_version[64])
{
	CLEANUP(outcome_release) struct outcome outcome;

	client_send(client, "GET", path, NULL, &outcome);
	assert_int_equal(outcome.status, 200);
	snprintf(ret_uid, 64, "%s", json_str(outcome.body, "metadata.uid"));
	snprintf(ret_version, 64, "%s", json_str(outcome.body, "metadata.resourceVersion"));
}

static void test_on_a_cluster(void **state)
{
	(void)state;
	static const char *const arguments[] = {"--fail-image", "bad:*=NotReady", "--ready-after",
						"0s", NULL};
	char uid[64], version[64];
	struct sim sim;
	struct client client;

	sim_start(&sim, arguments);
	client_open(&client, sim.kubeconfig, NULL);
	sim_shell(&sim,
		  "kubectl run free --image bad:1 -l a=free >/dev/null && "
		  "kubectl run guarded --image bad:1 -l a=guarded >/dev/null && "
		  "kubectl create pdb guard --selector a=guarded --min-available 1 >/dev/null "
		  "&& kubectl wait --for=jsonpath={.status.phase}=Running pod/free "
		  "pod/guarded >/dev/null");
	read_pod(&client, "/api/v1/namespaces/default/pods/free", uid, version);

	struct unstick_order orders[] = {order_for("free"), order_for("guarded"),
					 order_for("nobody")};
	orders[0].uid = uid;
	orders[0].resource_version = "1"; /* it was judged before it changed */
	run(&client, orders, 3);
	assert_int_equal(orders[0].result, UNSTICK_CHANGED);
	assert_int_equal(orders[1].result, UNSTICK_GUARDED);
	assert_string_equal(orders[1].err.message,
			    "Cannot evict pod as it would violate the pod's disruption budget.");
	assert_int_equal(orders[2].result, UNSTICK_CHANGED);
	orders[0].resource_version = version;
	run(&client, orders, 1);
	assert_int_equal(orders[0].result, UNSTICK_EVICTED);
	sim_shell(&sim, "kubectl wait --for=delete pod/free >/dev/null");

	/* Nothing to do, and given up. */
	bool given_up = false;
	struct err err;
	run(&client, orders, 0);
	unstick(client.cluster, orders, 3, on_done, &given_up, &err);
	client_close(&client);
	assert_false(given_up);
	sim_stop(&sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_old_server),
		cmocka_unit_test(test_on_a_cluster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
