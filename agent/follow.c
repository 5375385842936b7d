#include "agent/follow.h"

#include <stdlib.h>
#include <string.h>

void follow_release(struct follow *follow)
{
	for (size_t i = 0; i < follow->count; i++) {
		free(follow->items[i].namespace);
		free(follow->items[i].name);
		free(follow->items[i].line);
	}
	free(follow->items);
	*follow = (struct follow){0};
}

static struct followed *add(struct follow *follow, const char *namespace, const char *name)
{
	if (follow->count == follow->capacity) {
		size_t capacity = follow->capacity ? 2 * follow->capacity : 8;
		struct followed *items = reallocarray(follow->items, capacity, sizeof(*items));
		if (!items)
			return NULL;
		follow->items = items;
		follow->capacity = capacity;
	}
	struct followed added = {.namespace = strdup(namespace), .name = strdup(name)};
	if (!added.namespace || !added.name) {
		free(added.namespace);
		free(added.name);
		return NULL;
	}
	follow->items[follow->count] = added;
	return &follow->items[follow->count++];
}

/* The entry, made if it is not there; NULL when memory runs out. */
static struct followed *find(struct follow *follow, const char *namespace, const char *name)
{
	for (size_t i = 0; i < follow->count; i++)
		if (strcmp(follow->items[i].name, name) == 0 &&
		    strcmp(follow->items[i].namespace, namespace) == 0)
			return &follow->items[i];
	return add(follow, namespace, name);
}

static struct followed *entry_of(struct follow *follow, const struct rollout *rollout)
{
	return find(follow, rollout->namespace, rollout->name);
}

void follow_begin(struct follow *follow, const struct ref *ref, const struct rollout_mark *before)
{
	struct followed *entry = find(follow, ref->namespace, ref->name);

	if (!entry || entry->mark.seen || entry->before.seen)
		return;
	entry->before = *before;
	entry->before.seen = true; /* that it is not there, too */
}

void follow_pass(struct follow *follow, const struct pass *pass)
{
	static const struct rollout_mark not_there;
	const struct plan *plan = pass_plan(pass);

	for (size_t i = 0; i < plan->count; i++) {
		const struct plan_item *item = &plan->items[i];
		const struct steer *steer = pass_steer(pass, i);

		if (!ref_is(&item->ref, "apps", "StatefulSet"))
			continue;
		if (item->action == PLAN_CREATE)
			follow_begin(follow, &item->ref, &not_there);
		else if (steer && steer->mark.seen)
			follow_begin(follow, &item->ref, &steer->mark);
	}
}

/*
 * Whether it has come to rest since `before`. What keeps it from its end is told in any case, as it
 * is seen.
 */
static bool has_arrived(struct followed *entry, const struct rollout *rollout)
{
	if (!entry->before.seen || entry->mark.seen || rollout->rejection ||
	    (rollout->phase != ROLLOUT_COMPLETE && rollout->phase != ROLLOUT_CANARY))
		return false;
	return rollout_has_moved(rollout, &entry->before);
}

bool follow_tell(struct follow *follow, const struct rollout *rollout, struct buf *out)
{
	struct followed *entry = entry_of(follow, rollout);

	if (rollout->phase == ROLLOUT_SETTLING)
		return false;
	/* Without memory to remember by, telling twice is better than not at all. */
	bool has_arrived_first = entry && has_arrived(entry, rollout);
	if (entry && !rollout_has_moved(rollout, &entry->mark) && !has_arrived_first)
		return false;
	rollout_print(rollout, out);
	return true;
}

bool follow_line(struct follow *follow, const struct rollout *rollout, const char *line)
{
	struct followed *entry = entry_of(follow, rollout);

	if (entry && entry->line && strcmp(entry->line, line) == 0)
		return false;
	if (entry) {
		free(entry->line);
		entry->line = strdup(line);
	}
	return true;
}

bool follow_generation(struct follow *follow, const struct rollout *rollout, int64_t generation)
{
	struct followed *entry = entry_of(follow, rollout);
	bool moved = !entry || entry->generation != generation;

	if (entry)
		entry->generation = generation;
	return moved;
}

bool follow_stance(struct follow *follow, const struct rollout *rollout)
{
	struct followed *entry = entry_of(follow, rollout);
	struct rollout_stance stance = rollout_stance(rollout);
	bool moved = !entry || !entry->has_stance || !rollout_stance_equal(entry->stance, stance);

	if (entry) {
		entry->has_stance = true;
		entry->stance = stance;
	}
	return moved;
}

const struct manifest *follow_find(const struct rollout *rollout, const struct manifest_set *set,
				   const char *default_namespace)
{
	const struct ref ref =
		ref_view("apps", "v1", "StatefulSet", rollout->namespace, rollout->name);

	return manifest_set_find(set, &ref, default_namespace);
}
