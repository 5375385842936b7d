#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/plan.h"

static void assert_text(const struct plan *plan, bool colour, int width, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {.colour = colour, .width = width};
	struct err err;

	render_plan_text(plan, &options, &out);
	assert_ok(buf_check(&out, "text", &err), err);
	assert_string_equal(buf_str(&out), expected);
}

static void test_walkthrough(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	make_walkthrough_plan(&plan);
	assert_text(
		&plan, false, 0,
		"statefulset.apps/nginx-statefulset  replace            web.yaml:14\n"
		"  spec.replicas                                        3 -> 5\n"
		"  spec.template.spec.containers[nginx-container].image nginx:1.25.4 -> "
		"nginx:1.26.1\n"
		"  spec.updateStrategy.rollingUpdate.partition          2 -> 1\n"
		"  rollout: creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4\n"
		"service/nginx-stateful-service      in sync            web.yaml:2\n"
		"1 to replace, 1 in sync, at main@3f2c1ab\n");
}

#define CONFIG(data) \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'conf','namespace':'a'}" data "}"

static void test_every_action(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	struct plan_item *item;

	add_item(&plan, PLAN_CREATE, NULL, CONFIG(""), "a.yaml", 1);
	add_item(&plan, PLAN_DRIFT, CONFIG(",'data':{'k':'theirs'}"),
		 CONFIG(",'data':{'k':'ours'}"), "b.yaml", 1);
	add_item(&plan, PLAN_DRIFT, NULL, CONFIG(""), "c.yaml", 0);
	item = add_item(&plan, PLAN_FAILED, NULL, CONFIG(""), "d.yaml", 12);
	err_set(&item->error, ERR_DENIED, "configmaps is forbidden: \033[2Jno");
	item = add_item(&plan, PLAN_REPLACE, CONFIG(",'data':{'k':'1','m':'x'}"),
			CONFIG(",'data':{'k':'2','n':'y'}"), "e.yaml", 3);
	item->client_side = true;
	assert_text(&plan, false, 0,
		    "configmap/conf  create   a.yaml:1\n"
		    "configmap/conf  drift    b.yaml:1\n"
		    "  data.k                 theirs -> ours\n"
		    "configmap/conf  drift    c.yaml\n"
		    "  note: deleted since it was applied\n"
		    "configmap/conf  failed   d.yaml:12\n"
		    "  error: configmaps is forbidden: \\x1b[2Jno\n"
		    "configmap/conf  replace  e.yaml:3\n"
		    "  data.k                 \"1\" -> \"2\"\n"
		    "  data.n                 (none) -> y\n"
		    "  data.m                 x -> (none)\n"
		    "  note: compared without the server: only fields that the manifest sets\n"
		    "1 to create, 1 to replace, 2 drifted, 1 failed\n");
}

static void test_client_side(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_IN_SYNC, NULL, CONFIG(""), "a.yaml", 1)->client_side = true;
	add_item(&plan, PLAN_CREATE, NULL, CONFIG(""), "b.yaml", 1)->client_side = true;
	assert_text(&plan, false, 0,
		    "configmap/conf  create   b.yaml:1\n"
		    "configmap/conf  in sync  a.yaml:1\n"
		    "1 to create, 1 in sync\n"
		    "compared without the server: only fields that the manifest sets\n");
	plan.items[1].client_side = false;
	assert_text(&plan, false, 0,
		    "configmap/conf  create   b.yaml:1\n"
		    "configmap/conf  in sync  a.yaml:1\n"
		    "  note: compared without the server: only fields that the manifest sets\n"
		    "1 to create, 1 in sync\n");
}

static void test_drifted_rollout(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	make_walkthrough_plan(&plan);
	plan.items[0].action = PLAN_DRIFT;
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {0};
	render_plan_text(&plan, &options, &out);
	assert_non_null(strstr(buf_str(&out), "\n  rollout, if undone: creates 3, 4; replaces"));
}

static void test_empty(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	assert_text(&plan, false, 0, "no objects\n");
}

static void test_several_namespaces(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_IN_SYNC, NULL, CONFIG(""), "a.yaml", 1);
	add_item(&plan, PLAN_CREATE, NULL,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s','namespace':'bb'}}",
		 "b.yaml", 1);
	add_item(&plan, PLAN_CREATE, NULL,
		 "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'bb'}}", "b.yaml", 7);
	assert_text(&plan, false, 0,
		    "bb/secret/s       create   b.yaml:1\n"
		    "namespace/bb      create   b.yaml:7\n"
		    "a/configmap/conf  in sync  a.yaml:1\n"
		    "2 to create, 1 in sync\n");
}

static void test_colour(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_CREATE, NULL, CONFIG(""), "a.yaml", 1);
	add_item(&plan, PLAN_REPLACE, CONFIG(",'data':{'k':'x'}"), CONFIG(",'data':{'k':'y'}"),
		 "b.yaml", 1);
	assert_text(&plan, true, 0,
		    "\033[1mconfigmap/conf\033[m  \033[32mcreate\033[m   a.yaml:1\n"
		    "\033[1mconfigmap/conf\033[m  replace  b.yaml:1\n"
		    "  data.k                 \033[31mx\033[m -> \033[32my\033[m\n"
		    "1 to create, 1 to replace\n");
}

static void test_secret_values_are_masked(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{"
		 "'a':'b2xk','gone':'b2xk','same':'b2xk'}}",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{"
		 "'a':'bmV3','new':'bmV3','same':'b2xk'}}",
		 "s.yaml", 1);
	assert_text(&plan, false, 0,
		    "secret/s  replace  s.yaml:1\n"
		    "  data.a           *** (before) -> *** (after)\n"
		    "  data.new         (none) -> ***\n"
		    "  data.gone        *** -> (none)\n"
		    "1 to replace\n");
}

static void test_multi_line_texts(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE, CONFIG(",'data':{'f':'a\\nb\\nc\\n'}"),
		 CONFIG(",'data':{'f':'a\\nx\\u001b[2J\\nc\\n','g':'one\\ntwo'}"), "b.yaml", 1);
	assert_text(&plan, false, 0,
		    "configmap/conf  replace  b.yaml:1\n"
		    "  data.f                 (3 lines) -> (3 lines)\n"
		    "    @@ -1,3 +1,3 @@\n"
		    "     a\n"
		    "    -b\n"
		    "    +x\\x1b[2J\n"
		    "     c\n"
		    "  data.g                 (none) -> (2 lines)\n"
		    "1 to replace\n");
}

static void test_long_texts_are_shortened(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf from = BUF_INIT(65536);
	CLEANUP(buf_release) struct buf to = BUF_INIT(65536);
	CLEANUP(buf_release) struct buf out = BUF_INIT(65536);
	const struct render_options options = {0};

	buf_puts(&from,
		 "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'f':'");
	buf_puts(&to, buf_str(&from));
	for (int i = 0; i < 30; i++) {
		buf_printf(&from, "old %d\\n", i);
		buf_printf(&to, "new %d\\n", i);
	}
	buf_puts(&from, "'}}");
	buf_puts(&to, "'}}");
	add_item(&plan, PLAN_REPLACE, buf_str(&from), buf_str(&to), "c.yaml", 1);
	render_plan_text(&plan, &options, &out);
	/* 61 lines of hunks, 24 of them shown. */
	assert_non_null(strstr(buf_str(&out), "    -old 22\n    (37 more lines; -o unified shows "
					      "all)\n"));
}

static void test_moves_and_removals(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':["
		 "{'name':'a','image':'a:1'},{'name':'b','image':'b:1'}]}}",
		 "{'apiVersion':'v1','kind':'Pod','metadata':{'name':'p'},'spec':{'containers':["
		 "{'name':'b','image':'b:1'},{'name':'a','image':'a:1'}]}}",
		 "p.yaml", 1);
	assert_text(&plan, false, 0,
		    "pod/p  replace       p.yaml:1\n"
		    "  spec.containers[b] moved from 1 to 0\n"
		    "1 to replace\n");
}

static void test_values_are_cut_to_the_width(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 CONFIG(",'data':{'k':'registry.example.com/team/service/api:2026.01.02-3f2c1ab'}"),
		 CONFIG(",'data':{'k':'registry.example.com/team/service/api:2026.01.03-9d8e7f6'}"),
		 "b.yaml", 1);
	assert_text(
		&plan, false, 80,
		"configmap/conf  replace  b.yaml:1\n"
		"  data.k                 registry.ex....02-3f2c1ab -> registry.exa....03-9d8e7f6\n"
		"1 to replace\n");
	/* However narrow it is, values keep 32 columns. */
	assert_text(&plan, false, 20,
		    "configmap/conf  replace  b.yaml:1\n"
		    "  data.k                 regist...2c1ab -> regist...8e7f6\n"
		    "1 to replace\n");
}

#define LONG_KEY "a-key-that-is-longer-than-all-that-is-sensible-in-a-path-of-a-field-01234"

static void test_a_long_path_pushes_only_its_own_value(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	add_item(&plan, PLAN_REPLACE,
		 CONFIG(",'data':{'k':'x','a-key-that-is-longer-than-all-that-is-sensible-in-a-"
			"path-of-a-field-01234':'x'}"),
		 CONFIG(",'data':{'k':'z','a-key-that-is-longer-than-all-that-is-sensible-in-a-"
			"path-of-a-field-01234':'z'}"),
		 "b.yaml", 1);
	assert_text(&plan, false, 0,
		    "configmap/conf  replace  b.yaml:1\n"
		    "  data.k                 x -> z\n"
		    "  data." LONG_KEY " x -> z\n"
		    "1 to replace\n");
}

static void test_warnings(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	struct plan_item *item =
		add_item(&plan, PLAN_REPLACE,
			 "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'}}",
			 "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'}}",
			 "w.yaml", 1);
	char *warnings[] = {strdup("scaling down from 2 to 1 deletes 1")};

	item->has_forecast = true;
	item->forecast.warnings = warnings;
	item->forecast.warning_count = 1;
	assert_text(&plan, false, 0,
		    "statefulset.apps/web  replace  w.yaml:1\n"
		    "  warning: scaling down from 2 to 1 deletes 1\n"
		    "1 to replace\n");
	item->forecast = (struct rollout_forecast){0};
	free(warnings[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walkthrough),
		cmocka_unit_test(test_every_action),
		cmocka_unit_test(test_client_side),
		cmocka_unit_test(test_drifted_rollout),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_several_namespaces),
		cmocka_unit_test(test_colour),
		cmocka_unit_test(test_secret_values_are_masked),
		cmocka_unit_test(test_multi_line_texts),
		cmocka_unit_test(test_long_texts_are_shortened),
		cmocka_unit_test(test_moves_and_removals),
		cmocka_unit_test(test_values_are_cut_to_the_width),
		cmocka_unit_test(test_a_long_path_pushes_only_its_own_value),
		cmocka_unit_test(test_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
