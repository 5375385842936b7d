/* Memory that runs out, at every single allocation, in what is done with a commit. */
#include <string.h>

#include "diff/kustomize.h"
#include "diff/offline.h"
#include "diff/render.h"
#include "diff/replacement.h"
#include "diff/supposed.h"
#include "diff/yaml_edit.h"

#include "tests/support/check.h"
#include "tests/support/starve.h"

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* --- texts ----------------------------------------------------------------------------------- */

static const char yaml_text[] = "# what a YAML file may hold\n"
				"base: &base {a: 1, b: [x, \"y\\u00e9\", 'it''s']}\n"
				"merged: {<<: *base, b: 2}\n"
				"again: *base\n"
				"numbers: [0x1F, 1.5e3, 9007199254740993, ~, yes]\n"
				"text: |\n  two\n  lines\n"
				"folded: >-\n  one\n  line\n"
				"---\n"
				"{second: document, 2001-01-01: date}\n";

static const char json_text[] =
	"{\"a\": [1, 2.5, -9007199254740993, true, null], \"\\u00e9\": {\"b\": \"c\\n\"}}";

#define WEB(annotations, replicas, image, partition)                      \
	"apiVersion: apps/v1\n"                                           \
	"kind: StatefulSet\n"                                             \
	"metadata: {name: web, annotations: {" annotations "}}\n"         \
	"spec:\n"                                                         \
	"  replicas: " replicas "\n"                                      \
	"  serviceName: web\n"                                            \
	"  updateStrategy: {rollingUpdate: {partition: " partition "}}\n" \
	"  selector: {matchLabels: {app: web}}\n"                         \
	"  template:\n"                                                   \
	"    metadata: {labels: {app: web}}\n"                            \
	"    spec:\n"                                                     \
	"      containers:\n"                                             \
	"      - {name: nginx, image: \"" image "\", resources: {limits: {cpu: 1000m}}}\n"

#define MANIFESTS                                                                             \
	"apiVersion: v1\n"                                                                    \
	"kind: List\n"                                                                        \
	"items:\n"                                                                            \
	"- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: \"1\\n2\\n\"}}\n" \
	"- {apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {p: geheim}}\n"    \
	"---\n" WEB("tranche.dev/step: \"1\", tranche.dev/bake: 60s", "4", "nginx:2", "0")

#define POD(name, revision)                                                                        \
	"---\n{apiVersion: v1, kind: Pod, metadata: {name: " name ", namespace: default, uid: u, " \
	"labels: {app: web, controller-revision-hash: " revision "}, ownerReferences: ["           \
	"{apiVersion: apps/v1, kind: StatefulSet, name: web, uid: u1, controller: true}]}, "       \
	"spec: {containers: [{name: nginx, image: \"nginx:1\"}]}, status: {phase: Running, "       \
	"conditions: [{type: Ready, status: \"True\", lastTransitionTime: "                        \
	"\"2026-01-01T00:00:00Z\"}]}}\n"

#define LIVE                                                                                    \
	"{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: default, uid: u2}, "  \
	"data: {k: \"1\\n3\\n\", gone: x}}\n"                                                   \
	"---\n"                                                                                 \
	"{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default, uid: u3}, "     \
	"type: Opaque, data: {p: YWx0}}\n"                                                      \
	"---\n" WEB("", "3", "nginx:1",                                                         \
		    "3") "status: {observedGeneration: 1, replicas: 3, readyReplicas: 3, "      \
			 "availableReplicas: 3, "                                               \
			 "currentReplicas: 3, updatedReplicas: 3, currentRevision: web-a, "     \
			 "updateRevision: web-a}\n" POD("web-0", "web-a") POD("web-1", "web-a") \
				 POD("web-2", "web-a")

/* --- reading --------------------------------------------------------------------------------- */

static int read_yaml(struct buf *out, struct err *err)
{
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};

	if (yaml_load(yaml_text, strlen(yaml_text), &docs, err) < 0)
		return -1;
	for (size_t i = 0; i < docs.count; i++) {
		json_print(docs.items[i].root, out);
		if (yaml_print(docs.items[i].root, out, err) < 0)
			return -1;
	}
	return 0;
}

static int read_json(struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	if (json_parse(json_text, strlen(json_text), &value, err) < 0)
		return -1;
	json_print_pretty(value, out);
	return 0;
}

static int check_manifests(struct buf *out, struct err *err)
{
	static const char wrong[] = "---\n{apiVersion: v1, kind: Service, metadata: {name: A}, "
				    "spec: {port: 80, type: 3}}\n---\n{kind: 7}\n";
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	static const char text[] = MANIFESTS;

	if (manifest_set_add(&set, "a.yaml", text, strlen(text), &findings, err) < 0 ||
	    manifest_set_add(&set, "b.yaml", wrong, strlen(wrong), &findings, err) < 0 ||
	    manifest_set_add(&set, "c.yaml", text, strlen(text), &findings, err) < 0 ||
	    manifest_set_check(&set, "default", &findings, err) < 0)
		return -1;
	/* Without their places, which may then be less exact (path_follow). */
	for (size_t i = 0; i < findings.count; i++)
		buf_printf(out, "%s %s\n", findings.items[i].file, findings.items[i].message);
	return 0;
}

static int show_findings(struct buf *out, struct err *err)
{
	CLEANUP(findings_release) struct findings findings = {0};
	const struct yaml_mark mark = {3, 1};

	if (findings_add(&findings, FINDING_ERROR, "b.yaml", mark, err, "no \"%s\"", "kind") < 0 ||
	    findings_add(&findings, FINDING_WARNING, "a.yaml", mark, err, "old") < 0)
		return -1;
	findings_sort(&findings);
	findings_print(&findings, out);
	return render_findings_json(&findings, "main@3f2c1ab", 2, out, err);
}

/* --- a plan, and how it is shown ------------------------------------------------------------- */

static int make_plan(struct plan *plan, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set manifests = {0}, live = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	const struct offline_options options = {.default_namespace = "default",
						.now_ms = 1767229200000};
	static const char text[] = MANIFESTS, live_text[] = LIVE;

	if (manifest_set_add(&manifests, "a.yaml", text, strlen(text), &findings, err) < 0 ||
	    manifest_set_add_live(&live, "live.yaml", live_text, strlen(live_text), &findings,
				  err) < 0)
		return -1;
	return offline_plan(&manifests, &live, &options, plan, err);
}

static int plan_offline(struct buf *out, struct err *err)
{
	CLEANUP(plan_release) struct plan plan = {0};

	if (make_plan(&plan, err) < 0)
		return -1;
	plan_print_counts(&plan, out);
	return 0;
}

static struct plan ready_plan; /* for those that show one */

static int plan_as_text(struct buf *out, struct err *err)
{
	const struct render_options options = {.colour = true};

	(void)err;
	render_plan_text(&ready_plan, &options, out);
	return 0;
}

static int plan_as_unified(struct buf *out, struct err *err)
{
	const struct render_options options = {0};

	return render_plan_unified(&ready_plan, &options, out, err);
}

static int plan_as_json(struct buf *out, struct err *err)
{
	return render_plan_json(&ready_plan, out, err);
}

static int plan_as_markdown(struct buf *out, struct err *err)
{
	return render_plan_markdown(&ready_plan, out, err);
}

/* The cluster as a commit would have left it. */
static int suppose(struct buf *out, struct err *err)
{
	CLEANUP(manifest_set_release) struct manifest_set newest = {0}, before = {0}, live = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	static const char new_text[] = WEB("", "3", "nginx:2", "2");
	static const char old_text[] = WEB("", "3", "nginx:1", "0");
	const struct manifest_set *commits[] = {&newest, &before};
	const struct supposed_past past = {commits, 2, "default"};

	if (manifest_set_add(&newest, "a.yaml", new_text, strlen(new_text), &findings, err) < 0 ||
	    manifest_set_add(&before, "a.yaml", old_text, strlen(old_text), &findings, err) < 0 ||
	    supposed_live(&past, &live, err) < 0)
		return -1;
	for (size_t i = 0; i < live.count; i++)
		json_print(live.items[i].desired, out);
	return 0;
}

/* Somebody scaled up what Git and the last `kubectl apply` have with less: the three-places trap. */
static int keep_replicas(struct buf *out, struct err *err)
{
	static const char git[] = WEB("", "3", "nginx:1", "3");
	static const char live[] = WEB(
		"kubectl.kubernetes.io/last-applied-configuration: '{\"spec\":{\"replicas\":3}}'",
		"5", "nginx:1", "3") "status: {observedGeneration: 1}\n";
	CLEANUP(yaml_docs_release) struct yaml_docs wanted = {0}, have = {0};
	CLEANUP(promotion_release) struct promotion promotion = {0};

	if (yaml_load(git, strlen(git), &wanted, err) < 0 ||
	    yaml_load(live, strlen(live), &have, err) < 0)
		return -1;
	const struct promotion_facts facts = {
		.wanted = wanted.items[0].root,
		.live = have.items[0].root,
		.pods_known = true,
		.wanted_digest = "d1",
		.now_ms = 1767229200000,
	};
	if (promotion_decide(&facts, &promotion, err) < 0 ||
	    promotion_apply(&promotion, wanted.items[0].root, err) < 0)
		return -1;
	json_print(json_get(wanted.items[0].root, "spec"), out);
	buf_puts(out, promotion.drift);
	return 0;
}

/* --- what is sent ---------------------------------------------------------------------------- */

static int replace_body(struct buf *out, struct err *err)
{
	static const char text[] =
		"{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: "
		"80}]}}\n"
		"---\n"
		"{apiVersion: v1, kind: Service, metadata: {name: s, uid: u, resourceVersion: "
		"\"7\", "
		"finalizers: [f]}, spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], "
		"ports: [{port: 80, nodePort: 30000, targetPort: 80, protocol: TCP}]}}\n";
	CLEANUP(yaml_docs_release) struct yaml_docs docs = {0};
	CLEANUP(cJSON_Delete_p) cJSON *body = NULL;

	if (yaml_load(text, strlen(text), &docs, err) < 0 ||
	    replacement_build(docs.items[0].root, docs.items[1].root, "default", &body, err) < 0)
		return -1;
	json_print(body, out);
	return 0;
}

/* --- editing --------------------------------------------------------------------------------- */

static int edit_partition(struct buf *out, struct err *err)
{
	static const char text[] = WEB("", "3", "nginx:1", "3");
	static const struct yaml_step steps[] = {YAML_KEY("spec"), YAML_KEY("updateStrategy"),
						 YAML_KEY("rollingUpdate"), YAML_KEY("partition")};
	CLEANUP(yaml_splice_release) struct yaml_splice splice = {0};
	CLEANUP(cJSON_Delete_p) cJSON *value = json_new_int(2);

	if (!value)
		return err_no_memory(err);
	if (yaml_edit(text, strlen(text), 0, steps, COUNT(steps), value, &splice, err) < 0)
		return -1;
	yaml_splice_apply(&splice, text, strlen(text), out);
	return 0;
}

static int find_file(void *context, const char *path, const char **ret_text, size_t *ret_length,
		     struct err *err)
{
	static const char base[] = WEB("", "3", "nginx:1", "3");
	static const char patch[] =
		"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, "
		"spec: {updateStrategy: {rollingUpdate: {partition: 2}}}}\n";
	static const char kustomization[] =
		"resources: [../base/web.yaml]\nnamePrefix: a-\n"
		"patches: [{path: patch.yaml}]\nimages: [{name: nginx, newTag: \"2\"}]\n";
	const char *text = strcmp(path, "base/web.yaml") == 0             ? base
			   : strcmp(path, "prod/patch.yaml") == 0         ? patch
			   : strcmp(path, "prod/kustomization.yaml") == 0 ? kustomization
									  : NULL;

	(void)context;
	(void)err;
	*ret_text = text;
	*ret_length = text ? strlen(text) : 0;
	return 0;
}

static int find_in_kustomization(struct buf *out, struct err *err)
{
	static const struct kustomize_files files = {.find = find_file};
	static const struct origin_field field = {
		{"spec", "updateStrategy", "rollingUpdate", "partition"}, 4, 0};
	CLEANUP(origins_release) struct origins origins = {0};
	struct origin_place place;

	if (kustomize_read(&files, "prod", &origins, err) < 0 ||
	    origin_find(&origins.items[0], &field, &place, err) < 0)
		return -1;
	buf_printf(out, "%s %s ", origins.items[0].ref.name, place.layer->file);
	return origin_image(&origins.items[0], "containers", "nginx", NULL, out, err);
}

static void test_each_allocation(void **state)
{
	(void)state;
	static const struct starve_scenario scenarios[] = {
		{"YAML", read_yaml, 1},
		{"JSON", read_json, 1},
		{"manifests", check_manifests, 1},
		{"findings", show_findings, 1},
		{"a plan", plan_offline, 1},
		{"a plan as text", plan_as_text, 1},
		{"a plan as a unified diff", plan_as_unified, 1},
		{"a plan as JSON", plan_as_json, 1},
		{"a plan as Markdown", plan_as_markdown, 1},
		{"a supposed cluster", suppose, 1},
		{"replicas that are kept", keep_replicas, 1},
		{"the body of a replace", replace_body, 1},
		{"an edit", edit_partition, 1},
		{"a kustomization", find_in_kustomization, 1},
	};

	struct err err;

	assert_ok(make_plan(&ready_plan, &err), err);
	for (size_t i = 0; i < COUNT(scenarios); i++)
		print_message("%s: %zu allocations\n", scenarios[i].name, starve(&scenarios[i]));
	plan_release(&ready_plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
