#include "diff/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct plan_action_words plan_action_words[PLAN_ACTION_COUNT] = {
	[PLAN_IN_SYNC] = {"in sync", "inSync", "in sync", "in sync"},
	[PLAN_CREATE] = {"create", "create", "to create", "created"},
	[PLAN_REPLACE] = {"replace", "replace", "to replace", "replaced"},
	[PLAN_RECREATE] = {"recreate", "recreate", "to recreate", "recreated"},
	[PLAN_PRUNE] = {"prune", "prune", "to prune", "pruned"},
	[PLAN_ORPHAN] = {"left Git", "orphan", "left Git and kept", "left Git and kept"},
	[PLAN_WALK] = {"on its way", "walk", "on their way", "on their way"},
	[PLAN_BLOCKED] = {"blocked", "blocked", "blocked", "blocked"},
	[PLAN_DRIFT] = {"drift", "drift", "drifted", "drifted"},
	[PLAN_FAILED] = {"failed", "failed", "failed", "failed"},
};

const enum plan_action plan_action_order[PLAN_ACTION_COUNT] = {
	PLAN_CREATE,  PLAN_REPLACE, PLAN_RECREATE, PLAN_PRUNE, PLAN_ORPHAN,
	PLAN_BLOCKED, PLAN_DRIFT,   PLAN_FAILED,   PLAN_WALK,  PLAN_IN_SYNC,
};

bool plan_action_writes(enum plan_action action)
{
	return action == PLAN_CREATE || action == PLAN_REPLACE || action == PLAN_RECREATE ||
	       action == PLAN_PRUNE;
}

static bool same_digest(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

enum plan_action plan_decide(bool exists, bool differs, const struct plan_record *record,
			     const char *desired_digest, const char *live_digest, bool self_heal)
{
	bool recorded = record && record->desired_digest;
	bool git_unchanged = recorded && same_digest(record->desired_digest, desired_digest);
	bool live_unchanged = recorded && exists && same_digest(record->live_digest, live_digest);

	if (exists && !differs)
		return PLAN_IN_SYNC;
	/* Somebody else's change is respected only while Git has nothing new to say. */
	if (git_unchanged && !live_unchanged && !self_heal)
		return PLAN_DRIFT;
	return exists ? PLAN_REPLACE : PLAN_CREATE;
}

struct plan_item *plan_add(struct plan *plan)
{
	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? plan->capacity * 2 : 16;
		struct plan_item *items = reallocarray(plan->items, capacity, sizeof(*items));
		if (!items)
			return NULL;
		plan->items = items;
		plan->capacity = capacity;
	}
	struct plan_item *item = &plan->items[plan->count++];
	*item = (struct plan_item){0};
	return item;
}

int plan_item_note(struct plan_item *item, struct err *err, const char *format, ...)
{
	char **notes = reallocarray(item->notes, item->note_count + 1, sizeof(*notes));
	char *note = NULL;
	va_list args;

	if (!notes)
		return err_no_memory(err);
	item->notes = notes;
	va_start(args, format);
	if (vasprintf(&note, format, args) < 0)
		note = NULL;
	va_end(args);
	if (!note)
		return err_no_memory(err);
	item->notes[item->note_count++] = note;
	return 0;
}

int plan_item_accuse(struct plan_item *item, const cJSON *live, const char *ourselves,
		     int64_t now_ms, struct err *err)
{
	struct culprit *culprits = calloc(item->changes.count + 1, sizeof(*culprits));

	if (!culprits)
		return err_no_memory(err);
	item->culprits = culprits;
	for (size_t i = 0; i < item->changes.count; i++) {
		const struct change *change = &item->changes.items[i];

		/* What the write would add is what somebody took away. */
		if (change->op != CHANGE_ADD && change->op != CHANGE_MOVE &&
		    culprit_find(live, change->path, ourselves, now_ms, &culprits[i], err) < 0)
			return -1;
	}
	return 0;
}

const struct culprit *plan_item_culprit(const struct plan_item *item, size_t index)
{
	return item->culprits && item->culprits[index].manager ? &item->culprits[index] : NULL;
}

size_t plan_count(const struct plan *plan, enum plan_action action)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		count += plan->items[i].action == action;
	return count;
}

void plan_print_counts(const struct plan *plan, struct buf *out)
{
	size_t start = out->length;

	for (size_t i = 0; i < PLAN_ACTION_COUNT; i++) {
		enum plan_action action = plan_action_order[i];
		const struct plan_action_words *words = &plan_action_words[action];
		size_t count = plan_count(plan, action);
		/* Whether it is kept is for the sync to say. */
		bool by_name = plan->base && action == PLAN_ORPHAN;

		if (count > 0)
			buf_printf(out, "%s%zu %s", out->length > start ? ", " : "", count,
				   by_name ? words->name : words->todo);
	}
	if (out->length == start)
		buf_puts(out, "no objects");
}

bool plan_has_differences(const struct plan *plan)
{
	/* Between two revisions what left Git is a difference; in a cluster it is known already. */
	size_t known = plan->base ? 0 : plan_count(plan, PLAN_ORPHAN);

	return plan_count(plan, PLAN_IN_SYNC) + plan_count(plan, PLAN_WALK) + known < plan->count;
}

void plan_item_release(struct plan_item *item)
{
	ref_release(&item->ref);
	free(item->file);
	for (size_t i = 0; item->culprits && i < item->changes.count; i++)
		culprit_release(&item->culprits[i]);
	free(item->culprits);
	changes_release(&item->changes);
	cJSON_Delete(item->from);
	cJSON_Delete(item->to);
	rollout_forecast_release(&item->forecast);
	free(item->steps.items);
	for (size_t i = 0; i < item->note_count; i++)
		free(item->notes[i]);
	free(item->notes);
	free(item->autoscaled);
	free(item->fight);
	*item = (struct plan_item){0};
}

void plan_release(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		plan_item_release(&plan->items[i]);
	free(plan->items);
	free(plan->revision);
	free(plan->base);
	*plan = (struct plan){0};
}
