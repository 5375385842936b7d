#include "tests/kubesim/feed.h"

#include <stdlib.h>
#include <string.h>

#include "tests/kubesim/alloc.h"

struct subscription {
	char *group, *resource; /* NULL: everything */
	feed_change_fn *changed;
	void *context;
};

static struct change *history_at(const struct feed *feed, size_t index)
{
	size_t start = feed->history_end + feed->history_size - feed->history_count;

	return &feed->history[(start + index) % feed->history_size];
}

static void remember(struct feed *feed, const struct change *change)
{
	struct change *slot = &feed->history[feed->history_end];

	if (feed->history_count == feed->history_size) {
		feed->forgotten = slot->version;
		record_drop(slot->old);
		record_drop(slot->new);
	} else {
		feed->history_count++;
	}
	*slot = *change;
	if (slot->old)
		record_hold(slot->old);
	record_hold(slot->new);
	feed->history_end = (feed->history_end + 1) % feed->history_size;
}

static void subscription_release(struct subscription *subscription)
{
	free(subscription->group);
	free(subscription->resource);
}

void feed_init(struct feed *feed, size_t history)
{
	*feed = (struct feed){.history_size = history ? history : 1};
	feed->history = alloc_zero(feed->history_size * sizeof(*feed->history));
}

void feed_release(struct feed *feed)
{
	for (size_t i = 0; i < feed->history_count; i++) {
		record_drop(history_at(feed, i)->old);
		record_drop(history_at(feed, i)->new);
	}
	free(feed->history);
	for (size_t i = 0; i < feed->subscription_count; i++)
		subscription_release(&feed->subscriptions[i]);
	free(feed->subscriptions);
}

void feed_subscribe(struct feed *feed, const char *group, const char *resource,
		    feed_change_fn *changed, void *context)
{
	struct subscription *subscription;

	feed->subscriptions = alloc_grow(feed->subscriptions, feed->subscription_count + 1,
					 sizeof(*feed->subscriptions));
	subscription = &feed->subscriptions[feed->subscription_count++];
	*subscription = (struct subscription){.changed = changed, .context = context};
	if (resource) {
		subscription->group = alloc_copy(group);
		subscription->resource = alloc_copy(resource);
	}
}

void feed_unsubscribe(struct feed *feed, feed_change_fn *changed, const void *context)
{
	for (size_t i = 0; i < feed->subscription_count; i++) {
		struct subscription *subscription = &feed->subscriptions[i];

		if (subscription->changed != changed || subscription->context != context)
			continue;
		subscription_release(subscription);
		memmove(subscription, subscription + 1,
			(--feed->subscription_count - i) * sizeof(*subscription));
		return;
	}
}

void feed_announce(struct feed *feed, enum change_type type, struct record *old, struct record *new)
{
	struct change change = {type, new->version, old, new};

	remember(feed, &change);
	for (size_t i = 0; i < feed->subscription_count; i++) {
		const struct subscription *to = &feed->subscriptions[i];

		if (!to->resource || (strcmp(to->resource, new->key.resource) == 0 &&
				      strcmp(to->group, new->key.group) == 0))
			to->changed(to->context, &change);
	}
}

const struct change *feed_change_after(const struct feed *feed, uint64_t version)
{
	size_t low = 0, high = feed->history_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history_at(feed, middle)->version <= version)
			low = middle + 1;
		else
			high = middle;
	}
	return low < feed->history_count ? history_at(feed, low) : NULL;
}

bool feed_remembers(const struct feed *feed, uint64_t version)
{
	return version >= feed->forgotten;
}
