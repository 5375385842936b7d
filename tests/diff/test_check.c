#include "diff/check.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/findings.h"

/* Lines 1 to 5, and the end of a good StatefulSet, Deployment, ... from its Pod template on. */
#define HEAD(kind)              \
	"apiVersion: apps/v1\n" \
	"kind: " kind "\n"      \
	"metadata:\n"           \
	"  name: web\n"         \
	"spec:\n"
#define SELECTOR             \
	"  selector:\n"      \
	"    matchLabels:\n" \
	"      app: nginx\n"
#define TEMPLATE                \
	"  template:\n"         \
	"    metadata:\n"       \
	"      labels:\n"       \
	"        app: nginx\n"  \
	"    spec:\n"           \
	"      containers:\n"   \
	"      - name: nginx\n" \
	"        image: nginx:1\n"
#define NOT_A_LABEL                                                                              \
	"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', " \
	"and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', " \
	"regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
#define MISMATCH "`selector` does not match template `labels`: "

struct check_case {
	const char *name, *text, *findings;
};

static void check_cases(const struct check_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};

		add_text(&set, &findings, cases[i].text);
		assert_findings(&findings, cases[i].name, cases[i].findings);
		assert_int_equal(set.count, findings.error_count ? 0 : 1);
	}
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

static void test_partition(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"on a Deployment",
		 HEAD("Deployment") "  replicas: 3\n"
				    "  strategy:\n"
				    "    rollingUpdate:\n"
				    "      partition: 2\n" SELECTOR TEMPLATE,
		 "a.yaml:9:7: error: Deployment \"web\": unknown field "
		 "\"spec.strategy.rollingUpdate.partition\": the Pods of a Deployment have no "
		 "ordinals that a partition could divide; remove it, or make this a StatefulSet\n"},
		{"as a StatefulSet has it",
		 HEAD("Deployment") "  updateStrategy: {rollingUpdate: {partition: 2}}\n" SELECTOR
			 TEMPLATE,
		 "a.yaml:6:3: error: Deployment \"web\": unknown field \"updateStrategy\" in "
		 "Deployment.spec\n"
		 "a.yaml:6:36: error: Deployment \"web\": unknown field "
		 "\"spec.updateStrategy.rollingUpdate.partition\": the Pods of a Deployment have "
		 "no ordinals that a partition could divide; remove it, or make this a "
		 "StatefulSet\n"},
		{"on a DaemonSet",
		 HEAD("DaemonSet") "  updateStrategy:\n"
				   "    rollingUpdate:\n"
				   "      partition: 2\n" SELECTOR TEMPLATE,
		 "a.yaml:8:7: error: DaemonSet \"web\": unknown field "
		 "\"spec.updateStrategy.rollingUpdate.partition\": the Pods of a DaemonSet have no "
		 "ordinals that a partition could divide; remove it, or make this a StatefulSet\n"},
		{"in a version that the tables do not have",
		 "apiVersion: extensions/v1beta1\n"
		 "kind: Deployment\n"
		 "metadata: {name: web}\n"
		 "spec: {strategy: {rollingUpdate: {partition: 2}}, whatever: 1}\n",
		 "a.yaml:4:35: error: Deployment \"web\": unknown field "
		 "\"spec.strategy.rollingUpdate.partition\": the Pods of a Deployment have no "
		 "ordinals that a partition could divide; remove it, or make this a StatefulSet\n"},
		{"negative",
		 HEAD("StatefulSet") "  updateStrategy:\n"
				     "    rollingUpdate:\n"
				     "      partition: -1\n" SELECTOR TEMPLATE,
		 "a.yaml:8:7: error: StatefulSet \"web\": "
		 "spec.updateStrategy.rollingUpdate.partition is -1, but must be 0 or more\n"},
		{"with OnDelete",
		 HEAD("StatefulSet") "  updateStrategy:\n"
				     "    type: OnDelete\n"
				     "    rollingUpdate:\n"
				     "      partition: 1\n" SELECTOR TEMPLATE,
		 "a.yaml:9:7: error: StatefulSet \"web\": "
		 "spec.updateStrategy.rollingUpdate.partition has no meaning with type OnDelete, "
		 "where Pods are replaced when somebody deletes them; remove it, or make the type "
		 "RollingUpdate\n"},
		{"with OnDelete, left out",
		 HEAD("StatefulSet") "  updateStrategy:\n"
				     "    type: OnDelete\n"
				     "    rollingUpdate: {}\n" SELECTOR TEMPLATE,
		 "a.yaml:8:5: error: StatefulSet \"web\": spec.updateStrategy.rollingUpdate has no "
		 "meaning with type OnDelete, where Pods are replaced when somebody deletes them; "
		 "remove it, or make the type RollingUpdate\n"},
		{"another strategy",
		 HEAD("StatefulSet") "  updateStrategy:\n"
				     "    type: Recreate\n" SELECTOR TEMPLATE,
		 "a.yaml:7:5: error: StatefulSet \"web\": spec.updateStrategy.type is "
		 "\"Recreate\", but must be RollingUpdate or OnDelete\n"},
		{"at replicas",
		 HEAD("StatefulSet") "  replicas: 3\n"
				     "  updateStrategy:\n"
				     "    rollingUpdate:\n"
				     "      partition: 3\n" SELECTOR TEMPLATE,
		 "a.yaml:9:7: warning: StatefulSet \"web\": "
		 "spec.updateStrategy.rollingUpdate.partition is 3, which is not below replicas 3: "
		 "no Pod takes a new template\n"},
		{"below replicas",
		 HEAD("StatefulSet") "  replicas: 3\n"
				     "  updateStrategy: {rollingUpdate: {partition: 2}, type: "
				     "RollingUpdate}\n" SELECTOR TEMPLATE,
		 ""},
		{"without replicas nobody knows",
		 HEAD("StatefulSet") "  updateStrategy: {rollingUpdate: {partition: 7}}\n" SELECTOR
			 TEMPLATE,
		 ""},
		{"0 of 0", HEAD("StatefulSet") "  replicas: 0\n" SELECTOR TEMPLATE, ""},
	};

	CHECK_CASES(cases);
}

static void test_selector(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"another value",
		 HEAD("StatefulSet") "  selector: {matchLabels: {app: web, tier: a}}\n" TEMPLATE,
		 "a.yaml:6:38: error: StatefulSet \"web\": " MISMATCH
		 "spec.template.metadata.labels lacks \"tier\"\n"
		 "a.yaml:10:9: error: StatefulSet \"web\": " MISMATCH
		 "\"app\" is \"web\" in spec.selector.matchLabels, but \"nginx\" in "
		 "spec.template.metadata.labels\n"},
		{"no labels at all",
		 HEAD("Deployment") SELECTOR
		 "  template: {spec: {containers: [{name: a, image: b}]}}\n",
		 "a.yaml:8:7: error: Deployment \"web\": " MISMATCH
		 "spec.template.metadata.labels lacks \"app\"\n"},
		{"empty", HEAD("ReplicaSet") "  selector: {matchLabels: {}}\n" TEMPLATE,
		 "a.yaml:6:3: error: ReplicaSet \"web\": spec.selector is empty: it has to name "
		 "labels of the template that tell these Pods apart\n"},
		{"missing", HEAD("DaemonSet") TEMPLATE,
		 "a.yaml:5:1: error: DaemonSet \"web\": DaemonSet.spec.selector is required\n"},
		{"expressions that hold",
		 HEAD("StatefulSet") "  selector:\n"
				     "    matchExpressions:\n"
				     "    - {key: app, operator: In, values: [web, nginx]}\n"
				     "    - {key: app, operator: NotIn, values: [web]}\n"
				     "    - {key: tier, operator: NotIn, values: [web]}\n"
				     "    - {key: app, operator: Exists}\n"
				     "    - {key: tier, operator: DoesNotExist}\n" TEMPLATE,
		 ""},
		{"expressions that do not",
		 HEAD("StatefulSet") "  selector:\n"
				     "    matchExpressions:\n"
				     "    - {key: app, operator: In, values: [web]}\n"
				     "    - {key: app, operator: NotIn, values: [nginx]}\n"
				     "    - {key: tier, operator: In, values: [web]}\n"
				     "    - {key: tier, operator: Exists}\n"
				     "    - {key: app, operator: DoesNotExist}\n"
				     "    - {key: app, operator: Equals}\n" TEMPLATE,
		 "a.yaml:8:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"app\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:9:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"app\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:10:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"tier\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:11:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"tier\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:12:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"app\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:13:7: error: StatefulSet \"web\": " MISMATCH
		 "the expression on \"app\" does not hold for spec.template.metadata.labels\n"
		 "a.yaml:13:18: error: StatefulSet \"web\": "
		 "spec.selector.matchExpressions[5].operator is \"Equals\", but must be "
		 "DoesNotExist, Exists, In or NotIn\n"},
	};

	CHECK_CASES(cases);
}

static void test_fields(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"misspelt, with what was meant",
		 HEAD("StatefulSet") "  replica: 3\n" SELECTOR TEMPLATE,
		 "a.yaml:6:3: error: StatefulSet \"web\": unknown field \"replica\" in "
		 "StatefulSet.spec; did you mean \"replicas\"?\n"},
		{"deep in a list",
		 HEAD("StatefulSet") SELECTOR TEMPLATE "      - name: b\n"
						       "        imag: c\n",
		 "a.yaml:17:9: error: StatefulSet \"web\": spec.template.spec.containers[1].image "
		 "is missing\n"
		 "a.yaml:18:9: error: StatefulSet \"web\": unknown field \"imag\" in "
		 "StatefulSet.spec.template.spec.containers[1]; did you mean \"image\"?\n"},
		{"a string for a number",
		 HEAD("StatefulSet") "  replicas: \"3\"\n" SELECTOR TEMPLATE,
		 "a.yaml:6:3: error: StatefulSet \"web\": StatefulSet.spec.replicas must be an "
		 "integer, not a string\n"},
		{"negative replicas", HEAD("Deployment") "  replicas: -2\n" SELECTOR TEMPLATE,
		 "a.yaml:6:3: error: Deployment \"web\": spec.replicas is -2, but must be 0 or "
		 "more\n"},
		{"negative ordinals",
		 HEAD("StatefulSet") "  ordinals: {start: -1}\n" SELECTOR TEMPLATE,
		 "a.yaml:6:14: error: StatefulSet \"web\": spec.ordinals.start is -1, but must be "
		 "0 or more\n"},
		{"no container",
		 HEAD("StatefulSet") SELECTOR "  template:\n"
					      "    metadata: {labels: {app: nginx}}\n"
					      "    spec:\n"
					      "      containers: []\n",
		 "a.yaml:12:7: error: StatefulSet \"web\": spec.template.spec.containers is empty: "
		 "a Pod needs a container\n"},
		{"several at once",
		 HEAD("StatefulSet") "  replica: 3\n"
				     "  serviceNam: w\n" SELECTOR TEMPLATE,
		 "a.yaml:6:3: error: StatefulSet \"web\": unknown field \"replica\" in "
		 "StatefulSet.spec; did you mean \"replicas\"?\n"
		 "a.yaml:7:3: error: StatefulSet \"web\": unknown field \"serviceNam\" in "
		 "StatefulSet.spec; did you mean \"serviceName\"?\n"},
		{"of no kind that is known",
		 "apiVersion: example.com/v1\n"
		 "kind: StatefulSet\n"
		 "metadata: {name: web}\n"
		 "spec: {replica: -1, updateStrategy: {type: X}}\n",
		 ""},
		{"status is not sent",
		 HEAD("StatefulSet") SELECTOR TEMPLATE "status:\n"
						       "  whatever: 1\n",
		 ""},
		{"nor looked at when it is nonsense",
		 HEAD("StatefulSet") SELECTOR TEMPLATE "status: 7\n", ""},
	};

	CHECK_CASES(cases);
}

static void test_names(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"a slash",
		 "apiVersion: v1\n"
		 "kind: Service\n"
		 "metadata:\n"
		 "  name: ../web\n",
		 "a.yaml:4:3: error: Service \"../web\": metadata.name \"../web\": " NOT_A_LABEL
		 "\n"},
		{"dots", "{apiVersion: example.com/v1, kind: Foo, metadata: {name: ..}}",
		 "a.yaml:1:52: error: Foo \"..\": metadata.name \"..\": may not be '..'\n"},
		{"a namespace",
		 "apiVersion: v1\n"
		 "kind: ConfigMap\n"
		 "metadata: {name: web, namespace: a/b}\n",
		 "a.yaml:3:23: error: ConfigMap \"web\": metadata.namespace \"a/b\": " NOT_A_LABEL
		 "\n"},
		{"a role's name may hold colons",
		 "apiVersion: rbac.authorization.k8s.io/v1\n"
		 "kind: Role\n"
		 "metadata: {name: 'system:x', namespace: a-1}\n"
		 "rules: []\n",
		 ""},
	};

	CHECK_CASES(cases);
}

static void test_stops_at_many_faults(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);

	buf_puts(&text, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
	for (int i = 0; i < 50000; i++)
		buf_printf(&text, "k%d: v\n", i);
	add_text(&set, &findings, buf_str(&text));
	assert_int_equal(findings.count, CHECK_MAX_FINDINGS + 1);
	assert_string_equal(findings.items[CHECK_MAX_FINDINGS - 1].message,
			    "ConfigMap \"a\": unknown field \"k19\" in ConfigMap");
	assert_string_equal(findings.items[CHECK_MAX_FINDINGS].message,
			    "ConfigMap \"a\": more than 20 faults; these are the first");
}

/* Line 5 is the annotation's. */
#define ANNOTATED(kind, annotation) \
	"apiVersion: apps/v1\n"     \
	"kind: " kind "\n"          \
	"metadata:\n"               \
	"  annotations:\n"          \
	"    " annotation "\n"      \
	"  name: web\n"             \
	"spec:\n"

static void test_annotations(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"fine", ANNOTATED("StatefulSet", "tranche.dev/step: '1'") SELECTOR TEMPLATE, ""},
		{"a bad value",
		 ANNOTATED("StatefulSet", "tranche.dev/bake: '60'") SELECTOR TEMPLATE,
		 "a.yaml:5:5: error: StatefulSet \"web\": tranche.dev/bake is \"60\", but must be "
		 "a duration such as 90s, 10m or 1h30m\n"},
		{"unquoted", ANNOTATED("StatefulSet", "tranche.dev/hold: true") SELECTOR TEMPLATE,
		 "a.yaml:5:5: error: StatefulSet \"web\": "
		 "StatefulSet.metadata.annotations.tranche.dev/hold "
		 "must be a string, not a boolean: quote it\n"},
		{"misspelt", ANNOTATED("StatefulSet", "tranche.dev/bakes: 60s") SELECTOR TEMPLATE,
		 "a.yaml:5:5: warning: StatefulSet \"web\": unknown annotation "
		 "\"tranche.dev/bakes\"; did you mean \"tranche.dev/bake\"?\n"},
		{"on another kind",
		 ANNOTATED("Deployment", "tranche.dev/bake: 60s") SELECTOR TEMPLATE,
		 "a.yaml:5:5: warning: Deployment \"web\": tranche.dev/bake means nothing on a "
		 "Deployment: it is for StatefulSets\n"},
		{"on the template",
		 HEAD("StatefulSet") SELECTOR
		 "  template:\n"
		 "    metadata:\n"
		 "      annotations:\n"
		 "        tranche.dev/step: '1'\n"
		 "      labels:\n"
		 "        app: nginx\n"
		 "    spec:\n"
		 "      containers: [{name: nginx, image: 'nginx:1'}]\n",
		 "a.yaml:12:9: warning: StatefulSet \"web\": tranche.dev/step means nothing on "
		 "Pods: "
		 "move it from the template to metadata.annotations\n"},
		{"with OnDelete",
		 ANNOTATED("StatefulSet", "tranche.dev/step: '1'") SELECTOR
		 "  updateStrategy: {type: OnDelete}\n" TEMPLATE,
		 "a.yaml:5:5: warning: StatefulSet \"web\": tranche.dev/step means nothing with "
		 "updateStrategy OnDelete, which has no partition\n"},
		{"the gate is off for good",
		 ANNOTATED("StatefulSet", "tranche.dev/force-partition: '0'") SELECTOR TEMPLATE,
		 "a.yaml:5:5: warning: StatefulSet \"web\": tranche.dev/force-partition is the "
		 "partition 0: it is applied without steps and gate as long as this stands here\n"},
		{"the gate was forced for another partition",
		 ANNOTATED("StatefulSet", "tranche.dev/force-partition: '1'") SELECTOR TEMPLATE,
		 ""},
		{"fields to ignore",
		 ANNOTATED("StatefulSet", "tranche.dev/ignore: /spec/replicas") SELECTOR TEMPLATE,
		 ""},
		{"no pointer to ignore",
		 ANNOTATED("StatefulSet", "tranche.dev/ignore: spec.replicas") SELECTOR TEMPLATE,
		 "a.yaml:5:5: error: StatefulSet \"web\": tranche.dev/ignore \"spec.replicas\": a "
		 "JSON pointer begins with '/'\n"},
		{"its name is not to be ignored",
		 ANNOTATED("Deployment", "tranche.dev/ignore: '/spec/replicas, /metadata/name'")
			 SELECTOR TEMPLATE,
		 "a.yaml:5:5: error: Deployment \"web\": tranche.dev/ignore \"/metadata/name\": "
		 "this tells the object from all others\n"},
		{"a step that may not be taken",
		 ANNOTATED("StatefulSet", "{tranche.dev/step: '3', tranche.dev/max-promotion: '2'}")
			 SELECTOR TEMPLATE,
		 "a.yaml:5:6: warning: StatefulSet \"web\": tranche.dev/step is more than "
		 "tranche.dev/max-promotion: no commit may promote a whole step\n"},
	};

	CHECK_CASES(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_annotations), cmocka_unit_test(test_partition),
		cmocka_unit_test(test_selector),    cmocka_unit_test(test_fields),
		cmocka_unit_test(test_names),       cmocka_unit_test(test_stops_at_many_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
