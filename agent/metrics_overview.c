#include "agent/metrics_overview.h"

#include <string.h>

#include "agent/metrics.h"
#include "diff/version.h"

static void collect_syncs(const struct overview_app *app)
{
	for (enum overview_result i = OVERVIEW_NONE + 1; i < OVERVIEW_RESULT_COUNT; i++)
		metrics_set(METRIC_SYNCS, (double)app->passes[i],
			    LABELS(app->name, overview_result_name(i)));
	metrics_set(METRIC_FETCHES, (double)(app->fetches - app->fetch_failures),
		    LABELS(app->name, "success"));
	metrics_set(METRIC_FETCHES, (double)app->fetch_failures, LABELS(app->name, "failure"));
	if (app->synced_ms)
		metrics_set(METRIC_SYNCED_AT, (double)app->synced_ms / 1000, LABELS(app->name));
}

/* Conditions of a kind stand anywhere in the list, each kind is counted where it comes first. */
static void collect_conditions(const struct overview_app *app)
{
	for (size_t i = 0; i < app->condition_count; i++) {
		const char *kind = app->conditions[i].kind;
		size_t first = 0, count = 0;

		while (strcmp(app->conditions[first].kind, kind) != 0)
			first++;
		for (size_t j = i; first == i && j < app->condition_count; j++)
			count += strcmp(app->conditions[j].kind, kind) == 0;
		if (count)
			metrics_set(METRIC_CONDITIONS, (double)count, LABELS(app->name, kind));
	}
}

static void collect_pods(const struct overview_app *app, const struct rollout *rollout)
{
	size_t current = 0, update = 0, other = 0;

	for (size_t i = 0; i < rollout->pod_count; i++) {
		const struct rollout_pod *pod = &rollout->pods[i];

		if (!pod->exists)
			continue;
		if (pod->updated)
			update++;
		else if (strcmp(pod->revision, rollout->current_revision) == 0)
			current++;
		else
			other++;
	}
	metrics_set(METRIC_ROLLOUT_PODS, (double)current,
		    LABELS(app->name, rollout->namespace, rollout->name, "current"));
	metrics_set(METRIC_ROLLOUT_PODS, (double)update,
		    LABELS(app->name, rollout->namespace, rollout->name, "update"));
	metrics_set(METRIC_ROLLOUT_PODS, (double)other,
		    LABELS(app->name, rollout->namespace, rollout->name, "other"));
}

static void collect_rollout(const struct overview_app *app, const struct rollout *rollout)
{
	const char *const *labels = LABELS(app->name, rollout->namespace, rollout->name);

	for (enum rollout_phase phase = 0; phase < ROLLOUT_PHASE_COUNT; phase++)
		metrics_set(METRIC_ROLLOUT_PHASE, phase == rollout->phase,
			    LABELS(app->name, rollout->namespace, rollout->name,
				   rollout_phase_name(phase)));
	metrics_set(METRIC_ROLLOUT_PARTITION, (double)rollout->partition, labels);
	metrics_set(METRIC_ROLLOUT_TARGET, (double)rollout->target, labels);
	metrics_set(METRIC_ROLLOUT_REPLICAS, (double)rollout->replicas, labels);
	metrics_set(METRIC_ROLLOUT_AVAILABLE, (double)rollout->available_count, labels);
	collect_pods(app, rollout);
}

static void collect_app(const struct overview_app *app)
{
	metrics_set(METRIC_APP, 1,
		    LABELS(app->name, app->namespace, app->source, app->ref, app->revision));
	metrics_set(METRIC_SUSPENDED, app->state == OVERVIEW_SUSPENDED, LABELS(app->name));
	collect_syncs(app);
	for (enum plan_action action = 0; action < PLAN_ACTION_COUNT; action++)
		metrics_set(METRIC_OBJECTS, (double)app->objects[action],
			    LABELS(app->name, plan_action_words[action].key));
	metrics_set(METRIC_DRIFTED, (double)app->objects[PLAN_DRIFT], LABELS(app->name));
	collect_conditions(app);
	for (size_t i = 0; i < app->rollouts.count; i++)
		collect_rollout(app, app->rollouts.items[i].rollout);
}

void metrics_overview_collect(const struct overview *overview)
{
	metrics_set(METRIC_BUILD, 1, LABELS(tranche_version));
	metrics_set(METRIC_LEADER, overview->leading, NO_LABELS);
	for (size_t i = 0; i < overview->count; i++)
		collect_app(&overview->apps[i]);
}
