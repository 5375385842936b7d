#include "diff/culprit.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/file.h"
#include "tests/support/values.h"

#define NOW_MS     INT64_C(1795388840000) /* 2026-11-22T23:07:20Z */
#define CONTAINERS "spec.template.spec.containers"

/* What is found, as text: "kubectl (set) at 23:07:11", "" for nobody. */
static void find(const cJSON *live, const char *path, int64_t now_ms, struct buf *out)
{
	CLEANUP(culprit_release) struct culprit culprit = {0};
	struct err err;

	assert_ok(culprit_find(live, path, "tranche", now_ms, &culprit, &err), err);
	culprit_print(&culprit, out);
}

/*
 * Recorded from a real 1.20.2: tranche sync, then kubectl set image, label, annotate, scale, patch, edit,
 * and a patch by another manager.
 */
static void test_recorded(void **state)
{
	(void)state;
	static const struct {
		const char *path, *culprit;
	} cases[] = {
		{CONTAINERS "[nginx].image", "by kubectl (set) at 23:07:11"},
		{CONTAINERS "[side].image", "by kubectl (edit) at 23:07:12"},
		{"metadata.labels.tier", "by kubectl (label) at 23:07:11"},
		{"metadata.annotations.who", "by kubectl (annotate) at 23:07:11"},
		{"metadata.finalizers[\"example.com/x\"]", "by kubectl (patch) at 23:07:12"},
		{CONTAINERS "[nginx].env[B].value", "by kubectl (patch) at 23:07:12"},
		{CONTAINERS "[nginx].ports[81/TCP]", "by somebody at 23:07:12"},
		{CONTAINERS "[nginx].ports[81/TCP].containerPort", "by somebody at 23:07:12"},
		{"status.replicas", "by kube-controller-manager at 23:07:12"},
		/* A subtree is whose who has anything in it. */
		{"metadata.labels", "by kubectl (label) at 23:07:11"},
		{"metadata.annotations", "by kubectl (annotate) at 23:07:11"},
		{CONTAINERS "[nginx].env[B]", "by kubectl (patch) at 23:07:12"},
		{CONTAINERS "[nginx].ports", "by somebody at 23:07:12"},
		/* Arguments have one owner. */
		{CONTAINERS "[nginx].args", "by kubectl (patch) at 23:07:12"},
		{CONTAINERS "[nginx].args[0]", "by kubectl (patch) at 23:07:12"},
		/* Ours; and a scale leaves no trace there. */
		{"spec.serviceName", ""},
		{"spec.selector.matchLabels.app", ""},
		{"spec.replicas", ""},
		{CONTAINERS "[nginx].env[A].value", ""},
		{CONTAINERS "[nginx].ports[53/UDP].protocol", ""},
		/* What is not there. */
		{"metadata.labels.gone", ""},
		{CONTAINERS "[other].image", ""},
	};
	CLEANUP(cJSON_Delete_p) cJSON *live = NULL;
	CLEANUP(buf_release) struct buf text = BUF_INIT(1024 * 1024);
	struct err err;

	read_file("tests/diff/data/culprit/statefulset-1.20.json", &text);
	assert_ok(json_parse(buf_str(&text), text.length, &live, &err), err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(buf_release) struct buf out = BUF_INIT(1024);

		find(live, cases[i].path, NOW_MS, &out);
		if (strcmp(buf_str(&out), cases[i].culprit) != 0)
			fail_msg("%s: expected \"%s\", saw \"%s\"", cases[i].path, cases[i].culprit,
				 buf_str(&out));
	}
}

#define ENTRY(manager, operation, time, fields)                                        \
	"{'manager':'" manager "','operation':'" operation "','apiVersion':'v1'," time \
	"'fieldsType':'FieldsV1','fieldsV1':" fields "}"
#define AT(time) "'time':'2026-11-22T" time "Z',"
#define OBJECT(fields)                                                  \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'," \
	"'managedFields':[" fields "]},'spec':{'replicas':3},'data':{'a':'1','b':'2'}}"
#define A   "{'f:data':{'f:a':{}}}"
#define MAP "{'f:data':{}}"

static void test_entries(void **state)
{
	(void)state;
	static const struct {
		const char *object, *path, *culprit;
	} cases[] = {
		/* Of several the newest. */
		{OBJECT(ENTRY("x", "Update", AT("12:00:02"), A) "," ENTRY("y", "Update",
									  AT("12:00:01"), A)),
		 "data.a", "by x at 12:00:02"},
		{OBJECT(ENTRY("x", "Update", AT("12:00:01"), A) "," ENTRY("y", "Apply",
									  AT("12:00:01"), A)),
		 "data.a", "by y at 12:00:01"},
		/* A map that has lost what was in it is a leaf, and blamed for nothing. */
		{OBJECT(ENTRY("x", "Update", AT("12:00:02"), MAP) "," ENTRY("y", "Update",
									    AT("12:00:01"), A)),
		 "data.a", "by y at 12:00:01"},
		{OBJECT(ENTRY("x", "Update", AT("12:00:02"), MAP) "," ENTRY("tranche", "Update",
									    AT("12:00:01"), A)),
		 "data.a", ""},
		{OBJECT(ENTRY("x", "Update", AT("12:00:02"), A) "," ENTRY("tranche", "Update",
									  AT("12:00:03"), A)),
		 "data.a", "by x at 12:00:02"},
		{OBJECT(ENTRY("tranche", "Update", AT("12:00:03"), A)), "data.a", ""},
		{OBJECT(ENTRY("tranche", "Update", AT("12:00:03"), A)), "data.b", ""},
		/* Who it is, in words. */
		{OBJECT(ENTRY("kubectl", "Update", "'subresource':'scale'," AT("12:03:11"),
			      "{'f:spec':{'f:replicas':{}}}")),
		 "spec.replicas", "by kubectl (scale) at 12:03:11"},
		{OBJECT(ENTRY("kubectl", "Apply", AT("12:03:11"), A)), "data.a",
		 "by kubectl (apply) at 12:03:11"},
		{OBJECT(ENTRY("kubectl-client-side-apply", "Update", AT("12:03:11"), A)), "data.a",
		 "by kubectl (apply) at 12:03:11"},
		{OBJECT(ENTRY("kubectl-rollout", "Update", AT("12:03:11"), A)), "data.a",
		 "by kubectl (rollout) at 12:03:11"},
		{OBJECT(ENTRY("Mozilla", "Update", AT("12:03:11"), A)), "data.a",
		 "by a browser (Mozilla) at 12:03:11"},
		{OBJECT(ENTRY("helm", "Update", "'time':'2026-01-02T03:04:05Z',", A)), "data.a",
		 "by helm on 2026-01-02 at 03:04:05"},
		{OBJECT(ENTRY("helm", "Update", "'time':'2026-11-22T13:04:05+01:00',", A)),
		 "data.a", "by helm at 12:04:05"},
		{OBJECT(ENTRY("helm", "Update", "", A)), "data.a", "by helm"},
		{OBJECT(ENTRY("helm", "Update", "'time':'yesterday',", A)), "data.a", "by helm"},
		/* What makes no sense. */
		{OBJECT("1,null,{'manager':1},{'manager':'x'},{'manager':'x','fieldsV1':[1]},"
			"{'manager':'x','fieldsV1':{'':{},'f':{},'q:data':{},'k:x':{},'v:{':{}}}"),
		 "data.a", ""},
		{"{'metadata':{'managedFields':'none'},'data':{'a':'1'}}", "data.a", ""},
		{"{'data':{'a':'1'}}", "data.a", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].object);
		CLEANUP(buf_release) struct buf out = BUF_INIT(1024);

		find(live, cases[i].path, NOW_MS, &out);
		if (strcmp(buf_str(&out), cases[i].culprit) != 0)
			fail_msg("case %zu: expected \"%s\", saw \"%s\"", i, cases[i].culprit,
				 buf_str(&out));
	}
}

static void test_copies_and_equality(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *live = value_of(OBJECT(ENTRY("x", "Update", AT("12:00:02"), A) "," ENTRY(
		"y", "Update", AT("12:00:02"), "{'f:data':{'f:b':{}}}")));
	CLEANUP(culprit_release) struct culprit x = {0};
	CLEANUP(culprit_release) struct culprit y = {0};
	CLEANUP(culprit_release) struct culprit copy = {0};
	CLEANUP(culprit_release) struct culprit nobody = {0};
	struct err err;

	assert_ok(culprit_find(live, "data.a", "tranche", NOW_MS, &x, &err), err);
	assert_ok(culprit_find(live, "data.b", "tranche", NOW_MS, &y, &err), err);
	assert_ok(culprit_copy(&x, &copy, &err), err);
	assert_true(culprit_equal(&x, &copy));
	assert_string_equal(copy.time, "2026-11-22T12:00:02Z");
	assert_true(copy.is_of_today);
	assert_false(culprit_equal(&x, &y));
	assert_false(culprit_equal(&x, &nobody));
	assert_true(culprit_equal(&nobody, &nobody));
	culprit_release(&copy);
	assert_ok(culprit_copy(&nobody, &copy, &err), err);
	assert_null(copy.manager);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_copies_and_equality),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
