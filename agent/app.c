#include "agent/app.h"

#include <stdlib.h>
#include <string.h>

/* Where policies come from: app->config. */
static void apply_policy(struct app *app)
{
	const struct config_app *config = &app->config;

	app->self_heal = config->drift == DRIFT_REVERT;
	app->replicas_from_git = config->replicas == REPLICAS_GIT;
	app->prune = (struct prune_policy){
		.enabled = config->prune.enabled,
		.kinds = config->prune.kinds,
		.limit_percent = config->prune.limit_percent,
		.allow_empty = config->prune.allow_empty,
	};
}

int app_init(struct app *app, const struct config_app *config, const char *namespace,
	     struct err *err)
{
	*app = (struct app){.owns = config->repo != NULL};
	if (config_app_copy(config, &app->config, err) < 0)
		return -1;
	config = &app->config;
	apply_policy(app);
	app->name = config->name;
	app->namespace_only = config->namespace_only;
	app->namespace = strdup(config->namespace ? config->namespace : namespace);
	if (!app->namespace)
		return err_no_memory(err);
	app->source_options = (struct source_options){
		.repo = config->repo,
		.ref = config->ref,
		.path = config->path,
		.git_dir = config->git_dir,
		.credentials = config->credentials,
		.verify = config->verify,
		.fetch_ms = config->fetch_ms,
		.files = (const char *const *)config->files.items,
		.file_count = config->files.count,
		.recursive = config->recursive,
	};
	return source_new(&app->source_options, &app->source, err);
}

/* What `from` says of policies, with all else as in `to`. A view that owns nothing. */
static struct config_app with_policy_of(const struct config_app *to, const struct config_app *from)
{
	struct config_app mixed = *to;

	mixed.sync = from->sync;
	mixed.drift = from->drift;
	mixed.replicas = from->replicas;
	mixed.prune = from->prune;
	mixed.interval_ms = from->interval_ms;
	mixed.suspend = from->suspend;
	mixed.depends_on = from->depends_on;
	return mixed;
}

bool app_is_same_place(const struct config_app *a, const struct config_app *b)
{
	const struct config_app mixed = with_policy_of(a, b);

	return config_app_equal(&mixed, b);
}

int app_set_policy(struct app *app, const struct config_app *config, struct err *err)
{
	struct config_app copy = {0};

	if (config_app_copy(config, &copy, err) < 0)
		return -1;
	/* What stays is what the source and the name point into; what was goes. */
	const struct config_app old = app->config;
	app->config = with_policy_of(&old, &copy);
	copy = with_policy_of(&copy, &old);
	config_app_release(&copy);
	apply_policy(app);
	return 0;
}

void app_release(struct app *app)
{
	fetched_release(&app->fetched);
	autoscalers_release(&app->autoscalers);
	inventory_release(&app->inventory);
	source_free(app->source);
	config_app_release(&app->config);
	free(app->namespace);
	*app = (struct app){0};
}

bool app_is_outside(const struct app *app, const struct ref *ref)
{
	return app->namespace_only && strcmp(ref->namespace, app->namespace) != 0;
}

const char *app_revision(const struct app *app)
{
	return app->fetched.snapshot.revision ? app->fetched.snapshot.revision : "";
}

const char *app_commit(const struct app *app)
{
	const char *at = strrchr(app_revision(app), '@');

	if (at)
		return at + 1;
	return *app_revision(app) ? app_revision(app) : NULL;
}
