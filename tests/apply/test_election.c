/* Replicas on the embedded cluster, in one process: who leads, and when another does. */

#include "apply/election.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

/* Who waits until a lease is over waits for this one; */
#define SHORT_MS 5000
/* all others have one that holds on a machine that is starved for a while. */
static const struct lease_timing patient = {
	.duration_ms = 18000,
	.deadline_ms = 12000,
	.retry_ms = 500,
};

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/default/leases/tranche"

struct replica {
	struct client client;
	struct election *election;
	bool leading, lost, troubled, released;
	int changes, renewed;
	struct err err;
};

static void on_change(void *ctx, bool leading)
{
	struct replica *replica = ctx;
	struct err err;

	assert_int_equal(leading, !replica->leading);
	assert_int_equal(leading, election_is_leading(replica->election));
	if (leading)
		assert_ok(election_fence(replica->election, &err), err);
	replica->leading = leading;
	replica->lost = !leading;
	replica->changes++;
}

static void on_round(void *ctx, const struct err *err)
{
	struct replica *replica = ctx;

	replica->troubled = err;
	replica->renewed += !err;
	if (err)
		replica->err = *err;
}

static void on_released(void *ctx)
{
	((struct replica *)ctx)->released = true;
}

static void replica_start(struct replica *replica, const struct sim *sim, const char *identity,
			  struct lease_timing timing)
{
	struct err err;

	*replica = (struct replica){0};
	client_open(&replica->client, sim->kubeconfig, NULL);
	const struct election_options options = {
		.loop = &replica->client.loop,
		.cluster = replica->client.cluster,
		.namespace = "default",
		.name = "tranche",
		.identity = identity,
		.timing = timing,
		.on_change = on_change,
		.on_round = on_round,
		.ctx = replica,
	};
	assert_ok(election_start(&options, &replica->election, &err), err);
	cluster_set_fence(replica->client.cluster, election_fence, replica->election);
}

static void replica_stop(struct replica *replica)
{
	election_free(replica->election);
	client_close(&replica->client);
}

static void read_lease(struct client *client, struct outcome *outcome)
{
	client_send(client, "GET", LEASE, NULL, outcome);
	assert_int_equal(outcome->err.class, ERR_NONE);
}

static void test_one_leads_and_another_follows(void **state)
{
	struct replica first, second;
	struct outcome outcome;
	struct sim sim;
	struct err err;

	(void)state;
	sim_start(&sim, NULL);
	replica_start(&first, &sim, "first", lease_timing_of(SHORT_MS));
	assert_ok(election_set_address(first.election, "10.1.2.3:8080", &err), err);
	assert_error(election_fence(first.election, &err), err, ERR_DENIED,
		     "this agent does not hold the lease \"tranche\" any more");
	turn_until(&first.client.loop, &first.leading);
	read_lease(&first.client, &outcome);
	assert_string_equal(json_str(outcome.body, "spec.holderIdentity"), "first");
	assert_int_equal(json_int_or(outcome.body, "spec.leaseDurationSeconds", 0), 5);
	assert_int_equal(json_int_or(outcome.body, "spec.leaseTransitions", -1), 0);
	outcome_release(&outcome);

	/* Nobody renews it any more: only this loop turns. */
	replica_start(&second, &sim, "second", lease_timing_of(SHORT_MS));
	turn_until(&second.client.loop, &second.leading);
	read_lease(&second.client, &outcome);
	assert_string_equal(json_str(outcome.body, "spec.holderIdentity"), "second");
	assert_int_equal(json_int_or(outcome.body, "spec.leaseTransitions", -1), 1);
	outcome_release(&outcome);
	assert_null(election_address(second.election));

	/* The first one knows before it has heard of anything, by its clock, and what it sends does not leave. */
	assert_false(election_is_leading(first.election));
	client_send(&first.client, "POST", "/api/v1/namespaces/default/configmaps",
		    "{'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'a'}}",
		    &outcome);
	assert_string_equal(outcome.err.message,
			    "this agent does not hold the lease \"tranche\" any more");
	outcome_release(&outcome);
	turn_until(&first.client.loop, &first.lost);
	assert_int_equal(first.changes, 2);
	replica_stop(&first);
	replica_stop(&second);
	sim_stop(&sim);
}

static void test_what_is_released_is_taken_at_once(void **state)
{
	struct replica first, second;
	struct sim sim;

	(void)state;
	sim_start(&sim, NULL);
	replica_start(&first, &sim, "first", patient);
	turn_until(&first.client.loop, &first.leading);
	replica_start(&second, &sim, "second", patient);
	while (strcmp(election_holder(second.election), "first") != 0)
		uv_run(&second.client.loop, UV_RUN_ONCE);
	election_release(first.election, on_released, &first);
	assert_false(election_is_leading(first.election));
	turn_until(&first.client.loop, &first.released);
	assert_int_equal(first.changes, 1);
	replica_stop(&first);

	turn_until(&second.client.loop, &second.leading);
	assert_int_equal(election_transitions(second.election), 1);
	replica_stop(&second);
	sim_stop(&sim);
}

static void test_nothing_is_released_by_who_does_not_hold_it(void **state)
{
	struct replica first, second;
	struct outcome outcome;
	struct sim sim;

	(void)state;
	sim_start(&sim, NULL);
	replica_start(&first, &sim, "first", patient);
	turn_until(&first.client.loop, &first.leading);
	replica_start(&second, &sim, "second", patient);
	while (strcmp(election_holder(second.election), "first") != 0)
		uv_run(&second.client.loop, UV_RUN_ONCE);
	election_release(second.election, on_released, &second);
	turn_until(&second.client.loop, &second.released);
	replica_stop(&second);
	read_lease(&first.client, &outcome);
	assert_string_equal(json_str(outcome.body, "spec.holderIdentity"), "first");
	outcome_release(&outcome);
	replica_stop(&first);
	sim_stop(&sim);
}

static void test_a_lease_that_is_deleted_is_made_anew(void **state)
{
	struct replica first;
	struct outcome outcome;
	struct sim sim;

	(void)state;
	sim_start(&sim, NULL);
	replica_start(&first, &sim, "first", patient);
	turn_until(&first.client.loop, &first.leading);
	sim_shell(&sim, "kubectl delete lease tranche >/dev/null");
	turn_until(&first.client.loop, &first.lost);
	turn_until(&first.client.loop, &first.leading);
	read_lease(&first.client, &outcome);
	assert_string_equal(json_str(outcome.body, "spec.holderIdentity"), "first");
	outcome_release(&outcome);
	replica_stop(&first);
	sim_stop(&sim);
}

/* Nobody answers: the leader steps down when its time is over, and says why it could not renew. */
static void test_a_server_that_is_silent(void **state)
{
	struct replica first;
	struct sim sim;

	(void)state;
	sim_start(&sim, NULL);
	replica_start(&first, &sim, "first", lease_timing_of(SHORT_MS));
	turn_until(&first.client.loop, &first.leading);
	if (!sim_is_own(&sim))
		skip();
	kill(sim.pid, SIGSTOP);
	turn_until(&first.client.loop, &first.lost);
	assert_true(first.troubled);
	assert_int_equal(first.err.class, ERR_TRANSIENT);
	kill(sim.pid, SIGCONT);
	turn_until(&first.client.loop, &first.leading);
	assert_false(first.troubled);
	replica_stop(&first);
	sim_stop(&sim);
}

static void test_faults(void **state)
{
	static const struct {
		const char *fault;
		const char *told; /* NULL: it leads */
	} cases[] = {
		{"503@update:leases*1", NULL},
		{"lose@create:leases*1", NULL},
		{"lose@update:leases*2", NULL},
		{"409@create:leases*1", NULL},
		{"403@create:leases", "kubesim was told to answer 403"},
		{"403@get:leases", "kubesim was told to answer 403"},
		{"429@get:leases*1", NULL},
		{"hang@get:leases*1", NULL},
		{"cut=5@get:leases*1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const arguments[] = {"--fault", cases[i].fault, NULL};
		struct replica first;
		struct sim sim;

		sim_start(&sim, arguments);
		replica_start(&first, &sim, "first", patient);
		turn_until(&first.client.loop, cases[i].told ? &first.troubled : &first.leading);
		if (cases[i].told) {
			assert_string_equal(first.err.message, cases[i].told);
			assert_false(first.leading);
		} else {
			first.renewed = 0;
			while (first.renewed < 2)
				uv_run(&first.client.loop, UV_RUN_ONCE);
			assert_true(first.leading);
		}
		replica_stop(&first);
		sim_stop(&sim);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_leads_and_another_follows),
		cmocka_unit_test(test_what_is_released_is_taken_at_once),
		cmocka_unit_test(test_nothing_is_released_by_who_does_not_hold_it),
		cmocka_unit_test(test_a_lease_that_is_deleted_is_made_anew),
		cmocka_unit_test(test_a_server_that_is_silent),
		cmocka_unit_test(test_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
