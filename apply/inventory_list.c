#include "apply/inventory_list.h"

#include <stdlib.h>
#include <string.h>

#include "apply/watch.h"
#include "diff/cleanup.h"

/* A listing that is under way; it is a task, so that cancelling it frees it. */
struct listing {
	struct cluster *cluster;
	uint64_t task, watch, load;
	size_t next; /* of those found, whose parts may have to be read */
	struct inventories found;
	struct err err; /* what went wrong with one of them */
	void (*on_listed)(void *ctx, const struct err *err, struct inventories *inventories);
	void *ctx;
};

void inventories_release(struct inventories *inventories)
{
	for (size_t i = 0; i < inventories->count; i++)
		inventory_release(&inventories->items[i]);
	free(inventories->items);
	free(inventories->uids);
	*inventories = (struct inventories){0};
}

const struct promotion_record *inventories_find(const struct inventories *inventories,
						const struct ref *ref)
{
	for (size_t i = 0; i < inventories->count; i++) {
		const struct inventory_entry *entry = inventory_find(&inventories->items[i], ref);

		if (entry)
			return &entry->rollout;
	}
	return NULL;
}

/* --- whose an object is ----------------------------------------------------------------------- */

static int compare_uids(const void *a, const void *b)
{
	return strcmp(((const struct inventories_uid *)a)->entry->uid,
		      ((const struct inventories_uid *)b)->entry->uid);
}

static int compare_uid(const void *uid, const void *item)
{
	return strcmp(uid, ((const struct inventories_uid *)item)->entry->uid);
}

/* Once all are there: many objects may be asked for. */
static int sort_uids(struct inventories *inventories, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < inventories->count; i++)
		count += inventories->items[i].count;
	if (count == 0)
		return 0;
	inventories->uids = calloc(count, sizeof(*inventories->uids));
	if (!inventories->uids)
		return err_no_memory(err);
	for (size_t i = 0; i < inventories->count; i++) {
		const struct inventory *inventory = &inventories->items[i];
		struct inventory_cursor cursor = {0};
		const struct inventory_entry *entry;

		while ((entry = inventory_next(inventory, &cursor)))
			if (*entry->uid)
				inventories->uids[inventories->uid_count++] =
					(struct inventories_uid){entry, inventory};
	}
	qsort(inventories->uids, inventories->uid_count, sizeof(*inventories->uids), compare_uids);
	return 0;
}

/* The first of those that have the uid; several apps may. */
static const struct inventories_uid *find_uid(const struct inventories *inventories,
					      const char *uid)
{
	const struct inventories_uid *found = NULL;

	if (*uid && inventories->uid_count)
		found = bsearch(uid, inventories->uids, inventories->uid_count, sizeof(*found),
				compare_uid);
	while (found && found > inventories->uids && compare_uid(uid, found - 1) == 0)
		found--;
	return found;
}

static bool has_uid(const struct inventories *inventories, const struct inventory *inventory,
		    const struct inventories_uid *first, const char *uid)
{
	const struct inventories_uid *end = inventories->uids + inventories->uid_count;

	for (; first && first < end && compare_uid(uid, first) == 0; first++)
		if (first->inventory == inventory && !first->entry->orphan)
			return true;
	return false;
}

const struct inventory *inventories_find_owner(const struct inventories *inventories,
					       const struct ref *ref, const char *uid,
					       const char *app, const char *namespace)
{
	const struct inventories_uid *with_uid = find_uid(inventories, uid);
	const struct inventory *found = NULL;

	for (size_t i = 0; i < inventories->count; i++) {
		const struct inventory *other = &inventories->items[i];
		const struct inventory_entry *entry = inventory_find(other, ref);
		bool own = strcmp(other->app, app) == 0 && strcmp(other->namespace, namespace) == 0;
		bool has = (entry && !entry->orphan) || has_uid(inventories, other, with_uid, uid);

		if (own || !has || (found && !other->suspended.by))
			continue;
		found = other;
		if (found->suspended.by)
			break;
	}
	return found;
}

/* --- listing ---------------------------------------------------------------------------------- */

static int grow(struct inventories *inventories, struct err *err)
{
	if (inventories->count < inventories->capacity)
		return 0;
	size_t capacity = inventories->capacity ? inventories->capacity * 2 : 4;
	struct inventory *items = reallocarray(inventories->items, capacity, sizeof(*items));
	if (!items)
		return err_no_memory(err);
	inventories->items = items;
	inventories->capacity = capacity;
	return 0;
}

static void listing_free(void *task)
{
	struct listing *listing = task;

	cluster_cancel(listing->cluster, listing->watch);
	cluster_cancel(listing->cluster, listing->load);
	cluster_task_end(listing->cluster, listing->task);
	inventories_release(&listing->found);
	free(listing);
}

static void finish(struct listing *listing, const struct err *err)
{
	CLEANUP(inventories_release) struct inventories found = listing->found;
	void (*callback)(void *, const struct err *, struct inventories *) = listing->on_listed;
	void *ctx = listing->ctx;
	struct err copy = err ? *err : (struct err){0};

	listing->found = (struct inventories){0};
	listing_free(listing);
	callback(ctx, err ? &copy : NULL, &found);
}

static void on_config_map(void *ctx, enum watch_event event, cJSON **object)
{
	struct listing *listing = ctx;
	struct inventories *found = &listing->found;
	struct err err;

	(void)event;
	if (grow(found, &err) == 0 &&
	    inventory_read(*object, &found->items[found->count], &err) == 0)
		found->count++;
	else if (err.class == ERR_NO_MEMORY)
		listing->err = err;
	else if (err.class != ERR_EXISTS) {
		const char *name = json_str(*object, "metadata.name");

		found->unreadable = err;
		err_prefix(&found->unreadable, "configmap/%s", name ? name : "");
	}
}

static void load_next(struct listing *listing);

/* The whole in place of the head. One that is gone by now is no error. */
static void on_loaded(void *ctx, const struct err *err, struct inventory *inventory)
{
	struct listing *listing = ctx;
	struct inventories *found = &listing->found;

	listing->load = 0;
	inventory_release(&found->items[listing->next]);
	if (!err && inventory->resource_version) {
		found->items[listing->next++] = *inventory;
		*inventory = (struct inventory){0};
	} else {
		found->count--;
		memmove(&found->items[listing->next], &found->items[listing->next + 1],
			(found->count - listing->next) * sizeof(*found->items));
	}
	if (err && err->class == ERR_NO_MEMORY)
		listing->err = *err;
	else if (err)
		found->unreadable = *err;
	load_next(listing);
}

/* Reads the parts of those that have some, one after the other. */
static void load_next(struct listing *listing)
{
	const struct inventories *found = &listing->found;

	while (listing->next < found->count && !found->items[listing->next].unread)
		listing->next++;
	if (listing->next < found->count && listing->err.class == ERR_NONE) {
		const struct inventory *head = &found->items[listing->next];

		listing->load = inventory_load(listing->cluster, head->namespace, head->app,
					       on_loaded, listing, &listing->err);
		if (listing->load)
			return;
	}
	if (listing->err.class == ERR_NONE)
		sort_uids(&listing->found, &listing->err);
	finish(listing, listing->err.class == ERR_NONE ? NULL : &listing->err);
}

static void on_synced(void *ctx)
{
	struct listing *listing = ctx;

	listing->watch = 0;
	load_next(listing);
}

static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	if (retry_in_ms < 0)
		finish(ctx, err);
}

uint64_t inventory_list(struct cluster *cluster, const char *namespace,
			void (*on_listed)(void *ctx, const struct err *err,
					  struct inventories *inventories),
			void *ctx, struct err *err)
{
	struct listing *listing = calloc(1, sizeof(*listing));
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.namespace = namespace,
		.label_selector = INVENTORY_SELECTOR,
		.once = true,
		.on_event = on_config_map,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = listing,
	};

	if (!listing) {
		err_no_memory(err);
		return 0;
	}
	listing->cluster = cluster;
	listing->on_listed = on_listed;
	listing->ctx = ctx;
	listing->task = cluster_task_begin(cluster, listing_free, listing, err);
	if (listing->task)
		listing->watch = watch_start(cluster, &options, err);
	if (listing->watch)
		return listing->task;
	listing_free(listing);
	return 0;
}
