#include "diff/render.h"

#include <string.h>

#include "diff/render_rollout.h"
#include "diff/rfc3339.h"

#define FORMAT_VERSION 1 /* rises when a field changes its meaning or goes; see docs/json.md */

/*
 * Values are built by running appends, as with buf.h: a builder that has failed keeps its first
 * error and ignores what follows.
 */
struct builder {
	struct err *err;
	bool failed;
};

static void add(struct builder *builder, cJSON *object, const char *key, cJSON *take_value)
{
	if (builder->failed || !object)
		cJSON_Delete(take_value);
	else if (json_set_key(object, key, take_value, builder->err) < 0)
		builder->failed = true;
}

static void append(struct builder *builder, cJSON *array, cJSON *take_item)
{
	if (builder->failed || !array)
		cJSON_Delete(take_item);
	else if (json_append(array, take_item, builder->err) < 0)
		builder->failed = true;
}

/* Fails the builder if the text did not hold. */
static void check(struct builder *builder, const struct buf *text)
{
	if (!builder->failed && buf_check(text, "a text", builder->err) < 0)
		builder->failed = true;
}

static void add_text(struct builder *builder, cJSON *object, const char *key, const char *text)
{
	add(builder, object, key, cJSON_CreateString(text ? text : ""));
}

static void add_bool(struct builder *builder, cJSON *object, const char *key, bool value)
{
	add(builder, object, key, cJSON_CreateBool(value));
}

static void add_int(struct builder *builder, cJSON *object, const char *key, int64_t value)
{
	add(builder, object, key, json_new_int(value));
}

/* A moment, RFC 3339; nothing where it is not known. */
static void add_time(struct builder *builder, cJSON *object, const char *key, int64_t ms)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(64);

	if (ms == 0)
		return;
	rfc3339_print(ms, &text);
	check(builder, &text);
	add_text(builder, object, key, buf_str(&text));
}

/* A new object or array that is a member of `object`; NULL once the builder has failed. */
static cJSON *add_object(struct builder *builder, cJSON *object, const char *key)
{
	add(builder, object, key, cJSON_CreateObject());
	return builder->failed ? NULL : json_get(object, key);
}

static cJSON *add_array(struct builder *builder, cJSON *object, const char *key)
{
	add(builder, object, key, cJSON_CreateArray());
	return builder->failed ? NULL : json_get(object, key);
}

static cJSON *append_object(struct builder *builder, cJSON *array)
{
	cJSON *object = cJSON_CreateObject();

	append(builder, array, object);
	return builder->failed ? NULL : object;
}

/* "a,b" as ["a", "b"] */
static void add_images(struct builder *builder, cJSON *object, const char *key, const char *images)
{
	cJSON *array = add_array(builder, object, key);

	while (*images) {
		size_t length = strcspn(images, ",");
		CLEANUP(free_p) char *image = strndup(images, length);

		append(builder, array, image ? cJSON_CreateString(image) : NULL);
		images += length + (images[length] == ',');
	}
}

static void add_ref(struct builder *builder, cJSON *object, const struct ref *ref)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(64 * 1024);

	ref_print_api_version(ref, &api_version);
	check(builder, &api_version);
	add_text(builder, object, "apiVersion", buf_str(&api_version));
	add_text(builder, object, "kind", ref->kind);
	add_text(builder, object, "namespace", ref->namespace);
	add_text(builder, object, "name", ref->name);
}

static int finish(const struct builder *builder, const cJSON *root, struct buf *out)
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

static void add_side(struct builder *builder, cJSON *object, const char *key,
		     const struct change *change, const cJSON *value)
{
	CLEANUP(buf_release) struct buf mask = BUF_INIT(64);

	if (!value)
		return;
	if (!change->secret || change->op == CHANGE_MOVE) {
		add(builder, object, key, json_copy(value));
		return;
	}
	change_print_value(change, value, &mask);
	check(builder, &mask);
	add_text(builder, object, key, buf_str(&mask));
}

static void append_change(struct builder *builder, cJSON *array, const struct change *change)
{
	cJSON *object = append_object(builder, array);

	add_text(builder, object, "op", op_name(change->op));
	add_text(builder, object, "path", change->path);
	add_side(builder, object, "from", change, change->from);
	add_side(builder, object, "to", change, change->to);
	if (change->secret)
		add_bool(builder, object, "secret", true);
}

static void add_ordinals(struct builder *builder, cJSON *object, const char *key,
			 const int64_t *ordinals, size_t count)
{
	cJSON *array = add_array(builder, object, key);

	for (size_t i = 0; i < count; i++)
		append(builder, array, json_new_int(ordinals[i]));
}

static void add_steps(struct builder *builder, cJSON *object, const struct plan_steps *steps)
{
	cJSON *array = add_array(builder, object, "steps");

	for (size_t i = 0; i < steps->count; i++) {
		cJSON *step = append_object(builder, array);
		add_int(builder, step, "partition", steps->items[i].partition);
		add_int(builder, step, "first", steps->items[i].first);
		add_int(builder, step, "last", steps->items[i].last);
	}
	if (steps->total == 0)
		return;
	add_int(builder, object, "stepCount", (int64_t)steps->total);
	add_int(builder, object, "bakeSeconds", steps->bake_ms / 1000);
	add_int(builder, object, "earliestEndSeconds", steps->earliest_ms / 1000);
}

static void add_rollout(struct builder *builder, cJSON *object, const struct plan_item *item)
{
	const struct rollout_forecast *forecast = &item->forecast;
	CLEANUP(buf_release) struct buf summary = BUF_INIT(16u * 1024 * 1024);
	cJSON *rollout = add_object(builder, object, "rollout");

	rollout_print_plan(item, &summary);
	check(builder, &summary);
	add_text(builder, rollout, "summary", buf_str(&summary));
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
	cJSON *warnings = add_array(builder, rollout, "warnings");
	for (size_t i = 0; i < forecast->warning_count; i++)
		append(builder, warnings, cJSON_CreateString(forecast->warnings[i]));
}

static void append_item(struct builder *builder, cJSON *array, const struct plan_item *item)
{
	cJSON *object = append_object(builder, array);

	add_ref(builder, object, &item->ref);
	add_text(builder, object, "file", item->file);
	add_int(builder, object, "line", item->mark.line);
	add_text(builder, object, "action", plan_action_words[item->action].key);
	/* What is in sync may not have been compared at all. */
	add_bool(builder, object, "exists", item->from || item->action == PLAN_IN_SYNC);
	add_bool(builder, object, "clientSide", item->client_side);
	cJSON *changes = add_array(builder, object, "changes");
	for (size_t i = 0; i < item->changes.count; i++)
		append_change(builder, changes, &item->changes.items[i]);
	cJSON *notes = add_array(builder, object, "notes");
	for (size_t i = 0; i < item->note_count; i++)
		append(builder, notes, cJSON_CreateString(item->notes[i]));
	if (item->has_forecast || item->steps.total > 0)
		add_rollout(builder, object, item);
	if (item->action == PLAN_FAILED) {
		cJSON *error = add_object(builder, object, "error");
		add_text(builder, error, "class", err_class_name(item->error.class));
		add_text(builder, error, "message", item->error.message);
	}
}

int render_plan_json(const struct plan *plan, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	add_int(&builder, root, "version", FORMAT_VERSION);
	add_text(&builder, root, "revision", plan->revision);
	if (plan->base)
		add_text(&builder, root, "base", plan->base);
	cJSON *summary = add_object(&builder, root, "summary");
	for (size_t i = 0; i < PLAN_ACTION_COUNT; i++)
		add_int(&builder, summary, plan_action_words[plan_action_order[i]].key,
			(int64_t)plan_count(plan, plan_action_order[i]));
	cJSON *objects = add_array(&builder, root, "objects");
	for (size_t i = 0; i < plan->count; i++)
		append_item(&builder, objects, &plan->items[i]);
	return finish(&builder, root, out);
}

/* --- status ---------------------------------------------------------------------------------- */

static void append_pod(struct builder *builder, cJSON *array, const struct rollout_pod *pod)
{
	cJSON *object = append_object(builder, array);

	add_int(builder, object, "ordinal", pod->ordinal);
	add_text(builder, object, "name", pod->name);
	add_bool(builder, object, "exists", pod->exists);
	add_text(builder, object, "revision", pod->revision);
	add_images(builder, object, "images", pod->images);
	add_bool(builder, object, "ready", pod->ready);
	add_bool(builder, object, "available", pod->available);
	add_bool(builder, object, "terminating", pod->terminating);
	add_bool(builder, object, "updated", pod->updated);
	add_bool(builder, object, "held", pod->held);
	add_bool(builder, object, "condemned", pod->condemned);
	if (pod->trouble)
		add_text(builder, object, "trouble", pod->trouble);
	add_text(builder, object, "node", pod->node);
	add_int(builder, object, "restarts", pod->restarts);
	add_time(builder, object, "createdAt", pod->created_ms);
	add_time(builder, object, "readySince", pod->ready_since_ms);
}

/* Seconds that are left, rounded up; nothing where nothing is waited for. */
static void add_seconds_left(struct builder *builder, cJSON *object, const char *key, int64_t ms)
{
	if (ms >= 0)
		add_int(builder, object, key, (ms + 999) / 1000);
}

/* What is waited for, and what an app's inventory knows. */
static void add_step(struct builder *builder, cJSON *object, const struct standing *standing,
		     int64_t now_ms)
{
	const struct promotion_record *record = standing->record;

	if (standing->git_partition >= 0)
		add_int(builder, object, "gitPartition", standing->git_partition);
	if (record)
		add_time(builder, object, "stepSince", record->step_since_ms);
	if (standing->rollout->bake_until_ms)
		add_seconds_left(builder, object, "bakeLeftSeconds",
				 standing_bake_left_ms(standing, now_ms));
	add_seconds_left(builder, object, "deadlineLeftSeconds",
			 standing_deadline_left_ms(standing, now_ms));
	if (standing->app) {
		add_text(builder, object, "app", standing->app);
		add_text(builder, object, "appliedCommit", standing->applied);
	}
	if (record && record->rejected_digest && *record->rejected_digest) {
		cJSON *rejected = add_object(builder, object, "rejected");
		add_text(builder, rejected, "commit", record->rejected_commit);
		add_text(builder, rejected, "reason", record->rejected_reason);
		add_text(builder, rejected, "goodRevision", record->good_revision);
	}
}

static void append_standing(struct builder *builder, cJSON *array, const struct standing *standing,
			    int64_t now_ms)
{
	const struct rollout *rollout = standing->rollout;
	cJSON *object = append_object(builder, array);

	add_text(builder, object, "namespace", rollout->namespace);
	add_text(builder, object, "name", rollout->name);
	add_text(builder, object, "phase", rollout_phase_name(rollout->phase));
	add_text(builder, object, "reason", rollout->reason);
	add_time(builder, object, "since", rollout->since_ms);
	add_bool(builder, object, "settled", rollout_is_settled(rollout));
	if (rollout->stuck_pod)
		add_text(builder, object, "stuckPod", rollout->stuck_pod);
	add_int(builder, object, "replicas", rollout->replicas);
	add_int(builder, object, "start", rollout->start);
	add_int(builder, object, "partition", rollout->partition);
	add_int(builder, object, "target", rollout->target);
	add_int(builder, object, "nextPartition", rollout->next_partition);
	add_text(builder, object, "podManagementPolicy",
		 rollout->ordered ? "OrderedReady" : "Parallel");
	add_text(builder, object, "updateStrategy",
		 rollout->on_delete ? "OnDelete" : "RollingUpdate");
	add_text(builder, object, "currentRevision", rollout->current_revision);
	add_text(builder, object, "updateRevision", rollout->update_revision);
	add_images(builder, object, "currentImages", rollout->current_images);
	add_images(builder, object, "updateImages", rollout->update_images);
	cJSON *counts = add_object(builder, object, "counts");
	add_int(builder, counts, "ready", (int64_t)rollout->ready_count);
	add_int(builder, counts, "available", (int64_t)rollout->available_count);
	add_int(builder, counts, "updated", (int64_t)rollout->updated_count);
	add_int(builder, counts, "promoted", (int64_t)rollout->promoted_count);
	add_int(builder, counts, "held", (int64_t)rollout->held_count);
	add_step(builder, object, standing, now_ms);
	cJSON *pods = add_array(builder, object, "pods");
	for (size_t i = 0; i < rollout->pod_count; i++)
		append_pod(builder, pods, &rollout->pods[i]);
}

static void append_missing(struct builder *builder, cJSON *array, const struct missing *missing)
{
	cJSON *object = append_object(builder, array);

	add_ref(builder, object, missing->ref);
	add_text(builder, object, "file", missing->file);
	add_int(builder, object, "line", missing->line);
}

int render_status_json(const struct status *status, struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	add_int(&builder, root, "version", FORMAT_VERSION);
	add_time(&builder, root, "time", status->now_ms);
	if (status->revision)
		add_text(&builder, root, "revision", status->revision);
	if (status->applied)
		add_text(&builder, root, "appliedCommit", status->applied);
	cJSON *list = add_array(&builder, root, "statefulSets");
	for (size_t i = 0; i < status->count; i++)
		append_standing(&builder, list, &status->items[i], status->now_ms);
	cJSON *missing = add_array(&builder, root, "missing");
	for (size_t i = 0; i < status->missing_count; i++)
		append_missing(&builder, missing, &status->missing[i]);
	return finish(&builder, root, out);
}

/* --- validate -------------------------------------------------------------------------------- */

static void append_finding(struct builder *builder, cJSON *array, const struct finding *finding)
{
	cJSON *object = append_object(builder, array);

	add_text(builder, object, "level", finding_level_name(finding->level));
	add_text(builder, object, "file", finding->file);
	add_int(builder, object, "line", finding->mark.line);
	add_int(builder, object, "column", finding->mark.column);
	add_text(builder, object, "message", finding->message);
}

int render_findings_json(const struct findings *findings, const char *revision, size_t file_count,
			 struct buf *out, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = cJSON_CreateObject();
	struct builder builder = {.err = err};

	if (!root)
		return err_no_memory(err);
	add_int(&builder, root, "version", FORMAT_VERSION);
	add_text(&builder, root, "revision", revision);
	cJSON *summary = add_object(&builder, root, "summary");
	add_int(&builder, summary, "files", (int64_t)file_count);
	add_int(&builder, summary, "errors", (int64_t)findings->error_count);
	add_int(&builder, summary, "warnings", (int64_t)(findings->count - findings->error_count));
	cJSON *list = add_array(&builder, root, "findings");
	for (size_t i = 0; i < findings->count; i++)
		append_finding(&builder, list, &findings->items[i]);
	return finish(&builder, root, out);
}
