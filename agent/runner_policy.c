#include "agent/runner_private.h"

#include <stdlib.h>
#include <string.h>

#include "agent/log.h"
#include "apply/clock.h"
#include "apply/suspend.h"

/* --- what a pass may do ---------------------------------------------------------------------- */

bool runner_is_approved(const struct runner *runner)
{
	const struct app *app = &runner->app;
	const char *commit = app->fetched.snapshot.commit;

	if (app->config.sync == SYNC_AUTO)
		return true;
	if (!commit || !*commit)
		return false;
	return strcmp(commit, runner->approved) == 0 ||
	       (app->inventory_known && app->inventory.revision &&
		strcmp(commit, app->inventory.revision) == 0);
}

static const char *find_unready(const struct runner *runner)
{
	const struct config_strings *names = &runner->app.config.depends_on;

	for (size_t i = 0; i < names->count; i++)
		if (!runner->options.is_ready(runner->options.context, names->items[i]))
			return names->items[i];
	return NULL;
}

void runner_set_waits_for(struct runner *runner, const char *name)
{
	const struct log_subject subject = runner_subject(runner);

	if (name && (!runner->waits_for || strcmp(name, runner->waits_for) != 0))
		log_line(LOG_INFO, &subject, "waits for app %s (dependsOn)", name);
	runner->waits_for = name;
}

bool runner_may_go_on(void *context)
{
	struct runner *runner = context;
	const char *commit = runner->app.fetched.snapshot.commit;

	if (!runner->leading)
		return false;
	runner_set_waits_for(
		runner, commit && strcmp(commit, runner->begun) == 0 ? NULL : find_unready(runner));
	if (!runner->waits_for)
		runner_keep_commit(runner->begun, commit);
	return !runner->waits_for;
}

bool runner_may_write(void *context)
{
	struct runner *runner = context;

	if (runner->is_asked)
		runner_keep_commit(runner->approved, runner->app.fetched.snapshot.commit);
	runner->is_asked = false;
	return runner_is_approved(runner);
}

/* --- sync: manual ----------------------------------------------------------------------------- */

void runner_tell_manual(struct runner *runner, const struct pass *pass)
{
	const struct log_subject subject = runner_subject(runner);
	const struct plan *plan = pass_plan(pass);
	CLEANUP(buf_release) struct buf text = BUF_INIT(1024);

	if (pass_fault(pass) != PASS_FINE)
		return;
	if (!pass_is_dry_run(pass) || !plan_has_differences(plan)) {
		if (runner->told_manual)
			log_line(LOG_INFO, &subject, "in sync again");
		free(STEAL(runner->told_manual));
		return;
	}
	plan_print_counts(plan, &text);
	buf_printf(&text, " at %s", app_revision(&runner->app));
	if (runner->told_manual && strcmp(runner->told_manual, buf_str(&text)) == 0)
		return;
	log_line(LOG_WARNING, &subject,
		 "out of sync: %s; it is written when somebody asks for it (sync: manual)",
		 buf_str(&text));
	free(runner->told_manual);
	runner->told_manual = buf_steal(&text);
}

/* --- dependencies ---------------------------------------------------------------------------- */

static void tell_nobody(void *context, const char *name, const char *how)
{
	(void)context;
	(void)name;
	(void)how;
}

bool runner_is_ready(const struct runner *runner)
{
	const char *commit = runner->app.fetched.snapshot.commit;
	const char *newest = repository_commit(&runner->repository);

	return commit && strcmp(commit, runner->synced) == 0 &&
	       (!newest || strcmp(newest, commit) == 0) &&
	       drive_judge(&runner->drive, runner->options.link->rollouts, false, tell_nobody,
			   NULL) == DRIVE_ARRIVED;
}

const char *runner_waits_for(const struct runner *runner)
{
	return runner->waits_for;
}

void runner_poke(struct runner *runner)
{
	if (runner->waits_for && !find_unready(runner))
		runner_want(runner, SCHEDULE_WHOLE, 0);
}

/* --- another policy --------------------------------------------------------------------------- */

void runner_suspend_here(struct runner *runner, bool suspend)
{
	const struct log_subject subject = runner_subject(runner);

	if (runner->suspended == suspend)
		return;
	runner->suspended = suspend;
	log_line(LOG_INFO, &subject, "%s (config)", suspend ? "suspended" : "resumed");
	if (suspend) {
		runner->next_ms = 0;
		runner_set_waits_for(runner, NULL);
	} else {
		runner_want(runner, SCHEDULE_WHOLE, 0);
	}
	runner_changed(runner);
}

static int set_policy(struct runner *runner, const struct config_app *config, struct err *err)
{
	bool suspend = config->suspend, was = runner->app.config.suspend;

	runner->waits_for = NULL; /* which points into the old one */
	if (app_set_policy(&runner->app, config, err) < 0)
		return -1;
	if (suspend != was)
		runner_suspend_here(runner, suspend);
	runner_sync_now(runner, NULL);
	return 0;
}

void runner_drop_next_config(struct runner *runner)
{
	if (runner->next_config)
		config_app_release(runner->next_config);
	free(STEAL(runner->next_config));
}

void runner_take_next_config(struct runner *runner)
{
	const struct log_subject subject = runner_subject(runner);
	struct err err;

	if (runner->next_config && set_policy(runner, runner->next_config, &err) < 0)
		log_line(LOG_ERROR, &subject, "%s", err.message);
	runner_drop_next_config(runner);
}

int runner_set_policy(struct runner *runner, const struct config_app *config, struct err *err)
{
	runner_drop_next_config(runner);
	if (!runner->pass && !runner->save_id)
		return set_policy(runner, config, err);
	runner->next_config = calloc(1, sizeof(*runner->next_config));
	if (!runner->next_config)
		return err_no_memory(err);
	return config_app_copy(config, runner->next_config, err);
}

/* --- suspended -------------------------------------------------------------------------------- */

static void on_suspended(void *context, const struct err *err, bool is_news,
			 const struct inventory *inventory)
{
	struct runner *runner = context;
	const struct log_subject subject = runner_subject(runner);
	const char *by = inventory->suspended.by;

	runner->order = 0;
	if (err)
		log_line(LOG_ERROR, &subject, "cannot be suspended or resumed: %s", err->message);
	else if (is_news && !by)
		log_line(LOG_INFO, &subject, "resumed");
	runner_want(runner, SCHEDULE_WHOLE, 0); /* which reads the inventory, and tells the rest */
}

void runner_suspend(struct runner *runner, bool suspend, const char *by, const char *reason)
{
	const struct suspend_order order = {
		.namespace = runner->app.namespace,
		.app = runner->app.name,
		.suspends = suspend,
		.by = by,
		.reason = reason,
		.anew = suspend,
	};
	const struct log_subject subject = runner_subject(runner);
	struct cluster *cluster = runner->options.link->cluster;
	struct err err;

	if (!suspend)
		runner_suspend_here(runner, false);
	cluster_cancel(cluster, runner->order);
	runner->order = suspend_app(cluster, &order, on_suspended, runner, &err);
	if (!runner->order)
		log_line(LOG_ERROR, &subject, "%s", err.message);
}
