/*
 * What an app remembers, as the cluster returns it: it is refused for a reason, or is sorted, finds each of
 * its objects, and comes back the same when it is printed. So for its history, which can be asked whatever
 * it holds.
 *
 * The input is inventory.json and history.json or a part's objects.json, with RS (0x1E) between them; the
 * whole is also tried as the ConfigMap.
 */
#include "apply/inventory_private.h"

#include <string.h>

#include "diff/cleanup.h"
#include "diff/history.h"
#include "diff/json.h"

#include "tests/fuzz/fuzz.h"

#define SEPARATOR 0x1E
#define MAX_TEXT  (64u * 1024 * 1024)

static void check_error(const struct err *err)
{
	must(err->class == ERR_INVALID || err->class == ERR_LIMIT || err->class == ERR_EXISTS ||
	     err->class == ERR_UNSUPPORTED);
	must(err->message[0]);
}

/* --- the inventory ------------------------------------------------------------------------------ */

static void check_part(const struct inventory *inventory, size_t index)
{
	const struct inventory_part *part = &inventory->parts[index];

	for (size_t i = 0; i < part->count; i++) {
		const struct inventory_entry *entry = &part->entries[i];

		must(entry->ref.group && entry->ref.version && entry->ref.kind);
		must(entry->ref.namespace && entry->ref.name);
		must(entry->uid && entry->desired && entry->live);
		must(inventory_part_of(&entry->ref, inventory->part_count) == index);
		must(inventory_find(inventory, &entry->ref) == entry);
		must(i == 0 || ref_compare(&part->entries[i - 1].ref, &entry->ref) < 0);
	}
}

static void check_entries(const struct inventory *inventory)
{
	size_t count = 0;

	for (size_t i = 0; i < inventory->part_count; i++) {
		check_part(inventory, i);
		count += inventory->parts[i].count;
	}
	must(count == inventory->count);
}

/* Of a split one the text is taken for its first part, too. */
static void check_first_part(struct inventory *inventory, const char *text, size_t length)
{
	struct err err;

	if (inventory_parse_part(inventory, 0, text, length, &err) < 0)
		check_error(&err);
	else
		check_entries(inventory);
}

static void check_inventory(const char *text, size_t length, int rounds, const char *part,
			    size_t part_length)
{
	CLEANUP(inventory_release) struct inventory inventory = {0};
	CLEANUP(buf_release) struct buf printed = BUF_INIT(MAX_TEXT), words = BUF_INIT(MAX_TEXT);
	struct err err;

	if (inventory_parse(text, length, &inventory, &err) < 0) {
		must(rounds == 2);
		check_error(&err);
		return;
	}
	check_entries(&inventory);
	inventory_print_suspended(&inventory, &words);
	must(!inventory.suspended.by == !words.length);
	if (inventory_print_head(&inventory, &printed, &err) < 0)
		must(err.class == ERR_LIMIT);
	else if (rounds > 0)
		check_inventory(buf_str(&printed), printed.length, rounds - 1, part, part_length);
	else
		must(printed.length == length && memcmp(printed.data, text, length) == 0);
	if (inventory.unread && rounds == 2)
		check_first_part(&inventory, part, part_length);
}

static void check_config_map(const char *text, size_t length)
{
	CLEANUP(cJSON_Delete_p) cJSON *object = NULL;
	CLEANUP(inventory_release) struct inventory inventory = {0};
	struct err err;

	if (json_parse(text, length, &object, &err) < 0)
		return;
	if (inventory_read(object, &inventory, &err) < 0)
		check_error(&err);
	else
		must(inventory.namespace && inventory.resource_version);
}

/* --- the history -------------------------------------------------------------------------------- */

static void ask_history(struct history *history)
{
	static const struct history_note note = {.at_ms = 1, .cause = HISTORY_DRIFT, .commit = "c"};
	static const struct history_sight sight = {
		.namespace = "shop", .name = "web", .generation = 7, .reason = ""};
	const cJSON *entry, *set;
	struct err err;
	bool changed;

	json_each (entry, history->entries) {
		CLEANUP(buf_release) struct buf words = BUF_INIT(MAX_TEXT);
		int64_t since_ms;

		must(history_outcome(entry, &since_ms));
		history_print_counts(entry, &words);
		json_each (set, json_get(entry, "statefulSets"))
			history_print_set(set, &words);
	}
	(void)history_is_waiting(history, "shop", "web");
	must(history_note_rollout(history, &sight, 5, &changed, &err) == 0);
	must(history_note_failed(history, "c", 3, &changed, &err) == 0);
	must(history_open(history, &note, &err));
}

static void check_history(const char *text, size_t length, int rounds)
{
	CLEANUP(history_release) struct history history = {0};
	CLEANUP(buf_release) struct buf printed = BUF_INIT(MAX_TEXT);
	struct err err;

	if (history_parse(text, length, &history, &err) < 0) {
		must(rounds == 2);
		check_error(&err);
		return;
	}
	must(history_print(&history, &printed, &err) == 0);
	must(printed.length <= HISTORY_MAX_BYTES);
	if (rounds > 0)
		check_history(buf_str(&printed), printed.length, rounds - 1);
	else
		must(printed.length == length && memcmp(printed.data, text, length) == 0);
	ask_history(&history);
}

int fuzz_inventory(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = text + size;
	const char *separator = memchr(text, SEPARATOR, size);
	const char *other = separator ? separator + 1 : end;
	size_t length = (size_t)((separator ? separator : end) - text);

	check_inventory(text, length, 2, other, (size_t)(end - other));
	check_history(other, (size_t)(end - other), 2);
	check_config_map(text, size);
	return 0;
}
