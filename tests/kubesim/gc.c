#include "tests/kubesim/gc.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/registry.h"

#define ORPHAN     "orphan"
#define FOREGROUND "foregroundDeletion"

struct uids {
	char **items;
	size_t count;
};

struct gc {
	struct cluster *cluster;
	struct timer turn;
	struct uids gone;    /* their dependents have lost an owner */
	struct uids leaving; /* being deleted with one of the two finalizers */
	struct uids checked; /* came with owners that may not exist */
};

static const struct write by_gc = {.manager = "kube-controller-manager"};

/* Of many dependents that go one after another the owner is added once; twice would do no harm. */
static void add(struct uids *uids, const char *uid)
{
	if (uids->count > 0 && strcmp(uids->items[uids->count - 1], uid) == 0)
		return;
	if ((uids->count & (uids->count - 1)) == 0) /* at 0 and each power of two */
		uids->items = alloc_grow(uids->items, uids->count ? uids->count * 2 : 1,
					 sizeof(*uids->items));
	uids->items[uids->count++] = alloc_copy(uid);
}

static void uids_release(struct uids *uids)
{
	for (size_t i = 0; i < uids->count; i++)
		free(uids->items[i]);
	free(uids->items);
	*uids = (struct uids){0};
}

static void on_change(void *context, const struct change *change)
{
	struct gc *gc = context;
	const cJSON *object = change->new->object, *owner;
	const cJSON *owners = json_at(object, "metadata.ownerReferences");

	if (change->type == CHANGE_DELETED) {
		add(&gc->gone, obj_uid(object));
		/* An owner may be waiting for this one to go. */
		json_each (owner, owners) {
			add(&gc->leaving, obj_text(owner, "uid"));
		}
	} else if (obj_is_deleting(object) &&
		   (obj_has_finalizer(object, ORPHAN) || obj_has_finalizer(object, FOREGROUND))) {
		add(&gc->leaving, obj_uid(object));
	} else if (change->type == CHANGE_ADDED && owners) {
		add(&gc->checked, obj_uid(object));
	} else {
		return;
	}
	timer_start_by(&gc->turn, 0);
}

/* What goes wrong here is a conflict or a thing that is gone: the next change brings it up again. */
static void update(struct gc *gc, cJSON *take_object)
{
	CLEANUP(status_release) struct status status = {0};

	registry_update(gc->cluster, take_object, &by_gc, NULL, &status);
}

static void delete_one(struct gc *gc, const struct record *record, enum propagation propagation)
{
	CLEANUP(status_release) struct status status = {0};
	struct delete_options options = {
		.propagation = propagation,
		.uid = obj_uid(record->object),
	};

	if (!obj_is_deleting(record->object))
		registry_delete(gc->cluster, &record->key, &options, &by_gc, NULL, NULL, &status);
}

static void remove_owner(cJSON *object, const char *uid)
{
	cJSON *list = json_at(object, "metadata.ownerReferences"), *owner, *next;

	for (owner = list ? list->child : NULL; owner; owner = next) {
		next = owner->next;
		if (strcmp(obj_text(owner, "uid"), uid) == 0)
			cJSON_Delete(cJSON_DetachItemViaPointer(list, owner));
	}
	if (list && !list->child)
		json_remove(object, "metadata.ownerReferences");
}

/* Deletes the object if all its owners are gone, or takes the gone ones off it. */
static void collect(struct gc *gc, const struct record *record)
{
	cJSON *kept = obj_copy(record->object);
	const cJSON *owner;

	json_each (owner, json_at(record->object, "metadata.ownerReferences")) {
		CLEANUP(record_drop_p)
		struct record *found = store_find_uid(gc->cluster->store, obj_text(owner, "uid"));

		if (!found)
			remove_owner(kept, obj_text(owner, "uid"));
	}
	if (json_at(kept, "metadata.ownerReferences")) {
		update(gc, kept);
		return;
	}
	cJSON_Delete(kept);
	delete_one(gc, record, PROPAGATE_BACKGROUND);
}

static void collect_dependents(struct gc *gc, const char *uid)
{
	CLEANUP(records_release) struct records dependents = {0};

	store_list_dependents(gc->cluster->store, uid, &dependents);
	for (size_t i = 0; i < dependents.count; i++)
		collect(gc, dependents.items[i]);
}

static void drop_finalizer(struct gc *gc, const struct record *record, const char *finalizer)
{
	cJSON *object = obj_copy(record->object);

	obj_remove_finalizer(object, finalizer);
	update(gc, object);
}

/* One more step of a deletion that waits for its dependents, or lets them go. */
static void advance(struct gc *gc, const char *uid)
{
	CLEANUP(record_drop_p) struct record *owner = store_find_uid(gc->cluster->store, uid);
	CLEANUP(records_release) struct records dependents = {0};
	bool orphan;

	if (!owner || !obj_is_deleting(owner->object))
		return;
	orphan = obj_has_finalizer(owner->object, ORPHAN);
	if (!orphan && !obj_has_finalizer(owner->object, FOREGROUND))
		return;
	store_list_dependents(gc->cluster->store, uid, &dependents);
	for (size_t i = 0; i < dependents.count; i++) {
		cJSON *object;

		if (!orphan) {
			delete_one(gc, dependents.items[i], PROPAGATE_FOREGROUND);
			continue;
		}
		object = obj_copy(dependents.items[i]->object);
		remove_owner(object, uid);
		update(gc, object);
	}
	if (orphan || dependents.count == 0)
		drop_finalizer(gc, owner, orphan ? ORPHAN : FOREGROUND);
}

static void check(struct gc *gc, const char *uid)
{
	CLEANUP(record_drop_p) struct record *record = store_find_uid(gc->cluster->store, uid);

	if (record)
		collect(gc, record);
}

static void turn(void *context)
{
	struct gc *gc = context;
	const struct {
		struct uids *uids;
		void (*work)(struct gc *gc, const char *uid);
	} lists[] = {
		{&gc->leaving, advance},
		{&gc->gone, collect_dependents},
		{&gc->checked, check},
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		/* What the work itself adds waits for the next turn. */
		CLEANUP(uids_release) struct uids uids = *lists[i].uids;

		*lists[i].uids = (struct uids){0};
		for (size_t j = 0; j < uids.count; j++)
			lists[i].work(gc, uids.items[j]);
	}
}

struct gc *gc_new(struct cluster *cluster)
{
	struct gc *gc = alloc_zero(sizeof(*gc));

	gc->cluster = cluster;
	timer_init(&gc->turn, cluster->loop, turn, gc);
	store_subscribe(cluster->store, NULL, NULL, on_change, gc);
	return gc;
}

void gc_free(struct gc *gc)
{
	if (!gc)
		return;
	store_unsubscribe(gc->cluster->store, on_change, gc);
	timer_stop(&gc->turn);
	uids_release(&gc->gone);
	uids_release(&gc->leaving);
	uids_release(&gc->checked);
	free(gc);
}
