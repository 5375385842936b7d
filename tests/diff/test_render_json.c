#include <stdio.h>
#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/plan.h"
#include "tests/support/statefulset.h"
#include "tests/support/values.h"

static cJSON *parse(const struct buf *text)
{
	cJSON *value = NULL;
	struct err err;

	assert_ok(json_parse(buf_str(text), text->length, &value, &err), err);
	assert_int_equal(buf_str(text)[text->length - 1], '\n');
	return value;
}

static cJSON *plan_json(const struct plan *plan)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	struct err err;

	assert_ok(render_plan_json(plan, &out, &err), err);
	return parse(&out);
}

/* docs/json.md shows exactly this text, in a block of its own. */
static void assert_documented(const struct buf *text)
{
	CLEANUP(buf_release) struct buf docs = BUF_INIT(1u << 20);
	CLEANUP(buf_release) struct buf block = BUF_INIT(1u << 20);
	FILE *file = fopen("docs/json.md", "r");
	char bytes[4096];
	size_t length;

	assert_non_null(file);
	while ((length = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_append(&docs, bytes, length);
	fclose(file);
	buf_printf(&block, "```json\n%s```\n", buf_str(text));
	if (!strstr(buf_str(&docs), buf_str(&block)))
		fail_msg("docs/json.md lacks this block:\n%s", buf_str(&block));
}

static void test_documented_plan(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	struct err err;

	make_walkthrough_plan(&plan);
	assert_ok(render_plan_json(&plan, &out, &err), err);
	assert_documented(&out);
}

static void print_status(const struct status *status, struct buf *out)
{
	struct err err;

	assert_ok(render_status_json(status, out, &err), err);
}

static void test_documented_status(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(ref_release) struct ref ref = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	CLEANUP(cJSON_Delete_p)
	cJSON *service = value_of("{'apiVersion':'v1','kind':'Service','metadata':{'name':'web',"
				  "'namespace':'default'}}");
	const struct promotion_record record = {.step_since_ms = TEST_NOW_MS - 130 * 1000};
	struct standing standing = {
		.rollout = &rollout,
		.record = &record,
		.app = "shop",
		.applied = "3f2c1ab0c6d1e2f3a4b5c6d7e8f90a1b2c3d4e5f",
		.git_partition = 1,
	};
	const struct missing missing = {&ref, "web.yaml", 2};
	const struct status status = {
		.items = &standing,
		.count = 1,
		.revision = "main@3f2c1ab",
		.commit = standing.applied,
		.applied = standing.applied,
		.missing = &missing,
		.missing_count = 1,
		.now_ms = TEST_NOW_MS,
	};
	struct err err;

	assert_ok(ref_of(service, &ref, &err), err);
	observe_words("replicas=2 partition=1 current=a update=b", "0=a 1=b!CrashLoopBackOff",
		      &rollout);
	print_status(&status, &out);
	assert_documented(&out);
}

/* What is there only where it is known, or waited for. */
static void test_steps_of_a_walk(void **state)
{
	(void)state;
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct promotion_record record = {
		.step_since_ms = TEST_NOW_MS - 130 * 1000,
		.rejected_digest = (char *)(uintptr_t) "d",
		.rejected_commit = (char *)(uintptr_t) "3f2c1ab",
		.rejected_reason = (char *)(uintptr_t) "web-1 is stuck",
		.good_revision = (char *)(uintptr_t) "web-a",
	};
	struct standing standing = {.rollout = &rollout, .record = &record, .git_partition = 0};
	const struct status status = {.items = &standing, .count = 1, .now_ms = TEST_NOW_MS};

	observe_words("replicas=2 partition=1 current=a update=b", "0=a 1=b?13", &rollout);
	rollout.bake_until_ms = TEST_NOW_MS + 46001;
	rollout.since_ms = TEST_NOW_MS - 1000;
	print_status(&status, &out);
	CLEANUP(cJSON_Delete_p) cJSON *json = parse(&out);
	cJSON *set = json_at(json, "statefulSets")->child;
	assert_null(json_get(json, "revision"));
	assert_null(json_get(json, "appliedCommit"));
	assert_null(json_get(set, "app"));
	assert_null(json_get(set, "deadlineLeftSeconds"));
	assert_int_equal(json_int_or(set, "gitPartition", -1), 0);
	assert_string_equal(json_str(set, "since"), "2026-01-02T02:59:59.000Z");
	assert_int_equal(json_int_or(set, "bakeLeftSeconds", -1), 47);
	assert_string_equal(json_str(set, "stepSince"), "2026-01-02T02:57:50.000Z");
	assert_value(json_get(set, "rejected"),
		     "{'commit':'3f2c1ab','reason':'web-1 is stuck','goodRevision':'web-a'}");
}

static void test_failed_and_client_side(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	struct plan_item *item = add_item(
		&plan, PLAN_FAILED, NULL,
		"{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'}}", "s.yaml", 0);

	err_set(&item->error, ERR_DENIED, "no \"right\"");
	item->client_side = true;
	CLEANUP(cJSON_Delete_p) cJSON *json = plan_json(&plan);
	assert_value(json,
		     "{'version':1,'revision':'','summary':{'create':0,'replace':0,'recreate':0,"
		     "'prune':0,'orphan':0,'blocked':0,'drift':0,'failed':1,'walk':0,'inSync':0},'"
		     "objects':[{'apiVersion':'v1','kind':'Service',"
		     "'namespace':'','name':'s','file':'s.yaml','line':0,'action':'failed',"
		     "'exists':false,'clientSide':true,'changes':[],'notes':[],'error':{'class':'"
		     "denied',"
		     "'message':'no \\'right\\''}}]}");
}

static void test_changes_and_secrets(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_DRIFT,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'type':'Opaque',"
		 "'data':{'a':'b2xk','gone':'b2xk'}}",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'type':'my/own',"
		 "'data':{'a':'bmV3','new':'bmV3'}}",
		 "s.yaml", 1);
	CLEANUP(cJSON_Delete_p) cJSON *json = plan_json(&plan);
	assert_value(json_at(json, "objects")->child,
		     "{'apiVersion':'v1','kind':'Secret','namespace':'','name':'s',"
		     "'file':'s.yaml','line':1,'action':'drift','exists':true,'clientSide':false,"
		     "'changes':["
		     "{'op':'replace','path':'type','from':'Opaque','to':'my/own'},"
		     "{'op':'replace','path':'data.a','from':'*** (before)','to':'*** (after)',"
		     "'secret':true},"
		     "{'op':'add','path':'data.new','to':'***','secret':true},"
		     "{'op':'remove','path':'data.gone','from':'***','secret':true}],'notes':[]}");
}

static void test_empty(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct status status = {.now_ms = TEST_NOW_MS};

	print_status(&status, &out);
	assert_string_equal(buf_str(&out), "{\n  \"version\": 1,\n"
					   "  \"time\": \"2026-01-02T03:00:00.000Z\",\n"
					   "  \"statefulSets\": [],\n  \"missing\": []\n}\n");
}

static void test_documented_findings(void **state)
{
	(void)state;
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	struct err err;

	assert_ok(findings_add(&findings, FINDING_ERROR, "web.yaml", (struct yaml_mark){22, 3},
			       &err, "%s",
			       "StatefulSet \"web\": unknown field \"replica\" in "
			       "StatefulSet.spec; did you mean \"replicas\"?"),
		  err);
	assert_ok(findings_add(&findings, FINDING_WARNING, "web.yaml", (struct yaml_mark){23, 3},
			       &err, "%s",
			       "StatefulSet \"web\": spec.serviceName is \"web\", but no Service "
			       "here bears that name; without it the Pods have no DNS names"),
		  err);
	assert_ok(render_findings_json(&findings, "main@3f2c1ab", 2, &out, &err), err);
	assert_documented(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documented_plan),
		cmocka_unit_test(test_documented_status),
		cmocka_unit_test(test_steps_of_a_walk),
		cmocka_unit_test(test_documented_findings),
		cmocka_unit_test(test_failed_and_client_side),
		cmocka_unit_test(test_changes_and_secrets),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
