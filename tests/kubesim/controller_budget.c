#include "tests/kubesim/controller_budget.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_queue.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/pod_status.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/selector.h"

struct budgets {
	struct cluster *cluster;
	struct queue queue;
};

/* What a budget's status says. */
struct account {
	int64_t expected, healthy, desired;
};

static int64_t allowed(const struct account *account)
{
	int64_t left = account->healthy - account->desired;

	return account->expected > 0 && left > 0 ? left : 0;
}

static bool covers(const cJSON *budget, const cJSON *pod)
{
	return selector_matches_labels(json_at(budget, "spec.selector"),
				       json_at(pod, "metadata.labels"));
}

/* --- accounting ------------------------------------------------------------------------------- */

/* The number, or the percentage ("25%") of `whole`, rounded up. */
static int64_t scaled(const cJSON *value, int64_t whole)
{
	int64_t number = 0;

	if (cJSON_IsString(value))
		return (strtoll(value->valuestring, NULL, 10) * whole + 99) / 100;
	return json_int_value(value, &number) ? number : 0;
}

/* What the StatefulSets that control the Pods want; a Pod without one counts as one. */
static int64_t wanted_replicas(const struct cluster *cluster, const struct records *pods)
{
	int64_t wanted = 0;

	for (size_t i = 0; i < pods->count; i++) {
		const cJSON *pod = pods->items[i]->object, *owner = obj_controller(pod);
		const char *uid = obj_text(owner, "uid");
		bool seen = false;

		for (size_t j = 0; j < i && *uid; j++)
			seen |= strcmp(uid, obj_text(obj_controller(pods->items[j]->object),
						     "uid")) == 0;
		if (seen)
			continue;
		CLEANUP(record_drop_p)
		struct record *set = *uid ? store_find_uid(cluster->store, uid) : NULL;
		wanted += set ? json_int_or(set->object, "spec.replicas", 1) : 1;
	}
	return wanted;
}

static void covered_pods(const struct cluster *cluster, const cJSON *budget,
			 struct records *ret_pods)
{
	CLEANUP(records_release) struct records all = {0};

	store_list(cluster->store, "", "pods", obj_namespace(budget), &all);
	for (size_t i = 0; i < all.count; i++) {
		if (covers(budget, all.items[i]->object))
			records_add(ret_pods, all.items[i]);
	}
}

static struct account account_of(const struct cluster *cluster, const cJSON *budget)
{
	const cJSON *most = json_at(budget, "spec.maxUnavailable");
	const cJSON *least = json_at(budget, "spec.minAvailable");
	CLEANUP(records_release) struct records pods = {0};
	struct account account = {0};

	covered_pods(cluster, budget, &pods);
	account.expected = most || cJSON_IsString(least) ? wanted_replicas(cluster, &pods)
							 : (int64_t)pods.count;
	account.desired = most ? account.expected - scaled(most, account.expected)
			       : scaled(least, account.expected);
	if (account.desired < 0)
		account.desired = 0;
	for (size_t i = 0; i < pods.count; i++) {
		const cJSON *pod = pods.items[i]->object;

		account.healthy += pod_is_ready(pod) && !obj_is_deleting(pod);
	}
	return account;
}

/* --- evictions -------------------------------------------------------------------------------- */

static bool is_out_of_account(const cJSON *pod)
{
	const char *phase = obj_text(pod, "status.phase");

	return obj_is_deleting(pod) || strcmp(phase, "Pending") == 0 ||
	       strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

/* Whether a Pod that is not ready may go although it would be none less. */
static bool lets_unhealthy_go(const cJSON *budget, const struct account *account)
{
	if (strcmp(obj_text(budget, "spec.unhealthyPodEvictionPolicy"), "AlwaysAllow") == 0)
		return true;
	return account->healthy >= account->desired && account->desired > 0;
}

static int refuse(const cJSON *budget, const struct account *account, struct status *status)
{
	cJSON *cause = obj_new();
	CLEANUP(free_p)
	char *message = alloc_printf(
		"The disruption budget %s needs %lld healthy pods and has %lld currently",
		obj_name(budget), (long long)account->desired, (long long)account->healthy);

	status_set(status, 429, "TooManyRequests",
		   "Cannot evict pod as it would violate the pod's disruption budget.");
	status->details = obj_new();
	obj_set_text(cause, "reason", "DisruptionBudget");
	obj_set_text(cause, "message", message);
	obj_append(obj_array_at(status->details, "causes"), cause);
	return -1;
}

int budgets_admit(const struct cluster *cluster, const cJSON *pod, struct status *status)
{
	CLEANUP(records_release) struct records budgets = {0};
	const cJSON *covering = NULL;

	if (is_out_of_account(pod))
		return 0;
	store_list(cluster->store, "policy", "poddisruptionbudgets", obj_namespace(pod), &budgets);
	for (size_t i = 0; i < budgets.count; i++) {
		const cJSON *budget = budgets.items[i]->object;

		if (!covers(budget, pod))
			continue;
		if (covering)
			return status_set(status, 500, "InternalError",
					  "This pod has more than one PodDisruptionBudget, which "
					  "the eviction subresource does not support.");
		covering = budget;
	}
	if (!covering)
		return 0;
	struct account account = account_of(cluster, covering);
	if (allowed(&account) > 0 || (!pod_is_ready(pod) && lets_unhealthy_go(covering, &account)))
		return 0;
	return refuse(covering, &account, status);
}

/* --- the status ------------------------------------------------------------------------------- */

static void sync_budget(void *context, const char *namespace, const char *name)
{
	static const struct write by_status = {
		.manager = "kube-controller-manager",
		.subresource = "status",
	};
	struct cluster *cluster = ((struct budgets *)context)->cluster;
	const struct key key = {"policy", "poddisruptionbudgets", namespace, name};
	CLEANUP(record_drop_p) struct record *budget = store_get(cluster->store, &key);
	CLEANUP(status_release) struct status status = {0};

	if (!budget)
		return;
	struct account account = account_of(cluster, budget->object);
	cJSON *copy = obj_copy(budget->object);
	obj_set_int(copy, "status.currentHealthy", account.healthy);
	obj_set_int(copy, "status.desiredHealthy", account.desired);
	obj_set_int(copy, "status.disruptionsAllowed", allowed(&account));
	obj_set_int(copy, "status.expectedPods", account.expected);
	obj_set_int(copy, "status.observedGeneration", json_int_or(copy, "metadata.generation", 0));
	registry_update(cluster, copy, &by_status, NULL, &status);
}

static void budget_changed(void *context, const struct change *change)
{
	struct budgets *budgets = context;

	if (change->type != CHANGE_DELETED)
		queue_add(&budgets->queue, change->new->key.namespace, change->new->key.name, 0);
}

/* A Pod or a StatefulSet: any budget of its namespace may count another number now. */
static void counted_changed(void *context, const struct change *change)
{
	struct budgets *budgets = context;
	CLEANUP(records_release) struct records all = {0};

	store_list(budgets->cluster->store, "policy", "poddisruptionbudgets",
		   change->new->key.namespace, &all);
	for (size_t i = 0; i < all.count; i++)
		queue_add(&budgets->queue, all.items[i]->key.namespace, all.items[i]->key.name, 0);
}

struct budgets *budgets_new(struct cluster *cluster)
{
	struct budgets *budgets = alloc_zero(sizeof *budgets);

	budgets->cluster = cluster;
	queue_init(&budgets->queue, cluster->loop, sync_budget, budgets);
	store_subscribe(cluster->store, "policy", "poddisruptionbudgets", budget_changed, budgets);
	store_subscribe(cluster->store, "", "pods", counted_changed, budgets);
	store_subscribe(cluster->store, "apps", "statefulsets", counted_changed, budgets);
	return budgets;
}

void budgets_free(struct budgets *budgets)
{
	if (!budgets)
		return;
	queue_release(&budgets->queue);
	free(budgets);
}
