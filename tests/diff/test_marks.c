#include "diff/marks.h"

#include "tests/support/check.h"
#include "tests/support/values.h"

#define WITH(labels, annotations) \
	"{'metadata':{'name':'web','labels':{" labels "},'annotations':{" annotations "}}}"

#define HELM "'app.kubernetes.io/managed-by':'Helm'"
#define FLUX "'kustomize.toolkit.fluxcd.io/name':'apps'"
#define ARGO "'argocd.argoproj.io/tracking-id':'shop:apps/StatefulSet:x/web'"

static void test_those_of_an_object(void **state)
{
	(void)state;
	static const struct {
		const char *object, *marks; /* NULL: none */
	} cases[] = {
		{"{}", NULL},
		{WITH("'app':'web'", "'a':'b'"), NULL},
		{WITH("'app.kubernetes.io/managed-by':7", ""), NULL},
		{WITH("", FLUX), NULL}, /* a label, not an annotation */
		{WITH("'app':'web'," HELM, ""), "{" HELM "}"},
		{WITH(HELM, ARGO ",'tranche.dev/prune':'disabled'"),
		 "{" HELM "," ARGO ",'tranche.dev/prune':'disabled'}"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(cases[i].object);
		CLEANUP(cJSON_Delete_p) cJSON *marks = NULL;

		assert_ok(marks_of(object, &marks, &err), err);
		if (cases[i].marks)
			assert_value(marks, cases[i].marks);
		else
			assert_null(marks);
	}
}

static void test_foreign_ones(void **state)
{
	(void)state;
	static const struct {
		const char *live, *applied, *found; /* "": none */
	} cases[] = {
		{"{}", NULL, ""},
		{WITH("", "'tranche.dev/prune':'disabled'"), NULL, ""},
		{WITH(HELM, ""), NULL, "its label app.kubernetes.io/managed-by is \"Helm\""},
		{WITH(HELM, ""), "{" HELM "}", ""},
		{WITH(HELM, ""), "{'app.kubernetes.io/managed-by':'kustomize'}",
		 "its label app.kubernetes.io/managed-by is \"Helm\""},
		{WITH("", ""), "{" HELM "}", ""},
		{WITH(HELM "," FLUX, ""), "{" HELM "}",
		 "its label kustomize.toolkit.fluxcd.io/name is \"apps\""},
		{WITH(HELM, ARGO), "{" HELM "}",
		 "its annotation argocd.argoproj.io/tracking-id is "
		 "\"shop:apps/StatefulSet:x/web\""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *live = value_of(cases[i].live);
		CLEANUP(cJSON_Delete_p)
		cJSON *applied = cases[i].applied ? value_of(cases[i].applied) : NULL;
		CLEANUP(buf_release) struct buf found = BUF_INIT(1024);

		assert_int_equal(marks_find_foreign(live, applied, &found), *cases[i].found != 0);
		assert_string_equal(buf_str(&found), cases[i].found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_those_of_an_object),
		cmocka_unit_test(test_foreign_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
