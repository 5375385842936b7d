#include "diff/lease.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define UNIX_MS 1767225600123 /* 2026-01-01T00:00:00.123Z */
#define START   1000000       /* of the local clock */

static const char held_by_other[] = "{'metadata': {'name': 'tranche', 'resourceVersion': '7'}, "
				    "'spec': {'holderIdentity': 'other', "
				    "'leaseDurationSeconds': 20, 'renewTime': "
				    "'1999-01-01T00:00:00.000000Z', 'leaseTransitions': 3}}";
static const char held_by_us[] = "{'metadata': {'resourceVersion': '8'}, 'spec': "
				 "{'holderIdentity': 'me', 'leaseDurationSeconds': "
				 "15, 'leaseTransitions': 4}}";
static const char held_by_nobody[] = "{'metadata': {'resourceVersion': '9'}, 'spec': "
				     "{'holderIdentity': '', 'leaseDurationSeconds': 1, "
				     "'leaseTransitions': 4}}";

static struct lease new_lease(void)
{
	return (struct lease){.identity = "me", .timing = lease_timing_of(15000)};
}

static const char *step_name(enum lease_step step)
{
	static const char *const names[] = {"wait", "read", "create", "update"};

	return names[step];
}

/* Fails unless that is what comes next; a wait has to be of `least` to `most`. */
static void assert_next(const struct lease *lease, int64_t now, enum lease_step step, int64_t least,
			int64_t most)
{
	int64_t wait = 0;

	assert_string_equal(step_name(lease_decide(lease, now, &wait)), step_name(step));
	assert_in_range(wait, least, most);
}

static void test_usual_timing(void **state)
{
	const struct lease_timing timing = lease_timing_of(15000);

	(void)state;
	assert_int_equal(timing.duration_ms, 15000);
	assert_int_equal(timing.deadline_ms, 10000);
	assert_int_equal(timing.retry_ms, 2000);
}

/* What is seen of a Lease that was read once, and what is done then. */
static void test_what_is_read_decides(void **state)
{
	static const struct {
		const char *object; /* NULL: there is none */
		int64_t later_ms;   /* it is read again then, and has not changed; 0: it is not */
		enum lease_step step;
		int64_t least, most;
	} cases[] = {
		{NULL, 0, LEASE_CREATE, 0, 0},
		{held_by_nobody, 0, LEASE_UPDATE, 0, 0},
		{held_by_us, 0, LEASE_UPDATE, 0, 0},
		/* Whatever its renewTime says: it was seen just now. */
		{held_by_other, 0, LEASE_WAIT, 2000, 2400},
		{held_by_other, 2400, LEASE_WAIT, 2000, 2400},
		/* For as long as its holder said, not as long as we would, and not longer for the pause. */
		{held_by_other, 19000, LEASE_WAIT, 1000, 1000},
		{held_by_other, 20000, LEASE_UPDATE, 0, 0},
		{"{'spec': {'holderIdentity': 'other'}}", 14999, LEASE_WAIT, 1, 1},
		{"{'spec': {'holderIdentity': 'other'}}", 15000, LEASE_UPDATE, 0, 0},
		{"{'spec': {'holderIdentity': 'other', 'leaseDurationSeconds': -5}}", 14999,
		 LEASE_WAIT, 1, 1},
		{"{'spec': {'holderIdentity': 5}}", 0, LEASE_UPDATE, 0, 0},
		{"{}", 0, LEASE_UPDATE, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(lease_release) struct lease lease = new_lease();
		int64_t now = START;

		assert_next(&lease, now, LEASE_READ, 0, 0);
		lease_saw(&lease, cases[i].object ? value_of(cases[i].object) : NULL, now);
		if (cases[i].later_ms) {
			now += cases[i].later_ms;
			assert_next(&lease, now, LEASE_READ, 0, 0);
			lease_saw(&lease, value_of(cases[i].object), now);
		}
		assert_next(&lease, now, cases[i].step, cases[i].least, cases[i].most);
		assert_false(lease_holds(&lease, now));
	}
}

static void test_a_renewal_counts_from_its_start(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();

	(void)state;
	lease_saw(&lease, NULL, START);
	lease_wrote(&lease, value_of(held_by_us), START + 10, START + 4000);
	assert_false(lease_holds(&lease, START + 10 + 10000));
	assert_true(lease_holds(&lease, START + 10 + 9999));
	/* The next is due since then; it is sent without looking first. */
	assert_next(&lease, START + 4000, LEASE_UPDATE, 0, 0);
	lease_wrote(&lease, value_of(held_by_us), START + 5000, START + 5001);
	assert_next(&lease, START + 5001, LEASE_WAIT, 1999, 2399);
	assert_true(lease_holds(&lease, START + 14999));
	/* An answer that came too late is none. */
	lease_wrote(&lease, value_of(held_by_us), START + 20000, START + 30000);
	assert_false(lease_holds(&lease, START + 30000));
}

static void test_another_s_change_prolongs_and_labels_do_not(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();
	cJSON *labelled = value_of(held_by_other), *renewed = value_of(held_by_other);
	struct err err;

	(void)state;
	lease_saw(&lease, value_of(held_by_other), START);
	assert_ok(json_set_str(labelled, "metadata.labels.team", "a", &err), err);
	lease_saw(&lease, labelled, START + 10000);
	assert_next(&lease, START + 10000, LEASE_WAIT, 2000, 2400);
	lease_saw(&lease, value_of(held_by_other), START + 19999);
	assert_next(&lease, START + 19999, LEASE_WAIT, 1, 1);
	assert_ok(json_set_str(renewed, "spec.renewTime", "1999-01-01T00:00:02.000000Z", &err),
		  err);
	lease_saw(&lease, renewed, START + 20000);
	assert_next(&lease, START + 20000, LEASE_WAIT, 2000, 2400);
}

/* What follows a request that failed, and whether the lease that was renewed 1 s before is held still. */
static void test_failures(void **state)
{
	static const struct {
		enum err_class class;
		int64_t took_ms;
		enum lease_step step;
		int64_t least, most;
		bool holds;
	} cases[] = {
		{ERR_TRANSIENT, 5, LEASE_WAIT, 1995, 2395, true},
		{ERR_DENIED, 5, LEASE_WAIT, 1995, 2395, true},
		{ERR_TRANSIENT, 3333, LEASE_READ, 0, 0, true}, /* a timeout was pause enough */
		{ERR_CONFLICT, 5, LEASE_READ, 0, 0, true}, /* may have been our own lost write */
		{ERR_EXISTS, 5, LEASE_READ, 0, 0, true},
		{ERR_NOT_FOUND, 5, LEASE_WAIT, 1995, 2395, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(lease_release) struct lease lease = new_lease();
		int64_t now = START + 1000 + cases[i].took_ms;

		lease_wrote(&lease, value_of(held_by_us), START, START + 5);
		lease_failed(&lease, cases[i].class, START + 1000, now);
		assert_next(&lease, now, cases[i].step, cases[i].least, cases[i].most);
		assert_int_equal(lease_holds(&lease, now), cases[i].holds);
	}
}

/* A server that refuses every write with 409 is not asked without a pause. */
static void test_a_storm_of_conflicts_is_slow(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();

	(void)state;
	lease_saw(&lease, value_of(held_by_nobody), START);
	lease_failed(&lease, ERR_CONFLICT, START, START + 1);
	assert_next(&lease, START + 1, LEASE_READ, 0, 0);
	lease_saw(&lease, value_of(held_by_nobody), START + 2);
	assert_next(&lease, START + 2, LEASE_UPDATE, 0, 0);
	lease_failed(&lease, ERR_CONFLICT, START + 2, START + 3);
	assert_next(&lease, START + 3, LEASE_WAIT, 1999, 2399);
}

/* Its holder may not know yet that it was deleted. */
static void test_a_deleted_lease_is_waited_out(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();

	(void)state;
	lease_saw(&lease, value_of(held_by_other), START);
	lease_saw(&lease, NULL, START + 5000);
	assert_next(&lease, START + 5000, LEASE_WAIT, 2000, 2400);
	lease_saw(&lease, NULL, START + 20000);
	assert_next(&lease, START + 20000, LEASE_CREATE, 0, 0);
}

static void test_it_is_lost_to_another(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();

	(void)state;
	lease_wrote(&lease, value_of(held_by_us), START, START + 5);
	lease_failed(&lease, ERR_CONFLICT, START + 2000, START + 2001);
	lease_saw(&lease, value_of(held_by_other), START + 2002);
	assert_false(lease_holds(&lease, START + 2002));
	assert_string_equal(lease_holder(&lease), "other");
	assert_int_equal(lease_transitions(&lease), 3);
}

/* What is written over `object` (NULL: nothing), without what is not ours to change. */
static void test_what_is_written(void **state)
{
	static const struct {
		const char *object, *address, *written;
	} cases[] = {
		{NULL, NULL,
		 "{'apiVersion': 'coordination.k8s.io/v1', 'kind': 'Lease', 'metadata': {'name': "
		 "'tranche', 'namespace': 'ns'}, 'spec': {'holderIdentity': 'me', "
		 "'leaseDurationSeconds': 15, 'acquireTime': '2026-01-01T00:00:00.123000Z', "
		 "'renewTime': '2026-01-01T00:00:00.123000Z', 'leaseTransitions': 0}}"},
		/* taken over */
		{"{'metadata': {'resourceVersion': '7', 'labels': {'a': 'b'}, 'managedFields': "
		 "[{}], "
		 "'annotations': {'tranche.dev/address': 'old', 'x': 'y'}}, 'spec': "
		 "{'holderIdentity': "
		 "'other', 'leaseDurationSeconds': 20, 'acquireTime': 'A', 'renewTime': 'R', "
		 "'leaseTransitions': 3, 'strategy': 'S'}}",
		 "10.1.2.3:8080",
		 "{'metadata': {'resourceVersion': '7', 'labels': {'a': 'b'}, 'annotations': "
		 "{'tranche.dev/address': '10.1.2.3:8080', 'x': 'y'}}, 'spec': {'holderIdentity': "
		 "'me', "
		 "'leaseDurationSeconds': 15, 'acquireTime': '2026-01-01T00:00:00.123000Z', "
		 "'renewTime': '2026-01-01T00:00:00.123000Z', 'leaseTransitions': 4, 'strategy': "
		 "'S'}}"},
		/* renewed */
		{"{'metadata': {'resourceVersion': '8', 'annotations': {'tranche.dev/address': "
		 "'old'}}, "
		 "'spec': {'holderIdentity': 'me', 'acquireTime': 'A', 'renewTime': 'R', "
		 "'leaseTransitions': 4}}",
		 NULL,
		 "{'metadata': {'resourceVersion': '8', 'annotations': {}}, 'spec': "
		 "{'holderIdentity': "
		 "'me', 'leaseDurationSeconds': 15, 'acquireTime': 'A', 'renewTime': "
		 "'2026-01-01T00:00:00.123000Z', 'leaseTransitions': 4}}"},
		/* released, by the same process even */
		{held_by_nobody, NULL,
		 "{'metadata': {'resourceVersion': '9'}, 'spec': {'holderIdentity': 'me', "
		 "'leaseDurationSeconds': 15, 'acquireTime': '2026-01-01T00:00:00.123000Z', "
		 "'renewTime': '2026-01-01T00:00:00.123000Z', 'leaseTransitions': 5}}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(lease_release) struct lease lease = new_lease();
		CLEANUP(cJSON_Delete_p) cJSON *written = NULL;
		struct err err;

		if (cases[i].object)
			lease_saw(&lease, value_of(cases[i].object), START);
		assert_ok(lease_next(&lease, "ns", "tranche", cases[i].address, UNIX_MS, &written,
				     &err),
			  err);
		assert_value(written, cases[i].written);
	}
}

static void test_it_is_let_go(void **state)
{
	CLEANUP(lease_release) struct lease lease = new_lease();
	CLEANUP(cJSON_Delete_p) cJSON *written = NULL;
	struct err err;

	(void)state;
	lease_wrote(&lease,
		    value_of("{'metadata': {'resourceVersion': '8', 'annotations': "
			     "{'tranche.dev/address': 'a'}}, 'spec': {'holderIdentity': 'me', "
			     "'leaseDurationSeconds': 15, 'leaseTransitions': 4}}"),
		    START, START);
	assert_string_equal(lease_address(&lease), "a");
	assert_ok(lease_give_up(&lease, UNIX_MS, &written, &err), err);
	assert_value(written,
		     "{'metadata': {'resourceVersion': '8', 'annotations': {}}, 'spec': "
		     "{'holderIdentity': '', 'leaseDurationSeconds': 1, 'acquireTime': "
		     "'2026-01-01T00:00:00.123000Z', 'renewTime': '2026-01-01T00:00:00.123000Z', "
		     "'leaseTransitions': 4}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usual_timing),
		cmocka_unit_test(test_what_is_read_decides),
		cmocka_unit_test(test_a_renewal_counts_from_its_start),
		cmocka_unit_test(test_another_s_change_prolongs_and_labels_do_not),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_a_storm_of_conflicts_is_slow),
		cmocka_unit_test(test_a_deleted_lease_is_waited_out),
		cmocka_unit_test(test_it_is_lost_to_another),
		cmocka_unit_test(test_what_is_written),
		cmocka_unit_test(test_it_is_let_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
