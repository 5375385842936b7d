#include "diff/defaults.h"

#include <string.h>

#include "tests/support/check.h"
#include "tests/support/values.h"

struct row {
	const char *given, *completed;
};

static void assert_rows(const struct row *rows, size_t count,
			int (*change)(cJSON *object, struct err *err))
{
	struct err err;

	for (size_t i = 0; i < count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *object = value_of(rows[i].given);

		assert_ok(change(object, &err), err);
		assert_value(object, rows[i].completed);
		/* What is complete stays as it is. */
		assert_ok(change(object, &err), err);
		assert_value(object, rows[i].completed);
	}
}

#define ASSERT_ROWS(rows, change) assert_rows((rows), sizeof(rows) / sizeof((rows)[0]), (change))

#define KIND(version, kind, rest) "{'apiVersion': '" version "', 'kind': '" kind "'" rest "}"

/* What every Pod template gets, around its containers and the rest of its spec. */
#define POD_SPEC(containers, rest)                                           \
	"{'containers': [" containers "], 'restartPolicy': 'Always',"        \
	" 'terminationGracePeriodSeconds': 30, 'dnsPolicy': 'ClusterFirst'," \
	" 'securityContext': {}, 'schedulerName': 'default-scheduler'" rest "}"
#define BARE_POD_SPEC                                                      \
	"{'restartPolicy': 'Always', 'terminationGracePeriodSeconds': 30," \
	" 'dnsPolicy': 'ClusterFirst', 'securityContext': {},"             \
	" 'schedulerName': 'default-scheduler'}"
#define CONTAINER(rest)                                                                    \
	"{'name': 'c', 'resources': {}, 'terminationMessagePath': '/dev/termination-log'," \
	" 'terminationMessagePolicy': 'File', 'imagePullPolicy': 'IfNotPresent'" rest "}"

#define STS_SPEC(strategy)                                                    \
	", 'spec': {'replicas': 1, 'template': {'spec': " BARE_POD_SPEC "},"  \
	" 'podManagementPolicy': 'OrderedReady', 'revisionHistoryLimit': 10," \
	" 'persistentVolumeClaimRetentionPolicy': {'whenDeleted': 'Retain',"  \
	" 'whenScaled': 'Retain'}, 'updateStrategy': " strategy "}"
#define STS(rest) KIND("apps/v1", "StatefulSet", rest)

static void test_stateful_set(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{STS(""),
		 STS(STS_SPEC("{'type': 'RollingUpdate', 'rollingUpdate': {'partition': 0}}"))},
		{STS(", 'spec': {'updateStrategy': {'type': 'RollingUpdate'}}"),
		 STS(STS_SPEC("{'type': 'RollingUpdate'}"))},
		{STS(", 'spec': {'updateStrategy': {'type': 'RollingUpdate', 'rollingUpdate': "
		     "{}}}"),
		 STS(STS_SPEC("{'type': 'RollingUpdate', 'rollingUpdate': {'partition': 0}}"))},
		{STS(", 'spec': {'updateStrategy': {'rollingUpdate': {'partition': 2}}}"),
		 STS(STS_SPEC("{'type': 'RollingUpdate', 'rollingUpdate': {'partition': 2}}"))},
		{STS(", 'spec': {'updateStrategy': {'rollingUpdate': {'maxUnavailable': 2}}}"),
		 STS(STS_SPEC("{'type': 'RollingUpdate', 'rollingUpdate': {'maxUnavailable': 2,"
			      " 'partition': 0}}"))},
		{STS(", 'spec': {'updateStrategy': {'type': 'OnDelete'}}"),
		 STS(STS_SPEC("{'type': 'OnDelete'}"))},
		{STS(", 'spec': {'updateStrategy': null, 'replicas': null}"),
		 STS(STS_SPEC("{'type': 'RollingUpdate', 'rollingUpdate': {'partition': 0}}"))},

		/* What is not of its type is for others to refuse. */
		{STS(", 'spec': 5"), STS(", 'spec': 5")},
		{STS(", 'spec': {'updateStrategy': 'OnDelete'}"), STS(STS_SPEC("'OnDelete'"))},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_stateful_set_in_full(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{STS(", 'metadata': {'name': 'web'}, 'spec': {'replicas': 0, 'serviceName': 'web',"
		     " 'podManagementPolicy': 'Parallel', 'revisionHistoryLimit': 0,"
		     " 'persistentVolumeClaimRetentionPolicy': {'whenScaled': 'Delete'},"
		     " 'selector': {'matchLabels': {'app': 'web'}},"
		     " 'template': {'metadata': {'labels': {'app': 'web'}}, 'spec': {"
		     "  'containers': [{'name': 'c', 'image': 'nginx:1.25.4',"
		     "   'ports': [{'containerPort': 80}]}]}},"
		     " 'updateStrategy': {'rollingUpdate': {'partition': 2}, 'type': "
		     "'RollingUpdate'},"
		     " 'volumeClaimTemplates': [{'metadata': {'name': 'data'}, 'spec': {"
		     "  'accessModes': ['ReadWriteOnce'],"
		     "  'resources': {'requests': {'storage': '1024Mi'}}}}]}"),
		 STS(", 'metadata': {'name': 'web'}, 'spec': {'replicas': 0, 'serviceName': 'web',"
		     " 'podManagementPolicy': 'Parallel', 'revisionHistoryLimit': 0,"
		     " 'persistentVolumeClaimRetentionPolicy': {'whenScaled': 'Delete',"
		     "  'whenDeleted': 'Retain'},"
		     " 'selector': {'matchLabels': {'app': 'web'}},"
		     " 'template': {'metadata': {'labels': {'app': 'web'}}, 'spec': " POD_SPEC(
			     CONTAINER(", 'image': 'nginx:1.25.4',"
				       " 'ports': [{'containerPort': 80, 'protocol': 'TCP'}]"),
			     "") "}, 'updateStrategy': {'rollingUpdate': {'partition': 2},"
				 "  'type': 'RollingUpdate'},"
				 " 'volumeClaimTemplates': [{'apiVersion': 'v1', 'kind': "
				 "'PersistentVolumeClaim',"
				 "  'metadata': {'name': 'data'}, 'status': {'phase': 'Pending'}, "
				 "'spec': {"
				 "  'accessModes': ['ReadWriteOnce'], 'volumeMode': 'Filesystem',"
				 "  'resources': {'requests': {'storage': '1Gi'}}}}]}")},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_other_workloads(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{KIND("apps/v1", "Deployment", ""),
		 KIND("apps/v1", "Deployment",
		      ", 'spec': {'replicas': 1, 'revisionHistoryLimit': 10,"
		      " 'progressDeadlineSeconds': 600, 'template': {'spec': " BARE_POD_SPEC "},"
		      " 'strategy': {'type': 'RollingUpdate', 'rollingUpdate':"
		      " {'maxUnavailable': '25%', 'maxSurge': '25%'}}}")},
		{KIND("apps/v1", "Deployment",
		      ", 'spec': {'strategy': {'rollingUpdate': {'maxSurge': 0}}}"),
		 KIND("apps/v1", "Deployment",
		      ", 'spec': {'replicas': 1, 'revisionHistoryLimit': 10,"
		      " 'progressDeadlineSeconds': 600, 'template': {'spec': " BARE_POD_SPEC "},"
		      " 'strategy': {'type': 'RollingUpdate', 'rollingUpdate':"
		      " {'maxUnavailable': '25%', 'maxSurge': 0}}}")},
		{KIND("apps/v1", "Deployment", ", 'spec': {'strategy': {'type': 'Recreate'}}"),
		 KIND("apps/v1", "Deployment",
		      ", 'spec': {'replicas': 1, 'revisionHistoryLimit': 10,"
		      " 'progressDeadlineSeconds': 600, 'template': {'spec': " BARE_POD_SPEC "},"
		      " 'strategy': {'type': 'Recreate'}}")},
		{KIND("apps/v1", "DaemonSet", ""),
		 KIND("apps/v1", "DaemonSet",
		      ", 'spec': {'revisionHistoryLimit': 10, 'template': {'spec': " BARE_POD_SPEC
		      "}, 'updateStrategy': {'type': 'RollingUpdate', 'rollingUpdate':"
		      " {'maxUnavailable': 1, 'maxSurge': 0}}}")},
		{KIND("apps/v1", "ReplicaSet", ""),
		 KIND("apps/v1", "ReplicaSet",
		      ", 'spec': {'replicas': 1, 'template': {'spec': " BARE_POD_SPEC "}}")},
		{KIND("batch/v1", "Job",
		      ", 'spec': {'template': {'metadata': {'labels': {'a': 'b'}}}}"),
		 KIND("batch/v1", "Job",
		      ", 'metadata': {'labels': {'a': 'b'}}, 'spec': {'completions': 1,"
		      " 'parallelism': 1, 'backoffLimit': 6, 'completionMode': 'NonIndexed',"
		      " 'suspend': false, 'manualSelector': false,"
		      " 'podReplacementPolicy': 'TerminatingOrFailed', 'template': {"
		      " 'metadata': {'labels': {'a': 'b'}}, 'spec': " BARE_POD_SPEC "}}")},
		{KIND("batch/v1", "CronJob",
		      ", 'spec': {'jobTemplate': {'spec': {'template': {'spec': {}}}}}"),
		 KIND("batch/v1", "CronJob",
		      ", 'spec': {'concurrencyPolicy': 'Allow', 'suspend': false,"
		      " 'successfulJobsHistoryLimit': 3, 'failedJobsHistoryLimit': 1,"
		      " 'jobTemplate': {'spec': {'template': {'spec': " BARE_POD_SPEC "}}}}")},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

#define POD(spec)      KIND("v1", "Pod", ", 'spec': " spec)
#define TEMPLATE(spec) KIND("v1", "PodTemplate", ", 'template': {'spec': " spec "}")

static void test_pods(void **state)
{
	(void)state;
	static const struct row rows[] = {
		/* A Pod gets more than a template. */
		{POD("{'hostNetwork': true, 'containers': [{'name': 'c',"
		     " 'resources': {'limits': {'cpu': 2, 'memory': '1Gi'},"
		     "  'requests': {'memory': '512Mi'}},"
		     " 'ports': [{'containerPort': 80}, {'containerPort': 81, 'hostPort': "
		     "8081}]}]}"),
		 POD(POD_SPEC("{'name': 'c', 'terminationMessagePath': '/dev/termination-log',"
			      " 'terminationMessagePolicy': 'File',"
			      " 'imagePullPolicy': 'IfNotPresent',"
			      " 'resources': {'limits': {'cpu': '2', 'memory': '1Gi'},"
			      "  'requests': {'memory': '512Mi', 'cpu': '2'}},"
			      " 'ports': [{'containerPort': 80, 'hostPort': 80, 'protocol': 'TCP'},"
			      "  {'containerPort': 81, 'hostPort': 8081, 'protocol': 'TCP'}]}",
			      ", 'hostNetwork': true, 'enableServiceLinks': true"))},
		{TEMPLATE("{'hostNetwork': true, 'containers': [{'name': 'c', 'resources':"
			  " {'limits': {'cpu': 0.5}}, 'ports': [{'containerPort': 80}]}]}"),
		 TEMPLATE(POD_SPEC("{'name': 'c', 'terminationMessagePath': '/dev/termination-log',"
				   " 'terminationMessagePolicy': 'File',"
				   " 'imagePullPolicy': 'IfNotPresent', 'resources':"
				   " {'limits': {'cpu': '500m'}},"
				   " 'ports': [{'containerPort': 80, 'protocol': 'TCP'}]}",
				   ", 'hostNetwork': true"))},
		{TEMPLATE("{'terminationGracePeriodSeconds': 0, 'dnsPolicy': '',"
			  " 'restartPolicy': 'Never', 'serviceAccountName': 'sa',"
			  " 'serviceAccount': 'other'}"),
		 TEMPLATE("{'terminationGracePeriodSeconds': 0, 'dnsPolicy': 'ClusterFirst',"
			  " 'restartPolicy': 'Never', 'securityContext': {},"
			  " 'schedulerName': 'default-scheduler', 'serviceAccountName': 'sa',"
			  " 'serviceAccount': 'sa'}")},
		{TEMPLATE("{'serviceAccount': 'sa', 'overhead': {'cpu': '0.0001'}}"),
		 TEMPLATE("{'restartPolicy': 'Always', 'terminationGracePeriodSeconds': 30,"
			  " 'dnsPolicy': 'ClusterFirst', 'securityContext': {},"
			  " 'schedulerName': 'default-scheduler', 'serviceAccountName': 'sa',"
			  " 'serviceAccount': 'sa', 'overhead': {'cpu': '1m'}}")},
		{TEMPLATE("{'containers': [], 'initContainers': [{'name': 'c'}],"
			  " 'ephemeralContainers': [{'name': 'c'}]}"),
		 TEMPLATE(POD_SPEC("", ", 'initContainers': [" CONTAINER(
					       "") "],"
						   " 'ephemeralContainers': [" CONTAINER("") "]"))},
		{TEMPLATE("{'containers': ['oops', null], 'volumes': {}}"),
		 TEMPLATE(POD_SPEC("'oops', null", ", 'volumes': {}"))},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_parts_of_containers(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{TEMPLATE("{'containers': [{'name': 'c', 'livenessProbe': {'httpGet': {'port': 80},"
			  " 'timeoutSeconds': 0}, 'readinessProbe': {'grpc': {'port': 1},"
			  " 'periodSeconds': 5}, 'lifecycle': {'preStop': {'httpGet': {'port': 'p',"
			  " 'path': '/bye', 'scheme': 'HTTPS'}}},"
			  " 'env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': 'f'}}},"
			  "  {'name': 'B', 'valueFrom': {'resourceFieldRef': {'resource': 'r'}}},"
			  "  {'name': 'C', 'valueFrom': {'fileKeyRef': {'key': 'k'}}}]}]}"),
		 TEMPLATE(POD_SPEC(
			 CONTAINER(
				 ", 'livenessProbe': {'httpGet': {'port': 80, 'path': '/',"
				 "  'scheme': 'HTTP'}, 'timeoutSeconds': 1, 'periodSeconds': 10,"
				 "  'successThreshold': 1, 'failureThreshold': 3},"
				 " 'readinessProbe': {'grpc': {'port': 1, 'service': ''},"
				 "  'timeoutSeconds': 1, 'periodSeconds': 5, 'successThreshold': 1,"
				 "  'failureThreshold': 3}, 'lifecycle': {'preStop': {'httpGet':"
				 "  {'port': 'p', 'path': '/bye', 'scheme': 'HTTPS'}}},"
				 " 'env': [{'name': 'A', 'valueFrom': {'fieldRef': {'fieldPath': "
				 "'f',"
				 "  'apiVersion': 'v1'}}}, {'name': 'B', 'valueFrom': "
				 "{'resourceFieldRef':"
				 "  {'resource': 'r', 'divisor': '0'}}}, {'name': 'C', 'valueFrom':"
				 "  {'fileKeyRef': {'key': 'k', 'optional': false}}}]"),
			 ""))},
		{TEMPLATE("{'containers': [], 'volumes': [{'name': 'a'}, {'name': 'b',"
			  " 'secret': {'secretName': 's', 'defaultMode': 256}}, {'name': 'c',"
			  " 'configMap': {'name': 'm'}}, {'name': 'd', 'hostPath': {'path': '/'}},"
			  " {'name': 'e', 'projected': {'sources': [{'serviceAccountToken':"
			  "  {'path': 't'}}]}}, {'name': 'f', 'image': {'reference': 'a:latest'}},"
			  " {'name': 'g', 'ephemeral': {'volumeClaimTemplate': {'spec': {}}}},"
			  " {'name': 'h', 'emptyDir': {'sizeLimit': '1024Ki'}, 'secret': null}]}"),
		 TEMPLATE(POD_SPEC(
			 "",
			 ", 'volumes': [{'name': 'a', 'emptyDir': {}}, {'name': 'b',"
			 " 'secret': {'secretName': 's', 'defaultMode': 256}}, {'name': 'c',"
			 " 'configMap': {'name': 'm', 'defaultMode': 420}}, {'name': 'd',"
			 " 'hostPath': {'path': '/', 'type': ''}}, {'name': 'e', 'projected':"
			 "  {'defaultMode': 420, 'sources': [{'serviceAccountToken': {'path': 't',"
			 "  'expirationSeconds': 3600}}]}}, {'name': 'f', 'image': {"
			 "  'reference': 'a:latest', 'pullPolicy': 'Always'}}, {'name': 'g',"
			 "  'ephemeral': {'volumeClaimTemplate': {'spec': {"
			 "  'volumeMode': 'Filesystem', 'resources': {}}}}}, {'name': 'h',"
			 "  'emptyDir': {'sizeLimit': '1Mi'}, 'secret': null}]"))},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_image_pull_policy(void **state)
{
	(void)state;
	static const struct {
		const char *image, *policy;
	} rows[] = {
		{"nginx", "Always"},
		{"nginx:latest", "Always"},
		{"nginx:1.25.4", "IfNotPresent"},
		{"nginx:latest-alpine", "IfNotPresent"},
		{"localhost:5000/nginx", "Always"},
		{"localhost:5000/nginx:1", "IfNotPresent"},
		{"registry.example.org/a/b:latest", "Always"},
		{"MyHost/nginx", "Always"},
		{"library/nginx", "Always"},
		{"nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 "IfNotPresent"},
		{"nginx:latest@sha256:"
		 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
		 "Always"},
		{"Nginx", "IfNotPresent"},
		{"a/Nginx", "IfNotPresent"},
		{"$(IMAGE)", "IfNotPresent"},
		{"", "IfNotPresent"},
	};
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CLEANUP(cJSON_Delete_p) cJSON *pod = value_of(POD("{'containers': [{}]}"));
		cJSON *container = json_at(pod, "spec.containers")->child;

		assert_ok(json_set_str(container, "image", rows[i].image, &err), err);
		assert_ok(defaults_apply(pod, &err), err);
		if (strcmp(json_str(container, "imagePullPolicy"), rows[i].policy) != 0)
			fail_msg("\"%s\": %s", rows[i].image,
				 json_str(container, "imagePullPolicy"));
	}
}

#define SERVICE(spec) KIND("v1", "Service", ", 'spec': " spec)
#define SERVED(spec)  KIND("v1", "Service", ", 'status': {'loadBalancer': {}}, 'spec': " spec)

static void test_services(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{SERVICE("{'clusterIP': 'None', 'ports': [{'port': 80}, {'port': 81,"
			 " 'targetPort': 'web', 'protocol': 'UDP'}, {'port': 82, 'targetPort': "
			 "0}]}"),
		 SERVED("{'clusterIP': 'None', 'ports': [{'port': 80, 'targetPort': 80,"
			" 'protocol': 'TCP'}, {'port': 81, 'targetPort': 'web', 'protocol': 'UDP'},"
			" {'port': 82, 'targetPort': 82, 'protocol': 'TCP'}], 'type': 'ClusterIP',"
			" 'sessionAffinity': 'None', 'internalTrafficPolicy': 'Cluster'}")},
		{SERVICE("{'type': 'NodePort', 'sessionAffinity': 'ClientIP'}"),
		 SERVED("{'type': 'NodePort', 'sessionAffinity': 'ClientIP',"
			" 'sessionAffinityConfig': {'clientIP': {'timeoutSeconds': 10800}},"
			" 'externalTrafficPolicy': 'Cluster', 'internalTrafficPolicy': "
			"'Cluster'}")},
		{SERVICE("{'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local',"
			 " 'sessionAffinityConfig': {'clientIP': {'timeoutSeconds': 1}}}"),
		 SERVED("{'type': 'LoadBalancer', 'externalTrafficPolicy': 'Local',"
			" 'sessionAffinity': 'None', 'internalTrafficPolicy': 'Cluster',"
			" 'allocateLoadBalancerNodePorts': true}")},
		{SERVICE("{'externalIPs': ['1.2.3.4'], 'internalTrafficPolicy': 'Local'}"),
		 SERVED("{'externalIPs': ['1.2.3.4'], 'internalTrafficPolicy': 'Local',"
			" 'type': 'ClusterIP', 'sessionAffinity': 'None',"
			" 'externalTrafficPolicy': 'Cluster'}")},
		{SERVICE("{'type': 'ExternalName', 'externalName': 'example.org'}"),
		 SERVED("{'type': 'ExternalName', 'externalName': 'example.org',"
			" 'sessionAffinity': 'None'}")},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_other_kinds(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{KIND("v1", "ConfigMap", ", 'data': {'a': 'b'}"),
		 KIND("v1", "ConfigMap", ", 'data': {'a': 'b'}")},
		{KIND("v1", "Secret", ", 'stringData': {'a': 'b'}"),
		 KIND("v1", "Secret", ", 'stringData': {'a': 'b'}, 'type': 'Opaque'")},
		{KIND("v1", "PersistentVolumeClaim",
		      ", 'spec': {'resources': {'requests': {'storage': '1.5Gi'}}}"),
		 KIND("v1", "PersistentVolumeClaim",
		      ", 'status': {'phase': 'Pending'}, 'spec': {'volumeMode': 'Filesystem',"
		      " 'resources': {'requests': {'storage': '1536Mi'}}}")},
		{KIND("v1", "Namespace", ", 'metadata': {'name': 'n', 'labels': {'a': 'b'}}"),
		 KIND("v1", "Namespace",
		      ", 'metadata': {'name': 'n', 'labels': {'a': 'b',"
		      " 'kubernetes.io/metadata.name': 'n'}}, 'spec': {},"
		      " 'status': {'phase': 'Active'}")},
		{KIND("v1", "LimitRange",
		      ", 'spec': {'limits': [{'type': 'Container', 'max': {'cpu': 2},"
		      " 'min': {'memory': '1Mi'}}, {'type': 'Pod', 'max': {'cpu': 'none'}}]}"),
		 KIND("v1", "LimitRange",
		      ", 'spec': {'limits': [{'type': 'Container', 'max': {'cpu': '2'},"
		      " 'min': {'memory': '1Mi'}, 'default': {'cpu': '2'},"
		      " 'defaultRequest': {'cpu': '2', 'memory': '1Mi'}},"
		      " {'type': 'Pod', 'max': {'cpu': 'none'}}]}")},
		{KIND("autoscaling/v2", "HorizontalPodAutoscaler",
		      ", 'spec': {'maxReplicas': 3, 'behavior': {'scaleDown': {"
		      " 'stabilizationWindowSeconds': 5}}}"),
		 KIND("autoscaling/v2", "HorizontalPodAutoscaler",
		      ", 'spec': {'maxReplicas': 3, 'minReplicas': 1, 'metrics': [{"
		      " 'type': 'Resource', 'resource': {'name': 'cpu', 'target': {"
		      " 'type': 'Utilization', 'averageUtilization': 80}}}], 'behavior': {"
		      " 'scaleUp': {'stabilizationWindowSeconds': 0, 'selectPolicy': 'Max',"
		      "  'policies': [{'type': 'Pods', 'value': 4, 'periodSeconds': 15},"
		      "  {'type': 'Percent', 'value': 100, 'periodSeconds': 15}]},"
		      " 'scaleDown': {'stabilizationWindowSeconds': 5, 'selectPolicy': 'Max',"
		      "  'policies': [{'type': 'Percent', 'value': 100, 'periodSeconds': 15}]}}}")},
		{KIND("autoscaling/v1", "HorizontalPodAutoscaler", ", 'spec': {'maxReplicas': 3}"),
		 KIND("autoscaling/v1", "HorizontalPodAutoscaler",
		      ", 'spec': {'maxReplicas': 3, 'minReplicas': 1}")},
		{KIND("networking.k8s.io/v1", "NetworkPolicy",
		      ", 'spec': {'egress': [{'ports': [{'port': 1}]}]}"),
		 KIND("networking.k8s.io/v1", "NetworkPolicy",
		      ", 'spec': {'policyTypes': ['Ingress', 'Egress'],"
		      " 'egress': [{'ports': [{'port': 1, 'protocol': 'TCP'}]}]}")},
		{KIND("rbac.authorization.k8s.io/v1", "RoleBinding",
		      ", 'roleRef': {'kind': 'Role', 'name': 'r'}, 'subjects': [{'kind': 'User'},"
		      " {'kind': 'ServiceAccount'}]"),
		 KIND("rbac.authorization.k8s.io/v1", "RoleBinding",
		      ", 'roleRef': {'kind': 'Role', 'name': 'r',"
		      " 'apiGroup': 'rbac.authorization.k8s.io'}, 'subjects': [{'kind': 'User',"
		      " 'apiGroup': 'rbac.authorization.k8s.io'}, {'kind': 'ServiceAccount'}]")},
		{KIND("storage.k8s.io/v1", "StorageClass", ""),
		 KIND("storage.k8s.io/v1", "StorageClass",
		      ", 'reclaimPolicy': 'Delete', 'volumeBindingMode': 'Immediate'")},

		/* Not known. */
		{KIND("example.org/v1", "StatefulSet", ", 'spec': {}"),
		 KIND("example.org/v1", "StatefulSet", ", 'spec': {}")},
		{"{'kind': 'Pod'}", "{'kind': 'Pod'}"},
		{"[]", "[]"},
	};
	ASSERT_ROWS(rows, defaults_apply);
}

static void test_string_data(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{KIND("v1", "Secret",
		      ", 'data': {'a': 'b2xk', 'z': 'eg=='},"
		      " 'stringData': {'a': 'new', 'b': '', 'c': 'f', 'd': 'fo',"
		      " 'e': 'foob', 'f': '\u00fc\u00ff?>'}"),
		 KIND("v1", "Secret",
		      ", 'data': {'a': 'bmV3', 'z': 'eg==', 'b': '', 'c': 'Zg==',"
		      " 'd': 'Zm8=', 'e': 'Zm9vYg==', 'f': 'w7zDvz8+'}")},
		{KIND("v1", "Secret", ", 'stringData': {'a': 'b'}"),
		 KIND("v1", "Secret", ", 'data': {'a': 'Yg=='}")},
		{KIND("v1", "Secret", ", 'stringData': {}"), KIND("v1", "Secret", "")},
		{KIND("v1", "Secret", ", 'stringData': null"), KIND("v1", "Secret", "")},
		{KIND("v1", "ConfigMap", ", 'stringData': {'a': 'b'}"),
		 KIND("v1", "ConfigMap", ", 'stringData': {'a': 'b'}")},
	};
	ASSERT_ROWS(rows, defaults_fold_string_data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stateful_set),
		cmocka_unit_test(test_stateful_set_in_full),
		cmocka_unit_test(test_other_workloads),
		cmocka_unit_test(test_pods),
		cmocka_unit_test(test_parts_of_containers),
		cmocka_unit_test(test_image_pull_policy),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_other_kinds),
		cmocka_unit_test(test_string_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
