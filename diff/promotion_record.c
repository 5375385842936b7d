#include "diff/promotion_record.h"

#include <stdlib.h>
#include <string.h>

#include "diff/rfc3339.h"

static const char *text_of(const char *text)
{
	return text ? text : "";
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(text_of(a), text_of(b)) == 0;
}

void promotion_record_release(struct promotion_record *record)
{
	free(record->rejected_digest);
	free(record->rejected_commit);
	free(record->rejected_reason);
	free(record->good_revision);
	*record = (struct promotion_record){0};
}

bool promotion_record_equal(const struct promotion_record *a, const struct promotion_record *b)
{
	return a->has_replicas == b->has_replicas &&
	       (!a->has_replicas || a->replicas == b->replicas) &&
	       a->has_partition == b->has_partition &&
	       (!a->has_partition || a->partition == b->partition) &&
	       a->step_since_ms == b->step_since_ms && a->step_generation == b->step_generation &&
	       same_text(a->rejected_digest, b->rejected_digest) &&
	       same_text(a->rejected_commit, b->rejected_commit) &&
	       same_text(a->rejected_reason, b->rejected_reason) &&
	       same_text(a->good_revision, b->good_revision);
}

bool promotion_record_is_empty(const struct promotion_record *record)
{
	static const struct promotion_record empty;

	return promotion_record_equal(record, &empty);
}

int promotion_record_set_rejected(struct promotion_record *record, const char *digest,
				  const char *commit, const char *reason, const char *good_revision,
				  struct err *err)
{
	struct promotion_record set = {
		.has_replicas = record->has_replicas,
		.replicas = record->replicas,
		.has_partition = record->has_partition,
		.partition = record->partition,
		.step_since_ms = record->step_since_ms,
		.step_generation = record->step_generation,
		.rejected_digest = strdup(text_of(digest)),
		.rejected_commit = strdup(text_of(commit)),
		.rejected_reason = strdup(text_of(reason)),
		.good_revision = strdup(text_of(good_revision)),
	};

	if (!set.rejected_digest || !set.rejected_commit || !set.rejected_reason ||
	    !set.good_revision) {
		promotion_record_release(&set);
		return err_no_memory(err);
	}
	promotion_record_release(record);
	*record = set;
	return 0;
}

int promotion_record_copy(const struct promotion_record *record,
			  struct promotion_record *ret_record, struct err *err)
{
	struct promotion_record copy = {
		.has_replicas = record->has_replicas,
		.replicas = record->replicas,
		.has_partition = record->has_partition,
		.partition = record->partition,
		.step_since_ms = record->step_since_ms,
		.step_generation = record->step_generation,
	};

	if (promotion_record_set_rejected(&copy, record->rejected_digest, record->rejected_commit,
					  record->rejected_reason, record->good_revision, err) < 0)
		return -1;
	*ret_record = copy;
	return 0;
}

/* --- JSON ------------------------------------------------------------------------------------- */

static int set_text(cJSON *object, const char *path, const char *text, struct err *err)
{
	return *text_of(text) ? json_set_str(object, path, text, err) : 0;
}

int promotion_record_to_json(const struct promotion_record *record, cJSON **ret_value,
			     struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = cJSON_CreateObject();
	CLEANUP(buf_release) struct buf since = BUF_INIT(64);

	if (!value)
		return err_no_memory(err);
	if (record->step_since_ms)
		rfc3339_print(record->step_since_ms, &since);
	if (buf_check(&since, "the time of the step", err) < 0 ||
	    (record->has_replicas && json_set_int(value, "replicas", record->replicas, err) < 0) ||
	    (record->has_partition &&
	     json_set_int(value, "partition", record->partition, err) < 0) ||
	    set_text(value, "stepSince", buf_str(&since), err) < 0 ||
	    (record->step_generation &&
	     json_set_int(value, "stepGeneration", record->step_generation, err) < 0) ||
	    set_text(value, "rejected.digest", record->rejected_digest, err) < 0 ||
	    set_text(value, "rejected.commit", record->rejected_commit, err) < 0 ||
	    set_text(value, "rejected.reason", record->rejected_reason, err) < 0 ||
	    set_text(value, "goodRevision", record->good_revision, err) < 0)
		return -1;
	*ret_value = STEAL(value);
	return 0;
}

int promotion_record_from_json(const cJSON *value, struct promotion_record *ret_record,
			       struct err *err)
{
	struct promotion_record record = {0};
	const char *since = json_str(value, "stepSince");

	record.has_replicas = json_int(value, "replicas", &record.replicas);
	record.has_partition = json_int(value, "partition", &record.partition);
	if (since)
		rfc3339_read(since, &record.step_since_ms);
	record.step_generation = json_int_or(value, "stepGeneration", 0);
	if (promotion_record_set_rejected(
		    &record, json_str(value, "rejected.digest"), json_str(value, "rejected.commit"),
		    json_str(value, "rejected.reason"), json_str(value, "goodRevision"), err) < 0)
		return -1;
	*ret_record = record;
	return 0;
}
