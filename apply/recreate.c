#include "apply/recreate.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "apply/kept.h"
#include "apply/wire.h"
#include "diff/recreation.h"

#define POLL_FIRST_MS  50
#define POLL_MAX_MS    1000
#define MAX_CREATIONS  3 /* of one target, where the answers got lost */
#define MAX_PATH_BYTES 4096

enum step {
	STEP_KEEP,
	STEP_KEEP_OVER, /* an older copy */
	STEP_DELETE,
	STEP_WAIT,
	STEP_CREATE,
	STEP_LOOK, /* whether a creation whose answer got lost has happened */
	STEP_PUT_BACK,
	STEP_FORGET,
};

struct recreate {
	struct target *target;
	cJSON *old; /* as it would be put back */
	enum step step;
	int64_t deadline_ms; /* of this step; monotonic */
	unsigned polls;      /* of this step */
	unsigned creations;
	struct err doubt;   /* what the deletion was answered with */
	struct err outcome; /* ERR_NONE: well so far */
};

static bool go(struct recreate *recreate, enum step step, struct fanout_slot *slot);

void recreate_free(struct recreate *recreate)
{
	if (!recreate)
		return;
	cJSON_Delete(recreate->old);
	free(recreate);
}

static int64_t monotonic_ms(void)
{
	return (int64_t)(uv_hrtime() / 1000000);
}

static bool is_going(const cJSON *object)
{
	return json_str(object, "metadata.deletionTimestamp");
}

/* --- requests --------------------------------------------------------------------------------- */

static int send_write(struct fanout_slot *slot, const char *method, struct buf *path,
		      const cJSON *body, struct err *err)
{
	buf_puts(path, "?fieldManager=" WIRE_FIELD_MANAGER);
	if (buf_check(path, "its path", err) < 0)
		return -1;
	const struct cluster_request request = {
		.method = method, .path = buf_str(path), .body = body};
	return fanout_send(slot, request, err);
}

static int send_copy(const struct recreate *recreate, bool over, struct fanout_slot *slot,
		     struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);
	CLEANUP(cJSON_Delete_p) cJSON *map = NULL;

	if (kept_make(recreate->target, recreate->old, &map, err) < 0)
		return -1;
	if (!over)
		kept_print_collection(recreate->target, &path);
	else if (kept_print_path(recreate->target, &path, err) < 0)
		return -1;
	return send_write(slot, over ? "PUT" : "POST", &path, map, err);
}

static int send_old(const struct recreate *recreate, struct fanout_slot *slot, struct err *err)
{
	const struct target *target = recreate->target;
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	resource_print_collection(target->resource, target->ref.namespace, &path);
	return send_write(slot, "POST", &path, recreate->old, err);
}

static int send_forget(const struct recreate *recreate, struct fanout_slot *slot, struct err *err)
{
	CLEANUP(buf_release) struct buf path = BUF_INIT(MAX_PATH_BYTES);

	if (kept_print_path(recreate->target, &path, err) < 0 ||
	    buf_check(&path, "its path", err) < 0)
		return -1;
	return fanout_send(
		slot, (struct cluster_request){.method = "DELETE", .path = buf_str(&path)}, err);
}

static int send_step(struct recreate *recreate, struct fanout_slot *slot, struct err *err)
{
	const struct target *target = recreate->target;

	switch (recreate->step) {
	case STEP_KEEP: return send_copy(recreate, false, slot, err);
	case STEP_KEEP_OVER: return send_copy(recreate, true, slot, err);
	case STEP_DELETE: return wire_delete(target, WIRE_ORPHAN, slot, err);
	case STEP_CREATE: recreate->creations++; return wire_write(target, false, slot, err);
	case STEP_PUT_BACK: return send_old(recreate, slot, err);
	case STEP_FORGET: return send_forget(recreate, slot, err);
	case STEP_WAIT:
	case STEP_LOOK: break;
	}
	return wire_read(target, slot, err);
}

/* --- ends ------------------------------------------------------------------------------------- */

/* Ends it; the copy stays where it is. */
static bool end(struct recreate *recreate)
{
	if (recreate->outcome.class != ERR_NONE)
		target_fail(recreate->target, &recreate->outcome);
	return false;
}

static bool end_with(struct recreate *recreate, const struct err *err)
{
	recreate->outcome = *err;
	return end(recreate);
}

/* Nothing is left to be gone on with: the copy goes, and that is the end. */
static bool forget_with(struct recreate *recreate, const struct err *err, struct fanout_slot *slot)
{
	recreate->outcome = *err;
	return go(recreate, STEP_FORGET, slot);
}

static bool take_written(struct recreate *recreate, struct cluster_answer *answer,
			 struct fanout_slot *slot)
{
	struct target *target = recreate->target;

	cJSON_Delete(target->written);
	target->written = STEAL(answer->body);
	wire_keep_warnings(target, answer);
	target->result = target->live ? TARGET_RECREATED : TARGET_CREATED;
	return go(recreate, STEP_FORGET, slot);
}

/* A pause, and the step's request once more; false at the deadline. */
static bool try_again(struct recreate *recreate, struct fanout_slot *slot)
{
	unsigned polls = recreate->polls++;
	int64_t pause = polls < 5 ? POLL_FIRST_MS << polls : POLL_MAX_MS;
	struct err ignored;

	return monotonic_ms() < recreate->deadline_ms && fanout_pause(slot, pause, &ignored) == 0;
}

/* --- what each answer leads to ---------------------------------------------------------------- */

static bool after_keep(struct recreate *recreate, struct fanout_slot *slot, const struct err *err)
{
	bool going = is_going(recreate->target->live);
	struct err own;

	/* What was kept before it began to go is the better copy. */
	if (err && err->class == ERR_EXISTS && recreate->step == STEP_KEEP && !going)
		return go(recreate, STEP_KEEP_OVER, slot);
	if (!err || (err->class == ERR_EXISTS && going))
		return go(recreate, going ? STEP_WAIT : STEP_DELETE, slot);
	own = *err;
	err_prefix(&own, "it cannot be recreated, for no copy of it can be kept meanwhile");
	return end_with(recreate, &own);
}

/*
 * Refusals that may stand for a deletion that has happened: its answer got lost, or it was sent twice,
 * because a connection broke, and met itself. What is there tells.
 */
static bool after_delete(struct recreate *recreate, struct fanout_slot *slot, const struct err *err)
{
	if (err && err->class != ERR_TRANSIENT && err->class != ERR_CONFLICT &&
	    err->class != ERR_NOT_FOUND)
		return forget_with(recreate, err, slot);
	if (err)
		recreate->doubt = *err;
	return go(recreate, STEP_WAIT, slot);
}

/* Whether it is the object that was deleted, rather than one that was made since. */
static bool is_old(const struct recreate *recreate, const cJSON *object)
{
	const char *uid = json_str(object, "metadata.uid");
	const char *old = json_str(recreate->target->live, "metadata.uid");

	return uid && old && strcmp(uid, old) == 0;
}

static bool after_wait(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
		       const cJSON *object)
{
	struct err own;

	if (err && err->class == ERR_NOT_FOUND)
		return go(recreate, STEP_CREATE, slot);
	if (err && err->class != ERR_TRANSIENT)
		return end_with(recreate, err);
	if (!err && !is_old(recreate, object)) {
		err_set(&own, ERR_EXISTS, "somebody else created it meanwhile");
		return forget_with(recreate, &own, slot);
	}
	if (!err && !is_going(object))
		return forget_with(recreate, &recreate->doubt, slot);
	if (try_again(recreate, slot))
		return true;
	err_set(&own, ERR_TRANSIENT,
		"it was deleted to be recreated, but is not gone after %d s%s%s; it is created as "
		"soon as it is",
		RECREATE_WAIT_MS / 1000, err ? ": " : "", err ? err->message : "");
	return end_with(recreate, &own);
}

static bool put_back(struct recreate *recreate, struct fanout_slot *slot, const struct err *cause)
{
	recreate->outcome = *cause;
	/* To try again at once would be to delete it again at once. */
	if (recreate->outcome.class == ERR_TRANSIENT)
		recreate->outcome.class = ERR_CANCELLED;
	err_prefix(&recreate->outcome, "it was deleted to be recreated, and cannot be created");
	return go(recreate, STEP_PUT_BACK, slot);
}

static bool after_create(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
			 struct cluster_answer *answer)
{
	if (!err)
		return take_written(recreate, answer, slot);
	if (err->class == ERR_EXISTS)
		return forget_with(recreate, err, slot);
	if (err->class == ERR_TRANSIENT)
		return go(recreate, STEP_LOOK, slot);
	return put_back(recreate, slot, err);
}

static bool after_look(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
		       struct cluster_answer *answer)
{
	struct err own;

	if (!err)
		return take_written(recreate, answer, slot);
	if (err->class == ERR_NOT_FOUND && recreate->creations < MAX_CREATIONS)
		return go(recreate, STEP_CREATE, slot);
	if (err->class == ERR_NOT_FOUND) {
		err_set(&own, ERR_TRANSIENT, "the server does not do it");
		return put_back(recreate, slot, &own);
	}
	if (err->class == ERR_TRANSIENT && try_again(recreate, slot))
		return true;
	own = *err;
	err_prefix(&own, "it was deleted to be recreated, and nobody knows whether it was created");
	return end_with(recreate, &own);
}

/* "WHAT WENT WRONG; the old one is back" */
static void add_to_outcome(struct recreate *recreate, const char *words)
{
	struct err was = recreate->outcome;

	err_set(&recreate->outcome, was.class, "%.600s; %s", was.message, words);
}

static bool after_put_back(struct recreate *recreate, struct fanout_slot *slot,
			   const struct err *err)
{
	CLEANUP(buf_release) struct buf words = BUF_INIT(ERR_MESSAGE_MAX);

	if (!err || err->class == ERR_EXISTS) {
		add_to_outcome(recreate, "the old one is back");
		return go(recreate, STEP_FORGET, slot);
	}
	if (err->class == ERR_TRANSIENT && try_again(recreate, slot))
		return true;
	buf_puts(&words, "configmap/");
	kept_print_name(recreate->target, &words);
	buf_printf(&words,
		   " keeps a copy until it is created at the next sync, for the old one cannot be "
		   "put back either: %.300s",
		   err->message);
	add_to_outcome(recreate, buf_str(&words));
	return end(recreate);
}

/* A copy that stays is one that the next recreation writes over. */
static bool after_forget(struct recreate *recreate, struct fanout_slot *slot, const struct err *err)
{
	if (err && err->class == ERR_TRANSIENT && try_again(recreate, slot))
		return true;
	return end(recreate);
}

static bool on_answer(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
		      struct cluster_answer *answer)
{
	switch (recreate->step) {
	case STEP_KEEP:
	case STEP_KEEP_OVER: return after_keep(recreate, slot, err);
	case STEP_DELETE: return after_delete(recreate, slot, err);
	case STEP_WAIT: return after_wait(recreate, slot, err, answer->body);
	case STEP_CREATE: return after_create(recreate, slot, err, answer);
	case STEP_LOOK: return after_look(recreate, slot, err, answer);
	case STEP_PUT_BACK: return after_put_back(recreate, slot, err);
	case STEP_FORGET: break;
	}
	return after_forget(recreate, slot, err);
}

/* --- the machine ------------------------------------------------------------------------------ */

/* What cannot even be sent is as good as refused. */
static bool submit(struct recreate *recreate, struct fanout_slot *slot)
{
	struct cluster_answer none = {.warnings = ""};
	struct err err;

	return send_step(recreate, slot, &err) == 0 || on_answer(recreate, slot, &err, &none);
}

/* The only place where the step changes. */
static bool go(struct recreate *recreate, enum step step, struct fanout_slot *slot)
{
	recreate->step = step;
	recreate->polls = 0;
	recreate->deadline_ms = monotonic_ms() + RECREATE_WAIT_MS;
	/* Neither the garbage collector nor a server that has just lost an answer is that fast. */
	if ((step == STEP_WAIT || step == STEP_LOOK) && try_again(recreate, slot))
		return true;
	return submit(recreate, slot);
}

int recreate_begin(struct target *target, struct fanout_slot *slot, struct recreate **ret_recreate,
		   struct err *err)
{
	struct recreate *recreate = calloc(1, sizeof(*recreate));

	if (!recreate)
		return err_no_memory(err);
	recreate->target = target;
	recreate->old = json_copy(target_base(target));
	if (!recreate->old) {
		recreate_free(recreate);
		return err_no_memory(err);
	}
	recreation_strip(recreate->old);
	if (!go(recreate, target->live ? STEP_KEEP : STEP_CREATE, slot)) {
		*err = recreate->outcome;
		recreate_free(recreate);
		return -1;
	}
	*ret_recreate = recreate;
	return 0;
}

bool recreate_proceed(struct recreate *recreate, struct fanout_slot *slot, const struct err *err,
		      struct cluster_answer *answer)
{
	if (!err && !answer) /* a pause is over */
		return submit(recreate, slot);
	return on_answer(recreate, slot, err, answer);
}
