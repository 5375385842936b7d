#include "tests/kubesim/managed_fields.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/fieldset.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define MAX_CONFLICT_BYTES (64u * 1024)

/* One entry, its fields as a set. */
struct manager {
	const char *name, *operation, *api_version, *subresource;
	const char *time; /* NULL: now */
	cJSON *set;
};

struct managers {
	struct manager *items;
	size_t count;
};

static void managers_release(struct managers *managers)
{
	for (size_t i = 0; i < managers->count; i++)
		cJSON_Delete(managers->items[i].set);
	free(managers->items);
	*managers = (struct managers){0};
}

static struct manager *add(struct managers *managers, const struct manager *manager)
{
	managers->items =
		alloc_grow(managers->items, managers->count + 1, sizeof(*managers->items));
	managers->items[managers->count] = *manager;
	return &managers->items[managers->count++];
}

/* Reads metadata.managedFields; the strings stay the list's. */
static void read_managers(const cJSON *list, struct managers *ret_managers)
{
	const cJSON *entry;

	*ret_managers = (struct managers){0};
	json_each (entry, list) {
		if (!json_str(entry, "operation"))
			continue;
		add(ret_managers, &(struct manager){
					  .name = obj_text(entry, "manager"),
					  .operation = obj_text(entry, "operation"),
					  .api_version = obj_text(entry, "apiVersion"),
					  .subresource = obj_text(entry, "subresource"),
					  .time = obj_text(entry, "time"),
					  .set = fieldset_from_fields(json_get(entry, "fieldsV1")),
				  });
	}
}

static bool is_same(const struct manager *a, const struct manager *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->operation, b->operation) == 0 &&
	       strcmp(a->api_version, b->api_version) == 0 &&
	       strcmp(a->subresource, b->subresource) == 0;
}

/* The manager's entry, made if it has none. */
static struct manager *need_manager(struct managers *managers, const struct manager *wanted)
{
	struct manager *made;

	for (size_t i = 0; i < managers->count; i++) {
		if (is_same(&managers->items[i], wanted))
			return &managers->items[i];
	}
	made = add(managers, wanted);
	made->set = obj_new();
	return made;
}

/* The writer's entry as it would be: `text` keeps its apiVersion. */
static struct manager writer_of(const struct kind *kind, const struct write *write, char *text,
				size_t size)
{
	return (struct manager){
		.name = write->manager,
		.operation = write->apply ? "Apply" : "Update",
		.api_version = kind_api_version(kind, text, size),
		.subresource = write->subresource ? write->subresource : "",
	};
}

/* --- writing them down ----------------------------------------------------------------------- */

/* The real server's order: operation, time, name, version, subresource. */
static int compare_entries(const void *left, const void *right)
{
	static const char *const members[] = {"operation", "time", "manager", "apiVersion",
					      "subresource"};
	const cJSON *const *a = left, *const *b = right;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		int order = strcmp(obj_text(*a, members[i]), obj_text(*b, members[i]));

		if (order)
			return order;
	}
	return 0;
}

static cJSON *new_entry(const struct manager *manager, const char *now)
{
	cJSON *entry = obj_new();

	obj_set_text(entry, "manager", manager->name);
	obj_set_text(entry, "operation", manager->operation);
	obj_set_text(entry, "apiVersion", manager->api_version);
	obj_set_text(entry, "time", manager->time ? manager->time : now);
	obj_set_text(entry, "fieldsType", "FieldsV1");
	obj_set(entry, "fieldsV1", fieldset_to_fields(manager->set));
	if (manager->subresource[0])
		obj_set_text(entry, "subresource", manager->subresource);
	return entry;
}

static void write_managers(cJSON *object, const struct managers *managers, int64_t wall_us)
{
	CLEANUP(free_p) cJSON **entries = alloc_zero((managers->count + 1) * sizeof(*entries));
	char now[TIMESTAMP_SIZE];
	cJSON *list;
	size_t count = 0;

	timestamp_print(wall_us, now);
	for (size_t i = 0; i < managers->count; i++) {
		if (!fieldset_is_empty(managers->items[i].set))
			entries[count++] = new_entry(&managers->items[i], now);
	}
	if (count == 0) {
		json_remove(object, "metadata.managedFields");
		return;
	}
	qsort(entries, count, sizeof(*entries), compare_entries);
	list = must(cJSON_CreateArray());
	for (size_t i = 0; i < count; i++)
		obj_append(list, entries[i]);
	obj_set(object, "metadata.managedFields", list);
}

/* --- updates --------------------------------------------------------------------------------- */

/* Whose entries count: those the object brings along, or the old object's. */
static const cJSON *choose_list(const cJSON *object, const cJSON *old)
{
	const cJSON *list = json_at(object, "metadata.managedFields");
	bool resets = list && (!list->child || !list->child->child);

	if (resets)
		return NULL;
	return list ? list : json_at(old, "metadata.managedFields");
}

/* Everybody but `except` loses what was changed and what was removed. */
static void take_fields(struct managers *managers, const struct manager *except,
			const struct fieldset_changes *changes)
{
	for (size_t i = 0; i < managers->count; i++) {
		fieldset_subtract(managers->items[i].set, changes->removed);
		if (!is_same(&managers->items[i], except))
			fieldset_subtract(managers->items[i].set, changes->changed);
	}
}

void managed_fields_update(cJSON *object, const cJSON *old, const struct kind *kind,
			   const struct write *write, int64_t wall_us)
{
	CLEANUP(cJSON_Delete_p)
	cJSON *list = json_copy(choose_list(object, old)); /* what managers point into */
	CLEANUP(managers_release) struct managers managers = {0};
	CLEANUP(fieldset_changes_release) struct fieldset_changes changes = {0};
	CLEANUP(cJSON_Delete_p) cJSON *nothing = obj_new();
	char api_version[128];
	struct manager writer = writer_of(kind, write, api_version, sizeof(api_version));

	if (write->apply)
		return;
	read_managers(list, &managers);
	fieldset_compare(kind->schema, old ? old : nothing, object, &changes);
	take_fields(&managers, &writer, &changes);
	if (!fieldset_is_empty(changes.changed)) {
		struct manager *own = need_manager(&managers, &writer);

		fieldset_add(own->set, changes.changed);
		own->time = NULL;
	}
	write_managers(object, &managers, wall_us);
}

/* --- server-side apply ----------------------------------------------------------------------- */

struct conflicts {
	cJSON *causes;
	const struct manager *manager;
};

static void note_conflict(const char *path, void *context)
{
	struct conflicts *conflicts = context;
	CLEANUP(free_p)
	char *message =
		alloc_printf("conflict with \"%s\"%s%s using %s", conflicts->manager->name,
			     conflicts->manager->subresource[0] ? " with subresource " : "",
			     conflicts->manager->subresource, conflicts->manager->api_version);
	cJSON *cause = obj_new();

	obj_set_text(cause, "reason", "FieldManagerConflict");
	obj_set_text(cause, "message", message);
	obj_set_text(cause, "field", path);
	obj_append(conflicts->causes, cause);
}

/* The causes as kubectl shows them: one in a line, several as lists by manager. */
static void print_conflicts(const cJSON *causes, struct buf *out)
{
	int count = cJSON_GetArraySize(causes);
	const cJSON *cause, *previous = NULL;

	buf_printf(out, "Apply failed with %d conflict%s: ", count, count == 1 ? "" : "s");
	if (count == 1) {
		buf_printf(out, "%s: %s", obj_text(causes->child, "message"),
			   obj_text(causes->child, "field"));
		return;
	}
	json_each (cause, causes) {
		const char *message = obj_text(cause, "message");

		if (!previous || strcmp(message, obj_text(previous, "message")) != 0)
			buf_printf(out, "%sconflicts%s:", previous ? "\n" : "",
				   message + strlen("conflict"));
		buf_printf(out, "\n- %s", obj_text(cause, "field"));
		previous = cause;
	}
}

static int check_conflicts(const struct managers *managers, const struct manager *writer,
			   const cJSON *changed, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *causes = must(cJSON_CreateArray());
	CLEANUP(buf_release) struct buf message = BUF_INIT(MAX_CONFLICT_BYTES);

	for (size_t i = 0; i < managers->count; i++) {
		CLEANUP(cJSON_Delete_p) cJSON *both = NULL;
		struct conflicts conflicts = {.causes = causes, .manager = &managers->items[i]};

		if (is_same(&managers->items[i], writer))
			continue;
		both = fieldset_intersection(managers->items[i].set, changed);
		fieldset_each(both, note_conflict, &conflicts);
	}
	if (!causes->child)
		return 0;
	print_conflicts(causes, &message);
	status_set(status, 409, "Conflict", "%s", buf_str(&message));
	status->details = obj_new();
	obj_set(status->details, "causes", STEAL(causes));
	return -1;
}

/* Takes out of `object` what the writer alone had applied before and now leaves out. */
static void drop_left_out(const struct kind *kind, const struct managers *managers,
			  const struct manager *own, const cJSON *wanted, cJSON *object)
{
	CLEANUP(cJSON_Delete_p) cJSON *left_out = obj_copy(own->set);

	fieldset_subtract(left_out, wanted);
	for (size_t i = 0; i < managers->count; i++) {
		if (&managers->items[i] != own)
			fieldset_subtract(left_out, managers->items[i].set);
	}
	fieldset_remove_values(kind->schema, left_out, object);
}

int managed_fields_apply(const cJSON *old, const cJSON *config, const struct kind *kind,
			 const struct write *write, bool force, int64_t wall_us, cJSON **ret_object,
			 struct status *status)
{
	CLEANUP(managers_release) struct managers managers = {0};
	CLEANUP(fieldset_changes_release) struct fieldset_changes changes = {0};
	CLEANUP(cJSON_Delete_p) cJSON *before = old ? obj_copy(old) : obj_new();
	CLEANUP(cJSON_Delete_p) cJSON *object = obj_copy(before);
	CLEANUP(cJSON_Delete_p) cJSON *wanted = fieldset_of(kind->schema, config);
	char api_version[128];
	struct manager writer = writer_of(kind, write, api_version, sizeof(api_version)), *own;

	read_managers(json_at(before, "metadata.managedFields"), &managers);
	fieldset_merge(kind->schema, config, object);
	fieldset_compare(kind->schema, before, object, &changes);
	if (!force && check_conflicts(&managers, &writer, changes.changed, status) < 0)
		return -1;
	take_fields(&managers, &writer, &changes);
	own = need_manager(&managers, &writer);
	drop_left_out(kind, &managers, own, wanted, object);
	if (!json_equal(own->set, wanted)) {
		cJSON_Delete(own->set);
		own->set = STEAL(wanted);
		own->time = NULL;
	}
	write_managers(object, &managers, wall_us);
	*ret_object = STEAL(object);
	return 0;
}
