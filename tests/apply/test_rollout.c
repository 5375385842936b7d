/* Rollouts followed on a cluster. */

#include "apply/rollout.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/client.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

static struct sim sim;

struct bench {
	struct client client;
	struct rollouts *rollouts;
	struct buf log; /* a line for each new line of rollout_print, without repetitions */
	char last[256];
	bool synced, settled, gone, failed;
	bool free_at_change;
};

static void on_change(void *ctx, const struct rollout *rollout)
{
	CLEANUP(buf_release) struct buf line = BUF_INIT(256);
	struct bench *bench = ctx;

	rollout_print(rollout, &line);
	if (strcmp(buf_str(&line), bench->last) != 0)
		buf_printf(&bench->log, "%s: %s\n", rollout->name, buf_str(&line));
	strcpy(bench->last, buf_str(&line));
	bench->settled = rollout_is_settled(rollout);
	if (bench->free_at_change) {
		rollouts_free(bench->rollouts);
		bench->rollouts = NULL;
		bench->gone = true;
	}
}

static void on_gone(void *ctx, const char *namespace, const char *name)
{
	struct bench *bench = ctx;

	buf_printf(&bench->log, "%s/%s is gone\n", namespace, name);
	bench->gone = true;
}

static void on_synced(void *ctx)
{
	((struct bench *)ctx)->synced = true;
}

static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct bench *bench = ctx;

	buf_printf(&bench->log, "%s%s\n", retry_in_ms < 0 ? "failed: " : "", err->message);
	bench->failed = true;
}

static void open_bench_at(struct bench *bench, const char *kubeconfig, bool once, bool revisions)
{
	const struct rollouts_options options = {
		.once = once,
		.revisions = revisions,
		.on_change = on_change,
		.on_gone = on_gone,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = bench,
	};
	struct err err;

	*bench = (struct bench){.log = BUF_INIT(65536)};
	client_open(&bench->client, kubeconfig, NULL);
	bench->rollouts = rollouts_new(bench->client.cluster, &options, &err);
	assert_non_null(bench->rollouts);
}

static void open_bench(struct bench *bench, bool once)
{
	open_bench_at(bench, sim.kubeconfig, once, false);
}

static void close_bench(struct bench *bench)
{
	rollouts_free(bench->rollouts);
	client_close(&bench->client);
	buf_release(&bench->log);
}

static void follow(struct bench *bench, const char *namespace)
{
	struct err err;

	bench->synced = false;
	assert_ok(rollouts_add_namespace(bench->rollouts, namespace, &err), err);
	assert_ok(rollouts_add_namespace(bench->rollouts, namespace, &err), err);
	turn_until(&bench->client.loop, &bench->synced);
}

#define WEB                                                                                       \
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec: {replicas: %d, "    \
	"serviceName: web, selector: {matchLabels: {app: web}}, updateStrategy: {rollingUpdate: " \
	"{partition: %d}}, template: {metadata: {labels: {app: web}}, spec: {containers: "        \
	"[{name: c, image: 'nginx:%s'}]}}}"

static void replace_web(const char *verb, const char *namespace, int replicas, int partition,
			const char *tag)
{
	sim_shell(&sim, "echo \"" WEB "\" | kubectl -n %s %s -f - >/dev/null", replicas, partition,
		  tag, namespace, verb);
}

static void wait_for(struct bench *bench, const char *line)
{
	while (!strstr(buf_str(&bench->log), line)) {
		size_t length = bench->log.length;

		for (int i = 0; i < 1000 && bench->log.length == length; i++)
			turn_for(&bench->client.loop, 10);
		if (bench->log.length == length)
			fail_msg("no \"%s\" in\n%s", line, buf_str(&bench->log));
	}
}

static void test_follows_a_canary(void **state)
{
	(void)state;
	struct bench bench;
	size_t count;

	sim_shell(&sim, "kubectl create ns rollout-a >/dev/null");
	replace_web("create", "rollout-a", 3, 0, "1");
	open_bench(&bench, false);
	follow(&bench, "rollout-a");
	wait_for(&bench, "web: 3 of 3 Pods on nginx:1\n");
	const struct rollout *rollout = rollouts_find(bench.rollouts, "rollout-a", "web");
	assert_string_equal(rollout_phase_name(rollout->phase), "Complete");
	assert_ptr_equal(rollout, rollouts_at(bench.rollouts, 0));
	assert_null(rollouts_at(bench.rollouts, 1));
	assert_null(rollouts_find(bench.rollouts, "default", "web"));
	assert_int_equal(json_int_or(rollouts_statefulset(bench.rollouts, "rollout-a", "web"),
				     "spec.replicas", 0),
			 3);
	assert_non_null(rollouts_pods(bench.rollouts, "rollout-a", "web", &count));
	assert_int_equal(count, 3);

	replace_web("replace", "rollout-a", 3, 1, "2");
	wait_for(&bench, "web: 2 of 3 Pods on nginx:2, partition 1 holds 0\n");
	assert_true(bench.settled);
	rollout = rollouts_find(bench.rollouts, "rollout-a", "web");
	assert_string_equal(rollout_phase_name(rollout->phase), "Canary");

	sim_shell(&sim, "kubectl -n rollout-a delete sts web >/dev/null");
	wait_for(&bench, "rollout-a/web is gone\n");
	assert_null(rollouts_find(bench.rollouts, "rollout-a", "web"));
	assert_false(bench.failed);
	close_bench(&bench);
}

static void test_one_look(void **state)
{
	(void)state;
	struct bench bench;

	sim_shell(&sim, "kubectl create ns rollout-b >/dev/null");
	replace_web("create", "rollout-b", 0, 0, "1");
	open_bench(&bench, true);
	follow(&bench, "rollout-b");
	follow(&bench, "no-such-namespace");
	assert_non_null(rollouts_find(bench.rollouts, "rollout-b", "web"));
	/* Nothing is under way any more. */
	uv_run(&bench.client.loop, UV_RUN_DEFAULT);
	close_bench(&bench);
}

static void test_all_namespaces(void **state)
{
	(void)state;
	struct bench bench;

	sim_shell(&sim, "kubectl create ns rollout-c >/dev/null");
	replace_web("create", "rollout-c", 0, 0, "1");
	open_bench(&bench, false);
	follow(&bench, "");
	assert_non_null(rollouts_find(bench.rollouts, "rollout-c", "web"));
	close_bench(&bench);
}

static void test_freed_in_a_callback(void **state)
{
	(void)state;
	struct bench bench;
	struct err err;

	sim_shell(&sim, "kubectl create ns rollout-d >/dev/null");
	replace_web("create", "rollout-d", 0, 0, "1");
	open_bench(&bench, false);
	bench.free_at_change = true;
	assert_ok(rollouts_add_namespace(bench.rollouts, "rollout-d", &err), err);
	turn_until(&bench.client.loop, &bench.gone);
	close_bench(&bench);
}

static void test_revisions(void **state)
{
	(void)state;
	struct bench bench;
	size_t count;

	sim_shell(&sim, "kubectl create ns rollout-e >/dev/null");
	replace_web("create", "rollout-e", 0, 0, "1");
	open_bench_at(&bench, sim.kubeconfig, true, true);
	follow(&bench, "rollout-e");
	/* The controller makes the first when it first looks. */
	while (!rollouts_revisions(bench.rollouts, "rollout-e", "web", &count)) {
		close_bench(&bench);
		open_bench_at(&bench, sim.kubeconfig, true, true);
		follow(&bench, "rollout-e");
	}
	assert_int_equal(count, 1);
	assert_null(rollouts_revisions(bench.rollouts, "rollout-e", "we", &count));
	assert_int_equal(count, 0);
	close_bench(&bench);
}

/* The Pods without their StatefulSets, of which nothing is judged. */
static void test_pods_only(void **state)
{
	(void)state;
	struct bench bench;
	const struct rollouts_options options = {.once = true,
						 .pods_only = true,
						 .on_synced = on_synced,
						 .on_error = on_error,
						 .ctx = &bench};
	struct err err;
	size_t count;

	sim_shell(&sim, "kubectl create ns rollout-p >/dev/null");
	replace_web("create", "rollout-p", 2, 0, "1");
	sim_shell(&sim, "kubectl -n rollout-p rollout status statefulset/web >/dev/null");
	open_bench(&bench, true);
	rollouts_free(bench.rollouts);
	bench.rollouts = rollouts_new(bench.client.cluster, &options, &err);
	assert_non_null(bench.rollouts);
	follow(&bench, "rollout-p");
	assert_non_null(rollouts_pods(bench.rollouts, "rollout-p", "web", &count));
	assert_int_equal(count, 2);
	assert_null(rollouts_statefulset(bench.rollouts, "rollout-p", "web"));
	assert_null(rollouts_at(bench.rollouts, 0));
	close_bench(&bench);
}

/* Who may not list revisions sees the rollouts all the same. */
static void test_revisions_denied(void **state)
{
	(void)state;
	static const char *const arguments[] = {"--deny", "list:controllerrevisions", NULL};
	struct sim strict;
	struct bench bench;
	size_t count;

	sim_start(&strict, arguments);
	open_bench_at(&bench, strict.kubeconfig, true, true);
	follow(&bench, "default");
	assert_null(rollouts_revisions(bench.rollouts, "default", "web", &count));
	assert_string_equal(buf_str(&bench.log),
			    "controllerrevisions.apps is forbidden: User \"kubesim-admin\" cannot "
			    "list resource \"controllerrevisions\" in API group \"apps\" in the "
			    "namespace \"default\"\n");
	close_bench(&bench);
	sim_stop(&strict);
}

static int start(void **state)
{
	static const char *const arguments[] = {"--ready-after", "50ms", NULL};

	(void)state;
	sim_start(&sim, arguments);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sim_stop(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_a_canary), cmocka_unit_test(test_one_look),
		cmocka_unit_test(test_all_namespaces),   cmocka_unit_test(test_freed_in_a_callback),
		cmocka_unit_test(test_revisions),        cmocka_unit_test(test_revisions_denied),
		cmocka_unit_test(test_pods_only),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
