#include "agent/alert_held.h"

#include <stdlib.h>
#include <string.h>

void alert_held_release(struct alert_held *held)
{
	for (size_t i = 0; i < held->count; i++)
		notice_drop(held->items[i].notice);
	free(held->items);
	*held = (struct alert_held){0};
}

static bool grow(struct alert_held *held)
{
	size_t capacity = held->capacity ? 2 * held->capacity : 16;

	if (held->count < held->capacity)
		return true;
	if (held->count >= ALERT_HELD_MAX)
		return false;
	struct alert_held_item *longer = reallocarray(held->items, capacity, sizeof(*longer));
	if (!longer)
		return false;
	held->items = longer;
	held->capacity = capacity;
	return true;
}

bool alert_held_put(struct alert_held *held, struct notice *notice, int64_t now_ms)
{
	notice_hold(notice); /* it may be the very one that is there */
	alert_held_remove(held, notice->key);
	if (!grow(held)) {
		notice_drop(notice);
		return false;
	}
	held->items[held->count++] = (struct alert_held_item){notice, now_ms};
	return true;
}

static void remove_at(struct alert_held *held, size_t index)
{
	notice_drop(held->items[index].notice);
	held->items[index] = held->items[--held->count];
}

bool alert_held_remove(struct alert_held *held, const char *key)
{
	for (size_t i = 0; i < held->count; i++)
		if (strcmp(held->items[i].notice->key, key) == 0) {
			remove_at(held, i);
			return true;
		}
	return false;
}

void alert_held_forget(struct alert_held *held, const char *app)
{
	for (size_t i = held->count; i-- > 0;)
		if (strcmp(held->items[i].notice->app, app) == 0)
			remove_at(held, i);
}
