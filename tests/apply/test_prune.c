/* What left Git is deleted: order, preconditions, and what can come between. */

#include "apply/prune.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/server.h"
#include "tests/support/sim.h"
#include "tests/support/stages.h"
#include "tests/support/turn.h"
#include "tests/support/values.h"

static struct sim sim;

#define MAP(ns, name)                            \
	"---\napiVersion: v1\nkind: ConfigMap\n" \
	"metadata: {name: " name ", namespace: " ns "}\n"

#define APP(ns)                                                                          \
	"---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " ns "}\n"               \
	"---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: " ns "}\n" \
	"spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}\n"           \
	"---\napiVersion: apps/v1\nkind: StatefulSet\n"                                  \
	"metadata: {name: web, namespace: " ns "}\n"                                     \
	"spec:\n"                                                                        \
	"  replicas: 2\n"                                                                \
	"  serviceName: web\n"                                                           \
	"  selector: {matchLabels: {app: web}}\n"                                        \
	"  template:\n"                                                                  \
	"    metadata: {labels: {app: web}}\n"                                           \
	"    spec: {containers: [{name: c, image: 'nginx:1'}]}\n" MAP(ns, "a") MAP(ns, "b")

/* Puts the objects into the cluster and reads them. */
static void begin(struct bench *bench, const char *text)
{
	bench_open(bench, sim.kubeconfig, NULL);
	bench_load(bench, text);
	bench_resolve(bench);
	bench_read_live(bench);
	bench_replace(bench);
	bench_read_live(bench);
}

static void test_order(void **state)
{
	(void)state;
	struct bench bench;

	begin(&bench, APP("prune-a"));
	sim_shell(&sim,
		  "kubectl -n prune-a wait --for=jsonpath='{.status.readyReplicas}'=2 sts/web "
		  ">/dev/null");
	bench_read_live(&bench);
	bench_prune(&bench);
	/* The two ConfigMaps side by side. */
	const char *log = buf_str(&bench.log);
	bool a_first = strstr(log, "configmap/a") < strstr(log, "configmap/b");
	assert_string_equal(log, a_first ? "statefulset.apps/web deleted\n"
					   "service/web deleted\n"
					   "configmap/a deleted\n"
					   "configmap/b deleted\n"
					   "namespace/prune-a deleted\n"
					 : "statefulset.apps/web deleted\n"
					   "service/web deleted\n"
					   "configmap/b deleted\n"
					   "configmap/a deleted\n"
					   "namespace/prune-a deleted\n");
	/* A Namespace only begins to go. */
	assert_null(bench_target(&bench, "a")->written);
	assert_non_null(bench_target(&bench, "prune-a")->written);
	sim_shell(&sim, "kubectl wait --for=delete ns/prune-a --timeout=2m >/dev/null");
	bench_close(&bench);
}

/* The Pods go because their owner has gone. */
static void test_background(void **state)
{
	(void)state;
	struct bench bench;

	begin(&bench, APP("prune-b"));
	sim_shell(&sim,
		  "kubectl -n prune-b wait --for=jsonpath='{.status.readyReplicas}'=2 sts/web "
		  ">/dev/null");
	bench_load(&bench, APP("prune-b"));
	for (size_t i = 0; i < bench.targets.count; i++)
		if (!ref_is(&bench.targets.items[i].ref, "apps", "StatefulSet"))
			target_fail(&bench.targets.items[i],
				    &(struct err){ERR_INVALID, "left out"});
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_prune(&bench);
	assert_string_equal(buf_str(&bench.log), "statefulset.apps/web deleted\n");
	sim_shell(&sim, "kubectl -n prune-b wait --for=delete pod/web-0 pod/web-1 --timeout=2m "
			">/dev/null 2>&1 || ! kubectl -n prune-b get pod web-0 web-1 2>/dev/null");
	sim_shell(&sim, "kubectl -n prune-b get svc/web cm/a >/dev/null");
	bench_close(&bench);
}

static void test_changed_meanwhile(void **state)
{
	(void)state;
	struct bench bench;

	begin(&bench, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: prune-c}\n" MAP(
			      "prune-c", "changed") MAP("prune-c", "again") MAP("prune-c", "gone")
			      MAP("prune-c", "held"));
	target_fail(bench_target(&bench, "prune-c"), &(struct err){ERR_INVALID, "left out"});
	sim_shell(&sim, "kubectl -n prune-c label cm changed a=b >/dev/null");
	sim_shell(&sim, "kubectl -n prune-c delete cm again gone >/dev/null && "
			"kubectl -n prune-c create cm again >/dev/null");
	bench_prune(&bench);
	assert_int_equal(bench_target(&bench, "changed")->error->class, ERR_CONFLICT);
	assert_non_null(strstr(bench_error_of(&bench, "changed"),
			       "Operation cannot be fulfilled on ConfigMap \"changed\": the "
			       "ResourceVersion in the precondition ("));
	assert_int_equal(bench_target(&bench, "again")->error->class, ERR_CONFLICT);
	assert_non_null(
		strstr(bench_error_of(&bench, "again"),
		       "Operation cannot be fulfilled on ConfigMap \"again\": the UID in the "
		       "precondition ("));
	assert_null(bench_target(&bench, "gone")->error);
	assert_int_equal(bench_target(&bench, "gone")->result, TARGET_DELETED);
	assert_int_equal(bench_target(&bench, "held")->result, TARGET_DELETED);
	sim_shell(&sim, "kubectl -n prune-c get cm changed again >/dev/null");

	/* Read again, it goes. */
	target_reset(bench_target(&bench, "changed"));
	bench_read_live(&bench);
	bench_prune(&bench);
	assert_string_equal(buf_str(&bench.log), "configmap/changed deleted\n");
	bench_close(&bench);
}

static void test_finalizers(void **state)
{
	(void)state;
	struct bench bench;

	begin(&bench, MAP("default", "final"));
	sim_shell(&sim, "kubectl patch cm final -p '{\"metadata\":{\"finalizers\":[\"a.b/c\"]}}' "
			">/dev/null");
	bench_read_live(&bench);
	bench_prune(&bench);
	assert_value(json_at(bench_target(&bench, "final")->written, "metadata.finalizers"),
		     "['a.b/c']");
	sim_shell(&sim, "kubectl patch cm final -p '{\"metadata\":{\"finalizers\":null}}' "
			">/dev/null");
	bench_read_live(&bench);
	assert_null(bench_target(&bench, "final")->live);
	bench_prune(&bench); /* nothing to do */
	assert_string_equal(buf_str(&bench.log), "");
	bench_close(&bench);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const arguments[] = {"--deny", "delete:services", NULL};
	struct sim rich = sim;
	struct bench bench;

	if (!sim_is_own(&rich))
		skip();
	sim_start(&sim, arguments);
	begin(&bench, MAP("default", "free") "---\napiVersion: v1\nkind: Service\n"
					     "metadata: {name: kept, namespace: default}\n"
					     "spec: {ports: [{port: 80}]}\n");
	bench_prune(&bench);
	assert_int_equal(bench_target(&bench, "kept")->error->class, ERR_DENIED);
	assert_non_null(strstr(bench_error_of(&bench, "kept"), "cannot delete resource"));
	assert_int_equal(bench_target(&bench, "free")->result, TARGET_DELETED);
	bench_close(&bench);
	sim_stop(&sim);
	sim = rich;
}

/* --- on the wire ------------------------------------------------------------------------------ */

static void test_request(void **state)
{
	(void)state;
	static const char request[] = "DELETE /api/v1/namespaces/x/configmaps/a HTTP/1.1\r\n";
	struct server *server = server_start();
	struct bench bench;

	server_answer(server, "DELETE", 0, 200, "", "{\"kind\":\"Status\",\"status\":\"Success\"}");
	bench_open(&bench, NULL, server_url(server));
	bench_load(&bench, MAP("x", "a") MAP("x", "unknown"));
	for (size_t i = 0; i < 2; i++)
		bench.targets.items[i].resource = &resource_config_maps;
	bench.targets.items[0].live =
		value_of("{'metadata':{'uid':'u-1','resourceVersion':'17','name':'a'}}");
	bench.targets.items[1].live = value_of("{'metadata':{'uid':'u-2'}}");
	bench_prune(&bench);
	assert_string_equal(buf_str(&bench.log),
			    "configmap/unknown nothing: the live object has no "
			    "metadata.resourceVersion\n"
			    "configmap/a deleted\n");
	assert_int_equal(server_count(server, ""), 1);
	const char *sent = server_request(server, request, 0);
	assert_string_equal(
		strstr(sent, "\r\n\r\n") + 4,
		"{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
		"\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":\"u-1\","
		"\"resourceVersion\":\"17\"}}");
	bench_close(&bench);
	server_stop(server);
}

/* It may have arrived: nobody says that it did, nor sends it again. */
static void test_lost(void **state)
{
	(void)state;
	struct server *server = server_start();
	struct bench bench;

	server_add(server, (struct server_rule){.match = "DELETE"});
	bench_open(&bench, NULL, server_url(server));
	bench_load(&bench, MAP("x", "a"));
	bench.targets.items[0].resource = &resource_config_maps;
	bench.targets.items[0].live =
		value_of("{'metadata':{'uid':'u-1','resourceVersion':'17','name':'a'}}");
	bench_prune(&bench);
	assert_int_equal(bench.targets.items[0].error->class, ERR_TRANSIENT);
	assert_int_equal(bench.targets.items[0].result, TARGET_NONE);
	assert_int_equal(server_count(server, ""), 1);
	bench_close(&bench);
	server_stop(server);
}

static int start(void **state)
{
	(void)state;
	sim_start(&sim, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (!sim_is_own(&sim))
		sim_shell(&sim, "kubectl delete ns --ignore-not-found --wait=false prune-a prune-b "
				"prune-c >/dev/null");
	sim_stop(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_background),
		cmocka_unit_test(test_changed_meanwhile),
		cmocka_unit_test(test_finalizers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
