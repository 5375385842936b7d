#include "apply/preview.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/refusal.h"
#include "apply/wire.h"
#include "diff/autoscaler.h"

#define MAX_READS 5 /* of one target whose live object changes all the time */

/* How far a target is. */
struct progress {
	unsigned char reads; /* again, after a conflict */
	bool reading;        /* what is under way is such a read, not the dry run */
};

struct preview {
	struct fanout fanout;
	struct targets *targets;
	struct progress *progress;        /* per target */
	const struct target **namespaces; /* those of the targets that are yet to be created */
	size_t namespace_count;
	bool allow_client_side;
	stage_done *done;
	void *ctx;
};

static void preview_free(void *stage)
{
	struct preview *preview = stage;

	fanout_release(&preview->fanout);
	free(preview->namespaces);
	free(preview->progress);
	free(preview);
}

static int prepare(struct preview *preview, struct err *err)
{
	const struct targets *targets = preview->targets;

	preview->namespaces = calloc(targets->count + 1, sizeof(struct target *));
	preview->progress = calloc(targets->count + 1, sizeof(*preview->progress));
	if (!preview->namespaces || !preview->progress)
		return err_no_memory(err);
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->items[i];

		if (target->live_known && !target->live && ref_is(&target->ref, "", "Namespace"))
			preview->namespaces[preview->namespace_count++] = target;
	}
	return 0;
}

/* Whether the target would go into a Namespace that the set is only about to create. */
static bool awaits_namespace(const struct preview *preview, const struct target *target)
{
	for (size_t i = 0; i < preview->namespace_count; i++) {
		if (strcmp(preview->namespaces[i]->ref.name, target->ref.namespace) == 0)
			return !target->live;
	}
	return false;
}

static void on_start(void *stage, size_t index, struct fanout_slot *slot)
{
	struct preview *preview = stage;
	struct target *target = &preview->targets->items[index];
	struct err err;

	if (target->error || target->client_side)
		return;
	if (!target->resource || awaits_namespace(preview, target)) {
		target->client_side = true;
		return;
	}
	if (wire_write(target, true, slot, &err) < 0)
		target_fail(target, &err);
}

/* Whether the server refused only the dry run. */
static bool is_about_dry_run(const struct err *err, const struct cluster_answer *answer)
{
	return refusal_is_unauthorized(answer->body) ||
	       (answer->status == 400 && strstr(err->message, "does not support dry run"));
}

/* Whether the live object is not the one that was read: changed, deleted or created since. */
static bool is_stale(const struct target *target, const struct err *err)
{
	if (err->class == ERR_NOT_FOUND)
		return target->live;
	return err->class == ERR_CONFLICT || err->class == ERR_EXISTS;
}

static int take_live(struct target *target, struct fanout_slot *slot, const struct err *read_err,
		     struct cluster_answer *answer, struct err *err)
{
	if (read_err && read_err->class != ERR_NOT_FOUND) {
		*err = *read_err;
		return -1;
	}
	CLEANUP(cJSON_Delete_p) cJSON *before = STEAL(target->live);
	target->live = read_err ? NULL : STEAL(answer->body);
	if (!autoscaler_matters(target_desired(target), before) &&
	    autoscaler_matters(target_desired(target), target->live))
		return err_set(err, ERR_CONFLICT, "it was scaled while it was compared");
	target->live_known = true;
	return wire_write(target, true, slot, err);
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct preview *preview = stage;
	struct target *target = &preview->targets->items[index];
	struct progress *progress = &preview->progress[index];
	struct err own;

	if (progress->reading) {
		progress->reading = false;
		if (take_live(target, slot, err, answer, &own) < 0)
			target_fail(target, &own);
	} else if (!err) {
		cJSON_Delete(target->predicted);
		target->predicted = STEAL(answer->body);
		wire_keep_warnings(target, answer);
	} else if (preview->allow_client_side && is_about_dry_run(err, answer)) {
		target->client_side = true;
	} else if (is_stale(target, err) && progress->reads++ < MAX_READS) {
		progress->reading = true;
		if (wire_read(target, slot, &own) < 0)
			target_fail(target, &own);
	} else {
		target_fail(target, err);
	}
}

static void on_finish(void *stage, const struct err *err)
{
	struct preview *preview = stage;
	stage_done *done = preview->done;
	void *ctx = preview->ctx;

	(void)err; /* it never fails as a whole */
	preview_free(preview);
	done(ctx, NULL);
}

uint64_t preview(struct cluster *cluster, struct targets *targets, bool allow_client_side,
		 stage_done *done, void *ctx, struct err *err)
{
	static const struct fanout_ops ops = {on_start, on_proceed, on_finish, preview_free};
	struct preview *preview = calloc(1, sizeof(*preview));

	if (!preview) {
		err_no_memory(err);
		return 0;
	}
	preview->targets = targets;
	preview->allow_client_side = allow_client_side;
	preview->done = done;
	preview->ctx = ctx;
	if (prepare(preview, err) < 0 ||
	    !fanout_init(&preview->fanout, cluster, &ops, preview, err) ||
	    fanout_run(&preview->fanout, targets->count, err) < 0) {
		preview_free(preview);
		return 0;
	}
	return preview->fanout.task;
}
