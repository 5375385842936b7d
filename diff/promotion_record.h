/*
 * promotion_record.h - what is remembered of a StatefulSet's promotion, as a value.
 *
 * As JSON, in the inventory, what is not known left out:
 *
 *	{"replicas":5,"partition":2,"stepSince":"2026-01-02T03:04:05.678Z","stepGeneration":7,
 *	 "rejected":{"digest":"...","commit":"3f2c1ab...","reason":"web-4 is in ..."},
 *	 "goodRevision":"web-6f7c9d5b8"}
 *
 * In a record that was copied, read or set here no text is NULL, and all belong to it.
 */
#ifndef DIFF_PROMOTION_RECORD_H
#define DIFF_PROMOTION_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "diff/json.h"

/* What the inventory remembers of a StatefulSet besides its digests; 0 or "": not known. */
struct promotion_record {
	bool has_replicas, has_partition;
	/* That Git said when it was last applied, whatever was sent in their place. */
	int64_t replicas, partition;
	/*
	 * Unix time when the spec was last seen to change, and metadata.generation since then: an
	 * agent that was killed before it could note its own write takes the step to begin when it
	 * sees the new generation.
	 */
	int64_t step_since_ms, step_generation;
	/*
	 * A rollback: which of Git's objects was rejected, of which commit, why, and what was put
	 * back in its place.
	 */
	char *rejected_digest, *rejected_commit, *rejected_reason, *good_revision;
};

/* Zero-initialised is empty. */
void promotion_record_release(struct promotion_record *record);

bool promotion_record_is_empty(const struct promotion_record *record);
bool promotion_record_equal(const struct promotion_record *a, const struct promotion_record *b);

int promotion_record_copy(const struct promotion_record *record,
			  struct promotion_record *ret_record, struct err *err);

/* Notes a rollback, or with all "" that there is none; the texts are copied. */
int promotion_record_set_rejected(struct promotion_record *record, const char *digest,
				  const char *commit, const char *reason, const char *good_revision,
				  struct err *err);

int promotion_record_to_json(const struct promotion_record *record, cJSON **ret_value,
			     struct err *err);

/* What is missing or of another type is unknown: an agent has to start with any inventory. */
int promotion_record_from_json(const cJSON *value, struct promotion_record *ret_record,
			       struct err *err);

#endif
