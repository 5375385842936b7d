#include "agent/overview_json.h"

#include "diff/json_build.h"
#include "diff/render.h"
#include "diff/text.h"
#include "diff/version.h"

#define FORMAT_VERSION 1 /* rises when a field changes its meaning or goes; see docs/json.md */

static void add_conditions(struct json_builder *builder, cJSON *object,
			   const struct overview_app *app)
{
	cJSON *list = json_build_array(builder, object, "conditions");

	for (size_t i = 0; i < app->condition_count; i++) {
		const struct overview_condition *condition = &app->conditions[i];
		cJSON *item = json_build_item(builder, list);

		json_build_text(builder, item, "kind", condition->kind);
		json_build_text(builder, item, "about", condition->key);
		json_build_text(builder, item, "text", condition->text);
		json_build_time(builder, item, "since", condition->since_ms);
	}
}

static void add_last(struct json_builder *builder, cJSON *object, const struct overview_app *app)
{
	cJSON *last = json_build_object(builder, object, "lastSync");

	json_build_text(builder, last, "result", overview_result_name(app->last.result));
	json_build_time(builder, last, "time", app->last.at_ms);
	json_build_int(builder, last, "durationMs", app->last.duration_ms);
	json_build_text(builder, last, "message", app->last.message);
}

static void add_app(struct json_builder *builder, cJSON *object, const struct overview_app *app)
{
	json_build_text(builder, object, "name", app->name);
	json_build_text(builder, object, "cluster", app->cluster);
	json_build_text(builder, object, "namespace", app->namespace);
	json_build_text(builder, object, "source", app->source);
	json_build_text(builder, object, "ref", app->ref);
	json_build_text(builder, object, "path", app->path);
	json_build_text(builder, object, "sync", app->manual ? "manual" : "auto");
	json_build_text(builder, object, "state", overview_state_name(app->state));
	if (app->suspended_by && *app->suspended_by)
		json_build_text(builder, object, "suspendedBy", app->suspended_by);
	if (app->waits_for && *app->waits_for)
		json_build_text(builder, object, "waitsFor", app->waits_for);
	json_build_text(builder, object, "revision", app->revision);
	json_build_text(builder, object, "commit", app->commit);
	json_build_text(builder, object, "author", app->author);
	json_build_text(builder, object, "subject", app->subject);
	json_build_text(builder, object, "appliedCommit", app->applied);
	add_last(builder, object, app);
	json_build_time(builder, object, "syncedAt", app->synced_ms);
	json_build_time(builder, object, "nextSyncAt", app->next_ms);
	cJSON *objects = json_build_object(builder, object, "objects");
	for (int i = 0; i < PLAN_ACTION_COUNT; i++) {
		enum plan_action action = plan_action_order[i];

		json_build_int(builder, objects, plan_action_words[action].key,
			       (int64_t)app->objects[action]);
	}
	add_conditions(builder, object, app);
}

static void add_head(struct json_builder *builder, cJSON *root, const struct overview *overview)
{
	json_build_int(builder, root, "version", FORMAT_VERSION);
	json_build_time(builder, root, "time", overview->now_ms);
}

static void add_agent(struct json_builder *builder, cJSON *root, const struct overview *overview)
{
	cJSON *agent = json_build_object(builder, root, "agent");

	json_build_text(builder, agent, "version", tranche_version);
	json_build_time(builder, agent, "startedAt", overview->started_ms);
	json_build_bool(builder, agent, "leading", overview->leading);
	json_build_text(builder, agent, "configError", overview->config_error);
}

static void add_apps(struct json_builder *builder, cJSON *root, const struct overview *overview)
{
	cJSON *list = json_build_array(builder, root, "apps");

	for (size_t i = 0; i < overview->count; i++)
		add_app(builder, json_build_item(builder, list), &overview->apps[i]);
}

/* Of one app, or of all. */
static void add_rollouts(struct json_builder *builder, cJSON *root, const struct overview_app *apps,
			 size_t count)
{
	cJSON *statefulsets = json_build_array(builder, root, "statefulSets");
	cJSON *missing = json_build_array(builder, root, "missing");

	for (size_t i = 0; i < count; i++)
		render_status_append(builder, statefulsets, missing, &apps[i].rollouts);
}

static int finish(const struct json_builder *builder, cJSON *take_root, cJSON **ret_value)
{
	if (builder->failed) {
		cJSON_Delete(take_root);
		return -1;
	}
	*ret_value = take_root;
	return 0;
}

int overview_json(const struct overview *overview, cJSON **ret_value, struct err *err)
{
	struct json_builder builder = {.err = err};
	cJSON *root = cJSON_CreateObject();

	if (!root)
		return err_no_memory(err);
	add_head(&builder, root, overview);
	add_agent(&builder, root, overview);
	add_apps(&builder, root, overview);
	add_rollouts(&builder, root, overview->apps, overview->count);
	return finish(&builder, root, ret_value);
}

int overview_json_apps(const struct overview *overview, cJSON **ret_value, struct err *err)
{
	struct json_builder builder = {.err = err};
	cJSON *root = cJSON_CreateObject();

	if (!root)
		return err_no_memory(err);
	add_head(&builder, root, overview);
	add_apps(&builder, root, overview);
	return finish(&builder, root, ret_value);
}

int overview_json_app(const struct overview *overview, const char *name, cJSON **ret_value,
		      struct err *err)
{
	const struct overview_app *app = overview_find(overview, name);
	struct json_builder builder = {.err = err};
	char quoted[TEXT_QUOTE_MAX];
	cJSON *root;

	if (!app)
		return err_set(err, ERR_NOT_FOUND, "there is no app %s", text_quote(name, quoted));
	root = cJSON_CreateObject();
	if (!root)
		return err_no_memory(err);
	add_head(&builder, root, overview);
	add_app(&builder, root, app);
	add_rollouts(&builder, root, app, 1);
	return finish(&builder, root, ret_value);
}
