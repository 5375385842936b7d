#include "tests/kubesim/table_columns.h"

#include <string.h>

#include "tests/kubesim/table_kinds.h"

/* clang-format off */
#define NAME                         {"Name", "string", "name", 0, cell_text, "metadata.name"}
#define AGE                          {"Age", "string", "", 0, cell_age, "metadata.creationTimestamp"}
#define TEXT(name, cell, argument)   {name, "string", "", 0, cell, argument}
#define WIDE(name, cell, argument)   {name, "string", "", 1, cell, argument} /* only with -o wide */
#define INTEGER(name, path)          {name, "integer", "", 0, cell_int, path}
#define BOOLEAN(name, path)          {name, "boolean", "", 0, cell_bool, path}
#define COUNT(name, type, paths)     {name, type, "", 0, cell_count, paths}
#define TEMPLATE(path)               WIDE("Containers", cell_containers, path), \
				     WIDE("Images", cell_images, path)
#define SELECTOR                     WIDE("Selector", cell_selector, "spec.selector")
/* clang-format on */

#define COLUMNS(kind) static const struct table_column kind##_columns[]

COLUMNS(fallback) = {NAME, {"Created At", "date", "", 0, cell_text, "metadata.creationTimestamp"}};

/* --- workloads ------------------------------------------------------------------------------- */

COLUMNS(pod) = {
	NAME,
	TEXT("Ready", cell_pod_ready, NULL),
	TEXT("Status", cell_pod_status, NULL),
	TEXT("Restarts", cell_pod_restarts, NULL),
	AGE,
	WIDE("IP", cell_text_or_none, "status.podIP"),
	WIDE("Node", cell_text_or_none, "spec.nodeName"),
	WIDE("Nominated Node", cell_text_or_none, "status.nominatedNodeName"),
	WIDE("Readiness Gates", cell_pod_gates, NULL),
};

COLUMNS(pod_template) = {
	NAME,
	TEXT("Containers", cell_containers, "template.spec"),
	TEXT("Images", cell_images, "template.spec"),
	TEXT("Pod Labels", cell_labels, "template.metadata.labels"),
};

COLUMNS(statefulset) = {
	NAME,
	TEXT("Ready", cell_ready_of_desired, NULL),
	AGE,
	TEMPLATE("spec.template.spec"),
};

COLUMNS(deployment) = {
	NAME,
	TEXT("Ready", cell_ready_of_desired, NULL),
	TEXT("Up-to-date", cell_int, "status.updatedReplicas"),
	TEXT("Available", cell_int, "status.availableReplicas"),
	AGE,
	TEMPLATE("spec.template.spec"),
	SELECTOR,
};

COLUMNS(replicaset) = {
	NAME,
	INTEGER("Desired", "spec.replicas"),
	INTEGER("Current", "status.replicas"),
	INTEGER("Ready", "status.readyReplicas"),
	AGE,
	TEMPLATE("spec.template.spec"),
	SELECTOR,
};

COLUMNS(replication_controller) = {
	NAME,
	INTEGER("Desired", "spec.replicas"),
	INTEGER("Current", "status.replicas"),
	INTEGER("Ready", "status.readyReplicas"),
	AGE,
	TEMPLATE("spec.template.spec"),
	WIDE("Selector", cell_labels, "spec.selector"),
};

COLUMNS(daemonset) = {
	NAME,
	INTEGER("Desired", "status.desiredNumberScheduled"),
	INTEGER("Current", "status.currentNumberScheduled"),
	INTEGER("Ready", "status.numberReady"),
	INTEGER("Up-to-date", "status.updatedNumberScheduled"),
	INTEGER("Available", "status.numberAvailable"),
	TEXT("Node Selector", cell_labels, "spec.template.spec.nodeSelector"),
	AGE,
	TEMPLATE("spec.template.spec"),
	SELECTOR,
};

COLUMNS(job) = {
	NAME,
	TEXT("Status", cell_job_status, NULL),
	TEXT("Completions", cell_job_completions, NULL),
	TEXT("Duration", cell_job_duration, NULL),
	AGE,
	TEMPLATE("spec.template.spec"),
	SELECTOR,
};

COLUMNS(cronjob) = {
	NAME,
	TEXT("Schedule", cell_text, "spec.schedule"),
	TEXT("Timezone", cell_text_or_none, "spec.timeZone"),
	{"Suspend", "boolean", "", 0, cell_bool_word, "spec.suspend"},
	COUNT("Active", "integer", "status.active"),
	TEXT("Last Schedule", cell_age_or_none, "status.lastScheduleTime"),
	AGE,
	TEMPLATE("spec.jobTemplate.spec.template.spec"),
	WIDE("Selector", cell_selector, "spec.jobTemplate.spec.selector"),
};

COLUMNS(controller_revision) = {
	NAME,
	TEXT("Controller", cell_controller, NULL),
	TEXT("Revision", cell_int, "revision"),
	AGE,
};

COLUMNS(pdb) = {
	NAME,
	TEXT("Min Available", cell_value_or_na, "spec.minAvailable"),
	TEXT("Max Unavailable", cell_value_or_na, "spec.maxUnavailable"),
	INTEGER("Allowed Disruptions", "status.disruptionsAllowed"),
	AGE,
};

COLUMNS(hpa) = {
	NAME,
	TEXT("Reference", cell_reference, "spec.scaleTargetRef"),
	TEXT("Targets", cell_hpa_targets, NULL),
	TEXT("MinPods", cell_int_or_unset, "spec.minReplicas"),
	TEXT("MaxPods", cell_int, "spec.maxReplicas"),
	TEXT("Replicas", cell_int, "status.currentReplicas"),
	AGE,
};

/* --- network --------------------------------------------------------------------------------- */

COLUMNS(service) = {
	NAME,
	TEXT("Type", cell_text, "spec.type"),
	TEXT("Cluster-IP", cell_text_or_none, "spec.clusterIP"),
	TEXT("External-IP", cell_service_external_ip, NULL),
	TEXT("Port(s)", cell_service_ports, NULL),
	AGE,
	WIDE("Selector", cell_labels, "spec.selector"),
};

COLUMNS(endpoints) = {
	NAME,
	TEXT("Endpoints", cell_endpoints, NULL),
	AGE,
};

COLUMNS(ingress) = {
	NAME,
	TEXT("Class", cell_text_or_none, "spec.ingressClassName"),
	TEXT("Hosts", cell_ingress_hosts, NULL),
	TEXT("Address", cell_load_balancer, NULL),
	TEXT("Ports", cell_ingress_ports, NULL),
	AGE,
};

COLUMNS(ingress_class) = {
	NAME,
	TEXT("Controller", cell_text, "spec.controller"),
	TEXT("Parameters", cell_ingress_class_parameters, NULL),
	AGE,
};

COLUMNS(network_policy) = {
	NAME,
	TEXT("Pod-Selector", cell_selector, "spec.podSelector"),
	AGE,
};

/* --- storage and configuration --------------------------------------------------------------- */

COLUMNS(config_map) = {
	NAME,
	COUNT("Data", "string", "data binaryData"),
	AGE,
};

COLUMNS(secret) = {
	NAME,
	TEXT("Type", cell_text, "type"),
	COUNT("Data", "string", "data"),
	AGE,
};

COLUMNS(persistent_volume) = {
	NAME,
	TEXT("Capacity", cell_storage, "spec.capacity"),
	TEXT("Access Modes", cell_access_modes, "spec.accessModes"),
	TEXT("Reclaim Policy", cell_text, "spec.persistentVolumeReclaimPolicy"),
	TEXT("Status", cell_phase, NULL),
	TEXT("Claim", cell_claim, NULL),
	TEXT("StorageClass", cell_text, "spec.storageClassName"),
	TEXT("VolumeAttributesClass", cell_text_or_unset, "spec.volumeAttributesClassName"),
	TEXT("Reason", cell_text, "status.reason"),
	AGE,
	WIDE("VolumeMode", cell_text_or_unset, "spec.volumeMode"),
};

COLUMNS(persistent_volume_claim) = {
	NAME,
	TEXT("Status", cell_phase, NULL),
	TEXT("Volume", cell_text, "spec.volumeName"),
	TEXT("Capacity", cell_bound_storage, NULL),
	TEXT("Access Modes", cell_bound_modes, NULL),
	TEXT("StorageClass", cell_text, "spec.storageClassName"),
	TEXT("VolumeAttributesClass", cell_text_or_unset, "spec.volumeAttributesClassName"),
	AGE,
	WIDE("VolumeMode", cell_text_or_unset, "spec.volumeMode"),
};

COLUMNS(storage_class) = {
	{"Name", "string", "name", 0, cell_default_class_name, NULL},
	TEXT("Provisioner", cell_text, "provisioner"),
	TEXT("ReclaimPolicy", cell_text, "reclaimPolicy"),
	TEXT("VolumeBindingMode", cell_text, "volumeBindingMode"),
	{"AllowVolumeExpansion", "string", "", 0, cell_bool, "allowVolumeExpansion"},
	AGE,
};

/* --- the cluster ----------------------------------------------------------------------------- */

COLUMNS(namespace) = {
	NAME,
	TEXT("Status", cell_text, "status.phase"),
	AGE,
};

COLUMNS(node) = {
	NAME,
	TEXT("Status", cell_node_status, NULL),
	TEXT("Roles", cell_node_roles, NULL),
	AGE,
	TEXT("Version", cell_text, "status.nodeInfo.kubeletVersion"),
	WIDE("Internal-IP", cell_node_address, "InternalIP"),
	WIDE("External-IP", cell_node_address, "ExternalIP"),
	WIDE("OS-Image", cell_text_or_unknown, "status.nodeInfo.osImage"),
	WIDE("Kernel-Version", cell_text_or_unknown, "status.nodeInfo.kernelVersion"),
	WIDE("Container-Runtime", cell_text_or_unknown, "status.nodeInfo.containerRuntimeVersion"),
};

COLUMNS(event) = {
	TEXT("Last Seen", cell_event_last_seen, NULL),
	TEXT("Type", cell_text, "type"),
	TEXT("Reason", cell_text, "reason"),
	TEXT("Object", cell_event_object, NULL),
	WIDE("Subobject", cell_event_subobject, NULL),
	WIDE("Source", cell_event_source, NULL),
	TEXT("Message", cell_event_message, NULL),
	WIDE("First Seen", cell_event_first_seen, NULL),
	WIDE("Count", cell_event_count, NULL),
	{"Name", "string", "name", 1, cell_text, "metadata.name"},
};

COLUMNS(lease) = {
	NAME,
	TEXT("Holder", cell_text, "spec.holderIdentity"),
	AGE,
};

COLUMNS(service_account) = {
	NAME,
	COUNT("Secrets", "string", "secrets"),
	AGE,
};

COLUMNS(role_binding) = {
	NAME,
	TEXT("Role", cell_reference, "roleRef"),
	AGE,
	WIDE("Users", cell_subjects, "User"),
	WIDE("Groups", cell_subjects, "Group"),
	WIDE("ServiceAccounts", cell_subjects, "ServiceAccount"),
};

COLUMNS(priority_class) = {
	NAME,
	INTEGER("Value", "value"),
	BOOLEAN("Global-Default", "globalDefault"),
	AGE,
	TEXT("PreemptionPolicy", cell_text, "preemptionPolicy"),
};

COLUMNS(resource_quota) = {
	NAME,
	TEXT("Request", cell_quota, "requests"),
	TEXT("Limit", cell_quota, "limits"),
	AGE,
};

static const struct {
	const char *kind;
	const struct table_column *columns;
	size_t count;
} kind_table[] = {
#define KIND(kind, columns)                                                                   \
	{                                                                                     \
		kind, columns##_columns, sizeof columns##_columns / sizeof *columns##_columns \
	}
	KIND("ClusterRoleBinding", role_binding),
	KIND("ConfigMap", config_map),
	KIND("ControllerRevision", controller_revision),
	KIND("CronJob", cronjob),
	KIND("DaemonSet", daemonset),
	KIND("Deployment", deployment),
	KIND("Endpoints", endpoints),
	KIND("Event", event),
	KIND("HorizontalPodAutoscaler", hpa),
	KIND("Ingress", ingress),
	KIND("IngressClass", ingress_class),
	KIND("Job", job),
	KIND("Lease", lease),
	KIND("Namespace", namespace),
	KIND("NetworkPolicy", network_policy),
	KIND("Node", node),
	KIND("PersistentVolume", persistent_volume),
	KIND("PersistentVolumeClaim", persistent_volume_claim),
	KIND("Pod", pod),
	KIND("PodDisruptionBudget", pdb),
	KIND("PodTemplate", pod_template),
	KIND("PriorityClass", priority_class),
	KIND("ReplicaSet", replicaset),
	KIND("ReplicationController", replication_controller),
	KIND("ResourceQuota", resource_quota),
	KIND("RoleBinding", role_binding),
	KIND("Secret", secret),
	KIND("Service", service),
	KIND("ServiceAccount", service_account),
	KIND("StatefulSet", statefulset),
	KIND("StorageClass", storage_class),
	/* Last: every other kind. */
	KIND(NULL, fallback),
#undef KIND
};

const struct table_column *table_columns(const char *kind, size_t *ret_count)
{
	size_t i = 0;

	while (kind_table[i].kind && strcmp(kind_table[i].kind, kind) != 0)
		i++;
	*ret_count = kind_table[i].count;
	return kind_table[i].columns;
}
