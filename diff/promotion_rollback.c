#include <stdlib.h>
#include <string.h>

#include "diff/object.h"
#include "diff/promotion_view.h"

bool promotion_is_rejected(const struct promotion_facts *facts)
{
	const struct promotion_record *record = facts->record;

	return record && record->rejected_digest && *record->rejected_digest &&
	       facts->wanted_digest && strcmp(record->rejected_digest, facts->wanted_digest) == 0;
}

static const struct rollout_pod *stuck_pod(const struct rollout *rollout)
{
	for (size_t i = 0; i < rollout->pod_count && rollout->stuck_pod; i++) {
		if (rollout->pods[i].name == rollout->stuck_pod)
			return &rollout->pods[i];
	}
	return NULL;
}

/*
 * currentRevision is the one of the last complete state: the controller moves it only when every Pod
 * is updated and ready. A Pod on an older revision that is stuck is no fault of the new template.
 */
bool promotion_wants_rollback(const struct promotion_view *view)
{
	const struct rollout_pod *pod = stuck_pod(&view->rollout);

	return view->policy.rolls_back && view->same_template && view->observed &&
	       view->rollout.phase == ROLLOUT_STUCK && view->rollout.stuck_for_good && pod &&
	       (pod->updated || (!pod->exists && !pod->held)) && *view->live.current_revision &&
	       strcmp(view->live.current_revision, view->live.update_revision) != 0;
}

/*
 * Every Pod on another revision than the good one has to be at or above the partition; the others
 * are not touched by it, for they run the good template already.
 */
static int64_t partition_of_rollback(const struct promotion_view *view, const char *good)
{
	int64_t partition = view->live_partition;

	for (size_t i = 0; i < view->rollout.pod_count; i++) {
		const struct rollout_pod *pod = &view->rollout.pods[i];

		if (promotion_wants(view, pod) && pod->exists && strcmp(pod->revision, good) != 0 &&
		    promotion_index(view, pod) < partition)
			partition = promotion_index(view, pod);
	}
	return partition;
}

/* The good template; *ret_template is NULL where nobody has it any more. */
static int find_good_template(const struct promotion_view *view, const char *good,
			      cJSON **ret_template, struct err *err)
{
	const cJSON *revision = rollout_revision_find(&view->live, &view->revisions, good);

	*ret_template = NULL;
	if (revision)
		return rollout_revision_template(revision, ret_template, err);
	/* It was put back already, and the controller's history has moved on. */
	if (view->same_template || !view->live.template)
		return 0;
	*ret_template = json_copy(view->live.template);
	return *ret_template ? 0 : err_no_memory(err);
}

static int put_back(const struct promotion_view *view, const char *good, cJSON **take_template,
		    struct promotion *promotion, struct err *err)
{
	promotion->verdict = PROMOTION_ROLLED_BACK;
	promotion->template = STEAL(*take_template);
	promotion->partition = partition_of_rollback(view, good);
	promotion->sets_partition = promotion->partition != view->target;
	promotion->good_revision = strdup(good);
	return promotion->good_revision ? 0 : err_no_memory(err);
}

static int set_reason(struct promotion *promotion, struct buf *out, struct err *err)
{
	if (buf_check(out, "the reason of a rollback", err) < 0)
		return -1;
	promotion->reason = buf_steal(out);
	return promotion->reason ? 0 : err_no_memory(err);
}

static void print_template(const cJSON *template, const char *revision, struct buf *out)
{
	size_t start = out->length;

	object_print_images(json_get(template, "spec"), out);
	if (out->length == start)
		buf_puts(out, "revision");
	buf_printf(out, " (%s)", revision);
}

/* Nobody remembers the good template: what is live stays as it is. */
static int give_up(const struct promotion_view *view, const char *good, const char *why,
		   struct promotion *promotion, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);

	promotion->verdict = PROMOTION_STUCK;
	promotion->partition = view->live_partition;
	promotion->sets_partition = view->live_partition != view->target;
	buf_printf(&out,
		   "%s; cannot roll back, because the ControllerRevision %s is gone: revert the "
		   "image in Git",
		   why, good);
	return set_reason(promotion, &out, err);
}

int promotion_begin_rollback(const struct promotion_view *view, struct promotion *promotion,
			     struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);
	CLEANUP(cJSON_Delete_p) cJSON *template = NULL;
	const char *good = view->live.current_revision;
	const char *why = view->rollout.reason;

	if (find_good_template(view, good, &template, err) < 0)
		return -1;
	if (!template)
		return give_up(view, good, why, promotion, err);
	promotion->rejection = strdup(why);
	if (!promotion->rejection)
		return err_no_memory(err);
	buf_printf(&out, "%s; going back to ", why);
	print_template(template, good, &out);
	if (put_back(view, good, &template, promotion, err) < 0)
		return -1;
	return set_reason(promotion, &out, err);
}

int promotion_go_on_with_rollback(const struct promotion_view *view, struct promotion *promotion,
				  struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);
	CLEANUP(cJSON_Delete_p) cJSON *template = NULL;
	const struct promotion_record *record = view->facts->record;
	const char *good = record->good_revision ? record->good_revision : "";
	const char *why = record->rejected_reason ? record->rejected_reason : "";

	if (find_good_template(view, good, &template, err) < 0)
		return -1;
	if (!template)
		return give_up(view, good, why, promotion, err);
	buf_puts(&out, "rejected");
	if (record->rejected_commit && *record->rejected_commit)
		buf_printf(&out, " commit %.7s", record->rejected_commit);
	buf_printf(&out, ": %s; ", why);
	print_template(template, good, &out);
	buf_puts(&out, " stays until Git changes");
	if (put_back(view, good, &template, promotion, err) < 0)
		return -1;
	return set_reason(promotion, &out, err);
}
