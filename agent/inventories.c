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
	if (watch->synced && !watch->loads)
		watch->on_change(watch->ctx);
}

/* --- those that have parts -------------------------------------------------------------------- */

struct inventory_watch_load {
	struct inventory_watch *watch;
	struct inventory_watch_load *next;
	uint64_t id;
	struct inventory known; /* what it was before, for what of it is still so */
};

static void load_free(struct inventory_watch_load *load)
{
	struct inventory_watch_load **link = &load->watch->loads;

	while (*link != load)
		link = &(*link)->next;
	*link = load->next;
	cluster_cancel(load->watch->cluster, load->id);
	inventory_release(&load->known);
	free(load);
}

static bool is_of(const struct inventory *inventory, const char *app)
{
	return inventory->app && strcmp(inventory->app, app) == 0;
}

static struct inventory_watch_load *find_load(const struct inventory_watch *watch, const char *app)
{
	struct inventory_watch_load *load = watch->loads;

	while (load && !is_of(&load->known, app))
		load = load->next;
	return load;
}

static void on_loaded(void *ctx, const struct err *err, struct inventory *inventory)
{
	struct inventory_watch_load *load = ctx;
	struct inventory_watch *watch = load->watch;

	load->id = 0;
	if (!err && !inventory->app) { /* it was known already */
		*inventory = load->known;
		load->known = (struct inventory){0};
	}
	load_free(load);
	if (!err && inventory->resource_version) {
		remember(&watch->known, inventory);
		*inventory = (struct inventory){0};
	}
	watch->unreadable |= err != NULL;
	watch->readable &= !err;
	tell(watch);
}

/* What is known of the head's app becomes what its parts are read in addition to. */
static struct inventory_watch_load *begin_load(struct inventory_watch *watch,
					       struct inventory *head)
{
	struct inventory_watch_load *load = calloc(1, sizeof(*load));
	size_t i = find(&watch->known, head->app);

	if (!load)
		return NULL;
	load->watch = watch;
	load->next = watch->loads;
	watch->loads = load;
	if (i < watch->known.count) {
		load->known = watch->known.items[i];
		watch->known.items[i] = watch->known.items[--watch->known.count];
		return load;
	}
	load->known = *head;
	*head = (struct inventory){0};
	free(STEAL(load->known.resource_version)); /* so it is read all the same */
	return load;
}

/* Reads the parts of the head, again if that is under way; without memory nothing is known. */
static void load_parts(struct inventory_watch *watch, struct inventory *head)
{
	struct inventory_watch_load *load = find_load(watch, head->app);
	struct err ignored;

	if (!load && !(load = begin_load(watch, head)))
		return;
	cluster_cancel(watch->cluster, load->id);
	load->id = inventory_refresh(watch->cluster, load->known.namespace, load->known.app,
				     &load->known, on_loaded, load, &ignored);
	if (!load->id)
		load_free(load);
}

/* --- the watch -------------------------------------------------------------------------------- */

static void drop(struct inventory_watch *watch, const char *app)
{
	struct inventory_watch_load *load = find_load(watch, app);

	if (load)
		load_free(load);
	forget(&watch->known, app);
}

static void take(struct inventory_watch *watch, struct inventory *inventory)
{
	if (inventory->unread) {
		load_parts(watch, inventory);
		inventory_release(inventory);
	} else {
		drop(watch, inventory->app);
		remember(&watch->known, inventory);
	}
}

static void on_event(void *ctx, enum watch_event event, cJSON **object)
{
	struct inventory_watch *watch = ctx;
	const char *name = json_str(*object, "metadata.name");
	struct inventory inventory;
	struct err err;

	if (event == WATCH_DELETED && name &&
	    strncmp(name, INVENTORY_PREFIX, strlen(INVENTORY_PREFIX)) == 0)
		drop(watch, name + strlen(INVENTORY_PREFIX));
	else if (event != WATCH_DELETED && inventory_read(*object, &inventory, &err) == 0)
		take(watch, &inventory);
	tell(watch);
}

static void on_synced(void *ctx)
{
	struct inventory_watch *watch = ctx;

	watch->synced = true;
	watch->readable = !watch->unreadable;
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
	while (watch->loads)
		load_free(watch->loads);
	if (watch->cluster)
		cluster_cancel(watch->cluster, watch->id);
	inventories_release(&watch->known);
	*watch = (struct inventory_watch){0};
}

/* Goes through what is known, which for parts that are being read is what was known before. */
static const struct inventory *known_at(const struct inventory_watch *watch, size_t index)
{
	const struct inventory_watch_load *load = watch->loads;

	if (index < watch->known.count)
		return &watch->known.items[index];
	for (index -= watch->known.count; load && index; index--)
		load = load->next;
	return load ? &load->known : NULL;
}

const struct inventory *inventory_watch_owner(const struct inventory_watch *watch,
					      const struct ref *ref,
					      const struct inventory_entry **ret_entry)
{
	const struct inventory *inventory;

	for (size_t i = 0; (inventory = known_at(watch, i)); i++) {
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
	const struct inventory *inventory;

	for (size_t i = 0; (inventory = known_at(watch, i)); i++)
		if (is_of(inventory, app))
			return inventory;
	return NULL;
}
