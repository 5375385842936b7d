#include "tests/kubesim/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tests/kubesim/alloc.h"
#include "tests/kubesim/kin.h"
#include "tests/kubesim/obj.h"
#include "tests/kubesim/timestamp.h"

#define MODIFIED_MESSAGE                                                                     \
	"the object has been modified; please apply your changes to the latest version and " \
	"try again"

/* All objects of one resource, sorted by namespace, then name. */
struct collection {
	char *group, *resource;
	struct record **items;
	size_t count, capacity;
};

struct store {
	struct loop *loop;
	uint64_t version;
	struct collection *collections;
	size_t collection_count;
	struct kin kin;
	struct feed feed;
};

/* --- collections ----------------------------------------------------------------------------- */

static struct collection *find_collection(const struct store *store, const char *group,
					  const char *resource)
{
	for (size_t i = 0; i < store->collection_count; i++) {
		struct collection *collection = &store->collections[i];

		if (strcmp(collection->resource, resource) == 0 &&
		    strcmp(collection->group, group) == 0)
			return collection;
	}
	return NULL;
}

static struct collection *need_collection(struct store *store, const char *group,
					  const char *resource)
{
	struct collection *collection = find_collection(store, group, resource);

	if (collection)
		return collection;
	store->collections = alloc_grow(store->collections, store->collection_count + 1,
					sizeof(*store->collections));
	collection = &store->collections[store->collection_count++];
	*collection =
		(struct collection){.group = alloc_copy(group), .resource = alloc_copy(resource)};
	return collection;
}

static int compare_place(const struct record *record, const char *namespace, const char *name)
{
	int order = strcmp(record->key.namespace, namespace);

	return order ? order : strcmp(record->key.name, name);
}

/* The index of the first object that does not stand before namespace/name. */
static size_t lower_bound(const struct collection *collection, const char *namespace,
			  const char *name)
{
	size_t low = 0, high = collection->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_place(collection->items[middle], namespace, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The place of the object in its collection, or NULL. */
static struct record **find_place(const struct store *store, const struct key *key)
{
	const struct collection *collection = find_collection(store, key->group, key->resource);
	size_t index;

	if (!collection)
		return NULL;
	index = lower_bound(collection, key->namespace, key->name);
	if (index == collection->count ||
	    compare_place(collection->items[index], key->namespace, key->name) != 0)
		return NULL;
	return &collection->items[index];
}

static void insert(struct store *store, struct record *record)
{
	struct collection *collection =
		need_collection(store, record->key.group, record->key.resource);
	size_t index = lower_bound(collection, record->key.namespace, record->key.name);

	if (collection->count == collection->capacity) {
		collection->capacity = collection->capacity ? collection->capacity * 2 : 8;
		collection->items = alloc_grow(collection->items, collection->capacity,
					       sizeof(struct record *));
	}
	memmove(&collection->items[index + 1], &collection->items[index],
		(collection->count - index) * sizeof(struct record *));
	collection->items[index] = record;
	collection->count++;
	kin_add(&store->kin, record);
}

static void take_out(struct store *store, struct record **place)
{
	struct collection *collection =
		find_collection(store, (*place)->key.group, (*place)->key.resource);
	size_t index = (size_t)(place - collection->items);

	collection->count--;
	memmove(place, place + 1, (collection->count - index) * sizeof(struct record *));
}

/* --- the feed -------------------------------------------------------------------------------- */

void store_subscribe(struct store *store, const char *group, const char *resource,
		     feed_change_fn *changed, void *context)
{
	feed_subscribe(&store->feed, group, resource, changed, context);
}

void store_unsubscribe(struct store *store, feed_change_fn *changed, const void *context)
{
	feed_unsubscribe(&store->feed, changed, context);
}

const struct change *store_change_after(const struct store *store, uint64_t version)
{
	return feed_change_after(&store->feed, version);
}

bool store_remembers(const struct store *store, uint64_t version)
{
	return feed_remembers(&store->feed, version);
}

/* --- the store ------------------------------------------------------------------------------- */

struct store *store_new(struct loop *loop, size_t history)
{
	struct store *store = alloc_zero(sizeof(*store));

	store->loop = loop;
	store->version = 1; /* a list of an empty server is as of 1: 0 means "any" to clients */
	feed_init(&store->feed, history);
	return store;
}

void store_free(struct store *store)
{
	if (!store)
		return;
	feed_release(&store->feed);
	kin_release(&store->kin);
	for (size_t i = 0; i < store->collection_count; i++) {
		struct collection *collection = &store->collections[i];

		for (size_t j = 0; j < collection->count; j++)
			record_drop(collection->items[j]);
		free(collection->items);
		free(collection->group);
		free(collection->resource);
	}
	free(store->collections);
	free(store);
}

uint64_t store_version(const struct store *store)
{
	return store->version;
}

struct record *store_get(const struct store *store, const struct key *key)
{
	struct record **place = find_place(store, key);

	return place ? record_hold(*place) : NULL;
}

/* Where the objects of `namespace` (NULL: all) begin and end in the collection. */
static void bounds(const struct collection *collection, const char *namespace, size_t *ret_begin,
		   size_t *ret_end)
{
	*ret_begin = namespace ? lower_bound(collection, namespace, "") : 0;
	*ret_end = *ret_begin;
	if (!namespace)
		*ret_end = collection->count;
	while (*ret_end < collection->count &&
	       strcmp(collection->items[*ret_end]->key.namespace, namespace) == 0)
		++*ret_end;
}

void store_list(const struct store *store, const char *group, const char *resource,
		const char *namespace, struct records *ret_records)
{
	const struct collection *collection = find_collection(store, group, resource);
	size_t begin, end;

	*ret_records = (struct records){0};
	if (!collection)
		return;
	bounds(collection, namespace, &begin, &end);
	for (size_t i = begin; i < end; i++)
		records_add(ret_records, collection->items[i]);
}

size_t store_count(const struct store *store, const char *group, const char *resource,
		   const char *namespace)
{
	const struct collection *collection = find_collection(store, group, resource);
	size_t begin, end;

	if (!collection)
		return 0;
	bounds(collection, namespace, &begin, &end);
	return end - begin;
}

void store_list_namespace(const struct store *store, const char *namespace,
			  struct records *ret_records)
{
	*ret_records = (struct records){0};
	for (size_t i = 0; i < store->collection_count; i++) {
		size_t begin, end;

		bounds(&store->collections[i], namespace, &begin, &end);
		for (size_t j = begin; j < end; j++)
			records_add(ret_records, store->collections[i].items[j]);
	}
}

void store_list_dependents(const struct store *store, const char *uid, struct records *ret_records)
{
	kin_list_dependents(&store->kin, uid, ret_records);
}

struct record *store_find_uid(const struct store *store, const char *uid)
{
	struct record *record = kin_find(&store->kin, uid);

	return record ? record_hold(record) : NULL;
}

/* --- writing --------------------------------------------------------------------------------- */

void store_set_uid(cJSON *object)
{
	unsigned char bytes[16];
	char text[37];

	/* Sixteen bytes never block or fall short once the kernel has its seed. */
	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		must(NULL);
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	for (int i = 0, at = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[at++] = '-';
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%02x", bytes[i]);
	}
	obj_set_text(object, "metadata.uid", text);
}

static void set_time(const struct store *store, cJSON *object, const char *path,
		     int64_t after_seconds)
{
	char text[TIMESTAMP_SIZE];

	timestamp_print(loop_wall_us(store->loop) + after_seconds * 1000000, text);
	obj_set_text(object, path, text);
}

static void set_version(cJSON *object, uint64_t version)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, version);
	obj_set_text(object, "metadata.resourceVersion", text);
}

static void give(struct record **ret_record, struct record *record)
{
	if (ret_record)
		*ret_record = record_hold(record);
}

/* What already stands there stays: the key may well point at it. */
static void set_place(cJSON *object, const struct key *key)
{
	if (strcmp(obj_name(object), key->name) != 0)
		obj_set_text(object, "metadata.name", key->name);
	if (!key->namespace[0])
		json_remove(object, "metadata.namespace");
	else if (strcmp(obj_namespace(object), key->namespace) != 0)
		obj_set_text(object, "metadata.namespace", key->namespace);
}

int store_create(struct store *store, const struct key *key, cJSON *take_object, unsigned flags,
		 struct record **ret_record, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take_object;
	CLEANUP(record_drop_p) struct record *record = NULL;

	if (find_place(store, key))
		return status_exists(status, key);
	set_place(object, key);
	if (!obj_uid(object)[0])
		store_set_uid(object);
	set_time(store, object, "metadata.creationTimestamp", 0);
	json_remove(object, "metadata.resourceVersion");
	json_remove(object, "metadata.deletionTimestamp");
	json_remove(object, "metadata.deletionGracePeriodSeconds");
	if (!(flags & STORE_DRY_RUN))
		set_version(object, ++store->version);
	record = record_new(key, STEAL(object), flags & STORE_DRY_RUN ? 0 : store->version);
	give(ret_record, record);
	if (flags & STORE_DRY_RUN)
		return 0;
	insert(store, record_hold(record));
	feed_announce(&store->feed, CHANGE_ADDED, NULL, record);
	return 0;
}

/* Puts the object in the place of the old one, or takes the old one out where it is gone. */
static void replace(struct store *store, struct record **place, cJSON *take_object, bool gone,
		    unsigned flags, struct record **ret_record)
{
	CLEANUP(record_drop_p) struct record *old = record_hold(*place);
	CLEANUP(record_drop_p) struct record *record = NULL;

	if (flags & STORE_DRY_RUN) {
		record = record_new(&old->key, take_object, 0);
		give(ret_record, record);
		return;
	}
	set_version(take_object, ++store->version);
	record = record_new(&old->key, take_object, store->version);
	give(ret_record, record);
	kin_remove(&store->kin, old);
	if (gone) {
		take_out(store, place);
	} else {
		*place = record_hold(record);
		kin_add(&store->kin, record);
	}
	record_drop(old); /* the store's own reference */
	feed_announce(&store->feed, gone ? CHANGE_DELETED : CHANGE_MODIFIED, old, record);
}

/* What the server decides and no writer changes. */
static void carry_over(cJSON *object, const cJSON *old)
{
	obj_carry(object, old, "metadata.uid");
	obj_carry(object, old, "metadata.creationTimestamp");
	obj_carry(object, old, "metadata.deletionTimestamp");
	obj_carry(object, old, "metadata.deletionGracePeriodSeconds");
	obj_carry(object, old, "metadata.resourceVersion");
}

static bool has_items(const cJSON *object, const char *path)
{
	const cJSON *list = json_at(object, path);

	return list && list->child;
}

/* Whether nothing holds a deleting object any more. */
static bool is_released(const struct key *key, const cJSON *object)
{
	bool is_namespace = strcmp(key->resource, "namespaces") == 0 && !key->group[0];

	return obj_is_deleting(object) && !has_items(object, "metadata.finalizers") &&
	       !(is_namespace && has_items(object, "spec.finalizers")) &&
	       json_int_or(object, "metadata.deletionGracePeriodSeconds", 0) == 0;
}

int store_update(struct store *store, const struct key *key, cJSON *take_object, unsigned flags,
		 struct record **ret_record, struct status *status)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = take_object;
	struct record **place = find_place(store, key);
	const char *version = obj_version(object), *uid = obj_uid(object);
	const cJSON *old;

	if (!place)
		return status_not_found(status, key);
	old = (*place)->object;
	if (uid[0] && strcmp(uid, obj_uid(old)) != 0)
		return status_conflict(status, key,
				       "Precondition failed: UID in precondition: %s, UID in "
				       "object meta: %s",
				       uid, obj_uid(old));
	if (version[0] && strcmp(version, obj_version(old)) != 0)
		return status_conflict(status, key, MODIFIED_MESSAGE);
	set_place(object, key);
	carry_over(object, old);
	if (json_equal(object, old) && !is_released(key, object)) {
		give(ret_record, *place);
		return 0;
	}
	replace(store, place, STEAL(object), is_released(key, object), flags, ret_record);
	return 0;
}

/*
 * How long a Pod may take to end. One that never reached a node, or has ended, has nothing to
 * wait for (the Pod strategy's CheckGracefulDelete).
 */
static int64_t grace_of(const struct key *key, const cJSON *object,
			const struct delete_options *options)
{
	const char *phase = obj_text(object, "status.phase");

	if (strcmp(key->resource, "pods") != 0 || key->group[0])
		return 0;
	if (!obj_text(object, "spec.nodeName")[0] || strcmp(phase, "Failed") == 0 ||
	    strcmp(phase, "Succeeded") == 0)
		return 0;
	if (options->has_grace)
		return options->grace_seconds > 0 ? options->grace_seconds : 0;
	return json_int_or(object, "spec.terminationGracePeriodSeconds", 30);
}

static void mark_deleting(struct store *store, cJSON *object, int64_t grace_seconds)
{
	int64_t generation = json_int_or(object, "metadata.generation", 0);

	set_time(store, object, "metadata.deletionTimestamp", grace_seconds);
	obj_set_int(object, "metadata.deletionGracePeriodSeconds", grace_seconds);
	if (generation > 0)
		obj_set_int(object, "metadata.generation", generation + 1);
}

static void set_finalizer(cJSON *object, const char *finalizer, bool wanted)
{
	if (!wanted)
		obj_remove_finalizer(object, finalizer);
	else if (!obj_has_finalizer(object, finalizer))
		obj_append(obj_array_at(object, "metadata.finalizers"), obj_new_text(finalizer));
}

/* In the words of rest.BeforeDelete, which has the kind in the place of the resource. */
static int check_preconditions(const struct key *key, const cJSON *object,
			       const struct delete_options *options, struct status *status)
{
	const struct key by_kind = {key->group, obj_text(object, "kind"), key->namespace,
				    key->name};

	if (options->uid && strcmp(options->uid, obj_uid(object)) != 0)
		return status_conflict(status, &by_kind,
				       "the UID in the precondition (%s) does not match the UID in "
				       "record (%s). The object might have been deleted and then "
				       "recreated",
				       options->uid, obj_uid(object));
	if (options->version && strcmp(options->version, obj_version(object)) != 0)
		return status_conflict(
			status, &by_kind,
			"the ResourceVersion in the precondition (%s) does not match "
			"the ResourceVersion in record (%s). The object might have "
			"been modified",
			options->version, obj_version(object));
	return 0;
}

int store_delete(struct store *store, const struct key *key, const struct delete_options *options,
		 unsigned flags, struct record **ret_record, bool *ret_gone, struct status *status)
{
	static const struct delete_options no_options;
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	struct record **place = find_place(store, key);
	int64_t grace_seconds;
	bool gone;

	options = options ? options : &no_options;
	if (!place)
		return status_not_found(status, key);
	if (check_preconditions(key, (*place)->object, options, status) < 0)
		return -1;
	object = obj_copy((*place)->object);
	grace_seconds = grace_of(key, object, options);
	if (options->propagation != PROPAGATE_DEFAULT) {
		set_finalizer(object, "orphan", options->propagation == PROPAGATE_ORPHAN);
		set_finalizer(object, "foregroundDeletion",
			      options->propagation == PROPAGATE_FOREGROUND);
	}
	if (!obj_is_deleting(object)) {
		mark_deleting(store, object, grace_seconds);
	} else if (options->has_grace &&
		   grace_seconds < json_int_or(object, "metadata.deletionGracePeriodSeconds", 0)) {
		/* A second request may only shorten the wait. */
		set_time(store, object, "metadata.deletionTimestamp", grace_seconds);
		obj_set_int(object, "metadata.deletionGracePeriodSeconds", grace_seconds);
	}
	gone = is_released(key, object);
	if (ret_gone)
		*ret_gone = gone;
	if (!gone && json_equal(object, (*place)->object)) {
		give(ret_record, *place);
		return 0;
	}
	if (gone) {
		/* Watchers see the last state as it was, not with the marks of this moment. */
		cJSON_Delete(object);
		object = obj_copy((*place)->object);
	}
	replace(store, place, STEAL(object), gone, flags, ret_record);
	return 0;
}
