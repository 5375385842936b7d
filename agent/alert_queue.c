#include "agent/alert_queue.h"

#include <string.h>

void alert_queue_release(struct alert_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		notice_drop(queue->entries[i].notice);
	queue->count = 0;
}

static struct notice *take_out(struct alert_queue *queue, size_t index)
{
	struct notice *notice = queue->entries[index].notice;

	queue->count--;
	memmove(&queue->entries[index], &queue->entries[index + 1],
		(queue->count - index) * sizeof(queue->entries[0]));
	return notice;
}

static bool same_key(const struct notice *a, const struct notice *b)
{
	return strcmp(a->key, b->key) == 0;
}

static enum notice_severity severity_of(const struct notice *notice)
{
	return notice_kinds[notice->kind].severity;
}

/*
 * Takes out what the notice makes superfluous. True: the notice itself is superfluous too, because the
 * beginning of what it ends has not left, or it reminds of what is about to be told.
 */
static bool collapse(struct alert_queue *queue, const struct notice *notice)
{
	bool superfluous = false;

	for (size_t i = queue->count; i-- > 0;) {
		const struct alert_entry *entry = &queue->entries[i];
		enum notice_state state = entry->notice->state;

		if (!same_key(entry->notice, notice))
			continue;
		if (notice->state == NOTICE_HOLDS)
			return state == NOTICE_HOLDS || state == NOTICE_BEGINS;
		if (notice->state != NOTICE_ENDS || entry->in_flight || entry->tried ||
		    (state != NOTICE_HOLDS && state != NOTICE_BEGINS))
			break;
		superfluous = state == NOTICE_BEGINS;
		notice_drop(take_out(queue, i));
		if (superfluous)
			break;
	}
	return superfluous;
}

/* The oldest of the least severe; the new one only if all others are more severe. */
static size_t find_victim(const struct alert_queue *queue, const struct notice *newcomer)
{
	size_t victim = queue->count;
	enum notice_severity least = severity_of(newcomer);

	for (size_t i = queue->count; i-- > 0;) {
		enum notice_severity severity = severity_of(queue->entries[i].notice);

		if (!queue->entries[i].in_flight && severity <= least) {
			victim = i;
			least = severity;
		}
	}
	return victim;
}

enum alert_added alert_queue_add(struct alert_queue *queue, struct notice *notice,
				 struct notice **ret_dropped)
{
	enum alert_added added = ALERT_ADDED;

	if (collapse(queue, notice))
		return ALERT_COLLAPSED;
	if (queue->count == ALERT_QUEUE_MAX) {
		size_t victim = find_victim(queue, notice);

		if (victim == queue->count) {
			*ret_dropped = notice_hold(notice);
			return ALERT_REPLACED;
		}
		*ret_dropped = take_out(queue, victim);
		added = ALERT_REPLACED;
	}
	queue->entries[queue->count++] = (struct alert_entry){.notice = notice_hold(notice)};
	return added;
}

bool alert_queue_waits(const struct alert_queue *queue)
{
	for (size_t i = 0; i < queue->count; i++)
		if (!queue->entries[i].in_flight)
			return true;
	return false;
}

/* Whether an earlier one of the same key stays behind. */
static bool would_overtake(const struct alert_queue *queue, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!queue->entries[i].in_flight &&
		    same_key(queue->entries[i].notice, queue->entries[index].notice))
			return true;
	return false;
}

size_t alert_queue_take(struct alert_queue *queue, size_t max,
			bool (*joins)(const struct notice *first, const struct notice *other),
			struct notice *ret_notices[ALERT_MESSAGE_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < queue->count; i++)
		if (queue->entries[i].in_flight)
			return 0;
	for (size_t i = 0; i < queue->count && count < max && count < ALERT_MESSAGE_MAX; i++) {
		struct alert_entry *entry = &queue->entries[i];

		if (count && (!joins(ret_notices[0], entry->notice) || would_overtake(queue, i)))
			continue;
		entry->in_flight = true;
		ret_notices[count++] = entry->notice;
	}
	return count;
}

void alert_queue_settle(struct alert_queue *queue, bool done, bool may_have_arrived)
{
	for (size_t i = queue->count; i-- > 0;) {
		struct alert_entry *entry = &queue->entries[i];

		if (!entry->in_flight)
			continue;
		entry->in_flight = false;
		entry->tried |= may_have_arrived;
		if (done)
			notice_drop(take_out(queue, i));
	}
}

struct alert_entry *alert_queue_find(struct alert_queue *queue, const char *key,
				     enum notice_state state)
{
	for (size_t i = 0; i < queue->count; i++)
		if (queue->entries[i].notice->state == state &&
		    strcmp(queue->entries[i].notice->key, key) == 0)
			return &queue->entries[i];
	return NULL;
}

void alert_queue_forget(struct alert_queue *queue, const char *app)
{
	for (size_t i = queue->count; i-- > 0;)
		if (!queue->entries[i].in_flight && strcmp(queue->entries[i].notice->app, app) == 0)
			notice_drop(take_out(queue, i));
}
