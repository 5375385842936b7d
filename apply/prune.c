#include "apply/prune.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/order.h"
#include "apply/wire.h"

struct prune {
	struct fanout fanout;
	struct target **order; /* by rank, the last to be installed first */
	size_t count;
	size_t first, end; /* of the order: the rank under way */
	void (*on_target)(void *ctx, struct target *target);
	stage_done *done;
	void *ctx;
};

static void prune_free(void *stage)
{
	struct prune *prune = stage;

	fanout_release(&prune->fanout);
	free(prune->order);
	free(prune);
}

static void prune_finish(struct prune *prune, const struct err *err)
{
	struct err copy = err ? *err : (struct err){0};
	stage_done *done = prune->done;
	void *ctx = prune->ctx;

	prune_free(prune);
	done(ctx, err ? &copy : NULL);
}

/* Tells that a target is done. The stage may be gone after it. */
static void tell(struct prune *prune, struct target *target)
{
	if (prune->on_target)
		prune->on_target(prune->ctx, target);
}

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct prune *prune = stage;
	struct target *target = prune->order[prune->first + index];
	struct err err;

	if (wire_delete(target, WIRE_BACKGROUND, slot, &err) == 0)
		return;
	target_fail(target, &err);
	tell(prune, target);
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct prune *prune = stage;
	struct target *target = prune->order[prune->first + index];

	(void)slot;
	if (err && err->class != ERR_NOT_FOUND) {
		target_fail(target, err);
	} else {
		target->result = TARGET_DELETED;
		cJSON_Delete(STEAL(target->written));
		/* What is gone is answered with a Status. */
		if (!err && json_str(answer->body, "metadata.deletionTimestamp"))
			target->written = STEAL(answer->body);
		wire_keep_warnings(target, answer);
	}
	tell(prune, target);
}

/* Goes on to the next rank. */
static void on_finish(void *stage, const struct err *err)
{
	struct prune *prune = stage;
	struct err own;

	prune->first = prune->end;
	if (err || prune->first == prune->count) {
		prune_finish(prune, err);
		return;
	}
	int rank = order_rank(&prune->order[prune->first]->ref);
	while (prune->end < prune->count && order_rank(&prune->order[prune->end]->ref) == rank)
		prune->end++;
	if (fanout_run(&prune->fanout, prune->end - prune->first, &own) < 0)
		prune_finish(prune, &own);
}

/* By rank backwards, and then as the caller has them. */
static int compare_order(const void *a, const void *b)
{
	const struct target *left = *(struct target *const *)a;
	const struct target *right = *(struct target *const *)b;
	int order = order_rank(&right->ref) - order_rank(&left->ref);

	return order ? order : (left > right) - (left < right);
}

static int put_in_order(struct prune *prune, struct targets *targets, struct err *err)
{
	prune->order = calloc(targets->count + 1, sizeof(struct target *));
	if (!prune->order)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++) {
		struct target *target = &targets->items[i];

		if (target->write && !target->error && target->live)
			prune->order[prune->count++] = target;
	}
	qsort(prune->order, prune->count, sizeof(struct target *), compare_order);
	return 0;
}

uint64_t prune(struct cluster *cluster, struct targets *targets,
	       void (*on_target)(void *ctx, struct target *target), stage_done *done, void *ctx,
	       struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, prune_free};
	struct prune *prune = calloc(1, sizeof(*prune));

	if (!prune) {
		err_no_memory(err);
		return 0;
	}
	prune->on_target = on_target;
	prune->done = done;
	prune->ctx = ctx;
	/* An empty run first: the end of it is the first rank, and comes from the loop. */
	if (put_in_order(prune, targets, err) < 0 ||
	    !fanout_init(&prune->fanout, cluster, &ops, prune, err) ||
	    fanout_run(&prune->fanout, 0, err) < 0) {
		prune_free(prune);
		return 0;
	}
	return prune->fanout.task;
}
