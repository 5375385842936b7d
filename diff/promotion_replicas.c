/*
 * The three-places trap: somebody scaled the StatefulSet, the file still has the old number, and
 * replacing it would delete the Pods that were added.
 */
#include <inttypes.h>
#include <string.h>

#include "diff/promotion_view.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

/*
 * What the manifest said when it was applied before tranche knew the object, from the annotation that
 * `kubectl apply` leaves; -1 where that says nothing.
 */
static int read_last_applied(const cJSON *live, int64_t *ret_replicas, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *applied = NULL;
	const cJSON *text = json_get(json_at(live, "metadata.annotations"), LAST_APPLIED);
	struct err odd;

	*ret_replicas = -1;
	if (!cJSON_IsString(text))
		return 0;
	if (json_parse(text->valuestring, strlen(text->valuestring), &applied, &odd) < 0)
		return odd.class == ERR_NO_MEMORY ? err_no_memory(err) : 0;
	*ret_replicas = json_int_or(applied, "spec.replicas", -1);
	return 0;
}

/* Whether Git's number is the one that was applied already: then it is not what is new. */
static int find_untouched(const struct promotion_view *view, bool *ret_untouched, struct err *err)
{
	const struct promotion_record *record = view->facts->record;
	int64_t applied;

	if (record && record->has_replicas)
		applied = record->replicas;
	else if (read_last_applied(view->facts->live, &applied, err) < 0)
		return -1;
	*ret_untouched = applied == view->wanted.replicas;
	return 0;
}

static int explain(const struct promotion_view *view, struct promotion *promotion, struct err *err)
{
	CLEANUP(buf_release) struct buf out = BUF_INIT(PROMOTION_MAX_TEXT);
	CLEANUP(ordinals_release) struct ordinals added = {0};
	int64_t git = view->wanted.replicas, live = view->live.replicas;

	for (int64_t i = live; i-- > git;) {
		if (ordinals_add(&added, view->live.start + i, err) < 0)
			return -1;
	}
	buf_printf(&out,
		   "somebody scaled to %" PRId64 " replicas, and Git still has %" PRId64
		   ": kept, because scaling down would delete ",
		   live, git);
	ordinals_print(&added, &out);
	buf_printf(&out,
		   "; commit replicas: %" PRId64
		   " to keep them, or scale down with the annotation " POLICY_REPLICAS
		   ": git (or --replicas=git)",
		   live);
	if (buf_check(&out, "the drift of replicas", err) < 0)
		return -1;
	promotion->drift = buf_steal(&out);
	return promotion->drift ? 0 : err_no_memory(err);
}

int promotion_keep_replicas(struct promotion_view *view, struct promotion *promotion,
			    struct err *err)
{
	bool untouched;

	if (view->wanted.replicas >= view->live.replicas || view->facts->replicas_from_git ||
	    view->policy.replicas_from_git)
		return 0;
	if (find_untouched(view, &untouched, err) < 0)
		return -1;
	if (!untouched)
		return 0;
	promotion->sets_replicas = true;
	promotion->replicas = view->live.replicas;
	promotion_view_set_replicas(view, view->live.replicas);
	return explain(view, promotion, err);
}
