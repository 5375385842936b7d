/* StatefulSets deleted and created again, and what can happen on the way. */
#include "apply/recreate.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/sim.h"
#include "tests/support/stages.h"
#include "tests/support/turn.h"

static struct sim sim;

#define WEB(annotations, service)                                                                  \
	"apiVersion: apps/v1\n"                                                                    \
	"kind: StatefulSet\n"                                                                      \
	"metadata: {name: web, namespace: default, labels: {tier: db}, annotations: {" annotations \
	"}}\n"                                                                                     \
	"spec:\n"                                                                                  \
	"  serviceName: " service "\n"                                                             \
	"  selector: {matchLabels: {app: web}}\n"                                                  \
	"  template:\n"                                                                            \
	"    metadata: {labels: {app: web}}\n"                                                     \
	"    spec: {containers: [{name: c, image: 'nginx:1'}]}\n"
#define RECREATE "tranche.dev/recreate: orphan"
#define WORDS                                                                                    \
	"StatefulSet.apps \"web\" is invalid: spec: Forbidden: updates to statefulset spec for " \
	"fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "               \
	"'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "  \
	"are forbidden"

/* What goes wrong from now on. */
static void inject(const char *faults)
{
	sim_shell(&sim, "echo '%s' | kubectl replace --raw /kubesim/faults -f - >/dev/null",
		  faults);
}

static void resolve_and_read(struct bench *bench, const char *text)
{
	bench_load(bench, text);
	bench_resolve(bench);
	bench_read_live(bench);
}

/* One with two replicas, of which the manifests that follow do not speak. */
static void make_old(struct bench *bench)
{
	sim_shell(&sim, "kubectl delete statefulset/web configmap/tranche-recreate-web "
			"--ignore-not-found >/dev/null");
	bench_load(bench, WEB("", "one"));
	assert_ok(json_set_int(bench->set.items[0].desired, "spec.replicas", 2, &bench->err),
		  bench->err);
	bench_resolve(bench);
	bench_read_live(bench);
	bench_replace(bench);
	/* Its status is not to come in between. */
	sim_shell(&sim, "kubectl rollout status sts web --timeout=2m >/dev/null");
}

/* Reads and previews the text, which asks for a recreation. */
static struct target *preview_recreation(struct bench *bench, const char *text)
{
	struct target *target;

	resolve_and_read(bench, text);
	bench_preview(bench);
	target = bench_target(bench, "web");
	if (target->error)
		fail_msg("%s", target->error->message);
	assert_true(target->recreate);
	return target;
}

/*
 * Recreates an old one under these faults; once more where the controller wrote its status just then,
 * which is no fault of ours.
 */
static struct target *recreate_under(struct bench *bench, const char *faults)
{
	struct target *target = NULL;

	for (int tries = 0; tries < 5; tries++) {
		make_old(bench);
		target = preview_recreation(bench, WEB(RECREATE, "two"));
		if (faults)
			inject(faults);
		bench_replace(bench);
		if (faults)
			inject("");
		if (!target->error || !strstr(target->error->message, "recondition"))
			break;
	}
	return target;
}

/* What there is now: its service, its replicas, whether the copy is there. */
static void assert_there(const char *expected)
{
	sim_shell(&sim,
		  "seen=\"$(kubectl get sts web --ignore-not-found -o "
		  "'jsonpath={.spec.serviceName} {.spec.replicas}') "
		  "$(kubectl get configmap tranche-recreate-web --ignore-not-found -o name)\"; "
		  "[ \"$seen\" = '%s' ] || { echo \"seen: $seen\" >&2; exit 1; }",
		  expected);
}

#define NEW_ONE "two 2 "
#define OLD_ONE "one 2 "
#define COPY    " configmap/tranche-recreate-web"

static void test_recreates(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	const struct target *target = recreate_under(&bench, NULL);
	assert_string_equal(json_str(target->predicted, "metadata.name"), "web");
	assert_null(json_at(target->predicted, "metadata.generateName"));
	assert_string_equal(json_str(target->predicted, "spec.serviceName"), "two");
	assert_int_equal(json_int_or(target->predicted, "spec.replicas", 0), 2);
	assert_string_equal(buf_str(&bench.log), "statefulset.apps/web recreated\n");
	assert_there(NEW_ONE);
	bench_close(&bench);
}

static void test_is_asked_for(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	make_old(&bench);
	resolve_and_read(&bench, WEB("", "two"));
	bench_preview(&bench);
	assert_string_equal(bench_error_of(&bench, "web"), WORDS
			    "; set tranche.dev/recreate: orphan on it to have it deleted with "
			    "its Pods and volumes left in place and created again");
	/* What is no immutable field is no reason. */
	resolve_and_read(&bench, WEB(RECREATE, "one"));
	assert_ok(json_set_int(bench.set.items[0].desired, "spec.replicas", -1, &bench.err),
		  bench.err);
	bench_preview(&bench);
	assert_false(bench_target(&bench, "web")->recreate);
	assert_non_null(strstr(bench_error_of(&bench, "web"), "spec.replicas: Invalid value: -1"));
	/* Nor is anything deleted that could not be created. */
	resolve_and_read(&bench, WEB(RECREATE, "two"));
	assert_ok(json_set_int(bench.set.items[0].desired, "spec.replicas", -1, &bench.err),
		  bench.err);
	bench_preview(&bench);
	assert_non_null(strstr(bench_error_of(&bench, "web"),
			       "it would have to be recreated, and cannot be: StatefulSet.apps "));
	/* Nor where the Pods would not be adopted. */
	resolve_and_read(&bench, WEB(RECREATE, "two"));
	assert_ok(json_set_str(bench.set.items[0].desired, "spec.selector.matchLabels.app", "b",
			       &bench.err),
		  bench.err);
	assert_ok(json_set_str(bench.set.items[0].desired, "spec.template.metadata.labels.app", "b",
			       &bench.err),
		  bench.err);
	bench_preview(&bench);
	assert_non_null(strstr(bench_error_of(&bench, "web"), "would not adopt them"));
	assert_there(OLD_ONE);
	bench_close(&bench);
}

/* What goes wrong, what comes of it, and what is there then. */
static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *name, *faults, *log, *there;
		enum err_class class;
	} cases[] = {
		{"no copy can be kept", "403@create:configmaps",
		 "it cannot be recreated, for no copy of it can be kept meanwhile: ", OLD_ONE,
		 ERR_DENIED},
		{"it may not be deleted", "403@delete:statefulsets", "", OLD_ONE, ERR_DENIED},
		{"it was changed", "409@delete:statefulsets", "", OLD_ONE, ERR_CONFLICT},
		{"the deletion's answer gets lost", "lose@delete:statefulsets*1", NULL, NEW_ONE,
		 ERR_NONE},
		{"nobody can look for a while", "503@get:statefulsets*3", NULL, NEW_ONE, ERR_NONE},
		{"the creation's answer gets lost", "lose@create:statefulsets*1", "already exists",
		 NEW_ONE, ERR_EXISTS},
		{"the creation fails for a while", "503@create:statefulsets*2", NULL, NEW_ONE,
		 ERR_NONE},
		{"it is created by somebody else", "409@create:statefulsets*1",
		 "it was deleted to be recreated, and cannot be created: ", OLD_ONE, ERR_CONFLICT},
		{"it cannot be created", "422@create:statefulsets*1",
		 "it was deleted to be recreated, and cannot be created: ", OLD_ONE, ERR_INVALID},
		{"nobody creates it", "503@create:statefulsets*3",
		 "it was deleted to be recreated, and cannot be created: the server does not do "
		 "it; "
		 "the old one is back",
		 OLD_ONE, ERR_CANCELLED},
		{"to put it back takes a while",
		 "422@create:statefulsets*1\n503@create:statefulsets*2",
		 "it was deleted to be recreated, and cannot be created: ", OLD_ONE, ERR_INVALID},
		{"neither can be created", "422@create:statefulsets*2",
		 "it was deleted to be recreated, and cannot be created: ", COPY, ERR_INVALID},
		{"the copy stays for a while", "503@delete:configmaps*2", NULL, NEW_ONE, ERR_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bench bench;

		print_message("%s\n", cases[i].name);
		bench_open(&bench, sim.kubeconfig, NULL);
		cluster_set_retry(bench.cluster, 0);
		const struct target *target = recreate_under(&bench, cases[i].faults);
		if (cases[i].class == ERR_NONE)
			assert_string_equal(buf_str(&bench.log),
					    "statefulset.apps/web recreated\n");
		else if (!target->error)
			fail_msg("no error: %s", buf_str(&bench.log));
		else if (!strstr(target->error->message, cases[i].log))
			fail_msg("%s", target->error->message);
		else
			assert_string_equal(err_class_name(target->error->class),
					    err_class_name(cases[i].class));
		assert_there(cases[i].there);
		bench_close(&bench);
	}
}

/* Given up at any moment, and gone on with: in the end it is the new one, with its replicas. */
static void test_goes_on(void **state)
{
	(void)state;
	for (int ms = 0; ms < 80; ms += 20) {
		struct bench bench;
		struct err err;

		bench_open(&bench, sim.kubeconfig, NULL);
		make_old(&bench);
		preview_recreation(&bench, WEB(RECREATE, "two"))->write = true;
		uint64_t id = replace(bench.cluster, bench.discovery, &bench.targets,
				      bench_on_target, bench_on_done, &bench, &err);
		turn_for(&bench.loop, ms);
		cluster_cancel(bench.cluster, id);
		for (int tries = 0; tries < 20; tries++) {
			resolve_and_read(&bench, WEB(RECREATE, "two"));
			bench_preview(&bench);
			bench_replace(&bench);
			if (!bench_target(&bench, "web")->error)
				break;
		}
		assert_string_equal(bench_error_of(&bench, "web"), "");
		sim_shell(&sim, "kubectl delete configmap tranche-recreate-web --ignore-not-found "
				">/dev/null"); /* the last step may have been given up */
		assert_there(NEW_ONE);
		bench_close(&bench);
	}
}

/* Left by somebody who did not come back: what is kept decides what the manifest leaves open. */
static void test_finds_the_copy(void **state)
{
	(void)state;
	struct bench bench;

	bench_open(&bench, sim.kubeconfig, NULL);
	cluster_set_retry(bench.cluster, 0);
	recreate_under(&bench, "422@create:statefulsets*2");
	assert_there(COPY);

	/* The old one is put back where the new one still cannot be created. */
	resolve_and_read(&bench, WEB(RECREATE, "two"));
	bench_preview(&bench);
	const struct target *target = bench_target(&bench, "web");
	assert_null(target->live);
	assert_string_equal(json_str(target->kept, "spec.serviceName"), "one");
	assert_string_equal(json_str(target->kept, "metadata.labels.tier"), "db");
	assert_null(json_at(target->kept, "metadata.uid"));
	assert_true(target->client_side);
	inject("422@create:statefulsets*1");
	bench_replace(&bench);
	inject("");
	assert_there(OLD_ONE);
	bench_close(&bench);
}

static int start(void **state)
{
	(void)state;
	static const char *const arguments[] = {"--ready-after", "1ms", NULL};

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
		cmocka_unit_test(test_recreates),      cmocka_unit_test(test_is_asked_for),
		cmocka_unit_test(test_faults),         cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_finds_the_copy),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
