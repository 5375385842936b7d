#include "apply/inventory_private.h"

#include <stdlib.h>
#include <string.h>

#include "diff/cleanup.h"
#include "diff/marks.h"
#include "diff/rfc3339.h"

#define MAX_ENTRIES_OF_PART 4096 /* on the average; more than that take too long to put in */

int inventory_set_text(char **text, const char *value, struct err *err)
{
	char *copy = strdup(value ? value : "");

	if (!copy)
		return err_no_memory(err);
	free(*text);
	*text = copy;
	return 0;
}

void inventory_entry_release(struct inventory_entry *entry)
{
	free(entry->texts);
	cJSON_Delete(entry->marks);
	promotion_record_release(&entry->rollout);
	cJSON_Delete(entry->extra);
	*entry = (struct inventory_entry){0};
}

int inventory_entry_set_texts(struct inventory_entry *entry, const struct ref *ref, const char *uid,
			      const char *desired, const char *live, struct err *err)
{
	const char *const values[] = {ref->group, ref->version, ref->kind, ref->namespace,
				      ref->name,  uid,          desired,   live};
	char **const texts[] = {&entry->ref.group,     &entry->ref.version, &entry->ref.kind,
				&entry->ref.namespace, &entry->ref.name,    &entry->uid,
				&entry->desired,       &entry->live};
	size_t lengths[sizeof(values) / sizeof(*values)], total = 0;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		total += lengths[i] = values[i] ? strlen(values[i]) + 1 : 1;
	char *next = malloc(total);
	if (!next)
		return err_no_memory(err);
	entry->texts = next;
	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		*texts[i] = memcpy(next, values[i] ? values[i] : "", lengths[i]);
		next += lengths[i];
	}
	return 0;
}

void inventory_part_release(struct inventory_part *part)
{
	for (size_t i = 0; i < part->count; i++)
		inventory_entry_release(&part->entries[i]);
	free(part->entries);
	free(part->resource_version);
	*part = (struct inventory_part){0};
}

static void suspension_release(struct inventory_suspension *suspension)
{
	free(suspension->by);
	free(suspension->reason);
	*suspension = (struct inventory_suspension){0};
}

int inventory_init(struct inventory *inventory, const char *app, struct err *err)
{
	struct inventory empty = {0};

	if (inventory_set_text(&empty.app, app, err) < 0 ||
	    inventory_set_text(&empty.revision, "", err) < 0 ||
	    inventory_set_text(&empty.source, "", err) < 0) {
		inventory_release(&empty);
		return -1;
	}
	*inventory = empty;
	return 0;
}

void inventory_release(struct inventory *inventory)
{
	free(inventory->app);
	free(inventory->revision);
	free(inventory->source);
	free(inventory->ref);
	free(inventory->path);
	for (size_t i = 0; i < inventory->part_count; i++)
		inventory_part_release(&inventory->parts[i]);
	free(inventory->parts);
	free(inventory->set);
	suspension_release(&inventory->suspended);
	cJSON_Delete(inventory->alerts);
	history_release(&inventory->history);
	cJSON_Delete(inventory->extra);
	free(inventory->namespace);
	free(inventory->resource_version);
	*inventory = (struct inventory){0};
}

int inventory_set_revision(struct inventory *inventory, const char *revision, const char *source,
			   struct err *err)
{
	if (inventory_set_text(&inventory->revision, revision, err) < 0)
		return -1;
	return inventory_set_text(&inventory->source, source, err);
}

int inventory_set_place(struct inventory *inventory, const char *ref, const char *path,
			struct err *err)
{
	if (inventory_set_text(&inventory->ref, ref, err) < 0)
		return -1;
	return inventory_set_text(&inventory->path, path, err);
}

int inventory_set_suspended(struct inventory *inventory, const char *by, const char *reason,
			    int64_t at_ms, struct err *err)
{
	CLEANUP(suspension_release) struct inventory_suspension suspension = {.at_ms = at_ms};
	struct inventory_suspension old = inventory->suspended;

	if (by && (inventory_set_text(&suspension.by, by, err) < 0 ||
		   inventory_set_text(&suspension.reason, reason, err) < 0))
		return -1;
	inventory->suspended = suspension;
	suspension = old;
	return 0;
}

void inventory_print_suspended(const struct inventory *inventory, struct buf *out)
{
	const struct inventory_suspension *suspension = &inventory->suspended;

	if (!suspension->by)
		return;
	buf_printf(out, "suspended by %s since ", suspension->by);
	rfc3339_print(suspension->at_ms, out);
	if (*suspension->reason)
		buf_printf(out, ": %s", suspension->reason);
}

/* --- entries ---------------------------------------------------------------------------------- */

/* The entry's place in the part, or where it would have to go. */
static size_t find_place(const struct inventory_part *part, const struct ref *ref, bool *ret_found)
{
	size_t low = 0, high = part->count;

	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = ref_compare(&part->entries[middle].ref, ref);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The part where the object belongs, and its place in there; NULL: it is not to be found. */
static struct inventory_part *look_up(const struct inventory *inventory, const struct ref *ref,
				      size_t *ret_place)
{
	struct inventory_part *part;
	bool found;

	if (inventory->part_count == 0)
		return NULL;
	part = &inventory->parts[inventory_part_of(ref, inventory->part_count)];
	*ret_place = find_place(part, ref, &found);
	return found ? part : NULL;
}

const struct inventory_entry *inventory_find(const struct inventory *inventory,
					     const struct ref *ref)
{
	size_t place;
	const struct inventory_part *part = look_up(inventory, ref, &place);

	return part ? &part->entries[place] : NULL;
}

struct inventory_entry *inventory_edit(struct inventory *inventory, const struct ref *ref)
{
	size_t place;
	struct inventory_part *part = look_up(inventory, ref, &place);

	if (!part)
		return NULL;
	part->changed = true;
	return &part->entries[place];
}

const struct inventory_entry *inventory_next(const struct inventory *inventory,
					     struct inventory_cursor *cursor)
{
	for (; cursor->part < inventory->part_count; cursor->part++, cursor->next = 0) {
		const struct inventory_part *part = &inventory->parts[cursor->part];

		if (cursor->next < part->count)
			return &part->entries[cursor->next++];
	}
	return NULL;
}

static int grow(struct inventory_part *part, struct err *err)
{
	if (part->count < part->capacity)
		return 0;
	size_t capacity = part->capacity ? part->capacity + part->capacity / 2 : 16;
	struct inventory_entry *entries = reallocarray(part->entries, capacity, sizeof(*entries));
	if (!entries)
		return err_no_memory(err);
	part->entries = entries;
	part->capacity = capacity;
	return 0;
}

/* Room for one more entry that is found and put in quickly. */
static int make_room(struct inventory *inventory, struct err *err)
{
	if (inventory->part_count == 0)
		return inventory_split(inventory, 1, err);
	if (inventory->count < inventory->part_count * MAX_ENTRIES_OF_PART || inventory->unread ||
	    inventory->part_count == INVENTORY_MAX_PARTS)
		return 0;
	return inventory_split(inventory, inventory->part_count * 2, err);
}

int inventory_put_entry(struct inventory *inventory, struct inventory_entry *take, struct err *err)
{
	struct inventory_part *part;
	size_t place;
	bool found;

	if (make_room(inventory, err) < 0)
		return -1;
	part = &inventory->parts[inventory_part_of(&take->ref, inventory->part_count)];
	place = find_place(part, &take->ref, &found);
	if (found) {
		inventory_entry_release(&part->entries[place]);
	} else {
		if (grow(part, err) < 0)
			return -1;
		memmove(&part->entries[place + 1], &part->entries[place],
			(part->count - place) * sizeof(*part->entries));
		part->count++;
		inventory->count++;
	}
	part->entries[place] = *take;
	*take = (struct inventory_entry){0};
	return 0;
}

/* Whether they say the same of an object that is in Git, beside what inventory_put keeps. */
static bool is_same(const struct inventory_entry *a, const struct inventory_entry *b)
{
	return a->orphan == b->orphan && strcmp(a->ref.version, b->ref.version) == 0 &&
	       strcmp(a->uid, b->uid) == 0 && strcmp(a->desired, b->desired) == 0 &&
	       strcmp(a->live, b->live) == 0 && json_equal(a->marks, b->marks);
}

int inventory_put(struct inventory *inventory, const struct ref *ref, const cJSON *desired,
		  const cJSON *wanted, const cJSON *written, struct err *err)
{
	CLEANUP(inventory_entry_release) struct inventory_entry entry = {0};
	CLEANUP(free_p) char *desired_digest = NULL, *live_digest = NULL;
	const struct inventory_entry *old = inventory_find(inventory, ref);

	if (inventory_digest_desired(ref, desired, &desired_digest, err) < 0 ||
	    inventory_digest_live(ref, wanted, written, &live_digest, err) < 0 ||
	    inventory_entry_set_texts(&entry, ref, json_str(written, "metadata.uid"),
				      desired_digest, live_digest, err) < 0 ||
	    marks_of(desired, &entry.marks, err) < 0)
		return -1;
	if (old && is_same(old, &entry))
		return 0;
	if (old && promotion_record_copy(&old->rollout, &entry.rollout, err) < 0)
		return -1;
	if (old && old->extra && !(entry.extra = json_copy(old->extra)))
		return err_no_memory(err);
	if (inventory_put_entry(inventory, &entry, err) < 0)
		return -1;
	inventory_edit(inventory, ref);
	return 0;
}

static void remove_place(struct inventory *inventory, struct inventory_part *part, size_t place)
{
	inventory_entry_release(&part->entries[place]);
	part->count--;
	inventory->count--;
	memmove(&part->entries[place], &part->entries[place + 1],
		(part->count - place) * sizeof(*part->entries));
	part->changed = true;
}

void inventory_remove(struct inventory *inventory, const struct ref *ref)
{
	size_t place;
	struct inventory_part *part = look_up(inventory, ref, &place);

	if (part)
		remove_place(inventory, part, place);
}

void inventory_remove_at(struct inventory *inventory, struct inventory_cursor *cursor)
{
	remove_place(inventory, &inventory->parts[cursor->part], --cursor->next);
}
