#include "diff/promotion.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/duration.h"
#include "diff/promotion_view.h"

#define PARTITION "spec.updateStrategy.rollingUpdate.partition"

/* --- words ------------------------------------------------------------------------------------ */

static int take_reason(struct promotion *promotion, const struct buf *out, struct err *err)
{
	if (buf_check(out, "the reason of a promotion", err) < 0)
		return -1;
	promotion->reason = strdup(buf_str(out));
	return promotion->reason ? 0 : err_no_memory(err);
}

/* "web-4 is in CrashLoopBackOff on nginx:1.26.2 (exit code 1, 7 restarts)" */
static void print_trouble(const struct rollout_pod *pod, struct buf *out)
{
	const char *colon = strstr(pod->trouble, ": ");
	int length = (int)(colon ? colon - pod->trouble : (ptrdiff_t)strlen(pod->trouble));

	buf_printf(out, "%s is in %.*s on %s", pod->name, length, pod->trouble, pod->images);
	if (colon)
		buf_printf(out, " (%s)", colon + 2);
}

/* What the gate waits for, as the begin of a sentence. */
static void print_wait(const struct promotion_view *view, const struct gate *gate, struct buf *out)
{
	const struct rollout_pod *pod = gate->pod;

	switch (gate->wait) {
	case GATE_NO_PODS: buf_puts(out, "its Pods cannot be seen"); return;
	case GATE_UNSEEN:
		buf_puts(out, "the controller has not seen the latest change yet");
		return;
	case GATE_BAKING:
		buf_printf(out, "%s updated and ready, baking ", pod->name);
		duration_print(view->policy.bake_ms, out);
		return;
	case GATE_OPEN:
	case GATE_NOT_UPDATED:
	case GATE_NOT_AVAILABLE: break;
	}
	if (pod->trouble)
		print_trouble(pod, out);
	else if (!pod->exists)
		buf_printf(out, "%s is not there yet", pod->name);
	else if (pod->terminating)
		buf_printf(out, "%s is terminating", pod->name);
	else if (gate->wait == GATE_NOT_UPDATED)
		buf_printf(out, "%s is still on %s", pod->name, pod->images);
	else if (!pod->ready)
		buf_printf(out, "%s is not ready yet on %s", pod->name, pod->images);
	else
		buf_printf(out, "%s is ready, but not for minReadySeconds yet", pod->name);
}

/* --- partitions ------------------------------------------------------------------------------- */

static void set_partition(const struct promotion_view *view, struct promotion *promotion,
			  int64_t partition)
{
	promotion->partition = partition;
	promotion->sets_partition = partition != view->target;
}

/* The step that is written now, and what comes after it. */
static int walk_to(const struct promotion_view *view, struct promotion *promotion,
		   int64_t partition, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);

	set_partition(view, promotion, partition);
	if (partition == view->target)
		return 0;
	promotion->verdict = PROMOTION_WALKING;
	buf_printf(&out, "partition %" PRId64 " is the next step down to %" PRId64, partition,
		   view->target);
	return take_reason(promotion, &out, err);
}

static int hold(const struct promotion_view *view, struct promotion *promotion, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);

	set_partition(view, promotion, view->live_partition);
	if (!promotion->sets_partition)
		return 0;
	promotion->verdict = PROMOTION_HELD;
	buf_printf(&out, POLICY_HOLD " keeps partition %" PRId64 "; Git has %" PRId64,
		   view->live_partition, view->target);
	return take_reason(promotion, &out, err);
}

/* The gate is closed: the live partition stays. */
static int wait_at_gate(const struct promotion_view *view, const struct gate *gate,
			struct promotion *promotion, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);
	bool stuck = view->rollout.phase == ROLLOUT_STUCK && view->observed;
	int64_t next =
		policy_next_partition(&view->policy, view->replicas, view->partition, view->target);

	set_partition(view, promotion, view->live_partition);
	promotion->bakes = gate->wait == GATE_BAKING;
	if (promotion->bakes)
		promotion->recheck_ms = gate->opens_in_ms;
	promotion->verdict = view->policy.step == 0 ? PROMOTION_BLOCKED
			     : stuck                ? PROMOTION_STUCK
						    : PROMOTION_WALKING;
	/* Of a Pod that is not on the update the rollout's own reason has the way out. */
	bool tells_way_out = stuck && gate->pod && (!gate->pod->trouble || !gate->pod->updated);
	if (tells_way_out)
		buf_puts(&out, view->rollout.reason);
	else
		print_wait(view, gate, &out);
	if (tells_way_out)
		buf_printf(&out, "; partition %" PRId64 " waits for it", next);
	else if (stuck)
		buf_printf(&out, "; fix it, or set " POLICY_FORCE_PARTITION ": \"%" PRId64 "\"",
			   view->target);
	else if (gate->wait == GATE_BAKING)
		buf_printf(&out, " before partition %" PRId64, next);
	else
		buf_printf(&out, "; partition %" PRId64 " waits for it", next);
	return take_reason(promotion, &out, err);
}

/* --- the limit of a commit --------------------------------------------------------------------- */

/* The ordinals that Git's partition promotes and the live one does not, highest first. */
static int list_promoted(const struct promotion_view *view, struct ordinals *ordinals,
			 struct err *err)
{
	int64_t top = view->same_template ? view->partition : view->replicas;

	if (!view->facts->pods_known) {
		for (int64_t i = top; i-- > view->target;) {
			if (ordinals_add(ordinals, view->live.start + i, err) < 0)
				return -1;
		}
		return 0;
	}
	for (size_t i = view->rollout.pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &view->rollout.pods[i];
		int64_t index = promotion_index(view, pod);

		if (pod->exists && promotion_wants(view, pod) && index >= view->target &&
		    index < top && strcmp(pod->revision, view->revision) != 0 &&
		    ordinals_add(ordinals, pod->ordinal, err) < 0)
			return -1;
	}
	return 0;
}

/* 1 if the commit promotes more than it may, and says so; 0; -1 with *err. */
static int refuse(const struct promotion_view *view, struct promotion *promotion, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);
	CLEANUP(ordinals_release) struct ordinals promoted = {0};
	int64_t most = view->policy.max_promotion;

	/* What was applied once was allowed; going back is never held up. */
	if (most < 0 || view->facts->git_unchanged || promotion_goes_back(view))
		return 0;
	if (list_promoted(view, &promoted, err) < 0)
		return -1;
	if (promoted.count <= (size_t)most)
		return 0;
	buf_printf(&out, "promotes %zu ordinals at once (", promoted.count);
	ordinals_print(&promoted, &out);
	buf_printf(&out,
		   "), which is more than " POLICY_MAX_PROMOTION ": \"%" PRId64
		   "\"; commit partition %" PRId64 " first, or raise the limit",
		   most, promoted.items[most - 1] - view->live.start);
	promotion->verdict = PROMOTION_REFUSED;
	return take_reason(promotion, &out, err) < 0 ? -1 : 1;
}

/* --- the table -------------------------------------------------------------------------------- */

static bool is_forced(const struct promotion_view *view)
{
	return view->policy.force_partition == view->target;
}

/* The live template is another's: the walk begins at the top. It may be the fix, so nothing waits. */
static int begin_update(const struct promotion_view *view, struct promotion *promotion,
			struct err *err)
{
	if (view->policy.holds)
		return hold(view, promotion, err);
	/* Pods go back to what the others run: that is no promotion that had to be watched. */
	if (is_forced(view) || promotion_goes_back(view))
		return 0;
	return walk_to(
		view, promotion,
		policy_next_partition(&view->policy, view->replicas, view->replicas, view->target),
		err);
}

/* The live template is Git's: the partition may be on its way. */
static int go_on(const struct promotion_view *view, struct promotion *promotion, struct err *err)
{
	bool stuck = view->rollout.phase == ROLLOUT_STUCK && view->observed;

	if (promotion_wants_rollback(view))
		return promotion_begin_rollback(view, promotion, err);
	if (view->policy.holds)
		return hold(view, promotion, err);
	if (view->target < view->partition && !is_forced(view) && promotion_has_work(view)) {
		const struct gate gate = promotion_gate(view);

		if (gate.wait != GATE_OPEN)
			return wait_at_gate(view, &gate, promotion, err);
		return walk_to(view, promotion,
			       policy_next_partition(&view->policy, view->replicas, view->partition,
						     view->target),
			       err);
	}
	if (!stuck)
		return 0;
	promotion->verdict = PROMOTION_STUCK;
	promotion->reason = strdup(view->rollout.reason);
	return promotion->reason ? 0 : err_no_memory(err);
}

/* Time alone also makes a Pod available, or brings its deadline. */
static void set_recheck(const struct promotion_view *view, struct promotion *promotion)
{
	int64_t others_ms = view->rollout.recheck_ms;

	if (others_ms > 0 && (promotion->recheck_ms == 0 || others_ms < promotion->recheck_ms))
		promotion->recheck_ms = others_ms;
}

static int decide(struct promotion_view *view, struct promotion *promotion, struct err *err)
{
	int result;

	if (promotion_keep_replicas(view, promotion, err) < 0)
		return -1;
	if (view->wanted.on_delete)
		return 0;
	if (promotion_is_rejected(view->facts)) {
		result = promotion_go_on_with_rollback(view, promotion, err);
	} else {
		result = refuse(view, promotion, err);
		if (result > 0)
			return 0;
		if (result == 0)
			result = view->same_template ? go_on(view, promotion, err)
						     : begin_update(view, promotion, err);
	}
	return result < 0 ? -1 : promotion_find_unstick(view, promotion, err);
}

/* --- public ----------------------------------------------------------------------------------- */

int promotion_decide(const struct promotion_facts *facts, struct promotion *ret_promotion,
		     struct err *err)
{
	CLEANUP(promotion_view_release) struct promotion_view view = {0};
	CLEANUP(promotion_release) struct promotion promotion = {0};

	if (facts->live && !json_at(facts->live, "metadata.deletionTimestamp")) {
		if (promotion_view_read(facts, &view, err) < 0)
			return -1;
		promotion.replicas = view.replicas;
		promotion.partition = view.target;
		if (decide(&view, &promotion, err) < 0)
			return -1;
		set_recheck(&view, &promotion);
	}
	*ret_promotion = promotion;
	promotion = (struct promotion){0};
	return 0;
}

void promotion_release(struct promotion *promotion)
{
	cJSON_Delete(promotion->template);
	free(promotion->reason);
	free(promotion->rejection);
	free(promotion->drift);
	free(promotion->unstick_pod);
	free(promotion->unstick_uid);
	free(promotion->good_revision);
	*promotion = (struct promotion){0};
}

/* Makes room for the partition where the manifest has a null. */
static void remove_null(cJSON *object, const char *path)
{
	if (cJSON_IsNull(json_at(object, path)))
		json_remove(object, path);
}

int promotion_apply(const struct promotion *promotion, cJSON *object, struct err *err)
{
	if (promotion->sets_replicas &&
	    json_set_int(object, "spec.replicas", promotion->replicas, err) < 0)
		return -1;
	if (promotion->template &&
	    json_set(object, "spec.template", json_copy(promotion->template), err) < 0)
		return -1;
	if (!promotion->sets_partition)
		return 0;
	remove_null(object, "spec.updateStrategy");
	remove_null(object, "spec.updateStrategy.rollingUpdate");
	return json_set_int(object, PARTITION, promotion->partition, err);
}

static bool is_settled(const cJSON *live)
{
	int64_t replicas = json_int_or(live, "spec.replicas", 1);
	const char *current = json_str(live, "status.currentRevision");
	const char *update = json_str(live, "status.updateRevision");

	return current && update && strcmp(current, update) == 0 &&
	       json_int_or(live, "status.replicas", 0) == replicas &&
	       json_int_or(live, "status.readyReplicas", 0) == replicas &&
	       json_int_or(live, "status.updatedReplicas", 0) == replicas;
}

bool promotion_is_idle(const cJSON *desired, const cJSON *live,
		       const struct promotion_record *record)
{
	struct rollout_facts wanted, have;
	struct policy policy;
	struct err ignored;

	if (record && record->rejected_digest && *record->rejected_digest)
		return false;
	if (!live || policy_read(desired, &policy, NULL, &ignored) < 0 ||
	    rollout_facts_read(desired, &wanted, &ignored) < 0 ||
	    rollout_facts_read(live, &have, &ignored) < 0 || wanted.partition != have.partition ||
	    (json_at(desired, "spec.replicas") && wanted.replicas != have.replicas) ||
	    json_int_or(live, "status.observedGeneration", -1) <
		    json_int_or(live, "metadata.generation", 0))
		return false;
	/* What is left is to go back, or to help: there is no need of either where all is well. */
	return (!policy.rolls_back && !policy.unsticks) || is_settled(live);
}

bool promotion_is_plain(const cJSON *desired, const cJSON *live,
			const struct promotion_record *record)
{
	struct policy policy;
	struct err ignored;

	return policy_read(desired, &policy, NULL, &ignored) == 0 && policy.step == 0 &&
	       policy.max_promotion < 0 && !policy.holds && !policy.rolls_back &&
	       !policy.unsticks && promotion_is_idle(desired, live, record) && is_settled(live);
}
