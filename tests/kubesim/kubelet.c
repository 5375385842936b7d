#include "tests/kubesim/kubelet.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_queue.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/pod_status.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/timestamp.h"

static const struct write by_scheduler = {.manager = "kube-scheduler", .subresource = "binding"};
static const struct write status_by_scheduler = {
	.manager = "kube-scheduler",
	.subresource = "status",
};
static const struct write by_kubelet = {.manager = "kubelet"};
static const struct write status_by_kubelet = {.manager = "kubelet", .subresource = "status"};

/* What the kubelet knows of a Pod on its node. */
struct tenant {
	char *uid;
	enum pod_stage stage;
	const char *reason; /* of the failure that it was found to have, NULL for none */
	int64_t since_ms;   /* in this stage */
	int64_t restarts;   /* of containers that start and end */
	bool ending;        /* since then */
};

struct kubelet {
	struct cluster *cluster;
	struct events *events;
	struct queue queue;
	struct tenant *tenants;
	size_t count, capacity;
};

/* --- tenants --------------------------------------------------------------------------------- */

static struct tenant *find_tenant(const struct kubelet *kubelet, const char *uid)
{
	for (size_t i = 0; i < kubelet->count; i++) {
		if (strcmp(kubelet->tenants[i].uid, uid) == 0)
			return &kubelet->tenants[i];
	}
	return NULL;
}

static struct tenant *add_tenant(struct kubelet *kubelet, const char *uid)
{
	if (kubelet->count == kubelet->capacity) {
		kubelet->capacity = kubelet->capacity ? 2 * kubelet->capacity : 16;
		kubelet->tenants =
			alloc_grow(kubelet->tenants, kubelet->capacity, sizeof *kubelet->tenants);
	}
	kubelet->tenants[kubelet->count] = (struct tenant){.uid = alloc_copy(uid)};
	return &kubelet->tenants[kubelet->count++];
}

static void drop_tenant(struct kubelet *kubelet, const char *uid)
{
	struct tenant *tenant = find_tenant(kubelet, uid);

	if (!tenant)
		return;
	free(tenant->uid);
	*tenant = kubelet->tenants[--kubelet->count];
}

/* --- Events ---------------------------------------------------------------------------------- */

static void tell(struct kubelet *kubelet, const cJSON *pod, const char *component, const char *type,
		 const char *reason, const char *message)
{
	const struct event event = {
		.object = pod,
		.component = component,
		.host = strcmp(component, "kubelet") == 0 ? KUBELET_NODE : NULL,
		.type = type,
		.reason = reason,
	};

	events_record(kubelet->events, &event, "%s", message);
}

/* One Event for each container: "VERB container NAME". */
static void tell_containers(struct kubelet *kubelet, const cJSON *pod, const char *reason,
			    const char *verb)
{
	const cJSON *container;

	json_each (container, json_at(pod, "spec.containers")) {
		const char *name = obj_text(container, "name");
		CLEANUP(free_p) char *field = alloc_printf("spec.containers{%s}", name);
		const struct event event = {
			.object = pod,
			.field = field,
			.component = "kubelet",
			.host = KUBELET_NODE,
			.type = "Normal",
			.reason = reason,
		};

		events_record(kubelet->events, &event, "%s container %s", verb, name);
	}
}

/* --- scheduling ------------------------------------------------------------------------------ */

static void schedule_pod(struct kubelet *kubelet, const cJSON *pod, const char *failure)
{
	struct cluster *cluster = kubelet->cluster;
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(free_p) char *message = NULL;
	cJSON *copy;

	if (failure && strcmp(failure, "Unschedulable") == 0) {
		if (json_at(pod, "status.conditions"))
			return;
		copy = obj_copy(pod);
		pod_status_set_unschedulable(copy, POD_STATUS_NO_NODE, loop_wall_us(cluster->loop));
		registry_update(cluster, copy, &status_by_scheduler, NULL, &status);
		tell(kubelet, pod, "default-scheduler", "Warning", "FailedScheduling",
		     POD_STATUS_NO_NODE);
		return;
	}
	copy = obj_copy(pod);
	obj_set_text(copy, "spec.nodeName", KUBELET_NODE);
	if (registry_update(cluster, copy, &by_scheduler, NULL, &status) < 0)
		return;
	message = alloc_printf("Successfully assigned %s/%s to " KUBELET_NODE, obj_namespace(pod),
			       obj_name(pod));
	tell(kubelet, pod, "default-scheduler", "Normal", "Scheduled", message);
}

/* --- running --------------------------------------------------------------------------------- */

static void tell_stage(struct kubelet *kubelet, const cJSON *pod, const struct tenant *tenant)
{
	CLEANUP(free_p) char *message = NULL;

	if (tenant->stage == POD_READY)
		tell_containers(kubelet, pod, "Started", "Started");
	else if (tenant->stage == POD_RUNNING)
		tell(kubelet, pod, "kubelet", "Warning", "Unhealthy", "Readiness probe failed");
	else if (tenant->stage == POD_FAILING)
		tell(kubelet, pod, "kubelet", "Warning", "BackOff",
		     message = alloc_printf("Back-off starting containers: %s", tenant->reason));
}

/* Moves the Pod to a stage and writes the status that shows it. */
static void enter(struct kubelet *kubelet, struct tenant *tenant, const cJSON *pod,
		  enum pod_stage stage)
{
	struct cluster *cluster = kubelet->cluster;
	CLEANUP(status_release) struct status status = {0};
	cJSON *copy = obj_copy(pod);

	tenant->stage = stage;
	tenant->since_ms = loop_now_ms(cluster->loop);
	pod_status_set(copy, stage, tenant->reason, loop_wall_us(cluster->loop));
	registry_update(cluster, copy, &status_by_kubelet, NULL, &status);
	tell_stage(kubelet, pod, tenant);
}

static bool crashes(const struct tenant *tenant)
{
	return tenant->reason && strcmp(tenant->reason, "CrashLoopBackOff") == 0;
}

/* What comes after the present stage, and in how many milliseconds; -1: nothing. */
static int64_t time_left(const struct kubelet *kubelet, const struct tenant *tenant,
			 enum pod_stage *ret_stage)
{
	int64_t due_ms = tenant->since_ms, now_ms = loop_now_ms(kubelet->cluster->loop);

	*ret_stage = POD_FAILING;
	if (tenant->stage == POD_FAILING && crashes(tenant))
		due_ms += pod_status_backoff_ms(tenant->restarts);
	else if (tenant->stage == POD_CREATING)
		due_ms += kubelet->cluster->options.ready_after_ms;
	else
		return -1;
	if (tenant->stage == POD_CREATING && !tenant->reason)
		*ret_stage = POD_READY;
	else if (tenant->stage == POD_CREATING && strcmp(tenant->reason, "NotReady") == 0)
		*ret_stage = POD_RUNNING;
	return due_ms > now_ms ? due_ms - now_ms : 0;
}

static bool same_reason(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* One step: what was written brings the next look, or the time until it. */
static void run_pod(struct kubelet *kubelet, const cJSON *pod, const char *failure)
{
	struct tenant *tenant = find_tenant(kubelet, obj_uid(pod));
	enum pod_stage stage = POD_CREATING;
	int64_t left_ms;

	if (!tenant || !same_reason(tenant->reason, failure)) {
		if (!tenant)
			tenant = add_tenant(kubelet, obj_uid(pod));
		tenant->reason = failure;
		tenant->restarts = 0;
		enter(kubelet, tenant, pod, POD_CREATING);
	} else if (time_left(kubelet, tenant, &stage) == 0) {
		tenant->restarts += crashes(tenant);
		enter(kubelet, tenant, pod, stage);
	}
	left_ms = time_left(kubelet, tenant, &stage);
	if (left_ms >= 0)
		queue_add(&kubelet->queue, obj_namespace(pod), obj_name(pod), left_ms);
}

/* --- ending ---------------------------------------------------------------------------------- */

static void end_pod(struct kubelet *kubelet, const struct record *record)
{
	const cJSON *pod = record->object;
	const struct delete_options now = {
		.has_grace = true,
		.uid = obj_uid(pod),
	};
	CLEANUP(status_release) struct status status = {0};
	struct tenant *tenant = find_tenant(kubelet, obj_uid(pod));
	int64_t now_ms = loop_now_ms(kubelet->cluster->loop), left_ms;

	/* Its containers have ended: what remains are finalizers. */
	if (json_int_or(pod, "metadata.deletionGracePeriodSeconds", 0) == 0)
		return;
	if (!tenant)
		tenant = add_tenant(kubelet, obj_uid(pod));
	if (!tenant->ending) {
		tenant->ending = true;
		tenant->since_ms = now_ms;
		tell_containers(kubelet, pod, "Killing", "Stopping");
	}
	left_ms = kubelet->cluster->options.ready_after_ms / 5;
	if (left_ms < KUBELET_MIN_END_MS)
		left_ms = KUBELET_MIN_END_MS;
	left_ms -= now_ms - tenant->since_ms;
	if (left_ms > 0)
		queue_add(&kubelet->queue, obj_namespace(pod), obj_name(pod), left_ms);
	else
		registry_delete(kubelet->cluster, &record->key, &now, &by_kubelet, NULL, NULL,
				&status);
}

/* --- the node -------------------------------------------------------------------------------- */

static void sync_pod(void *context, const char *namespace, const char *name)
{
	struct kubelet *kubelet = context;
	const struct cluster_options *options = &kubelet->cluster->options;
	const struct key key = {"", "pods", namespace, name};
	CLEANUP(record_drop_p) struct record *record = store_get(kubelet->cluster->store, &key);
	const char *node, *phase, *failure;

	if (!record)
		return;
	node = obj_text(record->object, "spec.nodeName");
	phase = obj_text(record->object, "status.phase");
	failure =
		pod_status_failure(record->object, options->fail_images, options->fail_image_count);
	if (!*node && !obj_is_deleting(record->object))
		schedule_pod(kubelet, record->object, failure);
	else if (strcmp(node, KUBELET_NODE) != 0)
		return;
	else if (obj_is_deleting(record->object))
		end_pod(kubelet, record);
	else if (strcmp(phase, "Failed") != 0 && strcmp(phase, "Succeeded") != 0)
		run_pod(kubelet, record->object, failure);
}

static void pod_changed(void *context, const struct change *change)
{
	struct kubelet *kubelet = context;

	if (change->type == CHANGE_DELETED)
		drop_tenant(kubelet, obj_uid(change->new->object));
	else
		queue_add(&kubelet->queue, change->new->key.namespace, change->new->key.name, 0);
}

static const char node_json[] =
	"{\"apiVersion\":\"v1\",\"kind\":\"Node\",\"metadata\":{\"name\":\"" KUBELET_NODE "\","
	"\"labels\":{\"kubernetes.io/hostname\":\"" KUBELET_NODE
	"\",\"kubernetes.io/os\":\"linux\"}},"
	"\"status\":{\"capacity\":{\"cpu\":\"8\",\"memory\":\"32Gi\",\"pods\":\"5000\"},"
	"\"allocatable\":{\"cpu\":\"8\",\"memory\":\"32Gi\",\"pods\":\"5000\"},"
	"\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"127.0.0.1\"},"
	"{\"type\":\"Hostname\",\"address\":\"" KUBELET_NODE "\"}],"
	"\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"KubeletReady\","
	"\"message\":\"kubelet is posting ready status\"}],"
	"\"nodeInfo\":{\"kubeletVersion\":\"v1.32.0+kubesim\",\"osImage\":\"kubesim\","
	"\"operatingSystem\":\"linux\"}}}";

static void register_node(struct cluster *cluster)
{
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(cJSON_Delete_p) cJSON *node = obj_parse(node_json);
	CLEANUP(record_drop_p) struct record *record = NULL;
	cJSON *condition = json_at(node, "status.conditions")->child, *copy;
	char now[TIMESTAMP_SIZE];

	timestamp_print(loop_wall_us(cluster->loop), now);
	obj_set_text(condition, "lastTransitionTime", now);
	obj_set_text(condition, "lastHeartbeatTime", now);
	if (registry_create(cluster, obj_copy(node), &by_kubelet, &record, &status) < 0)
		return;
	copy = obj_copy(record->object);
	obj_carry(copy, node, "status");
	registry_update(cluster, copy, &status_by_kubelet, NULL, &status);
}

struct kubelet *kubelet_new(struct cluster *cluster, struct events *events)
{
	struct kubelet *kubelet = alloc_zero(sizeof *kubelet);

	kubelet->cluster = cluster;
	kubelet->events = events;
	queue_init(&kubelet->queue, cluster->loop, sync_pod, kubelet);
	store_subscribe(cluster->store, "", "pods", pod_changed, kubelet);
	register_node(cluster);
	return kubelet;
}

void kubelet_free(struct kubelet *kubelet)
{
	if (!kubelet)
		return;
	queue_release(&kubelet->queue);
	for (size_t i = 0; i < kubelet->count; i++)
		free(kubelet->tenants[i].uid);
	free(kubelet->tenants);
	free(kubelet);
}
