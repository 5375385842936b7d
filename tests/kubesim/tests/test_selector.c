#include "tests/kubesim/selector.h"

#include "tests/kubesim/obj.h"
#include "tests/support/check.h"
#include "tests/support/values.h"

static const struct kind pod = {.group = "", .plural = "pods", .namespaced = true};
static const struct kind event = {
	.group = "events.k8s.io",
	.plural = "events",
	.namespaced = true,
};

static const char object[] =
	"{'metadata':{'name':'p','namespace':'n','labels':{'app':'web','tier':'front','size':'5',"
	"'empty':''}},'spec':{'nodeName':'node-1'},'status':{'phase':'Running'}}";

static void test_labels_and_fields(void **state)
{
	static const struct {
		const char *labels, *fields;
		bool matches;
	} cases[] = {
		{"", "", true},
		{"app=web", "", true},
		{"app==web", "", true},
		{"app = web , tier=front", "", true},
		{"app=web,tier=back", "", false},
		{"app!=web", "", false},
		{"missing!=web", "", true},
		{"app in (db, web)", "", true},
		{"app in (db)", "", false},
		{"app notin (db,cache)", "", true},
		{"app notin (db,web)", "", false},
		{"missing notin (db)", "", true},
		{"app", "", true},
		{"missing", "", false},
		{"!missing", "", true},
		{"!app", "", false},
		{"empty=", "", true},
		{"size>4,size<6", "", true},
		{"size>5", "", false},
		{"", "metadata.name=p", true},
		{"", "metadata.name==p,metadata.namespace=n", true},
		{"", "metadata.name!=p", false},
		{"", "spec.nodeName=node-1,status.phase!=Failed", true},
		{"", "status.podIP=", true},
		{"", "spec.hostNetwork=false", true},
		{"app=web", "status.phase=Pending", false},
	};
	CLEANUP(cJSON_Delete_p) cJSON *value = value_of(object);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(selector_release) struct selector selector = {0};
		CLEANUP(status_release) struct status status = {0};

		assert_int_equal(
			selector_parse(cases[i].labels, cases[i].fields, &pod, &selector, &status),
			0);
		if (selector_matches(&selector, value) != cases[i].matches)
			fail_msg("labels %s fields %s", cases[i].labels, cases[i].fields);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *labels, *fields, *message;
	} cases[] = {
		{"a b", "",
		 "unable to parse requirement: found 'b', expected: identifier, 'in', 'notin', "
		 "'=', '==', '!='"},
		{"=x", "",
		 "unable to parse requirement: found '=x', expected: identifier, 'in', 'notin', "
		 "'=', '==', '!='"},
		{"", "spec.foo=x", "field label not supported: spec.foo"},
		{"", "metadata.name",
		 "invalid selector: 'metadata.name'; can't understand "
		 "'metadata.name'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(selector_release) struct selector selector = {0};
		CLEANUP(status_release) struct status status = {0};

		assert_int_equal(
			selector_parse(cases[i].labels, cases[i].fields, &pod, &selector, &status),
			-1);
		assert_string_equal(status.message, cases[i].message);
		assert_int_equal(status.code, 400);
	}
}

/* Both API groups' names for the same thing, on what is stored. */
static void test_events(void **state)
{
	static const char *const fields[] = {
		"involvedObject.name=web-0",
		"regarding.name=web-0",
		"source=kubelet",
		"reason=Started,type=Normal",
	};
	CLEANUP(cJSON_Delete_p)
	cJSON *value = value_of("{'involvedObject':{'name':'web-0'},'source':{'component':"
				"'kubelet'},'reason':'Started','type':'Normal'}");

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		CLEANUP(selector_release) struct selector selector = {0};
		CLEANUP(status_release) struct status status = {0};

		assert_int_equal(selector_parse("", fields[i], &event, &selector, &status), 0);
		assert_true(selector_matches(&selector, value));
	}
}

static void test_label_selectors(void **state)
{
	static const struct {
		const char *selector;
		bool matches;
	} cases[] = {
		{"{}", true},
		{"{'matchLabels':{'app':'web'}}", true},
		{"{'matchLabels':{'app':'db'}}", false},
		{"{'matchLabels':{'other':'x'}}", false},
		{"{'matchExpressions':[{'key':'app','operator':'In','values':['web']}]}", true},
		{"{'matchExpressions':[{'key':'app','operator':'NotIn','values':['web']}]}", false},
		{"{'matchExpressions':[{'key':'app','operator':'Exists'}]}", true},
		{"{'matchExpressions':[{'key':'app','operator':'DoesNotExist'}]}", false},
		{"{'matchExpressions':[{'key':'x','operator':'DoesNotExist'}]}", true},
	};
	CLEANUP(cJSON_Delete_p) cJSON *labels = value_of("{'app':'web'}");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *selector = value_of(cases[i].selector);

		assert_int_equal(selector_matches_labels(selector, labels), cases[i].matches);
	}
	assert_false(selector_matches_labels(NULL, labels));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_labels_and_fields),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_label_selectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
