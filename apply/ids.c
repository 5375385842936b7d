#include "apply/ids.h"

#include <stdlib.h>

#define SLOT_BITS 20 /* an id is its serial number and, in these low bits, its slot */

static struct ids_slot *slot_of(const struct ids *ids, uint64_t id)
{
	size_t index = id & (IDS_MAX_LIVE - 1);

	if (id == 0 || index >= ids->count || ids->slots[index].id != id)
		return NULL;
	return &ids->slots[index];
}

void ids_release(struct ids *ids)
{
	free(ids->slots);
	*ids = (struct ids){0};
}

static int grow(struct ids *ids, struct err *err)
{
	if (ids->count < ids->capacity)
		return 0;
	if (ids->count == IDS_MAX_LIVE)
		return err_set(err, ERR_LIMIT, "more than %u requests at once", IDS_MAX_LIVE);

	size_t capacity = ids->capacity ? ids->capacity * 2 : 32;
	struct ids_slot *slots = realloc(ids->slots, capacity * sizeof(*slots));
	if (!slots)
		return err_no_memory(err);
	ids->slots = slots;
	ids->capacity = capacity;
	return 0;
}

uint64_t ids_add(struct ids *ids, void *value, struct err *err)
{
	size_t index;

	if (ids->first_free) {
		index = ids->first_free - 1;
		ids->first_free = ids->slots[index].next_free;
	} else {
		if (grow(ids, err) < 0)
			return 0;
		index = ids->count++;
	}
	uint64_t id = ++ids->serial << SLOT_BITS | index;
	ids->slots[index] = (struct ids_slot){.id = id, .value = value};
	return id;
}

void *ids_find(const struct ids *ids, uint64_t id)
{
	struct ids_slot *slot = slot_of(ids, id);

	return slot ? slot->value : NULL;
}

void ids_remove(struct ids *ids, uint64_t id)
{
	struct ids_slot *slot = slot_of(ids, id);

	if (!slot)
		return;
	*slot = (struct ids_slot){.next_free = ids->first_free};
	ids->first_free = (size_t)(slot - ids->slots) + 1;
}

void *ids_next(const struct ids *ids, size_t *cursor)
{
	while (*cursor < ids->count) {
		const struct ids_slot *slot = &ids->slots[(*cursor)++];

		if (slot->id)
			return slot->value;
	}
	return NULL;
}
