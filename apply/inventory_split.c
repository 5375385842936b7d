#include "apply/inventory_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apply/clock.h"
#include "diff/hash.h"

/*
 * Parts have AIM_BYTES of entries on the average, or half of that, when they are made. They are made
 * anew when one has twice as much, or all of them a quarter: an app has to change a lot for that.
 */
#define AIM_BYTES    (128u * 1024)
#define MAX_BYTES    (256u * 1024)
#define MIN_BYTES    (32u * 1024)
#define REJOIN_BYTES (INVENTORY_MAX_BYTES / 2)

/* With the NUL, so that no two refs are one text. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* What is in clusters was shared out so. */
size_t inventory_part_of(const struct ref *ref, size_t part_count)
{
	uint64_t hash = HASH_SEED;

	if (part_count <= 1)
		return 0;
	hash = hash_text(hash, ref->group);
	hash = hash_text(hash, ref->kind);
	hash = hash_text(hash, ref->namespace);
	hash = hash_text(hash, ref->name);
	return (size_t)((hash ^ hash >> 32) & (part_count - 1));
}

static int compare_entries(const void *a, const void *b)
{
	return ref_compare(&((const struct inventory_entry *)a)->ref,
			   &((const struct inventory_entry *)b)->ref);
}

static void free_parts(struct inventory_part *parts, size_t count)
{
	for (size_t i = 0; parts && i < count; i++) {
		free(parts[i].entries);
		free(parts[i].resource_version);
	}
	free(parts);
}

/* So many parts with room for what belongs into each, all empty. */
static struct inventory_part *make_parts(const struct inventory *inventory, size_t part_count)
{
	struct inventory_part *parts = calloc(part_count, sizeof(*parts));
	struct inventory_cursor cursor = {0};
	const struct inventory_entry *entry;

	if (!parts)
		return NULL;
	while ((entry = inventory_next(inventory, &cursor)))
		parts[inventory_part_of(&entry->ref, part_count)].capacity++;
	for (size_t i = 0; i < part_count; i++) {
		if (parts[i].capacity == 0)
			continue;
		parts[i].entries = calloc(parts[i].capacity, sizeof(*parts[i].entries));
		if (!parts[i].entries) {
			free_parts(parts, part_count);
			return NULL;
		}
	}
	return parts;
}

int inventory_split(struct inventory *inventory, size_t part_count, struct err *err)
{
	struct inventory_part *parts = make_parts(inventory, part_count);
	struct inventory_cursor cursor = {0};
	const struct inventory_entry *entry;

	if (!parts)
		return err_no_memory(err);
	while ((entry = inventory_next(inventory, &cursor))) {
		struct inventory_part *part = &parts[inventory_part_of(&entry->ref, part_count)];

		part->entries[part->count++] = *entry;
	}
	for (size_t i = 0; i < part_count; i++) {
		parts[i].changed = true;
		if (parts[i].count)
			qsort(parts[i].entries, parts[i].count, sizeof(*parts[i].entries),
			      compare_entries);
	}
	free_parts(inventory->parts, inventory->part_count);
	inventory->parts = parts;
	inventory->part_count = part_count;
	inventory->regrouped = true;
	return 0;
}

struct sizes {
	size_t total, largest;
};

static int measure(struct inventory *inventory, struct sizes *ret_sizes, struct err *err)
{
	struct sizes sizes = {0};

	for (size_t i = 0; i < inventory->part_count; i++) {
		struct inventory_part *part = &inventory->parts[i];

		if ((part->changed || !part->bytes) &&
		    inventory_measure(part, &part->bytes, err) < 0)
			return -1;
		sizes.total += part->bytes;
		if (part->bytes > sizes.largest)
			sizes.largest = part->bytes;
	}
	*ret_sizes = sizes;
	return 0;
}

static size_t count_for(size_t bytes)
{
	size_t count = 2;

	while (count < INVENTORY_MAX_PARTS && bytes / count > AIM_BYTES)
		count *= 2;
	return count;
}

/* Whether all fits into the head, with what else is in there. */
static int fits_head(const struct inventory *inventory, bool *ret_fits, struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);

	*ret_fits = inventory_print_head(inventory, &text, err) == 0;
	return *ret_fits || err->class == ERR_LIMIT ? 0 : -1;
}

int inventory_balance(struct inventory *inventory, struct err *err)
{
	struct sizes sizes;
	struct err limit;
	bool fits = true;

	if (inventory->part_count == 0 && inventory_split(inventory, 1, err) < 0)
		return -1;
	if (inventory->part_count == 1) {
		if (fits_head(inventory, &fits, &limit) < 0) {
			*err = limit;
			return -1;
		}
		if (fits)
			return 0;
	}
	if (measure(inventory, &sizes, err) < 0)
		return -1;
	if (inventory->part_count > 1 && sizes.total < REJOIN_BYTES)
		return inventory_split(inventory, 1, err);
	size_t wanted = count_for(sizes.total);
	if ((!fits || sizes.total / inventory->part_count < MIN_BYTES) &&
	    wanted != inventory->part_count && inventory_split(inventory, wanted, err) < 0)
		return -1;
	while (inventory->part_count < INVENTORY_MAX_PARTS) {
		if (measure(inventory, &sizes, err) < 0)
			return -1;
		if (sizes.largest <= MAX_BYTES)
			break;
		wanted = inventory->part_count * 2;
		if (wanted < count_for(sizes.total))
			wanted = count_for(sizes.total);
		if (inventory_split(inventory, wanted, err) < 0)
			return -1;
	}
	return 0;
}

int inventory_next_set(struct inventory *inventory, struct err *err)
{
	char name[32];
	uint64_t next = (uint64_t)clock_unix_ms();

	if (inventory->set) {
		uint64_t last = strtoull(inventory->set, NULL, 16);

		if (next <= last)
			next = last + 1;
	}
	snprintf(name, sizeof(name), "%012" PRIx64, next & 0xffffffffffff);
	return inventory_set_text(&inventory->set, name, err);
}
