#include "diff/offline_rollout.h"

#include <string.h>

#define ASSUMED "its Pods are not in the file: those that its status counts are taken to be well"
#define UNKNOWN_PAST                                                             \
	"what the Pods below the partition run is not told by the history that " \
	"is here: they are taken to be on an earlier template"
#define UNKNOWN_REPLICAS "Git does not say how many Pods there are: this is told for one"

/* Whether one of the Pods is named NAME-DIGITS. */
static bool has_pod_of(const char *name, const cJSON *const *pods, size_t count)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < count; i++) {
		const char *its = json_str(pods[i], "metadata.name");

		if (its && strncmp(its, name, length) == 0 && its[length] == '-' &&
		    its[length + 1] && !its[length + 1 + strspn(its + length + 1, "0123456789")])
			return true;
	}
	return false;
}

/* In place of `pods`, which are none of the StatefulSet's, those that its status counts. */
static int assume(const cJSON *statefulset, cJSON **ret_owner, const cJSON ***pods, size_t *count,
		  struct err *err)
{
	const cJSON *pod;

	if (rollout_assume_pods(statefulset, ret_owner, err) < 0)
		return -1;
	size_t assumed = (size_t)cJSON_GetArraySize(*ret_owner);
	const cJSON **items = calloc(assumed + 1, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	free(*pods);
	*pods = items;
	*count = 0;
	json_each (pod, *ret_owner)
		items[(*count)++] = pod;
	return 0;
}

static bool is_empty(const struct rollout_forecast *forecast)
{
	return forecast->creates.count + forecast->deletes.count + forecast->replaces.count +
		       forecast->keeps.count ==
	       0;
}

/* Without a status (a manifest, or an object stripped of it) nothing is known of the Pods. */
static bool tells_of_pods(const cJSON *live)
{
	return !live || json_str(live, "status.updateRevision");
}

/* --- what is written first ------------------------------------------------------------------- */

static bool is_worth_a_note(enum promotion_verdict verdict)
{
	return verdict == PROMOTION_BLOCKED || verdict == PROMOTION_HELD ||
	       verdict == PROMOTION_STUCK;
}

/*
 * What the policy makes of the manifest: *ret_first is what is written first, with the steps on the
 * item.
 */
static int steer(const struct offline_rollout *rollout, struct plan_item *item, cJSON **ret_first,
		 struct err *err)
{
	CLEANUP(promotion_release) struct promotion promotion = {0};
	CLEANUP(cJSON_Delete_p) cJSON *first = json_copy(rollout->expected);
	struct policy policy;
	const struct promotion_facts facts = {
		.wanted = rollout->expected,
		.live = rollout->live,
		.pods_known = true,
		.pods = rollout->pods,
		.pod_count = rollout->pod_count,
		.revisions = rollout->revisions,
		.revision_count = rollout->revision_count,
		.client_side = !rollout->has_base,
		.wanted_digest = "",
		.commit = "",
		.now_ms = rollout->now_ms,
	};

	if (!first)
		return err_no_memory(err);
	if (policy_read(rollout->expected, &policy, NULL, err) < 0 ||
	    promotion_decide(&facts, &promotion, err) < 0)
		return -1;
	if (promotion.verdict == PROMOTION_REFUSED)
		return err_set(err, ERR_INVALID, "%s", promotion.reason);
	if (plan_steps_foretell(&facts, &promotion, &policy, &item->steps, err) < 0 ||
	    promotion_apply(&promotion, first, err) < 0)
		return -1;
	if (is_worth_a_note(promotion.verdict) && promotion.reason &&
	    plan_item_note(item, err, "%s", promotion.reason) < 0)
		return -1;
	*ret_first = STEAL(first);
	return 0;
}

/* --- warnings -------------------------------------------------------------------------------- */

static bool has_revision(const struct offline_rollout *rollout, const char *name)
{
	for (size_t i = 0; name && i < rollout->revision_count; i++) {
		const char *its = json_str(rollout->revisions[i], "metadata.name");

		if (its && strcmp(its, name) == 0)
			return true;
	}
	return false;
}

static int warn(const struct offline_rollout *rollout, bool is_assumed, struct plan_item *item,
		struct err *err)
{
	struct rollout_forecast *forecast = &item->forecast;

	if (is_empty(forecast) && item->steps.total == 0)
		return 0;
	if (is_assumed && rollout_forecast_warn(forecast, ASSUMED, err) < 0)
		return -1;
	if (!rollout->has_base || !rollout->live)
		return 0;
	if (!has_revision(rollout, json_str(rollout->live, "status.currentRevision")) &&
	    rollout_forecast_warn(forecast, UNKNOWN_PAST, err) < 0)
		return -1;
	return rollout->says_replicas ? 0 : rollout_forecast_warn(forecast, UNKNOWN_REPLICAS, err);
}

int offline_rollout_foretell(const struct offline_rollout *seen, struct plan_item *item,
			     struct err *err)
{
	CLEANUP(free_p) const cJSON **assumed = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *owner = NULL;
	CLEANUP(cJSON_Delete_p) cJSON *first = NULL;
	struct offline_rollout rollout = *seen;

	if (!tells_of_pods(rollout.live))
		return 0;
	if (rollout.live && !has_pod_of(item->ref.name, rollout.pods, rollout.pod_count)) {
		if (assume(rollout.live, &owner, &assumed, &rollout.pod_count, err) < 0)
			return -1;
		rollout.pods = assumed;
	}
	if (steer(&rollout, item, &first, err) < 0 ||
	    rollout_forecast(rollout.live, first, rollout.pods, rollout.pod_count,
			     rollout.revisions, rollout.revision_count, &item->forecast, err) < 0 ||
	    rollout_forecast_warn_omitted(rollout.manifest, rollout.live, first, &item->forecast,
					  err) < 0)
		return -1;
	item->has_forecast = true;
	return warn(&rollout, owner && owner->child, item, err);
}
