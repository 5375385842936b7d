#include "tests/kubesim/controller_revision.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/controller_owner.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"
#include "tests/kubesim/selector.h"

#define DATA_MAX_BYTES  (16u * 1024 * 1024)
#define NAME_MAX_PREFIX 223 /* of a revision's name, so that the hash still fits */
#define HASH_LABEL      "controller.kubernetes.io/hash"

static const struct write by_controller = {.manager = "kube-controller-manager"};

void revisions_release(struct revisions *revisions)
{
	records_release(&revisions->all);
	record_drop(revisions->current);
	record_drop(revisions->update);
	*revisions = (struct revisions){0};
}

/* --- the name -------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
	const cJSON *const *left = a, *const *right = b;

	return strcmp((*left)->string, (*right)->string);
}

/* Compact JSON with sorted keys, as Go writes a map. */
static void print_sorted(const cJSON *value, struct buf *out)
{
	CLEANUP(free_p) const cJSON **members = NULL;
	const cJSON *item;
	size_t count = 0;

	if (cJSON_IsArray(value)) {
		buf_putc(out, '[');
		json_each (item, value) {
			if (item != value->child)
				buf_putc(out, ',');
			print_sorted(item, out);
		}
		buf_putc(out, ']');
		return;
	}
	if (!cJSON_IsObject(value)) {
		json_print(value, out);
		return;
	}
	members = alloc_zero(sizeof *members * ((size_t)cJSON_GetArraySize(value) + 1));
	json_each (item, value) {
		members[count++] = item;
	}
	qsort(members, count, sizeof *members, by_key);
	buf_putc(out, '{');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_putc(out, ',');
		json_print_string(members[i]->string, out);
		buf_putc(out, ':');
		print_sorted(members[i], out);
	}
	buf_putc(out, '}');
}

/*
 * HashControllerRevision: FNV-1 of the data and the collision count, its decimal digits written in
 * an alphabet that makes no words. The caller frees it.
 */
static char *hash_of(const cJSON *data, int64_t collision_count)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	CLEANUP(buf_release) struct buf text = BUF_INIT(DATA_MAX_BYTES);
	uint32_t hash = 2166136261u;
	char *digits;
	struct err err;

	print_sorted(data, &text);
	buf_printf(&text, "%lld", (long long)collision_count);
	must_do(buf_check(&text, "a revision", &err), &err);
	for (size_t i = 0; i < text.length; i++)
		hash = (hash * 16777619u) ^ (unsigned char)text.data[i];
	digits = alloc_printf("%u", hash);
	for (char *c = digits; *c; c++)
		*c = alphabet[(size_t)(unsigned char)*c % (sizeof alphabet - 1)];
	return digits;
}

/* --- finding --------------------------------------------------------------------------------- */

/* SortControllerRevisions: by revision, then by age, then by name. */
static int by_age(const void *a, const void *b)
{
	const cJSON *left = (*(struct record *const *)a)->object;
	const cJSON *right = (*(struct record *const *)b)->object;
	int64_t i = json_int_or(left, "revision", 0), j = json_int_or(right, "revision", 0);
	int order = (i > j) - (i < j);

	if (order == 0)
		order = strcmp(obj_text(left, "metadata.creationTimestamp"),
			       obj_text(right, "metadata.creationTimestamp"));
	return order ? order : strcmp(obj_name(left), obj_name(right));
}

/* The revisions that the set's selector matches and that nobody else owns, oldest first. */
static void list_revisions(const struct cluster *cluster, const cJSON *set,
			   struct records *ret_revisions)
{
	const cJSON *selector = json_at(set, "spec.selector");
	size_t kept = 0;

	store_list(cluster->store, "apps", "controllerrevisions", obj_namespace(set),
		   ret_revisions);
	for (size_t i = 0; i < ret_revisions->count; i++) {
		struct record *record = ret_revisions->items[i];
		const cJSON *owner = obj_controller(record->object);
		const cJSON *labels = json_at(record->object, "metadata.labels");

		if ((owner && strcmp(obj_text(owner, "uid"), obj_uid(set)) != 0) ||
		    !selector_matches_labels(selector, labels))
			record_drop(record);
		else
			ret_revisions->items[kept++] = record;
	}
	ret_revisions->count = kept;
	if (kept)
		qsort(ret_revisions->items, kept, sizeof(struct record *), by_age);
}

static cJSON *data_of(const cJSON *set)
{
	cJSON *data = obj_new(), *template = obj_copy(json_at(set, "spec.template"));

	obj_set_key(template, "$patch", obj_new_text("replace"));
	obj_set(data, "spec.template", template);
	return data;
}

cJSON *revision_template(const cJSON *revision)
{
	const cJSON *recorded = json_at(revision, "data.spec.template");
	cJSON *template = recorded ? obj_copy(recorded) : obj_new();

	json_remove_key(template, "$patch");
	return template;
}

static bool same_data(const struct record *revision, const cJSON *data)
{
	return json_equal(json_get(revision->object, "data"), data);
}

/* --- writing --------------------------------------------------------------------------------- */

int revisions_adopt(struct cluster *cluster, const cJSON *set, struct status *status)
{
	CLEANUP(records_release) struct records revisions;

	list_revisions(cluster, set, &revisions);
	for (size_t i = 0; i < revisions.count; i++) {
		const cJSON *revision = revisions.items[i]->object;

		if (!obj_controller(revision) &&
		    registry_update(cluster, owner_adopt(revision, set), &by_controller, NULL,
				    status) < 0)
			return -1;
	}
	return 0;
}

/* Raises the revision number of one that is in the history, so that it comes last. */
static int renumber(struct cluster *cluster, const struct record *revision, int64_t number,
		    struct record **ret_record, struct status *status)
{
	cJSON *copy = obj_copy(revision->object);

	obj_set_int(copy, "revision", number);
	return registry_update(cluster, copy, &by_controller, ret_record, status);
}

static cJSON *new_revision(const cJSON *set, const cJSON *data, int64_t number, const char *hash)
{
	CLEANUP(free_p) char *name = alloc_printf("%.*s-%s", NAME_MAX_PREFIX, obj_name(set), hash);
	cJSON *revision = obj_new();

	obj_set_text(revision, "apiVersion", "apps/v1");
	obj_set_text(revision, "kind", "ControllerRevision");
	obj_set_text(revision, "metadata.name", name);
	obj_set_text(revision, "metadata.namespace", obj_namespace(set));
	obj_carry(revision, set, "metadata.annotations");
	if (json_at(set, "spec.template.metadata.labels"))
		obj_set(revision, "metadata.labels",
			obj_copy(json_at(set, "spec.template.metadata.labels")));
	obj_set_key(obj_at(revision, "metadata.labels"), HASH_LABEL, obj_new_text(hash));
	owner_add(revision, set);
	obj_set(revision, "data", obj_copy(data));
	obj_set_int(revision, "revision", number);
	return revision;
}

/* A name that is taken by other data raises the collision count, which makes another name. */
static int create_revision(struct cluster *cluster, const cJSON *set, const cJSON *data,
			   int64_t number, struct revisions *revisions, struct status *status)
{
	for (;;) {
		CLEANUP(free_p) char *hash = hash_of(data, revisions->collision_count);
		cJSON *revision = new_revision(set, data, number, hash);
		CLEANUP(free_p) char *name = alloc_copy(obj_name(revision));
		const struct key key = {"apps", "controllerrevisions", obj_namespace(set), name};

		if (registry_create(cluster, revision, &by_controller, &revisions->update,
				    status) == 0)
			return 0;
		if (strcmp(status->reason, "AlreadyExists") != 0)
			return -1;
		revisions->update = store_get(cluster->store, &key);
		if (revisions->update && same_data(revisions->update, data))
			return 0;
		record_drop(STEAL(revisions->update));
		revisions->collision_count++;
	}
}

static int resolve_update(struct cluster *cluster, const cJSON *set, struct revisions *revisions,
			  struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *data = data_of(set);
	const struct records *all = &revisions->all;
	struct record *last = all->count ? all->items[all->count - 1] : NULL;
	int64_t number = last ? json_int_or(last->object, "revision", 0) + 1 : 1;

	for (size_t i = all->count; i-- > 0;) {
		if (!same_data(all->items[i], data))
			continue;
		if (all->items[i] != last)
			return renumber(cluster, all->items[i], number, &revisions->update, status);
		revisions->update = record_hold(last);
		return 0;
	}
	return create_revision(cluster, set, data, number, revisions, status);
}

int revisions_resolve(struct cluster *cluster, const cJSON *set, struct revisions *ret_revisions,
		      struct status *status)
{
	CLEANUP(revisions_release)
	struct revisions revisions = {
		.collision_count = json_int_or(set, "status.collisionCount", 0),
	};
	const char *current = obj_text(set, "status.currentRevision");

	list_revisions(cluster, set, &revisions.all);
	if (resolve_update(cluster, set, &revisions, status) < 0)
		return -1;
	for (size_t i = 0; i < revisions.all.count; i++) {
		if (strcmp(obj_name(revisions.all.items[i]->object), current) == 0)
			revisions.current = record_hold(revisions.all.items[i]);
	}
	if (!revisions.current)
		revisions.current = record_hold(revisions.update);
	*ret_revisions = revisions;
	revisions = (struct revisions){0};
	return 0;
}

int revisions_truncate(struct cluster *cluster, const cJSON *set, const struct revisions *revisions,
		       const cJSON *live, struct status *status)
{
	const char *current = obj_name(revisions->current->object);
	const char *update = obj_name(revisions->update->object);
	int64_t limit = json_int_or(set, "spec.revisionHistoryLimit", 10), history = 0;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < revisions->all.count; i++) {
			const struct record *record = revisions->all.items[i];
			const char *name = record->key.name;

			if (strcmp(name, current) == 0 || strcmp(name, update) == 0 ||
			    json_get(live, name))
				continue;
			/* The first pass counts, the second deletes what is too many. */
			if (pass == 0)
				history++;
			else if (limit >= 0 && history-- > limit &&
				 registry_delete(cluster, &record->key, NULL, &by_controller, NULL,
						 NULL, status) < 0)
				return -1;
		}
	}
	return 0;
}
