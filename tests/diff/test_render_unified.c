#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/plan.h"

static void assert_unified(const struct plan *plan, bool colour, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {.colour = colour};
	struct err err;

	assert_ok(render_plan_unified(plan, &options, &out, &err), err);
	assert_ok(buf_check(&out, "text", &err), err);
	assert_string_equal(buf_str(&out), expected);
}

static void test_walkthrough(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	make_walkthrough_plan(&plan);
	assert_unified(&plan, false,
		       "# statefulset.apps/nginx-statefulset: rollout: creates 3, 4; replaces 2, 1 "
		       "in that order; keeps 0 on nginx:1.25.4\n"
		       "--- live/default/statefulset.apps/nginx-statefulset\n"
		       "+++ git/default/statefulset.apps/nginx-statefulset\n"
		       "@@ -4,14 +4,14 @@\n"
		       "   name: nginx-statefulset\n"
		       "   namespace: default\n"
		       " spec:\n"
		       "-  replicas: 3\n"
		       "+  replicas: 5\n"
		       "   serviceName: nginx-stateful-service\n"
		       "   template:\n"
		       "     spec:\n"
		       "       containers:\n"
		       "-      - image: nginx:1.25.4\n"
		       "+      - image: nginx:1.26.1\n"
		       "         name: nginx-container\n"
		       "   updateStrategy:\n"
		       "     rollingUpdate:\n"
		       "-      partition: 2\n"
		       "+      partition: 1\n"
		       "     type: RollingUpdate\n");
}

static void test_creation_failure_and_cluster_scope(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	struct plan_item *item;

	add_item(&plan, PLAN_CREATE, NULL,
		 "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'a'}}", "a.yaml", 1);
	item = add_item(&plan, PLAN_FAILED, NULL,
			"{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'}}", "a.yaml",
			3);
	err_set(&item->error, ERR_DENIED, "services is forbidden");
	assert_unified(&plan, false,
		       "--- /dev/null\n"
		       "+++ git/namespace/a\n"
		       "@@ -0,0 +1,4 @@\n"
		       "+apiVersion: v1\n"
		       "+kind: Namespace\n"
		       "+metadata:\n"
		       "+  name: a\n"
		       "# service/s: error: services is forbidden\n");
}

static void test_secrets_are_masked(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{"
		 "'a':'b2xk','gone':'b2xk','same':'b2xk'}}",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{"
		 "'a':'bmV3','new':'bmV3','same':'b2xk'},'stringData':{'t':'plain'}}",
		 "s.yaml", 1);
	assert_unified(&plan, false,
		       "--- live/secret/s\n"
		       "+++ git/secret/s\n"
		       "@@ -1,8 +1,10 @@\n"
		       " apiVersion: v1\n"
		       " data:\n"
		       "-  a: '*** (before)'\n"
		       "-  gone: '***'\n"
		       "+  a: '*** (after)'\n"
		       "+  new: '***'\n"
		       "   same: '***'\n"
		       " kind: Secret\n"
		       " metadata:\n"
		       "   name: s\n"
		       "+stringData:\n"
		       "+  t: '***'\n");
}

static void test_odd_secrets_are_masked(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(
		&plan, PLAN_REPLACE,
		"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':'b2xk'}",
		"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{'a':['bmV3']}}",
		"s.yaml", 1);
	add_item(&plan, PLAN_CREATE, NULL,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'n'},'data':['bmV3']}",
		 "s.yaml", 1);
	assert_unified(&plan, false,
		       "--- live/secret/s\n"
		       "+++ git/secret/s\n"
		       "@@ -1,5 +1,6 @@\n"
		       " apiVersion: v1\n"
		       "-data: '***'\n"
		       "+data:\n"
		       "+  a: '***'\n"
		       " kind: Secret\n"
		       " metadata:\n"
		       "   name: s\n"
		       "--- /dev/null\n"
		       "+++ git/secret/n\n"
		       "@@ -0,0 +1,5 @@\n"
		       "+apiVersion: v1\n"
		       "+data: '***'\n"
		       "+kind: Secret\n"
		       "+metadata:\n"
		       "+  name: \"n\"\n");
}

static void test_colour(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'k':'x'}}",
		 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'k':'z'}}",
		 "c.yaml", 1);
	plan.items[0].client_side = true;
	assert_unified(&plan, true,
		       "\033[33m# configmap/c: note: compared without the server\033[m\n"
		       "\033[1m--- live/configmap/c\033[m\n"
		       "\033[1m+++ git/configmap/c\033[m\n"
		       "\033[36m@@ -1,6 +1,6 @@\033[m\n"
		       " apiVersion: v1\n"
		       " data:\n"
		       "\033[31m-  k: x\033[m\n"
		       "\033[32m+  k: z\033[m\n"
		       " kind: ConfigMap\n"
		       " metadata:\n"
		       "   name: c\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walkthrough),
		cmocka_unit_test(test_creation_failure_and_cluster_scope),
		cmocka_unit_test(test_secrets_are_masked),
		cmocka_unit_test(test_odd_secrets_are_masked),
		cmocka_unit_test(test_colour),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
