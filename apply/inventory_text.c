#include "apply/inventory_private.h"

#include <string.h>

#include "diff/rfc3339.h"

#define FORMAT_VERSION 1
#define FORMAT_SPLIT   2 /* of a head whose entries are in parts */
#define FORMAT_PART    1

/* --- printing --------------------------------------------------------------------------------- */

static void print_text(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s\"%s\":", out->length && out->data[out->length - 1] == '{' ? "" : ",",
		   key);
	json_print_string(value, out);
}

static void print_unless_empty(struct buf *out, const char *key, const char *value)
{
	if (*value)
		print_text(out, key, value);
}

static void print_value(struct buf *out, const char *key, const cJSON *value)
{
	if (!value)
		return;
	buf_putc(out, ',');
	json_print_string(key, out);
	buf_putc(out, ':');
	json_print(value, out);
}

/* The members that were not known, and kept. */
static void print_extra(struct buf *out, const cJSON *extra)
{
	const cJSON *member;

	json_each (member, extra)
		print_value(out, member->string, member);
}

static int print_rollout(struct buf *out, const struct promotion_record *record, struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *value = NULL;

	if (promotion_record_is_empty(record))
		return 0;
	if (promotion_record_to_json(record, &value, err) < 0)
		return -1;
	print_value(out, "rollout", value);
	return 0;
}

static int print_entry(struct buf *out, const struct inventory_entry *entry, struct err *err)
{
	CLEANUP(buf_release) struct buf api_version = BUF_INIT(1024);

	ref_print_api_version(&entry->ref, &api_version);
	if (buf_check(&api_version, "an apiVersion", err) < 0)
		return -1;
	buf_putc(out, '{');
	print_text(out, "apiVersion", buf_str(&api_version));
	print_text(out, "kind", entry->ref.kind);
	print_unless_empty(out, "namespace", entry->ref.namespace);
	print_text(out, "name", entry->ref.name);
	print_unless_empty(out, "uid", entry->uid);
	print_unless_empty(out, "desired", entry->desired);
	print_unless_empty(out, "live", entry->live);
	print_value(out, "marks", entry->marks);
	if (entry->orphan)
		buf_puts(out, ",\"orphan\":true");
	if (print_rollout(out, &entry->rollout, err) < 0)
		return -1;
	print_extra(out, entry->extra);
	buf_putc(out, '}');
	return 0;
}

static int print_entries(struct buf *out, const struct inventory_part *part, struct err *err)
{
	for (size_t i = 0; i < part->count; i++) {
		if (out->length && out->data[out->length - 1] == '}')
			buf_putc(out, ',');
		if (print_entry(out, &part->entries[i], err) < 0)
			return -1;
	}
	return 0;
}

static void print_suspended(struct buf *out, const struct inventory_suspension *suspension)
{
	CLEANUP(buf_release) struct buf at = BUF_INIT(64);

	if (!suspension->by)
		return;
	rfc3339_print(suspension->at_ms, &at);
	buf_puts(out, ",\"suspended\":{");
	print_text(out, "at", buf_str(&at));
	print_text(out, "by", suspension->by);
	print_unless_empty(out, "reason", suspension->reason);
	buf_putc(out, '}');
}

/* Where the entries are, and where some were before. */
static void print_split(struct buf *out, const struct inventory *inventory, bool whole)
{
	if (!inventory->set)
		return;
	buf_puts(out, ",\"split\":{");
	print_text(out, "set", inventory->set);
	if (!whole) {
		buf_puts(out, ",\"versions\":[");
		for (size_t i = 0; i < inventory->part_count; i++) {
			const char *version = inventory->parts[i].resource_version;

			buf_puts(out, i ? "," : "");
			json_print_string(version ? version : "", out);
		}
		buf_putc(out, ']');
	}
	buf_putc(out, '}');
}

static int print_root(struct buf *out, const struct inventory *inventory, bool whole,
		      struct err *err)
{
	buf_printf(out, "{\"version\":%d", whole ? FORMAT_VERSION : FORMAT_SPLIT);
	print_text(out, "app", inventory->app);
	print_text(out, "revision", inventory->revision);
	print_text(out, "source", inventory->source);
	if (inventory->ref)
		print_text(out, "ref", inventory->ref);
	if (inventory->path)
		print_text(out, "path", inventory->path);
	print_suspended(out, &inventory->suspended);
	if (whole) {
		buf_puts(out, ",\"objects\":[");
		for (size_t i = 0; i < inventory->part_count; i++)
			if (print_entries(out, &inventory->parts[i], err) < 0)
				return -1;
		buf_putc(out, ']');
	}
	print_value(out, "alerts", inventory->alerts);
	print_split(out, inventory, whole);
	print_extra(out, inventory->extra);
	buf_putc(out, '}');
	return 0;
}

static int print_checked(const struct inventory *inventory, bool whole, struct buf *out,
			 struct err *err)
{
	CLEANUP(buf_release) struct buf text = BUF_INIT(INVENTORY_MAX_BYTES);

	if (print_root(&text, inventory, whole, err) < 0)
		return -1;
	if (buf_check(&text, "it", err) < 0)
		return err_prefix(err, "the inventory of %zu objects does not fit a ConfigMap",
				  inventory->count);
	buf_append(out, text.data, text.length);
	return buf_check(out, "the inventory", err);
}

int inventory_print(const struct inventory *inventory, struct buf *out, struct err *err)
{
	return print_checked(inventory, true, out, err);
}

int inventory_print_head(const struct inventory *inventory, struct buf *out, struct err *err)
{
	return print_checked(inventory, inventory->part_count <= 1, out, err);
}

int inventory_print_part(const struct inventory *inventory, size_t index, struct buf *out,
			 struct err *err)
{
	buf_printf(out, "{\"version\":%d", FORMAT_PART);
	print_text(out, "app", inventory->app);
	print_text(out, "set", inventory->set);
	buf_printf(out, ",\"part\":%zu,\"objects\":[", index);
	if (print_entries(out, &inventory->parts[index], err) < 0)
		return -1;
	buf_puts(out, "]}");
	return buf_check(out, "a part of the inventory", err);
}

int inventory_measure(const struct inventory_part *part, size_t *ret_bytes, struct err *err)
{
	CLEANUP(buf_release) struct buf entry = BUF_INIT(INVENTORY_MAX_BYTES);
	size_t bytes = 0;

	for (size_t i = 0; i < part->count; i++) {
		buf_clear(&entry);
		if (print_entry(&entry, &part->entries[i], err) < 0 ||
		    buf_check(&entry, "an entry of the inventory", err) < 0)
			return -1;
		bytes += entry.length + 1;
	}
	*ret_bytes = bytes;
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Moves the members of `object` that are not in the list into *ret_extra, if there are any. */
static int take_extra(cJSON *object, const char *const *known, cJSON **ret_extra, struct err *err)
{
	for (; *known; known++)
		json_remove_key(object, *known);
	if (!object->child)
		return 0;
	*ret_extra = json_copy(object);
	return *ret_extra ? 0 : err_no_memory(err);
}

static int read_texts(const cJSON *item, struct inventory_entry *entry, struct err *err)
{
	const char *api_version = json_str(item, "apiVersion"), *kind = json_str(item, "kind");
	const char *name = json_str(item, "name"), *namespace = json_str(item, "namespace");

	if (!api_version || !kind || !name)
		return err_set(err, ERR_INVALID, "an entry has no apiVersion, kind or name");
	const char *slash = strchr(api_version, '/');
	CLEANUP(free_p)
	char *group = strndup(api_version, slash ? (size_t)(slash - api_version) : 0);
	if (!group)
		return err_no_memory(err);
	const struct ref ref = ref_view(group, slash ? slash + 1 : api_version, kind,
					namespace ? namespace : "", name);
	return inventory_entry_set_texts(entry, &ref, json_str(item, "uid"),
					 json_str(item, "desired"), json_str(item, "live"), err);
}

static int parse_entry(cJSON *item, struct inventory *inventory, struct err *err)
{
	static const char *const known[] = {"apiVersion", "kind",    "namespace", "name",
					    "uid",        "desired", "live",      "marks",
					    "orphan",     "rollout", NULL};
	CLEANUP(inventory_entry_release) struct inventory_entry entry = {0};
	const cJSON *rollout = json_get(item, "rollout");

	if (read_texts(item, &entry, err) < 0 ||
	    (rollout && promotion_record_from_json(rollout, &entry.rollout, err) < 0))
		return -1;
	const cJSON *marks = json_get(item, "marks");
	if (marks && !(entry.marks = json_copy(marks)))
		return err_no_memory(err);
	entry.orphan = json_true(item, "orphan");
	if (take_extra(item, known, &entry.extra, err) < 0)
		return -1;
	return inventory_put_entry(inventory, &entry, err);
}

static int parse_entries(const cJSON *root, struct inventory *inventory, struct err *err)
{
	cJSON *item;

	json_each (item, json_get(root, "objects")) {
		if (parse_entry(item, inventory, err) < 0)
			return -1;
	}
	return 0;
}

/* A suspension that cannot be read in full is one all the same. */
static int parse_suspended(const cJSON *root, struct inventory *inventory, struct err *err)
{
	const cJSON *value = json_get(root, "suspended");
	const char *by = json_str(value, "by"), *at = json_str(value, "at");
	int64_t at_ms = 0;

	if (!cJSON_IsObject(value))
		return 0;
	if (at)
		rfc3339_read(at, &at_ms);
	return inventory_set_suspended(inventory, by ? by : "somebody", json_str(value, "reason"),
				       at_ms, err);
}

static bool is_set_name(const char *text)
{
	return text && strlen(text) == INVENTORY_SET_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == INVENTORY_SET_SIZE - 1;
}

/* Which parts there are, all empty and unread. */
static int parse_versions(const cJSON *versions, struct inventory *inventory, struct err *err)
{
	size_t count = 0;
	const cJSON *version;

	json_each (version, versions)
		count++;
	if (count < 2 || count > INVENTORY_MAX_PARTS || (count & (count - 1)))
		return err_set(err, ERR_INVALID, "it does not say which parts it has");
	if (inventory_split(inventory, count, err) < 0)
		return -1;
	inventory->regrouped = false;
	inventory->unread = count;
	count = 0;
	json_each (version, versions) {
		struct inventory_part *part = &inventory->parts[count++];

		part->changed = false;
		if (!cJSON_IsString(version))
			return err_set(err, ERR_INVALID, "it does not say which parts it has");
		if (inventory_set_text(&part->resource_version, version->valuestring, err) < 0)
			return -1;
	}
	return 0;
}

static int parse_split(const cJSON *root, bool is_split, struct inventory *inventory,
		       struct err *err)
{
	const char *set = json_str(root, "split.set");

	if (is_set_name(set) && inventory_set_text(&inventory->set, set, err) < 0)
		return -1;
	if (!is_split)
		return 0;
	if (!inventory->set)
		return err_set(err, ERR_INVALID, "it does not say which parts it has");
	return parse_versions(json_at(root, "split.versions"), inventory, err);
}

static int parse_root(cJSON *root, struct inventory *inventory, struct err *err)
{
	static const char *const known[] = {"version", "app",   "revision", "source",
					    "ref",     "path",  "objects",  "suspended",
					    "alerts",  "split", NULL};
	const char *ref = json_str(root, "ref"), *path = json_str(root, "path");
	int64_t version = json_int_or(root, "version", 0);
	const char *app = json_str(root, "app");

	if (!cJSON_IsObject(root) || version < 1 || !app)
		return err_set(err, ERR_INVALID, "it is no inventory");
	if (version > FORMAT_SPLIT)
		return err_set(err, ERR_UNSUPPORTED,
			       "a newer tranche wrote it (format %d, this one knows %d)",
			       (int)version, FORMAT_SPLIT);
	if (inventory_init(inventory, app, err) < 0 ||
	    inventory_set_revision(inventory, json_str(root, "revision"), json_str(root, "source"),
				   err) < 0 ||
	    (ref && inventory_set_text(&inventory->ref, ref, err) < 0) ||
	    (path && inventory_set_text(&inventory->path, path, err) < 0) ||
	    parse_suspended(root, inventory, err) < 0 ||
	    parse_split(root, version == FORMAT_SPLIT, inventory, err) < 0 ||
	    (version != FORMAT_SPLIT && parse_entries(root, inventory, err) < 0))
		return -1;
	const cJSON *alerts = json_get(root, "alerts");
	if (cJSON_IsArray(alerts) && !(inventory->alerts = json_copy(alerts)))
		return err_no_memory(err);
	return take_extra(root, known, &inventory->extra, err);
}

int inventory_parse(const char *text, size_t length, struct inventory *ret_inventory,
		    struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;
	CLEANUP(inventory_release) struct inventory inventory = {0};

	if (json_parse(text, length, &root, err) < 0)
		return err_prefix(err, "it is no JSON");
	if (parse_root(root, &inventory, err) < 0)
		return -1;
	*ret_inventory = inventory;
	inventory = (struct inventory){0};
	return 0;
}

/* Gives back what memory the entries were put in with and do not need. */
static void trim(struct inventory_part *part)
{
	struct inventory_entry *entries =
		part->count ? reallocarray(part->entries, part->count, sizeof(*entries)) : NULL;

	if (!entries)
		return;
	part->entries = entries;
	part->capacity = part->count;
}

int inventory_parse_part(struct inventory *inventory, size_t index, const char *text, size_t length,
			 struct err *err)
{
	CLEANUP(cJSON_Delete_p) cJSON *root = NULL;
	struct inventory_part *part = &inventory->parts[index];
	size_t before = inventory->count - part->count;

	if (json_parse(text, length, &root, err) < 0)
		return err_prefix(err, "it is no JSON");
	const char *app = json_str(root, "app"), *set = json_str(root, "set");
	if (!app || !set || strcmp(app, inventory->app) != 0 || strcmp(set, inventory->set) != 0 ||
	    json_int_or(root, "part", -1) != (int64_t)index ||
	    !cJSON_IsArray(json_get(root, "objects")))
		return err_set(err, ERR_INVALID, "it is not part %zu of this inventory", index);
	if (json_int_or(root, "version", 0) != FORMAT_PART)
		return err_set(err, ERR_UNSUPPORTED, "a newer tranche wrote it");
	if (parse_entries(root, inventory, err) < 0)
		return -1;
	/* There it would never be found. */
	if (inventory->count - part->count != before)
		return err_set(err, ERR_INVALID, "it has objects that belong to another part");
	trim(part);
	part->bytes = length;
	part->changed = false;
	return 0;
}
