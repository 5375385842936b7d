#include "tests/kubesim/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define MAX_EVENT_BYTES   (64u * 1024 * 1024)
#define BOOKMARK_EVERY_MS 60000

struct watch {
	struct cluster *cluster;
	const struct kind *kind;
	char *namespace, *name;
	struct selector selector;
	struct output output;
	bool bookmarks, mark_initial_end;

	struct records initial; /* still to be sent as ADDED, from `initial_next` on */
	size_t initial_next;
	uint64_t cursor; /* changes up to this version are done with */
	bool behind;     /* changes of the resource may follow `cursor` */
	bool sent_any;   /* Table headers go with the first event only */

	struct buf pending; /* lines not yet read, from `pending_read` on */
	size_t pending_read;
	bool ended;   /* after what is still to be sent */
	bool expired; /* nothing more can be sent */

	struct timer deadline, bookmark;
	timer_fn *ready;
	void *context;
};

static void notify(struct watch *watch)
{
	if (watch->ready)
		watch->ready(watch->context);
}

static void on_change(void *context, const struct change *change)
{
	struct watch *watch = context;

	/* What lies between is of other resources; the history may forget it. */
	if (!watch->behind)
		watch->cursor = change->version - 1;
	watch->behind = true;
	notify(watch);
}

static void on_deadline(void *context)
{
	watch_end(context);
}

/* --- events ---------------------------------------------------------------------------------- */

static void write_event(struct watch *watch, const char *type, struct record *record)
{
	buf_printf(&watch->pending, "{\"type\":\"%s\",\"object\":", type);
	output_object(&watch->output, record, !watch->sent_any, &watch->pending);
	buf_puts(&watch->pending, "}\n");
	watch->sent_any = true;
}

static void write_bookmark(struct watch *watch, bool initial_end)
{
	bool table = watch->output.form == OUTPUT_TABLE;
	char api_version[128];

	kind_api_version(watch->kind, api_version, sizeof(api_version));
	buf_printf(&watch->pending,
		   "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s\","
		   "\"metadata\":{\"resourceVersion\":\"%" PRIu64 "\"%s}%s}}\n",
		   table ? "Table" : watch->kind->kind, table ? "meta.k8s.io/v1" : api_version,
		   watch->cursor,
		   initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "",
		   table ? ",\"columnDefinitions\":null,\"rows\":[]" : "");
}

/* Everything that came before has to be sent before a bookmark may say so. */
static void bookmark_if_current(struct watch *watch)
{
	if (watch->behind || watch->mark_initial_end || watch->initial_next < watch->initial.count)
		return;
	watch->cursor = store_version(watch->cluster->store);
	write_bookmark(watch, false);
}

static void on_bookmark(void *context)
{
	struct watch *watch = context;

	timer_start(&watch->bookmark, BOOKMARK_EVERY_MS);
	bookmark_if_current(watch);
	notify(watch);
}

static void write_expired(struct watch *watch)
{
	CLEANUP(status_release) struct status status = {0};
	CLEANUP(cJSON_Delete_p) cJSON *json = NULL;

	status_expired(&status, "too old resource version: %" PRIu64 " (%" PRIu64 ")",
		       watch->cursor, store_version(watch->cluster->store));
	json = status_json(&status);
	buf_puts(&watch->pending, "{\"type\":\"ERROR\",\"object\":");
	json_print(json, &watch->pending);
	buf_puts(&watch->pending, "}\n");
	watch->expired = true;
}

static bool is_selected(const struct watch *watch, const struct record *record)
{
	return record &&
	       (!watch->namespace[0] || strcmp(watch->namespace, record->key.namespace) == 0) &&
	       (!watch->name[0] || strcmp(watch->name, record->key.name) == 0) &&
	       selector_matches(&watch->selector, record->object);
}

/* An object that ceases to match: its last matching state, as of the change. */
static void write_departure(struct watch *watch, const struct change *change)
{
	cJSON *object = obj_copy(change->old->object);
	CLEANUP(record_drop_p) struct record *record = NULL;

	obj_carry(object, change->new->object, "metadata.resourceVersion");
	record = record_new(&change->old->key, object, 0);
	write_event(watch, "DELETED", record);
}

static void write_change(struct watch *watch, const struct change *change)
{
	const struct key *key = &change->new->key;
	bool before, after;

	if (strcmp(key->resource, watch->kind->plural) != 0 ||
	    strcmp(key->group, kind_storage_group(watch->kind)) != 0)
		return;
	before = is_selected(watch, change->old);
	after = change->type != CHANGE_DELETED && is_selected(watch, change->new);
	if (before && after)
		write_event(watch, "MODIFIED", change->new);
	else if (after)
		write_event(watch, "ADDED", change->new);
	else if (before && change->type == CHANGE_DELETED)
		write_event(watch, "DELETED", change->new);
	else if (before)
		write_departure(watch, change);
}

/* Writes the next event, if there is one that concerns this watch. */
static void advance(struct watch *watch)
{
	const struct store *store = watch->cluster->store;
	const struct change *change;

	if (watch->initial_next < watch->initial.count) {
		write_event(watch, "ADDED", watch->initial.items[watch->initial_next++]);
		return;
	}
	if (watch->mark_initial_end) {
		watch->mark_initial_end = false;
		write_bookmark(watch, true);
		return;
	}
	if (!watch->behind)
		return;
	if (!store_remembers(store, watch->cursor)) {
		write_expired(watch);
		return;
	}
	while (watch->pending.length == 0 && (change = store_change_after(store, watch->cursor))) {
		watch->cursor = change->version;
		write_change(watch, change);
	}
	watch->behind = watch->pending.length > 0;
}

/* --- the watch ------------------------------------------------------------------------------- */

static void keep_selected(struct watch *watch)
{
	struct records *initial = &watch->initial;
	size_t kept = 0;

	for (size_t i = 0; i < initial->count; i++) {
		if (is_selected(watch, initial->items[i]))
			initial->items[kept++] = initial->items[i];
		else
			record_drop(initial->items[i]);
	}
	initial->count = kept;
}

struct watch *watch_new(struct cluster *cluster, const struct watch_options *options,
			struct selector *take_selector, const struct output *output)
{
	struct watch *watch = alloc_zero(sizeof(*watch));
	const char *group = kind_storage_group(options->kind);

	watch->cluster = cluster;
	watch->kind = options->kind;
	watch->namespace = alloc_copy(options->namespace);
	watch->name = alloc_copy(options->name);
	watch->selector = *take_selector;
	*take_selector = (struct selector){0};
	watch->output = *output;
	watch->bookmarks = options->bookmarks;
	watch->mark_initial_end = options->mark_initial_end;
	watch->cursor = options->version;
	watch->behind = !options->send_initial;
	if (options->send_initial) {
		store_list(cluster->store, group, options->kind->plural,
			   options->namespace[0] ? options->namespace : NULL, &watch->initial);
		keep_selected(watch);
		watch->cursor = store_version(cluster->store);
	}
	buf_init(&watch->pending, MAX_EVENT_BYTES);
	timer_init(&watch->deadline, cluster->loop, on_deadline, watch);
	timer_start(&watch->deadline, options->timeout_ms);
	timer_init(&watch->bookmark, cluster->loop, on_bookmark, watch);
	if (watch->bookmarks)
		timer_start(&watch->bookmark, BOOKMARK_EVERY_MS);
	store_subscribe(cluster->store, group, options->kind->plural, on_change, watch);
	return watch;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	store_unsubscribe(watch->cluster->store, on_change, watch);
	timer_stop(&watch->deadline);
	timer_stop(&watch->bookmark);
	records_release(&watch->initial);
	selector_release(&watch->selector);
	buf_release(&watch->pending);
	free(watch->namespace);
	free(watch->name);
	free(watch);
}

void watch_notify(struct watch *watch, timer_fn *ready, void *context)
{
	watch->ready = ready;
	watch->context = context;
}

ssize_t watch_read(struct watch *watch, char *out, size_t size)
{
	size_t length;

	if (watch->pending_read == watch->pending.length) {
		buf_clear(&watch->pending);
		watch->pending_read = 0;
		if (!watch->expired)
			advance(watch);
	}
	length = watch->pending.length - watch->pending_read;
	if (length == 0)
		return watch->ended || watch->expired ? -1 : 0;
	if (length > size)
		length = size;
	memcpy(out, watch->pending.data + watch->pending_read, length);
	watch->pending_read += length;
	return (ssize_t)length;
}

void watch_end(struct watch *watch)
{
	if (watch->ended)
		return;
	watch->ended = true;
	if (watch->bookmarks)
		bookmark_if_current(watch);
	notify(watch);
}
