/* Which targets are written without a dry run, and what the answer to such a write makes of the item. */

#include "agent/decision.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

#define CONFIG(colour)                                               \
	"{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'" \
	"c','resourceVersion':'7'},'data':{'colour':'" colour "'}}"
#define SECRET(colour)                                            \
	"{'apiVersion':'v1','kind':'Secret','metadata':{'name':'" \
	"c','resourceVersion':'7'},'stringData':{'" colour "':'red'}}"
#define SERVICE(more)                                                               \
	"{'apiVersion':'v1','kind':'Service','metadata':{'name':'s'},'spec':{" more \
	"'clusterIP':'None'}}"
#define SPACE(colour)                                                                              \
	"{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'n','labels':{'x':'" colour "'}" \
	"}}"
#define WEB(annotations, replicas, partition, image)                                            \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','generation':7," \
	"'annotations':{" annotations "}},'spec':{'replicas':" #replicas                        \
	",'serviceName':'web','podManagementPolicy':'OrderedReady','selector':{'matchLabels':{" \
	"'app':'web'}},'updateStrategy':{'type':'RollingUpdate','rollingUpdate':{'partition'"   \
	":" #partition                                                                          \
	"}},'template':{'metadata':{'labels':{'app':'web'}},'spec':{'containers':[{'name':'c'," \
	"'image':'" image "'}]}}},'status':{'observedGeneration':7,'currentRevision':'web-1',"  \
	"'updateRevision':'web-1','replicas':3,'readyReplicas':3,'updatedReplicas':3}}"

struct bench {
	struct app app;
	struct manifest manifest;
	struct target target;
};

/* `applied` is what Git said when it was applied last, and `then` what that left; NULL: nothing was. */
static void open_bench(struct bench *bench, const char *git, const char *live, const char *applied,
		       const char *then)
{
	struct err err;

	*bench = (struct bench){.app = {.owns = true}};
	bench->manifest.desired = value_of(git);
	assert_ok(ref_of(bench->manifest.desired, &bench->manifest.ref, &err), err);
	assert_ok(inventory_init(&bench->app.inventory, "shop", &err), err);
	bench->target.manifest = &bench->manifest;
	assert_ok(ref_copy(&bench->manifest.ref, &bench->target.ref, &err), err);
	bench->target.live = live ? value_of(live) : NULL;
	bench->target.live_known = true;
	if (!applied)
		return;
	CLEANUP(cJSON_Delete_p) cJSON *before = value_of(applied), *left = value_of(then);
	assert_ok(inventory_put(&bench->app.inventory, &bench->target.ref, before, before, left,
				&err),
		  err);
}

static void close_bench(struct bench *bench)
{
	target_reset(&bench->target);
	ref_release(&bench->target.ref);
	inventory_release(&bench->app.inventory);
	ref_release(&bench->manifest.ref);
	cJSON_Delete(bench->manifest.desired);
}

static void test_who_is_certain(void **state)
{
	(void)state;
	static const struct {
		const char *what, *git, *live, *applied, *then;
		bool certain;
	} cases[] = {
		{"touched", CONFIG("blue"), CONFIG("red"), CONFIG("red"), CONFIG("red"), true},
		{"not touched", CONFIG("red"), CONFIG("red"), CONFIG("red"), CONFIG("red"), false},
		{"drifted, too", CONFIG("blue"), CONFIG("x"), CONFIG("red"), CONFIG("red"), false},
		{"drifted only", CONFIG("red"), CONFIG("x"), CONFIG("red"), CONFIG("red"), false},
		{"there, and not recorded", CONFIG("blue"), CONFIG("red"), NULL, NULL, false},
		{"somebody was faster", CONFIG("blue"), CONFIG("blue"), CONFIG("red"),
		 CONFIG("red"), false},
		{"new", CONFIG("blue"), NULL, NULL, NULL, true},
		{"deleted, and touched", CONFIG("blue"), NULL, CONFIG("red"), CONFIG("red"), true},
		{"deleted", CONFIG("red"), NULL, CONFIG("red"), CONFIG("red"), false},

		{"a Secret", SECRET("a"), SECRET("b"), SECRET("b"), SECRET("b"), false},
		{"a new Secret", SECRET("a"), NULL, NULL, NULL, false},
		{"a Namespace", SPACE("a"), SPACE("b"), SPACE("b"), SPACE("b"), false},
		{"a new Namespace", SPACE("a"), NULL, NULL, NULL, false},

		{"a default", SERVICE("'sessionAffinity':'None',"),
		 SERVICE("'sessionAffinity':'None',"), SERVICE(""),
		 SERVICE("'sessionAffinity':'None',"), false},
		{"no default", SERVICE("'sessionAffinity':'ClientIP',"),
		 SERVICE("'sessionAffinity':'None',"), SERVICE(""),
		 SERVICE("'sessionAffinity':'None',"), true},
		{"a field that goes", SERVICE(""), SERVICE("'externalName':'x',"),
		 SERVICE("'externalName':'x',"), SERVICE("'externalName':'x',"), false},

		{"a StatefulSet", WEB("", 3, 0, "i:2"), WEB("", 3, 0, "i:1"), WEB("", 3, 0, "i:1"),
		 WEB("", 3, 0, "i:1"), true},
		{"a new StatefulSet", WEB("", 3, 0, "i:2"), NULL, NULL, NULL, true},
		{"a partition", WEB("", 3, 1, "i:1"), WEB("", 3, 2, "i:1"), WEB("", 3, 2, "i:1"),
		 WEB("", 3, 2, "i:1"), false},
		{"replicas", WEB("", 4, 0, "i:1"), WEB("", 3, 0, "i:1"), WEB("", 3, 0, "i:1"),
		 WEB("", 3, 0, "i:1"), false},
		{"a policy", WEB("'tranche.dev/step':'1'", 3, 0, "i:2"), WEB("", 3, 0, "i:1"),
		 WEB("", 3, 0, "i:1"), WEB("", 3, 0, "i:1"), false},
		{"may be recreated", WEB("'tranche.dev/recreate':'orphan'", 3, 0, "i:2"),
		 WEB("", 3, 0, "i:1"), WEB("", 3, 0, "i:1"), WEB("", 3, 0, "i:1"), false},
		{"may be half recreated", WEB("'tranche.dev/recreate':'orphan'", 3, 0, "i:2"), NULL,
		 NULL, NULL, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(close_bench) struct bench bench;

		open_bench(&bench, cases[i].git, cases[i].live, cases[i].applied, cases[i].then);
		if (decision_is_certain(&bench.app, &bench.target) != cases[i].certain)
			fail_msg("%s: should%s be certain", cases[i].what,
				 cases[i].certain ? "" : " not");
	}
}

static void test_what_else_is_asked(void **state)
{
	(void)state;
	CLEANUP(close_bench) struct bench bench;
	struct err err;

	open_bench(&bench, CONFIG("blue"), CONFIG("red"), CONFIG("red"), CONFIG("red"));
	bench.target.live_known = false;
	assert_false(decision_is_certain(&bench.app, &bench.target));
	bench.target.live_known = true;
	bench.target.autoscaler = strdup("web");
	assert_false(decision_is_certain(&bench.app, &bench.target));
	free(STEAL(bench.target.autoscaler));
	assert_true(decision_is_certain(&bench.app, &bench.target));
	err_set(&err, ERR_TRANSIENT, "gone");
	target_fail(&bench.target, &err);
	assert_false(decision_is_certain(&bench.app, &bench.target));
}

/* What admission makes of it is told, and not what Git says. */
static void test_answers(void **state)
{
	(void)state;
	static const struct {
		const char *live, *written, *changes;
		enum plan_action action;
		enum target_result result;
	} cases[] = {
		{CONFIG("red"), CONFIG("blue"), "data.colour", PLAN_REPLACE, TARGET_REPLACED},
		{CONFIG("red"), CONFIG("blue','by':'admission"), "data.colour data.by",
		 PLAN_REPLACE, TARGET_REPLACED},
		{CONFIG("red"), CONFIG("red"), "", PLAN_IN_SYNC, TARGET_UNCHANGED},
		{NULL, CONFIG("blue"), "", PLAN_CREATE, TARGET_CREATED},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CLEANUP(buf_release) struct buf changes = BUF_INIT(1024);
		CLEANUP(plan_item_release) struct plan_item item = {0};
		CLEANUP(cJSON_Delete_p) cJSON *to = NULL;
		CLEANUP(close_bench) struct bench bench;
		struct err err;

		open_bench(&bench, CONFIG("blue"), cases[i].live,
			   cases[i].live ? CONFIG("red") : NULL, CONFIG("red"));
		bench.target.direct = true;
		assert_true(decision_is_certain(&bench.app, &bench.target));
		assert_ok(decision_make(&bench.app, &bench.target, false, &item, &err), err);
		assert_int_equal(item.action, cases[i].live ? PLAN_REPLACE : PLAN_CREATE);
		assert_int_equal(item.changes.count, cases[i].live ? 1 : 0);
		assert_false(item.client_side);

		bench.target.written = value_of(cases[i].written);
		bench.target.result = cases[i].live ? TARGET_REPLACED : TARGET_CREATED;
		assert_ok(decision_take_answer(&bench.target, &item, &err), err);
		for (size_t k = 0; k < item.changes.count; k++)
			buf_printf(&changes, "%s%s", k ? " " : "", item.changes.items[k].path);
		assert_string_equal(buf_str(&changes), cases[i].changes);
		assert_int_equal(item.action, cases[i].action);
		assert_int_equal(bench.target.result, cases[i].result);
		to = object_normalised(bench.target.written);
		assert_true(json_equal(item.to, to));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_certain),
		cmocka_unit_test(test_what_else_is_asked),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
