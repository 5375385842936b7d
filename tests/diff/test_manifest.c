#include "diff/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "diff/hash.h"
#include "tests/support/check.h"
#include "tests/support/findings.h"
#include "tests/support/values.h"

static void test_file_names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool is;
	} cases[] = {
		{"web.yaml", true},   {"web.yml", true},   {"dir/web.json", true}, {".yaml", true},
		{"web.yaml~", false}, {"web.YAML", false}, {"yaml", false},        {"web", false},
		{"", false},          {"a.yaml/b", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(manifest_is_file_name(cases[i].name), cases[i].is);
}

/* The objects of a set as lines: "LINE:COLUMN: statefulset.apps/web". */
static void print_set(const struct manifest_set *set, struct buf *out)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct manifest *manifest = &set->items[i];

		buf_printf(out, "%u:%u: ", manifest->mark.line, manifest->mark.column);
		ref_print(&manifest->ref, out);
		buf_putc(out, '\n');
		assert_string_equal(manifest->file, "a.yaml");
		assert_int_equal(json_count_nodes(manifest->desired), manifest->mark_count);
	}
}

static void test_reads_files(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *objects, *findings;
	} cases[] = {
		{"nothing", "", "", ""},
		{"comments", "# nothing\n---\n---\n# here\n", "", ""},
		{"two documents",
		 "---\n"
		 "apiVersion: v1\n"
		 "kind: ConfigMap\n"
		 "metadata: {name: a}\n"
		 "---\n"
		 "apiVersion: example.com/v1\n"
		 "kind: Foo\n"
		 "metadata: {name: b, namespace: prod}\n",
		 "2:1: configmap/a\n6:1: foo.example.com/b\n", ""},
		{"JSON",
		 "{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": "
		 "\"a\"}}",
		 "1:1: configmap/a\n", ""},
		{"a list",
		 "apiVersion: v1\n"
		 "kind: List\n"
		 "metadata: {resourceVersion: ''}\n"
		 "items:\n"
		 "- apiVersion: v1\n"
		 "  kind: ConfigMap\n"
		 "  metadata: {name: a}\n"
		 "- apiVersion: v1\n"
		 "  kind: List\n"
		 "  items:\n"
		 "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
		 "5:3: configmap/a\n11:5: configmap/b\n", ""},
		{"a list before its kind, whose items inherit",
		 "items:\n"
		 "- metadata: {name: a}\n"
		 "  data: {x: z}\n"
		 "- {metadata: {name: b}, apiVersion: v1, kind: ServiceAccount}\n"
		 "kind: ConfigMapList\n"
		 "apiVersion: v1\n",
		 "2:3: configmap/a\n4:3: serviceaccount/b\n", ""},
		{"empty lists",
		 "{apiVersion: v1, kind: List, items: []}\n"
		 "---\n"
		 "{apiVersion: v1, kind: ConfigMapList, items: null}\n",
		 "", ""},
		{"what is no list does not vanish",
		 "{apiVersion: v1, kind: ConfigMap, items: null, metadata: {name: a}}\n", "",
		 "a.yaml:1:35: error: ConfigMap \"a\": unknown field \"items\" in ConfigMap\n"},
		{"faults in lists",
		 "apiVersion: v1\n"
		 "kind: List\n"
		 "items:\n"
		 "- metadata: {name: a}\n"
		 "- nothing\n"
		 "- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
		 "6:3: configmap/b\n",
		 "a.yaml:4:3: error: apiVersion is missing\n"
		 "a.yaml:5:3: error: an item of a list must be an object\n"},
		{"no kind and no name",
		 "apiVersion: v1\n"
		 "metadata: {name: a}\n"
		 "---\n"
		 "apiVersion: v1\n"
		 "kind: ConfigMap\n"
		 "metadata:\n"
		 "  namespace: prod\n"
		 "---\n"
		 "apiVersion: v1\n"
		 "kind: 7\n"
		 "---\n"
		 "apiVersion: v1\n"
		 "kind: ConfigMap\n"
		 "metadata:\n"
		 "  name: a\n"
		 "  namespace: 3\n",
		 "",
		 "a.yaml:1:1: error: kind is missing\n"
		 "a.yaml:6:1: error: ConfigMap: metadata.name is missing\n"
		 "a.yaml:10:1: error: kind must be a string\n"
		 "a.yaml:16:3: error: ConfigMap \"a\": metadata.namespace must be a string\n"},
		{"a kustomization",
		 "apiVersion: kustomize.config.k8s.io/v1beta1\n"
		 "kind: Kustomization\n"
		 "resources: [web.yaml]\n",
		 "",
		 "a.yaml:1:1: error: a kustomization is not built here: commit what \"kubectl "
		 "kustomize\" prints, or name another path\n"},
		{"the others of a file with a faulty one",
		 "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, dat: {}}\n"
		 "---\n"
		 "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
		 "3:1: configmap/b\n",
		 "a.yaml:1:56: error: ConfigMap \"a\": unknown field \"dat\" in ConfigMap; did you "
		 "mean \"data\"?\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		CLEANUP(buf_release) struct buf out = BUF_INIT(10000);

		add_text(&set, &findings, cases[i].text);
		assert_findings(&findings, cases[i].name, cases[i].findings);
		print_set(&set, &out);
		if (strcmp(buf_str(&out), cases[i].objects) != 0)
			fail_msg("%s: expected\n%sgot\n%s", cases[i].name, cases[i].objects,
				 buf_str(&out));
	}
}

static void test_inherited_members(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};

	add_text(&set, &findings,
		 "apiVersion: v1\n"
		 "kind: ConfigMapList\n"
		 "items:\n"
		 "- metadata: {name: a}\n"
		 "  data:\n"
		 "    x: z\n");
	assert_findings(&findings, "inherited", "");
	assert_value(set.items[0].desired, "{'metadata':{'name':'a'},'data':{'x':'z'},"
					   "'apiVersion':'v1','kind':'ConfigMap'}");
	assert_int_equal(manifest_mark_of(&set.items[0], "data.x").line, 6);
	assert_int_equal(manifest_mark_of(&set.items[0], "kind").line, 4);
}

static void test_bad_text_is_one_finding(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};

	add_text(&set, &findings, "a: b\nc: {\n");
	assert_int_equal(findings.count, 1);
	assert_int_equal(findings.error_count, 1);
	assert_string_equal(findings.items[0].file, "a.yaml");
	assert_true(findings.items[0].mark.line >= 2);
	assert_null(strchr("0123456789", findings.items[0].message[0]));
	assert_int_equal(set.count, 0);
}

#define SET_OF(name, namespace, service)                                                          \
	"---\n"                                                                                   \
	"apiVersion: apps/v1\n"                                                                   \
	"kind: StatefulSet\n"                                                                     \
	"metadata: {name: " name                                                                  \
	", namespace: '" namespace "'}\n"                                                         \
				   "spec:\n"                                                      \
				   "  serviceName: " service "\n"                                 \
				   "  selector: {matchLabels: {a: b}}\n"                          \
				   "  template: {metadata: {labels: {a: b}}, spec: {containers: " \
				   "[{name: c, image: i}]}}\n"
#define SERVICE(name, namespace)                                      \
	"---\n{apiVersion: v1, kind: Service, metadata: {name: " name \
	", namespace: '" namespace "'}}\n"

static void test_checks_the_whole_set(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *findings;
	} cases[] = {
		{"nothing", "", ""},
		{"a Service of the name", SET_OF("web", "", "svc") SERVICE("svc", "default"), ""},
		{"no Service of the name", SERVICE("other", "") SET_OF("web", "", "svc"),
		 "a.yaml:8:3: warning: StatefulSet \"web\": spec.serviceName is \"svc\", but no "
		 "Service here bears that name; without it the Pods have no DNS names\n"},
		{"only in another namespace", SERVICE("svc", "prod") SET_OF("web", "", "svc"),
		 "a.yaml:8:3: warning: StatefulSet \"web\": spec.serviceName is \"svc\", but no "
		 "Service here bears that name; without it the Pods have no DNS names\n"},
		{"no serviceName", SET_OF("web", "", "''"), ""},
		{"twice",
		 SERVICE("a", "") SERVICE("b", "") SERVICE("a", "default") SERVICE("a", ""),
		 "a.yaml:6:1: error: Service \"a\" of namespace \"default\" is there twice: first "
		 "at a.yaml:2; remove one\n"
		 "a.yaml:8:1: error: Service \"a\" of namespace \"default\" is there twice: first "
		 "at a.yaml:2; remove one\n"},
		{"in two namespaces", SERVICE("a", "") SERVICE("a", "prod"), ""},
		{"cluster-scoped, whatever namespace they name",
		 "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: x}}\n"
		 "---\n"
		 "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n",
		 "a.yaml:3:1: error: Namespace \"a\" is there twice: first at a.yaml:1; remove "
		 "one\n"},
		{"three times, and another in between",
		 SERVICE("b", "") SERVICE("c", "") SERVICE("b", "") SERVICE("a", "")
			 SERVICE("b", "default"),
		 "a.yaml:6:1: error: Service \"b\" of namespace \"default\" is there twice: first "
		 "at a.yaml:2; remove one\n"
		 "a.yaml:10:1: error: Service \"b\" of namespace \"default\" is there twice: first "
		 "at a.yaml:2; remove one\n"},
		{"in two versions",
		 "{apiVersion: example.com/v1, kind: Foo, metadata: {name: a}}\n"
		 "---\n"
		 "{apiVersion: example.com/v2, kind: Foo, metadata: {name: a}}\n",
		 "a.yaml:3:1: error: Foo \"a\" of namespace \"default\" is there twice: first at "
		 "a.yaml:1; remove one\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		struct err err;

		add_text(&set, &findings, cases[i].text);
		assert_ok(manifest_set_check(&set, "default", &findings, &err), err);
		assert_findings(&findings, cases[i].name, cases[i].findings);
	}
}

static void test_twice_without_a_namespace(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	struct err err;

	add_text(&set, &findings, SERVICE("a", "") SERVICE("a", "default"));
	assert_ok(manifest_set_check(&set, "", &findings, &err), err);
	assert_findings(&findings, "not known to be the same", "");
	add_text(&set, &findings, SERVICE("a", ""));
	assert_ok(manifest_set_check(&set, "", &findings, &err), err);
	assert_findings(&findings, "the same",
			"a.yaml:2:1: error: Service \"a\" is there twice: first at a.yaml:2; "
			"remove one\n");
}

static void append_named(struct manifest_set *set, const char *name)
{
	const struct ref ref = ref_view("", "v1", "ConfigMap", "", name);
	struct manifest manifest = {.file = strdup("a.yaml"), .mark = {1, 1}};
	struct err err;

	assert_non_null(manifest.file);
	assert_ok(ref_copy(&ref, &manifest.ref, &err), err);
	assert_ok(manifest_set_append(set, &manifest, &err), err);
}

/* So many names, all of them or only those whose hashes lead to one place of a table of `mask`+1. */
static void append_names(struct manifest_set *set, size_t count, uint64_t mask)
{
	for (uint64_t n = 0; set->count < count; n++) {
		char name[32];

		snprintf(name, sizeof(name), "x%" PRIx64, n);
		uint64_t hash = hash_bytes(HASH_SEED, name, strlen(name) + 1);
		hash = hash_bytes(hash, "ConfigMap", sizeof("ConfigMap"));
		hash = hash_bytes(hash, "default", sizeof("default"));
		if (((hash ^ hash >> 32) & mask) < 256)
			append_named(set, name);
	}
}

static double checked_in_seconds(struct manifest_set *set)
{
	CLEANUP(findings_release) struct findings findings = {0};
	clock_t begun = clock();
	struct err err;

	assert_ok(manifest_set_check(set, "default", &findings, &err), err);
	assert_findings(&findings, "all told apart", "");
	return (double)(clock() - begun) / CLOCKS_PER_SEC;
}

/* Names come from Git: those whose hashes are the same are told apart as soon as any others. */
static void test_names_with_the_same_hash(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set usual = {0}, made = {0};
	struct ref ref = ref_view("", "v1", "ConfigMap", "default", NULL);

	append_names(&usual, 20000, 0);
	append_names(&made, 20000, 0xffff);
	assert_true(checked_in_seconds(&made) < 0.1 + 10 * checked_in_seconds(&usual));
	for (size_t i = 0; i < made.count; i += 1000) {
		ref.name = made.items[i].ref.name;
		assert_ptr_equal(manifest_set_find(&made, &ref, "default"), &made.items[i]);
	}
}

static void test_marks_of_paths(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		struct yaml_mark mark;
	} cases[] = {
		{"", {2, 1}},
		{"kind", {3, 1}},
		{"metadata.name", {5, 3}},
		{"metadata.annotations[\"tranche.dev/step\"]", {6, 17}},
		{"metadata.annotations[tranche.dev/step]", {6, 17}},
		{"spec.replicas", {8, 3}},
		{"spec.template.spec.containers", {12, 7}},
		{"spec.template.spec.containers[0]", {13, 9}},
		{"spec.template.spec.containers[0].image", {14, 9}},
		{"spec.template.spec.containers[nginx].image", {14, 9}},
		{"spec.template.spec.containers[nginx].args[1]", {15, 19}},
		{"spec.template.spec.containers[1].image", {17, 9}},
		/* What is not written: the nearest parent. */
		{"spec.updateStrategy.rollingUpdate.partition", {7, 1}},
		{"spec.template.spec.containers[2].image", {12, 7}},
		{"spec.template.spec.containers[0].resources.limits[cpu]", {13, 9}},
		{"<nil>", {2, 1}},
	};
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};

	add_text(&set, &findings,
		 "# a comment\n"
		 "apiVersion: apps/v1\n"
		 "kind: StatefulSet\n"
		 "metadata:\n"
		 "  name: web\n"
		 "  annotations: {tranche.dev/step: '1'}\n"
		 "spec:\n"
		 "  replicas: 3\n"
		 "  selector: {matchLabels: {a: b}}\n"
		 "  template: &template\n"
		 "    spec: # of the Pods\n"
		 "      containers:\n"
		 "      - name: nginx\n"
		 "        image: nginx:1\n"
		 "        args: [a, b]\n"
		 "      - name: other\n"
		 "        image: other:1\n"
		 "    metadata: {labels: {a: b}}\n");
	assert_findings(&findings, "none", "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct yaml_mark mark = manifest_mark_of(&set.items[0], cases[i].path);

		if (mark.line != cases[i].mark.line || mark.column != cases[i].mark.column)
			fail_msg("%s: expected %u:%u, got %u:%u", cases[i].path, cases[i].mark.line,
				 cases[i].mark.column, mark.line, mark.column);
	}
}

static void test_lists_in_lists_have_a_cap(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(10000);

	for (int i = 0; i <= MANIFEST_MAX_LIST_DEPTH; i++)
		buf_puts(&text, "{items: [");
	for (int i = 0; i <= MANIFEST_MAX_LIST_DEPTH; i++)
		buf_puts(&text, "]}");
	add_text(&set, &findings, buf_str(&text));
	assert_findings(&findings, "nested",
			"a.yaml:1:145: error: lists are nested more than 16 deep; flatten them\n");
}

static void test_a_set_has_a_cap(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);
	struct err err;

	buf_puts(&text, "{\"kind\":\"List\",\"items\":[");
	for (int i = 0; i <= MANIFEST_MAX_OBJECTS; i++)
		buf_printf(&text,
			   "%s{\"apiVersion\":\"e/v1\",\"kind\":\"F\",\"metadata\":"
			   "{\"name\":\"%d\"}}",
			   i ? "," : "", i);
	buf_puts(&text, "]}");
	assert_error(manifest_set_add(&set, "a.yaml", buf_str(&text), text.length, &findings, &err),
		     err, ERR_LIMIT,
		     "a.yaml: more than 100000 objects in one set; name a smaller folder");
}

/* What a server has accepted is not for us to judge; what is no object at all is. */
static void test_reads_live_objects(void **state)
{
	(void)state;
	static const struct {
		const char *name, *text, *objects, *findings;
	} cases[] = {
		{"a field of a newer server, and a list",
		 "apiVersion: v1\n"
		 "kind: List\n"
		 "items:\n"
		 "- {apiVersion: v1, kind: Service, metadata: {name: a}, spec: {newer: 1}}\n"
		 "- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n",
		 "4:3: service/a\n5:3: pod/b\n", ""},
		{"an empty list", "apiVersion: v1\nkind: List\nitems: []\n", "", ""},
		{"nothing", "# nothing\n", "",
		 "a.yaml: error: holds no objects; if there are none, \"kubectl get -o yaml\" "
		 "prints an empty List\n"},
		{"no YAML", "a: [\n", "",
		 "a.yaml:2:1: error: did not find expected node content\n"},
		{"no kind", "apiVersion: v1\nmetadata: {name: a}\n", "",
		 "a.yaml:1:1: error: kind is missing\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		CLEANUP(buf_release) struct buf objects = BUF_INIT(1 << 20);
		struct err err;

		assert_ok(manifest_set_add_live(&set, "a.yaml", cases[i].text,
						strlen(cases[i].text), &findings, &err),
			  err);
		print_set(&set, &objects);
		assert_string_equal(buf_str(&objects), cases[i].objects);
		assert_findings(&findings, cases[i].name, cases[i].findings);
	}
}

static void test_namespace_without_a_cluster(void **state)
{
	(void)state;
	static const struct {
		const char *group, *kind, *written, *expected;
	} cases[] = {
		{"", "Service", "", "default"},
		{"", "Service", "shop", "shop"},
		{"", "Namespace", "", ""},
		{"", "Namespace", "shop", ""},
		{"example.org", "Odd", "", "default"},
		{"example.org", "Odd", "shop", "shop"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ref ref = {
			.group = (char *)(uintptr_t)cases[i].group,
			.version = (char *)(uintptr_t) "v1",
			.kind = (char *)(uintptr_t)cases[i].kind,
			.namespace = (char *)(uintptr_t)cases[i].written,
			.name = (char *)(uintptr_t) "a",
		};
		assert_string_equal(manifest_namespace(&ref, "default"), cases[i].expected);
	}
}

/* What is packed comes back as it was: keys in their order, numbers, places. */
static void test_packing(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  b: 'x'\n  a: "
		"\"\\u00e9 "
		"\\u2028 \\t \\\" \\x7f\"\n  text: |\n    one\n    two\n",
		"apiVersion: example.com/v1\nkind: Foo\nmetadata: {name: a}\nspec:\n  big: "
		"9223372036854775807\n  bigger: 18446744073709551616\n  half: 0.5\n  tiny: "
		"1e-7\n  huge: 1e30\n  negative: -0.0\n  one: 1.0\n  yes: true\n  no: false\n  "
		"nothing: null\n  empty: {}\n  none: []\n  deep: [[[{a: [1, 2]}]]]\n",
		"a0: &x {k: [1, 2]}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nz: *x\n"
		"\n\n\n\n'a key that is long enough for a column of two bytes, as they are packed, "
		"which begins "
		"beyond 128 or so of them': {last: word}\n",
		"{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\"}}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0}, again = {0};
		CLEANUP(findings_release) struct findings findings = {0};
		CLEANUP(buf_release) struct buf expected = BUF_INIT(65536), seen = BUF_INIT(65536);
		struct yaml_mark mark;
		struct err err;

		for (int twice = 0; twice < 2; twice++)
			assert_ok(manifest_set_add_live(twice ? &again : &set, "a.yaml", texts[i],
							strlen(texts[i]), &findings, &err),
				  err);
		findings_print(&findings, &seen);
		assert_string_equal(buf_str(&seen), "");
		struct manifest *manifest = &set.items[0], *whole = &again.items[0];
		for (int round = 0; round < 2; round++) {
			manifest_set_pack(&set);
			assert_null(manifest->desired);
			assert_null(manifest->marks);
			assert_true(manifest_says_the_same(manifest, whole));
			assert_true(manifest_says_the_same(whole, manifest));
			assert_true(manifest_says_the_same(manifest, manifest));
			assert_ok(manifest_find_mark(manifest, "metadata.name", &mark, &err), err);
			assert_int_equal(mark.line, manifest_mark_of(whole, "metadata.name").line);
			assert_null(manifest->desired);
			assert_ok(manifest_unpack(manifest, &err), err);
			assert_ok(manifest_unpack(manifest, &err), err);
			assert_memory_equal(manifest->marks, whole->marks,
					    whole->mark_count * sizeof(*whole->marks));
		}
		json_print(whole->desired, &expected);
		json_print(manifest->desired, &seen);
		assert_string_equal(buf_str(&seen), buf_str(&expected));
		assert_true(json_equal(manifest->desired, whole->desired));
		assert_int_equal(json_count_nodes(manifest->desired), manifest->mark_count);
	}
}

/* What is checked of a set that is packed, and found in it. */
static void test_packed_sets(void **state)
{
	(void)state;
	static const char text[] =
		"apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: web}\nspec:\n  "
		"serviceName: web\n  updateStrategy: {rollingUpdate: {partition: 3}}\n---\n"
		"apiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: prod}\n---\n"
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: prod, namespace: odd}\n";
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	struct err err;

	for (int packed = 0; packed < 2; packed++) {
		CLEANUP(findings_release) struct findings findings = {0};
		CLEANUP(buf_release) struct buf seen = BUF_INIT(4096);

		if (!packed)
			assert_ok(manifest_set_add_live(&set, "a.yaml", text, strlen(text),
							&findings, &err),
				  err);
		else
			manifest_set_pack(&set);
		assert_ok(manifest_set_check(&set, "prod", &findings, &err), err);
		findings_print(&findings, &seen);
		assert_string_equal(
			buf_str(&seen),
			"a.yaml:5:3: warning: StatefulSet \"web\": spec.serviceName is \"web\", "
			"but no "
			"Service here bears that name; without it the Pods have no DNS names\n");
		assert_int_equal(set.items[0].partition, 3);
		for (size_t i = 0; i < set.count; i++) {
			struct ref ref = set.items[i].ref;

			ref.namespace = (char *)(uintptr_t)manifest_namespace(&ref, "prod");
			assert_ptr_equal(manifest_set_find(&set, &ref, "prod"), &set.items[i]);
			ref.kind = (char *)(uintptr_t) "Other";
			assert_null(manifest_set_find(&set, &ref, "prod"));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_names),
		cmocka_unit_test(test_reads_files),
		cmocka_unit_test(test_inherited_members),
		cmocka_unit_test(test_bad_text_is_one_finding),
		cmocka_unit_test(test_checks_the_whole_set),
		cmocka_unit_test(test_twice_without_a_namespace),
		cmocka_unit_test(test_names_with_the_same_hash),
		cmocka_unit_test(test_marks_of_paths),
		cmocka_unit_test(test_lists_in_lists_have_a_cap),
		cmocka_unit_test(test_a_set_has_a_cap),
		cmocka_unit_test(test_reads_live_objects),
		cmocka_unit_test(test_namespace_without_a_cluster),
		cmocka_unit_test(test_packing),
		cmocka_unit_test(test_packed_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
