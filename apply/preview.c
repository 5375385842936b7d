#include "apply/preview.h"

#include <stdlib.h>
#include <string.h>

#include "apply/fanout.h"
#include "apply/kept.h"
#include "apply/refusal.h"
#include "apply/wire.h"
#include "diff/autoscaler.h"
#include "diff/recreation.h"

#define MAX_READS 5 /* of one target whose live object changes all the time */

/* How far a target is. */
struct progress {
	unsigned char reads; /* again, after a conflict */
	enum {
		DRY_RUN,
		READING,      /* it again, after a conflict */
		READING_COPY, /* of what it was before it was deleted to be recreated */
	} doing;
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

/* Whether it may be missing because a recreation of it did not come to its end. */
static bool may_be_half_way(const struct target *target)
{
	return !target->live && recreation_is_wanted(target_desired(target));
}

static int send_copy_read(const struct target *target, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(4096);

	if (kept_print_path(target, &path, err) < 0 || buf_check(&path, "its copy's path", err) < 0)
		return -1;
	return fanout_send(slot, (struct cluster_request){.method = "GET", .path = buf_str(&path)},
			   err);
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
		target->direct = false;
		return;
	}
	if (target->direct)
		return;
	if (may_be_half_way(target)) {
		preview->progress[index].doing = READING_COPY;
		if (send_copy_read(target, slot, &err) < 0)
			target_fail(target, &err);
	} else if (wire_write(target, true, slot, &err) < 0) {
		target_fail(target, &err);
	}
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

/*
 * Without a copy, or the right to look for one, it is simply missing. With one no dry run is made: it
 * has to be created, or else what it was put back.
 */
static int take_copy(struct target *target, struct fanout_slot *slot, const struct err *read_err,
		     const struct cluster_answer *answer, struct err *err)
{
	if (read_err && read_err->class != ERR_NOT_FOUND && read_err->class != ERR_DENIED) {
		*err = *read_err;
		return -1;
	}
	if (read_err)
		return wire_write(target, true, slot, err);
	if (kept_read(answer->body, target, err) < 0)
		return err_prefix(err, "the copy of it that was kept to recreate it");
	target->recreate = target->client_side = true;
	return 0;
}

/* Whether the replace is refused for good, and the object may be recreated instead. */
static bool may_be_recreated(const struct target *target, const cJSON *status)
{
	return target->live && !target->recreate && refusal_is_of_statefulset(status) &&
	       recreation_is_wanted(target_desired(target));
}

/* Whether it can be shows in another dry run. */
static int try_recreation(struct target *target, struct fanout_slot *slot, struct err *err)
{
	if (recreation_check(target_desired(target), target->live, err) < 0)
		return -1;
	target->recreate = true;
	return wire_write(target, true, slot, err);
}

/* The answer to the dry run, under the name that was meant. */
static int take_prediction(struct target *target, struct cluster_answer *answer, struct err *err)
{
	cJSON_Delete(target->predicted);
	target->predicted = STEAL(answer->body);
	wire_keep_warnings(target, answer);
	if (!target->recreate)
		return 0;
	json_remove(target->predicted, "metadata.generateName");
	return json_set_str(target->predicted, "metadata.name", target->ref.name, err);
}

static void on_proceed(void *stage, size_t index, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct preview *preview = stage;
	struct target *target = &preview->targets->items[index];
	struct progress *progress = &preview->progress[index];
	bool reading = progress->doing == READING, reading_copy = progress->doing == READING_COPY;
	struct err own;

	progress->doing = DRY_RUN;
	if (reading) {
		if (take_live(target, slot, err, answer, &own) < 0)
			target_fail(target, &own);
	} else if (reading_copy) {
		if (take_copy(target, slot, err, answer, &own) < 0)
			target_fail(target, &own);
	} else if (!err) {
		if (take_prediction(target, answer, &own) < 0)
			target_fail(target, &own);
	} else if (may_be_recreated(target, answer->body)) {
		if (try_recreation(target, slot, &own) < 0)
			target_fail(target, &own);
	} else if (preview->allow_client_side && is_about_dry_run(err, answer)) {
		target->client_side = true;
	} else if (is_stale(target, err) && progress->reads++ < MAX_READS) {
		progress->doing = READING;
		if (wire_read(target, slot, &own) < 0)
			target_fail(target, &own);
	} else {
		own = *err;
		if (target->recreate)
			err_prefix(&own, "it would have to be recreated, and cannot be");
		else if (target->live)
			refusal_advise(&target->ref, answer->body, &own);
		target_fail(target, &own);
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
