#include "agent/fight.h"

#include <stdlib.h>

#include "diff/cleanup.h"

static void fight_release(struct fight *fight)
{
	ref_release(&fight->ref);
	culprit_release(&fight->opponent);
}

void fights_release(struct fights *fights)
{
	for (size_t i = 0; i < fights->count; i++)
		fight_release(&fights->items[i]);
	free(fights->items);
	*fights = (struct fights){0};
}

static struct fight *find(const struct fights *fights, const struct ref *ref)
{
	for (size_t i = 0; i < fights->count; i++)
		if (ref_equal(&fights->items[i].ref, ref))
			return &fights->items[i];
	return NULL;
}

static struct fight *add(struct fights *fights, const struct ref *ref, struct err *err)
{
	struct fight added = {0};

	if (fights->count == fights->capacity) {
		size_t capacity = fights->capacity ? 2 * fights->capacity : 8;
		struct fight *items = reallocarray(fights->items, capacity, sizeof(*items));

		if (!items) {
			err_no_memory(err);
			return NULL;
		}
		fights->items = items;
		fights->capacity = capacity;
	}
	if (ref_copy(ref, &added.ref, err) < 0)
		return NULL;
	fights->items[fights->count] = added;
	return &fights->items[fights->count++];
}

static void drop(struct fights *fights, struct fight *fight)
{
	fight_release(fight);
	*fight = fights->items[--fights->count];
}

/* When the drift may be undone that is there, or comes. */
static int64_t truce_ends_ms(const struct fight *fight)
{
	int64_t pause_ms = FIGHT_FIRST_MS;

	for (unsigned i = 1; i < fight->undone && pause_ms < FIGHT_MAX_MS; i++)
		pause_ms *= 2;
	return fight->undone_ms + (pause_ms < FIGHT_MAX_MS ? pause_ms : FIGHT_MAX_MS);
}

static bool is_quiet(const struct fight *fight, int64_t now_ms)
{
	return !fight->open && now_ms >= fight->undone_ms + FIGHT_QUIET_MS;
}

int64_t fights_wait_ms(const struct fights *fights, const struct ref *ref, int64_t now_ms)
{
	const struct fight *fight = find(fights, ref);

	if (!fight || !fight->undone || is_quiet(fight, now_ms))
		return 0;
	int64_t wait_ms = truce_ends_ms(fight) - now_ms;
	return wait_ms > 0 ? wait_ms : 0;
}

int fights_note_drift(struct fights *fights, const struct ref *ref, const struct culprit *opponent,
		      bool waits, int64_t now_ms, struct err *err)
{
	struct fight *fight = find(fights, ref);
	struct culprit copy = {0};

	if (fight)
		fight->waits = waits;
	if (fight && fight->open)
		return 0;
	if (fight && is_quiet(fight, now_ms))
		fight->changes = fight->undone = 0;
	if (!fight && !(fight = add(fights, ref, err)))
		return -1;
	if (culprit_copy(opponent, &copy, err) < 0)
		return -1;
	culprit_release(&fight->opponent);
	fight->opponent = copy;
	fight->changes++;
	fight->open = true;
	fight->waits = waits;
	return 0;
}

void fights_note_undone(struct fights *fights, const struct ref *ref, int64_t now_ms)
{
	struct fight *fight = find(fights, ref);

	if (!fight)
		return;
	fight->open = fight->waits = false;
	fight->undone++;
	fight->undone_ms = now_ms;
}

void fights_note_over(struct fights *fights, const struct ref *ref)
{
	struct fight *fight = find(fights, ref);

	if (!fight)
		return;
	fight->open = fight->waits = false;
	if (!fight->undone)
		drop(fights, fight);
}

const struct fight *fights_find(const struct fights *fights, const struct ref *ref, int64_t now_ms)
{
	const struct fight *fight = find(fights, ref);

	return fight && fight->changes >= FIGHT_TOLD_FROM && !is_quiet(fight, now_ms) ? fight
										      : NULL;
}

void fights_forget(struct fights *fights, int64_t now_ms)
{
	for (size_t i = fights->count; i-- > 0;)
		if (is_quiet(&fights->items[i], now_ms))
			drop(fights, &fights->items[i]);
}

/* When time alone brings something; -1: never. What nobody is told of is forgotten without a look. */
static int64_t due_ms(const struct fight *fight)
{
	if (fight->open)
		return fight->waits ? truce_ends_ms(fight) : -1;
	return fight->changes >= FIGHT_TOLD_FROM ? fight->undone_ms + FIGHT_QUIET_MS : -1;
}

const struct ref *fights_next(const struct fights *fights, int64_t now_ms, int64_t *ret_in_ms)
{
	const struct ref *next = NULL;

	for (size_t i = 0; i < fights->count; i++) {
		int64_t at_ms = due_ms(&fights->items[i]);
		int64_t in_ms = at_ms > now_ms ? at_ms - now_ms : 0;

		if (at_ms < 0 || (next && *ret_in_ms <= in_ms))
			continue;
		next = &fights->items[i].ref;
		*ret_in_ms = in_ms;
	}
	return next;
}

void fight_print(const struct fight *fight, struct buf *out)
{
	if (fight->opponent.manager)
		culprit_print_name(&fight->opponent, out);
	else
		buf_puts(out, "somebody");
	buf_printf(out, " has changed it %u times; it is put back less and less often",
		   fight->changes);
}
