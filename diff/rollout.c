#include "diff/rollout.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/rollout_facts.h"

#define MAX_REASON (4u * 1024 * 1024)

/* --- what the controller does next ----------------------------------------------------------- */

enum step_kind {
	STEP_NONE,
	STEP_CREATE,
	STEP_DELETE,  /* a condemned Pod */
	STEP_REPLACE, /* delete, to be created again on the update revision */
	STEP_WAIT,    /* for the Pod to go, become ready or available */
};

struct step {
	enum step_kind kind;
	const struct rollout_pod *pod;
};

/* The condemned Pod that the controller calls the first unhealthy one. */
static const struct rollout_pod *first_unavailable_condemned(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		if (pod->condemned && !pod->available)
			return pod;
	}
	return NULL;
}

/* Sync's step 1, ascending. */
static struct step next_creation(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned)
			continue;
		if (!pod->exists)
			return (struct step){STEP_CREATE, pod};
		if (rollout->ordered && !pod->available)
			return (struct step){STEP_WAIT, pod};
	}
	return (struct step){0};
}

/* Sync's step 2, descending; reached only with every wanted Pod available if it is ordered. */
static struct step next_deletion(const struct rollout *rollout)
{
	const struct rollout_pod *unhealthy = first_unavailable_condemned(rollout);
	struct step wait = {0};

	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (!pod->condemned)
			continue;
		if (pod->terminating && rollout->ordered)
			return (struct step){STEP_WAIT, pod};
		if (!pod->terminating && rollout->ordered && !pod->available && pod != unhealthy)
			return (struct step){STEP_WAIT, unhealthy};
		if (!pod->terminating)
			return (struct step){STEP_DELETE, pod};
		wait = (struct step){STEP_WAIT, pod};
	}
	return wait;
}

/* Sync's step 3, from the highest ordinal down to the partition. */
static struct step next_replacement(const struct rollout *rollout)
{
	if (rollout->on_delete)
		return (struct step){0};
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned || pod->held)
			continue;
		if (!pod->updated && !pod->terminating)
			return (struct step){STEP_REPLACE, pod};
		if (!pod->available)
			return (struct step){STEP_WAIT, pod};
	}
	return (struct step){0};
}

static struct step next_step(const struct rollout *rollout)
{
	struct step step = next_creation(rollout);

	if (step.kind == STEP_NONE)
		step = next_deletion(rollout);
	if (step.kind == STEP_NONE)
		step = next_replacement(rollout);
	return step;
}

/* --- the verdict ----------------------------------------------------------------------------- */

/* Whether the Pod has to be available for the update to be where the partition wants it. */
static bool is_in_scope(const struct rollout_pod *pod)
{
	return !pod->condemned && (!pod->held || pod->updated);
}

/*
 * Whether something about this Pod has to happen yet. A held Pod that is not ready is no work of
 * the update's: a good canary is one whatever the Pods below it do.
 */
static bool is_work(const struct rollout *rollout, const struct rollout_pod *pod)
{
	if (pod->condemned || !pod->exists || pod->terminating)
		return true;
	if (!pod->held && !pod->updated && !rollout->on_delete)
		return true;
	return is_in_scope(pod) && !pod->available;
}

static const struct rollout_pod *highest_work(const struct rollout *rollout)
{
	for (size_t i = rollout->pod_count; i-- > 0;) {
		if (is_work(rollout, &rollout->pods[i]))
			return &rollout->pods[i];
	}
	return NULL;
}

/*
 * The Pod that cannot start by itself and therefore ends the update here: the one that the
 * controller waits for, wherever it stands, or one that is already as it is to stay. (Parallel
 * replaces a broken Pod that is on an older revision; OrderedReady waits for it.)
 */
static const struct rollout_pod *stuck_pod(const struct rollout *rollout, struct step step)
{
	if (step.kind == STEP_WAIT && step.pod->trouble)
		return step.pod;
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *pod = &rollout->pods[i];
		if (is_in_scope(pod) && pod->trouble && (pod->updated || rollout->on_delete))
			return pod;
	}
	return NULL;
}

/* --- in words -------------------------------------------------------------------------------- */

/* Prints the ordinals of the Pods that `pick` picks; returns how many there are. */
static size_t print_ordinals(const struct rollout *rollout, bool descending,
			     bool (*pick)(const struct rollout *, const struct rollout_pod *),
			     struct buf *out)
{
	CLEANUP(ordinals_release) struct ordinals ordinals = {0};
	struct err err;

	for (size_t k = 0; k < rollout->pod_count; k++) {
		size_t i = descending ? rollout->pod_count - 1 - k : k;
		if (pick(rollout, &rollout->pods[i]) &&
		    ordinals_add(&ordinals, rollout->pods[i].ordinal, &err) < 0) {
			out->broken_memory = true;
			return 0;
		}
	}
	ordinals_print(&ordinals, out);
	return ordinals.count;
}

static bool pick_updated(const struct rollout *rollout, const struct rollout_pod *pod)
{
	(void)rollout;
	return !pod->condemned && pod->updated;
}

/*
 * Left on an older template, be it by the partition or by OnDelete; one that is missing and will
 * come back on it too.
 */
static bool pick_kept(const struct rollout *rollout, const struct rollout_pod *pod)
{
	if (pod->condemned || pod->updated)
		return false;
	if (!pod->exists)
		return pod->held &&
		       strcmp(rollout->current_revision, rollout->update_revision) != 0;
	return pod->held || rollout->on_delete;
}

static bool pick_to_replace(const struct rollout *rollout, const struct rollout_pod *pod)
{
	return !rollout->on_delete && !pod->condemned && !pod->held && pod->exists &&
	       !pod->terminating && !pod->updated;
}

/* "nginx:1.26.1", and the revision's name where the images do not tell the two apart. */
static void print_update(const struct rollout *rollout, struct buf *out)
{
	bool same = strcmp(rollout->update_images, rollout->current_images) == 0 &&
		    strcmp(rollout->update_revision, rollout->current_revision) != 0;

	if (same || !*rollout->update_images)
		buf_printf(out, "revision %s", rollout->update_revision);
	else
		buf_puts(out, rollout->update_images);
}

static void print_pod_version(const struct rollout *rollout, const struct rollout_pod *pod,
			      struct buf *out)
{
	if (strcmp(pod->images, rollout->update_images) != 0 && *pod->images)
		buf_puts(out, pod->images);
	else if (pod->updated)
		print_update(rollout, out);
	else
		buf_printf(out, "revision %s", *pod->revision ? pod->revision : "unknown");
}

static void print_wait(const struct rollout *rollout, const struct rollout_pod *pod,
		       struct buf *out)
{
	buf_puts(out, pod->name);
	if (pod->terminating) {
		buf_puts(out, " is terminating");
	} else if (!pod->ready) {
		buf_puts(out, " is not ready yet on ");
		print_pod_version(rollout, pod, out);
	} else {
		/* Without the time that is left, so that the sentence stays the same meanwhile. */
		buf_puts(out, " is ready, but not for minReadySeconds yet");
	}
}

static void explain_progress(const struct rollout *rollout, struct step step, struct buf *out)
{
	CLEANUP(ordinals_release) struct ordinals waiting = {0};
	const struct rollout_pod *pod = step.pod ? step.pod : highest_work(rollout);
	struct err err;

	switch (step.kind) {
	case STEP_CREATE: buf_printf(out, "%s is being created", pod->name); break;
	case STEP_DELETE: buf_printf(out, "%s is being deleted", pod->name); break;
	case STEP_REPLACE: buf_printf(out, "%s is being replaced", pod->name); break;
	case STEP_WAIT:
	case STEP_NONE: print_wait(rollout, pod, out); break;
	}
	for (size_t i = rollout->pod_count; i-- > 0;) {
		const struct rollout_pod *other = &rollout->pods[i];
		if (other != pod && pick_to_replace(rollout, other) &&
		    ordinals_add(&waiting, other->ordinal, &err) < 0)
			out->broken_memory = true;
	}
	if (waiting.count > 0) {
		buf_puts(out, ", then ");
		ordinals_print(&waiting, out);
	}
}

static void explain_stuck(const struct rollout *rollout, const struct rollout_pod *pod,
			  struct buf *out)
{
	buf_printf(out, "%s on ", pod->name);
	print_pod_version(rollout, pod, out);
	if (!pod->updated)
		buf_puts(out, " blocks the update");
	buf_printf(out, ": %s", pod->trouble);
	/* kubernetes#67250: OrderedReady waits for it and never replaces it. */
	if (!pod->updated && !pod->condemned && !pod->held && rollout->ordered) {
		buf_printf(out, "; delete %s and it comes back on ", pod->name);
		print_update(rollout, out);
	}
}

/* The highest Pod that lowering the partition would take first. */
static const struct rollout_pod *next_promotion(const struct rollout *rollout)
{
	for (size_t i = rollout->pod_count; i-- > 0;) {
		if (pick_kept(rollout, &rollout->pods[i]))
			return &rollout->pods[i];
	}
	return NULL;
}

/* " on nginx:1.25.4", if that is what all kept Pods run. */
static void print_kept_version(const struct rollout *rollout, const struct rollout_pod *kept,
			       struct buf *out)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];
		if (pick_kept(rollout, pod) && strcmp(pod->revision, kept->revision) != 0 &&
		    strcmp(pod->images, kept->images) != 0)
			return;
	}
	buf_puts(out, " on ");
	print_pod_version(rollout, kept, out);
}

static void explain_canary(const struct rollout *rollout, struct buf *out)
{
	const struct rollout_pod *next = next_promotion(rollout);

	size_t updated = print_ordinals(rollout, false, pick_updated, out);
	buf_puts(out, updated == 1 ? " runs " : " run ");
	print_update(rollout, out);
	buf_printf(out, ", partition %" PRId64 " holds ", rollout->partition);
	print_ordinals(rollout, false, pick_kept, out);
	print_kept_version(rollout, next, out);
	buf_printf(out, "; partition %" PRId64 " would take %s", next->ordinal - rollout->start,
		   next->name);
}

/* A held Pod that is not well is no fault of the canary's, but it blocks what comes after it. */
static void mention_unavailable_held(const struct rollout *rollout, struct buf *out)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned || pod->available)
			continue;
		buf_printf(out, "; %s is not %s%s", pod->name, pod->ready ? "available" : "ready",
			   rollout->ordered ? " and blocks further updates" : "");
		if (pod->trouble)
			buf_printf(out, ": %s", pod->trouble);
		return;
	}
}

static void explain_complete(const struct rollout *rollout, struct buf *out)
{
	if (rollout->replicas == 0) {
		buf_puts(out, "no Pods are wanted");
		return;
	}
	if (rollout->replicas == 1)
		buf_puts(out, "the Pod runs ");
	else
		buf_printf(out, "all %" PRId64 " Pods run ", rollout->replicas);
	print_update(rollout, out);
}

static void explain_no_effect(const struct rollout *rollout, struct buf *out)
{
	buf_printf(out, "partition %" PRId64 " is not below %" PRId64 " replica%s: no Pod takes ",
		   rollout->partition, rollout->replicas, rollout->replicas == 1 ? "" : "s");
	print_update(rollout, out);
	mention_unavailable_held(rollout, out);
}

static void explain_on_delete(const struct rollout *rollout, struct buf *out)
{
	size_t kept = print_ordinals(rollout, false, pick_kept, out);

	buf_printf(out, " take%s ", kept == 1 ? "s" : "");
	print_update(rollout, out);
	buf_puts(out, " when somebody deletes them (OnDelete)");
}

/* Sets the phase and prints its reason. */
static void judge(struct rollout *rollout, const cJSON *statefulset, struct buf *out)
{
	int64_t generation = json_int_or(statefulset, "metadata.generation", 0);
	int64_t observed = json_int_or(statefulset, "status.observedGeneration", -1);
	struct step step = next_step(rollout);
	const struct rollout_pod *stuck = stuck_pod(rollout, step);

	if (json_at(statefulset, "metadata.deletionTimestamp")) {
		rollout->phase = ROLLOUT_PROGRESSING;
		buf_puts(out, "the StatefulSet is being deleted");
	} else if (observed < generation || !*rollout->update_revision) {
		rollout->phase = ROLLOUT_SETTLING;
		buf_printf(out, "the controller has not seen generation %" PRId64 " yet",
			   generation);
	} else if (highest_work(rollout) && stuck) {
		rollout->phase = ROLLOUT_STUCK;
		explain_stuck(rollout, stuck, out);
	} else if (highest_work(rollout)) {
		rollout->phase = ROLLOUT_PROGRESSING;
		explain_progress(rollout, step, out);
	} else if (rollout->updated_count == (size_t)rollout->replicas) {
		rollout->phase = ROLLOUT_COMPLETE;
		explain_complete(rollout, out);
	} else if (rollout->on_delete) {
		rollout->phase = ROLLOUT_ON_DELETE;
		explain_on_delete(rollout, out);
	} else if (rollout->updated_count == 0) {
		rollout->phase = ROLLOUT_NO_EFFECT;
		explain_no_effect(rollout, out);
	} else {
		rollout->phase = ROLLOUT_CANARY;
		explain_canary(rollout, out);
		mention_unavailable_held(rollout, out);
	}
}

/* --- putting it together --------------------------------------------------------------------- */

static void count_pods(struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (pod->condemned)
			continue;
		rollout->updated_count += pod->updated;
		rollout->ready_count += pod->ready;
		rollout->available_count += pod->available;
		rollout->held_count += pod->held;
		rollout->promoted_count += pod->updated && pod->available;
	}
}

static char *images_of(const cJSON *template, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(MAX_REASON);

	object_print_images(json_get(template, "spec"), &out);
	if (buf_check(&out, "the images of a template", err) < 0)
		return NULL;
	char *images = buf_steal(&out);
	if (!images)
		err_no_memory(err);
	return images;
}

static char *images_on_revision(const struct rollout *rollout, const char *revision,
				struct err *err)
{
	const char *images = "";

	for (size_t i = 0; i < rollout->pod_count && *revision; i++) {
		if (strcmp(rollout->pods[i].revision, revision) == 0) {
			images = rollout->pods[i].images;
			break;
		}
	}
	char *copy = strdup(images);
	if (!copy)
		err_no_memory(err);
	return copy;
}

static int take_facts(const struct rollout_facts *facts, struct rollout *rollout, struct err *err)
{
	rollout->replicas = facts->replicas;
	rollout->start = facts->start;
	rollout->partition = facts->partition;
	rollout->ordered = facts->ordered;
	rollout->on_delete = facts->on_delete;
	rollout->namespace = strdup(facts->namespace);
	rollout->name = strdup(facts->name);
	rollout->current_revision = strdup(facts->current_revision);
	rollout->update_revision = strdup(facts->update_revision);
	if (!rollout->namespace || !rollout->name || !rollout->current_revision ||
	    !rollout->update_revision)
		return err_no_memory(err);
	return 0;
}

int rollout_observe(const cJSON *statefulset, const cJSON *const *pods, size_t pod_count,
		    int64_t now_ms, struct rollout *ret_rollout, struct err *err)
{
	CLEANUP(rollout_release) struct rollout rollout = {0};
	CLEANUP(buf_release) struct buf reason = BUF_INIT(MAX_REASON);
	struct rollout_facts facts;
	struct rollout_pods list;

	if (rollout_facts_read(statefulset, &facts, err) < 0 ||
	    take_facts(&facts, &rollout, err) < 0 ||
	    rollout_pods_read(&facts, facts.update_revision, pods, pod_count, now_ms, &list, err) <
		    0)
		return -1;
	rollout.pods = list.items;
	rollout.pod_count = list.count;
	rollout.recheck_ms = list.recheck_ms;
	count_pods(&rollout);
	rollout.update_images = images_of(facts.template, err);
	if (!rollout.update_images)
		return -1;
	rollout.current_images = images_on_revision(&rollout, facts.current_revision, err);
	if (!rollout.current_images)
		return -1;

	judge(&rollout, statefulset, &reason);
	if (buf_check(&reason, "the reason of a rollout's phase", err) < 0)
		return -1;
	rollout.reason = buf_steal(&reason);
	if (!rollout.reason)
		return err_no_memory(err);
	*ret_rollout = rollout;
	rollout = (struct rollout){0};
	return 0;
}

void rollout_release(struct rollout *rollout)
{
	struct rollout_pods pods = {.items = rollout->pods, .count = rollout->pod_count};

	rollout_pods_release(&pods);
	free(rollout->namespace);
	free(rollout->name);
	free(rollout->current_revision);
	free(rollout->update_revision);
	free(rollout->current_images);
	free(rollout->update_images);
	free(rollout->reason);
	*rollout = (struct rollout){0};
}

const char *rollout_phase_name(enum rollout_phase phase)
{
	static const char *const names[] = {
		[ROLLOUT_SETTLING] = "Settling",  [ROLLOUT_PROGRESSING] = "Progressing",
		[ROLLOUT_CANARY] = "Canary",      [ROLLOUT_COMPLETE] = "Complete",
		[ROLLOUT_NO_EFFECT] = "NoEffect", [ROLLOUT_STUCK] = "Stuck",
		[ROLLOUT_ON_DELETE] = "OnDelete",
	};

	return names[phase];
}

bool rollout_is_settled(const struct rollout *rollout)
{
	return rollout->phase == ROLLOUT_CANARY || rollout->phase == ROLLOUT_COMPLETE ||
	       rollout->phase == ROLLOUT_NO_EFFECT || rollout->phase == ROLLOUT_ON_DELETE;
}

void rollout_print(const struct rollout *rollout, struct buf *out)
{
	CLEANUP(buf_release) struct buf held = BUF_INIT(MAX_REASON);

	if (rollout->phase == ROLLOUT_SETTLING || rollout->phase == ROLLOUT_NO_EFFECT ||
	    rollout->replicas == 0) {
		buf_puts(out, rollout->reason);
		return;
	}
	buf_printf(out, "%zu of %" PRId64 " Pod%s on ", rollout->promoted_count, rollout->replicas,
		   rollout->replicas == 1 ? "" : "s");
	print_update(rollout, out);
	if (print_ordinals(rollout, false, pick_kept, &held) > 0) {
		if (rollout->on_delete)
			buf_printf(out, ", OnDelete leaves %s", buf_str(&held));
		else
			buf_printf(out, ", partition %" PRId64 " holds %s", rollout->partition,
				   buf_str(&held));
	}
	if (held.broken_memory)
		out->broken_memory = true;
	if (rollout->phase == ROLLOUT_STUCK)
		buf_printf(out, "; stuck: %s", rollout->reason);
}
