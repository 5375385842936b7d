#include "agent/runner_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "agent/record_history.h"

#define LIVE_CHANGE_WAIT_MS 100 /* a StatefulSet changed: let its writer finish first */

/* Whether somebody has written the StatefulSet since this was last asked. */
static bool was_written(struct runner *runner, const struct rollout *rollout)
{
	const cJSON *statefulset = rollouts_statefulset(runner->options.link->rollouts,
							rollout->namespace, rollout->name);

	return follow_generation(&runner->follow, rollout,
				 json_int_or(statefulset, "metadata.generation", 0));
}

/* Whether a pass may find something to do once the rollout moves. While one runs nobody knows yet. */
static bool may_be_driven(const struct runner *runner, const struct rollout *rollout)
{
	const struct driven *driven = drive_find(&runner->drive, rollout);

	return (runner->pass && !pass_is_over(runner->pass)) || (driven && driven->pending);
}

static void on_rollout(void *context, const struct rollout *rollout)
{
	struct runner *runner = context;
	const struct app *app = &runner->app;
	CLEANUP(buf_release) struct buf line = BUF_INIT(8192);

	if (!follow_find(rollout, &app->fetched.manifests, app->namespace))
		return;
	bool has_turned = follow_stance(&runner->follow, rollout);
	if (!runner->leading)
		return;
	bool has_moved = follow_tell(&runner->follow, rollout, &line);
	bool has_ended =
		record_history_rollout(&runner->app, rollout,
				       rollouts_statefulset(runner->options.link->rollouts,
							    rollout->namespace, rollout->name));
	if (has_moved)
		chronicle_rollout(&runner->chronicle, rollout, buf_str(&line));
	chronicle_watch(&runner->chronicle, rollout, has_moved);
	/* The next pass drives it on, or tells whether what somebody wrote is drift, if the lookout
	 * does not. */
	if ((!runner->lookout && was_written(runner, rollout)) || has_ended ||
	    ((has_moved || has_turned) && may_be_driven(runner, rollout)))
		runner_want(runner, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
	if (has_moved)
		runner_changed(runner);
}

static bool owns_statefulset(const struct runner *runner, const char *namespace, const char *name)
{
	for (size_t i = 0; i < runner->drive.count; i++)
		if (strcmp(runner->drive.items[i].name, name) == 0 &&
		    strcmp(runner->drive.items[i].namespace, namespace) == 0)
			return true;
	return false;
}

static void on_rollout_gone(void *context, const char *namespace, const char *name)
{
	struct runner *runner = context;

	if (!runner->lookout && owns_statefulset(runner, namespace, name))
		runner_want(runner, SCHEDULE_ROLLOUTS, LIVE_CHANGE_WAIT_MS);
}

static void on_rollout_error(void *context, const struct err *err)
{
	const struct log_subject subject = runner_subject(context);

	log_line(LOG_DEBUG, &subject, "rollouts: %s", err->message);
}

static int follow_namespace(struct runner *runner, const char *namespace, struct err *err)
{
	for (size_t i = 0; i < runner->namespace_count; i++)
		if (strcmp(runner->namespaces[i], namespace) == 0)
			return 0;
	char **namespaces =
		reallocarray(runner->namespaces, runner->namespace_count + 1, sizeof(*namespaces));
	if (!namespaces)
		return err_no_memory(err);
	runner->namespaces = namespaces;
	namespaces[runner->namespace_count] = strdup(namespace);
	if (!namespaces[runner->namespace_count])
		return err_no_memory(err);
	runner->namespace_count++;
	return link_follow(runner->options.link, namespace, &runner->listener, err);
}

void runner_follow_rollouts(struct runner *runner, const struct pass *pass)
{
	const struct log_subject subject = runner_subject(runner);
	const struct plan *plan = pass_plan(pass);
	struct err err;

	follow_pass(&runner->follow, pass);
	for (size_t i = 0; i < plan->count; i++) {
		const struct ref *ref = &plan->items[i].ref;

		if (ref_is(ref, "apps", "StatefulSet") && *ref->namespace &&
		    follow_namespace(runner, ref->namespace, &err) < 0)
			log_line(LOG_ERROR, &subject, "%s", err.message);
	}
}

void runner_listen(struct runner *runner)
{
	runner->listener = (struct link_listener){
		.on_rollout = on_rollout,
		.on_rollout_gone = on_rollout_gone,
		.on_rollout_error = on_rollout_error,
		.context = runner,
	};
	link_listen(runner->options.link, &runner->listener);
}
