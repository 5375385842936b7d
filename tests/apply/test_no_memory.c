/* Memory that runs out in what speaks to the cluster and in what reads its files. */
#include <stdio.h>
#include <string.h>

#include <uv.h>

#include "apply/discovery.h"
#include "apply/inventory_private.h"
#include "apply/live.h"
#include "apply/preview.h"
#include "apply/replace.h"
#include "apply/rollout.h"
#include "diff/yaml.h"

#include "tests/support/check.h"
#include "tests/support/folder.h"
#include "tests/support/sim.h"
#include "tests/support/starve.h"
#include "tests/support/stages.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static struct folder folder;
static struct sim sim;

/* --- files and values ------------------------------------------------------------------------ */

static int keep_inventory(struct buf *out, struct err *err)
{
	static const char text[] =
		"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web, namespace: x, "
		"annotations: {tranche.dev/ignore: /spec/paused}, labels: "
		"{app.kubernetes.io/managed-by: Helm}}, spec: {replicas: 3}}\n"
		"---\n"
		"{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: x}, data: {a: "
		"YQ==}}\n";
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(inventory_release) struct inventory inventory = {0}, again = {0};
	CLEANUP(buf_release) struct buf printed = BUF_INIT(INVENTORY_MAX_BYTES);

	if (yaml_load(text, strlen(text), &docs, err) < 0 ||
	    inventory_init(&inventory, "shop", err) < 0 ||
	    inventory_set_revision(&inventory, "3f2c1ab", "https://git.example/shop", err) < 0 ||
	    inventory_set_place(&inventory, "main", "deploy", err) < 0)
		return -1;
	for (size_t i = 0; i < docs.count; i++) {
		const cJSON *object = docs.items[i].root;
		CLEANUP(ref_release) struct ref ref = {0};

		if (ref_of(object, &ref, err) < 0 ||
		    inventory_put(&inventory, &ref, object, object, object, err) < 0)
			return -1;
	}
	if (inventory_print(&inventory, &printed, err) < 0 ||
	    inventory_parse(buf_str(&printed), printed.length, &again, err) < 0)
		return -1;
	return inventory_print(&again, out, err);
}

/* So many that one ConfigMap does not hold them. */
static int put_many(struct inventory *inventory, const cJSON *object, struct err *err)
{
	for (int i = 0; i < 40; i++) {
		char name[32];
		const struct ref ref = ref_view("", "v1", "ConfigMap", "x", name);

		snprintf(name, sizeof(name), "cm-%d", i);
		if (inventory_put(inventory, &ref, object, object, object, err) < 0)
			return -1;
	}
	return 0;
}

static int large_object(cJSON **ret_object, struct err *err)
{
	static char uid[30001];
	CLEANUP(cJSON_Delete_p) cJSON *object = cJSON_CreateObject();

	memset(uid, 'u', sizeof(uid) - 1);
	if (!object)
		return err_no_memory(err);
	if (json_set_str(object, "metadata.uid", uid, err) < 0)
		return -1;
	*ret_object = STEAL(object);
	return 0;
}

static int split_inventory(struct buf *out, struct err *err)
{
	CLEANUP(inventory_release) struct inventory inventory = {0}, again = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;

	if (large_object(&object, err) < 0 || inventory_init(&inventory, "shop", err) < 0 ||
	    put_many(&inventory, object, err) < 0 || inventory_balance(&inventory, err) < 0 ||
	    inventory_set_text(&inventory.set, "01a20602f33e", err) < 0 ||
	    inventory_print_head(&inventory, &text, err) < 0 ||
	    inventory_parse(buf_str(&text), text.length, &again, err) < 0)
		return -1;
	for (size_t i = 0; i < inventory.part_count; i++) {
		buf_clear(&text);
		if (inventory_print_part(&inventory, i, &text, err) < 0 ||
		    inventory_parse_part(&again, i, buf_str(&text), text.length, err) < 0)
			return -1;
	}
	buf_printf(out, "%zu objects in %zu parts", again.count, again.part_count);
	return 0;
}

static int load_kubeconfig(struct buf *out, struct err *err)
{
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	const struct kubeconfig_options options = {.file = folder_file(&folder, "kubeconfig")};

	if (kubeconfig_load(&options, &config, err) < 0)
		return -1;
	buf_printf(out, "%s %s %s", config.context, config.namespace, config.endpoint.server);
	return 0;
}

/* --- the stages of a sync -------------------------------------------------------------------- */

#define WEB                                           \
	"apiVersion: apps/v1\n"                       \
	"kind: StatefulSet\n"                         \
	"metadata: {name: web, namespace: default}\n" \
	"spec:\n"                                     \
	"  replicas: 0\n"                             \
	"  serviceName: web\n"                        \
	"  selector: {matchLabels: {app: web}}\n"     \
	"  template:\n"                               \
	"    metadata: {labels: {app: web}}\n"        \
	"    spec: {containers: [{name: c, image: 'nginx:1'}]}\n"

struct stages {
	uv_loop_t loop;
	struct kubeconfig config;
	struct cluster *cluster;
	struct discovery *discovery;
	struct manifest_set set;
	struct findings findings;
	struct targets targets;
	bool done;
	struct err err;
};

static void on_done(void *context, const struct err *err)
{
	struct stages *stages = context;

	stages->done = true;
	if (err)
		stages->err = *err;
}

static void on_target(void *context, struct target *target)
{
	(void)context;
	(void)target;
}

/* Turns the loop to the end of a stage; one that never ends is an error of its own. */
static int finish(struct stages *stages, uint64_t id, struct err *err)
{
	if (id == 0)
		return -1;
	stages->done = false;
	while (!stages->done && uv_run(&stages->loop, UV_RUN_ONCE))
		;
	if (!stages->done)
		return err_set(err, ERR_INTERNAL, "the stage does not end");
	if (stages->err.class != ERR_NONE) {
		*err = stages->err;
		return -1;
	}
	for (size_t i = 0; i < stages->targets.count; i++)
		if (stages->targets.items[i].error) {
			*err = *stages->targets.items[i].error;
			return -1;
		}
	return 0;
}

static int open_stages(struct stages *stages, struct err *err)
{
	static const char text[] = WEB;
	const struct kubeconfig_options options = {.file = sim.kubeconfig};

	if (kubeconfig_load(&options, &stages->config, err) < 0)
		return -1;
	stages->cluster = cluster_new(&stages->loop, &stages->config, err);
	if (!stages->cluster)
		return -1;
	stages->discovery = discovery_new(stages->cluster);
	if (!stages->discovery)
		return err_no_memory(err);
	if (manifest_set_add(&stages->set, "web.yaml", text, strlen(text), &stages->findings, err) <
	    0)
		return -1;
	return targets_add(&stages->targets, &stages->set.items[0], err);
}

static int walk_stages(struct stages *stages, struct buf *out, struct err *err)
{
	struct target *target;

	if (open_stages(stages, err) < 0 ||
	    finish(stages,
		   discovery_resolve(stages->discovery, &stages->targets, "default", on_done,
				     stages, err),
		   err) < 0 ||
	    finish(stages, live_read(stages->cluster, &stages->targets, on_done, stages, err),
		   err) < 0 ||
	    finish(stages, preview(stages->cluster, &stages->targets, false, on_done, stages, err),
		   err) < 0)
		return -1;
	target = &stages->targets.items[0];
	target->write = true;
	if (finish(stages,
		   replace(stages->cluster, stages->discovery, &stages->targets, on_target, on_done,
			   stages, err),
		   err) < 0)
		return -1;
	buf_printf(out, "live %d, predicted %d, result %d", target->live != NULL,
		   target->predicted != NULL, target->result);
	return 0;
}

static int sync_once(struct buf *out, struct err *err)
{
	struct stages stages = {0};

	if (uv_loop_init(&stages.loop) < 0)
		return err_no_memory(err);
	int result = walk_stages(&stages, out, err);
	targets_release(&stages.targets);
	manifest_set_release(&stages.set);
	findings_release(&stages.findings);
	discovery_free(stages.discovery);
	cluster_free(stages.cluster);
	kubeconfig_release(&stages.config);
	uv_run(&stages.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&stages.loop) == 0
		       ? result
		       : err_set(err, ERR_INTERNAL, "something stays open");
}

/* --- rollouts that are followed ---------------------------------------------------------------- */

#define FOLLOW_DEADLINE_MS 30000 /* a verdict that found no memory is tried again after 10 s */

#define CALM                                                               \
	"{\"apiVersion\": \"apps/v1\", \"kind\": \"StatefulSet\", "        \
	"\"metadata\": {\"name\": \"calm\", \"namespace\": \"default\"}, " \
	"\"spec\": {\"replicas\": 1, \"serviceName\": \"calm\", "          \
	"\"selector\": {\"matchLabels\": {\"app\": \"calm\"}}, "           \
	"\"template\": {\"metadata\": {\"labels\": {\"app\": \"calm\"}}, " \
	"\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"nginx:1\"}]}}}}"
#define CALM_POD                                                            \
	"{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {"       \
	"\"name\": \"calm-0\", \"namespace\": \"default\", \"labels\": "    \
	"{\"app\": \"calm\", \"controller-revision-hash\": \"calm-%c\"}}, " \
	"\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"nginx:1\"}]}}"

/* A cluster without controllers, where nothing moves but what the scenario moves; over HTTP/1.1. */
static struct sim still;

struct following {
	uv_loop_t loop;
	uv_timer_t deadline;
	struct kubeconfig config;
	struct cluster *cluster;
	struct rollouts *rollouts;
	char expected[16]; /* revision of the Pod */
	bool synced, seen, late;
	struct err err;
};

static const char *revision_of(const struct rollouts *rollouts)
{
	const struct rollout *rollout = rollouts_find(rollouts, "default", "calm");

	return rollout && rollout->pod_count ? rollout->pods[0].revision : "";
}

static void on_change(void *context, const struct rollout *rollout)
{
	struct following *following = context;

	if (rollout->pod_count && strcmp(rollout->pods[0].revision, following->expected) == 0)
		following->seen = true;
}

static void on_synced(void *context)
{
	((struct following *)context)->synced = true;
}

/*
 * Whoever is told of an error may be through with it: the worst moment for what goes on. A watch that lacks
 * memory breaks off, and is begun again; that it was told is enough.
 */
static void on_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct following *following = context;

	following->err = *err;
	if (retry_in_ms > 0)
		err_no_memory(&following->err);
	rollouts_free(STEAL(following->rollouts));
}

static void on_changed(void *context, const struct err *err, struct cluster_answer *answer)
{
	struct following *following = context;

	(void)answer;
	if (err && following->err.class == ERR_NONE)
		following->err = *err;
}

static void on_deadline(uv_timer_t *timer)
{
	((struct following *)timer->data)->late = true;
}

static int turn_following(struct following *following, const bool *happened, struct err *err)
{
	while (!*happened && !following->late && following->err.class == ERR_NONE)
		uv_run(&following->loop, UV_RUN_ONCE);
	if (following->err.class == ERR_NONE && *happened)
		return 0;
	if (following->err.class == ERR_NONE)
		return err_set(err, ERR_INTERNAL, "the rollout stands still");
	*err = following->err;
	return -1;
}

static int change_pod(struct following *following, char hash, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
	CLEANUP(cJSON_Delete_p) cJSON *pod = NULL;
	struct cluster_request request = {
		.method = "PUT",
		.path = "/api/v1/namespaces/default/pods/calm-0",
		.on_done = on_changed,
		.ctx = following,
	};

	buf_printf(&text, CALM_POD, hash);
	if (buf_check(&text, "the Pod", err) < 0 ||
	    json_parse(buf_str(&text), text.length, &pod, err) < 0)
		return -1;
	request.body = pod;
	return cluster_send(following->cluster, &request, err) ? 0 : -1;
}

static int walk_following(struct following *following, struct buf *out, struct err *err)
{
	const struct kubeconfig_options kubeconfig = {.file = still.kubeconfig};
	const struct rollouts_options options = {.on_change = on_change,
						 .on_synced = on_synced,
						 .on_error = on_error,
						 .ctx = following};

	if (kubeconfig_load(&kubeconfig, &following->config, err) < 0)
		return -1;
	following->cluster = cluster_new(&following->loop, &following->config, err);
	following->rollouts =
		following->cluster ? rollouts_new(following->cluster, &options, err) : NULL;
	if (!following->rollouts ||
	    rollouts_add_namespace(following->rollouts, "default", err) < 0 ||
	    turn_following(following, &following->synced, err) < 0)
		return -1;
	char hash = strcmp(revision_of(following->rollouts), "calm-a") == 0 ? 'b' : 'a';
	snprintf(following->expected, sizeof(following->expected), "calm-%c", hash);
	if (change_pod(following, hash, err) < 0 ||
	    turn_following(following, &following->seen, err) < 0)
		return -1;
	buf_puts(out, "the Pod's event was told");
	return 0;
}

static int follow_pod(struct buf *out, struct err *err)
{
	struct following following = {.deadline.data = &following};

	if (uv_loop_init(&following.loop) < 0)
		return err_no_memory(err);
	uv_timer_init(&following.loop, &following.deadline);
	uv_timer_start(&following.deadline, on_deadline, FOLLOW_DEADLINE_MS, 0);
	int result = walk_following(&following, out, err);
	rollouts_free(following.rollouts);
	cluster_free(following.cluster);
	kubeconfig_release(&following.config);
	uv_close((uv_handle_t *)&following.deadline, NULL);
	uv_run(&following.loop, UV_RUN_DEFAULT);
	return uv_loop_close(&following.loop) == 0
		       ? result
		       : err_set(err, ERR_INTERNAL, "something stays open");
}

static void start_still(void)
{
	static const char *const arguments[] = {"--no-controllers", "--plain-http", NULL};

	sim_start(&still, arguments);
	sim_shell(&still, "echo '%s' | kubectl create -f - >/dev/null", CALM);
	sim_shell(&still, "echo '" CALM_POD "' | kubectl create -f - >/dev/null", 'a');
}

/* --- requests side by side ---------------------------------------------------------------------- */

#define SIDE_BY_SIDE 8 /* each on a connection of its own */

struct crowd {
	size_t ended, answered;
	struct err err;
};

static void on_version(void *context, const struct err *err, struct cluster_answer *answer)
{
	struct crowd *crowd = context;

	crowd->ended++;
	if (err)
		crowd->err = *err;
	else if (json_str(answer->body, "gitVersion"))
		crowd->answered++;
}

/* Those that could be sent all end, whatever happens to the others. */
static int ask_versions(struct cluster *cluster, uv_loop_t *loop, struct crowd *crowd,
			struct err *err)
{
	const struct cluster_request request = {
		.method = "GET", .path = "/version", .on_done = on_version, .ctx = crowd};
	size_t sent = 0;
	int result = 0;

	for (int i = 0; i < SIDE_BY_SIDE && result == 0; i++) {
		result = cluster_send(cluster, &request, err) ? 0 : -1;
		sent += result == 0;
	}
	while (crowd->ended < sent && uv_run(loop, UV_RUN_ONCE))
		;
	if (crowd->ended < sent)
		return err_set(err, ERR_INTERNAL, "a request does not end");
	if (result == 0 && crowd->err.class != ERR_NONE) {
		*err = crowd->err;
		return -1;
	}
	return result;
}

static int crowd_server(struct buf *out, struct err *err)
{
	const struct kubeconfig_options options = {.file = still.kubeconfig};
	CLEANUP(kubeconfig_release) struct kubeconfig config = {0};
	struct crowd crowd = {0};
	uv_loop_t loop;

	if (kubeconfig_load(&options, &config, err) < 0)
		return -1;
	if (uv_loop_init(&loop) < 0)
		return err_no_memory(err);
	struct cluster *cluster = cluster_new(&loop, &config, err);
	int result = cluster ? ask_versions(cluster, &loop, &crowd, err) : -1;
	cluster_free(cluster);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop) < 0)
		return err_set(err, ERR_INTERNAL, "something stays open");
	if (result == 0)
		buf_printf(out, "%zu of %d answered", crowd.answered, SIDE_BY_SIDE);
	return result;
}

static void test_each_allocation(void **state)
{
	(void)state;
	static const struct starve_scenario scenarios[] = {
		{"an inventory", keep_inventory, 1},
		{"an inventory in parts", split_inventory, 17},
		{"a kubeconfig", load_kubeconfig, 1},
		{"a sync", sync_once, 5},
		{"a rollout", follow_pod, 3},
		{"requests side by side", crowd_server, 1},
	};
	struct bench bench;

	folder_make(&folder);
	folder_write(&folder, "kubeconfig",
		     "current-context: a\n"
		     "contexts: [{name: a, context: {cluster: c, user: u, namespace: x}}]\n"
		     "clusters: [{name: c, cluster: {server: 'https://c:6443', "
		     "insecure-skip-tls-verify: true}}]\n"
		     "users: [{name: u, user: {token: t, as: ann, as-groups: [g]}}]\n");
	sim_start(&sim, NULL);
	bench_open(&bench, sim.kubeconfig, NULL);
	bench_load(&bench, WEB);
	bench_resolve(&bench);
	bench_replace_until_written(&bench);
	bench_close(&bench);
	start_still();
	for (size_t i = 0; i < COUNT(scenarios); i++)
		print_message("%s: %zu allocations\n", scenarios[i].name, starve(&scenarios[i]));
	sim_stop(&still);
	sim_stop(&sim);
	folder_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
