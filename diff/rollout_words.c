#include "diff/rollout_words.h"

#include <inttypes.h>
#include <string.h>

#include "diff/duration.h"
#include "diff/rfc3339.h"

#define MAX_TEXT (4u * 1024 * 1024)

/* Prints the ordinals of the Pods that `pick` picks; returns how many there are. */
static size_t print_ordinals(const struct rollout *rollout,
			     bool (*pick)(const struct rollout *, const struct rollout_pod *),
			     struct buf *out)
{
	CLEANUP(ordinals_release) struct ordinals ordinals = {0};
	struct err err;

	for (size_t i = 0; i < rollout->pod_count; i++) {
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

void rollout_explain_progress(const struct rollout *rollout, struct rollout_step step,
			      struct buf *out)
{
	CLEANUP(ordinals_release) struct ordinals waiting = {0};
	const struct rollout_pod *pod = step.pod ? step.pod : rollout_highest_work(rollout);
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

/* RFC 3339 without a fraction: the API's own times have none. */
static void print_moment(int64_t ms, struct buf *out)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	rfc3339_print(ms, &text);
	buf_printf(out, "%.*sZ", (int)strcspn(buf_str(&text), "."), buf_str(&text));
	buf_break_with(out, &text);
}

/* Why a Pod is not well at its deadline, and since when. */
static void print_overdue(const struct rollout *rollout, const struct rollout_pod *pod,
			  struct buf *out)
{
	const char *what = !pod->exists       ? "missing"
			   : pod->terminating ? "terminating, and over its grace period"
			   : pod->wait        ? pod->wait
					      : "not ready";

	buf_puts(out, what);
	if (rollout->since_ms) {
		buf_puts(out, " since ");
		print_moment(rollout->since_ms, out);
	}
	buf_puts(out, ", which is longer than the deadline of ");
	duration_print(rollout->policy.deadline_ms, out);
}

void rollout_explain_stuck(const struct rollout *rollout, const struct rollout_pod *pod,
			   struct buf *out)
{
	if (!pod->exists) {
		buf_printf(out, "%s is ", pod->name);
		print_overdue(rollout, pod, out);
		buf_puts(out, "; the StatefulSet's events say why it is not created");
		return;
	}
	buf_printf(out, "%s on ", pod->name);
	print_pod_version(rollout, pod, out);
	if (!pod->updated)
		buf_puts(out, " blocks the update");
	buf_puts(out, ": ");
	if (pod->trouble)
		buf_puts(out, pod->trouble);
	else
		print_overdue(rollout, pod, out);
	/* kubernetes#67250: OrderedReady waits for it and never replaces it. */
	if (!pod->updated && !pod->condemned && !pod->held && rollout->ordered) {
		if (rollout->policy.unsticks || rollout->rejection)
			buf_puts(out, "; once evicted it comes back on ");
		else
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

/* What a commit that lowers the partition by a step would take; without steps by one. */
static void print_next_promotion(const struct rollout *rollout, const struct rollout_pod *next,
				 struct buf *out)
{
	struct policy policy = rollout->policy;
	int64_t highest = next->ordinal - rollout->start;

	if (policy.step == 0)
		policy.step = 1;
	int64_t lowest = policy_next_partition(&policy, rollout->replicas, highest + 1, 0);
	buf_printf(out, "; partition %" PRId64 " would take %s", lowest, next->name);
	if (lowest < highest)
		buf_printf(out, "..%" PRId64, lowest + rollout->start);
}

void rollout_explain_canary(const struct rollout *rollout, struct buf *out)
{
	const struct rollout_pod *next = next_promotion(rollout);

	size_t updated = print_ordinals(rollout, pick_updated, out);
	buf_puts(out, updated == 1 ? " runs " : " run ");
	print_update(rollout, out);
	buf_printf(out, ", partition %" PRId64 " holds ", rollout->partition);
	print_ordinals(rollout, pick_kept, out);
	print_kept_version(rollout, next, out);
	print_next_promotion(rollout, next, out);
	mention_unavailable_held(rollout, out);
}

void rollout_explain_complete(const struct rollout *rollout, struct buf *out)
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

void rollout_explain_no_effect(const struct rollout *rollout, struct buf *out)
{
	buf_printf(out, "partition %" PRId64 " is not below %" PRId64 " replica%s: no Pod takes ",
		   rollout->partition, rollout->replicas, rollout->replicas == 1 ? "" : "s");
	print_update(rollout, out);
	mention_unavailable_held(rollout, out);
}

void rollout_explain_on_delete(const struct rollout *rollout, struct buf *out)
{
	size_t kept = print_ordinals(rollout, pick_kept, out);

	buf_printf(out, " take%s ", kept == 1 ? "s" : "");
	print_update(rollout, out);
	buf_puts(out, " when somebody deletes them (OnDelete)");
}

void rollout_explain_between_steps(const struct rollout *rollout, const struct rollout_pod *pod,
				   int64_t now_ms, struct buf *out)
{
	if (pod)
		buf_printf(out, "%s updated and ready, ", pod->name);
	if (rollout->bake_until_ms > now_ms) {
		buf_puts(out, "baking ");
		duration_print(rollout->policy.bake_ms, out);
		buf_printf(out, " before partition %" PRId64, rollout->next_partition);
	} else {
		buf_printf(out, "partition %" PRId64 " is next", rollout->next_partition);
	}
}

void rollout_explain_hold(const struct rollout *rollout, struct buf *out)
{
	buf_puts(out, "; " POLICY_HOLD " keeps it so");
	if (rollout->target != rollout->partition)
		buf_printf(out, ", Git has partition %" PRId64, rollout->target);
}

void rollout_explain_rollback(const struct rollout *rollout, const char *now, struct buf *out)
{
	buf_printf(out, "%s%s%s", rollout->rejection,
		   rollout->phase == ROLLOUT_ROLLED_BACK ? ": " : ", rolling back: ", now);
}

void rollout_explain_rejection(const struct promotion_record *record, struct buf *out)
{
	const char *commit = record->rejected_commit ? record->rejected_commit : "";
	const char *why = record->rejected_reason ? record->rejected_reason : "";

	if (*commit)
		buf_printf(out, "commit %.7s was rejected", commit);
	else
		buf_puts(out, "what Git says was rejected");
	if (*why)
		buf_printf(out, " (%s)", why);
}

void rollout_print(const struct rollout *rollout, struct buf *out)
{
	CLEANUP(buf_release) struct buf held = BUF_INIT(MAX_TEXT);

	if (rollout->phase == ROLLOUT_SETTLING || rollout->phase == ROLLOUT_NO_EFFECT ||
	    rollout->phase == ROLLOUT_ROLLED_BACK || rollout->replicas == 0) {
		buf_puts(out, rollout->reason);
		return;
	}
	if (rollout->rejection)
		buf_printf(out, "%s, rolling back: ", rollout->rejection);
	buf_printf(out, "%zu of %" PRId64 " Pod%s on ", rollout->promoted_count, rollout->replicas,
		   rollout->replicas == 1 ? "" : "s");
	print_update(rollout, out);
	if (print_ordinals(rollout, pick_kept, &held) > 0) {
		if (rollout->on_delete)
			buf_printf(out, ", OnDelete leaves %s", buf_str(&held));
		else
			buf_printf(out, ", partition %" PRId64 " holds %s", rollout->partition,
				   buf_str(&held));
	}
	buf_break_with(out, &held);
	if (rollout->phase == ROLLOUT_HELD)
		buf_puts(out, " (" POLICY_HOLD ")");
	if (rollout->phase == ROLLOUT_STUCK && rollout->rejection)
		buf_printf(out, "; stuck at %s", rollout->stuck_pod);
	else if (rollout->phase == ROLLOUT_STUCK)
		buf_printf(out, "; stuck: %s", rollout->reason);
	else if (rollout->phase == ROLLOUT_PROGRESSING &&
		 rollout->next_partition != rollout->partition && !rollout_highest_work(rollout))
		buf_printf(out, "; %s", rollout->reason);
}
