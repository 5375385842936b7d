#include "diff/history.h"

#include <string.h>

#include "diff/cleanup.h"

static const char *text_of(const cJSON *entry, const char *key)
{
	const char *text = json_str(entry, key);

	return text ? text : "";
}

/* Of times in one format the later is the greater. */
static int compare_time(const cJSON *a, const cJSON *b)
{
	return strcmp(text_of(a, "at"), text_of(b, "at"));
}

static bool is_same(const cJSON *a, const cJSON *b)
{
	return compare_time(a, b) == 0 && strcmp(text_of(a, "cause"), text_of(b, "cause")) == 0 &&
	       strcmp(text_of(a, "commit"), text_of(b, "commit")) == 0;
}

static int append_copy(cJSON *list, const cJSON *entry, struct err *err)
{
	cJSON *copy = json_copy(entry);

	return copy ? json_append(list, copy, err) : err_no_memory(err);
}

int history_merge(struct history *history, const struct history *other, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *merged = cJSON_CreateArray();
	const cJSON *own = history->entries ? history->entries->child : NULL;
	const cJSON *more = other->entries ? other->entries->child : NULL;

	if (!merged)
		return err_no_memory(err);
	for (size_t i = 0; (own || more) && i < HISTORY_MAX_ENTRIES; i++) {
		bool same = own && more && is_same(own, more);
		bool takes_more = more && (!own || same || compare_time(more, own) > 0);

		if (append_copy(merged, takes_more ? more : own, err) < 0)
			return -1;
		if (takes_more)
			more = more->next;
		if (own && (same || !takes_more))
			own = own->next;
	}
	history_release(history);
	history->entries = STEAL(merged);
	return 0;
}
