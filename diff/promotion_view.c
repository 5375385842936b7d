#include "diff/promotion_view.h"

#include "diff/path.h"
#include "diff/prediction.h"

static bool is_observed(const cJSON *live)
{
	return json_int_or(live, "status.observedGeneration", -1) >=
		       json_int_or(live, "metadata.generation", 0) &&
	       json_str(live, "status.updateRevision");
}

/* Whether nothing that Git's template sets is otherwise in the live one. */
static int compare_set_fields_of_template(struct promotion_view *view, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *wanted = object_normalised(view->facts->wanted);
	CLEANUP(cJSON_Delete_p) cJSON *live = object_normalised(view->facts->live);
	CLEANUP(changes_release) struct changes changes = {0};

	if (!wanted || !live)
		return err_no_memory(err);
	if (prediction_compare(wanted, live, &changes, err) < 0)
		return -1;
	view->same_template = true;
	for (size_t i = 0; i < changes.count; i++) {
		if (path_is_within(changes.items[i].path, "spec.template"))
			view->same_template = false;
	}
	return 0;
}

static int read_templates(struct promotion_view *view, struct err *err)
{
	int result = view->facts->client_side
			     ? compare_set_fields_of_template(view, err)
			     : rollout_templates_equal(view->wanted.template, view->live.template,
						       &view->same_template, err);

	if (result < 0)
		return -1;
	view->revision = view->live.update_revision;
	if (view->same_template && view->observed)
		return 0;
	return rollout_template_revision(&view->live, &view->revisions, view->wanted.template,
					 &view->revision, err);
}

int promotion_view_read(const struct promotion_facts *facts, struct promotion_view *ret_view,
			struct err *err)
{
	CLEANUP(promotion_view_release)
	struct promotion_view view = {
		.facts = facts,
		.revisions = {facts->revisions, facts->revision_count},
		.observed = is_observed(facts->live),
	};

	if (policy_read(facts->wanted, &view.policy, NULL, err) < 0 ||
	    rollout_facts_read(facts->wanted, &view.wanted, err) < 0 ||
	    rollout_facts_read(facts->live, &view.live, err) < 0 || read_templates(&view, err) < 0)
		return -1;
	if (facts->pods_known &&
	    rollout_observe(facts->live, facts->pods, facts->pod_count, facts->record,
			    facts->now_ms, &view.rollout, err) < 0)
		return -1;
	view.target = view.wanted.partition;
	promotion_view_set_replicas(&view, view.wanted.replicas);
	*ret_view = view;
	view = (struct promotion_view){0};
	return 0;
}

void promotion_view_set_replicas(struct promotion_view *view, int64_t replicas)
{
	view->replicas = replicas;
	view->live_partition = view->live.on_delete ? replicas : view->live.partition;
	view->partition = view->live_partition < replicas ? view->live_partition : replicas;
}

void promotion_view_release(struct promotion_view *view)
{
	if (view->rollout.reason)
		rollout_release(&view->rollout);
	*view = (struct promotion_view){0};
}
