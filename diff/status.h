/*
 * status.h - what `status` tells: where each StatefulSet stands, and what of a source is missing.
 *
 * A view that owns nothing: verdicts, records and refs belong to whoever made them. Times are
 * judged at `now_ms`, so the same view drawn a second later shows a countdown a second shorter.
 */
#ifndef DIFF_STATUS_H
#define DIFF_STATUS_H

#include "diff/object.h"
#include "diff/promotion.h"

struct standing {
	const struct rollout *rollout;
	const struct promotion_record *record; /* of the app that owns it; NULL: none is known */
	const char *app;          /* that app's name; NULL: none is known. `applied` likewise */
	const char *applied;      /* the commit that it applied last, in full; "" for plain files */
	const char *suspended_by; /* who suspended that app; NULL: nobody did */
	const char *suspended_reason; /* "" where none was given */
	int64_t suspended_ms;         /* since when, Unix time */
	int64_t git_partition;        /* that the source says; -1: not known */
};

/* An object of the source that is not in the cluster. */
struct missing {
	const struct ref *ref;
	const char *file;
	uint32_t line;
};

struct status {
	const struct standing *items; /* by namespace and name */
	size_t count;
	const char *revision; /* "main@3f2c1ab"; "" for plain files; NULL: there is no source */
	const char *commit;   /* the same in full; "" for plain files */
	const char *applied;  /* what the source's app applied last, in full; NULL: not known */
	const struct missing *missing;
	size_t missing_count;
	const char *trouble; /* why it may be out of date; NULL: it is not */
	int64_t now_ms;      /* Unix time */
};

/* Where the partition goes: as the source says, else as is remembered, else where it is. */
int64_t standing_target(const struct standing *standing);

/* How much of a bake is left until the next step; 0: none waits for one. */
int64_t standing_bake_left_ms(const struct standing *standing, int64_t now_ms);

/* How long what is waited for may take yet; 0: its time is over; -1: there is no such limit. */
int64_t standing_deadline_left_ms(const struct standing *standing, int64_t now_ms);

/* How old the step is, the last write of the template or the partition; -1: not known. */
int64_t standing_step_age_ms(const struct standing *standing, int64_t now_ms);

/* For how long its app has been suspended; -1: it is not. */
int64_t standing_suspended_age_ms(const struct standing *standing, int64_t now_ms);

/* When the time alone makes the drawing another one, from now; 0: it does not. */
int64_t status_tick_ms(const struct status *status);

#endif
