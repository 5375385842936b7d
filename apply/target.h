/*
 * target.h - the desired objects on their way through the cluster's stages.
 *
 *	discovery_resolve   which resource, which namespace
 *	live_read           what is there now
 *	preview             what the server would make of it
 *	                    (the caller compares, and marks what to write)
 *	replace             written
 *	prune               or deleted
 *
 * A stage works on a set of targets, many at once, and calls back when all are done. A target
 * whose `error` is set is passed over by the stages that follow. The set stays where it is, and
 * stays as long as a stage runs; nobody else changes it meanwhile.
 */
#ifndef APPLY_TARGET_H
#define APPLY_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "apply/resource.h"
#include "diff/compare.h"
#include "diff/manifest.h"

enum target_result {
	TARGET_NONE, /* nothing was written: not asked for, or `error` says why */
	TARGET_CREATED,
	TARGET_REPLACED,
	TARGET_UNCHANGED, /* the server found that the write changes nothing */
	TARGET_DELETED,   /* it is gone, or with `written` going */
	TARGET_RECREATED, /* deleted and created again, its dependents left in place */
};

struct target {
	const struct manifest *manifest; /* borrowed */
	cJSON *desired;   /* what is wanted in place of the manifest's own object; NULL: that one */
	char *autoscaler; /* decides spec.replicas, so that `desired` leaves it out; NULL: none */
	struct ref ref;   /* with the namespace filled in */
	const struct resource *resource; /* borrowed from the discovery; NULL until resolved */
	bool awaits_crd; /* its kind comes with a CRD of the same set that is not there yet */

	cJSON *live;     /* as the server returned it; NULL: does not exist, or could not be read */
	bool live_known; /* it was read, so that NULL means that it does not exist */
	cJSON *predicted; /* the dry run's answer; NULL where `client_side` or `direct` */
	bool recreate;    /* it is written by deleting and creating it (recreate.h) */
	cJSON *kept; /* what it was before a recreation that did not come to its end; or NULL */
	bool client_side; /* the server could not be asked what the write would leave */
	bool direct;      /* it was not asked on purpose: the answer to the write tells */

	bool write; /* the caller's order to replace */
	enum target_result result;
	cJSON *written;    /* as the server returned it after the write */
	char *warnings;    /* what the server warned of, one a line; NULL if nothing */
	struct err *error; /* what went wrong; NULL: fine so far */
};

struct targets {
	struct target *items;
	size_t count, capacity;
};

/*
 * How a stage ends. `err` is NULL when it ran: each target then says how it went. Otherwise the
 * stage could not run at all (the server cannot be reached, refuses the credentials; no memory) and
 * the targets are as they were.
 */
typedef void stage_done(void *ctx, const struct err *err);

/* Adds one object; the manifest must outlive the set. */
int targets_add(struct targets *targets, const struct manifest *manifest, struct err *err);
void targets_release(struct targets *targets);

/* What is wanted: the manifest's object, or what a policy made of it. Borrowed. */
const cJSON *target_desired(const struct target *target);

/*
 * What a replacement takes over from: the live object, or what was kept of it, or NULL; borrowed.
 */
const cJSON *target_base(const struct target *target);

/*
 * The changes from `from` to `to`, both normalised (object.h): of all fields where the server was
 * asked what the write would leave, else of those that `to` sets (prediction_compare, which fills
 * in others).
 */
int target_compare(const struct target *target, cJSON *to, const cJSON *from,
		   struct changes *ret_changes, struct err *err);

/* Has the autoscaler of that name decide spec.replicas: `desired` leaves them out from now on. */
int target_yield_replicas(struct target *target, const char *autoscaler, struct err *err);

/* Sets the target's error (a copy); an earlier one stays. */
void target_fail(struct target *target, const struct err *err);

/* Takes the error away, so that stages work on it again. */
void target_clear_error(struct target *target);

/*
 * Back to before live_read: drops live, predicted, written, result, warnings and the error, so that
 * a conflict can be read, compared and decided again.
 */
void target_reset(struct target *target);

#endif
