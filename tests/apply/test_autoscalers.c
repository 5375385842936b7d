/* Whose replicas an autoscaler decides, against a server that answers as a test wants it to. */
#include "apply/autoscalers.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/server.h"
#include "tests/support/stages.h"
#include "tests/support/values.h"

#define LIST(namespace) \
	"GET /apis/autoscaling/v1/namespaces/" namespace "/horizontalpodautoscalers?limit=500"
#define STS(name, namespace, replicas)                                                             \
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: " name                           \
	", namespace: " namespace "}\nspec:\n  replicas: " replicas "\n  serviceName: web\n"       \
				  "  selector: {matchLabels: {a: b}}\n  template:\n    metadata: " \
				  "{labels: {a: b}}\n"                                             \
				  "    spec: {containers: [{name: c, image: i}]}\n---\n"
#define HPA(name, namespace, target)                                                              \
	"apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n"                             \
	"metadata: {name: " name                                                                  \
	", namespace: " namespace "}\n"                                                           \
				  "spec: {maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, " \
				  "kind: StatefulSet, "                                           \
				  "name: " target "}}\n---\n"
#define SCALER(name, target)                                                                  \
	"{\"metadata\":{\"name\":\"" name "\"},\"spec\":{\"scaleTargetRef\":{\"apiVersion\":" \
	"\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"" target "\"}}}"
#define ITEMS(items) "{\"items\":[" items "]}"
#define DENIED(namespace)                                                                      \
	"{\"code\":403,\"message\":\"horizontalpodautoscalers.autoscaling is forbidden: User " \
	"\\\"u\\\" cannot list resource in " namespace "\"}"

static struct server *open_bench(struct bench *bench)
{
	struct server *server = server_start();

	bench_open(bench, NULL, server_url(server));
	cluster_set_retry(bench->cluster, 0);
	return server;
}

static void close_bench(struct bench *bench, struct server *server)
{
	bench_close(bench);
	server_stop(server);
}

/* Loads the text; its StatefulSets are live with so many replicas. */
static void load(struct bench *bench, const char *text, int replicas)
{
	char live[64];

	snprintf(live, sizeof(live), "{'spec':{'replicas':%d}}", replicas);
	bench_load(bench, text);
	for (size_t i = 0; i < bench->targets.count; i++) {
		struct target *target = &bench->targets.items[i];

		target->live_known = true;
		if (ref_is(&target->ref, "apps", "StatefulSet"))
			target->live = value_of(live);
	}
}

static void find(struct bench *bench, struct autoscalers *autoscalers)
{
	struct err err;

	bench_finish(bench, autoscalers_find(bench->cluster, autoscalers, &bench->set, "default",
					     &bench->targets, bench_on_done, bench, &err));
}

/* The autoscaler's name, "" for none. */
static const char *scaler_of(struct bench *bench, const char *name)
{
	const struct target *target = bench_target(bench, name);

	assert_int_equal(json_at(target_desired(target), "spec.replicas") == NULL,
			 target->autoscaler != NULL);
	return target->autoscaler ? target->autoscaler : "";
}

static void test_asks_where_it_matters(void **state)
{
	(void)state;
	CLEANUP(autoscalers_release) struct autoscalers autoscalers = {0};
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, LIST("x"), 0, 200, "",
		      ITEMS(SCALER("h", "web") "," SCALER("other", "elsewhere")));
	server_answer(server, LIST("other"), 0, 200, "", ITEMS(""));

	/* The same number, no number, no object: nothing to ask. */
	load(&bench, STS("web", "x", "3"), 3);
	find(&bench, &autoscalers);
	load(&bench, STS("web", "x", "3"), 5);
	json_remove(bench.set.items[0].desired, "spec.replicas");
	find(&bench, &autoscalers);
	bench_load(&bench, STS("web", "x", "3"));
	find(&bench, &autoscalers);
	assert_int_equal(server_count(server, ""), 0);

	/* One question a namespace. */
	load(&bench, STS("web", "x", "3") STS("db", "x", "3") STS("web-o", "other", "3"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	assert_string_equal(scaler_of(&bench, "db"), "");
	assert_string_equal(scaler_of(&bench, "web-o"), "");
	assert_int_equal(server_count(server, ""), 2);
	assert_int_equal(server_count(server, LIST("x")), 1);
	close_bench(&bench, server);
}

static void test_remembers(void **state)
{
	(void)state;
	CLEANUP(autoscalers_release) struct autoscalers autoscalers = {0};
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, LIST("x"), 3, 200, "", ITEMS(SCALER("h", "web")));
	server_answer(server, LIST("x"), 0, 200, "", ITEMS(""));
	for (int pass = 0; pass < 3; pass++) {
		load(&bench, STS("web", "x", "3"), 5);
		find(&bench, &autoscalers);
		assert_string_equal(scaler_of(&bench, "web"), "h");
	}
	assert_int_equal(server_count(server, ""), 1);

	/* Another number, another commit: asked again. The same number as in Git: no matter. */
	load(&bench, STS("web", "x", "3"), 6);
	find(&bench, &autoscalers);
	assert_int_equal(server_count(server, ""), 2);
	load(&bench, STS("web", "x", "3"), 3);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	assert_int_equal(server_count(server, ""), 2);
	autoscalers_doubt(&autoscalers);
	load(&bench, STS("web", "x", "3"), 6);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	assert_int_equal(server_count(server, ""), 3);

	/* It went, which shows when somebody looks. */
	load(&bench, STS("web", "x", "3"), 7);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "");
	assert_int_equal(autoscalers.count, 0);
	close_bench(&bench, server);
}

/* An autoscaler of the commit counts before it is there, and in place of what it was. */
static void test_manifests(void **state)
{
	(void)state;
	CLEANUP(autoscalers_release) struct autoscalers autoscalers = {0};
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, LIST("x"), 0, 200, "", ITEMS(SCALER("h", "db")));
	load(&bench, STS("web", "x", "3") STS("db", "x", "3") HPA("h", "x", "web"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	assert_string_equal(scaler_of(&bench, "db"), "");
	load(&bench, STS("web", "x", "3") HPA("h", "other", "web"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "");
	load(&bench, STS("web", "default", "3") HPA("h", "default", "web"), 3);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	close_bench(&bench, server);
}

static void test_pages(void **state)
{
	(void)state;
	CLEANUP(autoscalers_release) struct autoscalers autoscalers = {0};
	struct bench bench;
	struct server *server = open_bench(&bench);

	server_answer(server, LIST("x") "&continue=2", 0, 200, "", ITEMS(SCALER("h", "web")));
	server_answer(server, LIST("x"), 0, 200, "",
		      "{\"metadata\":{\"continue\":\"2\"},\"items\":[]}");
	load(&bench, STS("web", "x", "3"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "h");
	close_bench(&bench, server);
}

static void test_refusals(void **state)
{
	(void)state;
	CLEANUP(autoscalers_release) struct autoscalers autoscalers = {0};
	struct bench bench;
	struct server *server = open_bench(&bench);

	/* Without the right to look there are none, which is said. */
	server_answer(server, LIST("x"), 1, 403, "", DENIED("x"));
	load(&bench, STS("web", "x", "3"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(scaler_of(&bench, "web"), "");
	assert_string_equal(bench_error_of(&bench, "web"), "");
	assert_string_equal(autoscalers.denied.message,
			    "autoscalers cannot be listed, so replicas are those of Git: "
			    "horizontalpodautoscalers.autoscaling is forbidden: User \"u\" cannot "
			    "list resource in x");

	/* A server without the kind has none. */
	server_answer(server, LIST("x"), 1, 404, "", "{\"code\":404,\"message\":\"no\"}");
	load(&bench, STS("web", "x", "3"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(bench_error_of(&bench, "web"), "");

	/* Anything else may be about to end: nothing is guessed. */
	server_answer(server, LIST("x"), 1, 500, "", "{\"code\":500,\"message\":\"etcd\"}");
	load(&bench, STS("web", "x", "3"), 5);
	find(&bench, &autoscalers);
	assert_string_equal(bench_error_of(&bench, "web"),
			    "its autoscalers cannot be listed: etcd");

	server_answer(server, LIST("x"), 0, 200, "", ITEMS(""));
	load(&bench, STS("web", "x", "3"), 5);
	find(&bench, &autoscalers);
	assert_int_equal(autoscalers.denied.class, ERR_NONE);
	close_bench(&bench, server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_where_it_matters),
		cmocka_unit_test(test_remembers),
		cmocka_unit_test(test_manifests),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
