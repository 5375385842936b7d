#include "diff/offline.h"

#include <string.h>

#include "diff/render.h"

#include "tests/support/check.h"
#include "tests/support/findings.h"

#define NOTE "compared without the server: only fields that the manifest sets\n"

/* What the server fills in stands on both sides. */
#define SET(name, replicas, image)                                                 \
	"apiVersion: apps/v1\n"                                                    \
	"kind: StatefulSet\n"                                                      \
	"metadata: {name: " name ", uid: u1, generation: 1}\n"                     \
	"spec:\n"                                                                  \
	"  replicas: " replicas "\n"                                               \
	"  serviceName: web\n"                                                     \
	"  podManagementPolicy: OrderedReady\n"                                    \
	"  revisionHistoryLimit: 10\n"                                             \
	"  updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}\n" \
	"  persistentVolumeClaimRetentionPolicy:\n"                                \
	"    {whenDeleted: Retain, whenScaled: Retain}\n"                          \
	"  selector: {matchLabels: {app: web}}\n"                                  \
	"  template:\n"                                                            \
	"    metadata: {labels: {app: web}}\n"                                     \
	"    spec:\n"                                                              \
	"      dnsPolicy: ClusterFirst\n"                                          \
	"      restartPolicy: Always\n"                                            \
	"      schedulerName: default-scheduler\n"                                 \
	"      securityContext: {}\n"                                              \
	"      terminationGracePeriodSeconds: 30\n"                                \
	"      containers:\n"                                                      \
	"      - name: nginx\n"                                                    \
	"        image: \"" image "\"\n"                                           \
	"        imagePullPolicy: IfNotPresent\n"                                  \
	"        resources: {}\n"                                                  \
	"        terminationMessagePath: /dev/termination-log\n"                   \
	"        terminationMessagePolicy: File\n"

#define STATUS(replicas, updated, current, update)                                          \
	"status: {observedGeneration: 1, replicas: " replicas ", updatedReplicas: " updated \
	", currentRevision: " current ", updateRevision: " update "}\n"

#define POD(name, revision)                                                                   \
	"---\n"                                                                               \
	"{apiVersion: v1, kind: Pod, metadata: {name: " name                                  \
	", namespace: default, labels: {app: web, controller-revision-hash: " revision "}}, " \
	"spec: {containers: [{name: nginx, image: \"nginx:1\"}]}}\n"

struct offline_case {
	const char *name, *manifests, *live, *expected;
};

/* The plan as `diff -o text` shows it. */
static void check_plan(const struct offline_case *the_case)
{
	CLEANUP(manifest_set_release) struct manifest_set manifests = {0};
	CLEANUP(manifest_set_release) struct manifest_set live = {0};
	CLEANUP(findings_release) struct findings findings = {0};
	CLEANUP(plan_release) struct plan plan = {0};
	CLEANUP(buf_release) struct buf out = BUF_INIT(1u << 20);
	const struct render_options options = {0};
	const struct offline_options offline = {.default_namespace = "default"};
	struct err err;

	add_text(&manifests, &findings, the_case->manifests);
	assert_ok(manifest_set_add_live(&live, "live.yaml", the_case->live, strlen(the_case->live),
					&findings, &err),
		  err);
	assert_int_equal(findings.error_count, 0);
	assert_ok(offline_plan(&manifests, &live, &offline, &plan, &err), err);
	render_plan_text(&plan, &options, &out);
	if (strcmp(buf_str(&out), the_case->expected) != 0)
		fail_msg("%s: expected\n%sgot\n%s", the_case->name, the_case->expected,
			 buf_str(&out));
}

static void check_plans(const struct offline_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check_plan(&cases[i]);
}

#define CHECK_PLANS(cases) check_plans(cases, sizeof(cases) / sizeof(*(cases)))

#define NONE "{apiVersion: v1, kind: List, items: []}\n"

static void test_which_object_is_which(void **state)
{
	(void)state;
	static const struct offline_case cases[] = {
		{"nothing is there", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", NONE,
		 "configmap/a  create  a.yaml:1\n1 to create\n" NOTE},
		{"the default namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
		 "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}",
		 "configmap/a  in sync  a.yaml:1\n1 in sync\n" NOTE},
		{"another namespace", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
		 "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}",
		 "configmap/a  create  a.yaml:1\n1 to create\n" NOTE},
		{"a cluster-scoped kind",
		 "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: odd}}",
		 "{apiVersion: v1, kind: Namespace, metadata: {name: a}, spec: {finalizers: "
		 "[kubernetes]}}",
		 "namespace/a  in sync  a.yaml:1\n1 in sync\n" NOTE},
		{"a cluster-scoped custom resource",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a}, spec: {b: 2}}",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a}, spec: {b: 1, c: 1}}",
		 "odd.e.org/a  replace  a.yaml:1\n  spec.b              1 -> 2\n1 to "
		 "replace\n" NOTE},
		{"another version", "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a}}",
		 "{apiVersion: e.org/v2, kind: Odd, metadata: {name: a, namespace: default}}",
		 "odd.e.org/a  failed  a.yaml:1\n"
		 "  error: the live object is in e.org/v2, the manifest in e.org/v1, and only a "
		 "server converts them; ask kubectl for that version\n"
		 "1 failed\n" NOTE},
	};

	CHECK_PLANS(cases);
}

static void test_only_what_is_set(void **state)
{
	(void)state;
	static const struct offline_case cases[] = {
		{"the server's own fields and defaults",
		 "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}], "
		 "selector: {a: b}}}",
		 "{apiVersion: v1, kind: Service, metadata: {name: a, uid: x, resourceVersion: "
		 "'7'}, spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], type: ClusterIP, "
		 "sessionAffinity: None, internalTrafficPolicy: Cluster, ports: [{port: 80, "
		 "protocol: TCP, targetPort: 80}], selector: {a: b}}, status: {loadBalancer: {}}}",
		 "service/a  in sync  a.yaml:1\n1 in sync\n" NOTE},
		{"stringData",
		 "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {k: v}}",
		 "{apiVersion: v1, kind: Secret, metadata: {name: a}, type: Opaque, data: {k: "
		 "dg==}}",
		 "secret/a  in sync  a.yaml:1\n1 in sync\n" NOTE},
		{"replicas left out, a label that goes",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a, labels: {l: m}}, spec: {}}",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a, labels: {l: m, x: z}}, "
		 "spec: {replicas: 7}}",
		 "odd.e.org/a  replace  a.yaml:1\n"
		 "  metadata.labels.x   z -> (none)\n"
		 "1 to replace\n" NOTE},
	};

	CHECK_PLANS(cases);
}

#define AUTOSCALER(name, target)                                                                  \
	"---\n{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: " name \
	", namespace: default}, spec: {maxReplicas: 9, minReplicas: 1, scaleTargetRef: "          \
	"{apiVersion: "                                                                           \
	"apps/v1, kind: StatefulSet, name: " target "}}}\n"

static void test_left_to_the_cluster(void **state)
{
	(void)state;
	static const struct offline_case cases[] = {
		{"replicas under an autoscaler of the cluster", SET("web", "3", "nginx:1"),
		 SET("web", "5", "nginx:1") AUTOSCALER("h", "web"),
		 "statefulset.apps/web  in sync  a.yaml:1\n"
		 "  note: replicas 3 of Git is ignored: HorizontalPodAutoscaler h scales it, live "
		 "has 5\n"
		 "1 in sync\n" NOTE},
		{"of the commit", SET("web", "3", "nginx:1") AUTOSCALER("h", "web"),
		 SET("web", "5", "nginx:1"),
		 "horizontalpodautoscaler.autoscaling/h  create   a.yaml:29\n"
		 "statefulset.apps/web                   in sync  a.yaml:1\n"
		 "  note: replicas 3 of Git is ignored: HorizontalPodAutoscaler h scales it, live "
		 "has 5\n"
		 "1 to create, 1 in sync\n" NOTE},
		{"that the commit gives another target",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a}, spec: {replicas: 3}}\n"
		 "---\n{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: "
		 "{name: "
		 "h}, spec: {maxReplicas: 9, scaleTargetRef: {kind: Odd, name: b}}}",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a, namespace: default}, spec: "
		 "{replicas: 5}}\n"
		 "---\n{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: "
		 "{name: "
		 "h, namespace: default}, spec: {maxReplicas: 9, minReplicas: 1, scaleTargetRef: "
		 "{apiVersion: e.org/v1, kind: Odd, name: a}}}",
		 "odd.e.org/a                            replace  a.yaml:1\n"
		 "  spec.replicas                                 5 -> 3\n"
		 "horizontalpodautoscaler.autoscaling/h  replace  a.yaml:3\n"
		 "  spec.scaleTargetRef.name                      a -> b\n"
		 "2 to replace\n" NOTE},
		{"ignored fields",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a, annotations: "
		 "{tranche.dev/ignore: '/spec/b,/spec/c'}}, spec: {b: 2, d: 1}}",
		 "{apiVersion: e.org/v1, kind: Odd, metadata: {name: a, namespace: default, "
		 "annotations: {tranche.dev/ignore: '/spec/b,/spec/c'}}, spec: {b: 1, c: 7, d: 2}}",
		 "odd.e.org/a  replace  a.yaml:1\n"
		 "  spec.d              2 -> 1\n"
		 "  note: ignored: /spec/b (Git 2, live 1)\n"
		 "  note: ignored: /spec/c (Git (none), live 7)\n"
		 "1 to replace\n" NOTE},
	};

	CHECK_PLANS(cases);
}

#define ASSUMED                                                                                  \
	"  warning: its Pods are not in the file: those that its status counts are taken to be " \
	"well\n"

static void test_rollouts(void **state)
{
	(void)state;
	static const struct offline_case cases[] = {
		{"with its Pods", SET("web", "3", "nginx:2"),
		 SET("web", "2", "nginx:1") STATUS("2", "2", "web-a", "web-a") POD("web-0", "web-a")
			 POD("web-1", "web-a"),
		 "statefulset.apps/web  replace                a.yaml:1\n"
		 "  spec.replicas                              2 -> 3\n"
		 "  spec.template.spec.containers[nginx].image nginx:1 -> nginx:2\n"
		 "  rollout: creates 2; replaces 1, 0 in that order\n"
		 "1 to replace\n" NOTE},
		{"with others' Pods only", SET("web", "3", "nginx:1"),
		 SET("web", "2", "nginx:1") STATUS("2", "2", "web-a", "web-a")
			 POD("web-x-0", "web-a") POD("webs-0", "web-a") POD("web-", "web-a"),
		 "statefulset.apps/web  replace  a.yaml:1\n"
		 "  spec.replicas                2 -> 3\n"
		 "  rollout: creates 2\n" ASSUMED "1 to replace\n" NOTE},
		{"no Pods, and its status counts none", SET("web", "3", "nginx:1"),
		 SET("web", "2", "nginx:1") STATUS("0", "0", "web-a", "web-a"),
		 "statefulset.apps/web  replace  a.yaml:1\n"
		 "  spec.replicas                2 -> 3\n"
		 "  rollout: creates 0..2\n"
		 "1 to replace\n" NOTE},
		{"without a status nobody knows", SET("web", "3", "nginx:1"),
		 SET("web", "2", "nginx:1"),
		 "statefulset.apps/web  replace  a.yaml:1\n"
		 "  spec.replicas                2 -> 3\n"
		 "1 to replace\n" NOTE},
	};

	CHECK_PLANS(cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_which_object_is_which),
		cmocka_unit_test(test_only_what_is_set),
		cmocka_unit_test(test_left_to_the_cluster),
		cmocka_unit_test(test_rollouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
