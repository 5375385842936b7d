#include "diff/recreation.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/plan.h"
#include "tests/support/values.h"

static void test_is_wanted(void **state)
{
	(void)state;
	static const struct {
		const char *object;
		bool wanted;
	} cases[] = {
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'annotations':{"
		 "'tranche.dev/recreate':'orphan'}}}",
		 true},
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'annotations':{"
		 "'tranche.dev/recreate':'Orphan'}}}",
		 false},
		{"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{}}", false},
		{"{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'annotations':{"
		 "'tranche.dev/recreate':'orphan'}}}",
		 false},
		{"{'apiVersion':'example.com/v1','kind':'StatefulSet','metadata':{'annotations':{"
		 "'tranche.dev/recreate':'orphan'}}}",
		 false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);

		print_message("%s\n", cases[i].object);
		assert_int_equal(recreation_is_wanted(object), cases[i].wanted);
	}
}

static void test_remedies(void **state)
{
	(void)state;
	char apps[] = "apps", core[] = "", v1[] = "v1", set_kind[] = "StatefulSet",
	     volume_kind[] = "PersistentVolume", name[] = "a";
	const struct ref set = {apps, v1, set_kind, core, name};
	const struct ref other = {core, v1, volume_kind, core, name};

	struct err err;

	err_set(&err, ERR_INVALID, "spec: Forbidden");
	recreation_advise(&set, &err);
	assert_string_equal(err.message,
			    "spec: Forbidden; set tranche.dev/recreate: orphan on it to have it "
			    "deleted with its Pods and volumes left in place and created again");
	err_set(&err, ERR_INVALID, "spec: Forbidden.");
	recreation_advise(&other, &err);
	assert_string_equal(err.message,
			    "spec: Forbidden; delete it, and the next sync creates it again, or "
			    "give the new one another name");
}

#define SELECTING(label) "{'spec':{'selector':{'matchLabels':{'app':'" label "'}}}}"
#define LABELLED(label)  "{'spec':{'template':{'metadata':{'labels':{'app':'" label "'}}}}}"

static void test_adoption(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p) cJSON *wanted = value_of(SELECTING("web"));
	CLEANUP(cJSON_Delete_p) cJSON *same = value_of(LABELLED("web"));
	CLEANUP(cJSON_Delete_p) cJSON *other = value_of(LABELLED("other"));
	struct err err;

	assert_ok(recreation_check(wanted, same, &err), err);
	assert_error(recreation_check(wanted, other, &err), err, ERR_INVALID,
		     "it cannot be recreated: its Pods do not have the labels that the new "
		     "spec.selector names, so the new one would not adopt them; keep the selector, "
		     "or give the new one another name");
}

static void test_strips(void **state)
{
	(void)state;
	CLEANUP(cJSON_Delete_p)
	cJSON *object = value_of(
		"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web','namespace':"
		"'n','uid':'u','resourceVersion':'7','generation':2,'creationTimestamp':'t',"
		"'deletionTimestamp':'t','deletionGracePeriodSeconds':0,'selfLink':'s',"
		"'managedFields':[{}],'labels':{},'annotations':{'kubectl.kubernetes.io/"
		"last-applied-configuration':'x'},'finalizers':['orphan','example.com/f',"
		"'foregroundDeletion'],'ownerReferences':[{'uid':'o'}]},'spec':{'replicas':3},"
		"'status':{'replicas':3}}");
	CLEANUP(cJSON_Delete_p) cJSON *bare = value_of("{'metadata':{'finalizers':['orphan']}}");

	recreation_strip(object);
	assert_value(object,
		     "{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web',"
		     "'namespace':'n','labels':{},'annotations':{'kubectl.kubernetes.io/"
		     "last-applied-configuration':'x'},'finalizers':['example.com/f'],"
		     "'ownerReferences':[{'uid':'o'}]},'spec':{'replicas':3}}");
	recreation_strip(bare);
	assert_value(bare, "{'metadata':{}}");
}

#define WEB(claims, image, partition)                                                             \
	"{'apiVersion':'apps/v1','kind':'StatefulSet','metadata':{'name':'web'},'spec':{"         \
	"'volumeClaimTemplates':[" claims "],'template':{'spec':{'containers':[{'name':'c',"      \
	"'image':'" image "'}]}},'updateStrategy':{'rollingUpdate':{'partition':" partition "}}}" \
	"}"
#define CLAIM(name, size) "{'metadata':{'name':'" name "'},'spec':{'size':'" size "'}}"
#define DONE              "{'status':{'currentRevision':'a','updateRevision':'a'}}"
#define CANARY            "{'status':{'currentRevision':'a','updateRevision':'b'}}"

#define WHAT_HAPPENS                                                                         \
	"the server refuses to replace it: it is deleted with its Pods and volumes left in " \
	"place and created again; the Pods keep running and are adopted\n"
#define FORGETS                                                                               \
	"the new one knows no older revision: a Pod below the partition 2 that has to start " \
	"again comes up on the new template\n"

static void test_notes(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *live, *notes;
	} cases[] = {
		{WEB(CLAIM("a", "1"), "i:1", "0"), WEB(CLAIM("a", "2"), "i:1", "0"), DONE,
		 WHAT_HAPPENS},
		{WEB("", "i:1", "0"), WEB(CLAIM("b", "1"), "i:1", "0"), DONE,
		 WHAT_HAPPENS "the Pods have no volume \"b\", and the controller cannot give it to "
			      "one that runs: it stands still until they have been deleted, the "
			      "lowest ordinal first\n"},
		{WEB("", "i:1", "2"), WEB("", "i:1", "2"), DONE, WHAT_HAPPENS},
		{WEB("", "i:1", "2"), WEB("", "i:1", "2"), CANARY, WHAT_HAPPENS FORGETS},
		{WEB("", "i:1", "2"), WEB("", "i:2", "2"), DONE, WHAT_HAPPENS FORGETS},
		{WEB("", "i:1", "2"), WEB("", "i:2", "0"), CANARY, WHAT_HAPPENS},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(plan_release) struct plan plan = {0};
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].live);
		CLEANUP(buf_release) struct buf lines = BUF_INIT(1 << 20);
		struct plan_item *item =
			add_item(&plan, PLAN_RECREATE, cases[i].from, cases[i].to, "a.yaml", 1);
		struct err err;

		assert_ok(recreation_note(item, live, &err), err);
		for (size_t n = 0; n < item->note_count; n++)
			buf_printf(&lines, "%s\n", item->notes[n]);
		assert_string_equal(buf_str(&lines), cases[i].notes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_wanted), cmocka_unit_test(test_remedies),
		cmocka_unit_test(test_adoption),  cmocka_unit_test(test_strips),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
