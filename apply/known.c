#include "apply/known.h"

#include <stdlib.h>
#include <string.h>

static void known_object_release(struct known_object *object)
{
	free(object->namespace);
	free(object->name);
	free(object->resource_version);
	*object = (struct known_object){0};
}

void known_release(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		known_object_release(&known->items[i]);
	free(known->items);
	*known = (struct known){0};
}

static int compare(const struct known_object *object, const char *namespace, const char *name)
{
	int order = strcmp(object->namespace, namespace);

	return order ? order : strcmp(object->name, name);
}

/* The place of the object, or where it would have to go. */
static size_t find(const struct known *known, const char *namespace, const char *name,
		   bool *ret_found)
{
	size_t low = 0, high = known->count;

	/* Lists come sorted: mostly the place is at the end. */
	if (high > 0 && compare(&known->items[high - 1], namespace, name) < 0)
		low = high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&known->items[middle], namespace, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = low < known->count && compare(&known->items[low], namespace, name) == 0;
	return low;
}

static int insert(struct known *known, size_t place, struct known_object *take, struct err *err)
{
	if (known->count == known->capacity) {
		size_t capacity = known->capacity ? known->capacity * 2 : 16;
		struct known_object *items = reallocarray(known->items, capacity, sizeof(*items));

		if (!items) {
			known_object_release(take);
			return err_no_memory(err);
		}
		known->items = items;
		known->capacity = capacity;
	}
	memmove(&known->items[place + 1], &known->items[place],
		(known->count - place) * sizeof(*known->items));
	known->items[place] = *take;
	known->count++;
	return 0;
}

int known_put(struct known *known, const char *namespace, const char *name,
	      const char *resource_version, enum known_change *ret_change, struct err *err)
{
	bool found;
	size_t place = find(known, namespace, name, &found);
	struct known_object *old = found ? &known->items[place] : NULL;

	if (old && !old->doubted && strcmp(old->resource_version, resource_version) == 0) {
		old->listed = true;
		*ret_change = KNOWN_SAME;
		return 0;
	}
	struct known_object object = {
		.namespace = old ? NULL : strdup(namespace),
		.name = old ? NULL : strdup(name),
		.resource_version = strdup(resource_version),
		.listed = true,
	};
	if (!object.resource_version || (!old && (!object.namespace || !object.name))) {
		known_object_release(&object);
		return err_no_memory(err);
	}
	*ret_change = old ? KNOWN_CHANGED : KNOWN_NEW;
	if (!old)
		return insert(known, place, &object, err);
	free(old->resource_version);
	old->resource_version = object.resource_version;
	old->listed = true;
	old->doubted = false;
	return 0;
}

void known_doubt(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		known->items[i].doubted = true;
}

bool known_remove(struct known *known, const char *namespace, const char *name)
{
	bool found;
	size_t place = find(known, namespace, name, &found);

	if (!found)
		return false;
	known_object_release(&known->items[place]);
	known->count--;
	memmove(&known->items[place], &known->items[place + 1],
		(known->count - place) * sizeof(*known->items));
	return true;
}

void known_begin_listing(struct known *known)
{
	for (size_t i = 0; i < known->count; i++)
		known->items[i].listed = false;
}

const struct known_object *known_next_unlisted(const struct known *known, size_t *cursor)
{
	while (*cursor < known->count) {
		const struct known_object *object = &known->items[(*cursor)++];

		if (!object->listed)
			return object;
	}
	return NULL;
}

void known_drop_unlisted(struct known *known, size_t cursor)
{
	size_t kept = 0;

	for (size_t i = 0; i < known->count; i++) {
		if (i < cursor && !known->items[i].listed)
			known_object_release(&known->items[i]);
		else
			known->items[kept++] = known->items[i];
	}
	known->count = kept;
}
