/* Events on a cluster: that they arrive as they are meant, and count up where they repeat. */

#include "apply/events.h"

#include <string.h>

#include "apply/kubeconfig.h"
#include "tests/support/check.h"
#include "tests/support/sim.h"
#include "tests/support/turn.h"

#define NOW_MS 1767322989042 /* 2026-01-02T03:03:09.042Z */

static char none[] = "", version[] = "v1", group[] = "apps", kind[] = "StatefulSet",
	    shop[] = "default", web[] = "web", namespace_kind[] = "Namespace";
static const struct ref web_ref = {group, version, kind, shop, web};
static const struct ref shop_ref = {none, version, namespace_kind, none, shop};

static struct event event_of(const struct ref *ref, const char *note)
{
	return (struct event){.ref = ref,
			      .uid = "u-1",
			      .warning = true,
			      .reason = "Drift",
			      .action = "Sync",
			      .note = note,
			      .instance = "here",
			      .now_ms = NOW_MS};
}

static void test_as_json(void **state)
{
	const struct event event = event_of(&web_ref, "it is so");
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
	struct err err;

	(void)state;
	assert_ok(event_to_json(&event, &json, &err), err);
	assert_memory_equal(json_str(json, "metadata.name"), "web.", 4);
	json_remove(json, "metadata.name");
	json_print(json, &text);
	assert_string_equal(
		buf_str(&text),
		"{\"apiVersion\":\"events.k8s.io/v1\",\"kind\":\"Event\",\"metadata\":{"
		"\"namespace\":\"default\"},\"eventTime\":\"2026-01-02T03:03:09.042000Z\","
		"\"reportingController\":\"tranche.dev/agent\",\"reportingInstance\":\"here\","
		"\"type\":\"Warning\",\"reason\":\"Drift\",\"action\":\"Sync\",\"regarding\":{"
		"\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"name\":\"web\","
		"\"namespace\":\"default\",\"uid\":\"u-1\"},\"note\":\"it is so\"}");
}

/* The server takes 1024 bytes; a character is not cut in the middle. */
static void test_long_notes_are_cut(void **state)
{
	char note[1100];
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	struct err err;

	(void)state;
	memset(note, 'x', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	memcpy(note + 1023, "\xC3\xA9", 2);
	const struct event event = event_of(&web_ref, note);
	assert_ok(event_to_json(&event, &json, &err), err);
	assert_int_equal(strlen(json_str(json, "note")), 1023);
}

static void test_without_a_namespace(void **state)
{
	const struct event event = event_of(&shop_ref, "it is so");
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;
	struct err err;

	(void)state;
	assert_ok(event_to_json(&event, &json, &err), err);
	assert_string_equal(json_str(json, "metadata.namespace"), "default");
	assert_null(json_get(json_get(json, "regarding"), "namespace"));
}

/* --- on a cluster ----------------------------------------------------------------------------- */

struct bench {
	uv_loop_t loop;
	struct sim sim;
	struct cluster *cluster;
	struct events events;
	bool done;
	struct err err;
};

static void on_done(void *ctx, const struct err *err)
{
	struct bench *bench = ctx;

	bench->done = true;
	bench->err = err ? *err : (struct err){0};
}

static void send_event(struct bench *bench, const struct ref *ref, const char *note)
{
	const struct event event = event_of(ref, note);
	struct err err;

	bench->done = false;
	if (!events_send(&bench->events, bench->cluster, &event, on_done, bench, &err))
		fail_msg("%s", err.message);
	turn_until(&bench->loop, &bench->done);
	if (bench->err.class)
		fail_msg("%s", bench->err.message);
}

static void test_what_repeats_counts_up(void **state)
{
	struct bench bench = {.done = false};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct err err;

	(void)state;
	sim_start(&bench.sim, NULL);
	uv_loop_init(&bench.loop);
	const struct kubeconfig_options options = {.file = bench.sim.kubeconfig};
	assert_ok(kubeconfig_load(&options, &config, &err), err);
	bench.cluster = cluster_new(&bench.loop, &config, &err);
	assert_non_null(bench.cluster);

	send_event(&bench, &web_ref, "it is so");
	send_event(&bench, &web_ref, "it is so");
	send_event(&bench, &web_ref, "it is so");
	send_event(&bench, &web_ref, "it is otherwise");
	sim_shell(&bench.sim, "test \"$(kubectl get events.events.k8s.io -o "
			      "jsonpath='{range .items[*]}{.note}={.series.count} {end}' | tr ' ' "
			      "'\\n' | grep -c =)\" = 2");
	sim_shell(&bench.sim,
		  "kubectl get events.events.k8s.io -o jsonpath='{.items[*].series.count}' "
		  "| grep -qx 3");
	/* One that is gone meanwhile is made anew. */
	sim_shell(&bench.sim, "kubectl delete events --all >/dev/null");
	send_event(&bench, &web_ref, "it is so");
	sim_shell(&bench.sim, "kubectl get events.events.k8s.io -o jsonpath='{.items[*].note}' | "
			      "grep -qx 'it is so'");

	/* Given up: nothing is called, nothing leaks. */
	const struct event event = event_of(&web_ref, "never mind");
	uint64_t id = events_send(&bench.events, bench.cluster, &event, on_done, &bench, &err);
	assert_true(id);
	cluster_cancel(bench.cluster, id);
	assert_true(events_send(&bench.events, bench.cluster, &event, on_done, &bench, &err));
	cluster_free(bench.cluster);
	events_release(&bench.events);
	turn_and_close(&bench.loop);
	sim_stop(&bench.sim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_json),
		cmocka_unit_test(test_long_notes_are_cut),
		cmocka_unit_test(test_without_a_namespace),
		cmocka_unit_test(test_what_repeats_counts_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
