#include "agent/inventories.h"

#include <string.h>

#include "apply/watch.h"
#include "diff/cleanup.h"

static size_t find(const struct inventories *known, const char *app)
{
	size_t i = 0;

	while (i < known->count && strcmp(known->items[i].app, app) != 0)
		i++;
	return i;
}

static void forget(struct inventories *known, const char *app)
{
	size_t i = find(known, app);

	if (i == known->count)
		return;
	inventory_release(&known->items[i]);
	known->items[i] = known->items[--known->count];
}

/* Takes the inventory in place of the app's earlier one; without memory it is as if there were none. */
static void remember(struct inventories *known, struct inventory *inventory)
{
	forget(known, inventory->app);
	if (known->count == known->capacity) {
		size_t capacity = known->capacity ? known->capacity * 2 : 4;
		struct inventory *items = reallocarray(known->items, capacity, sizeof(*items));
		if (!items) {
			inventory_release(inventory);
			return;
		}
		known->items = items;
		known->capacity = capacity;
	}
	known->items[known->count++] = *inventory;
}

static void tell(struct inventory_watch *watch)
{
	if (watch->synced)
		watch->on_change(watch->ctx);
}

static void on_event(void *ctx, enum watch_event event, cJSON **object)
{
	struct inventory_watch *watch = ctx;
	const char *name = json_str(*object, "metadata.name");
	struct inventory inventory;
	struct err err;

	if (event == WATCH_DELETED && name &&
	    strncmp(name, INVENTORY_PREFIX, strlen(INVENTORY_PREFIX)) == 0)
		forget(&watch->known, name + strlen(INVENTORY_PREFIX));
	else if (event != WATCH_DELETED && inventory_read(*object, &inventory, &err) == 0)
		remember(&watch->known, &inventory);
	tell(watch);
}

static void on_synced(void *ctx)
{
	struct inventory_watch *watch = ctx;

	watch->synced = watch->readable = true;
	tell(watch);
}

/* Whatever keeps the StatefulSets from being read is told there; the rest is shown without these. */
static void on_error(void *ctx, const struct err *err, int64_t retry_in_ms)
{
	struct inventory_watch *watch = ctx;

	(void)err;
	(void)retry_in_ms;
	watch->synced = true;
	tell(watch);
}

int inventory_watch_start(struct inventory_watch *watch, struct cluster *cluster,
			  const char *namespace, bool once, void (*on_change)(void *ctx), void *ctx,
			  struct err *err)
{
	const struct watch_options options = {
		.resource = &resource_config_maps,
		.namespace = namespace,
		.label_selector = INVENTORY_SELECTOR,
		.once = once,
		.on_event = on_event,
		.on_synced = on_synced,
		.on_error = on_error,
		.ctx = watch,
	};

	*watch = (struct inventory_watch){.cluster = cluster, .on_change = on_change, .ctx = ctx};
	watch->id = watch_start(cluster, &options, err);
	return watch->id ? 0 : -1;
}

void inventory_watch_release(struct inventory_watch *watch)
{
	if (watch->cluster)
		cluster_cancel(watch->cluster, watch->id);
	inventories_release(&watch->known);
	*watch = (struct inventory_watch){0};
}

const struct inventory *inventory_watch_owner(const struct inventory_watch *watch,
					      const struct ref *ref,
					      const struct inventory_entry **ret_entry)
{
	for (size_t i = 0; i < watch->known.count; i++) {
		const struct inventory *inventory = &watch->known.items[i];
		const struct inventory_entry *entry = inventory_find(inventory, ref);

		if (!entry || entry->orphan)
			continue;
		*ret_entry = entry;
		return inventory;
	}
	return NULL;
}

const struct inventory *inventory_watch_app(const struct inventory_watch *watch, const char *app)
{
	size_t i = find(&watch->known, app);

	return i < watch->known.count ? &watch->known.items[i] : NULL;
}
