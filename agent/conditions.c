#include "agent/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"

static void condition_release(struct condition *condition)
{
	free(condition->key);
	free(condition->text);
}

void conditions_release(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		condition_release(&conditions->items[i]);
	free(conditions->items);
	*conditions = (struct conditions){0};
}

void conditions_begin_round(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		conditions->items[i].held = false;
}

static struct condition *find(const struct conditions *conditions, const char *key)
{
	for (size_t i = 0; i < conditions->count; i++)
		if (strcmp(conditions->items[i].key, key) == 0)
			return &conditions->items[i];
	return NULL;
}

static struct condition *add(struct conditions *conditions, const char *key)
{
	if (conditions->count == conditions->capacity) {
		size_t capacity = conditions->capacity ? 2 * conditions->capacity : 8;
		struct condition *items = reallocarray(conditions->items, capacity, sizeof(*items));
		if (!items)
			return NULL;
		conditions->items = items;
		conditions->capacity = capacity;
	}
	char *copy = strdup(key);
	if (!copy)
		return NULL;
	struct condition *condition = &conditions->items[conditions->count++];
	*condition = (struct condition){.key = copy};
	return condition;
}

int conditions_hold(struct conditions *conditions, const char *key, const char *text,
		    bool *ret_is_new, struct err *err)
{
	struct condition *condition = find(conditions, key);

	if (!condition && !(condition = add(conditions, key)))
		return err_no_memory(err);
	condition->held = true;
	if (condition->text && strcmp(condition->text, text) == 0) {
		*ret_is_new = false;
		return 0;
	}
	char *copy = strdup(text);
	if (!copy)
		return err_no_memory(err);
	free(condition->text);
	condition->text = copy;
	*ret_is_new = true;
	return 0;
}

const char *conditions_text(const struct conditions *conditions, const char *key)
{
	const struct condition *condition = find(conditions, key);

	return condition ? condition->text : NULL;
}

void conditions_begin_partial_round(struct conditions *conditions)
{
	for (size_t i = 0; i < conditions->count; i++)
		conditions->items[i].held = true;
}

void conditions_doubt(struct conditions *conditions, const char *key)
{
	size_t length = strlen(key);

	for (size_t i = 0; i < conditions->count; i++) {
		struct condition *condition = &conditions->items[i];

		if (strncmp(condition->key, key, length) == 0 &&
		    (condition->key[length] == '\0' || condition->key[length] == ' '))
			condition->held = false;
	}
}

void conditions_end_round(struct conditions *conditions,
			  void (*on_end)(void *context, const char *key), void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < conditions->count; i++) {
		struct condition *condition = &conditions->items[i];

		if (condition->held) {
			conditions->items[kept++] = *condition;
			continue;
		}
		on_end(context, condition->key);
		condition_release(condition);
	}
	conditions->count = kept;
}
