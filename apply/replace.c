#include "apply/replace.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/fanout.h"
#include "apply/order.h"
#include "apply/recreate.h"
#include "apply/refusal.h"
#include "apply/wire.h"

#define POLL_FIRST_MS 50
#define POLL_MAX_MS   1000

/*
 *	WRITE one rank after another, up to the end of the first wave;
 *	WAIT until what the first wave made is ready;
 *	RESOLVE the targets whose CRD is there now;
 *	WRITE the second wave.
 */
enum replace_step {
	STEP_WRITE,
	STEP_WAIT,
	STEP_RESOLVE,
};

struct replace {
	struct fanout fanout;
	struct cluster *cluster;
	struct discovery *discovery;
	struct targets *targets;
	struct target **order; /* those to write, by wave and rank */
	size_t order_count;
	struct recreate **recreations; /* per item of the order; NULL: none under way */
	struct target **needs;         /* the Namespaces and CRDs among the targets */
	size_t need_count;
	enum replace_step step;
	size_t first, end;   /* of the order: the items of this step */
	unsigned polls;      /* of this step */
	int64_t deadline_ms; /* of WAIT or RESOLVE; monotonic */
	bool resolved;       /* RESOLVE has been */
	uint64_t work;       /* RESOLVE: the discovery's stage, or the pause before it */
	void (*on_target)(void *ctx, struct target *target);
	stage_done *done;
	void *ctx;
};

static void advance(struct replace *replace);

static int64_t monotonic_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static void replace_free(void *stage)
{
	struct replace *replace = stage;

	if (replace->cluster)
		cluster_cancel(replace->cluster, replace->work);
	fanout_release(&replace->fanout);
	for (size_t i = 0; replace->recreations && i < replace->order_count; i++)
		recreate_free(replace->recreations[i]);
	free(replace->recreations);
	free(replace->order);
	free(replace->needs);
	free(replace);
}

static void replace_finish(struct replace *replace, const struct err *err)
{
	struct err copy = err ? *err : (struct err){0};
	stage_done *done = replace->done;
	void *ctx = replace->ctx;

	replace_free(replace);
	done(ctx, err ? &copy : NULL);
}

/* Tells that a target is done. The stage may be gone after it. */
static void tell(struct replace *replace, struct target *target)
{
	if (replace->on_target)
		replace->on_target(replace->ctx, target);
}

/* --- what depends on what --------------------------------------------------------------------- */

static bool is_namespace(const struct target *target)
{
	return ref_is(&target->ref, "", "Namespace");
}

static bool is_crd(const struct target *target)
{
	return ref_is(&target->ref, resource_crds.group, resource_crds.kind);
}

/* Whether `needed` is the Namespace or the CRD that the target cannot be without. */
static bool depends_on(const struct target *target, const struct target *needed)
{
	if (is_namespace(needed))
		return needed->live_known && !needed->live &&
		       strcmp(needed->ref.name, target->ref.namespace) == 0;
	return target->awaits_crd && is_crd(needed) &&
	       discovery_crd_brings(needed->manifest->desired, &target->ref);
}

/* What the target needs and has failed, or NULL. */
static const struct target *failed_need(const struct replace *replace, const struct target *target)
{
	for (size_t i = 0; i < replace->need_count; i++) {
		const struct target *needed = replace->needs[i];

		if (needed->error && depends_on(target, needed))
			return needed;
	}
	return NULL;
}

static int check_needs(const struct replace *replace, const struct target *target, struct err *err)
{
	const struct target *needed = failed_need(replace, target);

	if (needed) {
		*err = *needed->error;
		return err_prefix(err, "its %s \"%s\" is not there", needed->ref.kind,
				  needed->ref.name);
	}
	if (!target->resource)
		return err_set(err, ERR_NOT_FOUND, "the cluster does not offer its kind yet");
	return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static bool is_ready(const struct target *target, const cJSON *object)
{
	const cJSON *condition;

	if (is_namespace(target)) {
		const char *phase = json_str(object, "status.phase");
		return phase && strcmp(phase, "Active") == 0;
	}
	json_each (condition, json_at(object, "status.conditions")) {
		const char *type = json_str(condition, "type");
		const char *status = json_str(condition, "status");

		if (type && status && strcmp(type, "Established") == 0)
			return strcmp(status, "True") == 0;
	}
	return false;
}

static bool must_wait_for(const struct target *target)
{
	return !target->error && target->written && (is_namespace(target) || is_crd(target)) &&
	       !is_ready(target, target->written);
}

static const char *resource_version(const cJSON *object)
{
	const char *version = json_str(object, "metadata.resourceVersion");

	return version ? version : "";
}

static void keep_written(struct target *target, struct cluster_answer *answer)
{
	cJSON_Delete(target->written);
	target->written = STEAL(answer->body);
	wire_keep_warnings(target, answer);
	if (!target->live)
		target->result = TARGET_CREATED;
	else if (strcmp(resource_version(target->live), resource_version(target->written)) == 0)
		target->result = TARGET_UNCHANGED;
	else
		target->result = TARGET_REPLACED;
}

static void keep_refusal(struct target *target, const struct err *err, const cJSON *status)
{
	struct err own = *err;

	refusal_advise(&target->ref, status, &own);

	/* It was there when it was read: somebody deleted it, which is a change like any other. */
	if (target->live && err->class == ERR_NOT_FOUND)
		own.class = ERR_CONFLICT;
	target_fail(target, &own);
}

static int send_write(struct replace *replace, size_t place, struct fanout_slot *slot,
		      struct err *err)
{
	struct target *target = replace->order[place];

	if (target->recreate)
		return recreate_begin(target, slot, &replace->recreations[place], err);
	return wire_write(target, false, slot, err);
}

static void start_write(struct replace *replace, size_t place, struct fanout_slot *slot)
{
	struct target *target = replace->order[place];
	struct err err;

	if (!target->error && check_needs(replace, target, &err) == 0 &&
	    send_write(replace, place, slot, &err) == 0)
		return;
	if (!target->error)
		target_fail(target, &err);
	tell(replace, target);
}

static void proceed_write(struct replace *replace, size_t place, struct fanout_slot *slot,
			  const struct err *err, struct cluster_answer *answer)
{
	struct target *target = replace->order[place];
	struct recreate *recreate = replace->recreations[place];

	if (recreate && recreate_proceed(recreate, slot, err, answer))
		return;
	if (recreate)
		recreate_free(STEAL(replace->recreations[place]));
	else if (err)
		keep_refusal(target, err, answer->body);
	else
		keep_written(target, answer);
	if (!must_wait_for(target))
		tell(replace, target);
}

/* --- waiting ---------------------------------------------------------------------------------- */

static int64_t poll_pause_ms(unsigned polls)
{
	return polls < 5 ? POLL_FIRST_MS << polls : POLL_MAX_MS;
}

static void fail_waiting(struct target *target, const struct err *cause)
{
	struct err err;

	err_set(&err, ERR_TRANSIENT, "it was written but is not %s after %d s%s%s",
		is_crd(target) ? "Established" : "Active", REPLACE_WAIT_MS / 1000,
		cause ? ": " : "", cause ? cause->message : "");
	target_fail(target, &err);
}

static bool is_hopeless(const struct replace *replace, const struct err *err)
{
	return monotonic_ms() >= replace->deadline_ms ||
	       (err && err->class != ERR_TRANSIENT && err->class != ERR_NOT_FOUND);
}

static void proceed_wait(struct replace *replace, struct target *target, struct fanout_slot *slot,
			 const struct err *err, struct cluster_answer *answer)
{
	struct err own;

	if (!err && !answer) { /* the pause is over */
		if (wire_read(target, slot, &own) == 0)
			return;
		fail_waiting(target, &own);
	} else if (err || !is_ready(target, answer->body)) {
		if (!is_hopeless(replace, err) &&
		    fanout_pause(slot, poll_pause_ms(replace->polls++), &own) == 0)
			return;
		fail_waiting(target, err);
	}
	tell(replace, target);
}

/* --- the targets that wait for a CRD ---------------------------------------------------------- */

/* Whether some target's CRD is fine but its kind is not known yet. */
static bool has_unresolved(const struct replace *replace)
{
	for (size_t i = 0; i < replace->order_count; i++) {
		const struct target *target = replace->order[i];

		if (!target->error && !target->resource && !failed_need(replace, target))
			return true;
	}
	return false;
}

static void fail_unresolved(struct replace *replace, const struct err *err)
{
	for (size_t i = 0; i < replace->order_count; i++) {
		if (!replace->order[i]->resource)
			target_fail(replace->order[i], err);
	}
}

static void on_resolved(void *ctx, const struct err *err);

static void on_resolve_pause_over(void *ctx)
{
	struct replace *replace = ctx;
	struct err err;

	/* Every target has its namespace by now, so the default one is not used. */
	replace->work = discovery_resolve(replace->discovery, replace->targets, "", on_resolved,
					  replace, &err);
	if (!replace->work)
		replace_finish(replace, &err);
}

static void on_resolved(void *ctx, const struct err *err)
{
	struct replace *replace = ctx;
	struct err own;

	replace->work = 0;
	if (err)
		fail_unresolved(replace, err);
	if (!has_unresolved(replace) || monotonic_ms() >= replace->deadline_ms) {
		advance(replace); /* what is unresolved fails when its turn comes */
		return;
	}
	replace->work = cluster_after(replace->cluster, poll_pause_ms(replace->polls++),
				      on_resolve_pause_over, replace, &own);
	if (!replace->work)
		replace_finish(replace, &own);
}

/* --- the steps -------------------------------------------------------------------------------- */

static int wave_at(const struct replace *replace, size_t index)
{
	return index < replace->order_count ? order_wave(&replace->order[index]->ref) : ORDER_WAVES;
}

/* Decides the next step; false when nothing is left. */
static bool next_step(struct replace *replace)
{
	bool second_wave = wave_at(replace, replace->end) != 0;
	bool wave_ended =
		replace->end > 0 && wave_at(replace, replace->end - 1) == 0 && second_wave;

	if (replace->step == STEP_WRITE && wave_ended) {
		replace->step = STEP_WAIT;
		replace->first = 0; /* all of the wave */
		replace->polls = 0;
		replace->deadline_ms = monotonic_ms() + REPLACE_WAIT_MS;
		return true;
	}
	if (second_wave && !replace->resolved && has_unresolved(replace)) {
		replace->step = STEP_RESOLVE;
		replace->resolved = true;
		replace->polls = 0;
		replace->deadline_ms = monotonic_ms() + REPLACE_WAIT_MS;
		return true;
	}
	replace->step = STEP_WRITE;
	replace->first = replace->end;
	if (replace->first == replace->order_count)
		return false;
	int rank = order_rank(&replace->order[replace->first]->ref);
	while (replace->end < replace->order_count &&
	       order_rank(&replace->order[replace->end]->ref) == rank)
		replace->end++;
	return true;
}

static void advance(struct replace *replace)
{
	struct err err;

	if (!next_step(replace))
		replace_finish(replace, NULL);
	else if (replace->step == STEP_RESOLVE)
		on_resolve_pause_over(replace);
	else if (fanout_run(&replace->fanout, replace->end - replace->first, &err) < 0)
		replace_finish(replace, &err);
}

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct replace *replace = stage;
	struct target *target = replace->order[replace->first + index];
	struct err err;

	if (replace->step == STEP_WRITE)
		start_write(replace, replace->first + index, slot);
	else if (must_wait_for(target) && fanout_pause(slot, POLL_FIRST_MS, &err) < 0) {
		fail_waiting(target, &err);
		tell(replace, target);
	}
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct replace *replace = stage;
	size_t place = replace->first + index;

	if (replace->step == STEP_WRITE)
		proceed_write(replace, place, slot, err, answer);
	else
		proceed_wait(replace, replace->order[place], slot, err, answer);
}

static void on_finish(void *stage, const struct err *err)
{
	if (err)
		replace_finish(stage, err);
	else
		advance(stage);
}

/* By wave, rank, and then as the caller has them. */
static int compare_order(const void *a, const void *b)
{
	const struct target *left = *(struct target *const *)a;
	const struct target *right = *(struct target *const *)b;
	int order = order_wave(&left->ref) - order_wave(&right->ref);

	if (order == 0)
		order = order_rank(&left->ref) - order_rank(&right->ref);
	if (order == 0)
		order = left < right ? -1 : left > right;
	return order;
}

static int put_in_order(struct replace *replace, struct err *err)
{
	struct targets *targets = replace->targets;

	replace->order = calloc(targets->count + 1, sizeof(struct target *));
	replace->needs = calloc(targets->count + 1, sizeof(struct target *));
	replace->recreations = calloc(targets->count + 1, sizeof(struct recreate *));
	if (!replace->order || !replace->needs || !replace->recreations)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = &targets->items[i];

		if (is_namespace(target) || is_crd(target))
			replace->needs[replace->need_count++] = target;
		if (target->write && !target->error)
			replace->order[replace->order_count++] = target;
	}
	qsort(replace->order, replace->order_count, sizeof(struct target *), compare_order);
	return 0;
}

uint64_t replace(struct cluster *cluster, struct discovery *discovery, struct targets *targets,
		 void (*on_target)(void *ctx, struct target *target), stage_done *done, void *ctx,
		 struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, replace_free};
	struct replace *replace = calloc(1, sizeof(*replace));

	if (!replace) {
		err_no_memory(err);
		return 0;
	}
	replace->cluster = cluster;
	replace->discovery = discovery;
	replace->targets = targets;
	replace->on_target = on_target;
	replace->done = done;
	replace->ctx = ctx;
	/* An empty run first: the end of it is the first step, and comes from the loop. */
	if (put_in_order(replace, err) < 0 ||
	    !fanout_init(&replace->fanout, cluster, &ops, replace, err) ||
	    fanout_run(&replace->fanout, 0, err) < 0) {
		replace_free(replace);
		return 0;
	}
	return replace->fanout.task;
}
