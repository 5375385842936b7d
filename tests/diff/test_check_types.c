/* That server and rules are of one mind is tests/e2e/test_validate.sh's; here is what they say, and where. */
#include "diff/check_types.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/check.h"
#include "tests/support/findings.h"

/* A StatefulSet whose container and Pod have these members beside the usual ones. */
#define SET(pod, container)                                                                    \
	"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web},\n"                    \
	"spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}},\n" \
	"spec: {" pod "\n"                                                                     \
	"containers: [{name: main, image: nginx,\n" container "}]}}}}"

struct check_case {
	const char *text, *findings;
};

static void check_cases(const struct check_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		CLEANUP(manifest_set_release) struct manifest_set set = {0};
		CLEANUP(findings_release) struct findings findings = {0};

		add_text(&set, &findings, cases[i].text);
		assert_findings(&findings, cases[i].text, cases[i].findings);
	}
}

#define CHECK_CASES(cases) check_cases(cases, sizeof(cases) / sizeof((cases)[0]))

#define IN_SET "error: StatefulSet \"web\": spec.template.spec."

static void test_pods(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{SET("", "imagePullPolicy: always"),
		 "a.yaml:5:1: " IN_SET "containers[0].imagePullPolicy is \"always\", but must be "
		 "Always, IfNotPresent or Never\n"},
		{SET("restartPolicy: OnFailure,", ""),
		 "a.yaml:3:8: " IN_SET "restartPolicy is \"OnFailure\", but must be Always in a "
		 "StatefulSet\n"},
		{SET("activeDeadlineSeconds: 5,", ""),
		 "a.yaml:3:8: " IN_SET "activeDeadlineSeconds has no place in a StatefulSet, whose "
		 "Pods run on\n"},
		{SET("initContainers: [{name: main, image: a}],", ""),
		 "a.yaml:4:15: " IN_SET "containers[0].name is \"main\", as that of "
		 "initContainers[0]\n"},
		{SET("", "ports: [{containerPort: 0, name: HTTP}]"),
		 "a.yaml:5:10: " IN_SET "containers[0].ports[0].containerPort is 0, but must be "
		 "from 1 to 65535\n"
		 "a.yaml:5:28: " IN_SET "containers[0].ports[0].name \"HTTP\": must contain only "
		 "alpha-numeric characters (a-z, 0-9), and hyphens (-)\n"},
		{SET("", "ports: [{containerPort: 1, name: a}, {containerPort: 2, name: a}]"),
		 "a.yaml:5:57: " IN_SET "containers[0].ports[1].name is \"a\", as that of "
		 "ports[0]\n"},
		{SET("", "env: [{name: A, valueFrom: {}}]"),
		 "a.yaml:5:17: " IN_SET "containers[0].env[0].valueFrom has none of \"fieldRef\", "
		 "\"resourceFieldRef\", \"configMapKeyRef\", \"secretKeyRef\", \"fileKeyRef\"\n"},
		{SET("", "livenessProbe: {tcpSocket: {port: '80'}, exec: {}, successThreshold: 2}"),
		 "a.yaml:5:29: " IN_SET "containers[0].livenessProbe.tcpSocket.port \"80\": must "
		 "contain at least one letter (a-z)\n"
		 "a.yaml:5:42: " IN_SET "containers[0].livenessProbe has \"tcpSocket\" and "
		 "\"exec\", of which one has to go\n"
		 "a.yaml:5:52: " IN_SET "containers[0].livenessProbe.successThreshold is 2, but "
		 "must be 1 there\n"},
		{SET("", "resources: {limits: {cpu: 1}, requests: {cpu: 1500m, memory: -1}}"),
		 "a.yaml:5:42: " IN_SET "containers[0].resources.requests.cpu is more than the "
		 "limit of cpu\n"
		 "a.yaml:5:54: " IN_SET "containers[0].resources.requests.memory is negative\n"},
		{SET("", "securityContext: {privileged: true, allowPrivilegeEscalation: false}"),
		 "a.yaml:5:37: " IN_SET "containers[0].securityContext.allowPrivilegeEscalation is "
		 "false, but the container is privileged\n"},
		{SET("volumes: [{name: a, emptyDir: {}, secret: {}}, {name: a}],", ""),
		 "a.yaml:3:42: " IN_SET "volumes[0] has \"emptyDir\" and \"secret\", of which one "
		 "has to go\n"
		 "a.yaml:3:56: " IN_SET "volumes[1].name is \"a\", as that of volumes[0]\n"},
		{SET("volumes: [{name: a, configMap: {name: b, defaultMode: 644}}],", ""),
		 "a.yaml:3:49: " IN_SET "volumes[0].configMap.defaultMode is 644, but must be from "
		 "0 to 0777; an octal number begins with a 0\n"},
		{SET("", "volumeMounts: [{name: a, mountPath: /a}]"),
		 "a.yaml:5:17: warning: StatefulSet \"web\": "
		 "spec.template.spec.containers[0].volumeMounts[0].name is \"a\", but there is no "
		 "such volume\n"},
		{SET("nodeSelector: {a b: c},", ""),
		 "a.yaml:3:23: " IN_SET "nodeSelector \"a b\": name part must consist of "
		 "alphanumeric characters, '-', '_' or '.', and must start and end with an "
		 "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
		 "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')\n"},
		{"{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {template: {spec: "
		 "{\n"
		 "containers: [{name: b, image: c, volumeMounts: [{name: d, mountPath: /e}]}]}}}}",
		 "a.yaml:1:74: error: Job \"a\": spec.template.spec.restartPolicy is \"Always\", "
		 "but must be OnFailure or Never in a Job\n"
		 "a.yaml:2:50: error: Job \"a\": "
		 "spec.template.spec.containers[0].volumeMounts[0].name is \"d\", but there is no "
		 "such volume\n"},
	};

	CHECK_CASES(cases);
}

static void test_other_kinds(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: Loadbalancer}}",
		 "a.yaml:1:54: error: Service \"a\": spec.ports are missing: a Service that is not "
		 "headless needs one at least\n"
		 "a.yaml:1:61: error: Service \"a\": spec.type is \"Loadbalancer\", but must be "
		 "ClusterIP, ExternalName, LoadBalancer or NodePort\n"},
		{"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {\n"
		 "clusterIP: None, type: NodePort, ports: [{port: 1}, {port: 2, name: b}]}}",
		 "a.yaml:2:1: error: Service \"a\": spec.clusterIP is None, which only type "
		 "ClusterIP can have\n"
		 "a.yaml:2:42: error: Service \"a\": spec.ports[0].name is missing: of several "
		 "ports each needs one\n"},
		{"{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName}}",
		 "a.yaml:1:54: error: Service \"a\": spec.externalName is missing, which type "
		 "ExternalName needs\n"},
		{"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {\n"
		 "accessModes: [RWO]}}",
		 "a.yaml:1:68: error: PersistentVolumeClaim \"a\": spec.resources.requests.storage "
		 "is missing: a claim needs a size\n"
		 "a.yaml:2:15: error: PersistentVolumeClaim \"a\": spec.accessModes[0] is \"RWO\", "
		 "but must be ReadOnlyMany, ReadWriteMany, ReadWriteOnce or ReadWriteOncePod\n"},
		{"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {x: y z}},\n"
		 "data: {b: c}, binaryData: {b: YQ==, d/e: YQ==}}",
		 "a.yaml:1:64: error: ConfigMap \"a\": metadata.labels \"y z\": a valid label must "
		 "be an empty string or consist of alphanumeric characters, '-', '_' or '.', and "
		 "must start and end with an alphanumeric character (e.g. 'MyValue',  or "
		 "'my_value',  or '12345', regex used for validation is "
		 "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')\n"
		 "a.yaml:2:28: error: ConfigMap \"a\": binaryData has the key \"b\", which data "
		 "has "
		 "too\n"
		 "a.yaml:2:37: error: ConfigMap \"a\": binaryData \"d/e\": a valid config key must "
		 "consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or "
		 "'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')\n"},
		{"{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: a},\n"
		 "spec: {minAvailable: 1, maxUnavailable: 1}}",
		 "a.yaml:2:25: error: PodDisruptionBudget \"a\": spec has minAvailable and "
		 "maxUnavailable, of which one has to go\n"},
		{"{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: "
		 "a},\n"
		 "spec: {scaleTargetRef: {kind: StatefulSet, name: b}, minReplicas: 3, "
		 "maxReplicas: "
		 "2}}",
		 "a.yaml:2:70: error: HorizontalPodAutoscaler \"a\": spec.maxReplicas is 2, below "
		 "minReplicas 3\n"},
		/* At the root of an object there is no path in front. */
		{"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a},\n"
		 "provisioner: b, volumeBindingMode: Wait}",
		 "a.yaml:2:17: error: StorageClass \"a\": volumeBindingMode is \"Wait\", but must "
		 "be Immediate or WaitForFirstConsumer\n"},
		/* What is not known, ill-typed, null or empty is not these rules' business. */
		{"{apiVersion: example.org/v1, kind: Service, metadata: {name: A, labels: {x: y "
		 "z}},"
		 "spec: {type: x}}",
		 ""},
		{"{apiVersion: v1, kind: Service, metadata: {name: a, labels: null}, spec: {type: "
		 "'', sessionAffinity: null, ports: [{port: 1, name: '', nodePort: null}]}}",
		 ""},
	};

	CHECK_CASES(cases);
}

static void test_names_of_sets(void **state)
{
	(void)state;
	static const struct check_case cases[] = {
		{"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: "
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa},\n"
		 "spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},\n"
		 "spec: {containers: [{name: c, image: d}]}}}}",
		 "a.yaml:1:53: warning: StatefulSet "
		 "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\": metadata.name has 53 "
		 "characters: with more than 52 a StatefulSet can mostly not create its Pods, "
		 "whose label controller-revision-hash holds the name and ten digits\n"},
		{"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: web}, spec: {\n"
		 "serviceName: Web, volumeClaimTemplates: [{metadata: {name: A_b}, spec: {}}],\n"
		 "selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}},\n"
		 "spec: {containers: [{name: c, image: d}]}}}}",
		 "a.yaml:2:1: error: StatefulSet \"web\": spec.serviceName \"Web\": a lowercase "
		 "RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
		 "must start and end with an alphanumeric character (e.g. 'my-name',  or "
		 "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
		 "a.yaml:2:54: error: StatefulSet \"web\": "
		 "spec.volumeClaimTemplates[0].metadata.name \"A_b\": a lowercase RFC 1123 label "
		 "must "
		 "consist of lower case alphanumeric characters or '-', and must start and end "
		 "with "
		 "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for "
		 "validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')\n"
		 "a.yaml:2:66: error: StatefulSet \"web\": spec.volumeClaimTemplates[0].spec"
		 ".accessModes are missing: a claim needs one at least\n"
		 "a.yaml:2:66: error: StatefulSet \"web\": spec.volumeClaimTemplates[0].spec"
		 ".resources.requests.storage is missing: a claim needs a size\n"},
	};

	CHECK_CASES(cases);
}

/* A manifest of many items costs no square of their number. */
static void test_many(void **state)
{
	(void)state;
	CLEANUP(manifest_set_release) struct manifest_set set = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(buf_release) struct buf text = BUF_INIT(YAML_MAX_BYTES);

	buf_puts(&text, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  volumes:\n");
	for (int i = 0; i < 50000; i++)
		buf_printf(&text, "  - name: v%d\n", i);
	buf_puts(&text, "  containers:\n  - name: a\n    image: b\n    volumeMounts:\n");
	for (int i = 0; i < 50000; i++)
		buf_printf(&text, "    - {name: v%d, mountPath: /m%d}\n", i, i);
	add_text(&set, &findings, buf_str(&text));
	assert_findings(&findings, "many volumes", "");
	assert_int_equal(set.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_names_of_sets),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
