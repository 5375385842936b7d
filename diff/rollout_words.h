/*
 * rollout_words.h - why a rollout is in its phase, as a sentence for a person.
 *
 * The rooms of rollout.h and promotion.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_WORDS_H
#define DIFF_ROLLOUT_WORDS_H

#include "diff/promotion_record.h"
#include "diff/rollout_verdict.h"

void rollout_explain_progress(const struct rollout *rollout, struct rollout_step step,
			      struct buf *out);
void rollout_explain_stuck(const struct rollout *rollout, const struct rollout_pod *pod,
			   struct buf *out);
void rollout_explain_canary(const struct rollout *rollout, struct buf *out);
void rollout_explain_complete(const struct rollout *rollout, struct buf *out);
void rollout_explain_no_effect(const struct rollout *rollout, struct buf *out);
void rollout_explain_on_delete(const struct rollout *rollout, struct buf *out);

/* `pod` is the updated one that became well last, NULL if there is none. */
void rollout_explain_between_steps(const struct rollout *rollout, const struct rollout_pod *pod,
				   int64_t now_ms, struct buf *out);

/* To be read on from what is held. */
void rollout_explain_hold(const struct rollout *rollout, struct buf *out);

/* `now` is the sentence on where the Pods stand. */
void rollout_explain_rollback(const struct rollout *rollout, const char *now, struct buf *out);

/* "commit 3f2c1ab was rejected (WHY)" */
void rollout_explain_rejection(const struct promotion_record *record, struct buf *out);

#endif
