#include "agent/pass_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/decision.h"
#include "apply/rollout.h"

/* --- pods ------------------------------------------------------------------------------------ */

/* They are there, or cannot be had. The dry runs may still be under way. */
static void on_pods(void *context)
{
	struct pass *pass = context;

	pass->pods = PODS_THERE;
	if (pass->stage == STAGE_PODS)
		pass_enter(pass, STAGE_ORPHANS);
}

/* Pods that may not be listed cost the forecasts, and keep the gates of promotions closed. */
static void on_pods_error(void *context, const struct err *err, int64_t retry_in_ms)
{
	struct pass *pass = context;

	if (retry_in_ms >= 0 || pass->pods != PODS_ASKED_FOR)
		return;
	pass->trouble = *err;
	pass->troubled = "list of Pods";
	rollouts_free(STEAL(pass->rollouts));
	on_pods(pass);
}

static bool wants_pods(const struct pass *pass, const struct target *target)
{
	return steer_wants_pods(target) || (pass->options.forecast && !target->error &&
					    ref_is(&target->ref, "apps", "StatefulSet"));
}

static int follow_namespaces(struct pass *pass, struct err *err)
{
	for (size_t i = 0; i < pass->front.count; i++) {
		const struct target *target = &pass->front.items[i];

		if (wants_pods(pass, target) &&
		    rollouts_add_namespace(pass->rollouts, target->ref.namespace, err) < 0)
			return -1;
	}
	return 0;
}

/* Asks for the Pods of the front's StatefulSets, and for their revisions where they count. */
static int ask_for_pods(struct pass *pass, struct err *err)
{
	struct rollouts_options options = {.once = true,
					   .pods_only = true, /* the StatefulSets have been read */
					   .revisions = pass->options.forecast,
					   .on_synced = on_pods,
					   .on_error = on_pods_error,
					   .ctx = pass};
	bool any = false;

	for (size_t i = 0; i < pass->front.count; i++) {
		const struct target *target = &pass->front.items[i];

		any |= wants_pods(pass, target);
		options.revisions |= steer_wants_revisions(pass->options.app, target);
	}
	pass->pods = any ? PODS_ASKED_FOR : PODS_THERE;
	if (!any)
		return 0;
	pass->rollouts = rollouts_new(pass->options.cluster, &options, err);
	return pass->rollouts ? follow_namespaces(pass, err) : -1;
}

int pass_foresee_pods(struct pass *pass, struct err *err)
{
	rollouts_free(STEAL(pass->rollouts));
	pass->pods = PODS_UNKNOWN;
	return pass->options.forecast ? ask_for_pods(pass, err) : 0;
}

void pass_start_pods(struct pass *pass)
{
	struct err err;

	if (pass->pods == PODS_UNKNOWN && ask_for_pods(pass, &err) < 0)
		pass_fail(pass, PASS_CLUSTER, &err);
	else if (pass->pods == PODS_THERE)
		pass_enter(pass, STAGE_ORPHANS);
}

/* --- deciding -------------------------------------------------------------------------------- */

static void steer_free(struct steer *steer)
{
	if (!steer)
		return;
	steer_release(steer);
	free(steer);
}

struct steer *pass_steer_of(const struct pass *pass, const struct target *target)
{
	size_t index = pass_index_of(pass, target);

	return index < pass->steer_count ? pass->steers[index] : NULL;
}

const struct steer *pass_steer(const struct pass *pass, size_t index)
{
	return index < pass->steer_count ? pass->steers[index] : NULL;
}

/* The target's, empty, in place of an earlier round's. */
static int renew_steer(struct pass *pass, const struct target *target, struct steer **ret_steer,
		       struct err *err)
{
	size_t index = pass_index_of(pass, target);
	size_t count = pass_count(pass);

	if (!pass->steers) {
		pass->steers = calloc(count, sizeof(struct steer *));
		if (!pass->steers)
			return err_no_memory(err);
		pass->steer_count = count;
	}
	struct steer *steer = calloc(1, sizeof(*steer));
	if (!steer)
		return err_no_memory(err);
	steer_free(pass->steers[index]);
	pass->steers[index] = *ret_steer = steer;
	return 0;
}

/* The Pods are not as the StatefulSet's status says: another round makes a dry run. */
static void ask_after_all(struct target *target)
{
	struct err err;

	err_set(&err, ERR_CONFLICT, "its rollout has changed since it was read");
	target_fail(target, &err);
}

int pass_decide_target(struct pass *pass, struct target *target, struct plan_item *item,
		       struct err *err)
{
	const struct app *app = pass->options.app;
	static const struct steer none;
	struct steer *steer = NULL;
	bool write = false, undo = pass_undoes(pass, target, item);

	if (ref_is(&target->ref, "apps", "StatefulSet") &&
	    (renew_steer(pass, target, &steer, err) < 0 ||
	     steer_target(app, target, pass->rollouts, undo, pass->now_ms, steer, err) < 0))
		return -1;
	if (decision_make(app, target, undo, item, err) < 0 ||
	    steer_item(steer ? steer : &none, target, item, &write, err) < 0 ||
	    pass_note_drift(pass, target, item, err) < 0)
		return -1;
	if (pass->options.forecast && pass->rollouts && write && steer &&
	    decision_forecast(target, pass->rollouts, item, err) < 0)
		return -1;
	target->write = write;
	if (target->direct && (!write || (steer && !steer_is_as_git(steer))))
		ask_after_all(target);
	return 0;
}

/*
 * A StatefulSet that is to be rolled back has an entry. One that nobody applied here has none yet: it is
 * what Git says, or there were nothing to reject, and so counts as applied.
 */
static int need_entry(struct app *app, const struct target *target, struct err *err)
{
	if (inventory_find(&app->inventory, &target->ref))
		return 0;
	return inventory_put(&app->inventory, &target->ref, target->manifest->desired,
			     target_desired(target), target->live, err);
}

int pass_note_rejections(struct pass *pass, bool *ret_any, struct err *err)
{
	*ret_any = false;
	for (size_t i = 0; i < pass->front.count; i++) {
		const struct target *target = &pass->front.items[i];
		const struct steer *steer = pass_steer_of(pass, target);

		if (!steer || !steer->must_record || !target->write || target->error)
			continue;
		if (need_entry(pass->options.app, target, err) < 0 ||
		    steer_record(steer, target, pass->now_ms, &pass->options.app->inventory,
				 ret_any, err) < 0)
			return -1;
	}
	return 0;
}

/* --- unstick --------------------------------------------------------------------------------- */

static void on_unstuck(void *context, const struct err *err)
{
	struct pass *pass = context;
	size_t next = 0;

	(void)err; /* each order has its own */
	pass->id = 0;
	for (size_t i = 0; i < pass->steer_count; i++) {
		struct steer *steer = pass->steers[i];

		if (!steer || !steer->unstick_version)
			continue;
		const struct unstick_order *order = &pass->orders[next++];
		steer->unstuck = true;
		steer->unstick_result = order->result;
		steer->unstick_error = strdup(order->err.message);
	}
	pass_enter(pass, STAGE_PRUNE);
}

/* Orders for the Pods that block the rollouts of StatefulSets that are as they should be. */
static int make_orders(struct pass *pass, struct err *err)
{
	pass->orders = calloc(pass->steer_count + 1, sizeof(*pass->orders));
	if (!pass->orders)
		return err_no_memory(err);
	for (size_t i = 0; i < pass->steer_count; i++) {
		struct steer *steer = pass->steers[i];
		const struct plan_item *item = &pass->plan.items[i];

		if (!steer || !steer->unstick_version)
			continue;
		if (item->action == PLAN_FAILED || item->action == PLAN_DRIFT) {
			free(STEAL(steer->unstick_version));
			continue;
		}
		pass->orders[pass->order_count++] = (struct unstick_order){
			.namespace = item->ref.namespace,
			.pod = steer->promotion.unstick_pod,
			.uid = steer->promotion.unstick_uid,
			.resource_version = steer->unstick_version,
		};
	}
	return 0;
}

void pass_start_unstick(struct pass *pass)
{
	struct err err;

	if (pass->options.dry_run) {
		pass_enter(pass, STAGE_PRUNE);
		return;
	}
	if (make_orders(pass, &err) < 0) {
		pass_fail(pass, PASS_CLUSTER, &err);
		return;
	}
	if (pass->order_count == 0) {
		pass_enter(pass, STAGE_PRUNE);
		return;
	}
	pass->id = unstick(pass->options.cluster, pass->orders, pass->order_count, on_unstuck, pass,
			   &err);
	pass_check_started(pass, &err);
}

void pass_release_rollouts(struct pass *pass)
{
	rollouts_free(pass->rollouts);
	for (size_t i = 0; i < pass->steer_count; i++)
		steer_free(pass->steers[i]);
	free(pass->steers);
	free(pass->orders);
}
