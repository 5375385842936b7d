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

static void print_status(const char *statefulset_words, const char *pod_words, struct buf *out)
{
	CLEANUP(rollout_release) struct rollout rollout = {0};
	struct err err;

	observe_words(statefulset_words, pod_words, &rollout);
	assert_ok(render_status_json(&rollout, 1, out, &err), err);
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

static void test_documented_status(void **state)
{
	(void)state;
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);

	print_status("replicas=2 partition=1 current=a update=b", "0=a 1=b!CrashLoopBackOff", &out);
	assert_documented(&out);
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
	struct err err;

	assert_ok(render_status_json(NULL, 0, &out, &err), err);
	assert_string_equal(buf_str(&out), "{\n  \"version\": 1,\n  \"statefulSets\": []\n}\n");
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
		cmocka_unit_test(test_documented_findings),
		cmocka_unit_test(test_failed_and_client_side),
		cmocka_unit_test(test_changes_and_secrets),
		cmocka_unit_test(test_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
