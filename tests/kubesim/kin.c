#include "tests/kubesim/kin.h"

#include <stdlib.h>
#include <string.h>

#include "diff/hash.h"
#include "tests/kubesim/alloc.h"
#include "tests/kubesim/obj.h"

#define MIN_BUCKETS 64 /* a power of two, as all their numbers */

/* What is known under a uid: an object, those that name it as their owner, or both. */
struct relative {
	struct relative *next; /* of the same bucket */
	char *uid;
	struct record *record; /* NULL: there is none */
	struct records dependents;
};

static struct relative **bucket_of(const struct kin *kin, const char *uid)
{
	return &kin->buckets[hash_bytes(HASH_SEED, uid, strlen(uid)) & (kin->bucket_count - 1)];
}

/* Where the relative hangs, or NULL. */
static struct relative **find_place(const struct kin *kin, const char *uid)
{
	if (kin->bucket_count == 0)
		return NULL;
	for (struct relative **place = bucket_of(kin, uid); *place; place = &(*place)->next) {
		if (strcmp((*place)->uid, uid) == 0)
			return place;
	}
	return NULL;
}

static void grow(struct kin *kin)
{
	struct kin grown = {.bucket_count = kin->bucket_count ? kin->bucket_count * 2 : MIN_BUCKETS,
			    .count = kin->count};

	grown.buckets = alloc_zero(grown.bucket_count * sizeof(struct relative *));
	for (size_t i = 0; i < kin->bucket_count; i++) {
		struct relative *relative, *next;

		for (relative = kin->buckets[i]; relative; relative = next) {
			struct relative **bucket = bucket_of(&grown, relative->uid);

			next = relative->next;
			relative->next = *bucket;
			*bucket = relative;
		}
	}
	free(kin->buckets);
	*kin = grown;
}

static struct relative *need(struct kin *kin, const char *uid)
{
	struct relative **place = find_place(kin, uid), *relative;

	if (place)
		return *place;
	if (kin->count >= kin->bucket_count)
		grow(kin);
	relative = alloc_zero(sizeof(*relative));
	relative->uid = alloc_copy(uid);
	place = bucket_of(kin, uid);
	relative->next = *place;
	*place = relative;
	kin->count++;
	return relative;
}

static void relative_free(struct relative *relative)
{
	record_drop(relative->record);
	records_release(&relative->dependents);
	free(relative->uid);
	free(relative);
}

/* Drops what nothing is known of any more. */
static void forget_empty(struct kin *kin, struct relative **place)
{
	struct relative *relative = *place;

	if (relative->record || relative->dependents.count > 0)
		return;
	*place = relative->next;
	relative_free(relative);
	kin->count--;
}

void kin_release(struct kin *kin)
{
	for (size_t i = 0; i < kin->bucket_count; i++) {
		struct relative *relative, *next;

		for (relative = kin->buckets[i]; relative; relative = next) {
			next = relative->next;
			relative_free(relative);
		}
	}
	free(kin->buckets);
	*kin = (struct kin){0};
}

void kin_add(struct kin *kin, struct record *record)
{
	struct relative *self = need(kin, obj_uid(record->object));
	const cJSON *owner;

	record_drop(self->record);
	self->record = record_hold(record);
	json_each (owner, json_at(record->object, "metadata.ownerReferences")) {
		struct records *dependents = &need(kin, obj_text(owner, "uid"))->dependents;

		/* It may name the same one twice. */
		if (dependents->count == 0 || dependents->items[dependents->count - 1] != record)
			records_add(dependents, record);
	}
}

static void take_out(struct records *records, const struct record *record)
{
	for (size_t i = 0; i < records->count; i++) {
		if (records->items[i] != record)
			continue;
		record_drop(records->items[i]);
		records->items[i] = records->items[--records->count];
		return;
	}
}

void kin_remove(struct kin *kin, struct record *record)
{
	struct relative **place;
	const cJSON *owner;

	/* The last of what holds it may be here. */
	record_hold(record);
	json_each (owner, json_at(record->object, "metadata.ownerReferences")) {
		place = find_place(kin, obj_text(owner, "uid"));
		if (!place)
			continue;
		take_out(&(*place)->dependents, record);
		forget_empty(kin, place);
	}
	place = find_place(kin, obj_uid(record->object));
	if (place && (*place)->record == record) {
		record_drop(STEAL((*place)->record));
		forget_empty(kin, place);
	}
	record_drop(record);
}

struct record *kin_find(const struct kin *kin, const char *uid)
{
	struct relative **place = find_place(kin, uid);

	return place ? (*place)->record : NULL;
}

static int compare(const void *left, const void *right)
{
	const struct key *a = &(*(struct record *const *)left)->key;
	const struct key *b = &(*(struct record *const *)right)->key;
	int order = strcmp(a->resource, b->resource);

	order = order ? order : strcmp(a->namespace, b->namespace);
	return order ? order : strcmp(a->name, b->name);
}

void kin_list_dependents(const struct kin *kin, const char *uid, struct records *ret_records)
{
	struct relative **place = find_place(kin, uid);

	*ret_records = (struct records){0};
	if (!place || (*place)->dependents.count == 0)
		return;
	for (size_t i = 0; i < (*place)->dependents.count; i++)
		records_add(ret_records, (*place)->dependents.items[i]);
	qsort(ret_records->items, ret_records->count, sizeof(*ret_records->items), compare);
}
