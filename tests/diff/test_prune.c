#include "diff/prune.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

/* --- one object ------------------------------------------------------------------------------- */

#define MAP(metadata) "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'a'" metadata "}}"
#define OF(api_version, kind) \
	"{'apiVersion':'" api_version "','kind':'" kind "','metadata':{'name':'a','uid':'1'}}"
#define SET(spec)                                                                         \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'a','uid':'1'}," \
	"'spec':{" spec "}}"

#define ANNOTATED(value)  ",'uid':'1','annotations':{'tranche.dev/prune':'" value "'}"
#define OWNED(controller) ",'uid':'1','ownerReferences':[{'kind':'Web','name':'w'" controller "}]"
#define LABELLED          ",'uid':'1','labels':{'app.kubernetes.io/managed-by':'Helm'}"
#define MARKED            "{'app.kubernetes.io/managed-by':'Helm'}"
#define BY(entries)       ",'uid':'1','managedFields':[" entries "]"
#define ENTRY(manager, operation, time)                                           \
	"{'manager':'" manager "','operation':'" operation "','time':'" time "'," \
	"'fieldsV1':{'f:data':{}}}"
#define OURS   ENTRY("tranche", "Update", "2026-01-02T10:00:00Z")
#define BEFORE "2026-01-02T09:59:59Z"
#define AFTER  "2026-01-02T10:00:01Z"

#define CLAIMS(when)                                                          \
	"'replicas':2,'volumeClaimTemplates':[{'metadata':{'name':'data'}}]," \
	"'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'" when "'}"

static const char *const verdicts[] = {[PRUNE_GONE] = "gone",
				       [PRUNE_RELEASE] = "release",
				       [PRUNE_KEEP] = "keep",
				       [PRUNE_DELETE] = "delete"};

static void test_decides(void **state)
{
	(void)state;
	static const struct {
		const char *live; /* NULL: none */
		bool changed;
		const char *marks, *other_app, *next_app;
		const char *kinds;
		bool off, in_git;
		enum prune_verdict verdict;
		const char *why;
	} cases[] = {
		{.verdict = PRUNE_GONE, .why = ""},
		{MAP(",'uid':'1'"), .verdict = PRUNE_DELETE, .why = ""},
		{MAP(",'uid':'1'"), .changed = true, .verdict = PRUNE_DELETE, .why = ""},
		{MAP(",'uid':'1'"), .off = true, .verdict = PRUNE_KEEP,
		 .why = "not pruned (--prune deletes it)"},

		{MAP(",'uid':'1'"), .in_git = true, .verdict = PRUNE_GONE, .why = ""},

		/* Somebody else's. */
		{MAP(",'uid':'1'"), .other_app = "b", .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: the app \"b\" has it"},
		{MAP(",'uid':'2'"), .off = true, .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: it was deleted and created again by somebody else"},
		{MAP(""), .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: it was deleted and created again by somebody else"},
		{MAP(OWNED(",'controller':true")), .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: Web \"w\" controls it"},
		{MAP(OWNED("")), .verdict = PRUNE_DELETE, .why = ""},
		{MAP(LABELLED), .verdict = PRUNE_DELETE, .why = ""}, /* as it was applied */
		{MAP(LABELLED), .changed = true, .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: its label app.kubernetes.io/managed-by is \"Helm\""},
		{MAP(LABELLED), .changed = true, .marks = MARKED, .verdict = PRUNE_DELETE,
		 .why = ""},

		/* Declared by somebody else since, or only changed. */
		{MAP(BY(OURS "," ENTRY("helm", "Apply", AFTER))), .changed = true,
		 .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: helm applied it at " AFTER},
		{MAP(BY(OURS "," ENTRY("helm", "Apply", AFTER))), .verdict = PRUNE_DELETE,
		 .why = ""},
		{MAP(BY(OURS "," ENTRY("helm", "Apply", BEFORE))), .changed = true,
		 .verdict = PRUNE_DELETE, .why = ""},
		{MAP(BY(ENTRY("kubectl-client-side-apply", "Update",
			      "2026-01-02T10:00:00Z") "," OURS)),
		 .changed = true, .verdict = PRUNE_RELEASE,
		 .why = "no longer this app's: kubectl-client-side-apply applied it at "
			"2026-01-02T10:00:00Z"},
		{MAP(BY(OURS "," ENTRY("kubectl-edit", "Update", AFTER))), .changed = true,
		 .verdict = PRUNE_DELETE, .why = ""},
		{MAP(BY(OURS
			",{'manager':'x','operation':'Apply','subresource':'status','time':'" AFTER
			"'}")),
		 .changed = true, .verdict = PRUNE_DELETE, .why = ""},
		{MAP(BY(ENTRY("x", "Apply", "whenever"))), .changed = true, .verdict = PRUNE_DELETE,
		 .why = ""},

		/* On its way out. */
		{MAP(",'uid':'1','deletionTimestamp':'" AFTER "','finalizers':['a/b','c']"),
		 .verdict = PRUNE_KEEP, .why = "being deleted; waits for finalizers: a/b, c"},
		{MAP(",'uid':'1','deletionTimestamp':'" AFTER "'"), .off = true,
		 .verdict = PRUNE_KEEP, .why = "being deleted"},

		/* On its way to another app. */
		{MAP(",'uid':'1'"), .next_app = "b", .verdict = PRUNE_KEEP,
		 .why = "kept: it moved to the app \"b\", which takes it over when it syncs"},
		{MAP(ANNOTATED("enabled")), .next_app = "b", .verdict = PRUNE_KEEP,
		 .why = "kept: it moved to the app \"b\", which takes it over when it syncs"},

		/* The annotation, in the cluster and in Git. */
		{MAP(ANNOTATED("disabled")), .verdict = PRUNE_KEEP,
		 .why = "kept: tranche.dev/prune is \"disabled\""},
		{MAP(ANNOTATED("no")), .verdict = PRUNE_KEEP,
		 .why = "kept: tranche.dev/prune is \"no\", which is neither enabled nor disabled"},
		{MAP(ANNOTATED("enabled")), .verdict = PRUNE_DELETE, .why = ""},
		{MAP(ANNOTATED("enabled")), .off = true, .verdict = PRUNE_KEEP,
		 .why = "not pruned (--prune deletes it)"},
		{MAP(",'uid':'1'"), .marks = "{'tranche.dev/prune':'disabled'}",
		 .verdict = PRUNE_KEEP, .why = "kept: tranche.dev/prune was \"disabled\" in Git"},
		{MAP(ANNOTATED("enabled")), .marks = "{'tranche.dev/prune':'disabled'}",
		 .verdict = PRUNE_DELETE, .why = ""},
		{MAP(",'uid':'1'"), .marks = "{'tranche.dev/prune':'enabled'}",
		 .verdict = PRUNE_DELETE, .why = ""},

		/* Kinds with which data goes. */
		{OF("v1", "Namespace"), .verdict = PRUNE_KEEP,
		 .why = "kept: no Namespace is pruned unless --prune-kinds names the kind"},
		{OF("v1", "PersistentVolumeClaim"), .kinds = "Namespace,PersistentVolume",
		 .off = true, .verdict = PRUNE_KEEP,
		 .why = "kept: no PersistentVolumeClaim is pruned unless --prune-kinds names the "
			"kind"},
		{OF("v1", "PersistentVolumeClaim"), .kinds = "Namespace,PersistentVolumeClaim",
		 .verdict = PRUNE_DELETE, .why = ""},
		{OF("v1", "PersistentVolume"), .verdict = PRUNE_KEEP,
		 .why = "kept: no PersistentVolume is pruned unless --prune-kinds names the kind"},
		{OF("apiextensions.k8s.io/v1", "CustomResourceDefinition"), .verdict = PRUNE_KEEP,
		 .why = "kept: no CustomResourceDefinition is pruned unless --prune-kinds names "
			"the "
			"kind"},
		{OF("snapshot.storage.k8s.io/v1", "VolumeSnapshot"), .verdict = PRUNE_KEEP,
		 .why = "kept: no VolumeSnapshot is pruned unless --prune-kinds names the kind"},
		{OF("example.com/v1", "Namespace"), .verdict = PRUNE_DELETE, .why = ""},
		{OF("storage.k8s.io/v1", "StorageClass"), .verdict = PRUNE_DELETE, .why = ""},
		{"{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'a'" ANNOTATED(
			 "enabled") "}}",
		 .verdict = PRUNE_DELETE, .why = ""},
		{SET("'replicas':2"), .verdict = PRUNE_DELETE, .why = ""},
		{SET(CLAIMS("Retain")), .verdict = PRUNE_DELETE, .why = ""},
		{SET(CLAIMS("Delete")), .verdict = PRUNE_KEEP,
		 .why = "kept: its PersistentVolumeClaims would go with it (whenDeleted: Delete), "
			"and "
			"none is pruned unless --prune-kinds names the kind"},
		{SET(CLAIMS("Delete")), .kinds = "PersistentVolumeClaim", .verdict = PRUNE_DELETE,
		 .why = ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *text = cases[i].live ? cases[i].live : MAP("");
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(text);
		CLEANUP(cJSON_Delete_p)
		cJSON *marks = cases[i].marks ? value_of(cases[i].marks) : NULL;
		CLEANUP(buf_release) struct buf why = BUF_INIT(4096);
		CLEANUP(ref_release) struct ref ref = {0};
		struct err err;

		assert_ok(ref_of(object, &ref, &err), err);
		const struct prune_facts facts = {
			.ref = &ref,
			.live = cases[i].live ? object : NULL,
			.in_git = cases[i].in_git,
			.uid = "1",
			.changed = cases[i].changed,
			.marks = marks,
			.other_app = cases[i].other_app,
			.next_app = cases[i].next_app,
			.manager = "tranche",
		};
		const struct prune_policy policy = {.enabled = !cases[i].off,
						    .kinds = cases[i].kinds};
		enum prune_verdict verdict = prune_decide(&facts, &policy, &why);
		if (verdict != cases[i].verdict || strcmp(buf_str(&why), cases[i].why) != 0)
			fail_msg("case %zu, %s: %s \"%s\" instead of %s \"%s\"", i, text,
				 verdicts[verdict], buf_str(&why), verdicts[cases[i].verdict],
				 cases[i].why);
	}
}

static void test_consequences(void **state)
{
	(void)state;
	static const struct {
		const char *live, *text;
	} cases[] = {
		{MAP(""), ""},
		{SET("'replicas':0"), ""},
		{SET(""), "takes Pod 0 with it"},
		{SET("'replicas':2"), "takes Pods 0, 1 with it"},
		{SET("'replicas':3,'ordinals':{'start':5}"), "takes Pods 5..7 with it"},
		{SET(CLAIMS("Retain")), "takes Pods 0, 1 with it; its PersistentVolumeClaims stay"},
		{SET("'replicas':0,'volumeClaimTemplates':[{}]"),
		 "its PersistentVolumeClaims stay"},
		{SET(CLAIMS("Delete")), "takes Pods 0, 1 and its PersistentVolumeClaims with it"},
		{SET("'replicas':0,'volumeClaimTemplates':[{}],"
		     "'persistentVolumeClaimRetentionPolicy':{'whenDeleted':'Delete'}"),
		 "takes its PersistentVolumeClaims with it"},
		{OF("v1", "Namespace"), "everything in it goes too"},
		{OF("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
		 "all objects of its kind go too"},
		{OF("v1", "PersistentVolumeClaim"), "its data may go too"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].live);
		CLEANUP(buf_release) struct buf out = BUF_INIT(4096);
		CLEANUP(ref_release) struct ref ref = {0};
		struct err err;

		assert_ok(ref_of(live, &ref, &err), err);
		prune_print_consequences(&ref, live, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
	}
}

/* --- all of them ------------------------------------------------------------------------------ */

static void test_refuses(void **state)
{
	(void)state;
	static const struct {
		struct prune_set set;
		int64_t limit; /* 0: the default */
		bool allow_empty;
		const char *why; /* "": is not refused */
	} cases[] = {
		{{.in_git = 5, .objects = 6, .deletes = 1}, .why = ""},
		{{0}, .why = ""},
		{{.in_git = 5, .objects = 6, .deletes = 1, .failed = 1}, .why = "1 object failed"},
		{{.in_git = 5, .objects = 6, .failed = 2}, .why = "2 objects failed"},

		{{.objects = 1, .deletes = 1},
		 .limit = 100,
		 .why = "the commit has no objects at all, which may be a mistake (--allow-empty "
			"allows it)"},
		{{.objects = 8, .deletes = 8, .statefulsets = 2, .statefulset_deletes = 2},
		 .allow_empty = true,
		 .why = ""},
		{{.objects = 8, .deletes = 0}, .why = ""}, /* all ordered, or kept */

		{{.in_git = 1, .objects = 4, .deletes = 3}, .why = ""}, /* few */
		{{.in_git = 4, .objects = 8, .deletes = 4}, .why = ""}, /* half */
		{{.in_git = 3, .objects = 7, .deletes = 4},
		 .why = "it would delete 4 of the app's 7 objects at once, which may be a mistake "
			"(--prune-limit 58 allows it)"},
		{{.in_git = 3, .objects = 7, .deletes = 4},
		 .limit = 57,
		 .why = "it would delete 4 of "
			"the app's 7 objects at once, which may be a mistake (--prune-limit 58 "
			"allows it)"},
		{{.in_git = 3, .objects = 7, .deletes = 4}, .limit = 58, .why = ""},
		{{.in_git = 3, .objects = 7, .deletes = 4},
		 .allow_empty = true,
		 .why = "it would delete 4 of the app's 7 objects at once, which may be a mistake "
			"(--prune-limit 58 allows it)"},

		{{.in_git = 9,
		  .objects = 10,
		  .deletes = 1,
		  .statefulsets = 1,
		  .statefulset_deletes = 1},
		 .why = "it would delete all of the app's StatefulSets (1) at once, which may be a "
			"mistake "
			"(--prune-limit 100 allows it)"},
		{{.in_git = 9,
		  .objects = 10,
		  .deletes = 1,
		  .statefulsets = 2,
		  .statefulset_deletes = 1},
		 .why = ""}, /* renamed */
		{{.in_git = 9,
		  .objects = 10,
		  .deletes = 1,
		  .statefulsets = 1,
		  .statefulset_deletes = 1},
		 .limit = 100,
		 .why = ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct prune_policy policy = {
			.enabled = true,
			.limit_percent = cases[i].limit ? cases[i].limit : PRUNE_LIMIT_PERCENT,
			.allow_empty = cases[i].allow_empty,
		};
		CLEANUP(buf_release) struct buf why = BUF_INIT(4096);

		assert_int_equal(prune_is_refused(&cases[i].set, &policy, &why),
				 *cases[i].why != 0);
		assert_string_equal(buf_str(&why), cases[i].why);
	}
}

static void test_kinds(void **state)
{
	(void)state;
#define KNOWN                                                                 \
	"is not among the kinds that are kept by default: Namespace, "        \
	"PersistentVolumeClaim, PersistentVolume, CustomResourceDefinition, " \
	"VolumeSnapshot, VolumeSnapshotContent"
	struct err err;

	assert_ok(prune_check_kinds("Namespace", &err), err);
	assert_ok(prune_check_kinds("PersistentVolumeClaim,Namespace", &err), err);
	assert_error(prune_check_kinds("Namespace,StatefulSet", &err), err, ERR_INVALID,
		     "\"StatefulSet\" " KNOWN);
	assert_error(prune_check_kinds("PersistentVol", &err), err, ERR_INVALID,
		     "\"PersistentVol\" " KNOWN);
	assert_error(prune_check_kinds("Namespace,,", &err), err, ERR_INVALID, "\"\" " KNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decides),
		cmocka_unit_test(test_consequences),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
