#include "diff/check_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "diff/keys.h"
#include "diff/names.h"
#include "diff/path.h"
#include "diff/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- words ----------------------------------------------------------------------------------- */

/* A field of a type that takes one of a few words; of a list, each item does. "" counts as none. */
static const struct {
	const char *type, *field, *words;
} words[] = {
	{"StatefulSetSpec", "podManagementPolicy", "OrderedReady Parallel"},
	{"StatefulSetPersistentVolumeClaimRetentionPolicy", "whenDeleted", "Delete Retain"},
	{"StatefulSetPersistentVolumeClaimRetentionPolicy", "whenScaled", "Delete Retain"},
	{"DeploymentStrategy", "type", "Recreate RollingUpdate"},
	{"DaemonSetUpdateStrategy", "type", "OnDelete RollingUpdate"},
	{"JobSpec", "completionMode", "Indexed NonIndexed"},
	{"CronJobSpec", "concurrencyPolicy", "Allow Forbid Replace"},

	{"PodSpec", "restartPolicy", "Always Never OnFailure"},
	{"PodSpec", "dnsPolicy", "ClusterFirst ClusterFirstWithHostNet Default None"},
	{"PodSpec", "preemptionPolicy", "Never PreemptLowerPriority"},
	{"PodOS", "name", "linux windows"},
	{"Container", "imagePullPolicy", "Always IfNotPresent Never"},
	{"Container", "terminationMessagePolicy", "FallbackToLogsOnError File"},
	{"Container", "restartPolicy", "Always Never OnFailure"},
	{"ContainerPort", "protocol", "SCTP TCP UDP"},
	{"HTTPGetAction", "scheme", "HTTP HTTPS"},
	{"VolumeMount", "mountPropagation", "Bidirectional HostToContainer None"},
	{"VolumeMount", "recursiveReadOnly", "Disabled Enabled IfPossible"},
	{"Toleration", "operator", "Equal Exists Gt Lt"},
	{"Toleration", "effect", "NoExecute NoSchedule PreferNoSchedule"},
	{"NodeSelectorRequirement", "operator", "DoesNotExist Exists Gt In Lt NotIn"},
	{"LabelSelectorRequirement", "operator", "DoesNotExist Exists In NotIn"},
	{"TopologySpreadConstraint", "whenUnsatisfiable", "DoNotSchedule ScheduleAnyway"},
	{"TopologySpreadConstraint", "nodeAffinityPolicy", "Honor Ignore"},
	{"TopologySpreadConstraint", "nodeTaintsPolicy", "Honor Ignore"},
	{"PodSecurityContext", "fsGroupChangePolicy", "Always OnRootMismatch"},
	{"PodSecurityContext", "supplementalGroupsPolicy", "Merge Strict"},
	{"SecurityContext", "procMount", "Default Unmasked"},
	{"SeccompProfile", "type", "Localhost RuntimeDefault Unconfined"},
	{"AppArmorProfile", "type", "Localhost RuntimeDefault Unconfined"},
	{"HostPathVolumeSource", "type",
	 "BlockDevice CharDevice Directory DirectoryOrCreate File FileOrCreate Socket"},

	{"PersistentVolumeClaimSpec", "accessModes",
	 "ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod"},
	{"PersistentVolumeClaimSpec", "volumeMode", "Block Filesystem"},
	{"PersistentVolumeSpec", "accessModes",
	 "ReadOnlyMany ReadWriteMany ReadWriteOnce ReadWriteOncePod"},
	{"PersistentVolumeSpec", "volumeMode", "Block Filesystem"},
	{"PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "Delete Recycle Retain"},
	{"StorageClass", "reclaimPolicy", "Delete Retain"},
	{"StorageClass", "volumeBindingMode", "Immediate WaitForFirstConsumer"},
	{"PriorityClass", "preemptionPolicy", "Never PreemptLowerPriority"},

	{"ServiceSpec", "type", "ClusterIP ExternalName LoadBalancer NodePort"},
	{"ServiceSpec", "sessionAffinity", "ClientIP None"},
	{"ServiceSpec", "externalTrafficPolicy", "Cluster Local"},
	{"ServiceSpec", "internalTrafficPolicy", "Cluster Local"},
	{"ServiceSpec", "ipFamilies", "IPv4 IPv6"},
	{"ServiceSpec", "ipFamilyPolicy", "PreferDualStack RequireDualStack SingleStack"},
	{"ServicePort", "protocol", "SCTP TCP UDP"},
	{"NetworkPolicyPort", "protocol", "SCTP TCP UDP"},
	{"NetworkPolicySpec", "policyTypes", "Egress Ingress"},
	{"HTTPIngressPath", "pathType", "Exact ImplementationSpecific Prefix"},
	{"PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy", "AlwaysAllow IfHealthyBudget"},
};

/* --- numbers --------------------------------------------------------------------------------- */

#define PORT_MAX 65535
#define ID_MAX   INT32_MAX
#define MODE_MAX 0777

/* A field of a type that takes integers of a range. The text of an IntOrString is not looked at. */
static const struct {
	const char *type, *field;
	int64_t least, most;
} numbers[] = {
	{"StatefulSetSpec", "minReadySeconds", 0, INT32_MAX},
	{"DeploymentSpec", "minReadySeconds", 0, INT32_MAX},
	{"DeploymentSpec", "revisionHistoryLimit", 0, INT32_MAX},
	{"DeploymentSpec", "progressDeadlineSeconds", 0, INT32_MAX},
	{"DaemonSetSpec", "minReadySeconds", 0, INT32_MAX},
	{"DaemonSetSpec", "revisionHistoryLimit", 0, INT32_MAX},
	{"ReplicaSetSpec", "minReadySeconds", 0, INT32_MAX},
	{"JobSpec", "parallelism", 0, INT32_MAX},
	{"JobSpec", "completions", 0, INT32_MAX},
	{"JobSpec", "backoffLimit", 0, INT32_MAX},
	{"JobSpec", "activeDeadlineSeconds", 0, INT64_MAX},
	{"JobSpec", "ttlSecondsAfterFinished", 0, INT32_MAX},
	{"CronJobSpec", "startingDeadlineSeconds", 0, INT64_MAX},
	{"CronJobSpec", "successfulJobsHistoryLimit", 0, INT32_MAX},
	{"CronJobSpec", "failedJobsHistoryLimit", 0, INT32_MAX},

	{"PodSpec", "activeDeadlineSeconds", 1, INT32_MAX},
	{"ContainerPort", "containerPort", 1, PORT_MAX},
	{"ContainerPort", "hostPort", 0, PORT_MAX},
	{"Probe", "initialDelaySeconds", 0, INT32_MAX},
	{"Probe", "timeoutSeconds", 0, INT32_MAX},
	{"Probe", "periodSeconds", 0, INT32_MAX},
	{"Probe", "successThreshold", 0, INT32_MAX},
	{"Probe", "failureThreshold", 0, INT32_MAX},
	{"HTTPGetAction", "port", 1, PORT_MAX},
	{"TCPSocketAction", "port", 1, PORT_MAX},
	{"GRPCAction", "port", 1, PORT_MAX},
	{"SecurityContext", "runAsUser", 0, ID_MAX},
	{"SecurityContext", "runAsGroup", 0, ID_MAX},
	{"PodSecurityContext", "runAsUser", 0, ID_MAX},
	{"PodSecurityContext", "runAsGroup", 0, ID_MAX},
	{"PodSecurityContext", "fsGroup", 0, ID_MAX},
	{"PodSecurityContext", "supplementalGroups", 0, ID_MAX},
	{"ConfigMapVolumeSource", "defaultMode", 0, MODE_MAX},
	{"SecretVolumeSource", "defaultMode", 0, MODE_MAX},
	{"ProjectedVolumeSource", "defaultMode", 0, MODE_MAX},
	{"DownwardAPIVolumeSource", "defaultMode", 0, MODE_MAX},
	{"KeyToPath", "mode", 0, MODE_MAX},
	{"DownwardAPIVolumeFile", "mode", 0, MODE_MAX},
	{"WeightedPodAffinityTerm", "weight", 1, 100},
	{"PreferredSchedulingTerm", "weight", 1, 100},
	{"TopologySpreadConstraint", "maxSkew", 1, INT32_MAX},

	{"ServicePort", "port", 1, PORT_MAX},
	{"ServicePort", "nodePort", 0, PORT_MAX},
	{"ServicePort", "targetPort", 0, PORT_MAX},
	{"HorizontalPodAutoscalerSpec", "maxReplicas", 1, INT32_MAX},
	{"HorizontalPodAutoscalerSpec", "minReplicas", 0, INT32_MAX},
};

/* --- names ----------------------------------------------------------------------------------- */

/* A field of a type that takes names of a form, or a map whose keys do; "" counts as none. */
static const struct {
	const char *type, *field;
	enum name_rule rule;
} names[] = {
	{"Volume", "name", NAME_LABEL},
	{"ContainerPort", "name", NAME_PORT},
	{"EnvVar", "name", NAME_ENV},
	{"PodSpec", "nodeSelector", NAME_QUALIFIED},
	{"PodSpec", "hostname", NAME_LABEL},
	{"PodSpec", "subdomain", NAME_LABEL},
	{"PodSpec", "serviceAccountName", NAME_SUBDOMAIN},
	{"PodSpec", "priorityClassName", NAME_SUBDOMAIN},
	{"PodSpec", "runtimeClassName", NAME_SUBDOMAIN},
	{"Toleration", "key", NAME_QUALIFIED},
	{"LabelSelectorRequirement", "key", NAME_QUALIFIED},
	{"HTTPGetAction", "port", NAME_PORT},
	{"TCPSocketAction", "port", NAME_PORT},
	{"StatefulSetSpec", "serviceName", NAME_LABEL},
	{"ServicePort", "name", NAME_LABEL},
	{"ServicePort", "targetPort", NAME_PORT},
	{"ServiceSpec", "selector", NAME_QUALIFIED},
};

/* --- one of several, and each once ----------------------------------------------------------- */

/* Of the members of such a type that are not `beside` one may stand, or one has to. */
static const struct {
	const char *type, *beside;
	bool required;
} unions[] = {
	{"Volume", "name", false}, /* without one it is an emptyDir */
	{"VolumeProjection", "", false},
	{"EnvVarSource", "", true},
	{"EnvFromSource", "prefix", true},
	{"LifecycleHandler", "", true},
	{"Probe",
	 "initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold "
	 "terminationGracePeriodSeconds",
	 true},
};

/* Lists of objects in which no two bear the same value of a member. */
static const struct {
	const char *type, *field, *key;
} unique[] = {
	{"PodSpec", "volumes", "name"},
	{"Container", "ports", "name"},
	{"Container", "volumeMounts", "mountPath"},
	{"ServiceSpec", "ports", "name"},
};

static const struct {
	const char *type;
	int (*check)(struct checker *checker, const cJSON *object);
} rules[] = {
	{"ObjectMeta", check_object_meta},
	{"LabelSelector", check_label_selector},
	{"PodSpec", check_pod_spec},
	{"Container", check_container},
	{"ResourceRequirements", check_resources},
	{"PersistentVolumeClaimSpec", check_claim_spec},
	{"ServiceSpec", check_service_spec},
	{"ConfigMap", check_config_map},
	{"Secret", check_secret},
	{"PodDisruptionBudgetSpec", check_budget_spec},
	{"HorizontalPodAutoscalerSpec", check_autoscaler_spec},
	{"StatefulSetSpec", check_stateful_set_spec},
};

/* --- reporting ------------------------------------------------------------------------------- */

int check_fault(struct checker *checker, enum finding_level level, const cJSON *node,
		const char *below, const char *format, ...)
{
	char text[ERR_MESSAGE_MAX];
	const char *path = buf_str(&checker->path);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return check_report(checker, level, node, "%s%s%s %s", path, *path && *below ? "." : "",
			    below, text);
}

int check_name_of(struct checker *checker, const cJSON *node, const char *below, const char *text,
		  enum name_rule rule)
{
	const char *fault = name_fault(rule, text);
	char quoted[TEXT_QUOTE_MAX];

	if (!fault)
		return 0;
	return check_fault(checker, FINDING_ERROR, node, below, "%s: %s", text_quote(text, quoted),
			   fault);
}

/* --- the tables ------------------------------------------------------------------------------ */

/* Calls `check` for the value, or for each of a list, with its path below the object. */
static int each_value(struct checker *checker, const cJSON *object, const char *field, size_t row,
		      int (*check)(struct checker *checker, const cJSON *value, const char *below,
				   size_t row))
{
	const cJSON *value = json_get(object, field), *item;
	char below[2 * SCHEMA_MAX_NAME];
	size_t index = 0;

	if (!cJSON_IsArray(value))
		return value ? check(checker, value, field, row) : 0;
	json_each (item, value) {
		snprintf(below, sizeof(below), "%s[%zu]", field, index++);
		if (check(checker, item, below, row) < 0)
			return -1;
	}
	return 0;
}

/* "a, b or c" of the words between blanks. */
static void print_words(const char *list, struct buf *out)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, " ");

		buf_printf(out, "%.*s", (int)length, at);
		at += length;
		if (*at)
			buf_puts(out, strchr(++at, ' ') ? ", " : " or ");
	}
}

static bool is_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++)
		if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
			return true;
	return false;
}

static int check_word(struct checker *checker, const cJSON *value, const char *below, size_t row)
{
	CLEANUP(buf_release) struct buf list = BUF_INIT(ERR_MESSAGE_MAX);
	char quoted[TEXT_QUOTE_MAX];

	if (!cJSON_IsString(value) || !*value->valuestring ||
	    is_word(words[row].words, value->valuestring))
		return 0;
	print_words(words[row].words, &list);
	return check_fault(checker, FINDING_ERROR, value, below, "is %s, but must be %s",
			   text_quote(value->valuestring, quoted), buf_str(&list));
}

static int check_number(struct checker *checker, const cJSON *value, const char *below, size_t row)
{
	int64_t number;

	if (!cJSON_IsNumber(value) || !json_int_value(value, &number) ||
	    (number >= numbers[row].least && number <= numbers[row].most))
		return 0;
	if (numbers[row].most == MODE_MAX)
		return check_fault(checker, FINDING_ERROR, value, below,
				   "is %" PRId64 ", but must be from 0 to 0777; an octal number "
				   "begins with a 0",
				   number);
	if (numbers[row].most >= INT32_MAX && number < numbers[row].least)
		return check_fault(checker, FINDING_ERROR, value, below,
				   "is %" PRId64 ", but must be %" PRId64 " or more", number,
				   numbers[row].least);
	return check_fault(checker, FINDING_ERROR, value, below,
			   "is %" PRId64 ", but must be from %" PRId64 " to %" PRId64, number,
			   numbers[row].least, numbers[row].most);
}

static int check_name(struct checker *checker, const cJSON *value, const char *below, size_t row)
{
	const cJSON *member;

	if (cJSON_IsString(value) && *value->valuestring)
		return check_name_of(checker, value, below, value->valuestring, names[row].rule);
	json_each (member, cJSON_IsObject(value) ? value : NULL)
		if (check_name_of(checker, member, below, member->string, names[row].rule) < 0)
			return -1;
	return 0;
}

/* The members that exclude each other: all but those `beside` them. */
static int check_union(struct checker *checker, const cJSON *object,
		       const struct schema_object *type, size_t row)
{
	CLEANUP(buf_release) struct buf list = BUF_INIT(ERR_MESSAGE_MAX);
	const char *first = NULL;
	struct schema_field field;
	const cJSON *member;

	json_each (member, object) {
		if (cJSON_IsNull(member) || is_word(unions[row].beside, member->string) ||
		    !schema_field(type, member->string, &field))
			continue;
		if (first)
			return check_fault(checker, FINDING_ERROR, member, "",
					   "has \"%s\" and \"%s\", of which one has to go", first,
					   member->string);
		first = member->string;
	}
	if (first || !unions[row].required)
		return 0;
	for (size_t i = 0; schema_field_index(type, i, &field); i++)
		if (!is_word(unions[row].beside, field.name))
			buf_printf(&list, "%s\"%s\"", list.length ? ", " : "", field.name);
	return check_fault(checker, FINDING_ERROR, object, "", "has none of %s", buf_str(&list));
}

static int check_unique(struct checker *checker, const cJSON *object, size_t row)
{
	CLEANUP(keys_release) struct keys seen = {0};
	const cJSON *list = json_get(object, unique[row].field), *item;
	const char *key = unique[row].key;
	char below[3 * SCHEMA_MAX_NAME], quoted[TEXT_QUOTE_MAX];
	struct key first, second;
	size_t index = 0;

	json_each (item, cJSON_IsArray(list) ? list : NULL) {
		const char *value = json_str(item, key);

		if (value && *value && keys_push(&seen, value, index, checker->err) < 0)
			return -1;
		index++;
	}
	if (!keys_pop(&seen, 0, &first, &second))
		return 0;
	snprintf(below, sizeof(below), "%s[%d].%s", unique[row].field, (int)second.place, key);
	item = json_get(cJSON_GetArrayItem(list, (int)second.place), key);
	return check_fault(checker, FINDING_ERROR, item, below, "is %s, as that of %s[%d]",
			   text_quote(second.name, quoted), unique[row].field, (int)first.place);
}

/* Most of a hundred rows are of other types, which their first letter tells. */
static bool is_type(const char *type, const char *name)
{
	return *type == *name && !strcmp(type, name);
}

static int check_rows(struct checker *checker, const struct schema_object *type,
		      const cJSON *object)
{
	const char *name = schema_object_name(type);

	for (size_t i = 0; i < COUNT(words); i++)
		if (is_type(words[i].type, name) &&
		    each_value(checker, object, words[i].field, i, check_word) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(numbers); i++)
		if (is_type(numbers[i].type, name) &&
		    each_value(checker, object, numbers[i].field, i, check_number) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(names); i++)
		if (is_type(names[i].type, name) &&
		    each_value(checker, object, names[i].field, i, check_name) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(unions); i++)
		if (is_type(unions[i].type, name) && check_union(checker, object, type, i) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(unique); i++)
		if (is_type(unique[i].type, name) && check_unique(checker, object, i) < 0)
			return -1;
	for (size_t i = 0; i < COUNT(rules); i++)
		if (is_type(rules[i].type, name) && rules[i].check(checker, object) < 0)
			return -1;
	return 0;
}

/* --- the walk -------------------------------------------------------------------------------- */

static int walk(struct checker *checker, const struct schema_object *type, const cJSON *object);

static int walk_value(struct checker *checker, const struct schema_field *field, const cJSON *value)
{
	return field->type == SCHEMA_OBJECT && cJSON_IsObject(value)
		       ? walk(checker, field->object, value)
		       : 0;
}

static int walk_items(struct checker *checker, const struct schema_field *field, const cJSON *value)
{
	size_t length = checker->path.length, index = 0;
	const cJSON *item;

	if (field->type != SCHEMA_OBJECT)
		return 0;
	json_each (item, value) {
		if (field->shape == SCHEMA_LIST)
			path_add_index(&checker->path, index++);
		else
			path_add_key(&checker->path, item->string);
		if (walk_value(checker, field, item) < 0)
			return -1;
		buf_truncate(&checker->path, length);
	}
	return 0;
}

static int walk(struct checker *checker, const struct schema_object *type, const cJSON *object)
{
	size_t length = checker->path.length;
	const cJSON *member;

	if (check_rows(checker, type, object) < 0)
		return -1;
	json_each (member, object) {
		struct schema_field field;
		int result;

		/* What the server alone writes is not sent. */
		if (!schema_field(type, member->string, &field) || field.server_owned)
			continue;
		path_add_key(&checker->path, field.name);
		result = field.shape == SCHEMA_ONE ? walk_value(checker, &field, member)
						   : walk_items(checker, &field, member);
		buf_truncate(&checker->path, length);
		if (result < 0)
			return -1;
	}
	return 0;
}

int check_types(struct checker *checker)
{
	const struct ref *ref = &checker->manifest->ref;
	const struct schema_object *type = schema_find(ref->group, ref->version, ref->kind);
	int result;

	if (!type)
		return 0;
	buf_init(&checker->path, PATH_MAX_BYTES);
	result = walk(checker, type, checker->manifest->desired);
	if (result == 0)
		result = buf_check(&checker->path, "the path of a field", checker->err);
	buf_release(&checker->path);
	return result;
}
