#include "diff/defaults.h"

#include <stdlib.h>
#include <string.h>

#include "diff/base64.h"
#include "diff/defaults_rules.h"
#include "diff/quantity.h"
#include "diff/schema.h"

/* --- defaults of single fields --------------------------------------------------------------- */

/* One field of one type, wherever that type stands; the text is read as the field's type. */
struct row {
	char type[48];
	char field[37];
	char value[27];
	enum absent rule;
};

static const struct row rows[] = {
	{"StatefulSet", "spec", "{}", IF_NULL},
	{"StatefulSetSpec", "replicas", "1", IF_NULL},
	{"StatefulSetSpec", "template", "{}", IF_NULL},
	{"StatefulSetSpec", "podManagementPolicy", "OrderedReady", IF_ZERO},
	{"StatefulSetSpec", "updateStrategy", "{}", IF_NULL},
	{"StatefulSetSpec", "revisionHistoryLimit", "10", IF_NULL},
	{"StatefulSetSpec", "persistentVolumeClaimRetentionPolicy", "{}", IF_NULL},
	{"StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted", "Retain", IF_ZERO},
	{"StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled", "Retain", IF_ZERO},
	{"Deployment", "spec", "{}", IF_NULL},
	{"DeploymentSpec", "replicas", "1", IF_NULL},
	{"DeploymentSpec", "template", "{}", IF_NULL},
	{"DeploymentSpec", "strategy", "{}", IF_NULL},
	{"DeploymentSpec", "revisionHistoryLimit", "10", IF_NULL},
	{"DeploymentSpec", "progressDeadlineSeconds", "600", IF_NULL},
	{"DaemonSet", "spec", "{}", IF_NULL},
	{"DaemonSetSpec", "template", "{}", IF_NULL},
	{"DaemonSetSpec", "updateStrategy", "{}", IF_NULL},
	{"DaemonSetSpec", "revisionHistoryLimit", "10", IF_NULL},
	{"ReplicaSet", "spec", "{}", IF_NULL},
	{"ReplicaSetSpec", "replicas", "1", IF_NULL},
	{"ReplicaSetSpec", "template", "{}", IF_NULL},
	{"ReplicationController", "spec", "{}", IF_NULL},
	{"ReplicationControllerSpec", "replicas", "1", IF_NULL},

	{"Pod", "spec", "{}", IF_NULL},
	{"PodTemplate", "template", "{}", IF_NULL},
	{"PodTemplateSpec", "spec", "{}", IF_NULL},
	{"PodSpec", "restartPolicy", "Always", IF_ZERO},
	{"PodSpec", "terminationGracePeriodSeconds", "30", IF_NULL},
	{"PodSpec", "dnsPolicy", "ClusterFirst", IF_ZERO},
	{"PodSpec", "securityContext", "{}", IF_NULL},
	{"PodSpec", "schedulerName", "default-scheduler", IF_ZERO},
	{"Container", "resources", "{}", IF_NULL},
	{"Container", "terminationMessagePath", "/dev/termination-log", IF_ZERO},
	{"Container", "terminationMessagePolicy", "File", IF_ZERO},
	{"EphemeralContainer", "resources", "{}", IF_NULL},
	{"EphemeralContainer", "terminationMessagePath", "/dev/termination-log", IF_ZERO},
	{"EphemeralContainer", "terminationMessagePolicy", "File", IF_ZERO},
	{"ContainerPort", "protocol", "TCP", IF_ZERO},
	{"Probe", "timeoutSeconds", "1", IF_ZERO},
	{"Probe", "periodSeconds", "10", IF_ZERO},
	{"Probe", "successThreshold", "1", IF_ZERO},
	{"Probe", "failureThreshold", "3", IF_ZERO},
	{"HTTPGetAction", "path", "/", IF_ZERO},
	{"HTTPGetAction", "scheme", "HTTP", IF_ZERO},
	{"GRPCAction", "service", "", IF_NULL},
	{"ObjectFieldSelector", "apiVersion", "v1", IF_ZERO},
	{"ResourceFieldSelector", "divisor", "0", IF_NULL},
	{"FileKeySelector", "optional", "false", IF_NULL},

	{"ConfigMapVolumeSource", "defaultMode", "420", IF_NULL},
	{"SecretVolumeSource", "defaultMode", "420", IF_NULL},
	{"DownwardAPIVolumeSource", "defaultMode", "420", IF_NULL},
	{"ProjectedVolumeSource", "defaultMode", "420", IF_NULL},
	{"ServiceAccountTokenProjection", "expirationSeconds", "3600", IF_NULL},
	{"HostPathVolumeSource", "type", "", IF_NULL},
	{"ISCSIVolumeSource", "iscsiInterface", "default", IF_ZERO},
	{"ISCSIPersistentVolumeSource", "iscsiInterface", "default", IF_ZERO},
	{"RBDVolumeSource", "pool", "rbd", IF_ZERO},
	{"RBDVolumeSource", "user", "admin", IF_ZERO},
	{"RBDVolumeSource", "keyring", "/etc/ceph/keyring", IF_ZERO},
	{"RBDPersistentVolumeSource", "pool", "rbd", IF_ZERO},
	{"RBDPersistentVolumeSource", "user", "admin", IF_ZERO},
	{"RBDPersistentVolumeSource", "keyring", "/etc/ceph/keyring", IF_ZERO},
	{"AzureDiskVolumeSource", "cachingMode", "ReadWrite", IF_NULL},
	{"AzureDiskVolumeSource", "fsType", "ext4", IF_NULL},
	{"AzureDiskVolumeSource", "readOnly", "false", IF_NULL},
	{"AzureDiskVolumeSource", "kind", "Shared", IF_NULL},
	{"ScaleIOVolumeSource", "storageMode", "ThinProvisioned", IF_ZERO},
	{"ScaleIOVolumeSource", "fsType", "xfs", IF_ZERO},
	{"ScaleIOPersistentVolumeSource", "storageMode", "ThinProvisioned", IF_ZERO},
	{"ScaleIOPersistentVolumeSource", "fsType", "xfs", IF_ZERO},
	{"PersistentVolumeClaim", "spec", "{}", IF_NULL},
	{"PersistentVolumeClaim", "status", "{}", IF_NULL},
	{"PersistentVolumeClaimSpec", "resources", "{}", IF_NULL},
	{"PersistentVolumeClaimSpec", "volumeMode", "Filesystem", IF_NULL},
	{"PersistentVolumeClaimStatus", "phase", "Pending", IF_ZERO},
	{"PersistentVolume", "spec", "{}", IF_NULL},
	{"PersistentVolume", "status", "{}", IF_NULL},
	{"PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "Retain", IF_ZERO},
	{"PersistentVolumeSpec", "volumeMode", "Filesystem", IF_NULL},
	{"PersistentVolumeStatus", "phase", "Pending", IF_ZERO},

	{"Service", "spec", "{}", IF_NULL},
	{"Service", "status", "{}", IF_NULL},
	{"ServiceSpec", "sessionAffinity", "None", IF_ZERO},
	{"ServiceSpec", "type", "ClusterIP", IF_ZERO},
	{"ServicePort", "protocol", "TCP", IF_ZERO},
	{"ServiceStatus", "loadBalancer", "{}", IF_NULL},
	{"EndpointPort", "protocol", "TCP", IF_ZERO},
	{"Secret", "type", "Opaque", IF_ZERO},
	{"Namespace", "spec", "{}", IF_NULL},
	{"Namespace", "status", "{}", IF_NULL},
	{"NamespaceStatus", "phase", "Active", IF_ZERO},

	{"CronJobSpec", "concurrencyPolicy", "Allow", IF_ZERO},
	{"CronJobSpec", "suspend", "false", IF_NULL},
	{"CronJobSpec", "successfulJobsHistoryLimit", "3", IF_NULL},
	{"CronJobSpec", "failedJobsHistoryLimit", "1", IF_NULL},
	{"PodFailurePolicyOnPodConditionsPattern", "status", "True", IF_ZERO},
	{"HorizontalPodAutoscalerSpec", "minReplicas", "1", IF_NULL},
	{"NetworkPolicyPort", "protocol", "TCP", IF_NULL},
	{"IngressClassParametersReference", "scope", "Cluster", IF_NULL},
	{"RoleRef", "apiGroup", "rbac.authorization.k8s.io", IF_ZERO},
	{"StorageClass", "reclaimPolicy", "Delete", IF_NULL},
	{"StorageClass", "volumeBindingMode", "Immediate", IF_NULL},
	{"PriorityClass", "preemptionPolicy", "PreemptLowerPriority", IF_NULL},
};

static cJSON *value_of(enum schema_type type, const char *text)
{
	switch (type) {
	case SCHEMA_BOOL: return cJSON_CreateBool(strcmp(text, "true") == 0);
	case SCHEMA_INT32:
	case SCHEMA_INT64: return json_new_int(strtoll(text, NULL, 10));
	case SCHEMA_OBJECT: return cJSON_CreateObject();
	default: return cJSON_CreateString(text);
	}
}

static int fill_fields(const struct schema_object *type, cJSON *object, struct err *err)
{
	const char *name = schema_object_name(type);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct schema_field field;

		if (strcmp(row->type, name) == 0 &&
		    defaults_is_absent(object, row->field, row->rule) &&
		    schema_field(type, row->field, &field) &&
		    json_set_key(object, row->field, value_of(field.type, row->value), err) < 0)
			return -1;
	}
	return 0;
}

/* --- the walk -------------------------------------------------------------------------------- */

/* A value becomes a text in its place, so that whoever iterates over its siblings goes on. */
static int become_string(cJSON *value, const char *text, struct err *err)
{
	cJSON *string = cJSON_CreateString(text);
	char *old = value->valuestring;

	if (!string)
		return err_no_memory(err);
	value->valuestring = string->valuestring;
	value->type = (value->type & ~0xFF) | cJSON_String;
	string->valuestring = old;
	cJSON_Delete(string);
	return 0;
}

/* What is no quantity stays: to say so is not the business of a default. */
static int store_quantity(cJSON *value, bool in_resource_list, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(4096);
	struct quantity quantity;
	struct err fault;

	if (quantity_from_json(value, &quantity, &fault) < 0)
		return fault.class == ERR_NO_MEMORY ? err_no_memory(err) : 0;
	if (in_resource_list)
		quantity_round_up_milli(&quantity);
	if (!quantity.stays_as_written)
		quantity_print(&quantity, &text);
	else if (quantity_print_stored(value, &text, err) < 0)
		return -1;
	if (buf_check(&text, "quantity", err) < 0)
		return -1;
	return become_string(value, buf_str(&text), err);
}

static int apply(const struct schema_object *type, cJSON *object, struct err *err);

static int apply_value(const struct schema_field *field, cJSON *value, struct err *err)
{
	if (field->type == SCHEMA_QUANTITY)
		return store_quantity(value, field->shape == SCHEMA_MAP, err);
	if (field->type == SCHEMA_OBJECT && cJSON_IsObject(value))
		return apply(field->object, value, err);
	return 0;
}

static int apply(const struct schema_object *type, cJSON *object, struct err *err)
{
	cJSON *member, *item;

	if (fill_fields(type, object, err) < 0 || defaults_apply_rules(type, object, err) < 0)
		return -1;
	json_each (member, object) {
		struct schema_field field;

		if (!schema_field(type, member->string, &field))
			continue;
		if (field.shape == SCHEMA_ONE && apply_value(&field, member, err) < 0)
			return -1;
		if (field.shape == SCHEMA_ONE)
			continue;
		json_each (item, member)
			if (apply_value(&field, item, err) < 0)
				return -1;
	}
	return 0;
}

int defaults_apply(cJSON *object, struct err *err)
{
	const struct schema_object *type = schema_find_for(object);

	return type ? apply(type, object, err) : 0;
}

/* --- a Secret's stringData ------------------------------------------------------------------- */

int defaults_fold_string_data(cJSON *secret, struct err *err)
{
	const cJSON *strings = json_get(secret, "stringData"), *string;
	cJSON *data;

	if (!strings || schema_find_for(secret) != schema_find("", "v1", "Secret"))
		return 0;
	if (strings->child && defaults_is_absent(secret, "data", IF_NULL) &&
	    json_set_key(secret, "data", cJSON_CreateObject(), err) < 0)
		return -1;
	data = json_get(secret, "data");
	json_each (string, strings) {
		size_t length = cJSON_IsString(string) ? strlen(string->valuestring) : 0;
		CLEANUP(buf_release) struct buf encoded = BUF_INIT(length / 3 * 4 + 4);

		base64_print(length ? string->valuestring : "", length, &encoded);
		if (buf_check(&encoded, "stringData", err) < 0)
			return -1;
		if (cJSON_IsObject(data) &&
		    json_set_key(data, string->string, cJSON_CreateString(buf_str(&encoded)), err) <
			    0)
			return -1;
	}
	json_remove_key(secret, "stringData");
	return 0;
}
