#include "diff/render.h"

#include <string.h>

#include "diff/json_build.h"
#include "diff/render_rollout.h"

#define FORMAT_VERSION 1 /* rises when a field changes its meaning or goes; see docs/json.md */

/* "a,b" as ["a", "b"] */
static void add_images(struct json_builder *builder, cJSON *object, const char *key,
		       const char *images)
{
	cJSON *array = json_build_array(builder, object, key);

	while (*images) {
		size_t length = strcspn(images, ",");
		CLEANUP(free_p) char *image = strndup(images, length);

		json_build_append(builder, array, image ? cJSON_CreateString(image) : NULL);
		images += length + (images[length] == ',');
	}
}

static void add_ref(struct json_builder *builder, cJSON *object, const struct ref *ref)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(64 * 1024);

	ref_print_api_version(ref, &api_version);
	json_build_check(builder, &api_version);
	json_build_text(builder, object, "apiVersion", buf_str(&api_version));
	json_build_text(builder, object, "kind", ref->kind);
	json_build_text(builder, object, "namespace", ref->namespace);
	json_build_text(builder, object, "name", ref->name);
}

static int finish(const struct json_builder *builder, const cJSON *root, struct buf *out)
{
	if (builder->failed)
		return -1;
	json_print_pretty(root, out);
	buf_putc(out, '\n');
	return 0;
}

/* --- diff ------------------------------------------------------------------------------------ */

static const char *op_name(enum change_op op)
{
	static const char *const names[] = {
		[CHANGE_ADD] = "add",
		[CHANGE_REMOVE] = "remove",
		[CHANGE_REPLACE] = "replace",
		[CHANGE_MOVE] = "move",
	};

	return names[op];
}

static void add_side(struct json_builder *builder, cJSON *object, const char *key,
		     const struct change *change, const cJSON *value)
{
	CLEANUP(buf_release) struct buf mask = BUF_INIT(64);

	if (!value)
		return;
	if (!change->secret || change->op == CHANGE_MOVE) {
		json_build_add(builder, object, key, json_copy(value));
		return;
	}
	change_print_value(change, value, &mask);
	json_build_check(builder, &mask);
	json_build_text(builder, object, key, buf_str(&mask));
}

static void add_culprit(struct json_builder *builder, cJSON *object, const struct culprit *culprit)
{
	cJSON *by = json_build_object(builder, object, "by");

	json_build_text(builder, by, "manager", culprit->manager);
	json_build_text(builder, by, "operation", culprit->operation);
	if (*culprit->subresource)
		json_build_text(builder, by, "subresource", culprit->subresource);
	if (*culprit->time)
		json_build_text(builder, by, "time", culprit->time);
}

static void append_change(struct json_builder *builder, cJSON *array, const struct change *change,
			  const struct culprit *culprit)
{
	cJSON *object = json_build_item(builder, array);

	json_build_text(builder, object, "op", op_name(change->op));
	json_build_text(builder, object, "path", change->path);
	add_side(builder, object, "from", change, change->from);
	add_side(builder, object, "to", change, change->to);
	if (change->secret)
		json_build_bool(builder, object, "secret", true);
	if (culprit)
		add_culprit(builder, object, culprit);
}

static void add_ordinals(struct json_builder *builder, cJSON *object, const char *key,
			 const int64_t *ordinals, size_t count)
{
	cJSON *array = json_build_array(builder, object, key);

	for (size_t i = 0; i < count; i++)
		json_build_append(builder, array, json_new_int(ordinals[i]));
}

static void add_steps(struct json_builder *builder, cJSON *object, const struct plan_steps *steps)
{
	cJSON *array = json_build_array(builder, object, "steps");

	for (size_t i = 0; i < steps->count; i++) {
		cJSON *step = json_build_item(builder, array);
		json_build_int(builder, step, "partition", steps->items[i].partition);
		json_build_int(builder, step, "first", steps->items[i].first);
		json_build_int(builder, step, "last", steps->items[i].last);
	}
	if (steps->total == 0)
		return;
	json_build_int(builder, object, "stepCount", (int64_t)steps->total);
	json_build_int(builder, object, "bakeSeconds", steps->bake_ms / 1000);
	json_build_int(builder, object, "earliestEndSeconds", steps->earliest_ms / 1000);
}

static void add_rollout(struct json_builder *builder, cJSON *object, const struct plan_item *item)
{
	const struct rollout_forecast *forecast = &item->forecast;
	CLEANUP(buf_release) struct buf summary = BUF_INIT(16u * 1024 * 1024);
	cJSON *rollout = json_build_object(builder, object, "rollout");

	rollout_print_plan(item, &summary);
	json_build_check(builder, &summary);
	json_build_text(builder, rollout, "summary", buf_str(&summary));
	add_ordinals(builder, rollout, "creates", forecast->creates.items, forecast->creates.count);
	add_ordinals(builder, rollout, "deletes", forecast->deletes.items, forecast->deletes.count);
	add_ordinals(builder, rollout, "replaces", forecast->replaces.items,
		     forecast->replaces.count);
	add_ordinals(builder, rollout, "keeps", forecast->keeps.items, forecast->keeps.count);
	add_ordinals(builder, rollout, "createsOnCurrent", forecast->creates.items,
		     forecast->creates_old);
	if (item->has_forecast)
		add_images(builder, rollout, "updateImages", forecast->update_images);
	add_steps(builder, rollout, &item->steps);
	cJSON *warnings = json_build_array(builder, rollout, "warnings");
	for (size_t i = 0; i < forecast->warning_count; i++)
		json_build_append(builder, warnings, cJSON_CreateString(forecast->warnings[i]));
}

static void append_item(struct json_builder *builder, cJSON *array, const struct plan_item *item)
{
	cJSON *object = json_build_item(builder, array);

	add_ref(builder, object, &item->ref);
	json_build_text(builder, object, "file", item->file);
	json_build_int(builder, object, "line", item->mark.line);
	json_build_text(builder, object, "action", plan_action_words[item->action].key);
	/* What is in sync may not have been compared at all. */
	json_build_bool(builder, object, "exists", item->from || item->action == PLAN_IN_SYNC);
	json_build_bool(builder, object, "clientSide", item->client_side);
	cJSON *changes = json_build_array(builder, object, "changes");
	for (size_t i = 0; i < item->changes.count; i++)
		append_change(builder, changes, &item->changes.items[i],
			      plan_item_culprit(item, i));
	cJSON *notes = json_build_array(builder, object, "notes");
	for (size_t i = 0; i < item->note_count; i++)
		json_build_append(builder, notes, cJSON_CreateString(item->notes[i]));
	if (item->has_forecast || item->steps.total > 0)
		add_rollout(builder, object, item);
	if (item->action == PLAN_FAILED) {
		cJSON *error = json_build_object(builder, object, "error");
		json_build_text(builder, error, "class", err_class_name(item->error.class));
		json_build_text(builder, error, "message", item->error.message);
	}
}

int render_plan_json(const struct plan *plan, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct json_builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	json_build_int(&builder, root, "version", FORMAT_VERSION);
	json_build_text(&builder, root, "revision", plan->revision);
	if (plan->base)
		json_build_text(&builder, root, "base", plan->base);
	cJSON *summary = json_build_object(&builder, root, "summary");
	for (size_t i = 0; i < PLAN_ACTION_COUNT; i++)
		json_build_int(&builder, summary, plan_action_words[plan_action_order[i]].key,
			       (int64_t)plan_count(plan, plan_action_order[i]));
	cJSON *objects = json_build_array(&builder, root, "objects");
	for (size_t i = 0; i < plan->count; i++)
		append_item(&builder, objects, &plan->items[i]);
	return finish(&builder, root, out);
}

/* --- status ---------------------------------------------------------------------------------- */

static void append_pod(struct json_builder *builder, cJSON *array, const struct rollout_pod *pod)
{
	cJSON *object = json_build_item(builder, array);

	json_build_int(builder, object, "ordinal", pod->ordinal);
	json_build_text(builder, object, "name", pod->name);
	json_build_bool(builder, object, "exists", pod->exists);
	json_build_text(builder, object, "revision", pod->revision);
	add_images(builder, object, "images", pod->images);
	json_build_bool(builder, object, "ready", pod->ready);
	json_build_bool(builder, object, "available", pod->available);
	json_build_bool(builder, object, "terminating", pod->terminating);
	json_build_bool(builder, object, "updated", pod->updated);
	json_build_bool(builder, object, "held", pod->held);
	json_build_bool(builder, object, "condemned", pod->condemned);
	if (pod->trouble)
		json_build_text(builder, object, "trouble", pod->trouble);
	json_build_text(builder, object, "node", pod->node);
	json_build_int(builder, object, "restarts", pod->restarts);
	json_build_time(builder, object, "createdAt", pod->created_ms);
	json_build_time(builder, object, "readySince", pod->ready_since_ms);
}

/* Seconds that are left, rounded up; nothing where nothing is waited for. */
static void add_seconds_left(struct json_builder *builder, cJSON *object, const char *key,
			     int64_t ms)
{
	if (ms >= 0)
		json_build_int(builder, object, key, (ms + 999) / 1000);
}

/* What is waited for, and what an app's inventory knows. */
static void add_step(struct json_builder *builder, cJSON *object, const struct standing *standing,
		     int64_t now_ms)
{
	const struct promotion_record *record = standing->record;

	if (standing->git_partition >= 0)
		json_build_int(builder, object, "gitPartition", standing->git_partition);
	if (record)
		json_build_time(builder, object, "stepSince", record->step_since_ms);
	if (standing->rollout->bake_until_ms)
		add_seconds_left(builder, object, "bakeLeftSeconds",
				 standing_bake_left_ms(standing, now_ms));
	add_seconds_left(builder, object, "deadlineLeftSeconds",
			 standing_deadline_left_ms(standing, now_ms));
	if (standing->app) {
		json_build_text(builder, object, "app", standing->app);
		json_build_text(builder, object, "appliedCommit", standing->applied);
	}
	if (standing_suspended_age_ms(standing, now_ms) >= 0) {
		cJSON *suspended = json_build_object(builder, object, "suspended");
		json_build_text(builder, suspended, "by", standing->suspended_by);
		json_build_text(builder, suspended, "reason", standing->suspended_reason);
		json_build_time(builder, suspended, "since", standing->suspended_ms);
	}
	if (record && record->rejected_digest && *record->rejected_digest) {
		cJSON *rejected = json_build_object(builder, object, "rejected");
		json_build_text(builder, rejected, "commit", record->rejected_commit);
		json_build_text(builder, rejected, "reason", record->rejected_reason);
		json_build_text(builder, rejected, "goodRevision", record->good_revision);
	}
}

static void append_standing(struct json_builder *builder, cJSON *array,
			    const struct standing *standing, int64_t now_ms)
{
	const struct rollout *rollout = standing->rollout;
	cJSON *object = json_build_item(builder, array);

	json_build_text(builder, object, "namespace", rollout->namespace);
	json_build_text(builder, object, "name", rollout->name);
	json_build_text(builder, object, "phase", rollout_phase_name(rollout->phase));
	json_build_text(builder, object, "reason", rollout->reason);
	json_build_time(builder, object, "since", rollout->since_ms);
	json_build_bool(builder, object, "settled", rollout_is_settled(rollout));
	if (rollout->stuck_pod)
		json_build_text(builder, object, "stuckPod", rollout->stuck_pod);
	json_build_int(builder, object, "replicas", rollout->replicas);
	json_build_int(builder, object, "start", rollout->start);
	json_build_int(builder, object, "partition", rollout->partition);
	json_build_int(builder, object, "target", rollout->target);
	json_build_int(builder, object, "nextPartition", rollout->next_partition);
	json_build_text(builder, object, "podManagementPolicy",
			rollout->ordered ? "OrderedReady" : "Parallel");
	json_build_text(builder, object, "updateStrategy",
			rollout->on_delete ? "OnDelete" : "RollingUpdate");
	json_build_text(builder, object, "currentRevision", rollout->current_revision);
	json_build_text(builder, object, "updateRevision", rollout->update_revision);
	add_images(builder, object, "currentImages", rollout->current_images);
	add_images(builder, object, "updateImages", rollout->update_images);
	cJSON *counts = json_build_object(builder, object, "counts");
	json_build_int(builder, counts, "ready", (int64_t)rollout->ready_count);
	json_build_int(builder, counts, "available", (int64_t)rollout->available_count);
	json_build_int(builder, counts, "updated", (int64_t)rollout->updated_count);
	json_build_int(builder, counts, "promoted", (int64_t)rollout->promoted_count);
	json_build_int(builder, counts, "held", (int64_t)rollout->held_count);
	add_step(builder, object, standing, now_ms);
	cJSON *pods = json_build_array(builder, object, "pods");
	for (size_t i = 0; i < rollout->pod_count; i++)
		append_pod(builder, pods, &rollout->pods[i]);
}

static void append_missing(struct json_builder *builder, cJSON *array,
			   const struct missing *missing)
{
	cJSON *object = json_build_item(builder, array);

	add_ref(builder, object, missing->ref);
	json_build_text(builder, object, "file", missing->file);
	json_build_int(builder, object, "line", missing->line);
}

void render_status_append(struct json_builder *builder, cJSON *statefulsets, cJSON *missing,
			  const struct status *status)
{
	for (size_t i = 0; i < status->count; i++)
		append_standing(builder, statefulsets, &status->items[i], status->now_ms);
	for (size_t i = 0; i < status->missing_count; i++)
		append_missing(builder, missing, &status->missing[i]);
}

int render_status_json(const struct status *status, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct json_builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	json_build_int(&builder, root, "version", FORMAT_VERSION);
	json_build_time(&builder, root, "time", status->now_ms);
	if (status->revision)
		json_build_text(&builder, root, "revision", status->revision);
	if (status->applied)
		json_build_text(&builder, root, "appliedCommit", status->applied);
	cJSON *statefulsets = json_build_array(&builder, root, "statefulSets");
	cJSON *missing = json_build_array(&builder, root, "missing");
	render_status_append(&builder, statefulsets, missing, status);
	return finish(&builder, root, out);
}

/* --- validate -------------------------------------------------------------------------------- */

static void append_finding(struct json_builder *builder, cJSON *array,
			   const struct finding *finding)
{
	cJSON *object = json_build_item(builder, array);

	json_build_text(builder, object, "level", finding_level_name(finding->level));
	json_build_text(builder, object, "file", finding->file);
	json_build_int(builder, object, "line", finding->mark.line);
	json_build_int(builder, object, "column", finding->mark.column);
	json_build_text(builder, object, "message", finding->message);
}

int render_findings_json(const struct findings *findings, const char *revision, size_t file_count,
			 struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct json_builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	json_build_int(&builder, root, "version", FORMAT_VERSION);
	json_build_text(&builder, root, "revision", revision);
	cJSON *summary = json_build_object(&builder, root, "summary");
	json_build_int(&builder, summary, "files", (int64_t)file_count);
	json_build_int(&builder, summary, "errors", (int64_t)findings->error_count);
	json_build_int(&builder, summary, "warnings",
		       (int64_t)(findings->count - findings->error_count));
	cJSON *list = json_build_array(&builder, root, "findings");
	for (size_t i = 0; i < findings->count; i++)
		append_finding(&builder, list, &findings->items[i]);
	return finish(&builder, root, out);
}
