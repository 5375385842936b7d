/* Which layer of a kustomization decides a field; test_promote_kustomize.sh holds it to kubectl. */
#include "diff/kustomize.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/check.h"

#define OUT_MAX 4096

/* A repository as a list of paths and texts. */
struct file {
	const char *path, *text;
};

#define WEB                                          \
	"apiVersion: apps/v1\n"                      \
	"kind: StatefulSet\n"                        \
	"metadata: {name: web}\n"                    \
	"spec:\n"                                    \
	"  replicas: 3\n"                            \
	"  updateStrategy:\n"                        \
	"    rollingUpdate: {partition: 3}\n"        \
	"  template:\n"                              \
	"    spec:\n"                                \
	"      containers:\n"                        \
	"      - {name: a, image: 'nginx:1'}\n"      \
	"      - {name: b, image: 'r:5/side:2@x'}\n" \
	"      initContainers: [{name: i, image: busybox}]\n"

#define PATCH(name, body) \
	"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: " name "}\nspec: " body "\n"

#define P(number) "{updateStrategy: {rollingUpdate: {partition: " #number "}}}"

#define POINTER "/spec/updateStrategy/rollingUpdate/partition"

static int read_list(void *context, const char *path, const char **ret_text, size_t *ret_length,
		     struct err *err)
{
	(void)err;
	*ret_text = NULL;
	for (const struct file *file = context; file->path; file++)
		if (strcmp(file->path, path) == 0) {
			*ret_text = file->text;
			*ret_length = strlen(file->text);
		}
	return 0;
}

static const struct origin_field partition = {
	{"spec", "updateStrategy", "rollingUpdate", "partition"}, 4, 0};
static const struct origin_field replicas = {{"spec", "replicas"}, 2, 0};
static const struct origin_field hold = {{"metadata", "annotations", "tranche.dev/hold"}, 3, 0};

static void print_place(const struct origin_place *place, struct buf *out)
{
	buf_printf(out, "%s#%zu", place->layer->file, place->layer->document);
	for (size_t i = 0; i < place->step_count; i++) {
		const struct yaml_step *step = &place->steps[i];

		if (step->kind == YAML_STEP_KEY)
			buf_printf(out, " %s", step->key);
		else
			buf_printf(out, step->kind == YAML_STEP_INDEX ? " %zu" : " |%zu",
				   step->index);
	}
	if (place->value) {
		buf_puts(out, " = ");
		json_print(place->value, out);
	}
}

/* The place of a field, of "image:CONTAINER" (and what comes out), or why there is none. */
static void ask(const struct origins *origins, const struct origin *origin, const char *what,
		struct buf *out)
{
	CLEANUP(buf_release) struct buf image = BUF_INIT(OUT_MAX);
	struct origin_place place;
	struct err err;
	int status;

	if (strncmp(what, "image:", 6) == 0)
		status = origin_image(origin, what[6] == 'i' ? "initContainers" : "containers",
				      what + 6, &place, &image, &err);
	else
		status = origin_find(origin,
				     strcmp(what, "partition") == 0  ? &partition
				     : strcmp(what, "replicas") == 0 ? &replicas
								     : &hold,
				     &place, &err);
	if (status == 0) {
		print_place(&place, out);
		if (image.length)
			buf_printf(out, " -> %s", buf_str(&image));
		status = origin_check_edit(origins, &place, &err);
		if (status < 0)
			buf_puts(out, " ! ");
	}
	if (status < 0)
		buf_puts(out, err.message);
}

static void check(const struct file *files, const char *folder, const char *name, const char *what,
		  const char *expected)
{
	CLEANUP(origins_release) struct origins origins = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(OUT_MAX);
	struct file copy[8] = {0};
	struct err err;

	for (size_t i = 0; files[i].path; i++)
		copy[i] = files[i];
	const struct kustomize_files reader = {copy, read_list};
	if (kustomize_read(&reader, folder, &origins, &err) < 0) {
		assert_string_equal(err.message, expected);
		return;
	}
	for (size_t i = 0; i < origins.count; i++)
		if (strcmp(origins.items[i].ref.name, name) == 0) {
			ask(&origins, &origins.items[i], what, &out);
			assert_string_equal(buf_str(&out), expected);
			return;
		}
	assert_string_equal("no such object", expected);
}

struct question {
	const char *kustomization; /* of "prod" */
	const char *patch;         /* prod/patch.yaml */
	const char *name, *what, *expected;
};

#define IN_BASE "base/web.yaml#0 spec updateStrategy rollingUpdate partition = 3"
#define IN_FILE "prod/patch.yaml#0 spec updateStrategy rollingUpdate partition"

static const struct question questions[] = {
	{"resources: [../base]", "", "web", "partition", IN_BASE},
	{"bases: [./../base/.]", "", "web", "partition", IN_BASE},
	{"resources: ['https://example.com/x', ../base/web.yaml]", "", "web", "partition", IN_BASE},
	{"resources: [../base]\nnamePrefix: p-\nnameSuffix: -s", "", "p-web-s", "partition",
	 IN_BASE},
	{"resources: [../base]\nnamePrefix: p-", "", "web", "partition", "no such object"},

	/* merge patches */
	{"resources: [../base]\npatches: [path: patch.yaml]", PATCH("web", P(2)), "web",
	 "partition", IN_FILE " = 2"},
	{"resources: [../base]\npatchesStrategicMerge: [patch.yaml]", PATCH("web", P(2)), "web",
	 "partition", IN_FILE " = 2"},
	{"resources: [../base]\npatches: [path: patch.yaml]", PATCH("other", P(2)), "web",
	 "partition", IN_BASE},
	{"resources: [../base]\npatches: [path: patch.yaml]",
	 PATCH("web", "{replicas: 5}") "---\n" PATCH("web", P(1)), "web", "partition",
	 "prod/patch.yaml#1 spec updateStrategy rollingUpdate partition = 1"},
	{"resources: [../base]\npatches: [path: patch.yaml]",
	 PATCH("web", "{updateStrategy: {rollingUpdate: null}}"), "web", "partition", IN_FILE},
	{"resources: [../base]\npatches: [path: patch.yaml]",
	 PATCH("web", "{updateStrategy: {$patch: replace, type: OnDelete}}"), "web", "partition",
	 "prod/patch.yaml: a $patch directive has a say in the value"},
	{"resources: [../base]\npatches:\n- path: patch.yaml\n  target: {kind: Stateful.*, name: "
	 "w.b}",
	 PATCH("any", P(2)), "web", "partition", IN_FILE " = 2"},
	{"resources: [../base]\npatches:\n- path: patch.yaml\n  target: {kind: Stateful}",
	 PATCH("any", P(2)), "web", "partition", IN_BASE},
	{"resources: [../base]\npatches:\n- path: patch.yaml\n  target: {name: '('}",
	 PATCH("any", P(2)), "web", "partition",
	 "prod/kustomization.yaml: the target's pattern \"(\" cannot be read"},
	{"resources: [../base]\npatches:\n- path: patch.yaml\n  target: {labelSelector: a=b}",
	 PATCH("any", P(2)), "web", "partition",
	 "prod/patch.yaml: whether this patch is for the object depends on labels or annotations, "
	 "which are not looked at here"},
	{"resources: [../base]\npatches:\n- path: patch.yaml\n  target: {labelSelector: a=b}",
	 PATCH("any", "{replicas: 5}"), "web", "partition", IN_BASE},
	{"resources: [../base, ../base/db.yaml]\npatches:\n- path: patch.yaml\n  target: {kind: "
	 "StatefulSet}",
	 PATCH("any", P(2)), "web", "partition",
	 IN_FILE " = 2 ! prod/patch.yaml: what sets the value is for 2 objects: give this one a "
		 "patch of its own"},
	{"resources: [../blue, ../base]\nnamePrefix: p-", "", "p-blue-web", "partition",
	 IN_BASE
	 " ! base/web.yaml: what sets the value is for 2 objects: give this one a patch of its "
	 "own"},
	{"resources: [../base]\npatches: [path: patch.yaml]",
	 "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\n$patch: delete", "web",
	 "partition", "no such object"},
	{"resources: [../base]\npatches: [path: missing.yaml]", "", "web", "partition",
	 "prod/kustomization.yaml: there is no patch \"missing.yaml\""},
	{"resources: [../base]\npatches: [path: patch.yaml]", "a: b: c", "web", "partition",
	 "prod/patch.yaml: 1:5: mapping values are not allowed in this context"},

	/* inline */
	{"resources: [../base]\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: "
	 "StatefulSet\n    metadata: {name: web}\n    spec: " P(1),
	 "", "web", "partition",
	 "prod/kustomization.yaml#0 patches 0 patch |0 spec updateStrategy rollingUpdate partition "
	 "= 1"},
	{"resources: [../base]\npatchesStrategicMerge:\n- |-\n  apiVersion: apps/v1\n  kind: "
	 "StatefulSet\n  metadata: {name: web}\n  spec: " P(1),
	 "", "web", "partition",
	 "prod/kustomization.yaml#0 patchesStrategicMerge 0 |0 spec updateStrategy rollingUpdate "
	 "partition = 1"},

	/* JSON patches */
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: replace, path: " POINTER ", value: 2}", "web", "partition",
	 "prod/patch.yaml#0 0 value = 2"},
	{"resources: [../base]\npatchesJson6902:\n- target: {name: web}\n  path: patch.yaml",
	 "[{\"op\": \"test\", \"path\": \"/a\"}, {\"op\": \"add\", \"path\": "
	 "\"/spec/updateStrategy\", \"value\": {\"rollingUpdate\": {\"partition\": 1}}}]",
	 "web", "partition", "prod/patch.yaml#0 1 value rollingUpdate partition = 1"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: add, path: /spec/updateStrategy, value: {type: OnDelete}}", "web", "partition",
	 "prod/patch.yaml: this patch takes the value away"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: remove, path: /spec/updateStrategy/rollingUpdate}", "web", "partition",
	 "prod/patch.yaml: this patch takes the value away"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: move, path: /spec/x, from: " POINTER "}", "web", "partition",
	 "prod/patch.yaml: a JSON patch moves or copies the value"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: copy, path: /spec/x, from: " POINTER "}", "web", "partition", IN_BASE},
	/* patchesJson6902 come after patches, wherever they stand. */
	{"resources: [../base]\npatchesJson6902:\n- target: {name: web}\n  path: patch.yaml\n"
	 "patches:\n- target: {name: web}\n  patch: '[{op: replace, path: " POINTER ", value: 8}]'",
	 "- {op: replace, path: " POINTER ", value: 2}", "web", "partition",
	 "prod/patch.yaml#0 0 value = 2"},

	/* fields that nobody sets */
	{"resources: [../base]", "", "web", "hold",
	 "base/web.yaml#0 metadata annotations tranche.dev/hold"},
	{"resources: [../base]\npatches: [path: patch.yaml]", PATCH("web", P(2)), "web", "hold",
	 "prod/patch.yaml#0 metadata annotations tranche.dev/hold"},
	{"resources: [../base]\ncommonAnnotations: {tranche.dev/hold: 'true'}", "", "web", "hold",
	 "prod/kustomization.yaml#0 commonAnnotations tranche.dev/hold = \"true\" ! "
	 "prod/kustomization.yaml: commonAnnotations sets it, for other objects and for Pods too"},

	/* replicas, images */
	{"resources: [../base]\nreplicas: [{name: web, count: 9}]", "", "web", "replicas",
	 "prod/kustomization.yaml#0 replicas 0 count = 9"},
	{"resources: [../base]", "", "web", "image:a",
	 "base/web.yaml#0 spec template spec containers 0 image = \"nginx:1\" -> nginx:1"},
	{"resources: [../base]", "", "web", "image:i",
	 "base/web.yaml#0 spec template spec initContainers 0 image = \"busybox\" -> busybox"},
	{"resources: [../base]\nimages: [{name: nginx, newTag: '7'}]", "", "web", "image:a",
	 "prod/kustomization.yaml#0 images 0 = {\"name\":\"nginx\",\"newTag\":\"7\"} -> nginx:7"},
	{"resources: [../base]\nimages: [{name: 'r:5/side', newName: q/s, digest: sha256:1}]", "",
	 "web", "image:b",
	 "prod/kustomization.yaml#0 images 0 = "
	 "{\"name\":\"r:5/side\",\"newName\":\"q/s\",\"digest\":\"sha256:1\"} -> q/s@sha256:1"},
	{"resources: [../base]\nimages: [{name: 'r:5/side', newName: q/s}]", "", "web", "image:b",
	 "prod/kustomization.yaml#0 images 0 = {\"name\":\"r:5/side\",\"newName\":\"q/s\"} -> "
	 "q/s:2@x"},
	{"resources: [../base, ../base/db.yaml]\nimages: [{name: nginx, newTag: '7'}]", "", "web",
	 "image:a",
	 "prod/kustomization.yaml#0 images 0 = {\"name\":\"nginx\",\"newTag\":\"7\"} -> nginx:7 ! "
	 "prod/kustomization.yaml: what sets the value is for 2 objects: give this one a patch of "
	 "its own"},
	{"resources: [../base]\npatches: [path: patch.yaml]",
	 PATCH("web", "{template: {spec: {containers: [{name: b, image: c}]}}}"), "web", "image:b",
	 "prod/patch.yaml#0 spec template spec containers 0 image = \"c\" -> c"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: replace, path: /spec/template/spec/containers/1/image, value: c}", "web",
	 "image:b", "prod/patch.yaml#0 0 value = \"c\" -> c"},
	{"resources: [../base]\npatches:\n- target: {name: web}\n  path: patch.yaml",
	 "- {op: add, path: /spec/template/spec/containers/-, value: {name: c}}", "web", "image:b",
	 "prod/patch.yaml: a JSON patch puts items into the list or takes them out"},

	/* what is not understood, and what is wrong */
	{"resources: [../base]\nreplacements: []", "", "web", "partition",
	 IN_BASE " ! prod/kustomization.yaml uses replacements, which may set the value too"},
	{"resources: [../base]\ncomponents: [../part]", PATCH("web", P(6)), "web", "partition",
	 "part/kustomization.yml#0 patches 0 patch |0 spec updateStrategy rollingUpdate partition "
	 "= 6"},
	{"resources: [../base]\ncomponents: [../part]\npatches: [path: patch.yaml]",
	 PATCH("web", P(7)), "web", "partition", IN_FILE " = 7"},
	{"resources: [nowhere]", "", "web", "partition",
	 "prod/kustomization.yaml: nowhere: prod/nowhere: there is no kustomization.yaml"},
	{"resources: [../../x]", "", "web", "partition",
	 "prod/kustomization.yaml: leads out of the repository: \"../../x\""},
	{"resources: [.]", "", "web", "partition",
	 "prod/kustomization.yaml: kustomizations are nested more than 32 deep"},
	{"resources: [../base]\n---\na: b", "", "web", "partition",
	 "prod/kustomization.yaml: holds 2 documents, not one"},
	{"resources: [", "", "web", "partition",
	 "prod/kustomization.yaml: 2:1: did not find expected node content"},
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		const struct question *q = &questions[i];
		const struct file files[] = {
			{"base/kustomization.yaml", "resources: [web.yaml]"},
			{"base/web.yaml", WEB},
			{"base/db.yaml",
			 "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: db}\n"
			 "spec: {template: {spec: {containers: [{image: nginx}]}}}"
			 "\n---\n" PATCH("other", "{}")},
			{"part/kustomization.yml",
			 "kind: Component\npatches:\n- patch: |\n    apiVersion: apps/v1\n    "
			 "kind: "
			 "StatefulSet\n    metadata: {name: web}\n    spec: " P(6)},
			{"blue/kustomization.yaml", "resources: [../base]\nnamePrefix: blue-"},
			{"prod/kustomization.yaml", q->kustomization},
			{"prod/patch.yaml", q->patch},
			{NULL, NULL},
		};

		check(files, "prod", q->name, q->what, q->expected);
	}
}

static void test_image_edit(void **state)
{
	static const struct {
		const char *entry, *image, *expected;
	} cases[] = {
		{"{'name':'n','newTag':'1'}", "n:2", "newTag 2"},
		{"{'name':'n'}", "n:2", "newTag 2"},
		{"{'name':'n','newName':'m'}", "m:2", "newTag 2"},
		{"{'name':'n','digest':'sha256:1'}", "n@sha256:2", "digest sha256:2"},
		{"{'name':'n','newTag':'1'}", "m:2", NULL},
		{"{'name':'n','newTag':'1'}", "n", NULL},
		{"{'name':'n','newTag':'1'}", "n@sha256:2", NULL},
		{"{'name':'n','digest':'1'}", "n:2", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *entry = NULL;
		CLEANUP(free_p) char *text = strdup(cases[i].entry);
		struct origin_layer layer = {.kind = ORIGIN_IMAGE, .file = (char[]){"k"}};
		struct origin_place place = {.layer = &layer};
		char seen[OUT_MAX];
		const char *value;
		struct err err;

		for (char *c = text; *c; c++)
			*c = *c == '\'' ? '"' : *c;
		assert_ok(json_parse(text, strlen(text), &entry, &err), err);
		place.value = entry;
		if (origin_image_edit(&place, cases[i].image, &value, &err) < 0) {
			assert_null(cases[i].expected);
			assert_string_equal(err_class_name(err.class), "unsupported");
			continue;
		}
		snprintf(seen, sizeof(seen), "%s %s", place.steps[0].key, value);
		assert_string_equal(seen, cases[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_image_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
