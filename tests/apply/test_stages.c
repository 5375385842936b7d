/* The stages of a sync, one after another, against a cluster. */

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/sim.h"
#include "tests/support/stages.h"
#include "tests/support/turn.h"

static struct sim sim;

#define WEB(ns, replicas, image)                                               \
	"apiVersion: v1\n"                                                     \
	"kind: Service\n"                                                      \
	"metadata: {name: web, namespace: " ns "}\n"                           \
	"spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}\n" \
	"---\n"                                                                \
	"apiVersion: apps/v1\n"                                                \
	"kind: StatefulSet\n"                                                  \
	"metadata: {name: web, namespace: " ns "}\n"                           \
	"spec:\n"                                                              \
	"  replicas: " #replicas "\n"                                          \
	"  serviceName: web\n"                                                 \
	"  selector: {matchLabels: {app: web}}\n"                              \
	"  template:\n"                                                        \
	"    metadata: {labels: {app: web}}\n"                                 \
	"    spec: {containers: [{name: c, image: '" image "'}]}\n"

#define NAMESPACE(name) "apiVersion: v1\nkind: Namespace\nmetadata: {name: " name "}\n---\n"

static void test_creates_and_replaces(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, WEB("stages-a", 2, "nginx:1") "---\n" NAMESPACE("stages-a"));
	bench_resolve(&bench);
	assert_string_equal(bench_target(&bench, "web")->resource->plural, "services");
	bench_read_live(&bench);
	assert_null(bench.targets.items[1].live);
	bench_preview(&bench);
	assert_true(bench.targets.items[1].client_side);
	assert_non_null(bench.targets.items[2].predicted);
	bench_replace(&bench);
	assert_string_equal(buf_str(&bench.log), "namespace/stages-a created\n"
						 "service/web created\n"
						 "statefulset.apps/web created\n");

	bench_load(&bench, WEB("stages-a", 3, "nginx:1"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	assert_int_equal(json_int_or(bench.targets.items[1].live, "spec.replicas", -1), 2);
	bench_preview(&bench);
	assert_int_equal(json_int_or(bench.targets.items[1].predicted, "spec.replicas", -1), 3);
	bench_replace_until_written(&bench);
	assert_string_equal(buf_str(&bench.log),
			    "service/web unchanged\nstatefulset.apps/web replaced\n");
	bench_close(&bench);
}

static void test_refusals(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, NAMESPACE("stages-b") WEB("stages-b", 0, "nginx:1"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_replace(&bench);

	/* Changed by somebody else between reading and writing. */
	bench_load(&bench, WEB("stages-b", 0, "nginx:2"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	sim_shell(&sim, "kubectl -n stages-b label sts web a=b >/dev/null");
	bench_replace(&bench);
	assert_int_equal(bench.targets.items[1].error->class, ERR_CONFLICT);
	assert_string_equal(
		bench.targets.items[1].error->message,
		"Operation cannot be fulfilled on statefulsets.apps \"web\": the object "
		"has been modified; please apply your changes to the latest version and "
		"try again");
	assert_null(bench.targets.items[0].error);

	/* Created, and deleted, by somebody else. */
	target_reset(&bench.targets.items[1]);
	bench_replace(&bench);
	assert_int_equal(bench.targets.items[1].error->class, ERR_EXISTS);
	assert_string_equal(bench.targets.items[1].error->message,
			    "statefulsets.apps \"web\" already exists");
	target_clear_error(&bench.targets.items[1]);
	target_clear_error(&bench.targets.items[0]);
	bench_read_live(&bench);
	sim_shell(&sim, "kubectl -n stages-b delete sts web --wait=true >/dev/null");
	bench_replace(&bench);
	assert_int_equal(bench.targets.items[1].error->class, ERR_CONFLICT);

	/* Unknown kinds, fields, and namespaces. */
	bench_load(&bench,
		   "apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: foo}\n---\n"
		   "apiVersion: v1\nkind: Foo\nmetadata: {name: bar}\n---\n"
		   "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm, namespace: nowhere}\n");
	bench_resolve(&bench);
	assert_string_equal(bench_error_of(&bench, "foo"),
			    "no matches for kind \"Foo\" in version \"example.com/v1\"");
	assert_int_equal(bench.targets.items[0].error->class, ERR_NOT_FOUND);
	assert_string_equal(bench_error_of(&bench, "bar"),
			    "no matches for kind \"Foo\" in version \"v1\"");
	bench_read_live(&bench);
	bench_preview(&bench);
	assert_string_equal(bench_error_of(&bench, "cm"), "namespaces \"nowhere\" not found");
	bench_close(&bench);
}

#define CRD(group)                                                                            \
	"apiVersion: apiextensions.k8s.io/v1\n"                                               \
	"kind: CustomResourceDefinition\n"                                                    \
	"metadata: {name: widgets." group "}\n"                                               \
	"spec:\n"                                                                             \
	"  group: " group "\n"                                                                \
	"  scope: Namespaced\n"                                                               \
	"  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}\n"  \
	"  versions:\n"                                                                       \
	"  - name: v1\n"                                                                      \
	"    served: true\n"                                                                  \
	"    storage: true\n"                                                                 \
	"    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: " \
	"true}}\n"                                                                            \
	"---\n"
#define WIDGET(group, name, namespace)                                   \
	"apiVersion: " group "/v1\nkind: Widget\nmetadata: {name: " name \
	", namespace: " namespace "}\n---\n"
#define CONFIG_MAP(name, namespace)                               \
	"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name \
	", namespace: " namespace "}\n---\n"

/* A CRD, a Namespace and what lives in both, in the wrong order, in one go. */
static void test_custom_resources(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, WIDGET("stages.example.com", "w", "stages-c") NAMESPACE("stages-c")
				   CRD("stages.example.com"));
	bench_resolve(&bench);
	assert_true(bench_target(&bench, "w")->awaits_crd);
	assert_string_equal(bench_error_of(&bench, "w"), "");
	bench_read_live(&bench);
	bench_preview(&bench);
	assert_true(bench_target(&bench, "w")->client_side);
	bench_replace(&bench);
	/* The first two go side by side, and are waited for. */
	assert_non_null(strstr(buf_str(&bench.log), "customresourcedefinition.apiextensions.k8s.io/"
						    "widgets.stages.example.com created\n"));
	assert_non_null(strstr(buf_str(&bench.log), "namespace/stages-c created\n"));
	assert_non_null(strstr(buf_str(&bench.log), "\nwidget.stages.example.com/w created\n"));

	/* By now it is a kind like any other. */
	bench_load(&bench, WIDGET("stages.example.com", "w", "stages-c"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	assert_non_null(bench_target(&bench, "w")->live);
	bench_preview(&bench);
	assert_non_null(bench_target(&bench, "w")->predicted);
	bench_replace(&bench);
	assert_string_equal(buf_str(&bench.log), "widget.stages.example.com/w unchanged\n");
	sim_shell(&sim, "kubectl delete crd widgets.stages.example.com >/dev/null");
	bench_close(&bench);
}

/* Whoever depends on something that failed says so, and nothing else is held up. */
static void test_failed_needs(void **state)
{
	(void)state;
	const struct err refused = {ERR_DENIED, "no"};
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, CRD("failed.example.com") WIDGET("failed.example.com", "w", "default")
				   NAMESPACE("stages-failed") CONFIG_MAP("a", "stages-failed")
					   CONFIG_MAP("stages-ok", "default"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	target_fail(bench_target(&bench, "widgets.failed.example.com"), &refused);
	target_fail(bench_target(&bench, "stages-failed"), &refused);
	bench_replace(&bench);
	assert_string_equal(bench_error_of(&bench, "w"),
			    "its CustomResourceDefinition \"widgets.failed.example.com\" is not "
			    "there: no");
	assert_int_equal(bench_target(&bench, "w")->error->class, ERR_DENIED);
	assert_string_equal(bench_error_of(&bench, "a"),
			    "its Namespace \"stages-failed\" is not there: no");
	assert_string_equal(bench_error_of(&bench, "stages-ok"), "");
	sim_shell(&sim, "kubectl -n default delete cm stages-ok >/dev/null");
	bench_close(&bench);
}

#define MANY 1200

/* More objects of a kind than a page of a list, written and read all together. */
static void test_many(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 20);
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	buf_puts(&text, NAMESPACE("stages-d"));
	for (int i = 0; i < MANY; i++)
		buf_printf(&text, CONFIG_MAP("cm-%d", "stages-d"), i);
	bench_load(&bench, buf_str(&text));
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_replace(&bench);
	for (size_t i = 0; i < bench.targets.count; i++)
		assert_null(bench.targets.items[i].error);
	for (size_t i = 0; i < bench.targets.count; i++)
		target_reset(&bench.targets.items[i]);
	bench_read_live(&bench);
	for (size_t i = 0; i < bench.targets.count; i++) {
		const struct target *target = &bench.targets.items[i];

		assert_non_null(target->live);
		assert_string_equal(json_str(target->live, "metadata.name"), target->ref.name);
		assert_string_equal(json_str(target->live, "kind"), target->ref.kind);
		assert_string_equal(json_str(target->live, "apiVersion"), "v1");
	}
	bench_preview(&bench);
	for (size_t i = 0; i < bench.targets.count; i++)
		assert_non_null(bench.targets.items[i].predicted);
	bench_close(&bench);
}

/* Given up at every moment: no callback, nothing left behind. */
static void test_given_up(void **state)
{
	(void)state;
	for (int ms = 0; ms < 24; ms += 1) {
		struct bench bench;
		struct err err;
		uint64_t id;

		bench_open(&bench, sim.kubeconfig, NULL);
		bench_load(&bench,
			   CRD("late.example.com") WIDGET("late.example.com", "w", "stages-e")
				   NAMESPACE("stages-e") WEB("stages-e", 0, "nginx:1"));
		id = discovery_resolve(bench.discovery, &bench.targets, "default", bench_on_done,
				       &bench, &err);
		if (ms % 4 > 0) {
			bench_finish(&bench, id);
			id = live_read(bench.cluster, &bench.targets, bench_on_done, &bench, &err);
		}
		if (ms % 4 > 1) {
			bench_finish(&bench, id);
			id = preview(bench.cluster, &bench.targets, false, bench_on_done, &bench,
				     &err);
		}
		if (ms % 4 > 2) {
			bench_finish(&bench, id);
			for (size_t i = 0; i < bench.targets.count; i++)
				bench.targets.items[i].write = true;
			id = replace(bench.cluster, bench.discovery, &bench.targets,
				     bench_on_target, bench_on_done, &bench, &err);
		}
		bench.done = false;
		turn_for(&bench.loop, ms / 4 * 4);
		cluster_cancel(bench.cluster, id);
		bool was_done = bench.done;
		turn_for(&bench.loop, 20);
		assert_int_equal(bench.done, was_done);
		bench_close(&bench);
	}
	sim_shell(&sim,
		  "kubectl delete --ignore-not-found crd widgets.late.example.com >/dev/null");
}

/* What the server has against an object, in its words, and never a Secret's content. */
static void test_words(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, NAMESPACE("stages-f") WEB("stages-f", 0, "nginx:1"));
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_replace(&bench);
	bench_load(&bench, WEB("stages-f", 0, "nginx:1"));
	assert_ok(json_set_str(bench.set.items[1].desired, "spec.serviceName", "other", &bench.err),
		  bench.err);
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_preview(&bench);
	assert_non_null(bench.targets.items[1].error);
	assert_non_null(strstr(bench.targets.items[1].error->message,
			       "updates to statefulset spec for fields other than"));
	assert_int_equal(bench.targets.items[1].error->class, ERR_INVALID);

	bench_load(&bench,
		   "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: stages-f}\n"
		   "data: {password: 'aGVsbG8='}\n");
	assert_ok(json_set_str(bench.set.items[0].desired, "data.password", "hunter2-no-base64",
			       &bench.err),
		  bench.err);
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_preview(&bench);
	assert_non_null(bench_target(&bench, "s")->error);
	assert_null(strstr(bench_error_of(&bench, "s"), "hunter2"));
	bench_close(&bench);
}

/* --- with fewer rights ------------------------------------------------------------------------ */

static void test_without_rights(void **state)
{
	(void)state;
	static const char *const arguments[] = {
		"--deny", "list:configmaps", "--deny", "update:statefulsets",
		"--deny", "create:secrets",  NULL};
	struct sim rich = sim;
	struct bench bench;
	struct err err;

	if (!sim_is_own(&rich))
		skip();
	sim_start(&sim, arguments);
	bench_open(&bench, sim.kubeconfig, NULL);
	CLEANUP(buf_release) struct buf text = BUF_INIT(1 << 16);
	buf_puts(&text, WEB("default", 0, "nginx:1") "---\n");
	for (int i = 0; i < 20; i++)
		buf_printf(&text, CONFIG_MAP("cm-%d", "default"), i);
	bench_load(&bench, buf_str(&text));
	bench_resolve(&bench);
	bench_read_live(&bench);
	bench_replace(&bench);
	bench_read_live(&bench); /* the list is forbidden, so each by itself */
	for (size_t i = 0; i < bench.targets.count; i++) {
		assert_null(bench.targets.items[i].error);
		assert_non_null(bench.targets.items[i].live);
	}
	/* A dry run that is not permitted is an error, unless the caller can do without. */
	bench_finish(&bench,
		     preview(bench.cluster, &bench.targets, true, bench_on_done, &bench, &err));
	assert_false(bench.targets.items[0].client_side);
	assert_true(bench.targets.items[1].client_side);
	bench.targets.items[1].client_side = false;
	bench_preview(&bench);
	assert_int_equal(bench.targets.items[1].error->class, ERR_DENIED);
	assert_non_null(strstr(bench.targets.items[1].error->message, "cannot update resource"));
	bench_close(&bench);
	sim_stop(&sim);
	sim = rich;
}

static void test_nobody_there(void **state)
{
	(void)state;
	struct bench bench;
	struct err err;

	bench_open(&bench, NULL, "http://127.0.0.1:1");
	cluster_set_retry(bench.cluster, 0);
	bench_load(&bench, WEB("default", 0, "nginx:1"));
	assert_true(discovery_resolve(bench.discovery, &bench.targets, "default", bench_on_done,
				      &bench, &err) != 0);
	turn_until(&bench.loop, &bench.done);
	assert_string_equal(bench.err.message,
			    "cannot reach http://127.0.0.1:1: connection refused");
	assert_null(bench.targets.items[0].error);
	bench_close(&bench);
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
		sim_shell(&sim, "kubectl delete ns --ignore-not-found --wait=false stages-a "
				"stages-b stages-c stages-d stages-e stages-f >/dev/null");
	sim_stop(&sim);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creates_and_replaces),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_custom_resources),
		cmocka_unit_test(test_failed_needs),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_given_up),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_without_rights),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
