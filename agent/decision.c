#include "agent/decision.h"

#include <stdlib.h>
#include <string.h>

#include "apply/order.h"
#include "apply/wire.h"
#include "diff/autoscaler.h"
#include "diff/notes.h"
#include "diff/prediction.h"
#include "diff/promotion.h"
#include "diff/recreation.h"

/* The digests of an object, and what the inventory has of it; without that, nothing. */
struct digests {
	char *desired, *live;
	struct plan_record record;
	bool recorded;
};

static void digests_release(struct digests *digests)
{
	free(digests->desired);
	free(digests->live);
}

/*
 * A Secret's desired digest leaves its values out, so equal digests do not say that Git is as it was;
 * only an unchanged commit does.
 */
static bool hides_values(const struct target *target)
{
	return ref_is(&target->ref, "", "Secret");
}

static bool is_recorded_commit(const struct app *app)
{
	return app->inventory.revision && app->fetched.snapshot.commit &&
	       strcmp(app->inventory.revision, app->fetched.snapshot.commit) == 0;
}

/* Puts a copy in place of the text; without memory for it there is none. */
static void remember(char **text, const char *value)
{
	free(*text);
	*text = value ? strdup(value) : NULL;
}

static int desired_digest(const struct target *target, char **ret_digest, struct err *err)
{
	struct manifest_memo *memo = target->manifest->memo;

	if (memo && memo->desired) {
		*ret_digest = strdup(memo->desired);
		return *ret_digest ? 0 : err_no_memory(err);
	}
	if (inventory_digest_desired(&target->ref, target->manifest->desired, ret_digest, err) < 0)
		return -1;
	if (memo)
		remember(&memo->desired, *ret_digest);
	return 0;
}

/* One resourceVersion is one content, of which the same manifest makes the same digest. */
static int live_digest(const struct target *target, char **ret_digest, struct err *err)
{
	struct manifest_memo *memo = target->desired ? NULL : target->manifest->memo;
	const char *version = json_str(target->live, "metadata.resourceVersion");

	if (memo && memo->live && memo->of_live_version && version &&
	    strcmp(memo->of_live_version, version) == 0) {
		*ret_digest = strdup(memo->live);
		return *ret_digest ? 0 : err_no_memory(err);
	}
	if (inventory_digest_live(&target->ref, target_desired(target), target->live, ret_digest,
				  err) < 0)
		return -1;
	if (memo) {
		remember(&memo->live, *ret_digest);
		remember(&memo->of_live_version, version);
	}
	return 0;
}

static int digests_of(const struct app *app, const struct target *target, struct digests *ret,
		      struct err *err)
{
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);

	if (!entry)
		return 0; /* there is nothing to compare them with */
	ret->record = (struct plan_record){entry->desired, entry->live};
	ret->recorded = true;
	if (!hides_values(target) || is_recorded_commit(app)) {
		if (desired_digest(target, &ret->desired, err) < 0)
			return -1;
	} else if (!(ret->desired = strdup(""))) {
		return err_no_memory(err);
	}
	return target->live ? live_digest(target, &ret->live, err) : 0;
}

/* Whether nothing of the object is left to be driven, beyond its being as it was recorded. */
static bool is_at_rest(const struct app *app, const struct target *target)
{
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);

	return !ref_is(&target->ref, "apps", "StatefulSet") ||
	       promotion_is_idle(target_desired(target), target->live,
				 entry ? &entry->rollout : NULL);
}

bool decision_is_in_sync(const struct app *app, const struct target *target)
{
	CLEANUP(digests_release) struct digests digests = {0};
	struct err ignored;

	if (!target->live || target->error || digests_of(app, target, &digests, &ignored) < 0 ||
	    !digests.recorded)
		return false;
	return strcmp(digests.desired, digests.record.desired_digest) == 0 &&
	       strcmp(digests.live, digests.record.live_digest) == 0 && is_at_rest(app, target);
}

/*
 * What the write would leave: the dry run's answer, or what can be told without the server, which
 * *ret_own then holds.
 */
static int expected_of(const struct target *target, cJSON **ret_own, const cJSON **ret_expected,
		       struct err *err)
{
	const char *namespace = *target->ref.namespace ? target->ref.namespace : NULL;

	if (!target->predicted && prediction_build(target_desired(target), target_base(target),
						   namespace, ret_own, err) < 0)
		return -1;
	*ret_expected = target->predicted ? target->predicted : *ret_own;
	return 0;
}

static int compare(const struct target *target, struct plan_item *item, struct err *err)
{
	if (!item->from)
		return 0;
	return target_compare(target, item->to, item->from, &item->changes, err);
}

/* --- without a dry run ------------------------------------------------------------------------ */

/* Whether the manifest says of some field what the live object does not. */
static bool is_sure_to_differ(const struct target *target)
{
	CLEANUP(cJSON_Delete_p) cJSON *own = NULL, *live = object_normalised(target->live);
	CLEANUP(changes_release) struct changes changes = {0};
	const cJSON *expected;
	struct err ignored;

	if (!live || expected_of(target, &own, &expected, &ignored) < 0)
		return false;
	object_normalise(own);
	return prediction_compare(own, live, &changes, &ignored) == 0 && changes.count > 0;
}

/* Whether no question but that of the digests is asked about it. */
static bool is_simple(const struct app *app, const struct target *target)
{
	const struct inventory_entry *entry = inventory_find(&app->inventory, &target->ref);

	if (hides_values(target) || target->autoscaler || order_wave(&target->ref) == 0 ||
	    recreation_is_wanted(target_desired(target)))
		return false;
	return !target->live || !ref_is(&target->ref, "apps", "StatefulSet") ||
	       promotion_is_plain(target_desired(target), target->live,
				  entry ? &entry->rollout : NULL);
}

bool decision_is_certain(const struct app *app, const struct target *target)
{
	CLEANUP(digests_release) struct digests digests = {0};
	struct err ignored;

	if (!target->live_known || target->error || !is_simple(app, target) ||
	    digests_of(app, target, &digests, &ignored) < 0)
		return false;
	bool git_changed =
		!digests.recorded || strcmp(digests.desired, digests.record.desired_digest) != 0;
	if (!target->live)
		return git_changed;
	return git_changed && digests.recorded &&
	       strcmp(digests.live, digests.record.live_digest) == 0 && is_sure_to_differ(target);
}

int decision_take_answer(struct target *target, struct plan_item *item, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *to = object_normalised(target->written);
	CLEANUP(changes_release) struct changes changes = {0};

	if (!to)
		return err_no_memory(err);
	if (item->from && compare_objects(item->from, to, &changes, err) < 0)
		return -1;
	if (item->from && changes.count == 0) {
		item->action = PLAN_IN_SYNC;
		target->result = TARGET_UNCHANGED;
	}
	cJSON_Delete(item->to);
	item->to = STEAL(to);
	changes_release(&item->changes);
	item->changes = changes;
	changes = (struct changes){0};
	return 0;
}

/* --- deciding --------------------------------------------------------------------------------- */

static int note_recreation(const struct target *target, struct plan_item *item, struct err *err)
{
	if (target->kept)
		return plan_item_note(item, err,
				      "it was deleted to be recreated, and is created again now");
	return item->action == PLAN_RECREATE ? recreation_note(item, target->live, err) : 0;
}

int decision_note(const struct target *target, struct plan_item *item, struct err *err)
{
	const cJSON *desired = target->manifest->desired;

	if (target->autoscaler &&
	    autoscaler_note(item, target->autoscaler, desired, target->live, err) < 0)
		return -1;
	return notes_ignored(item, desired, target->live, err);
}

int decision_make(const struct app *app, const struct target *target, bool undo,
		  struct plan_item *item, struct err *err)
{
	CLEANUP(digests_release) struct digests digests = {0};
	CLEANUP(cJSON_Delete_p) cJSON *own = NULL;
	const cJSON *expected;

	if (expected_of(target, &own, &expected, err) < 0 ||
	    digests_of(app, target, &digests, err) < 0)
		return -1;
	item->client_side = target->client_side;
	item->to = object_normalised(expected);
	item->from = target->live ? object_normalised(target->live) : NULL;
	if (!item->to || (target->live && !item->from))
		return err_no_memory(err);
	if (compare(target, item, err) < 0)
		return -1;
	/* One that a recreation left deleted is missing for no other reason. */
	const struct plan_record *record =
		digests.recorded && !target->kept ? &digests.record : NULL;
	bool exists = target->live, differs = item->changes.count > 0;
	item->action = plan_decide(exists, differs, record, digests.desired, digests.live, undo);
	item->drifted = undo && plan_decide(exists, differs, record, digests.desired, digests.live,
					    false) == PLAN_DRIFT;
	if (item->action == PLAN_REPLACE && target->recreate)
		item->action = PLAN_RECREATE;
	return note_recreation(target, item, err);
}

int decision_accuse(const struct target *target, int64_t now_ms, struct plan_item *item,
		    struct err *err)
{
	/* What is driven is no drift, and replicas that are kept are. */
	item->drifted =
		item->action == PLAN_DRIFT || (item->drifted && plan_action_writes(item->action));
	if (!item->drifted)
		return 0;
	if (json_unpack_managed_fields(target->live, err) < 0)
		return -1;
	return plan_item_accuse(item, target->live, WIRE_FIELD_MANAGER, now_ms, err);
}

int decision_forecast(const struct target *target, const struct rollouts *rollouts,
		      struct plan_item *item, struct err *err)
{
	const char *namespace = target->ref.namespace, *name = target->ref.name;
	CLEANUP(cJSON_Delete_p) cJSON *own = NULL;
	const cJSON *expected;
	size_t pod_count, revision_count;
	const cJSON *const *pods = rollouts_pods(rollouts, namespace, name, &pod_count);
	const cJSON *const *revisions =
		rollouts_revisions(rollouts, namespace, name, &revision_count);

	if (expected_of(target, &own, &expected, err) < 0 ||
	    rollout_forecast(target->live, expected, pods, pod_count, revisions, revision_count,
			     &item->forecast, err) < 0 ||
	    rollout_forecast_warn_omitted(target_desired(target), target->live, expected,
					  &item->forecast, err) < 0)
		return -1;
	item->has_forecast = true;
	return 0;
}
