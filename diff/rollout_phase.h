/*
 * rollout_phase.h - the phase of a rollout, why, since when, and until when.
 *
 * The rooms of rollout.h share this; nobody else includes it.
 */
#ifndef DIFF_ROLLOUT_PHASE_H
#define DIFF_ROLLOUT_PHASE_H

#include "diff/promotion_record.h"
#include "diff/rollout.h"

/*
 * Fills in everything of the rollout that follows from its Pods, and prints the reason. `record`
 * may be NULL.
 */
void rollout_judge(struct rollout *rollout, const cJSON *statefulset,
		   const struct promotion_record *record, int64_t now_ms, struct buf *reason);

#endif
