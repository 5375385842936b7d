#include "diff/keys.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 64
#define FEW_KEYS       24 /* up to here comparing every pair of hashes is faster than sorting */

/* FNV-1a. It only has to tell most keys apart: equal hashes are compared as strings. */
static uint32_t hash_name(const char *name)
{
	uint32_t hash = 2166136261u;

	while (*name)
		hash = (hash ^ (unsigned char)*name++) * 16777619u;
	return hash;
}

static int compare(const void *a, const void *b)
{
	const struct key *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	int order = strcmp(left->name, right->name);
	if (order)
		return order;
	return (left->place > right->place) - (left->place < right->place);
}

static bool same_name(const struct key *a, const struct key *b)
{
	return a->hash == b->hash && strcmp(a->name, b->name) == 0;
}

void keys_release(struct keys *keys)
{
	free(keys->items);
	*keys = (struct keys){0};
}

int keys_push(struct keys *keys, const char *name, uint64_t place, struct err *err)
{
	if (keys->count == keys->capacity) {
		size_t capacity = keys->capacity ? keys->capacity * 2 : FIRST_CAPACITY;
		struct key *items = reallocarray(keys->items, capacity, sizeof(*items));

		if (!items)
			return err_no_memory(err);
		keys->items = items;
		keys->capacity = capacity;
	}
	keys->items[keys->count++] = (struct key){name, place, hash_name(name)};
	return 0;
}

bool keys_pop(struct keys *keys, size_t base, struct key *ret_first, struct key *ret_second)
{
	size_t count = keys->count - base;
	bool found = false;

	if (count == 0)
		return false;
	struct key *items = keys->items + base;
	keys->count = base;
	if (count <= FEW_KEYS) {
		for (size_t second = 1; second < count; second++) {
			for (size_t first = 0; first < second; first++) {
				if (!same_name(&items[first], &items[second]))
					continue;
				*ret_first = items[first];
				*ret_second = items[second];
				return true;
			}
		}
		return false;
	}

	qsort(items, count, sizeof(*items), compare);
	for (size_t i = 1; i < count; i++) {
		if (!same_name(&items[i - 1], &items[i]))
			continue;
		if (found && items[i].place > ret_second->place)
			continue;
		*ret_first = items[i - 1];
		*ret_second = items[i];
		found = true;
	}
	return found;
}
