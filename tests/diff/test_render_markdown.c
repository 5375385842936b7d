#include <stdlib.h>
#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/plan.h"
#include "tests/support/values.h"

static void print_markdown(const struct plan *plan, struct buf *out)
{
	struct err err;

	assert_ok(render_plan_markdown(plan, out, &err), err);
	assert_ok(buf_check(out, "markdown", &err), err);
}

static void assert_markdown(const struct plan *plan, const char *expected)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);

	print_markdown(plan, &out);
	assert_string_equal(buf_str(&out), expected);
}

static void test_walkthrough(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};

	make_walkthrough_plan(&plan);
	assert_markdown(
		&plan,
		"### tranche: 1 to replace, 1 in sync\n"
		"\n"
		"At <code>main&#64;3f2c1ab</code>.\n"
		"\n"
		"| | Object | Changes | File |\n"
		"|---|---|---|---|\n"
		"| replace | <code>default/statefulset.apps/nginx-statefulset</code> | 3 | "
		"<code>web.yaml:14</code> |\n"
		"\n"
		"<code>default/statefulset.apps/nginx-statefulset</code>\n"
		"\n"
		"- rollout: creates 3, 4; replaces 2, 1 in that order; keeps 0 on nginx:1.25.4\n"
		"\n"
		"<details><summary>replace "
		"<code>default/statefulset.apps/nginx-statefulset</code></summary>\n"
		"\n"
		"```diff\n"
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
		"     type: RollingUpdate\n"
		"```\n"
		"\n"
		"</details>\n");
}

#define CONFIG(data) "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'}" data "}"

static void test_between_revisions(void **state)
{
	(void)state;
	CLEANUP(plan_release)
	struct plan plan = {.revision = strdup("main@3f2c1ab"), .base = strdup("v1@1234567")};
	struct plan_item *item = add_item(&plan, PLAN_ORPHAN, CONFIG(""), NULL, "c.yaml", 1);
	struct err err;

	assert_ok(plan_item_note(item, &err, "%s", "it stays"), err);
	item = add_item(&plan, PLAN_FAILED, NULL, CONFIG(""), "d.yaml", 0);
	err_set(&item->error, ERR_INVALID, "no");
	assert_markdown(&plan,
			"### tranche: 1 left Git, 1 failed\n"
			"\n"
			"From <code>v1&#64;1234567</code> to <code>main&#64;3f2c1ab</code>. "
			"Told from Git alone: as if the former were rolled out to its end.\n"
			"\n"
			"| | Object | Changes | File |\n"
			"|---|---|---|---|\n"
			"| left Git | <code>configmap/c</code> |  | <code>c.yaml:1</code> |\n"
			"| failed | <code>configmap/c</code> |  | <code>d.yaml</code> |\n"
			"\n"
			"<code>configmap/c</code>\n"
			"\n"
			"- it stays\n"
			"\n"
			"<code>configmap/c</code>\n"
			"\n"
			"- **error:** no\n"
			"\n"
			"<details><summary>left Git <code>configmap/c</code></summary>\n"
			"\n"
			"```diff\n"
			"@@ -1,4 +0,0 @@\n"
			"-apiVersion: v1\n"
			"-kind: ConfigMap\n"
			"-metadata:\n"
			"-  name: c\n"
			"```\n"
			"\n"
			"</details>\n");
}

static void test_nothing_differs(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(plan_release) struct plan none = {0};

	add_item(&plan, PLAN_IN_SYNC, CONFIG(""), CONFIG(""), "c.yaml", 1);
	plan.items[0].client_side = true;
	assert_markdown(&plan,
			"### tranche: 1 in sync\n"
			"\n"
			"Compared without the server: only fields that the manifests set.\n");
	assert_markdown(&none, "### tranche: no objects\n");
}

/* What a manifest or a server says makes no markup, ends no fence and calls nobody. */
static void test_hostile_texts(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	struct plan_item *item =
		add_item(&plan, PLAN_REPLACE, CONFIG(",'data':{'k':'1'}"),
			 CONFIG(",'data':{'k':'```` </details><b> @all'}"), "a|b<`_.yaml", 1);
	struct err err;

	assert_ok(
		plan_item_note(item, &err, "%s", "<img src=x> [a](b) **c** @team `d` \\ \x1b\n#1"),
		err);
	assert_markdown(&plan, "### tranche: 1 to replace\n"
			       "\n"
			       "| | Object | Changes | File |\n"
			       "|---|---|---|---|\n"
			       "| replace | <code>configmap/c</code> | 1 | "
			       "<code>a&#124;b&#60;&#96;&#95;.yaml:1</code> |\n"
			       "\n"
			       "<code>configmap/c</code>\n"
			       "\n"
			       "- &#60;img src=x&#62; &#91;a&#93;(b) &#42;&#42;c&#42;&#42; "
			       "&#64;&#8203;team &#96;d&#96; &#92; &#92;x1b&#92;n&#35;1\n"
			       "\n"
			       "<details><summary>replace <code>configmap/c</code></summary>\n"
			       "\n"
			       "`````diff\n"
			       "@@ -1,6 +1,6 @@\n"
			       " apiVersion: v1\n"
			       " data:\n"
			       "-  k: \"1\"\n"
			       "+  k: '```` </details><b> @all'\n"
			       " kind: ConfigMap\n"
			       " metadata:\n"
			       "   name: c\n"
			       "`````\n"
			       "\n"
			       "</details>\n");
}

static void test_secrets_are_masked(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);

	add_item(&plan, PLAN_REPLACE,
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{'a':'b2xk'}}",
		 "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'data':{'a':'bmV3'}}",
		 "s.yaml", 1);
	print_markdown(&plan, &out);
	assert_null(strstr(buf_str(&out), "b2xk"));
	assert_null(strstr(buf_str(&out), "bmV3"));
	assert_non_null(strstr(buf_str(&out), "+  a: '*** (after)'\n"));
}

/* Whole parts are left out, and what there is of markup is closed. */
static void test_long_ones_are_cut(void **state)
{
	(void)state;
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	CLEANUP(buf_release) struct buf large = BUF_INIT(1u << 20);
	size_t opened = 0, closed = 0;

	buf_puts(&large, CONFIG(",'data':{'k':'"));
	buf_truncate(&large, large.length - 1); /* the object's own brace */
	buf_fill(&large, 'x', 40000);
	buf_puts(&large, "'}}");
	for (int i = 0; i < 3; i++)
		add_item(&plan, PLAN_CREATE, NULL, buf_str(&large), "large.yaml", 1);
	for (int i = 0; i < 2000; i++)
		add_item(&plan, PLAN_CREATE, NULL, CONFIG(""), "small.yaml", 1);
	print_markdown(&plan, &out);
	assert_true(out.length <= RENDER_MARKDOWN_MAX);
	assert_non_null(strstr(buf_str(&out), "### tranche: 2003 to create\n"));
	assert_non_null(strstr(buf_str(&out), "\n| | and 17"));
	assert_non_null(strstr(buf_str(&out), " objects are left out._\n"));
	assert_non_null(strstr(buf_str(&out), "\n_A comment holds 65536 characters; `tranche diff` "
					      "shows all._\n"));
	for (const char *p = buf_str(&out); (p = strstr(p, "<details>")); p++)
		opened++;
	for (const char *p = buf_str(&out); (p = strstr(p, "</details>")); p++)
		closed++;
	assert_int_equal(opened, closed);
	assert_true(opened > 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walkthrough),        cmocka_unit_test(test_between_revisions),
		cmocka_unit_test(test_nothing_differs),    cmocka_unit_test(test_hostile_texts),
		cmocka_unit_test(test_secrets_are_masked), cmocka_unit_test(test_long_ones_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
