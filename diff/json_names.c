#include "diff/json_names.h"

#include <stdint.h>
#include <string.h>

/* The names of each length. */
/* clang-format off */
static const char *const names[] = {
	[2] = "ip\0",
	[3] = "app\0cpu\0env\0key\0uid\0",
	[4] = "args\0data\0drop\0exec\0host\0kind\0name\0path\0port\0spec\0tier\0time\0type\0",
	[5] = "image\0items\0paths\0phase\0podIP\0ports\0ready\0rules\0state\0value\0verbs\0",
	[6] = "effect\0hostIP\0labels\0limits\0memory\0number\0podIPs\0reason\0scheme\0"
	       "secret\0status\0values\0weight\0",
	[7] = "backend\0command\0envFrom\0fsGroup\0httpGet\0imageID\0manager\0maxSkew\0"
	       "message\0preStop\0roleRef\0running\0service\0sources\0started\0storage\0"
	       "subPath\0volumes\0waiting\0",
	[8] = "affinity\0apiGroup\0emptyDir\0exitCode\0fieldRef\0fieldsV1\0hostname\0"
	       "maxSurge\0metadata\0nodeName\0nodePort\0operator\0optional\0pathType\0"
	       "priority\0protocol\0qosClass\0readOnly\0replicas\0requests\0revision\0"
	       "selector\0selfLink\0strategy\0subjects\0template\0",
	[9] = "apiGroups\0claimName\0clusterIP\0configMap\0dnsPolicy\0fieldPath\0lastState\0"
	       "lifecycle\0mountPath\0namespace\0operation\0partition\0projected\0resources\0"
	       "runAsUser\0startTime\0startedAt\0subdomain\0tcpSocket\0valueFrom\0",
	[10] = "apiVersion\0binaryData\0clusterIPs\0conditions\0containers\0controller\0"
	       "fieldsType\0finalizers\0finishedAt\0generation\0ipFamilies\0runAsGroup\0"
	       "secretName\0stringData\0targetPort\0terminated\0volumeMode\0",
	[11] = "accessModes\0annotations\0containerID\0defaultMode\0downwardAPI\0matchLabels\0"
	       "serviceName\0tolerations\0topologyKey\0",
	[12] = "capabilities\0configMapRef\0generateName\0loadBalancer\0nodeSelector\0"
	       "restartCount\0runAsNonRoot\0secretKeyRef\0startupProbe\0volumeMounts\0",
	[13] = "containerPort\0labelSelector\0livenessProbe\0managedFields\0periodSeconds\0"
	       "readyReplicas\0resourceNames\0restartPolicy\0rollingUpdate\0schedulerName\0",
	[14] = "collisionCount\0initContainers\0ipFamilyPolicy\0lastUpdateTime\0"
	       "maxUnavailable\0readinessProbe\0seccompProfile\0serviceAccount\0"
	       "timeoutSeconds\0updateRevision\0updateStrategy\0",
	[15] = "configMapKeyRef\0currentReplicas\0currentRevision\0imagePullPolicy\0"
	       "minReadySeconds\0ownerReferences\0podAntiAffinity\0resourceVersion\0"
	       "securityContext\0sessionAffinity\0updatedReplicas\0",
	[16] = "failureThreshold\0matchExpressions\0preemptionPolicy\0storageClassName\0"
	       "successThreshold\0",
	[17] = "availableReplicas\0containerStatuses\0creationTimestamp\0deletionTimestamp\0"
	       "tolerationSeconds\0whenUnsatisfiable\0",
	[18] = "blockOwnerDeletion\0enableServiceLinks\0lastTransitionTime\0"
	       "observedGeneration\0serviceAccountName\0",
	[19] = "initialDelaySeconds\0podManagementPolicy\0serviceAccountToken\0",
	[20] = "revisionHistoryLimit\0volumeClaimTemplates\0",
	[21] = "externalTrafficPolicy\0internalTrafficPolicy\0persistentVolumeClaim\0",
	[22] = "readOnlyRootFilesystem\0terminationMessagePath\0",
	[24] = "allowPrivilegeEscalation\0terminationMessagePolicy\0",
	[25] = "topologySpreadConstraints\0",
	[28] = "automountServiceAccountToken\0",
	[29] = "terminationGracePeriodSeconds\0",
};
/* clang-format on */

const char *json_known_name(const char *text, size_t length)
{
	if (length >= sizeof(names) / sizeof(names[0]) || !names[length])
		return NULL;
	for (const char *name = names[length]; *name; name += length + 1)
		if (*name == *text && memcmp(name, text, length) == 0)
			return name;
	return NULL;
}

void json_unname(cJSON *value)
{
	if (!(value->type & cJSON_StringIsConst))
		free(value->string);
	value->type &= ~cJSON_StringIsConst;
	value->string = NULL;
}

void json_name_known(cJSON *value, const char *known)
{
	json_unname(value);
	value->string = (char *)(uintptr_t)known; /* which nobody writes to */
	value->type |= cJSON_StringIsConst;
}

void json_name(cJSON *value, char *take_name)
{
	const char *known = json_known_name(take_name, strlen(take_name));

	if (known) {
		json_name_known(value, known);
		free(take_name);
	} else {
		json_unname(value);
		value->string = take_name;
	}
}
